#include "format/user_spec.h"

#define ID_MAX INT32_MAX /* as runc and Docker: ids are positive ints */

/* ---- lines of passwd and group ---- */

#define FIELDS_MAX 7

/* The fields of one line, borrowed from it and not terminated. */
struct line {
	const char *fields[FIELDS_MAX];
	size_t lengths[FIELDS_MAX];
	size_t count;
};

static void split_line(const char *text, size_t size, struct line *line)
{
	const char *end = text + size;

	line->count = 0;
	while (line->count < FIELDS_MAX) {
		const char *colon = memchr(text, ':', (size_t)(end - text));
		const char *stop = colon ? colon : end;

		line->fields[line->count] = text;
		line->lengths[line->count++] = (size_t)(stop - text);
		if (!colon)
			return;
		text = colon + 1;
	}
}

/* An image may have no such file. */
static const char *begin_of(const char *file)
{
	return file ? file : "";
}

/* The next line that is neither blank nor a comment; false: there is none. */
static bool next_line(const char **at, const char *end, struct line *line)
{
	while (*at < end) {
		const char *start = *at;
		const char *newline = memchr(start, '\n', (size_t)(end - start));
		const char *stop = newline ? newline : end;

		*at = newline ? newline + 1 : end;
		if (stop > start && *start != '#') {
			split_line(start, (size_t)(stop - start), line);
			return true;
		}
	}
	return false;
}

static bool parse_id(const char *text, size_t length, uint32_t *id)
{
	uint64_t value = 0;

	for (size_t i = 0; i < length; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		value = 10 * value + (uint64_t)(text[i] - '0');
		if (value > ID_MAX)
			return false;
	}
	*id = (uint32_t)value;
	return length > 0;
}

static bool field_is(const struct line *line, size_t field, const char *text)
{
	return line->count > field && strlen(text) == line->lengths[field] &&
	       memcmp(line->fields[field], text, line->lengths[field]) == 0;
}

static bool field_id(const struct line *line, size_t field, uint32_t *id)
{
	return line->count > field && parse_id(line->fields[field], line->lengths[field], id);
}

/* ---- passwd: name:password:uid:gid:comment:home:shell ---- */

/* NULL: the line does not say. */
static void take_field(const struct line *line, size_t field, char **out)
{
	if (line->count <= field || !line->lengths[field])
		return;
	free(*out);
	*out = str_dup_n(line->fields[field], line->lengths[field]);
}

static void take_user(const struct line *line, struct user_identity *out)
{
	uint32_t id;

	take_field(line, 0, &out->name);
	if (field_id(line, 2, &id))
		out->uid = id;
	if (field_id(line, 3, &id))
		out->gid = id;
	take_field(line, 5, &out->home);
	take_field(line, 6, &out->shell);
}

/* The first line with that name or number.  "" is uid 0. */
static bool find_user(const char *user, const struct user_files *files, struct user_identity *out)
{
	const char *at = begin_of(files->passwd), *end = at + files->passwd_size;
	uint32_t wanted = 0, id;
	bool is_number = !*user || parse_id(user, strlen(user), &wanted);
	struct line line;

	while (next_line(&at, end, &line)) {
		if (!field_id(&line, 2, &id))
			continue;
		if ((*user && field_is(&line, 0, user)) || (is_number && id == wanted)) {
			take_user(&line, out);
			return true;
		}
	}
	return false;
}

static bool resolve_user(const char *user, const struct user_files *files,
			 struct user_identity *out, struct error *err)
{
	uint32_t id;

	if (find_user(user, files, out) || !*user)
		return true;
	if (parse_id(user, strlen(user), &id)) {
		out->uid = id;
		return true;
	}
	if (strspn(user, "0123456789") == strlen(user))
		return error_set(err, ERROR_INVALID, "uids and gids must be in range 0-%d", ID_MAX);
	return error_set(err, ERROR_INVALID,
			 "unable to find user %s: no matching entries in passwd file", user);
}

/* ---- group: name:password:gid:member,member ---- */

static bool find_group(const char *group, const struct user_files *files, uint32_t *gid)
{
	const char *at = begin_of(files->group), *end = at + files->group_size;
	uint32_t wanted = 0;
	bool is_number = parse_id(group, strlen(group), &wanted);
	struct line line;

	while (next_line(&at, end, &line))
		if (field_id(&line, 2, gid) &&
		    (field_is(&line, 0, group) || (is_number && *gid == wanted)))
			return true;
	return false;
}

static bool resolve_group(const char *group, const struct user_files *files, uint32_t *gid,
			  struct error *err)
{
	if (find_group(group, files, gid) || parse_id(group, strlen(group), gid))
		return true;
	return error_set(err, ERROR_INVALID,
			 "unable to find group %s: no matching entries in group file", group);
}

static bool has_member(const struct line *line, const char *name)
{
	if (line->count < 4)
		return false;
	const char *at = line->fields[3], *end = at + line->lengths[3];
	while (at < end) {
		const char *comma = memchr(at, ',', (size_t)(end - at));
		const char *stop = comma ? comma : end;

		if ((size_t)(stop - at) == strlen(name) &&
		    memcmp(at, name, (size_t)(stop - at)) == 0)
			return true;
		at = stop + 1;
	}
	return false;
}

static void add_group(struct user_identity *out, gid_t gid)
{
	for (size_t i = 0; i < out->count; i++)
		if (out->groups[i] == gid)
			return;
	if (out->count == USER_GROUPS_LIMIT)
		return;
	out->groups = mem_resize(out->groups, out->count + 1, sizeof(*out->groups));
	out->groups[out->count++] = gid;
}

static void add_memberships(const char *name, const struct user_files *files,
			    struct user_identity *out)
{
	const char *at = begin_of(files->group), *end = at + files->group_size;
	struct line line;
	uint32_t gid;

	while (next_line(&at, end, &line))
		if (has_member(&line, name) && field_id(&line, 2, &gid))
			add_group(out, gid);
}

/* ---- the whole ---- */

static bool resolve_groups(const char *group, const struct user_files *files,
			   struct user_identity *out, struct error *err)
{
	uint32_t gid;

	if (*group) {
		if (!resolve_group(group, files, &gid, err))
			return false;
		out->gid = gid;
	}
	add_group(out, out->gid);
	if (!*group && out->name)
		add_memberships(out->name, files, out);
	return true;
}

static bool resolve(const char *user, const char *group, const struct user_files *files,
		    const struct strings *more, struct user_identity *out, struct error *err)
{
	uint32_t gid;

	if (!resolve_user(user, files, out, err) || !resolve_groups(group, files, out, err))
		return false;
	for (size_t i = 0; more && i < more->count; i++) {
		if (!resolve_group(more->items[i], files, &gid, err))
			return false;
		add_group(out, gid);
	}
	return true;
}

bool user_resolve(const char *spec, const struct user_files *files, const struct strings *more,
		  struct user_identity *out, struct error *err)
{
	const char *colon = strchrnul(spec, ':');
	scoped_free char *user = str_dup_n(spec, (size_t)(colon - spec));
	struct user_identity found = {.home = str_dup("/")};

	if (!resolve(user, *colon ? colon + 1 : "", files, more, &found, err)) {
		user_identity_fini(&found);
		return false;
	}
	*out = found;
	return true;
}

void user_identity_fini(struct user_identity *identity)
{
	free(identity->groups);
	free(identity->home);
	free(identity->name);
	free(identity->shell);
	*identity = (struct user_identity){0};
}
