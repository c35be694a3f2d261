#include "builder/cache_folders.h"

#include "base/memory.h"
#include "format/sha256.h"
#include "os/file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME_DIGITS 24
#define COPIES_MAX  1000 /* of a private one */

static struct cache_use *find_use(struct builder *builder, const char *name)
{
	for (size_t i = 0; i < builder->caches.count; i++)
		if (str_equal(builder->caches.items[i].name, name))
			return &builder->caches.items[i];
	return NULL;
}

bool cache_folder_is_used(struct builder *builder, const char *name)
{
	return find_use(builder, name) != NULL;
}

/* One that begins with an image's files is that image's. */
static char *name_of(const struct run_mount *mount)
{
	scoped_buffer struct buffer key = {0};
	char digest[DIGEST_TEXT_SIZE];

	buffer_add_text(&key, mount->id ? mount->id : "");
	if (mount->from)
		buffer_add(&key, mount->from, strlen(mount->from) + 1);
	sha256_digest(key.data ? key.data : "", key.size, digest);
	return str_dup_n(digest_hex(digest), NAME_DIGITS);
}

char *cache_folder_path(const struct builder *builder, const char *name)
{
	return str_format("%s/build-cache/%s", builder->data_root, name);
}

/* Of its first user it gets owner and mode.  One that begins with an image's files is the writable half of
 * an overlay, which has those of the image. */
static bool make_folder(const struct builder *builder, const struct run_mount *mount,
			const char *name, struct error *err)
{
	const char *id = mount->id ? mount->id : "";
	scoped_free char *about = str_format("%s.id", name);
	struct file_content content = {.data = id, .size = strlen(id), .mode = 0600};
	scoped_fd int folder = -1;

	if (mkdirat(builder->cache, name, 0700) < 0) {
		if (errno != EEXIST)
			return error_errno(err, "cannot make a cache folder");
		utimensat(builder->cache, name, NULL, 0);
		return true;
	}
	folder = openat(builder->cache, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (mount->from)
		return folder >= 0 ? file_replace(builder->cache, about, &content, err)
				   : error_errno(err, "cannot make a cache folder");
	if (folder < 0 || fchown(folder, (uid_t)mount->uid, (gid_t)mount->gid) < 0 ||
	    fchmod(folder, (mode_t)mount->mode & 07777) < 0)
		return error_errno(err, "cannot make a cache folder");
	return file_replace(builder->cache, about, &content, err);
}

/* One that nobody has. */
static char *private_name(struct builder *builder, const char *name)
{
	for (int i = 1; i <= COPIES_MAX; i++) {
		scoped_free char *copy = str_format("%s-%d", name, i);

		if (!find_use(builder, copy))
			return take(copy);
	}
	return NULL;
}

static void note_use(struct builder *builder, const char *name, bool alone)
{
	struct cache_use *use = find_use(builder, name);
	struct cache_use fresh = {.name = str_dup(name)};

	if (!use) {
		vector_add(&builder->caches, fresh);
		use = &builder->caches.items[builder->caches.count - 1];
	} else {
		free(fresh.name);
	}
	use->users++;
	use->alone |= alone;
}

enum cache_taken cache_folder_take(struct builder *builder, const struct run_mount *mount,
				   char **name, struct error *err)
{
	bool alone = mount->sharing == RUN_MOUNT_LOCKED || mount->from; /* two overlays cannot share */
	scoped_free char *wanted = name_of(mount);
	const struct cache_use *use = find_use(builder, wanted);

	if (use && mount->sharing == RUN_MOUNT_PRIVATE) {
		char *copy = private_name(builder, wanted);

		free(wanted);
		wanted = copy;
		if (!wanted)
			return CACHE_BUSY;
	} else if (use && (use->alone || alone)) {
		return CACHE_BUSY;
	}
	if (!make_folder(builder, mount, wanted, err))
		return CACHE_FAILED;
	note_use(builder, wanted, alone);
	*name = take(wanted);
	return CACHE_TAKEN;
}

void cache_folder_take_again(struct builder *builder, const char *name)
{
	note_use(builder, name, false);
}

void cache_folder_give_back(struct builder *builder, const char *name)
{
	for (size_t i = 0; i < builder->caches.count; i++) {
		struct cache_use *use = &builder->caches.items[i];

		if (!str_equal(use->name, name) || --use->users > 0)
			continue;
		free(use->name);
		vector_remove(&builder->caches, i);
		return;
	}
}

void cache_folders_fini(struct builder *builder)
{
	for (size_t i = 0; i < builder->caches.count; i++)
		free(builder->caches.items[i].name);
	vector_fini(&builder->caches);
}
