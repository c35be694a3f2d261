#include "http/http_server.h"

#include "os/cgroup.h"

#include "base/test.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* ---- a server with a handler for each way to answer ---- */

static struct world {
	uv_loop_t loop;
	struct http_server *server;
	size_t requests, gone, drained, streamed;
	struct http_request *held;
	int given; /* the descriptor that was hijacked */
	struct buffer early;
} world;

static void answer_text(struct http_request *r, const char *text)
{
	http_respond(r, 200, "text/plain", text, strlen(text));
}

static void echo_body(void *data, struct http_request *r, const char *body, size_t size)
{
	http_respond(r, 200, NULL, body, size);
}

static void echo(struct http_request *r)
{
	http_collect_body(r, 100, echo_body);
}

static void now(struct http_request *r)
{
	answer_text(r, "ok");
}

static void describe(struct http_request *r)
{
	struct strings values = http_query_values(r, "a");
	scoped_free char *all = strings_join(&values, "|");
	scoped_free char *text = str_format(
		"%s %s %s a=%s b=%s first=%s", http_method(r), http_path(r), http_raw_path(r), all,
		http_query_bool(r, "b") ? "yes" : "no", pairs_get(http_query_all(r), "a"));

	strings_fini(&values);
	answer_text(r, text);
}

static void headers(struct http_request *r)
{
	http_set_header(r, "X-One", "1");
	http_set_header(r, "X-Two", "a\r\nX-Evil: 1");
	answer_text(r, http_header(r, "X-Sent") ? http_header(r, "X-Sent") : "none");
}

static void stream(struct http_request *r)
{
	http_respond_stream(r, 200, "text/plain");
	http_write(r, "one", 3);
	http_write(r, "", 0);
	http_write(r, "twothreefourfive", 16);
	http_finish(r);
}

static void empty(struct http_request *r)
{
	http_respond(r, 204, NULL, NULL, 0);
}

static void half_stream(struct http_request *r)
{
	http_respond_stream(r, 200, NULL);
	http_write(r, "half", 4);
	http_abort(r);
}

static void count_chunk(void *data, struct http_request *r, const char *chunk, size_t size)
{
	world.streamed += size;
	if (size)
		return;
	scoped_free char *text = str_format("%zu", world.streamed);
	answer_text(r, text);
}

static void ignore_chunk(void *data, struct http_request *r, const char *chunk, size_t size)
{
	world.streamed += size;
}

static void count(struct http_request *r)
{
	world.streamed = 0;
	http_read_body(r, count_chunk);
}

static void chunk_is_enough(void *data, struct http_request *r, const char *chunk, size_t size)
{
	answer_text(r, "enough");
}

static void first_chunk(struct http_request *r)
{
	http_read_body(r, chunk_is_enough);
}

static void chunk_aborts(void *data, struct http_request *r, const char *chunk, size_t size)
{
	http_abort(r);
}

static void abort_in_body(struct http_request *r)
{
	http_read_body(r, chunk_aborts);
}

static void forget(void *data, struct http_request *r)
{
	assert_ptr_equal(http_data(r), &world);
	world.gone++;
	world.held = NULL;
}

static void hold(struct http_request *r)
{
	world.held = r;
	http_set_data(r, &world);
}

static void hold_for_half(struct http_request *r)
{
	hold(r);
	http_on_gone(r, true, forget);
}

static void hold_for_whole(struct http_request *r)
{
	hold(r);
	http_on_gone(r, false, forget);
}

static void give(struct http_request *r)
{
	assert_true(http_hijack_header(r, "application/vnd.docker.raw-stream"));
	world.given = http_hijack(r, &world.early);
}

static void give_silently(struct http_request *r)
{
	bool chunked;
	struct buffer head = {0};

	http_response_head(r, 200, "text/plain", &head, &chunked);
	world.given = http_hijack(r, &world.early);
	assert_int_equal(send(world.given, head.data, head.size, 0), head.size);
	buffer_fini(&head);
}

static const struct route {
	const char *path;
	void (*run)(struct http_request *r);
} routes[] = {
	{"/echo", echo},
	{"/now", now},
	{"/describe", describe},
	{"/de scribe", describe},
	{"/headers", headers},
	{"/stream", stream},
	{"/empty", empty},
	{"/half", half_stream},
	{"/count", count},
	{"/first", first_chunk},
	{"/abort", abort_in_body},
	{"/hold", hold},
	{"/hold-half", hold_for_half},
	{"/hold-whole", hold_for_whole},
	{"/give", give},
	{"/give-silently", give_silently},
};

static void on_request(void *data, struct http_request *r)
{
	assert_ptr_equal(data, &world);
	world.requests++;
	for (size_t i = 0; i < array_length(routes); i++) {
		if (!strcmp(routes[i].path, http_path(r))) {
			routes[i].run(r);
			return;
		}
	}
	http_respond(r, 404, "text/plain", "page not found\n", 15);
}

