#include "http/http_body.h"
#include "http/http_chunk.h"

#include "base/test.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

static const struct example {
	const char *about;
	enum http_framing framing;
	uint64_t length;
	const char *early, *sent;
	const char *body, *failure; /* what was read, and how it ended */
} examples[] = {
	{"no body", HTTP_NO_BODY, 0, "", "next", "", NULL},
	{"a length of 0", HTTP_LENGTH, 0, "", "next", "", NULL},
	{"a length", HTTP_LENGTH, 5, "", "hellonext", "hello", NULL},
	{"a length, all early", HTTP_LENGTH, 5, "hellonext", "", "hello", NULL},
	{"a length, half early", HTTP_LENGTH, 5, "he", "llo", "hello", NULL},
	{"a length cut short", HTTP_LENGTH, 5, "he", "l", "hel",
	 "the request body ended too early"},
	{"chunks", HTTP_CHUNKED, 0, "", "3\r\nhel\r\n2;a=b\r\nlo\r\n0\r\nTrailer: t\r\n\r\nnext",
	 "hello", NULL},
	{"chunks, half early", HTTP_CHUNKED, 0, "3\r\nhe", "l\r\n2\r\nlo\r\n0\r\n\r\n", "hello",
	 NULL},
	{"no chunks", HTTP_CHUNKED, 0, "", "0\r\n\r\n", "", NULL},
	{"chunks cut short", HTTP_CHUNKED, 0, "", "3\r\nhel\r\n", "hel",
	 "the request body ended too early"},
	{"malformed chunks", HTTP_CHUNKED, 0, "", "3\r\nhel\r\nx\r\n", "hel",
	 "malformed request body"},
	{"trailers", HTTP_CHUNKED, 0, "", "1\r\na\r\n0\r\nX: y\r\nZ:\r\n\r\nnext", "a", NULL},
	{"a folded trailer", HTTP_CHUNKED, 0, "", "1\r\na\r\n0\r\nX: y\r\n z\r\n\r\n", "a",
	 "malformed request body"},
	{"a trailer that ends in LF", HTTP_CHUNKED, 0, "", "1\r\na\r\n0\r\nX: y\n\r\n", "a",
	 "malformed request body"},
	{"trailers that end in LF", HTTP_CHUNKED, 0, "", "1\r\na\r\n0\r\n\n", "a",
	 "malformed request body"},
	{"trailers that end in CR and more", HTTP_CHUNKED, 0, "", "1\r\na\r\n0\r\n\rX\r\n\r\n", "a",
	 "malformed request body"},
	{"a blank before a trailer's colon", HTTP_CHUNKED, 0, "", "1\r\na\r\n0\r\nX : y\r\n\r\n",
	 "a", "malformed request body"},
	{"trailers cut short", HTTP_CHUNKED, 0, "", "1\r\na\r\n0\r\nX: y\r\n\r", "a",
	 "the request body ended too early"},
	{"a size that ends in LF", HTTP_CHUNKED, 0, "", "1\na\r\n0\r\n\r\n", "",
	 "malformed request body"},
	{"a size with blanks", HTTP_CHUNKED, 0, "", "1 \r\na\r\n0\r\n\r\n", "",
	 "malformed request body"},
	{"a size in C's hex", HTTP_CHUNKED, 0, "", "0x1\r\na\r\n0\r\n\r\n", "",
	 "malformed request body"},
	{"a quoted line end in an extension", HTTP_CHUNKED, 0, "", "1;a=\"\r\n\"\r\na\r\n0\r\n\r\n",
	 "", "malformed request body"},
	{"a size that ends in CR and more", HTTP_CHUNKED, 0, "", "1\rXa\r\n0\r\n\r\n", "",
	 "malformed request body"},
	{"an extension that ends in CR and more", HTTP_CHUNKED, 0, "", "1;a=b\rXa\r\n0\r\n\r\n", "",
	 "malformed request body"},
	{"a chunk that ends in CR and more", HTTP_CHUNKED, 0, "", "1\r\na\rX0\r\n\r\n", "a",
	 "malformed request body"},
	{"a chunk that ends in LF", HTTP_CHUNKED, 0, "", "1\r\na\n0\r\n\r\n", "a",
	 "malformed request body"},
	{"a chunk without its end", HTTP_CHUNKED, 0, "", "3\r\nhello\r\n", "hel",
	 "malformed request body"},
};

