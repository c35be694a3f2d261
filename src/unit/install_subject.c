/* What is to be enabled or not, as it was named, and where its links go. */
#include "unit/install_private.h"

#include "format/path.h"
#include "format/unit_name.h"
#include "unit/install_link.h"

#include <errno.h>
#include <sys/stat.h>

/* ---- where links go ---- */

const char *install_own_folder(const struct installer *in)
{
	const struct unit_paths *paths = in->context->paths;

	return paths->folders.items[in->options->runtime && paths->own > 1 ? 1 : 0];
}

/* Of systemd, for its units; NULL: ours alone. */
static const char *foreign_folder(const struct installer *in, const struct install_subject *subject)
{
	const struct unit_paths *paths = in->context->paths;
	size_t at = paths->own + (in->options->runtime ? 1 : 0);

	if (!subject->source.path || subject->source.link ||
	    unit_listing_is_own(in->listing, subject->source.folder) || at >= paths->folders.count)
		return NULL;
	return paths->folders.items[at];
}

bool install_make(struct installer *in, const char *folder, const char *name, const char *target,
		  bool *made, struct error *err)
{
	scoped_free char *path = str_format("%s/%s", folder, name);

	return install_link_make(path, target, in->options->force, made, err);
}

void install_note(struct installer *in, const char *folder, const char *name, const char *target)
{
	scoped_free char *path = str_format("%s/%s", folder, name);

	pairs_set(&in->result->created, path, target);
}

bool install_subject_link(struct installer *in, const struct install_subject *subject,
			  const char *name, struct error *err)
{
	const char *foreign = foreign_folder(in, subject), *own = install_own_folder(in);
	bool made_foreign = false, made;

	if (foreign && !install_make(in, foreign, name, subject->path, &made_foreign, err))
		return false;
	if (made_foreign)
		install_note(in, foreign, name, subject->path);
	if (!install_make(in, own, name, subject->path, &made, err))
		return false;
	if (made && !made_foreign)
		install_note(in, own, name, subject->path);
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

bool install_file_link(struct installer *in, const char *path, struct error *err)
{
	const char *name = strrchr(path, '/') + 1, *folder = install_own_folder(in);
	struct stat st;
	bool made;

	if (!unit_name_is_valid(name))
		return error_set(err, ERROR_INVALID, "\"%s\" is not a valid unit name", name);
	if (stat(path, &st) < 0)
		return errno == ENOENT ? error_set(err, ERROR_NOT_FOUND,
						   "Unit file %s does not exist.", path)
				       : error_errno(err, "cannot look at '%s'", path);
	if (!install_make(in, folder, name, path, &made, err))
		return false;
	if (made)
		install_note(in, folder, name, path);
	return true;
}

bool install_name(struct installer *in, const char *typed, char **name, char **outside,
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

void install_subject_fini(struct install_subject *subject)
{
	unit_draft_fini(&subject->draft);
	unit_source_fini(&subject->source);
}

void install_subject_read(struct installer *in, const char *name, const char *outside,
			  struct install_subject *subject)
{
	*subject = (struct install_subject){0};
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

bool install_subject_check(const struct install_subject *subject, struct error *err)
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