static int set_up(void **state)
{
	static const struct http_handlers handlers = {on_request};

	world = (struct world){.given = -1};
	assert_int_equal(uv_loop_init(&world.loop), 0);
	world.server = http_server_new(&world.loop, &handlers, &world);
	return 0;
}

static int tear_down(void **state)
{
	http_server_free(world.server);
	uv_run(&world.loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&world.loop), 0);
	buffer_fini(&world.early);
	close_fd(&world.given);
	return 0;
}

/* ---- a client in the same thread ---- */

static void turn(void)
{
	uv_run(&world.loop, UV_RUN_NOWAIT);
}

static int connect_client(void)
{
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair),
			 0);
	http_server_adopt(world.server, pair[0], NULL);
	return pair[1];
}

static void say(int client, const char *text)
{
	assert_int_equal(send(client, text, strlen(text), MSG_NOSIGNAL), strlen(text));
	turn();
}

/* Take what is there; true at the end of the stream. */
static bool listen_once(int client, struct buffer *out)
{
	char *room = buffer_reserve(out, 65536);
	ssize_t size = recv(client, room, 65536, 0);

	if (size > 0)
		buffer_wrote(out, (size_t)size);
	return size == 0 || (size < 0 && errno != EAGAIN);
}

static void drop_date(struct buffer *text)
{
	char *date;

	while (text->data && (date = strstr(text->data, "Date: ")) != NULL) {
		size_t length = (size_t)(strchr(date, '\n') + 1 - date);

		memmove(date, date + length, strlen(date + length) + 1);
		text->size -= length;
	}
}

static void hear(int client, struct buffer *out)
{
	for (int i = 0; i < 20; i++) {
		turn();
		listen_once(client, out);
	}
	drop_date(out);
}

/* Everything that comes back until the server closes. */
static void exchange(const char *request, size_t size, size_t piece, bool half_close,
		     struct buffer *out)
{
	scoped_fd int client = connect_client();
	bool open = true, ended = false;

	for (int turns = 0; !ended && turns < 100000; turns++) {
		size_t part = size < piece ? size : piece;
		ssize_t sent = open ? send(client, request, part, MSG_NOSIGNAL) : 0;

		if (sent > 0) {
			request += sent;
			size -= (size_t)sent;
		}
		if (open && (!size || (sent < 0 && errno == EPIPE))) {
			if (half_close)
				shutdown(client, SHUT_WR);
			open = false;
		}
		turn();
		ended = listen_once(client, out);
	}
	assert_true(ended);
	close_fd(&client);
	turn();
	turn();
	assert_int_equal(http_server_count(world.server), 0);
	drop_date(out);
}

/* ---- tables ---- */

#define TEXT(length, text)                                                                         \
	"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: " length "\r\n\r\n" text
#define TEXT_CLOSE(length, text)                                                                   \
	"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: " length                   \
	"\r\nConnection: close\r\n\r\n" text
#define PLAIN(length, text) "HTTP/1.1 200 OK\r\nContent-Length: " length "\r\n\r\n" text

