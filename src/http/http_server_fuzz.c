/* Raw bytes into a server whose handlers use the body and the connection in every way.  The first
 * byte says in what pieces the rest arrives. */
#include "http/http_server.h"

#include <sys/socket.h>
#include <unistd.h>

static void on_body(void *data, struct http_request *r, const char *body, size_t size)
{
	http_respond(r, 200, "text/plain", body, size);
}

static void on_chunk(void *data, struct http_request *r, const char *chunk, size_t size)
{
	if (size) {
		http_pause(r);
		http_resume(r);
	} else {
		http_respond(r, 204, NULL, NULL, 0);
	}
}

static void on_gone(void *data, struct http_request *r)
{
	free(http_data(r));
}

static void hijack(struct http_request *r)
{
	scoped_buffer struct buffer early = {0};

	http_hijack_header(r, NULL);
	close(http_hijack(r, &early));
}

static void stream(struct http_request *r)
{
	http_respond_stream(r, 200, NULL);
	http_write(r, http_path(r), strlen(http_path(r)));
	http_finish(r);
}

static void hold(struct http_request *r)
{
	http_set_data(r, mem_zeroed(1, 1));
	http_on_gone(r, true, on_gone);
}

static void on_request(void *data, struct http_request *r)
{
	struct strings values = http_query_values(r, "a");

	strings_fini(&values);
	http_query_all(r);
	switch (http_path(r)[1]) {
	case 'c':
		http_collect_body(r, 1000, on_body);
		return;
	case 's':
		http_read_body(r, on_chunk);
		return;
	case 'h':
		hijack(r);
		return;
	case 'w':
		stream(r);
		return;
	case 'g':
		hold(r);
		return;
	case 'a':
		http_abort(r);
		return;
	default:
		http_respond(r, 200, "text/plain", http_path(r), strlen(http_path(r)));
	}
}

static void turn(uv_loop_t *loop, int client)
{
	char sink[65536];

	uv_run(loop, UV_RUN_NOWAIT);
	while (recv(client, sink, sizeof(sink), MSG_DONTWAIT) > 0)
		;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static const struct http_handlers handlers = {on_request};
	int pair[2];
	uv_loop_t loop;

	if (!size || uv_loop_init(&loop) ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
		return 0;
	struct http_server *server = http_server_new(&loop, &handlers, NULL);
	http_server_adopt(server, pair[0], NULL);
	size_t piece = bytes[0] & 0x80 ? (size_t)1 << (bytes[0] & 0xf) : size;
	for (size_t at = 1; at < size; at += piece) {
		send(pair[1], bytes + at, at + piece < size ? piece : size - at,
		     MSG_NOSIGNAL | MSG_DONTWAIT);
		turn(&loop, pair[1]);
	}
	shutdown(pair[1], SHUT_WR);
	for (int i = 0; i < 1000 && http_server_count(server); i++)
		turn(&loop, pair[1]);
	if (http_server_count(server))
		abort(); /* a client that has said all must come to an end */
	http_server_free(server);
	uv_run(&loop, UV_RUN_DEFAULT);
	if (uv_loop_close(&loop))
		abort();
	close(pair[1]);
	return 0;
}