/* Read all of it in pieces of `piece`; false with err->text at a failure. */
static bool read_all(struct http_body *body, size_t piece, struct buffer *out, struct error *err)
{
	ssize_t size;

	while ((size = http_body_read(body, buffer_reserve(out, piece), piece, err)) > 0) {
		assert_in_range(size, 1, piece);
		buffer_wrote(out, (size_t)size);
	}
	buffer_wrote(out, 0); /* its NUL may have been written over */
	return size == 0;
}

static void check(const struct example *e, size_t piece)
{
	int pair[2];
	struct error err = {0};
	scoped_buffer struct buffer out = {0}, early = {0};

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
	assert_int_equal(send(pair[1], e->sent, strlen(e->sent), 0), strlen(e->sent));
	shutdown(pair[1], SHUT_WR);
	buffer_add_text(&early, e->early);
	struct http_body *body = http_body_new(
		&(struct http_body_input){pair[0], e->framing, e->length, false, &early});
	bool whole = read_all(body, piece, &out, &err);
	if (whole != !e->failure || strncmp(out.data ? out.data : "", e->body, out.size) != 0)
		print_message("%s (in pieces of %zu)\n", e->about, piece);
	assert_int_equal(whole, !e->failure);
	assert_string_equal(err.text, e->failure ? e->failure : "");
	if (whole)
		assert_string_equal(out.data, e->body);
	http_body_free(body);
	close(pair[0]);
	close(pair[1]);
}

static void every_body_is_read_as_it_was_framed(void **state)
{
	for (size_t i = 0; i < array_length(examples); i++)
		for (size_t piece = 1; piece < 2000; piece *= 3)
			check(&examples[i], piece);
}

static void a_client_that_waits_is_told_to_send(void **state)
{
	int pair[2];
	char out[100];
	struct error err;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	struct http_body *body =
		http_body_new(&(struct http_body_input){pair[0], HTTP_LENGTH, 2, true, NULL});
	assert_int_equal(send(pair[1], "hi", 2, 0), 2);
	assert_int_equal(http_body_read(body, out, sizeof(out), &err), 2);
	assert_int_equal(http_body_read(body, out, sizeof(out), &err), 0);
	assert_int_equal(recv(pair[1], out, sizeof(out), 0), 25);
	assert_memory_equal(out, "HTTP/1.1 100 Continue\r\n\r\n", 25);
	http_body_free(body);
	close(pair[0]);
	close(pair[1]);
}

static void chunks_that_we_write_are_read_back(void **state)
{
	int pair[2];
	struct error err;
	scoped_buffer struct buffer out = {0};

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	assert_true(http_chunk_write(pair[1], true, "hello ", 6, &err));
	assert_true(http_chunk_write(pair[1], true, "", 0, &err));
	assert_true(http_chunk_write(pair[1], true, "wide world of chunks", 20, &err));
	assert_true(http_chunk_finish(pair[1], true, &err));
	struct http_body *body =
		http_body_new(&(struct http_body_input){pair[0], HTTP_CHUNKED, 0, false, NULL});
	assert_true(read_all(body, 7, &out, &err));
	assert_string_equal(out.data, "hello wide world of chunks");
	http_body_free(body);
	close(pair[0]);
	assert_false(http_chunk_write(pair[1], true, "x", 1, &err));
	assert_int_equal(err.kind, ERROR_SYSTEM);
	close(pair[1]);
}

static void a_body_that_is_complete_needs_no_input(void **state)
{
	scoped_buffer struct buffer early = {0};
	struct error err;
	char out[10];

	buffer_add_text(&early, "hello");
	struct http_body *body = http_body_new(&(struct http_body_input){
		.socket = -1, .framing = HTTP_LENGTH, .length = 5, .early = &early});
	assert_false(http_body_needs_input(body));
	assert_int_equal(http_body_read(body, out, 3, &err), 3);
	assert_false(http_body_needs_input(body));
	assert_int_equal(http_body_read(body, out, 10, &err), 2);
	assert_false(http_body_needs_input(body));
	assert_int_equal(http_body_read(body, out, 10, &err), 0);
	http_body_free(body);
	body = http_body_new(
		&(struct http_body_input){.socket = -1, .framing = HTTP_LENGTH, .length = 5});
	assert_true(http_body_needs_input(body));
	http_body_free(body);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_body_is_read_as_it_was_framed),
		cmocka_unit_test(a_client_that_waits_is_told_to_send),
		cmocka_unit_test(a_body_that_is_complete_needs_no_input),
		cmocka_unit_test(chunks_that_we_write_are_read_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