static const struct exchange {
	const char *about, *request, *answer;
	const char *refusal, *why; /* what follows the answer, or NULL */
} exchanges[] = {
	{"a plain request", "GET /now HTTP/1.1\r\nHost: h\r\n\r\n", TEXT("2", "ok")},
	{"no path", "GET /x HTTP/1.1\r\nHost: h\r\n\r\n",
	 "HTTP/1.1 404 Not Found\r\nContent-Type: text/plain\r\nContent-Length: 15\r\n\r\npage not "
	 "found\n"},
	{"pipelining",
	 "GET /now HTTP/1.1\r\nHost: h\r\n\r\nGET /empty HTTP/1.1\r\nHost: h\r\n\r\nGET /now "
	 "HTTP/1.1\r\nHost: h\r\n\r\n",
	 TEXT("2", "ok") "HTTP/1.1 204 No Content\r\n\r\n" TEXT("2", "ok")},
	{"blank lines between requests",
	 "\r\n\r\nGET /now HTTP/1.1\r\nHost: h\r\n\r\n\r\n\r\nGET /now HTTP/1.1\r\nHost: "
	 "h\r\n\r\n\r\n",
	 TEXT("2", "ok") TEXT("2", "ok")},
	{"nothing", "", ""},
	{"half a head", "GET /now HTTP/1.1\r\nHos", ""},
	{"HEAD has the length and no body", "HEAD /now HTTP/1.1\r\nHost: h\r\n\r\n", TEXT("2", "")},
	{"HEAD of a stream", "HEAD /stream HTTP/1.1\r\nHost: h\r\n\r\n",
	 "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n"},
	{"a stream", "GET /stream HTTP/1.1\r\nHost: h\r\n\r\n",
	 "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n"
	 "3\r\none\r\n10\r\ntwothreefourfive\r\n0\r\n\r\n"},
	{"a stream that breaks", "GET /half HTTP/1.1\r\nHost: h\r\n\r\n",
	 "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n"},
	{"asked to close",
	 "GET /now HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\nGET /now HTTP/1.1\r\nHost: "
	 "h\r\n\r\n",
	 TEXT_CLOSE("2", "ok")},
	{"1.0 closes", "GET /now HTTP/1.0\r\n\r\nGET /now HTTP/1.0\r\n\r\n",
	 "HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok"},
	{"1.0 kept alive",
	 "GET /now HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET /now HTTP/1.0\r\n\r\n",
	 "HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\nConnection: "
	 "keep-alive\r\n\r\nok"
	 "HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok"},
	{"a stream to 1.0 is not chunked", "GET /stream HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
	 "HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nonetwothreefourfive"},

	/* bodies */
	{"a body by length",
	 "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhelloGET /now "
	 "HTTP/1.1\r\nHost: h\r\n\r\n",
	 PLAIN("5", "hello") TEXT("2", "ok")},
	{"a body in chunks",
	 "POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: "
	 "chunked\r\n\r\n3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\nTrailer: t\r\n\r\nGET /now "
	 "HTTP/1.1\r\nHost: h\r\n\r\n",
	 PLAIN("5", "hello") TEXT("2", "ok")},
	{"no body to collect", "POST /echo HTTP/1.1\r\nHost: h\r\n\r\n", PLAIN("0", "")},
	{"an empty body to collect", "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n",
	 PLAIN("0", "")},
	{"a streamed body",
	 "POST /count HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: "
	 "chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n",
	 TEXT("1", "5")},
	{"a streamed body that is empty", "POST /count HTTP/1.1\r\nHost: h\r\n\r\n",
	 TEXT("1", "0")},
	{"a short body nobody reads",
	 "POST /now HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhelloGET /now "
	 "HTTP/1.1\r\nHost: h\r\n\r\n",
	 TEXT("2", "ok") TEXT("2", "ok")},
	{"a chunked body nobody reads",
	 "POST /now HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: "
	 "chunked\r\n\r\n3\r\nhel\r\n0\r\n\r\nGET /now HTTP/1.1\r\nHost: h\r\n\r\n",
	 TEXT_CLOSE("2", "ok")},
	{"a body answered in its middle",
	 "POST /first HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhelloGET /now "
	 "HTTP/1.1\r\nHost: h\r\n\r\n",
	 TEXT("6", "enough") TEXT("2", "ok")},
	{"a body aborted in its middle",
	 "POST /abort HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello", ""},
	{"100-continue",
	 "POST /echo HTTP/1.1\r\nHost: h\r\nExpect: 100-Continue\r\nContent-Length: 0\r\n\r\n",
	 PLAIN("0", "")},
	{"100-continue that nobody wants",
	 "POST /now HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n",
	 TEXT_CLOSE("2", "ok")},
	{"1.0 knows no 100-continue",
	 "POST /echo HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nhi",
	 "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi"},
	{"another expectation", "POST /echo HTTP/1.1\r\nHost: h\r\nExpect: roses\r\n\r\n", "",
	 "417 Expectation Failed", "unsupported expectation"},
	{"too large by its length", "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 101\r\n\r\n",
	 "", "413 Request Entity Too Large", "the request body is too large"},
	{"too large in chunks",
	 "POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: "
	 "chunked\r\n\r\n65\r\n01234567890123456789012345678901234567890123456789012345678901234567"
	 "890123456789012345678901234567890\r\n0\r\n\r\n",
	 "", "413 Request Entity Too Large", "the request body is too large"},
	{"a body cut short", "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhel", "",
	 "400 Bad Request", "the request body ended too early"},
	{"a streamed body cut short",
	 "POST /count HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhel", ""},
	{"a malformed chunk",
	 "POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", "",
	 "400 Bad Request", "malformed request body"},
	{"a chunk without its end",
	 "POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: "
	 "chunked\r\n\r\n1\r\nabc\r\n0\r\n\r\n",
	 "", "400 Bad Request", "malformed request body"},
	{"a chunk size beyond 64 bits",
	 "POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: "
	 "chunked\r\n\r\nffffffffffffffff0\r\n",
	 "", "400 Bad Request", "malformed request body"},
	{"a negative chunk size",
	 "POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n", "",
	 "400 Bad Request", "malformed request body"},

	/* targets */
	{"path and query", "GET /de%20scribe?a=1+2&b&a=%41%26&c HTTP/1.1\r\nHost: h\r\n\r\n",
	 TEXT("51", "GET /de scribe /de%20scribe a=1 2|A& b=no first=1 2")},
	{"booleans", "GET /describe?a=&b=True HTTP/1.1\r\nHost: h\r\n\r\n",
	 TEXT("39", "GET /describe /describe a= b=yes first=")},
	{"an absolute target", "GET http://h:80/describe?a=1 HTTP/1.1\r\nHost: h\r\n\r\n",
	 TEXT("40", "GET /describe /describe a=1 b=no first=1")},
	{"a broken escape", "GET /%zz HTTP/1.1\r\nHost: h\r\n\r\n", "", "400 Bad Request",
	 "invalid URL escape in the path"},
	{"a NUL in the path", "GET /a%00b HTTP/1.1\r\nHost: h\r\n\r\n", "", "400 Bad Request",
	 "invalid URL escape in the path"},
	{"a broken escape in the query", "GET /now?a=%f HTTP/1.1\r\nHost: h\r\n\r\n", "",
	 "400 Bad Request", "invalid URL escape in the query"},
	{"a fragment", "GET /now#x HTTP/1.1\r\nHost: h\r\n\r\n", "", "400 Bad Request",
	 "invalid character in the request target"},
	{"an asterisk", "OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n", "", "400 Bad Request",
	 "the request target is not a path"},
	{"a proxy request", "CONNECT h:80 HTTP/1.1\r\nHost: h\r\n\r\n", "", "400 Bad Request",
	 "this is not a proxy"},

	/* headers */
	{"headers both ways", "GET /headers HTTP/1.1\r\nHOST: h\r\nx-sent: \t a b \t\r\n\r\n",
	 "HTTP/1.1 200 OK\r\nX-One: 1\r\nX-Two: a  X-Evil: 1\r\nContent-Type: "
	 "text/plain\r\nContent-Length: 3\r\n\r\na b"},
	{"no Host", "GET /now HTTP/1.1\r\n\r\n", "", "400 Bad Request", "missing Host header"},
	{"two Hosts", "GET /now HTTP/1.1\r\nHost: h\r\nHost: h\r\n\r\n", "", "400 Bad Request",
	 "more than one Host header"},
	{"two Hosts on 1.0", "GET /now HTTP/1.0\r\nHost: h\r\nHost: h\r\n\r\n", "",
	 "400 Bad Request", "more than one Host header"},
	{"a blank before the colon", "GET /now HTTP/1.1\r\nHost : h\r\n\r\n", "", "400 Bad Request",
	 "malformed request header"},
	{"a folded header", "GET /now HTTP/1.1\r\nHost: h\r\nX: a\r\n b\r\n\r\n", "",
	 "400 Bad Request", "malformed request header"},
	{"a header that starts with a blank",
	 "GET /now HTTP/1.1\r\n Content-Length: 5\r\nHost: h\r\n\r\n", "", "400 Bad Request",
	 "malformed request header"},
	{"a header without a name", "GET /now HTTP/1.1\r\n: x\r\nHost: h\r\n\r\n", "",
	 "400 Bad Request", "malformed request header"},
	{"a header without a colon", "GET /now HTTP/1.1\r\nHost\r\n\r\n", "", "400 Bad Request",
	 "malformed request header"},
	{"a control character in a value", "GET /now HTTP/1.1\r\nHost: h\r\nX: a\x01z\r\n\r\n", "",
	 "400 Bad Request", "malformed request header"},
	{"a bare CR in a value", "GET /now HTTP/1.1\r\nHost: h\r\nX: a\rb\r\n\r\n", "",
	 "400 Bad Request", "malformed request header"},
	{"a bare CR before the end", "GET /now HTTP/1.1\r\nHost: h\r\n\rX\r\n\r\n", "",
	 "400 Bad Request", "malformed request header"},
	{"lines that end in LF", "GET /now HTTP/1.1\nHost: h\n\n", "", "400 Bad Request",
	 "malformed request"},
	{"one line that ends in LF", "GET /now HTTP/1.1\r\nHost: h\n\r\n", "", "400 Bad Request",
	 "malformed request"},
	{"length and chunks",
	 "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nTransfer-Encoding: "
	 "chunked\r\n\r\n0\r\n\r\n",
	 "", "400 Bad Request", "malformed request"},
	{"chunks and length",
	 "POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nContent-Length: "
	 "5\r\n\r\n0\r\n\r\n",
	 "", "400 Bad Request", "malformed request"},
	{"two lengths",
	 "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
	 "", "400 Bad Request", "malformed request"},
	{"a list of lengths", "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 5, 5\r\n\r\nhello",
	 "", "400 Bad Request", "malformed request"},
	{"a length with a sign",
	 "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: +5\r\n\r\nhello", "", "400 Bad Request",
	 "malformed request"},
	{"a negative length", "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: -5\r\n\r\nhello",
	 "", "400 Bad Request", "malformed request"},
	{"a length in hex", "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 0x5\r\n\r\nhello",
	 "", "400 Bad Request", "malformed request"},
	{"a length beyond 64 bits",
	 "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 18446744073709551621\r\n\r\nhello", "",
	 "400 Bad Request", "malformed request"},
	{"a length that is empty", "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length:\r\n\r\nhello",
	 "", "400 Bad Request", "malformed request"},
	{"another transfer coding",
	 "POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", "",
	 "501 Not Implemented", "unsupported transfer encoding"},
	{"two transfer codings",
	 "POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: "
	 "chunked\r\n\r\n0\r\n\r\n",
	 "", "400 Bad Request", "malformed transfer encoding"},
	{"chunks on 1.0", "POST /echo HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "",
	 "400 Bad Request", "malformed transfer encoding"},

	/* request lines */
	{"a TLS greeting", "\x16\x03\x01\x02\x05", "", "400 Bad Request", "malformed request"},
	{"garbage", "hello\r\n\r\n", "", "400 Bad Request", "malformed request line"},
	{"an unknown method", "BREW /now HTTP/1.1\r\nHost: h\r\n\r\n", "", "400 Bad Request",
	 "malformed request"},
	{"two blanks", "GET  /now HTTP/1.1\r\nHost: h\r\n\r\n", "", "400 Bad Request",
	 "malformed request line"},
	{"a tab", "GET\t/now\tHTTP/1.1\r\nHost: h\r\n\r\n", "", "400 Bad Request",
	 "malformed request line"},
	{"a blank at the end", "GET /now HTTP/1.1 \r\nHost: h\r\n\r\n", "", "400 Bad Request",
	 "malformed request line"},
	{"HTTP/0.9", "GET /now\r\n\r\n", "", "400 Bad Request", "malformed request line"},
	{"HTTP/2.0", "GET /now HTTP/2.0\r\nHost: h\r\n\r\n", "", "505 HTTP Version Not Supported",
	 "HTTP version not supported"},
	{"the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "",
	 "505 HTTP Version Not Supported", "HTTP version not supported"},
	{"another protocol", "GET /now FTP/1.1\r\nHost: h\r\n\r\n", "", "400 Bad Request",
	 "malformed request line"},
	{"8-bit text in the target", "GET /\xc3\xa4 HTTP/1.1\r\nHost: h\r\n\r\n", "",
	 "400 Bad Request", "invalid character in the request target"},
	{"a good request, then a bad one",
	 "GET /now HTTP/1.1\r\nHost: h\r\n\r\nGET /now HTTP/1.1\r\nHost : h\r\n\r\nGET /now "
	 "HTTP/1.1\r\nHost: h\r\n\r\n",
	 TEXT("2", "ok"), "400 Bad Request", "malformed request header"},
};

