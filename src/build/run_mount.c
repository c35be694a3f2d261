#include "build/run_mount.h"

#include "format/mount_option.h"
#include "format/path.h"
#include "format/units.h"

#include <ctype.h>

static const struct record_field run_mount_fields[] = {
	RECORD_FIELD(struct run_mount, 1, "kind", RECORD_I32, kind),
	RECORD_FIELD(struct run_mount, 2, "target", RECORD_STRING, target),
	RECORD_FIELD(struct run_mount, 3, "source", RECORD_STRING, source),
	RECORD_FIELD(struct run_mount, 4, "from", RECORD_STRING, from),
	RECORD_FIELD(struct run_mount, 5, "id", RECORD_STRING, id),
	RECORD_FIELD(struct run_mount, 6, "env", RECORD_STRING, env),
	RECORD_FIELD(struct run_mount, 7, "sharing", RECORD_I32, sharing),
	RECORD_FIELD(struct run_mount, 8, "read_only", RECORD_BOOL, read_only),
	RECORD_FIELD(struct run_mount, 9, "required", RECORD_BOOL, required),
	RECORD_FIELD(struct run_mount, 10, "size", RECORD_I64, size),
	RECORD_FIELD(struct run_mount, 11, "mode", RECORD_I32, mode),
	RECORD_FIELD(struct run_mount, 12, "uid", RECORD_I32, uid),
	RECORD_FIELD(struct run_mount, 13, "gid", RECORD_I32, gid),
};
const struct record_type run_mount_type = RECORD_TYPE(struct run_mount, run_mount_fields);

#define BIT(kind) (1u << RUN_MOUNT_##kind)
#define OWNED	  (BIT(CACHE) | BIT(SECRET) | BIT(SSH))
#define ANY	  (OWNED | BIT(BIND) | BIT(TMPFS))

static const struct {
	const char *name;
	int32_t mode;
	bool read_only;
} kinds[] = {
	[RUN_MOUNT_BIND] = {"bind", 0, true},	 [RUN_MOUNT_CACHE] = {"cache", 0755, false},
	[RUN_MOUNT_TMPFS] = {"tmpfs", 0, false}, [RUN_MOUNT_SECRET] = {"secret", 0400, true},
	[RUN_MOUNT_SSH] = {"ssh", 0600, true},
};

/* One option under way. */
struct option {
	const char *key;   /* in lower case */
	const char *value; /* NULL: the key stood alone */
	struct run_mount *mount;
};

/* ---- values ---- */

static bool read_text(char **field, const char *value)
{
	str_replace(field, value);
	return true;
}

static bool read_from(const struct option *o)
{
	return read_text(&o->mount->from, o->value);
}

static bool read_source(const struct option *o)
{
	return read_text(&o->mount->source, o->value);
}

static bool read_target(const struct option *o)
{
	return read_text(&o->mount->target, o->value);
}

static bool read_id(const struct option *o)
{
	return read_text(&o->mount->id, o->value);
}

static bool read_env(const struct option *o)
{
	return read_text(&o->mount->env, o->value);
}

static bool read_bool(const char *value, bool *out)
{
	static const char *const words[][6] = {{"0", "f", "F", "false", "FALSE", "False"},
					       {"1", "t", "T", "true", "TRUE", "True"}};

	for (size_t i = 0; value && i < array_length(words[0]); i++)
		for (int truth = 0; truth < 2; truth++)
			if (strcmp(value, words[truth][i]) == 0)
				return *out = truth, true;
	*out = true;
	return !value;
}

static bool read_read_only(const struct option *o)
{
	return read_bool(o->value, &o->mount->read_only);
}

static bool read_writable(const struct option *o)
{
	bool writable;

	if (!read_bool(o->value, &writable))
		return false;
	o->mount->read_only = !writable;
	return true;
}

static bool read_required(const struct option *o)
{
	return read_bool(o->value, &o->mount->required);
}

static bool read_sharing(const struct option *o)
{
	static const char *const names[] = {
		[RUN_MOUNT_SHARED] = "shared",
		[RUN_MOUNT_PRIVATE] = "private",
		[RUN_MOUNT_LOCKED] = "locked",
	};

	for (size_t i = 0; i < array_length(names); i++)
		if (strcmp(names[i], o->value) == 0)
			return o->mount->sharing = (int32_t)i, true;
	return false;
}

static bool read_size(const struct option *o)
{
	struct error ignored;

	return size_from_text(o->value, &o->mount->size, &ignored) && o->mount->size >= 0;
}

static bool read_mode(const struct option *o)
{
	size_t length = strlen(o->value);

	if (length == 0 || length > 5 || strspn(o->value, "01234567") != length)
		return false;
	o->mount->mode = (int32_t)strtol(o->value, NULL, 8);
	return o->mount->mode <= 07777;
}

static bool read_number(const char *value, int32_t *out)
{
	uint64_t number;

	if (!parse_u64(value, &number) || number > INT32_MAX)
		return false;
	*out = (int32_t)number;
	return true;
}

static bool read_uid(const struct option *o)
{
	return read_number(o->value, &o->mount->uid);
}

static bool read_gid(const struct option *o)
{
	return read_number(o->value, &o->mount->gid);
}

/* ---- the table ---- */

