#include "image/decompress.h"

#include <archive.h>
#include <stdint.h>
#include <zstd.h>

#ifdef HAVE_ISAL
#include <isa-l.h>
#else
#include <zlib.h>
#endif

/* Large enough that the calls cost nothing, small enough to stay in the processor's cache between
 * being unpacked, hashed and written. */
#define OUT_SIZE  (128 * 1024)
#define HEAD_SIZE 6

struct input {
	const unsigned char *data;
	size_t size;
};

struct decompressor;

struct driver {
	const char *name;
	unsigned char magic[HEAD_SIZE];
	size_t magic_size;

	/* False and err when the stream cannot even begin. */
	bool (*open)(struct decompressor *d, struct error *err);
	/* As byte_source's next. */
	ssize_t (*next)(struct decompressor *d, const void **block, struct error *err);
	void (*close)(struct decompressor *d);
};

struct decompressor {
	const struct driver *driver;
	struct byte_source source;
	struct input input;	       /* of the block at hand, what is not used yet */
	struct input rest;	       /* behind `input`, when that is `head` */
	unsigned char head[HEAD_SIZE]; /* the first bytes, when they came in pieces */
	bool source_ended, ended;
	bool between_frames; /* zstd */
	union {
#ifdef HAVE_ISAL
		struct inflate_state *gzip; /* owned */
#else
		z_stream gzip;
#endif
		ZSTD_DStream *zstd;
		struct archive *archive;
	} state;
	unsigned char *out; /* owned */
};

/* Make sure that there is input, unless the source has ended.  False on failure. */
static bool fill(struct decompressor *d, struct error *err)
{
	const void *block;
	ssize_t size;

	if (d->input.size == 0) {
		d->input = d->rest;
		d->rest.size = 0;
	}
	if (d->input.size > 0 || d->source_ended)
		return true;
	size = byte_source_next(&d->source, &block, err);
	if (size < 0)
		return false;
	d->source_ended = size == 0;
	d->input = (struct input){block, (size_t)size};
	return true;
}

static bool bad_stream(const struct decompressor *d, const char *why, struct error *err)
{
	return error_set(err, ERROR_INVALID, "bad %s data: %s", d->driver->name, why);
}

/* ---- none ---- */

static ssize_t next_plain(struct decompressor *d, const void **block, struct error *err)
{
	ssize_t size;

	if (!fill(d, err))
		return -1;
	*block = d->input.data;
	size = (ssize_t)d->input.size;
	d->input.size = 0;
	return size;
}

/* ---- gzip: by ISA-L where it is there, which is twice as fast as zlib ---- */

static void restart_gzip(struct decompressor *d);

/* Behind a member there may be another one, or nothing, or the zeros of a tape block. */
static bool after_member(struct decompressor *d, struct error *err)
{
	for (;;) {
		if (!fill(d, err))
			return false;
		if (d->input.size == 0) {
			d->ended = true;
			return true;
		}
		if (*d->input.data != 0)
			break;
		d->input.data++;
		d->input.size--;
	}
	if (*d->input.data != d->driver->magic[0])
		return bad_stream(d, "something stands behind its end", err);
	restart_gzip(d);
	return true;
}

/* One call of the library, which writes to out + *used; false on failure. */
static bool inflate_some(struct decompressor *d, size_t *used, struct error *err);

#ifdef HAVE_ISAL

static void restart_gzip(struct decompressor *d)
{
	isal_inflate_init(d->state.gzip);
	d->state.gzip->crc_flag = ISAL_GZIP; /* header, checksum and length */
}

static bool open_gzip(struct decompressor *d, struct error *err)
{
	d->state.gzip = mem_new(struct inflate_state);
	restart_gzip(d);
	return true;
}

static bool inflate_some(struct decompressor *d, size_t *used, struct error *err)
{
	struct inflate_state *z = d->state.gzip;
	size_t before = *used;
	int status;

	if (!fill(d, err))
		return false;
	z->next_in = (unsigned char *)(uintptr_t)d->input.data;
	z->avail_in = (uint32_t)d->input.size;
	z->next_out = d->out + *used;
	z->avail_out = (uint32_t)(OUT_SIZE - *used);
	status = isal_inflate(z); /* also without input: it holds up to 8 bytes back */
	*used = OUT_SIZE - z->avail_out;
	if (status < 0)
		return bad_stream(d, "it is damaged", err);
	if (d->input.size == 0 && *used == before && z->block_state != ISAL_BLOCK_FINISH)
		return bad_stream(d, "it ends too early", err);
	d->input = (struct input){z->next_in, z->avail_in};
	return z->block_state != ISAL_BLOCK_FINISH || after_member(d, err);
}