static char *expected_text(const char *answer, const char *refusal, const char *why)
{
	if (!refusal)
		return str_dup(answer);
	return str_format(
		"%sHTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n"
		"Connection: close\r\n\r\n{\"message\":\"%s\"}\n",
		answer, refusal, strlen(why) + 15, why);
}

static void assert_refused(const struct buffer *out, const char *answer, const char *refusal,
			   const char *why)
{
	scoped_free char *expected = expected_text(answer, refusal, why);

	assert_string_equal(out->data, expected);
}

static void every_request_has_its_answer(void **state)
{
	for (size_t i = 0; i < array_length(exchanges); i++) {
		for (size_t piece = 1; piece < 100000;
		     piece = piece < 8 ? piece + 3 : piece * 100) {
			const struct exchange *e = &exchanges[i];
			scoped_free char *expected = expected_text(e->answer, e->refusal, e->why);
			scoped_buffer struct buffer out = {0};

			exchange(e->request, strlen(e->request), piece, true, &out);
			if (strcmp(out.data, expected) != 0)
				print_message("%s (in pieces of %zu)\n", e->about, piece);
			assert_string_equal(out.data, expected);
			assert_int_equal(out.size, strlen(expected));
		}
	}
}

static void a_nul_in_the_head_is_refused(void **state)
{
	static const char *const requests[] = {"GET /now\0 HTTP/1.1\r\nHost: h\r\n\r\n",
					       "GET /now HTTP/1.1\r\nHost: h\0\r\n\r\n\r\n\r\n"};

	for (size_t i = 0; i < array_length(requests); i++) {
		scoped_buffer struct buffer out = {0};

		exchange(requests[i], 31, 100, true, &out);
		assert_memory_equal(out.data, "HTTP/1.1 400", 12);
	}
}

