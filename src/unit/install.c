/* Enabling and its like.  A unit of ours gets its links in our folders.  One that lives where systemd looks gets
 * them where systemd would put them, and besides in our own folder: only those say that it is we who are to start
 * it, since packages enable their units for systemd, too. */
#include "unit/install.h"

#include "format/path.h"
#include "format/unit_name.h"
#include "os/file.h"
#include "unit/finish.h"
#include "unit/install_link.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* The first of our folders: the administrator's, and that of what lives until the next boot. */
enum { WRITTEN_FOLDERS = 2 };

struct installer {
	const struct load_context *context;
	const struct unit_listing *listing;
	const struct install_options *options;
	struct install_result *result;
	struct strings seen; /* Also= may go round in circles */
	bool has_hint;
};

/* One unit to be worked on. */
struct subject {
	struct unit_source source;
	struct install_section section; /* borrowed from the draft */
	struct unit_draft draft;
	const char *path;  /* of the file: what links point to */
	const char *alias; /* as it was named */
	bool is_bare;	   /* a template that was named without an instance */
};

void install_result_fini(struct install_result *result)
{
	pairs_fini(&result->created);
	strings_fini(&result->removed);
	strings_fini(&result->hints);
}

/* ---- where links go ---- */

static const char *own_folder(const struct installer *in)
{
	const struct unit_paths *paths = in->context->paths;

	return paths->folders.items[in->options->runtime && paths->own > 1 ? 1 : 0];
}

/* Of systemd, for its units; NULL: ours alone. */
static const char *foreign_folder(const struct installer *in, const struct subject *subject)
{
	const struct unit_paths *paths = in->context->paths;
	size_t at = paths->own + (in->options->runtime ? 1 : 0);

	if (!subject->source.path || subject->source.link ||
	    unit_listing_is_own(in->listing, subject->source.folder) || at >= paths->folders.count)
		return NULL;
	return paths->folders.items[at];
}

static bool make_link(struct installer *in, const char *folder, const char *name,
		      const char *target, bool *made, struct error *err)
{
	scoped_free char *path = str_format("%s/%s", folder, name);

	return install_link_make(path, target, in->options->force, made, err);
}

static void note_link(struct installer *in, const char *folder, const char *name,
		      const char *target)
{
	scoped_free char *path = str_format("%s/%s", folder, name);

	pairs_set(&in->result->created, path, target);
}

/* `name`: "multi-user.target.wants/a.service", "alias.service". */
static bool link_subject(struct installer *in, const struct subject *subject, const char *name,
			 struct error *err)
{
	const char *foreign = foreign_folder(in, subject), *own = own_folder(in);
	bool made_foreign = false, made;

	if (foreign && !make_link(in, foreign, name, subject->path, &made_foreign, err))
		return false;
	if (made_foreign)
		note_link(in, foreign, name, subject->path);
	if (!make_link(in, own, name, subject->path, &made, err))
		return false;
	if (made && !made_foreign)
		note_link(in, own, name, subject->path);
	return true;
}

/* ---- what is meant ---- */

static bool is_in_search_path(const struct installer *in, const char *path, const char **name)
{
	const struct strings *folders = &in->context->paths->folders;
	const char *slash = strrchr(path, '/');

	for (size_t i = 0; i < folders->count; i++) {
		scoped_free char *folder = path_clean(folders->items[i]);

		if (strlen(folder) != (size_t)(slash - path) || !str_starts_with(path, folder))
			continue;
		*name = slash + 1;
		return true;
	}
	return false;
}

/* A file outside of the search path gets a link in it first. */
static bool link_file(struct installer *in, const char *path, struct error *err)
{
	const char *name = strrchr(path, '/') + 1, *folder = own_folder(in);
	struct stat st;
	bool made;

	if (!unit_name_is_valid(name))
		return error_set(err, ERROR_INVALID, "\"%s\" is not a valid unit name", name);
	if (stat(path, &st) < 0)
		return errno == ENOENT ? error_set(err, ERROR_NOT_FOUND,
						   "Unit file %s does not exist.", path)
				       : error_errno(err, "cannot look at '%s'", path);
	if (!make_link(in, folder, name, path, &made, err))
		return false;
	if (made)
		note_link(in, folder, name, path);
	return true;
}