static void close_gzip(struct decompressor *d)
{
	free(d->state.gzip);
}

#else

static void restart_gzip(struct decompressor *d)
{
	inflateReset(&d->state.gzip);
}

static bool open_gzip(struct decompressor *d, struct error *err)
{
	int gzip_only = 16;

	if (inflateInit2(&d->state.gzip, MAX_WBITS + gzip_only) != Z_OK)
		return error_set(err, ERROR_SYSTEM, "cannot start zlib");
	return true;
}

static bool inflate_some(struct decompressor *d, size_t *used, struct error *err)
{
	z_stream *z = &d->state.gzip;
	int status;

	if (!fill(d, err))
		return false;
	if (d->input.size == 0)
		return bad_stream(d, "it ends too early", err);
	z->next_in = (unsigned char *)(uintptr_t)d->input.data;
	z->avail_in = (unsigned)d->input.size;
	z->next_out = d->out + *used;
	z->avail_out = (unsigned)(OUT_SIZE - *used);
	status = inflate(z, Z_NO_FLUSH);
	*used = OUT_SIZE - z->avail_out;
	d->input = (struct input){z->next_in, z->avail_in};
	if (status == Z_STREAM_END)
		return after_member(d, err);
	if (status != Z_OK && status != Z_BUF_ERROR)
		return bad_stream(d, z->msg ? z->msg : zError(status), err);
	return true;
}

static void close_gzip(struct decompressor *d)
{
	inflateEnd(&d->state.gzip);
}

#endif

static ssize_t next_gzip(struct decompressor *d, const void **block, struct error *err)
{
	size_t used = 0;

	while (!d->ended && used < OUT_SIZE)
		if (!inflate_some(d, &used, err))
			return -1;
	*block = d->out;
	return (ssize_t)used;
}

/* ---- zstd ---- */

static bool open_zstd(struct decompressor *d, struct error *err)
{
	d->state.zstd = ZSTD_createDStream();
	if (!d->state.zstd)
		return error_set(err, ERROR_SYSTEM, "cannot start zstd");
	return true;
}

/* One call of zstd; false on failure. */
static bool decode_some(struct decompressor *d, ZSTD_outBuffer *out, struct error *err)
{
	size_t before = out->pos;
	ZSTD_inBuffer in;
	size_t wanted;

	if (!fill(d, err))
		return false;
	in = (ZSTD_inBuffer){d->input.data, d->input.size, 0};
	d->ended = in.size == 0 && d->between_frames;
	if (d->ended)
		return true;
	wanted = ZSTD_decompressStream(d->state.zstd, out, &in);
	if (ZSTD_isError(wanted))
		return bad_stream(d, ZSTD_getErrorName(wanted), err);
	d->between_frames = wanted == 0;
	if (in.size == 0 && out->pos == before && wanted != 0)
		return bad_stream(d, "it ends too early", err);
	d->input.data += in.pos;
	d->input.size -= in.pos;
	return true;
}

static ssize_t next_zstd(struct decompressor *d, const void **block, struct error *err)
{
	ZSTD_outBuffer out = {d->out, OUT_SIZE, 0};

	while (!d->ended && out.pos < out.size)
		if (!decode_some(d, &out, err))
			return -1;
	*block = d->out;
	return (ssize_t)out.pos;
}

static void close_zstd(struct decompressor *d)
{
	ZSTD_freeDStream(d->state.zstd);
}

/* ---- bzip2 and xz: rare, so libarchive's filters will do ---- */

static ssize_t feed_archive(struct archive *archive, void *data, const void **block)
{
	struct decompressor *d = data;
	struct error err;
	ssize_t size;

	if (!fill(d, &err)) {
		archive_set_error(archive, err.os, "%s", err.text);
		return ARCHIVE_FATAL;
	}
	*block = d->input.data;
	size = (ssize_t)d->input.size;
	d->input.size = 0;
	return size;
}