static void a_header_over_64_kib_is_refused(void **state)
{
	scoped_buffer struct buffer request = {0}, out = {0};

	buffer_add_text(&request, "GET /now HTTP/1.1\r\nHost: h\r\n");
	while (request.size < 65536)
		buffer_add_text(&request, "X-Filler: 0123456789012345678901234567890123456789\r\n");
	exchange(request.data, request.size, 1000, false, &out);
	assert_refused(&out, "", "431 Request Header Fields Too Large",
		       "the request header is larger than 64 KiB");
	assert_int_equal(world.requests, 0);
}

static void endless_chunk_extensions_are_refused(void **state)
{
	scoped_buffer struct buffer request = {0}, out = {0};

	buffer_add_text(&request,
			"POST /count HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1;");
	while (request.size < 100000)
		buffer_add_text(&request, "extension");
	exchange(request.data, request.size, 1000, false, &out);
	assert_refused(&out, "", "400 Bad Request", "malformed request body");
}

static void a_large_body_streams_in_pieces(void **state)
{
	scoped_buffer struct buffer request = {0}, out = {0};
	size_t size = 3 << 20;

	buffer_format(&request, "POST /count HTTP/1.1\r\nHost: h\r\nContent-Length: %zu\r\n\r\n",
		      size);
	memset(buffer_reserve(&request, size), 'x', size);
	buffer_wrote(&request, size);
	exchange(request.data, request.size, 100000, true, &out);
	assert_string_equal(out.data, TEXT("7", "3145728"));
}