/* The caller frees both, also after a failure. */
static bool name_of_argument(struct installer *in, const char *typed, char **name, char **outside,
			     struct error *err)
{
	scoped_free char *path = NULL;
	const char *inside;

	*outside = NULL;
	if (*typed != '/')
		return unit_name_from_argument(typed, false, name, err);
	path = path_clean(typed);
	if (is_in_search_path(in, path, &inside)) {
		*name = str_dup(inside);
	} else {
		*name = str_dup(strrchr(path, '/') + 1);
		*outside = take(path);
	}
	return unit_name_is_valid(*name) ||
	       error_set(err, ERROR_INVALID, "\"%s\" is not a valid unit name", *name);
}

static void subject_fini(struct subject *subject)
{
	unit_draft_fini(&subject->draft);
	unit_source_fini(&subject->source);
}

static void read_subject(struct installer *in, const char *name, const char *outside,
			 struct subject *subject)
{
	*subject = (struct subject){0};
	unit_source_find(in->listing, name, &subject->source);
	if (outside) { /* whatever has that name by now */
		str_replace(&subject->source.path, outside);
		str_replace(&subject->source.link, outside);
		subject->source.is_masked = subject->source.is_container = false;
	}
	unit_draft_load(&subject->draft, in->context, in->listing, &subject->source);
	subject->section = subject->draft.install;
	subject->alias = name;
	subject->path = subject->source.path;
}

static bool check_subject(const struct subject *subject, struct error *err)
{
	const struct unit_config *config = &subject->draft.config;

	if (config->load == LOAD_MASKED)
		return error_set(err, ERROR_CONFLICT, "Unit file %s is masked.", config->name);
	if (config->load == LOAD_NOT_FOUND || !subject->path)
		return error_set(err, ERROR_NOT_FOUND, "Unit file %s does not exist.",
				 config->name);
	if (subject->source.is_alias)
		return error_set(err, ERROR_INVALID,
				 "%s is another name of %s: enable and disable that",
				 subject->alias, config->name);
	if (config->load == LOAD_ERROR)
		return error_set(err, ERROR_INVALID, "%s", config->load_error);
	return true;
}

/* ---- enable ---- */

static bool enable_name(struct installer *in, const char *name, const char *outside,
			struct error *err);

/* A bare template stands for its default instance: read again, since names may depend on it.  Without one, it can
 * have aliases, but nobody can want it. */
static bool choose_instance(struct installer *in, const char *outside, struct subject *subject,
			    struct error *err)
{
	const char *name = subject->draft.config.name;
	const char *instance = subject->section.default_instance;
	struct subject chosen;

	if (!unit_name_is_template(name))
		return true;
	if (!instance && (subject->section.wanted_by.count || subject->section.required_by.count))
		return error_set(err, ERROR_INVALID,
				 "Unit file %s is a template, and has no DefaultInstance=", name);
	subject->is_bare = true;
	if (!instance)
		return true;
	scoped_free char *full = unit_name_with_instance(name, instance);
	read_subject(in, full, outside, &chosen);
	subject_fini(subject);
	*subject = chosen;
	subject->is_bare = true;
	return true;
}

static bool link_list(struct installer *in, const struct subject *subject,
		      const struct strings *targets, const char *suffix, struct error *err)
{
	for (size_t i = 0; i < targets->count; i++) {
		scoped_free char *name = str_format("%s.%s/%s", targets->items[i], suffix,
						    subject->draft.config.name);

		if (!unit_name_is_valid(targets->items[i]))
			return error_set(err, ERROR_INVALID, "\"%s\" is not a valid unit name",
					 targets->items[i]);
		if (!link_subject(in, subject, name, err))
			return false;
	}
	return true;
}

