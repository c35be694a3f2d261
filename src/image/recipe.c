#include "image/recipe.h"

#include "base/text.h"
#include "os/fd.h"
#include "os/root.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <unistd.h>
#include <zstd.h>

#define MAGIC	   "wherry recipe 1\n"
#define LEVEL	   1
#define FLUSH_SIZE (64 * 1024) /* of a piece of bytes: headers of files without content add up */
#define PIECE_MAX  (1 << 20)   /* that a reader accepts */

/* ---- writing ---- */

struct recipe_writer {
	int file; /* borrowed */
	ZSTD_CStream *stream;
	struct buffer pending; /* bytes that are not in a piece yet */
	struct buffer path; /* or a file's content that is not: one piece as long as it goes on */
	int64_t offset, size;
	struct buffer out;
	struct error err; /* of the first failure */
};

void recipe_writer_free(struct recipe_writer *w)
{
	if (!w)
		return;
	ZSTD_freeCStream(w->stream);
	buffer_fini(&w->pending);
	buffer_fini(&w->path);
	buffer_fini(&w->out);
	free(w);
}

static bool has_failed(const struct recipe_writer *w)
{
	return w->err.kind != ERROR_NONE;
}

/* Through the compressor to the file; true when `mode` is done. */
static bool compress_some(struct recipe_writer *w, ZSTD_inBuffer *in, ZSTD_EndDirective mode)
{
	ZSTD_outBuffer out = {w->out.data, w->out.capacity, 0};
	size_t left = ZSTD_compressStream2(w->stream, &out, in, mode);

	if (ZSTD_isError(left))
		error_set(&w->err, ERROR_SYSTEM, "cannot compress a recipe: %s",
			  ZSTD_getErrorName(left));
	else if (!fd_write_all(w->file, w->out.data, out.pos, &w->err))
		error_prefix(&w->err, "cannot write a recipe");
	return mode == ZSTD_e_end ? left == 0 : in->pos == in->size;
}

static void compress(struct recipe_writer *w, const void *bytes, size_t size,
		     ZSTD_EndDirective mode)
{
	ZSTD_inBuffer in = {bytes, size, 0};

	while (!has_failed(w) && !compress_some(w, &in, mode))
		;
}

static void put(struct recipe_writer *w, const void *bytes, size_t size)
{
	compress(w, bytes, size, ZSTD_e_continue);
}

struct recipe_writer *recipe_writer_new(int file)
{
	struct recipe_writer *w = mem_new(struct recipe_writer);

	w->file = file;
	w->stream = ZSTD_createCStream();
	if (!w->stream)
		abort();
	ZSTD_CCtx_setParameter(w->stream, ZSTD_c_compressionLevel, LEVEL);
	buffer_reserve(&w->out, ZSTD_CStreamOutSize());
	put(w, MAGIC, strlen(MAGIC));
	return w;
}

static void put_u32(struct recipe_writer *w, uint32_t number)
{
	number = htole32(number);
	put(w, &number, sizeof(number));
}

static void put_u64(struct recipe_writer *w, uint64_t number)
{
	number = htole64(number);
	put(w, &number, sizeof(number));
}

static void flush_bytes(struct recipe_writer *w)
{
	if (w->pending.size == 0)
		return;
	put(w, "B", 1);
	put_u32(w, (uint32_t)w->pending.size);
	put(w, w->pending.data, w->pending.size);
	buffer_clear(&w->pending);
}

static void flush_content(struct recipe_writer *w)
{
	if (w->size == 0)
		return;
	put(w, "F", 1);
	put_u32(w, (uint32_t)w->path.size);
	put_u64(w, (uint64_t)w->offset);
	put_u64(w, (uint64_t)w->size);
	put(w, w->path.data, w->path.size);
	w->size = 0;
}

void recipe_bytes(struct recipe_writer *w, const void *bytes, size_t size)
{
	if (size > 0)
		flush_content(w);
	while (size > 0) {
		size_t part = size < FLUSH_SIZE ? size : FLUSH_SIZE;

		buffer_add(&w->pending, bytes, part);
		if (w->pending.size >= FLUSH_SIZE)
			flush_bytes(w);
		bytes = (const char *)bytes + part;
		size -= part;
	}
}

static bool goes_on(const struct recipe_writer *w, const char *path, int64_t offset)
{
	return w->size > 0 && w->offset + w->size == offset && str_equal(w->path.data, path);
}

void recipe_content(struct recipe_writer *w, const char *path, int64_t offset, int64_t size)
{
	if (goes_on(w, path, offset)) {
		w->size += size;
		return;
	}
	flush_bytes(w);
	flush_content(w);
	buffer_clear(&w->path);
	buffer_add_text(&w->path, path);
	w->offset = offset;
	w->size = size;
}

bool recipe_writer_finish(struct recipe_writer *w, struct error *err)
{
	flush_bytes(w);
	flush_content(w);
	put(w, "E", 1);
	compress(w, "", 0, ZSTD_e_end);
	if (has_failed(w))
		*err = w->err;
	return !has_failed(w);
}

/* ---- reading ---- */

struct reader {
	int file, root; /* borrowed */
	const struct recipe_sink *sink;
	ZSTD_DStream *stream;
	unsigned char *block; /* owned, of BLOCK_SIZE: compressed bytes */
	unsigned char *piece; /* owned, of PIECE_MAX */
	ZSTD_inBuffer in;
	bool counting;	     /* content is counted only */
	int64_t size;	     /* of the tar so far */
	char path[PATH_MAX]; /* of the file that is open */
	int content;
};

