#include "image/layer_unpack.h"

#include "base/text.h"
#include "image/decompress.h"
#include "image/layer_tree.h"
#include "image/xattr_rule.h"
#include "os/file.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <unistd.h>

/* The stream as a recipe wants it: what is noted is a beginning of it; what is not yet, and has left the
 * source's block already, is kept.  Little, since a file's content is noted as soon as it is seen. */
struct capture {
	struct recipe_writer *recipe; /* borrowed; NULL: not wanted */
	int64_t noted;
	struct buffer kept;	    /* from `noted` to the block */
	const unsigned char *block; /* the last that the source gave */
	size_t block_size;
	int64_t block_at; /* its place in the stream */
};

struct unpack {
	struct layer_tree *tree; /* owned */
	struct archive *tar;	 /* owned */
	struct hashed_source
		stream; /* the uncompressed bytes: hashed, counted, given to libarchive */
	struct byte_source hashed;
	const struct layer_limits *limits;
	struct layer_facts *facts;
	struct {
		struct layer_xattr *items;
		size_t count, capacity;
	} xattrs;	 /* of the entry at hand */
	bool seen_links; /* .wh..wh.plnk, see take_mark */
	struct capture capture;
	int64_t fed;	   /* bytes given to libarchive */
	char padding[512]; /* zeros, see pad_last_block */
	bool padded;
	struct error err; /* of the source, on its way through libarchive */
};

/* ---- the recipe ---- */

#define KEPT_MAX (256 * 1024) /* content that nobody takes is noted as bytes */

static void note_kept(struct capture *c, size_t size)
{
	recipe_bytes(c->recipe, c->kept.data, size);
	buffer_consume(&c->kept, size);
	c->noted += (int64_t)size;
}

static void note_block(struct capture *c, int64_t end)
{
	if (end <= c->noted || !c->block)
		return;
	recipe_bytes(c->recipe, c->block + (c->noted - c->block_at), (size_t)(end - c->noted));
	c->noted = end;
}

/* All up to a place in the stream is no file's content. */
static void note_bytes(struct capture *c, int64_t end)
{
	if (c->kept.size > 0 && end > c->noted) {
		int64_t size = end - c->noted;

		note_kept(c, size < (int64_t)c->kept.size ? (size_t)size : c->kept.size);
	}
	note_block(c, end);
}

/* What stands at `at` in the stream is in a file now. */
static void note_content(struct capture *c, const char *path, int64_t at, int64_t size,
			 int64_t offset)
{
	int64_t end = at + size;

	if (!c->recipe)
		return;
	note_bytes(c, at);
	if (end <= c->noted)
		return;
	recipe_content(c->recipe, path, offset + (c->noted - at), end - c->noted);
	if (c->kept.size > 0)
		buffer_consume(&c->kept, end - c->noted < (int64_t)c->kept.size
						 ? (size_t)(end - c->noted)
						 : c->kept.size);
	c->noted = end;
}

/* The source takes its block back. */
static void keep_block(struct capture *c)
{
	int64_t end = c->block_at + (int64_t)c->block_size;

	if (c->block && end > c->noted) {
		int64_t from = c->noted > c->block_at ? c->noted : c->block_at;

		buffer_add(&c->kept, c->block + (from - c->block_at), (size_t)(end - from));
	}
	if (c->kept.size > KEPT_MAX)
		note_kept(c, c->kept.size);
	c->block = NULL;
	c->block_size = 0;
	c->block_at = end;
}

static bool finish_recipe(struct unpack *u, struct error *err)
{
	struct capture *c = &u->capture;

	if (!c->recipe)
		return true;
	keep_block(c);
	note_bytes(c, c->block_at);
	u->facts->recipe = !u->seen_links && !layer_tree_has_replaced(u->tree);
	return recipe_writer_finish(c->recipe, err);
}

/* ---- the stream below libarchive ---- */

static bool check_size(const struct unpack *u, struct error *err)
{
	if (u->stream.count <= u->limits->size)
		return true;
	return error_set(err, ERROR_INVALID, "the layer is larger than %lld bytes unpacked",
			 (long long)u->limits->size);
}

static ssize_t next_block(struct unpack *u, const void **block)
{
	struct capture *c = &u->capture;
	ssize_t size;

	if (c->recipe)
		keep_block(c);
	size = byte_source_next(&u->hashed, block, &u->err);
	if (c->recipe && size > 0) {
		c->block = *block;
		c->block_size = (size_t)size;
	}

	if (size > 0 && !check_size(u, &u->err))
		return -1;
	return size;
}

