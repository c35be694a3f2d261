#include "engine/container_files.h"

#include "base/memory.h"
#include "engine/extension.h"
#include "format/sha256.h"
#include "os/fd.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

struct contents {
	struct buffer *items; /* owned */
	size_t count;
};

static void contents_fini(struct contents *contents)
{
	for (size_t i = 0; i < contents->count; i++)
		buffer_fini(&contents->items[i]);
	free(contents->items);
}

static bool sync_folder(int folder, struct error *err)
{
	return fsync(folder) == 0 || error_errno(err, "cannot write '" CONTAINER_FILES "'");
}

static bool write_one(int folder, size_t index, const struct buffer *content, struct error *err)
{
	scoped_fd int file = -1;
	char name[24];

	snprintf(name, sizeof(name), "%zu", index);
	file = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (file < 0)
		return error_errno(err, "cannot make '" CONTAINER_FILES "/%s'", name);
	if (!fd_write_all(file, content->data, content->size, err))
		return false;
	return fsync(file) == 0 || error_errno(err, "cannot write '" CONTAINER_FILES "/%s'", name);
}

static bool write_all(int above, const struct contents *contents, struct error *err)
{
	scoped_fd int folder = -1;

	if (mkdirat(above, CONTAINER_FILES, 0700) < 0)
		return error_errno(err, "cannot make '" CONTAINER_FILES "'");
	folder = openat(above, CONTAINER_FILES, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (folder < 0)
		return error_errno(err, "cannot open '" CONTAINER_FILES "'");
	for (size_t i = 0; i < contents->count; i++)
		if (!write_one(folder, i, &contents->items[i], err))
			return false;
	return sync_folder(folder, err) && sync_folder(above, err);
}

static void keep_digest(struct container_file *file, const struct buffer *content)
{
	char digest[DIGEST_TEXT_SIZE];

	sha256_digest(content->data ? content->data : "", content->size, digest);
	str_replace(&file->content, digest);
}

bool container_files_write(int folder, struct record_list *files, struct error *err)
{
	scoped_with(contents_fini) struct contents contents = {0};

	if (files->count == 0)
		return true;
	contents.items = mem_zeroed(files->count, sizeof(*contents.items));
	contents.count = files->count;
	if (!container_files_decode(files, contents.items, err) ||
	    !write_all(folder, &contents, err))
		return false;
	for (size_t i = 0; i < files->count; i++)
		keep_digest(RECORD_AT(*files, struct container_file, i), &contents.items[i]);
	return true;
}