static const struct key {
	const char *name;
	bool (*read)(const struct option *option); /* NULL: type, which is read first */
	unsigned kinds;				   /* that have it */
	bool alone;				   /* may stand without a value */
} keys[] = {
	{"type", NULL, ANY, false},
	{"from", read_from, BIT(BIND) | BIT(CACHE), false},
	{"source", read_source, BIT(BIND) | BIT(CACHE) | BIT(SECRET), false},
	{"src", read_source, BIT(BIND) | BIT(CACHE) | BIT(SECRET), false},
	{"target", read_target, ANY, false},
	{"dst", read_target, ANY, false},
	{"destination", read_target, ANY, false},
	{"readonly", read_read_only, ANY, true},
	{"ro", read_read_only, ANY, true},
	{"readwrite", read_writable, ANY, true},
	{"rw", read_writable, ANY, true},
	{"required", read_required, BIT(SECRET) | BIT(SSH), true},
	{"size", read_size, BIT(TMPFS), false},
	{"id", read_id, OWNED, false},
	{"sharing", read_sharing, BIT(CACHE), false},
	{"mode", read_mode, OWNED, false},
	{"uid", read_uid, OWNED, false},
	{"gid", read_gid, OWNED, false},
	{"env", read_env, BIT(SECRET), false},
};

static const struct key *find_key(const char *name)
{
	for (size_t i = 0; i < array_length(keys); i++)
		if (strcmp(keys[i].name, name) == 0)
			return &keys[i];
	return NULL;
}

static bool read_option(const struct option *o, const char *field, struct error *err)
{
	const struct key *key = find_key(o->key);
	const char *kind = kinds[o->mount->kind].name;

	if (!key)
		return error_set(err, ERROR_INVALID, "unexpected key '%.60s' in '%.100s'", o->key,
				 field);
	if (!(key->kinds & 1u << o->mount->kind))
		return error_set(err, ERROR_INVALID, "unexpected key '%s' for mount type '%s'",
				 o->key, kind);
	if (!o->value && !key->alone)
		return error_set(err, ERROR_INVALID, "invalid field '%s' must be a key=value pair",
				 field);
	if (key->read && !key->read(o))
		return error_set(err, ERROR_INVALID, "invalid value for %s: %.100s", o->key,
				 o->value);
	return true;
}

/* `field` is cut at its '='; the key put into lower case. */
static struct option split_option(char *field, struct run_mount *mount)
{
	char *equals = strchr(field, '=');

	if (equals)
		*equals = '\0';
	for (char *c = field; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	return (struct option){field, equals ? equals + 1 : NULL, mount};
}

/* What may stand for a key depends on the type, wherever that stands. */
static bool read_kind(const struct strings *fields, struct run_mount *mount, struct error *err)
{
	mount->kind = RUN_MOUNT_BIND;
	for (size_t i = 0; i < fields->count; i++) {
		const char *value = fields->items[i] + strlen("type=");
		int32_t kind = RUN_MOUNT_SSH;

		if (strncasecmp(fields->items[i], "type=", strlen("type=")) != 0)
			continue;
		while (kind > 0 && !str_equal(kinds[kind].name, value))
			kind--;
		if (kind == 0)
			return error_set(err, ERROR_INVALID, "unsupported mount type \"%.100s\"",
					 value);
		mount->kind = kind;
	}
	mount->mode = kinds[mount->kind].mode;
	mount->read_only = kinds[mount->kind].read_only;
	return true;
}

/* ---- the whole ---- */

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static bool settle_secret(struct run_mount *mount, struct error *err)
{
	if (mount->source && mount->id)
		return error_set(err, ERROR_INVALID, "both source and id can't be set");
	if (mount->source)
		mount->id = take(mount->source);
	if (!mount->id && mount->target)
		mount->id = str_dup(base_name(mount->target));
	if (!mount->id)
		return error_set(err, ERROR_INVALID,
				 "invalid secret mount. one of source, target required");
	if (!mount->target && !mount->env)
		mount->target = str_format("/run/secrets/%s", base_name(mount->id));
	return true;
}

/* What the kind wants and what follows from it. */
static bool settle(struct run_mount *mount, struct error *err)
{
	if (mount->kind == RUN_MOUNT_SECRET)
		return settle_secret(mount, err);
	if (mount->kind == RUN_MOUNT_SSH) {
		if (!mount->id)
			mount->id = str_dup("default");
		return true;
	}
	if (str_is_empty(mount->target))
		return error_set(err, ERROR_INVALID, "target is required for a %s mount",
				 kinds[mount->kind].name);
	if (mount->kind == RUN_MOUNT_CACHE && !mount->id)
		mount->id = path_clean(mount->target);
	return true;
}

static bool parse(const char *text, struct run_mount *mount, struct error *err)
{
	scoped_strings struct strings fields = {0};

	if (!csv_split(text, &fields, err))
		return error_prefix(err, "failed to parse csv mounts");
	if (!read_kind(&fields, mount, err))
		return false;
	for (size_t i = 0; i < fields.count; i++) {
		scoped_free char *whole = str_dup(fields.items[i]);
		struct option option = split_option(fields.items[i], mount);

		if (!read_option(&option, whole, err))
			return false;
	}
	return settle(mount, err);
}

bool run_mount_parse(const char *text, struct run_mount *out, struct error *err)
{
	struct run_mount mount = {0};

	if (!parse(text, &mount, err)) {
		run_mount_fini(&mount);
		return false;
	}
	*out = mount;
	return true;
}

char *run_mount_from(const char *text)
{
	scoped_strings struct strings fields = {0};
	struct error ignored;

	if (!csv_split(text, &fields, &ignored))
		return NULL;
	for (size_t i = fields.count; i-- > 0;)
		if (strncasecmp(fields.items[i], "from=", strlen("from=")) == 0)
			return str_dup(fields.items[i] + strlen("from="));
	return NULL;
}
