/* Blobs that are kept byte by byte: manifests and configurations, a few kilobytes each.  Each job makes
 * its own under blobs/partial and renames them when they are whole, so that a name below blobs/sha256
 * says what it is. */
#include "image/image_store.h"

#include "format/digest.h"
#include "os/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

bool document_is_there(const struct image_store *images, const char *digest)
{
	return faccessat(images->blobs, digest_hex(digest), F_OK, 0) == 0;
}

static char *partial_name(const struct image_job *job, const char *digest)
{
	return str_format("%s.%u", digest_hex(digest), job->serial);
}

int document_create(struct image_job *job, const char *digest, struct error *err)
{
	scoped_free char *name = partial_name(job, digest);
	int file = openat(job->images->partial, name,
			  O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (file < 0)
		error_errno(err, "cannot make blob '%s'", digest);
	return file;
}

bool document_keep(struct image_job *job, const char *digest, struct error *err)
{
	const struct image_store *images = job->images;
	scoped_free char *name = partial_name(job, digest);

	if (renameat(images->partial, name, images->blobs, digest_hex(digest)) < 0)
		return error_errno(err, "cannot keep blob '%s'", digest);
	return true;
}

/* ---- which of them are needed ---- */

static void mark(struct map *needed, const struct strings *documents)
{
	for (size_t i = 0; i < documents->count; i++)
		map_put(needed, digest_hex(documents->items[i]), needed);
}

/* By an image, or by a job that will make one. */
static void mark_needed(const struct image_store *images, struct map *needed)
{
	for (struct map_slot *slot = map_first(&images->images); slot;
	     slot = map_next(&images->images, slot))
		mark(needed, &((struct image *)slot->value)->documents);
	for (size_t i = 0; i < images->jobs.count; i++)
		mark(needed, &images->jobs.items[i]->documents);
}

static void remove_unneeded(struct image_store *images, const struct strings *documents)
{
	scoped_map struct map needed = {0};

	if (documents->count > 0)
		mark_needed(images, &needed);
	for (size_t i = 0; i < documents->count; i++) {
		const char *name = digest_hex(documents->items[i]);

		if (!map_get(&needed, name))
			unlinkat(images->blobs, name, 0);
	}
}

/* The image is no longer among the others. */
void documents_release(struct image_store *images, const struct image *image)
{
	remove_unneeded(images, &image->documents);
}

/* The job is no longer among the others. */
void documents_drop(struct image_job *job)
{
	for (size_t i = 0; i < job->documents.count; i++) {
		scoped_free char *name = partial_name(job, job->documents.items[i]);

		unlinkat(job->images->partial, name, 0);
	}
	remove_unneeded(job->images, &job->documents);
	strings_fini(&job->documents);
}

static void remove_all_but(int at, const struct map *needed)
{
	scoped_list DIR *list = folder_list(at);

	for (struct dirent *entry; (entry = folder_next(list));)
		if (entry->d_name[0] != '.' && !map_get(needed, entry->d_name))
			unlinkat(at, entry->d_name, 0);
}

void documents_settle(struct image_store *images)
{
	scoped_map struct map needed = {0}, none = {0};

	mark_needed(images, &needed);
	remove_all_but(images->blobs, &needed);
	remove_all_but(images->partial, &none);
}