/* Docker's command leaves the end of an archive out when it has added a Dockerfile, down to the padding
 * of the last file.  It is made up for; content that would come of it is refused (is_padding). */
static ssize_t pad_last_block(struct unpack *u, const void **block)
{
	size_t missing = (size_t)(-u->fed & (int64_t)(sizeof(u->padding) - 1));

	if (!u->limits->plain || u->padded)
		return 0;
	u->padded = true;
	*block = u->padding;
	return (ssize_t)missing;
}

static bool is_padding(const struct unpack *u, const void *block)
{
	const char *at = block;

	return at >= u->padding && at < u->padding + sizeof(u->padding);
}

static ssize_t feed(struct archive *tar, void *data, const void **block)
{
	struct unpack *u = data;
	ssize_t size = next_block(u, block);

	if (size < 0)
		archive_set_error(tar, EIO, "%s", u->err.text);
	else
		u->fed += size;
	return size ? size : pad_last_block(u, block);
}

/* The source's own error says more than what libarchive makes of it. */
static bool tar_failed(const struct unpack *u, struct error *err)
{
	const char *why = archive_error_string(u->tar);

	if (u->err.kind != ERROR_NONE) {
		*err = u->err;
		return false;
	}
	return error_set(err, ERROR_INVALID, "bad tar: %s", why ? why : "unknown format");
}

/* A diff id covers what stands behind the end of the archive, too. */
static bool drain(struct unpack *u, struct error *err)
{
	const void *block;
	ssize_t size;

	while ((size = next_block(u, &block)) > 0)
		;
	return size == 0 || tar_failed(u, err);
}

/* ---- attributes ---- */

static void collect_xattrs(struct unpack *u, struct archive_entry *entry)
{
	struct layer_xattr xattr;

	u->xattrs.count = 0;
	if (archive_entry_xattr_reset(entry) == 0)
		return;
	while (archive_entry_xattr_next(entry, &xattr.name, &xattr.value, &xattr.size) ==
	       ARCHIVE_OK)
		if (xattr_is_kept(xattr.name))
			vector_add(&u->xattrs, xattr);
}

static bool is_id(la_int64_t id)
{
	return id >= 0 && id < UINT32_MAX;
}

static bool read_attributes(struct unpack *u, struct archive_entry *entry,
			    struct layer_attributes *out, struct error *err)
{
	if (!is_id(archive_entry_uid(entry)) || !is_id(archive_entry_gid(entry)))
		return error_set(err, ERROR_INVALID, "it has an owner that cannot be");
	collect_xattrs(u, entry);
	*out = (struct layer_attributes){
		.uid = (uid_t)archive_entry_uid(entry),
		.gid = (gid_t)archive_entry_gid(entry),
		.mode = archive_entry_perm(entry),
		.mtime = {archive_entry_mtime(entry), archive_entry_mtime_nsec(entry)},
		.xattrs = u->xattrs.items,
		.xattr_count = u->xattrs.count,
	};
	if (u->limits->place && u->limits->place->has_owner) {
		out->uid = u->limits->place->uid;
		out->gid = u->limits->place->gid;
	}
	return true;
}

/* ---- one function a kind of entry ---- */

/* What an entry is, on its way to the function that makes it. */
struct work {
	struct archive_entry *entry;
	const struct layer_path *path;
	struct layer_attributes attributes;
};

