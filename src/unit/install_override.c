/* Masks, and taking back whatever the administrator has put before a package's file. */
#include "unit/install_private.h"

#include "os/file.h"
#include "unit/install_link.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* The first of our folders: the administrator's, and that of what lives until the next boot. */
enum { WRITTEN_FOLDERS = 2 };

/* ---- mask ---- */

bool install_mask(struct installer *in, const char *name, struct error *err)
{
	const char *folder = install_own_folder(in);
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
	if (!install_make(in, folder, name, "/dev/null", &made, err))
		return false;
	if (made)
		install_note(in, folder, name, "/dev/null");
	return true;
}

bool install_unmask(struct installer *in, const char *name, struct error *err)
{
	scoped_free char *path = str_format("%s/%s", install_own_folder(in), name);
	scoped_free char *target = install_link_read(path);

	return !str_equal(target, "/dev/null") || install_link_remove(path, in->result, err);
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

bool install_revert(struct installer *in, const char *name, struct error *err)
{
	const struct unit_paths *paths = in->context->paths;

	for (size_t i = 0; i < WRITTEN_FOLDERS && i < paths->own; i++)
		if (!remove_drop_ins(in, paths->folders.items[i], name, err) ||
		    !remove_override(in, paths->folders.items[i], name, err))
			return false;
	return true;
}
