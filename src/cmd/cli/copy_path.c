#include "cmd/cli/copy_path.h"

#include "format/path.h"

void copy_end_fini(struct copy_end *end)
{
	free(end->path);
	free(end->name);
}

void copy_plan_fini(struct copy_plan *plan)
{
	free(plan->folder);
	free(plan->from);
	free(plan->to);
}

void copy_split(const char *argument, char **container, char **path)
{
	const char *colon = strchr(argument, ':');

	*container = NULL;
	if (*argument == '/' || *argument == '.' || !colon || colon == argument) {
		*path = str_dup(argument);
		return;
	}
	*container = str_dup_n(argument, (size_t)(colon - argument));
	*path = str_dup(colon + 1);
}

bool copy_ends_in_slash(const char *path)
{
	return str_ends_with(path, "/");
}

/* The last part, slashes at the end not counted; "/" of the root, "." of nothing. */
static char *last_part(const char *path)
{
	size_t end = strlen(path), start;

	if (!end)
		return str_dup(".");
	while (end > 1 && path[end - 1] == '/')
		end--;
	if (end == 1 && *path == '/')
		return str_dup("/");
	for (start = end; start && path[start - 1] != '/'; start--)
		;
	return str_dup_n(path + start, end - start);
}

bool copy_names_content(const char *path)
{
	scoped_free char *last = last_part(path);

	return strcmp(last, ".") == 0;
}

/* `clean` with the ending of `original`. */
static char *with_ending(const char *clean, const char *original)
{
	const char *slash = copy_ends_in_slash(clean) ? "" : "/";

	if (!copy_names_content(clean) && copy_names_content(original))
		return str_format("%s%s.%s", clean, slash, copy_ends_in_slash(original) ? "/" : "");
	if (copy_ends_in_slash(original))
		return str_format("%s%s", clean, slash);
	return str_dup(clean);
}

char *copy_absolute(const char *path, const char *folder)
{
	scoped_free char *whole = *path == '/' ? str_dup(path) : str_format("%s/%s", folder, path);
	scoped_free char *clean = path_clean(whole);

	return with_ending(clean, path);
}

void copy_split_entry(const char *path, char **folder, char **name)
{
	scoped_free char *clean = path_clean(path);
	const char *slash = strrchr(clean, '/');

	if (copy_names_content(path)) {
		*name = str_dup(".");
		*folder = take(clean);
		return;
	}
	*name = last_part(clean);
	if (!slash)
		*folder = str_dup(".");
	else
		*folder = str_dup_n(clean, slash == clean ? 1 : (size_t)(slash - clean));
}

char *copy_rebase(const char *path, const char *resolved, char **name)
{
	char *target = with_ending(resolved, path);
	scoped_free char *own = last_part(path), *theirs = last_part(target);

	*name = strcmp(own, theirs) == 0 ? NULL : take(own);
	return target;
}

char *copy_link_target(const char *path, const char *target)
{
	scoped_free char *folder = NULL, *name = NULL;

	if (*target == '/')
		return str_dup(target);
	copy_split_entry(path, &folder, &name);
	scoped_free char *joined = str_format("%s/%s", folder, target);
	return path_clean(joined);
}

/* ---- the plan ---- */

static bool asserts_folder(const char *path)
{
	return copy_ends_in_slash(path) || copy_names_content(path);
}

bool copy_plan(const struct copy_end *source, const struct copy_end *target, struct copy_plan *plan,
	       struct error *err)
{
	scoped_free char *source_folder = NULL, *source_name = NULL;
	bool same_place = target->exists && target->is_folder;

	if (target->exists && !target->is_folder && source->is_folder)
		return error_set(err, ERROR_INVALID, "cannot copy directory");
	if (!target->exists && !source->is_folder && asserts_folder(target->path))
		return error_set(err, ERROR_INVALID, "no such directory");
	if (same_place) { /* into the folder, under its own name */
		plan->folder = str_dup(target->path);
		return true;
	}
	copy_split_entry(target->path, &plan->folder, &plan->to);
	copy_split_entry(source->path, &source_folder, &source_name);
	plan->from = str_dup(source->name ? source->name : source_name);
	if (strcmp(plan->from, "/") == 0)
		str_replace(&plan->from, "");
	return true;
}