static bool write_at(int fd, const void *data, size_t size, off_t offset, struct error *err)
{
	const char *bytes = data;

	while (size > 0) {
		ssize_t n = pwrite(fd, bytes, size, offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_errno(err, "cannot write");
		bytes += n;
		size -= (size_t)n;
		offset += n;
	}
	return true;
}

#define HOLE_MIN 4096

/* Holes cost nothing, and so would take sums of them beyond 64 bits. */
#define FILES_SIZE_MAX (INT64_C(1) << 53)

/* What is all zeros need not be written: it is read as such from a hole. */
static bool is_hole(const void *block, size_t size)
{
	const char *bytes = block;

	return size >= HOLE_MIN && bytes[0] == 0 && memcmp(bytes, bytes + 1, size - 1) == 0;
}

/* Holes are what no block covers, and what is all zeros.  *holes when there were some. */
static bool copy_data(struct unpack *u, int fd, const char *path, bool *holes, struct error *err)
{
	const void *block;
	size_t size;
	la_int64_t offset;
	int status;

	while ((status = archive_read_data_block(u->tar, &block, &size, &offset)) == ARCHIVE_OK) {
		if (is_padding(u, block))
			return error_set(err, ERROR_INVALID, "bad tar: it ends within a file");
		if (is_hole(block, size))
			*holes = true;
		else if (!write_at(fd, block, size, offset, err))
			return false;
		/* libarchive has given this block, but not passed it yet */
		note_content(&u->capture, path, archive_filter_bytes(u->tar, 0), (int64_t)size,
			     offset);
	}
	return status == ARCHIVE_EOF || tar_failed(u, err);
}

static bool make_file(struct unpack *u, const struct work *work, struct error *err)
{
	la_int64_t size = archive_entry_size(work->entry);
	bool holes = archive_entry_sparse_count(work->entry) > 0;
	scoped_fd int fd = -1;

	if (size < 0 || size > FILES_SIZE_MAX - u->facts->size)
		return error_set(err, ERROR_INVALID, "'%.200s' has a size that cannot be",
				 work->path->text);
	if (!layer_tree_file(u->tree, work->path, &fd, err) ||
	    !copy_data(u, fd, work->path->text, &holes, err))
		return false;
	if (holes && ftruncate(fd, size) < 0)
		return error_errno(err, "cannot set the size of '%.200s'", work->path->text);
	u->facts->size += size;
	return layer_tree_finish_file(work->path, fd, &work->attributes, err);
}

static bool make_folder(struct unpack *u, const struct work *work, struct error *err)
{
	return layer_tree_folder(u->tree, work->path, &work->attributes, err);
}

static bool make_symlink(struct unpack *u, const struct work *work, struct error *err)
{
	const char *target = archive_entry_symlink(work->entry);

	if (str_is_empty(target))
		return error_set(err, ERROR_INVALID, "the link '%.200s' leads nowhere",
				 work->path->text);
	/* Wherever it leads: it is followed below a root alone, by us and in containers. */
	return layer_tree_symlink(u->tree, work->path, target, &work->attributes, err);
}

static bool make_node(struct unpack *u, const struct work *work, struct error *err)
{
	mode_t type = archive_entry_filetype(work->entry);
	dev_t device = type == S_IFIFO ? 0 : archive_entry_rdev(work->entry);

	return layer_tree_node(u->tree, work->path, type, device, &work->attributes, err);
}

static bool parse_path(const struct unpack *u, const char *name, struct layer_path *out,
		       struct error *err)
{
	const struct layer_place *place = u->limits->place;

	if (!u->limits->plain)
		return layer_path_parse(name, out, err);
	return layer_path_parse_plain(name, out, err) &&
	       (!place || layer_path_move(out, place->folder, err));
}

static bool make_hardlink(struct unpack *u, const struct work *work, struct error *err)
{
	struct layer_path target;

	if (!parse_path(u, archive_entry_hardlink(work->entry), &target, err))
		return false;
	if (target.kind != LAYER_ENTRY && target.kind != LAYER_MARK)
		return error_set(err, ERROR_INVALID, "the hard link '%.200s' leads to no file",
				 work->path->text);
	return layer_tree_hardlink(u->tree, work->path, &target, err);
}

struct kind {
	mode_t type;
	bool (*make)(struct unpack *u, const struct work *work, struct error *err);
};

static const struct kind kinds[] = {
	{AE_IFREG, make_file}, {AE_IFDIR, make_folder}, {AE_IFLNK, make_symlink},
	{AE_IFCHR, make_node}, {AE_IFBLK, make_node},	{AE_IFIFO, make_node},
};

/* In Docker's words. */
static bool check_kind(struct unpack *u, struct archive_entry *entry, const struct layer_path *path,
		       struct error *err)
{
	bool folder = archive_entry_filetype(entry) == AE_IFDIR && !archive_entry_hardlink(entry);
	struct stat st;
	bool found;

	if (!u->limits->place || !u->limits->place->keep_kinds || path->kind == LAYER_ROOT)
		return true;
	if (!layer_tree_look(u->tree, path, &st, &found, err))
		return false;
	if (!found || S_ISDIR(st.st_mode) == folder)
		return true;
	return folder ? error_set(err, ERROR_INVALID,
				  "cannot overwrite non-directory \"/%.80s\" with directory",
				  path->text)
		      : error_set(err, ERROR_INVALID,
				  "cannot overwrite directory \"/%.80s\" with non-directory",
				  path->text);
}

static bool make_entry(struct unpack *u, struct archive_entry *entry, const struct layer_path *path,
		       struct error *err)
{
	struct work work = {.entry = entry, .path = path};

	if (!check_kind(u, entry, path, err))
		return false;
	if (archive_entry_hardlink(entry))
		return make_hardlink(u, &work, err);
	if (!read_attributes(u, entry, &work.attributes, err))
		return false;
	if (path->kind == LAYER_ROOT)
		return u->limits->plain || archive_entry_filetype(entry) != AE_IFDIR ||
		       make_folder(u, &work, err);
	for (size_t i = 0; i < array_length(kinds); i++)
		if (kinds[i].type == archive_entry_filetype(entry))
			return kinds[i].make(u, &work, err);
	return error_set(err, ERROR_INVALID, "it is of an unknown type");
}

/* Layers that an aufs once made keep the files that have several names in this folder of the root,
 * and link them to their places.  It is made like any other and taken away at the end. */
#define LINKS ".wh..wh.plnk"

static bool take_mark(struct unpack *u, struct archive_entry *entry, const struct layer_path *path,
		      struct error *err)
{
	if (!str_equal(path->text, LINKS) && !str_starts_with(path->text, LINKS "/"))
		return true;
	u->seen_links = true;
	return make_entry(u, entry, path, err);
}

static bool take_path(struct unpack *u, struct archive_entry *entry, const struct layer_path *path,
		      struct error *err)
{
	switch (path->kind) {
	case LAYER_WHITEOUT:
		return layer_tree_whiteout(u->tree, path, err);
	case LAYER_OPAQUE:
		return layer_tree_opaque(u->tree, path, err);
	case LAYER_MARK:
		return take_mark(u, entry, path, err);
	case LAYER_ROOT:
	case LAYER_ENTRY:
		break;
	}
	return make_entry(u, entry, path, err);
}

static bool take_entry(struct unpack *u, struct archive_entry *entry, struct error *err)
{
	const char *name = archive_entry_pathname(entry);
	struct layer_path path;

	if (++u->facts->files > u->limits->files)
		return error_set(err, ERROR_INVALID, "the layer has more than %lld entries",
				 (long long)u->limits->files);
	if (!name)
		name = archive_entry_pathname_utf8(entry);
	if (!name)
		return error_set(err, ERROR_INVALID, "the layer has an entry without a name");
	if (!parse_path(u, name, &path, err))
		return false;
	return take_path(u, entry, &path, err) || error_prefix(err, "entry '%.100s'", name);
}

/* ---- the whole ---- */

/* Warnings are about names that libarchive cannot convert; it hands them out as they are. */
static bool take_entries(struct unpack *u, struct error *err)
{
	struct archive_entry *entry;
	int status;

	while ((status = archive_read_next_header(u->tar, &entry)) == ARCHIVE_OK ||
	       status == ARCHIVE_WARN)
		if (!take_entry(u, entry, err))
			return false;
	return status == ARCHIVE_EOF || tar_failed(u, err);
}

static bool open_tar(struct unpack *u, struct error *err)
{
	u->tar = archive_read_new();
	archive_read_support_format_tar(u->tar);
	archive_read_support_format_empty(u->tar);
	return archive_read_open(u->tar, u, NULL, feed, NULL) == ARCHIVE_OK || tar_failed(u, err);
}

static bool unpack_stream(struct unpack *u, int root, struct error *err)
{
	struct error gone;

	if (!open_tar(u, err) || !take_entries(u, err) || !drain(u, err))
		return false;
	if (u->seen_links)
		tree_remove(root, LINKS, &gone);
	return finish_recipe(u, err) && layer_tree_finish(u->tree, !u->limits->plain, err);
}

static void unpack_fini(struct unpack *u)
{
	archive_read_free(u->tar);
	layer_tree_free(u->tree);
	vector_fini(&u->xattrs);
	buffer_fini(&u->capture.kept);
}

bool layer_unpack(int root, const struct byte_source *source, const struct layer_limits *limits,
		  struct layer_facts *facts, struct error *err)
{
	scoped(decompressor) struct decompressor *d = decompressor_new(source, err);
	scoped(content_hash) struct content_hash *hash = limits->place ? NULL : content_hash_new();
	scoped_with(unpack_fini) struct unpack u = {.limits = limits, .facts = facts};

	if (!d)
		return false;
	*facts = (struct layer_facts){0};
	u.stream = (struct hashed_source){.from = decompressor_source(d), .hash = hash};
	u.hashed = hashed_source(&u.stream);
	u.tree = layer_tree_new(root);
	u.capture.recipe = limits->recipe;
	if (!unpack_stream(&u, root, err))
		return false;
	if (hash)
		content_hash_finish(hash, facts->diff_id);
	return true;
}
