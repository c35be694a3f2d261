/* What tests/http drives:
 *
 * tool serve SOCKET [PORT WORKER CERTIFICATE KEY CA]   a server; prints "ready"
 * tool pipe ADDRESS CA CERTIFICATE KEY                 stdin and stdout over a raw stream (POST /echo) */
#include "base/log.h"
#include "http/http_client.h"
#include "http/http_server.h"
#include "http/http_tls.h"
#include "os/fd.h"
#include "os/socket.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#define PIECE 65536

static int fail(const struct error *err)
{
	char text[ERROR_TEXT_SIZE];

	fprintf(stderr, "%s\n", error_text(err, text, sizeof(text)));
	return 1;
}

/* ---- routes ---- */

static void answer(struct http_request *request, const char *text)
{
	http_respond(request, 200, "text/plain", text, strlen(text));
}

static void who(struct http_request *request)
{
	answer(request, http_peer(request) ? http_peer(request) : "nobody");
}

static void on_chunk(void *data, struct http_request *request, const char *chunk, size_t size)
{
	uint64_t *count = http_data(request);

	*count += size;
	if (size)
		return;
	scoped_free char *text = str_format("%llu", (unsigned long long)*count);
	free(count);
	answer(request, text);
}

static void forget(void *data, struct http_request *request)
{
	free(http_data(request));
}

static void count(struct http_request *request)
{
	http_set_data(request, mem_new(uint64_t));
	http_on_gone(request, false, forget);
	http_read_body(request, on_chunk);
}

static void write_zeros(void *data, struct http_request *request)
{
	static const char zeros[PIECE];
	uint64_t *left = http_data(request);

	while (*left) {
		size_t size = *left < PIECE ? *left : PIECE;

		*left -= size;
		if (!http_write(request, zeros, size) && *left)
			return;
	}
	free(left);
	http_finish(request);
}

static void zeros(struct http_request *request)
{
	uint64_t *left = mem_new(uint64_t);

	if (!parse_u64(http_query(request, "size"), left))
		*left = 0;
	http_set_data(request, left);
	http_on_gone(request, false, forget);
	http_on_drain(request, write_zeros);
	http_respond_stream(request, 200, NULL);
	write_zeros(NULL, request);
}

/* A process of its own gets the connection, as a shim does: it outlives the server. */
static void serve_echo(int fd, const struct buffer *early)
{
	static char piece[PIECE];
	struct error err;
	ssize_t size;

	fcntl(fd, F_SETFL, 0);
	if (early->size && !fd_write_all(fd, early->data, early->size, &err))
		_exit(1);
	while ((size = recv(fd, piece, sizeof(piece), 0)) > 0)
		if (!fd_write_all(fd, piece, (size_t)size, &err))
			_exit(1);
	_exit(!fd_write_all(fd, "end\n", 4, &err));
}

static void echo(struct http_request *request)
{
	scoped_buffer struct buffer early = {0};

	if (!http_hijack_header(request, "application/vnd.docker.raw-stream")) {
		http_abort(request);
		return;
	}
	scoped_fd int fd = http_hijack(request, &early);
	if (fork() == 0) {
		int own = dup2(fd, 0);

		close_range(3, ~0u, 0);
		serve_echo(own, &early);
	}
}

static void hold(struct http_request *request)
{
	http_on_gone(request, true, forget);
}

static void on_request(void *data, struct http_request *request)
{
	static const struct {
		const char *path;
		void (*run)(struct http_request *request);
	} routes[] = {{"/who", who},
		      {"/count", count},
		      {"/zeros", zeros},
		      {"/echo", echo},
		      {"/hold", hold}};

	for (size_t i = 0; i < array_length(routes); i++) {
		if (str_equal(http_path(request), routes[i].path)) {
			routes[i].run(request);
			return;
		}
	}
	http_respond(request, 404, "text/plain", "", 0);
}

/* ---- serving ---- */

static int listen_tcp(const char *port, struct error *err)
{
	uint64_t number = 0;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	parse_u64(port, &number);
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_port = htons((uint16_t)number),
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0 && listen(fd, 4096) == 0)
		return fd;
	error_errno(err, "cannot listen on port %s", port);
	return -1;
}

