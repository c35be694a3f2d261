/* Units' files for systemd: as `wherry unit export` writes them, below /run/systemd/system, by a thread of the
 * pool.  Where systemd has a unit of that name from elsewhere, ours is not written: there would be two. */
#include "unit/units_systemd.h"

#include "base/log.h"
#include "os/file.h"
#include "os/marked_files.h"

#include <fcntl.h>
#include <unistd.h>

static const char *const others[] = {
	"/etc/systemd/system",	  "/run/systemd/transient",	   "/run/systemd/generator.early",
	"/run/systemd/generator", "/usr/local/lib/systemd/system", "/usr/lib/systemd/system",
	"/lib/systemd/system",
};

static bool check_others(const struct pairs *files, struct error *err)
{
	for (size_t i = 0; i < files->count; i++) {
		for (size_t k = 0; k < array_length(others); k++) {
			scoped_free char *path =
				str_format("%s/%s", others[k], files->items[i].name);

			if (!strchr(files->items[i].name, '/') &&
			    faccessat(AT_FDCWD, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
				return error_set(err, ERROR_CONFLICT,
						 "systemd has a unit of that name: '%s'", path);
		}
	}
	return true;
}

/* What has never been there systemd finds by itself, without reading all others again. */
static bool is_new(int folder, const struct pairs *files)
{
	for (size_t i = 0; i < files->count; i++)
		if (faccessat(folder, files->items[i].name, F_OK, 0) == 0)
			return false;
	return true;
}

static bool write_one(int folder, struct handed_file *file, struct error *err)
{
	scoped_with(unit_export_fini) struct unit_export out = {0};
	bool changed = false;

	if (!unit_exporting_read(&file->exporting, err) ||
	    !unit_export_add(&file->exporting.source, &out, err) ||
	    !check_others(&out.files, err) ||
	    !marked_files_check(folder, UNIT_EXPORT_MARK, &out.files, err))
		return false;
	bool fresh = is_new(folder, &out.files);
	bool good = marked_files_write(folder, UNIT_EXPORT_MARK, &out.files, &changed, err);
	file->changed = changed && !fresh;
	return good;
}

static void handle(int folder, struct handed_file *file)
{
	if (file->goes)
		marked_files_remove(folder, UNIT_EXPORT_MARK, file->name, &file->changed);
	else if (!write_one(folder, file, &file->err) && !file->err.kind)
		error_set(&file->err, ERROR_SYSTEM, "it cannot be written");
}

void handed_files_write(struct work *work)
{
	struct handed_files *files = container_of(work, struct handed_files, work);
	struct error err;
	scoped_fd int folder = folder_open(AT_FDCWD, SYSTEMD_FOLDER, &err);

	for (size_t i = 0; i < files->count; i++) {
		if (folder >= 0)
			handle(folder, &files->items[i]);
		else
			files->items[i].err = err;
		files->changed |= files->items[i].changed;
	}
}

void handed_files_free(struct handed_files *files)
{
	for (size_t i = 0; i < files->count; i++)
		if (!files->items[i].goes)
			unit_exporting_fini(&files->items[i].exporting);
	vector_fini(files);
	free(files);
}