/* An alias that is a template takes the instance that was named. */
static bool link_aliases(struct installer *in, const struct subject *subject, struct error *err)
{
	const char *name = subject->draft.config.name;
	scoped_free char *instance = unit_name_instance(name);

	for (size_t i = 0; i < subject->section.alias.count; i++) {
		const char *alias = subject->section.alias.items[i];

		if (!unit_name_is_valid(alias) ||
		    !str_equal(strrchr(alias, '.'), strrchr(name, '.')))
			return error_set(err, ERROR_INVALID, "'%s' cannot be an alias of '%s'",
					 alias, name);
		scoped_free char *full =
			unit_name_is_template(alias) && !subject->is_bare && !str_is_empty(instance)
				? unit_name_with_instance(alias, instance)
				: str_dup(alias);
		if (!str_equal(full, name) && !link_subject(in, subject, full, err))
			return false;
	}
	return true;
}

/* What cannot be enabled along is no reason not to enable the unit. */
static void enable_also(struct installer *in, const char *name)
{
	struct error err;

	if (!enable_name(in, name, NULL, &err))
		strings_format(&in->result->hints, "%s is not enabled along: %s", name, err.text);
}

static bool link_all(struct installer *in, const struct subject *subject, struct error *err)
{
	const struct install_section *section = &subject->section;

	struct error
		later; /* the first is told; one link that cannot be is no reason not to make the others */
	bool linked = link_aliases(in, subject, err);

	linked &= link_list(in, subject, &section->wanted_by, "wants", linked ? err : &later);
	linked &= link_list(in, subject, &section->required_by, "requires", linked ? err : &later);
	for (size_t i = 0; i < section->also.count; i++)
		enable_also(in, section->also.items[i]);
	if (!section->alias.count && !section->wanted_by.count && !section->required_by.count &&
	    !section->also.count)
		in->has_hint = true;
	return linked;
}

static bool enable_name(struct installer *in, const char *name, const char *outside,
			struct error *err)
{
	struct subject subject;
	bool enabled;

	if (strings_contain(&in->seen, name))
		return true;
	strings_add(&in->seen, name);
	read_subject(in, name, outside, &subject);
	enabled = check_subject(&subject, err) && choose_instance(in, outside, &subject, err) &&
		  link_all(in, &subject, err) && (!outside || link_file(in, outside, err));
	subject_fini(&subject);
	return enabled;
}

/* ---- disable ---- */

/* The links of a template are those of its instances. */
static bool is_of(const char *name, const char *link)
{
	scoped_free char *template = unit_name_is_template(name) ? unit_name_template(link) : NULL;

	return str_equal(name, link) || str_equal(name, template);
}

struct removal {
	struct installer *in;
	const char *name;
	size_t folders[2]; /* ours, systemd's */
	size_t folder_count;
	bool found;
};

static bool is_removed_from(const struct removal *removal, size_t folder)
{
	for (size_t i = 0; i < removal->folder_count; i++)
		if (removal->folders[i] == folder)
			return true;
	return false;
}

static bool remove_members(struct removal *removal, const char *key,
			   const struct listing_entry *entry, struct error *err)
{
	const char *folder = unit_listing_folder(removal->in->listing, entry->folder);

	for (size_t i = 0; i < entry->member_count; i++) {
		scoped_free char *path =
			str_format("%s/%s/%s", folder, key, entry->members[i].name);

		if (!is_of(removal->name, entry->members[i].name))
			continue;
		removal->found = true;
		if (!install_link_remove(path, removal->in->result, err))
			return false;
	}
	return true;
}

/* An alias, or the link that brought a file into the search path. */
static bool remove_entry(struct removal *removal, const char *key,
			 const struct listing_entry *entry, struct error *err)
{
	const char *folder = unit_listing_folder(removal->in->listing, entry->folder);
	scoped_free char *path = str_format("%s/%s", folder, key);
	struct unit_source source;
	bool is_link_to_it;

	if (str_equal(entry->target, "/dev/null"))
		return true;
	unit_source_find(removal->in->listing, key, &source);
	is_link_to_it = is_of(removal->name, source.name);
	unit_source_fini(&source);
	if (!is_link_to_it)
		return true;
	removal->found = true;
	return install_link_remove(path, removal->in->result, err);
}

static bool remove_slot(void *data, const char *key, const struct listing_entry *entry,
			struct error *err)
{
	struct removal *removal = data;
	bool is_arrow = str_ends_with(key, ".wants") || str_ends_with(key, ".requires");

