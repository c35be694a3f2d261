/* Bytes as a chunked body, read in pieces of two sizes: neither may matter for what is read.  The first
 * byte says how much of it counts as early and in what pieces it is read the second time. */
#include "http/http_body.h"

#include <sys/socket.h>
#include <unistd.h>

static bool read_body(const uint8_t *bytes, size_t size, size_t early_size, size_t piece,
		      struct buffer *out)
{
	int pair[2];
	struct error err;
	ssize_t n;
	scoped_buffer struct buffer early = {0};

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair))
		abort();
	buffer_add(&early, bytes, early_size);
	send(pair[1], bytes + early_size, size - early_size, MSG_NOSIGNAL);
	close(pair[1]);
	struct http_body *body =
		http_body_new(&(struct http_body_input){pair[0], HTTP_CHUNKED, 0, false, &early});
	while ((n = http_body_read(body, buffer_reserve(out, piece), piece, &err)) > 0)
		buffer_wrote(out, (size_t)n);
	http_body_free(body);
	close(pair[0]);
	return n == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	scoped_buffer struct buffer whole = {0}, pieces = {0};

	if (!size || size > 30000)
		return 0;
	size_t early = bytes[0] >> 2;
	size_t piece = 1 + 7 * (size_t)(bytes[0] & 3);
	bytes++, size--;
	bool ended = read_body(bytes, size, 0, 65536, &whole);
	bool ended_too = read_body(bytes, size, early < size ? early : size, piece, &pieces);
	if (ended != ended_too || (ended && (whole.size != pieces.size ||
					     memcmp(whole.data, pieces.data, whole.size) != 0)))
		abort();
	return 0;
}
