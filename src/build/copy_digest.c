#include "build/copy_source.h"
#include "image/content_hash.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/xattr.h>
#include <unistd.h>

#define BLOCK_SIZE ((size_t)256 * 1024)

struct digest {
	const struct copy_order *order;
	struct content_hash *hash; /* of all */
	char *block;		   /* owned */
};

/* Texts are closed by their NUL, so that no two trees look alike. */
static void add_text(struct digest *d, const char *text)
{
	content_hash_add(d->hash, text, strlen(text) + 1);
}

static bool add_bytes(struct digest *d, const struct copy_entry *entry, struct error *err)
{
	scoped_fd int fd = copy_entry_open(entry, O_RDONLY, err);
	scoped(content_hash) struct content_hash *bytes = content_hash_new();
	char text[CONTENT_DIGEST_SIZE];
	ssize_t n;

	if (fd < 0)
		return false;
	while ((n = read(fd, d->block, BLOCK_SIZE)) != 0) {
		if (n < 0 && errno != EINTR)
			return error_errno(err, "cannot read '%s'", entry->path);
		if (n > 0)
			content_hash_add(bytes, d->block, (size_t)n);
	}
	content_hash_finish(bytes, text);
	add_text(d, text);
	n = fgetxattr(fd, "security.capability", d->block, BLOCK_SIZE);
	if (n > 0)
		content_hash_add(d->hash, d->block, (size_t)n);
	return true;
}

static bool add_link(struct digest *d, const struct copy_entry *entry, struct error *err)
{
	char target[PATH_MAX];

	if (!copy_entry_link(entry, target, sizeof(target), err))
		return false;
	add_text(d, target);
	return true;
}

static bool add_entry(void *data, const struct copy_entry *entry, struct error *err)
{
	struct digest *d = data;
	const struct stat *st = &entry->st;
	scoped_buffer struct buffer head = {0};

	if (entry->leaving)
		return true;
	buffer_format(&head, "%s:%o", entry->below, st->st_mode);
	if (d->order->keep_owners)
		buffer_format(&head, ":%u:%u", st->st_uid, st->st_gid);
	if (S_ISCHR(st->st_mode) || S_ISBLK(st->st_mode))
		buffer_format(&head, ":%llx", (unsigned long long)st->st_rdev);
	add_text(d, head.data);
	if (S_ISREG(st->st_mode))
		return add_bytes(d, entry, err);
	return !S_ISLNK(st->st_mode) || add_link(d, entry, err);
}

static bool add_match(struct digest *d, const struct copy_matches *matches,
		      const struct copy_match *match, struct error *err)
{
	/* A folder's own name is not seen: what is in it is copied. */
	if (!S_ISDIR(match->st.st_mode) || match->under)
		add_text(d, copy_match_name(match));
	if (match->under)
		add_text(d, match->under);
	return copy_walk(matches, match, add_entry, d, err);
}

static const char *kind_of(const struct copy_matches *matches)
{
	if (matches->count != 1)
		return "multi";
	return S_ISDIR(matches->items[0].st.st_mode) ? "dir" : "file";
}

bool copy_digest(const struct copy_order *order, const struct copy_matches *matches,
		 char out[static COPY_DIGEST_SIZE], struct error *err)
{
	scoped(content_hash) struct content_hash *hash = content_hash_new();
	scoped_free char *block = mem_resize(NULL, BLOCK_SIZE, 1);
	struct digest d = {order, hash, block};
	char text[CONTENT_DIGEST_SIZE];

	for (size_t i = 0; i < matches->count; i++)
		if (!add_match(&d, matches, &matches->items[i], err))
			return false;
	content_hash_finish(hash, text);
	snprintf(out, COPY_DIGEST_SIZE, "%s:%s", kind_of(matches), strchr(text, ':') + 1);
	return true;
}