static bool archive_failed(struct decompressor *d, struct error *err)
{
	const char *why = archive_error_string(d->state.archive);

	return bad_stream(d, why ? why : "unknown format", err);
}

static bool open_archive(struct decompressor *d, struct error *err)
{
	struct archive *archive = archive_read_new();
	struct archive_entry *entry;

	d->state.archive = archive;
	archive_read_support_filter_bzip2(archive);
	archive_read_support_filter_xz(archive);
	archive_read_support_format_raw(archive);
	archive_read_support_format_empty(archive);
	if (archive_read_open(archive, d, NULL, feed_archive, NULL) != ARCHIVE_OK)
		return archive_failed(d, err);
	switch (archive_read_next_header(archive, &entry)) {
	case ARCHIVE_OK:
		return true;
	case ARCHIVE_EOF:
		d->ended = true;
		return true;
	default:
		return archive_failed(d, err);
	}
}

static ssize_t next_archive(struct decompressor *d, const void **block, struct error *err)
{
	size_t size;
	la_int64_t offset;

	if (d->ended)
		return 0;
	switch (archive_read_data_block(d->state.archive, block, &size, &offset)) {
	case ARCHIVE_OK:
		return (ssize_t)size;
	case ARCHIVE_EOF:
		d->ended = true;
		return 0;
	default:
		archive_failed(d, err);
		return -1;
	}
}

static void close_archive(struct decompressor *d)
{
	archive_read_free(d->state.archive);
}

/* ---- which one ---- */

static bool open_plain(struct decompressor *d, struct error *err)
{
	return true;
}

static void close_plain(struct decompressor *d)
{
}

static const struct driver drivers[] = {
	{"gzip", {0x1f, 0x8b}, 2, open_gzip, next_gzip, close_gzip},
	{"zstd", {0x28, 0xb5, 0x2f, 0xfd}, 4, open_zstd, next_zstd, close_zstd},
	{"bzip2", {'B', 'Z', 'h'}, 3, open_archive, next_archive, close_archive},
	{"xz", {0xfd, '7', 'z', 'X', 'Z', 0}, 6, open_archive, next_archive, close_archive},
};
static const struct driver plain = {"none", {0}, 0, open_plain, next_plain, close_plain};

static const struct driver *find_driver(const void *head, size_t size)
{
	for (size_t i = 0; i < array_length(drivers); i++)
		if (size >= drivers[i].magic_size &&
		    memcmp(head, drivers[i].magic, drivers[i].magic_size) == 0)
			return &drivers[i];
	return &plain;
}

bool decompress_knows(const void *head, size_t size)
{
	return find_driver(head, size) != &plain;
}

/* The first HEAD_SIZE bytes in one piece, also when a pipe gives them one by one. */
static bool read_head(struct decompressor *d, struct error *err)
{
	size_t got = 0;

	if (!fill(d, err))
		return false;
	if (d->input.size >= HEAD_SIZE)
		return true;
	while (d->input.size > 0 && got < HEAD_SIZE) {
		d->head[got++] = *d->input.data++;
		d->input.size--;
		if (!fill(d, err))
			return false;
	}
	d->rest = d->input;
	d->input = (struct input){d->head, got};
	return true;
}

struct decompressor *decompressor_new(const struct byte_source *source, struct error *err)
{
	struct decompressor *d = mem_new(struct decompressor);

	d->source = *source;
	d->driver = &plain;
	if (!read_head(d, err)) {
		decompressor_free(d);
		return NULL;
	}
	d->driver = find_driver(d->input.data, d->input.size);
	if (d->driver != &plain)
		d->out = mem_resize(NULL, OUT_SIZE, 1);
	if (!d->driver->open(d, err)) {
		decompressor_free(d);
		return NULL;
	}
	return d;
}

void decompressor_free(struct decompressor *d)
{
	if (!d)
		return;
	d->driver->close(d);
	free(d->out);
	free(d);
}

static ssize_t next_decompressed(void *data, const void **block, struct error *err)
{
	struct decompressor *d = data;

	return d->driver->next(d, block, err);
}

struct byte_source decompressor_source(struct decompressor *d)
{
	return (struct byte_source){next_decompressed, d};
}

const char *decompressor_name(const struct decompressor *d)
{
	return d->driver->name;
}
