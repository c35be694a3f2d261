/* `wherry-worker compress` and `decompress`: gzip from stdin to stdout, for a shim, which links no such
 * thing.  Both are files; the output's time becomes that of the input as the very last step, which is
 * how the shim knows that all of it is there. */
#include "cmd/worker.h"

#include "os/fd.h"

#include <errno.h>
#include <stdint.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

enum {
	PIECE = 128 << 10,
	WINDOW = 15 + 16, /* with gzip's head */
	NICE = 10,
};
#define OUTPUT_LIMIT ((uint64_t)4 << 30)

struct pump {
	z_stream z;
	unsigned char in[PIECE], out[PIECE];
	uint64_t written;
};

static bool read_piece(struct pump *p, bool *end, struct error *err)
{
	ssize_t n;

	do
		n = read(STDIN_FILENO, p->in, sizeof(p->in));
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return error_errno(err, "cannot read");
	p->z.next_in = p->in;
	p->z.avail_in = (unsigned)n;
	*end = n == 0;
	return true;
}

static bool write_piece(struct pump *p, struct error *err)
{
	size_t size = sizeof(p->out) - p->z.avail_out;

	p->written += size;
	if (p->written > OUTPUT_LIMIT)
		return error_set(err, ERROR_INVALID, "it is too large");
	p->z.next_out = p->out;
	p->z.avail_out = sizeof(p->out);
	return fd_write_all(STDOUT_FILENO, p->out, size, err);
}

/* `step` is deflate or inflate. */
static bool run(struct pump *p, int (*step)(z_stream *z, int flush), struct error *err)
{
	bool end = false;
	int code = Z_OK;

	p->z.next_out = p->out;
	p->z.avail_out = sizeof(p->out);
	while (code != Z_STREAM_END) {
		if (p->z.avail_in == 0 && !end && !read_piece(p, &end, err))
			return false;
		code = step(&p->z, end ? Z_FINISH : Z_NO_FLUSH);
		if (code != Z_OK && code != Z_STREAM_END &&
		    (code != Z_BUF_ERROR || (end && p->z.avail_out)))
			return error_set(err, ERROR_INVALID, "the data is torn");
		if ((p->z.avail_out == 0 || code == Z_STREAM_END) && !write_piece(p, err))
			return false;
	}
	return true;
}

static bool copy_time(struct error *err)
{
	struct stat st;

	if (fstat(STDIN_FILENO, &st) < 0)
		return error_errno(err, "cannot read the time of the input");
	if (futimens(STDOUT_FILENO, (const struct timespec[]){st.st_mtim, st.st_mtim}) < 0)
		return error_errno(err, "cannot set the time of the output");
	return true;
}

static struct pump pump;

bool worker_compress(int argc, char **argv, struct error *err)
{
	if (nice(NICE) < 0)
		errno = 0; /* then at its usual speed */
	if (deflateInit2(&pump.z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, WINDOW, 8,
			 Z_DEFAULT_STRATEGY) != Z_OK)
		return error_set(err, ERROR_SYSTEM, "cannot compress");
	bool ok = run(&pump, deflate, err) && copy_time(err);
	deflateEnd(&pump.z);
	return ok;
}

bool worker_decompress(int argc, char **argv, struct error *err)
{
	if (inflateInit2(&pump.z, WINDOW) != Z_OK)
		return error_set(err, ERROR_SYSTEM, "cannot decompress");
	bool ok = run(&pump, inflate, err) && copy_time(err);
	inflateEnd(&pump.z);
	return ok;
}