	if (!is_removed_from(removal, entry->folder))
		return true;
	if (entry->kind == LISTING_FOLDER)
		return !is_arrow || remove_members(removal, key, entry, err);
	return entry->kind != LISTING_LINK || remove_entry(removal, key, entry, err);
}

/* The mark in our folder of a link in systemd's is no news beside it. */
static void hide_marks(const struct removal *removal)
{
	const struct strings *folders = &removal->in->context->paths->folders;
	struct strings *removed = &removal->in->result->removed;
	const char *own = folders->items[removal->folders[0]];

	if (removal->folders[1] >= folders->count)
		return;
	for (size_t i = removed->count; i-- > 0;) {
		const char *path = removed->items[i];

		if (!str_starts_with(path, own))
			continue;
		scoped_free char *foreign =
			str_format("%s%s", folders->items[removal->folders[1]], path + strlen(own));
		if (strings_contain(removed, foreign))
			strings_remove(removed, i);
	}
}

static bool disable_name(struct installer *in, const char *name, struct error *err)
{
	size_t own = in->context->paths->own, runtime = in->options->runtime ? 1 : 0;
	struct removal removal = {in, name, {own > 1 ? runtime : 0, own + runtime}, 2};
	struct subject subject;
	bool done;

	if (strings_contain(&in->seen, name))
		return true;
	strings_add(&in->seen, name);
	done = unit_listing_each(in->listing, remove_slot, &removal, err);
	hide_marks(&removal);
	read_subject(in, name, NULL, &subject);
	if (done && !removal.found)
		done = subject.draft.config.load == LOAD_MASKED || check_subject(&subject, err);
	for (size_t i = 0; done && i < subject.section.also.count; i++) {
		struct error ignored;

		disable_name(in, subject.section.also.items[i], &ignored);
	}
	subject_fini(&subject);
	return done;
}

/* ---- mask ---- */

static bool mask_name(struct installer *in, const char *name, struct error *err)
{
	const char *folder = own_folder(in);
	struct unit_source source;
	bool made;

	if (load_is_builtin(in->context, name))
		return error_set(err, ERROR_CONFLICT, "Unit %s is built in and cannot be masked.",
				 name);
	unit_source_find(in->listing, name, &source);
	if (!source.path)
		strings_format(&in->result->hints, "Unit %s does not exist, proceeding anyway.",
			       name);
	unit_source_fini(&source);
	if (!make_link(in, folder, name, "/dev/null", &made, err))
		return false;
	if (made)
		note_link(in, folder, name, "/dev/null");
	return true;
}

static bool unmask_name(struct installer *in, const char *name, struct error *err)
{
	scoped_free char *path = str_format("%s/%s", own_folder(in), name);
	scoped_free char *target = install_link_read(path);

	return !str_equal(target, "/dev/null") || install_link_remove(path, in->result, err);
}

/* ---- add-wants, add-requires ---- */

static bool add_to_target(struct installer *in, const char *name, const char *suffix,
			  struct error *err)
{
	const char *target = in->options->target;
	struct subject subject;
	bool added;

	if (!target || !unit_name_is_valid(target))
		return error_set(err, ERROR_INVALID, "\"%s\" is not a valid unit name",
				 target ? target : "");
	if (unit_name_is_template(name))
		return error_set(err, ERROR_INVALID, "Unit name %s is missing the instance name.",
				 name);
	scoped_free char *link = str_format("%s.%s/%s", target, suffix, name);
	read_subject(in, name, NULL, &subject);
	added = check_subject(&subject, err) && link_subject(in, &subject, link, err);
	subject_fini(&subject);
	return added;
}

/* ---- revert ---- */

static bool remove_drop_ins(struct installer *in, const char *folder, const char *name,
			    struct error *err)
{
	scoped_free char *path = str_format("%s/%s.d", folder, name);
	struct stat st;

	if (lstat(path, &st) < 0)
		return errno == ENOENT || error_errno(err, "cannot look at '%s'", path);
	if (!tree_remove(AT_FDCWD, path, err))
		return false;
	strings_add(&in->result->removed, path);
	return true;
}