static struct http_tls *start_tls(struct http_server *server, uv_loop_t *loop, char **argv,
				  struct error *err)
{
	struct http_tls_settings settings = {argv[1], argv[2], argv[3], *argv[4] ? argv[4] : NULL};
	int listener = listen_tcp(argv[0], err);

	return listener < 0 ? NULL : http_tls_new(server, loop, &settings, &listener, 1, err);
}

static int serve(int argc, char **argv)
{
	static const struct http_handlers handlers = {on_request};
	struct error err = {0};
	uv_loop_t loop;

	signal(SIGPIPE, SIG_IGN);
	signal(SIGCHLD, SIG_IGN);
	uv_loop_init(&loop);
	struct http_server *server = http_server_new(&loop, &handlers, NULL);
	int fd = socket_listen(AT_FDCWD, argv[0], 0600, &err);
	if (fd < 0 || !http_server_listen(server, fd, &err))
		return fail(&err);
	if (argc == 6 && !start_tls(server, &loop, argv + 1, &err))
		return fail(&err);
	puts("ready");
	fflush(stdout);
	return uv_run(&loop, UV_RUN_DEFAULT);
}

/* ---- the other side ---- */

struct carrier {
	struct http_client *client;
	char up[PIECE], down[PIECE];
	size_t up_size;
	short writes, reads; /* what to wait for */
	bool ended;
};

/* From stdin, when it has something; its end is ours. */
static bool send_some(struct carrier *c, struct error *err)
{
	if (!c->up_size && !c->ended) {
		ssize_t size = read(0, c->up, PIECE);

		c->ended = size == 0;
		c->up_size = size > 0 ? (size_t)size : 0;
		if (c->ended)
			http_client_shut(c->client);
	}
	if (!c->up_size)
		return true;
	ssize_t sent = http_client_try_write(c->client, c->up, c->up_size, &c->writes, err);
	if (sent > 0) {
		c->up_size -= (size_t)sent;
		memmove(c->up, c->up + sent, c->up_size);
	}
	return sent >= 0 || sent == HTTP_CLIENT_AGAIN;
}

static void wait_for_either(const struct carrier *c)
{
	struct pollfd p[] = {
		{.fd = http_client_fd(c->client), .events = c->reads},
		{.fd = c->ended || c->up_size ? -1 : 0, .events = POLLIN},
	};

	if (c->up_size)
		p[0].events |= c->writes;
	poll(p, 2, http_client_pending(c->client) ? 0 : -1);
}

static int carry(struct carrier *c)
{
	struct error err;

	fcntl(0, F_SETFL, O_NONBLOCK);
	for (;;) {
		ssize_t size = http_client_try_read(c->client, c->down, PIECE, &c->reads, &err);

		if (size == 0)
			return 0;
		if (size > 0 && !fd_write_all(1, c->down, (size_t)size, &err))
			return fail(&err);
		if (size == -1 || !send_some(c, &err))
			return fail(&err);
		if (size == HTTP_CLIENT_AGAIN)
			wait_for_either(c);
	}
}

static int pipe_stream(int argc, char **argv)
{
	struct http_client_tls tls = {argv[1], argv[2], argv[3], true};
	struct error err;
	struct http_answer head;
	scoped_pairs struct pairs headers = {0};
	struct carrier *c = mem_new(struct carrier);
	int code;

	pairs_set(&headers, "Connection", "Upgrade");
	pairs_set(&headers, "Upgrade", "tcp");
	c->client = http_client_new(argv[0], argc == 4 ? &tls : NULL, &err);
	if (!c->client ||
	    !http_client_send(c->client, "POST", "/echo", &headers, NULL, &head, &err))
		return fail(&err);
	code = head.status == 101 ? carry(c) : 1;
	http_answer_fini(&head);
	http_client_free(c->client);
	free(c);
	return code;
}

int main(int argc, char **argv)
{
	log_set_name("tool");
	if (argc > 2 && str_equal(argv[1], "serve"))
		return serve(argc - 2, argv + 2);
	if (argc > 2 && str_equal(argv[1], "pipe"))
		return pipe_stream(argc - 2, argv + 2);
	return 2;
}
