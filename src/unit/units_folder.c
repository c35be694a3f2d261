/* Where a unit's shim has its socket and its state: <exec root>/u/NAME.
 *
 * Former builds had <exec root>/units/NAME, in the midst of units that programs submit.  Shims of
 * theirs stay there, since processes know the way to them (NOTIFY_SOCKET); when such a shim has
 * gone, what it leaves moves. */
#include "unit/units_private.h"

#include "base/log.h"
#include "os/file.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#define PLACE	     "u"
#define FORMER_PLACE "units"
#define RECORD	     "unit"

static bool is_former(const struct units *units, const struct unit *unit)
{
	return units->former.names.count && strings_contain(&units->former.names, unit->name);
}

char *unit_run_path(const struct units *units, const struct unit *unit)
{
	return str_format("%s/%s/%s", units->exec_root,
			  is_former(units, unit) ? FORMER_PLACE : PLACE, unit->name);
}

int unit_run_folder(const struct units *units, const struct unit *unit, struct error *err)
{
	if (is_former(units, unit))
		return folder_open(units->former.folder, unit->name, err);
	if (!folder_make(units->folder, unit->name, 0711, err))
		return -1;
	return folder_open(units->folder, unit->name, err);
}

/* ---- of former builds ---- */

static void move_here(struct units *units, const char *name)
{
	struct error err;

	tree_remove(units->folder, name, &err);
	if (renameat(units->former.folder, name, units->folder, name) == 0)
		return;
	error_errno(&err, "cannot move its run folder");
	log_warning("a unit of a former build is not known any more", &err, "name=%s", name);
}

static bool has_shim(int folder)
{
	struct error err;
	scoped_fd int control = shim_connect(folder, &err);

	return control >= 0;
}

static void take_former(struct units *units, const char *name)
{
	struct error err;
	scoped_fd int folder = folder_open(units->former.folder, name, &err);

	if (folder < 0 || faccessat(folder, RECORD, F_OK, 0) < 0)
		return; /* a file, or drop-ins */
	if (has_shim(folder))
		strings_add(&units->former.names, name);
	else
		move_here(units, name);
}

static void take_all_former(struct units *units)
{
	scoped_list DIR *list = folder_list(units->former.folder);

	for (struct dirent *entry; (entry = folder_next(list));)
		if (*entry->d_name != '.' && entry->d_type == DT_DIR)
			take_former(units, entry->d_name);
}

void run_folder_left(struct units *units, const struct unit *unit)
{
	struct strings *names = &units->former.names;

	for (size_t i = names->count; i-- > 0;) {
		if (!str_equal(names->items[i], unit->name))
			continue;
		strings_remove(names, i);
		move_here(units, unit->name);
	}
}

/* ---- all ---- */

bool run_folders_open(struct units *units, struct error *err)
{
	scoped_free char *path = str_format("%s/" PLACE, units->exec_root);
	scoped_free char *former = str_format("%s/" FORMER_PLACE, units->exec_root);
	struct error ignored;

	if (!folder_make(AT_FDCWD, path, 0711, err))
		return false;
	units->folder = folder_open(AT_FDCWD, path, err);
	if (units->folder < 0)
		return false;
	units->former.folder = folder_open(AT_FDCWD, former, &ignored);
	if (units->former.folder >= 0)
		take_all_former(units);
	return true;
}

void run_folders_close(struct units *units)
{
	close_fd(&units->folder);
	close_fd(&units->former.folder);
	strings_fini(&units->former.names);
}