#define BLOCK_SIZE (128 * 1024)

static bool broken(struct error *err)
{
	return error_set(err, ERROR_INVALID, "the recipe of the layer is broken");
}

static bool fill(struct reader *r, struct error *err)
{
	ssize_t n;

	do
		n = read(r->file, r->block, BLOCK_SIZE);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return error_errno(err, "cannot read the recipe of the layer");
	if (n == 0)
		return broken(err);
	r->in = (ZSTD_inBuffer){r->block, (size_t)n, 0};
	return true;
}

static bool get(struct reader *r, void *bytes, size_t size, struct error *err)
{
	ZSTD_outBuffer out = {bytes, size, 0};

	while (out.pos < out.size) {
		size_t before = out.pos;

		if (ZSTD_isError(ZSTD_decompressStream(r->stream, &out, &r->in)))
			return broken(err);
		if (out.pos == before && r->in.pos == r->in.size && !fill(r, err))
			return false;
	}
	return true;
}

static bool get_u32(struct reader *r, uint32_t *number, struct error *err)
{
	if (!get(r, number, sizeof(*number), err))
		return false;
	*number = le32toh(*number);
	return true;
}

static bool get_u64(struct reader *r, uint64_t *number, struct error *err)
{
	if (!get(r, number, sizeof(*number), err))
		return false;
	*number = le64toh(*number);
	return true;
}

static bool write_out(const struct reader *r, const void *bytes, size_t size, struct error *err)
{
	return r->sink->write(r->sink->data, bytes, size, err);
}

/* The bytes of all pieces together. */
static bool count(struct reader *r, uint64_t size, struct error *err)
{
	if (size > (uint64_t)(INT64_MAX - r->size))
		return broken(err);
	r->size += (int64_t)size;
	return true;
}

static bool replay_bytes(struct reader *r, struct error *err)
{
	uint32_t size;

	if (!get_u32(r, &size, err))
		return false;
	if (size > PIECE_MAX)
		return broken(err);
	return count(r, size, err) && get(r, r->piece, size, err) &&
	       (r->counting || write_out(r, r->piece, size, err));
}

/* The pieces of one file follow one another. */
static bool open_content(struct reader *r, const char *path, struct error *err)
{
	if (r->content >= 0 && str_equal(path, r->path))
		return true;
	close_fd(&r->content);
	r->content = root_open(r->root, path, O_RDONLY | O_NONBLOCK, err);
	if (r->content < 0)
		return error_prefix(err, "the layer has lost a file");
	memcpy(r->path, path, strlen(path) + 1);
	return true;
}

static bool copy_content(struct reader *r, uint64_t offset, uint64_t size, struct error *err)
{
	while (size > 0) {
		size_t want = size < PIECE_MAX ? (size_t)size : PIECE_MAX;
		ssize_t n = pread(r->content, r->piece, want, (off_t)offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_errno(err, "cannot read '%.200s'", r->path);
		if (n == 0)
			return error_set(err, ERROR_SYSTEM,
					 "the layer's file '%.200s' has become shorter", r->path);
		if (!write_out(r, r->piece, (size_t)n, err))
			return false;
		offset += (uint64_t)n;
		size -= (uint64_t)n;
	}
	return true;
}

static bool replay_content(struct reader *r, struct error *err)
{
	char path[PATH_MAX];
	uint64_t offset, size;
	uint32_t length;

	if (!get_u32(r, &length, err) || !get_u64(r, &offset, err) || !get_u64(r, &size, err))
		return false;
	if (length == 0 || length >= sizeof(path) || offset > INT64_MAX)
		return broken(err);
	if (!get(r, path, length, err))
		return false;
	path[length] = '\0';
	if (!count(r, size, err))
		return false;
	return r->counting || (open_content(r, path, err) && copy_content(r, offset, size, err));
}

static bool replay(struct reader *r, struct error *err)
{
	char magic[sizeof(MAGIC) - 1], kind = 0;

	if (!get(r, magic, sizeof(magic), err))
		return false;
	if (memcmp(magic, MAGIC, sizeof(magic)) != 0)
		return broken(err);
	for (;;) {
		if (!get(r, &kind, 1, err))
			return false;
		if (kind == 'E')
			return true;
		if (kind != 'B' && kind != 'F')
			return broken(err);
		if (kind == 'B' ? !replay_bytes(r, err) : !replay_content(r, err))
			return false;
	}
}

static void reader_fini(struct reader *r)
{
	ZSTD_freeDStream(r->stream);
	free(r->block);
	free(r->piece);
	close_fd(&r->content);
}

static bool read_all(struct reader *r, struct error *err)
{
	r->stream = ZSTD_createDStream();
	if (!r->stream)
		abort();
	r->block = mem_resize(NULL, BLOCK_SIZE, 1);
	r->piece = mem_resize(NULL, PIECE_MAX, 1);
	return replay(r, err);
}

bool recipe_replay(int recipe, int root, const struct recipe_sink *sink, struct error *err)
{
	scoped_with(reader_fini) struct reader r = {
		.file = recipe, .root = root, .sink = sink, .content = -1};

	return read_all(&r, err);
}

bool recipe_size(int recipe, int64_t *size, struct error *err)
{
	scoped_with(reader_fini) struct reader r = {
		.file = recipe, .counting = true, .content = -1};

	if (!read_all(&r, err))
		return false;
	*size = r.size;
	return lseek(recipe, 0, SEEK_SET) == 0 ||
	       error_errno(err, "cannot read the recipe of the layer");
}
