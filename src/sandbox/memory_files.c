/* A file of a mount that is attached nowhere cannot be copied (open_tree) before Linux 6.15: so the tmpfs
 * lies over the root while the copies are made, where nobody looks yet, and goes again. */
#include "sandbox/memory_files.h"

#include "base/memory.h"
#include "os/fd.h"
#include "os/mount.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME_SIZE 24
#define SHOWN	  (MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV)

void descriptors_fini(struct descriptors *descriptors)
{
	for (size_t i = 0; i < descriptors->count; i++)
		close_fd(&descriptors->items[i]);
	vector_fini(descriptors);
}

static void name_of(size_t index, char name[static NAME_SIZE])
{
	snprintf(name, NAME_SIZE, "%zu", index);
}

static const char *target_of(const struct record_list *files, size_t index)
{
	return RECORD_AT(*files, struct file_spec, index)->target;
}

/* ---- outside ---- */

bool memory_files_open(const struct sandbox_spec *spec, struct descriptors *out, struct error *err)
{
	scoped_fd int folder = -1;

	if (spec->files.count == 0)
		return true;
	folder = open(spec->files_folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (folder < 0)
		return error_errno(err, "cannot open '%s'", spec->files_folder);
	for (size_t i = 0; i < spec->files.count; i++) {
		char name[NAME_SIZE];
		int file;

		name_of(i, name);
		file = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
		if (file < 0)
			return error_errno(err, "file '%s': cannot open '%s/%s'",
					   target_of(&spec->files, i), spec->files_folder, name);
		vector_add(out, file);
	}
	return true;
}

/* ---- the tmpfs ---- */

/* Room for what is known to come, in whole pages. */
static int64_t room_for(const struct descriptors *contents)
{
	int64_t page = sysconf(_SC_PAGESIZE), room = page;
	struct stat st;

	for (size_t i = 0; i < contents->count; i++)
		if (fstat(contents->items[i], &st) == 0)
			room += (st.st_size + page - 1) / page * page;
	return room;
}

/* Older kernels do not know noswap, and grant it to the host's root only. */
static int make_memory(const struct descriptors *contents, struct error *err)
{
	char size[24], inodes[24];
	const struct mount_option options[] = {
		{"mode", "700"}, {"size", size}, {"nr_inodes", inodes}, {"noswap", NULL}};
	struct mount_plan plan = {"tmpfs", options, array_length(options), 0};
	int memory;

	snprintf(size, sizeof(size), "%" PRId64, room_for(contents));
	snprintf(inodes, sizeof(inodes), "%zu", contents->count + 1);
	memory = mount_new(&plan, err);
	if (memory >= 0)
		return memory;
	plan.option_count--;
	return mount_new(&plan, err);
}

/* ---- one file ---- */

static bool copy(int from, int to, struct error *err)
{
	ssize_t n;

	while ((n = sendfile(to, from, NULL, 1 << 20)) != 0)
		if (n < 0 && errno != EINTR)
			return error_errno(err, "cannot write it");
	return true;
}

static bool write_file(int memory, const char *name, int from, const struct file_spec *spec,
		       struct error *err)
{
	scoped_fd int file =
		openat(memory, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0);

	if (file < 0)
		return error_errno(err, "cannot make it");
	if (!copy(from, file, err))
		return false;
	if (fchown(file, (uid_t)spec->uid, (gid_t)spec->gid) < 0)
		return error_errno(err, "cannot give it to %" PRId64 ":%" PRId64, spec->uid,
				   spec->gid);
	if (fchmod(file, (mode_t)spec->mode & 07777) < 0)
		return error_errno(err, "cannot set its mode");
	return true;
}

static bool make_one(int memory, size_t index, int from, const struct file_spec *spec,
		     struct descriptors *mounts, struct error *err)
{
	scoped_fd int shown = -1;
	char name[NAME_SIZE];

	name_of(index, name);
	if (!write_file(memory, name, from, spec, err))
		return false;
	shown = mount_clone(memory, name, false, err);
	if (shown < 0 || !mount_set(shown, SHOWN, 0, false, err))
		return false;
	vector_add(mounts, take_fd(shown));
	return true;
}

/* ---- all ---- */

static bool make_all(int memory, const struct record_list *files,
		     const struct descriptors *contents, struct descriptors *mounts,
		     struct error *err)
{
	for (size_t i = 0; i < files->count; i++)
		if (!make_one(memory, i, contents->items[i], RECORD_AT(*files, struct file_spec, i),
			      mounts, err))
			return error_prefix(err, "file '%s'", target_of(files, i));
	return true;
}

static bool take_away(int root, int memory, struct error *err)
{
	if (fchdir(memory) < 0 || umount2(".", MNT_DETACH) < 0 || fchdir(root) < 0)
		return error_errno(err, "cannot let go of the files' own mount");
	return true;
}

bool memory_files_make(int root, const struct record_list *files,
		       const struct descriptors *contents, struct descriptors *mounts,
		       struct error *err)
{
	scoped_fd int memory = -1;

	if (files->count == 0)
		return true;
	if (contents->count != files->count)
		return error_set(err, ERROR_SYSTEM, "files without content");
	memory = make_memory(contents, err);
	return memory >= 0 && mount_attach(memory, root, err) &&
	       make_all(memory, files, contents, mounts, err) && take_away(root, memory, err);
}
