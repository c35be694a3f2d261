#include "image/compress.h"

#include <stdint.h>

#ifdef HAVE_ISAL
#include <isa-l.h>
#else
#include <zlib.h>
#endif

#define OUT_SIZE (128 * 1024)

struct compressor {
	compressor_sink *sink;
	void *data;
	unsigned char *out; /* owned, OUT_SIZE */
#ifdef HAVE_ISAL
	struct isal_zstream *stream; /* owned */
	unsigned char *level;	     /* owned: its memory */
#else
	z_stream stream;
#endif
};

#ifdef HAVE_ISAL

static void open_stream(struct compressor *c)
{
	c->stream = mem_new(struct isal_zstream);
	c->level = mem_resize(NULL, ISAL_DEF_LVL1_DEFAULT, 1);
	isal_deflate_init(c->stream);
	c->stream->gzip_flag = IGZIP_GZIP;
	c->stream->level = 1;
	c->stream->level_buf = c->level;
	c->stream->level_buf_size = ISAL_DEF_LVL1_DEFAULT;
}

static void close_stream(struct compressor *c)
{
	free(c->stream);
	free(c->level);
}

/* One turn: what is out of it goes to the sink; *more while it has not taken or given all. */
static bool turn(struct compressor *c, const unsigned char **bytes, size_t *size, bool last,
		 bool *more, struct error *err)
{
	struct isal_zstream *z = c->stream;
	uint32_t part = *size > UINT32_MAX / 2 ? UINT32_MAX / 2 : (uint32_t)*size;

	z->next_in = (uint8_t *)(uintptr_t)*bytes;
	z->avail_in = part;
	z->end_of_stream = last && part == *size;
	z->next_out = c->out;
	z->avail_out = OUT_SIZE;
	if (isal_deflate(z) != COMP_OK)
		return error_set(err, ERROR_SYSTEM, "cannot compress");
	*bytes += part - z->avail_in;
	*size -= part - z->avail_in;
	*more = *size > 0 || z->avail_out == 0 || (last && z->internal_state.state != ZSTATE_END);
	return c->sink(c->data, c->out, OUT_SIZE - z->avail_out, err);
}

#else

static void open_stream(struct compressor *c)
{
	if (deflateInit2(&c->stream, 1, Z_DEFLATED, MAX_WBITS + 16, 9, Z_DEFAULT_STRATEGY) != Z_OK)
		abort();
}

static void close_stream(struct compressor *c)
{
	deflateEnd(&c->stream);
}

static bool turn(struct compressor *c, const unsigned char **bytes, size_t *size, bool last,
		 bool *more, struct error *err)
{
	z_stream *z = &c->stream;
	unsigned part = *size > UINT32_MAX / 2 ? UINT32_MAX / 2 : (unsigned)*size;
	int status;

	z->next_in = (Bytef *)(uintptr_t)*bytes;
	z->avail_in = part;
	z->next_out = c->out;
	z->avail_out = OUT_SIZE;
	status = deflate(z, last && part == *size ? Z_FINISH : Z_NO_FLUSH);
	if (status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR)
		return error_set(err, ERROR_SYSTEM, "cannot compress");
	*bytes += part - z->avail_in;
	*size -= part - z->avail_in;
	*more = *size > 0 || z->avail_out == 0 || (last && status != Z_STREAM_END);
	return c->sink(c->data, c->out, OUT_SIZE - z->avail_out, err);
}

#endif

struct compressor *compressor_new(compressor_sink *sink, void *data)
{
	struct compressor *c = mem_new(struct compressor);

	c->sink = sink;
	c->data = data;
	c->out = mem_resize(NULL, OUT_SIZE, 1);
	open_stream(c);
	return c;
}

void compressor_free(struct compressor *c)
{
	if (!c)
		return;
	close_stream(c);
	free(c->out);
	free(c);
}

static bool run(struct compressor *c, const void *bytes, size_t size, bool last, struct error *err)
{
	const unsigned char *at = bytes;
	bool more = size > 0 || last;

	while (more)
		if (!turn(c, &at, &size, last, &more, err))
			return false;
	return true;
}

bool compressor_add(struct compressor *c, const void *bytes, size_t size, struct error *err)
{
	return run(c, bytes, size, false, err);
}

bool compressor_finish(struct compressor *c, struct error *err)
{
	return run(c, "", 0, true, err);
}