/* ---- conversations ---- */

static void a_client_is_told_to_send_its_body(void **state)
{
	scoped_fd int client = connect_client();
	scoped_buffer struct buffer out = {0};

	say(client,
	    "POST /echo HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
	hear(client, &out);
	assert_string_equal(out.data, "HTTP/1.1 100 Continue\r\n\r\n");
	say(client, "hello");
	hear(client, &out);
	assert_string_equal(out.data, "HTTP/1.1 100 Continue\r\n\r\n" PLAIN("5", "hello"));
}

static void requests_wait_for_the_answer_before_them(void **state)
{
	scoped_fd int client = connect_client();
	scoped_buffer struct buffer out = {0};

	say(client, "GET /hold HTTP/1.1\r\nHost: h\r\n\r\nGET /now HTTP/1.1\r\nHost: h\r\n\r\n");
	hear(client, &out);
	assert_int_equal(world.requests, 1);
	assert_int_equal(out.size, 0);
	answer_text(world.held, "held");
	assert_int_equal(world.requests, 1); /* the next is not handled inside our own call */
	hear(client, &out);
	assert_int_equal(world.requests, 2);
	assert_string_equal(out.data, TEXT("4", "held") TEXT("2", "ok"));
}

static void a_half_close_ends_only_who_asked_for_it(void **state)
{
	static const struct {
		const char *request;
		size_t after_half, after_whole;
	} cases[] = {
		{"GET /hold-half HTTP/1.1\r\nHost: h\r\n\r\n", 1, 1},
		{"GET /hold-whole HTTP/1.1\r\nHost: h\r\n\r\n", 0, 1},
		{"GET /hold-half HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nbody", 1, 1},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		int client = connect_client();

		world.gone = 0;
		say(client, cases[i].request);
		assert_int_equal(world.gone, 0);
		shutdown(client, SHUT_WR);
		turn();
		assert_int_equal(world.gone, cases[i].after_half);
		close(client);
		turn();
		turn();
		assert_int_equal(world.gone, cases[i].after_whole);
		assert_int_equal(http_server_count(world.server), 0);
	}
}

static void an_answer_follows_a_half_close(void **state)
{
	scoped_fd int client = connect_client();
	scoped_buffer struct buffer out = {0};

	say(client, "GET /hold-whole HTTP/1.1\r\nHost: h\r\n\r\n");
	shutdown(client, SHUT_WR);
	turn();
	answer_text(world.held, "late");
	hear(client, &out);
	assert_string_equal(out.data, TEXT("4", "late"));
	assert_int_equal(http_server_count(world.server), 0);
}

static void who_cannot_be_told_answers_into_the_void(void **state)
{
	int client = connect_client();

	say(client, "GET /hold HTTP/1.1\r\nHost: h\r\n\r\n");
	close(client);
	for (int i = 0; i < 5; i++)
		turn();
	assert_int_equal(http_server_count(world.server), 1);
	answer_text(world.held, "nobody listens");
	turn();
	turn();
	assert_int_equal(http_server_count(world.server), 0);
}

static void a_server_that_ends_tells_the_handlers(void **state)
{
	scoped_fd int told = connect_client();

	say(told, "GET /hold-whole HTTP/1.1\r\nHost: h\r\n\r\n");
	scoped_fd int untold = connect_client();
	say(untold, "GET /hold HTTP/1.1\r\nHost: h\r\n\r\n");
	struct http_request *held = world.held;

	http_server_free(take(world.server));
	assert_int_equal(world.gone, 1);
	answer_text(held, "still valid");
}

static void a_loop_with_a_half_closed_client_is_quiet(void **state)
{
	scoped_fd int client = connect_client();

	say(client, "GET /hold-whole HTTP/1.1\r\nHost: h\r\n\r\n");
	shutdown(client, SHUT_WR);
	turn();
	turn();
	turn();
	struct pollfd p = {.fd = uv_backend_fd(&world.loop), .events = POLLIN};
	assert_int_equal(poll(&p, 1, 0), 0);
}

static void a_connection_is_given_away_with_its_early_bytes(void **state)
{
	scoped_fd int client = connect_client();
	scoped_buffer struct buffer out = {0};

	say(client, "POST /give HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: "
		    "tcp\r\n\r\nearly\r\n\r\n");
	hear(client, &out);
	assert_string_equal(
		out.data,
		"HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.raw-stream\r\n"
		"Connection: Upgrade\r\nUpgrade: tcp\r\n\r\n");
	assert_string_equal(world.early.data, "early\r\n\r\n");
	assert_int_equal(http_server_count(world.server), 0);
	assert_int_equal(send(world.given, "mine", 4, 0), 4);
	close_fd(&world.given);
	hear(client, &out);
	assert_non_null(strstr(out.data, "\r\n\r\nmine"));
}

static void without_upgrade_a_raw_stream_is_a_200(void **state)
{
	scoped_fd int client = connect_client();
	scoped_buffer struct buffer out = {0};

	say(client, "POST /give HTTP/1.1\r\nHost: h\r\n\r\n");
	hear(client, &out);
	assert_string_equal(
		out.data,
		"HTTP/1.1 200 OK\r\nContent-Type: application/vnd.docker.raw-stream\r\n\r\n");
	assert_int_equal(world.early.size, 0);
}

static void a_connection_is_given_away_before_its_body(void **state)
{
	scoped_fd int client = connect_client();
	scoped_buffer struct buffer out = {0};

	say(client, "POST /give-silently HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nbody");
	hear(client, &out);
	assert_string_equal(out.data, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
				      "Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n");
	assert_string_equal(world.early.data, "body");
}

/* ---- pressure ---- */

static void note_drain(void *data, struct http_request *r)
{
	world.drained++;
}

static void a_slow_reader_holds_the_writer_back(void **state)
{
	scoped_fd int client = connect_client();
	scoped_buffer struct buffer out = {0};
	char piece[10000];
	size_t written = 0;

	memset(piece, 'x', sizeof(piece));
	say(client, "GET /hold HTTP/1.1\r\nHost: h\r\n\r\n");
	http_on_drain(world.held, note_drain);
	http_respond_stream(world.held, 200, NULL);
	do
		written += sizeof(piece);
	while (http_write(world.held, piece, sizeof(piece)));
	assert_in_range(written, 256 * 1024, 2 * 1024 * 1024);
	turn();
	assert_int_equal(world.drained, 0);
	while (!world.drained) {
		turn();
		listen_once(client, &out);
	}
	http_finish(world.held);
	hear(client, &out);
	assert_int_equal(world.drained, 1);
	assert_string_equal(out.data + out.size - 7, "\r\n0\r\n\r\n");
}

static void a_paused_body_stays_in_the_socket(void **state)
{
	scoped_fd int client = connect_client();
	char piece[4096];
	ssize_t sent;
	size_t total = 0;

	memset(piece, 'x', sizeof(piece));
	say(client, "POST /hold HTTP/1.1\r\nHost: h\r\nContent-Length: 100000000\r\n\r\n");
	world.streamed = 0;
	http_read_body(world.held, count_chunk);
	say(client, "0123456789");
	turn();
	assert_int_equal(world.streamed, 10);
	http_pause(world.held);
	while ((sent = send(client, piece, sizeof(piece), MSG_NOSIGNAL)) > 0) {
		total += (size_t)sent;
		turn();
	}
	assert_int_equal(world.streamed, 10);
	http_resume(world.held);
	while (world.streamed < total + 10)
		turn();
}

static void a_reader_goes_on_although_its_client_does_not_read(void **state)
{
	scoped_fd int client = connect_client();
	char piece[50000];

	memset(piece, 'x', sizeof(piece));
	say(client, "POST /hold HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n01234");
	http_respond_stream(world.held, 200, NULL);
	while (http_write(world.held, piece, sizeof(piece)))
		;
	http_read_body(world.held, ignore_chunk);
	http_pause(world.held);
	say(client, "56789");
	assert_int_equal(world.streamed, 0);
	http_resume(world.held);
	turn();
	turn();
	assert_int_equal(world.streamed, 10);
	http_finish(world.held);
}

static void who_pipelines_without_reading_is_not_served(void **state)
{
	static const char request[] = "GET /headers HTTP/1.1\r\nHost: h\r\n\r\n";
	scoped_fd int client = connect_client();
	size_t sent = 0;
	int full = 0;

	while (full < 20) {
		if (send(client, request, strlen(request), MSG_NOSIGNAL) > 0)
			sent++, full = 0;
		else
			full++;
		turn();
	}
	assert_true(world.requests < sent);
}

/* ---- limits ---- */

static int listening_socket(struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	socklen_t size = sizeof(*address);

	*address = (struct sockaddr_un){.sun_family = AF_UNIX};
	assert_int_equal(bind(fd, (struct sockaddr *)address, sizeof(sa_family_t)),
			 0); /* autobind */
	assert_int_equal(getsockname(fd, (struct sockaddr *)address, &size), 0);
	assert_int_equal(listen(fd, 100), 0);
	return fd;
}

static int connect_to(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	assert_int_equal(connect(fd, (const struct sockaddr *)address, sizeof(sa_family_t) + 6), 0);
	return fd;
}

static void beyond_the_limit_clients_wait(void **state)
{
	struct sockaddr_un address;
	struct error err;
	int clients[4];

	http_server_limit(world.server, 2);
	assert_true(http_server_listen(world.server, listening_socket(&address), &err));
	for (size_t i = 0; i < array_length(clients); i++) {
		clients[i] = connect_to(&address);
		say(clients[i], "GET /hold-whole HTTP/1.1\r\nHost: h\r\n\r\n");
		turn();
	}
	assert_int_equal(world.requests, 2);
	answer_text(world.held, "one");
	close(clients[1]);
	for (int i = 0; i < 5; i++)
		turn();
	assert_int_equal(world.requests, 3);
	assert_int_equal(http_server_count(world.server), 2);
	close(clients[0]);
	close(clients[2]);
	close(clients[3]);
}

static void running_out_of_descriptors_does_not_spin(void **state)
{
	struct sockaddr_un address;
	struct error err;
	struct rlimit old;

	assert_true(http_server_listen(world.server, listening_socket(&address), &err));
	scoped_fd int client = connect_to(&address);
	getrlimit(RLIMIT_NOFILE, &old);
	setrlimit(RLIMIT_NOFILE, &(struct rlimit){(rlim_t)client + 1, old.rlim_max});
	turn();
	turn();
	struct pollfd p = {.fd = uv_backend_fd(&world.loop), .events = POLLIN};
	assert_int_equal(poll(&p, 1, 0), 0);
	assert_int_equal(http_server_count(world.server), 0);
	assert_in_range(uv_backend_timeout(&world.loop), 1, 1000);
	setrlimit(RLIMIT_NOFILE, &old);
}

static int timeout_of_the_loop(void)
{
	turn(); /* with changes of what is watched outstanding it would be 0 */
	return uv_backend_timeout(&world.loop);
}

static void only_a_half_sent_head_runs_a_timer(void **state)
{
	scoped_fd int idle = connect_client();
	scoped_fd int busy = connect_client();

	assert_int_equal(timeout_of_the_loop(), -1);
	say(busy, "GET /now HT");
	assert_in_range(timeout_of_the_loop(), 29000, 30000);
	say(busy, "TP/1.1\r\nHost: h\r\n\r\n");
	assert_int_equal(timeout_of_the_loop(), -1);
	say(busy, "GET /hold HTTP/1.1\r\nHost: h\r\n\r\n");
	assert_int_equal(timeout_of_the_loop(), -1);
	answer_text(world.held, "done");
}

static void a_noted_client_is_known_by_its_process(void **state)
{
	scoped_fd int unknown = connect_client();
	scoped_free char *cgroup = cgroup_own_path();

	say(unknown, "GET /hold HTTP/1.1\r\nHost: h\r\n\r\n");
	assert_int_equal(http_client_process(world.held)->pid, 0);
	assert_null(http_client_process(world.held)->cgroup);
	answer_text(world.held, "done");

	http_server_note_clients(world.server, true);
	scoped_fd int noted = connect_client();
	say(noted, "GET /hold HTTP/1.1\r\nHost: h\r\n\r\n");
	assert_int_equal(http_client_process(world.held)->pid, getpid());
	assert_string_equal(http_client_process(world.held)->cgroup, cgroup);
	answer_text(world.held, "done");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(every_request_has_its_answer),
		TEST(a_nul_in_the_head_is_refused),
		TEST(a_header_over_64_kib_is_refused),
		TEST(endless_chunk_extensions_are_refused),
		TEST(a_large_body_streams_in_pieces),
		TEST(a_client_is_told_to_send_its_body),
		TEST(requests_wait_for_the_answer_before_them),
		TEST(a_half_close_ends_only_who_asked_for_it),
		TEST(an_answer_follows_a_half_close),
		TEST(who_cannot_be_told_answers_into_the_void),
		TEST(a_server_that_ends_tells_the_handlers),
		TEST(a_loop_with_a_half_closed_client_is_quiet),
		TEST(a_connection_is_given_away_with_its_early_bytes),
		TEST(without_upgrade_a_raw_stream_is_a_200),
		TEST(a_connection_is_given_away_before_its_body),
		TEST(a_slow_reader_holds_the_writer_back),
		TEST(a_paused_body_stays_in_the_socket),
		TEST(a_reader_goes_on_although_its_client_does_not_read),
		TEST(who_pipelines_without_reading_is_not_served),
		TEST(beyond_the_limit_clients_wait),
		TEST(running_out_of_descriptors_does_not_spin),
		TEST(only_a_half_sent_head_runs_a_timer),
		TEST(a_noted_client_is_known_by_its_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