/* Is there a file of that name in a folder behind those that the administrator writes to? */
static bool has_package_file(const struct installer *in, const char *name)
{
	const struct strings *folders = &in->context->paths->folders;
	bool found = false;

	for (size_t i = WRITTEN_FOLDERS; !found && i < folders->count; i++) {
		scoped_free char *path = str_format("%s/%s", folders->items[i], name);

		found = access(path, F_OK) == 0;
	}
	return found;
}

/* A mask goes always, a file or a link only where another one takes its place. */
static bool remove_override(struct installer *in, const char *folder, const char *name,
			    struct error *err)
{
	scoped_free char *path = str_format("%s/%s", folder, name);
	scoped_free char *target = install_link_read(path);

	if (!str_equal(target, "/dev/null") && !has_package_file(in, name))
		return true;
	return access(path, F_OK) < 0 || install_link_remove(path, in->result, err);
}

static bool revert_name(struct installer *in, const char *name, struct error *err)
{
	const struct unit_paths *paths = in->context->paths;

	for (size_t i = 0; i < WRITTEN_FOLDERS && i < paths->own; i++)
		if (!remove_drop_ins(in, paths->folders.items[i], name, err) ||
		    !remove_override(in, paths->folders.items[i], name, err))
			return false;
	return true;
}

/* ---- the verbs ---- */

/* It is there, whatever somebody's script asks for. */
static bool is_settled(struct installer *in, enum install_verb verb, const char *name)
{
	bool settled =
		load_is_builtin(in->context, name) &&
		(verb == INSTALL_ENABLE || verb == INSTALL_DISABLE || verb == INSTALL_REENABLE);

	if (settled)
		strings_format(&in->result->hints,
			       "Unit %s is built in: it can be neither enabled nor disabled.",
			       name);
	return settled;
}

static bool run_verb(struct installer *in, enum install_verb verb, const char *name,
		     const char *outside, struct error *err)
{
	if (is_settled(in, verb, name))
		return true;
	switch (verb) {
	case INSTALL_ENABLE:
		return enable_name(in, name, outside, err);
	case INSTALL_DISABLE:
		return disable_name(in, name, err);
	case INSTALL_REENABLE:
		if (!disable_name(in, name, err))
			return false;
		strings_fini(&in->seen);
		return enable_name(in, name, outside, err);
	case INSTALL_MASK:
		return mask_name(in, name, err);
	case INSTALL_UNMASK:
		return unmask_name(in, name, err);
	case INSTALL_LINK:
		return !outside || link_file(in, outside, err);
	case INSTALL_ADD_WANTS:
		return add_to_target(in, name, "wants", err);
	case INSTALL_ADD_REQUIRES:
		return add_to_target(in, name, "requires", err);
	case INSTALL_REVERT:
		return revert_name(in, name, err);
	case INSTALL_VERBS:
		break;
	}
	return true;
}

static bool install_one(struct installer *in, enum install_verb verb, const char *typed,
			struct error *err)
{
	scoped_free char *name = NULL;
	scoped_free char *outside = NULL;

	if (verb == INSTALL_LINK && *typed != '/')
		return error_set(err, ERROR_INVALID, "'%s' is not an absolute path", typed);
	return name_of_argument(in, typed, &name, &outside, err) &&
	       run_verb(in, verb, name, outside, err);
}

bool unit_install(const struct load_context *context, enum install_verb verb,
		  const struct strings *names, const struct install_options *options,
		  struct install_result *result, struct error *err)
{
	scoped(unit_listing) struct unit_listing *listing = unit_listing_read(context->paths);
	struct installer in = {context, listing, options, result};
	bool done = true;

	for (size_t i = 0; done && i < names->count; i++)
		done = install_one(&in, verb, names->items[i], err);
	strings_fini(&in.seen);
	if (in.has_hint)
		strings_add(&result->hints, "Units without WantedBy=, RequiredBy=, Alias= or Also= "
					    "in a section [Install] cannot "
					    "be enabled: others start them, by a dependency, a "
					    "timer, a socket or by name.");
	return done;
}
