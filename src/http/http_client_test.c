/* The client against a forked server that plays a script: it reads one request's head, says its piece,
 * and goes on or hangs up. */
#include "http/http_client.h"

#include "base/test.h"
#include "os/socket.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- the other side ---- */

static struct peer {
	char folder[40];
	char *address;
	pid_t pid;
} peer;

static void read_head(int fd, struct buffer *head)
{
	char c;

	while ((!head->size || !strstr(head->data, "\r\n\r\n")) && recv(fd, &c, 1, 0) == 1)
		buffer_add_char(head, c);
}

static void peer_start(void (*serve)(int listener, const void *script), const void *script)
{
	struct error err;

	memcpy(peer.folder, "/tmp/http-client-XXXXXX", 24);
	assert_non_null(mkdtemp(peer.folder));
	scoped_free char *path = str_format("%s/s", peer.folder);
	scoped_fd int listener = socket_listen(AT_FDCWD, path, 0600, &err);
	assert_true(listener >= 0);
	fcntl(listener, F_SETFL, 0);
	peer.address = str_format("unix://%s", path);
	peer.pid = fork();
	if (peer.pid == 0) {
		serve(listener, script);
		_exit(0);
	}
}

static void peer_stop(void)
{
	scoped_free char *path = str_format("%s/s", peer.folder);

	kill(peer.pid, SIGKILL);
	waitpid(peer.pid, NULL, 0);
	unlink(path);
	rmdir(peer.folder);
	free(take(peer.address));
}

/* One answer for every request; the connection is closed after it when it is the last word. */
static void serve_text(int listener, const void *script)
{
	for (;;) {
		scoped_fd int fd = accept(listener, NULL, NULL);
		scoped_buffer struct buffer head = {0};

		read_head(fd, &head);
		send(fd, script, strlen(script), MSG_NOSIGNAL);
		shutdown(fd, SHUT_WR);
		while (recv(fd, buffer_reserve(&head, 4096), 4096, 0) > 0)
			;
	}
}

/* ---- answers ---- */

static const struct example {
	const char *about, *answer;
	int status;
	const char *body, *failure, *method;
} examples[] = {
	{"a length", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", 200, "hello"},
	{"chunks",
	 "HTTP/1.1 201 Created\r\nTransfer-Encoding: "
	 "chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n",
	 201, "hello"},
	{"until the end", "HTTP/1.1 200 OK\r\n\r\nhello", 200, "hello"},
	{"1.0", "HTTP/1.0 200 OK\r\n\r\nhello", 200, "hello"},
	{"no body", "HTTP/1.1 204 No Content\r\n\r\n", 204, ""},
	{"no body for HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", 200, "", NULL, "HEAD"},
	{"an interim answer",
	 "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", 200, "hi"},
	{"a body cut short", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel", 200, "hel",
	 "the answer ended too early"},
	{"chunks cut short", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n",
	 200, "hel", "the answer ended too early"},
	{"malformed chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\nhel\r\n",
	 200, "", "malformed answer from the daemon"},
	{"nothing", "", 0, NULL, "the daemon closed the connection"},
	{"half a head", "HTTP/1.1 200 OK\r\nContent-", 0, NULL, "the daemon closed the connection"},
	{"another protocol", "SSH-2.0-OpenSSH_9.2\r\n\r\n", 0, NULL,
	 "malformed answer from the daemon"},
	{"TLS", "\x15\x03\x01\x02", 0, NULL, "the answer is not HTTP"},
	{"a malformed header", "HTTP/1.1 200 OK\r\nA B: c\r\n\r\n", 0, NULL,
	 "malformed answer from the daemon"},
	{"a body until the end that begins inside the head",
	 "HTTP/1.1 201 Created\r\nX: y\r\n\rX\r\nted\r\n\r\n", 0, NULL,
	 "malformed answer from the daemon"},
	{"a body of chunks that begins inside the head",
	 "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\024"
	 "0\r\nX: y\r\n\r\n",
	 0, NULL, "malformed answer from the daemon"},
	{"a body by length that begins inside the head",
	 "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\rXhello: you\r\n\r\n", 0, NULL,
	 "malformed answer from the daemon"},
	{"a body behind an interim answer that begins inside the head",
	 "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\nX: "
	 "y\r\n\r\0240\r\nted\r\n2\r\nlo\r\np\r\n\r\n",
	 0, NULL, "malformed answer from the daemon"},
	{"a status line that ends in CR", "HTTP/1.1 200 OK\rA: b\r\nC: d\r\n\r\n", 0, NULL,
	 "malformed answer from the daemon"},
	{"a folded header", "HTTP/1.1 200 OK\r\nContent-Length:\r\n 5\r\n\r\nhello", 0, NULL,
	 "malformed answer from the daemon"},
	{"HTTP/2.0", "HTTP/2.0 200 OK\r\nContent-Length: 5\r\n\r\nhello", 0, NULL,
	 "malformed answer from the daemon"},
	{"length and chunks",
	 "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 0,
	 NULL, "malformed answer from the daemon"},
};

static void check(const struct example *e)
{
	struct error err = {0};
	struct http_answer answer = {0};
	scoped_buffer struct buffer body = {0};

	peer_start(serve_text, e->answer);
	struct http_client *client = http_client_new(peer.address, NULL, &err);
	bool good = http_client_send(client, e->method ? e->method : "GET", "/x", NULL, NULL,
				     &answer, &err);
	assert_int_equal(good, e->status != 0);
	assert_int_equal(answer.status, e->status);
	if (good)
		good = http_client_read_all(client, 100, &body, &err);
	assert_string_equal(err.text, e->failure ? e->failure : "");
	assert_int_equal(good, !e->failure);
	assert_string_equal(body.data ? body.data : "", e->body ? e->body : "");
	http_answer_fini(&answer);
	http_client_free(client);
	peer_stop();
}

static int turns[2]; /* a pipe: a byte for each that the peer may send */

/* The peer sends the beginning of the answer, then a byte whenever it may. */
static void serve_in_parts(int listener, const void *script)
{
	static const char first[] = "HTTP/1.1 200 OK\r\nContent-Le";
	scoped_fd int fd = accept(listener, NULL, NULL);
	scoped_buffer struct buffer head = {0};
	const char *rest = script;
	char turn;

	read_head(fd, &head);
	send(fd, first, strlen(first), MSG_NOSIGNAL);
	for (; *rest && read(turns[0], &turn, 1) == 1; rest++)
		send(fd, rest, 1, MSG_NOSIGNAL);
	pause();
}

/* It has taken what there is: there may be more. */
static void wait_for(struct http_client *client)
{
	struct pollfd p = {.fd = http_client_fd(client), .events = http_client_events(client)};

	assert_int_equal(write(turns[1], "x", 1), 1);
	assert_int_equal(poll(&p, 1, 60000), 1);
}

static void an_answer_is_taken_as_it_comes(void **state)
{
	struct error err = {0};
	struct http_answer answer;
	scoped_buffer struct buffer body = {0};
	int got, waits = 0;
	ssize_t size;
	char piece[10];

	assert_int_equal(pipe2(turns, O_CLOEXEC), 0);
	peer_start(serve_in_parts, "ngth: 5\r\n\r\nhello");
	struct http_client *client = http_client_new(peer.address, NULL, &err);
	assert_true(http_client_begin(client, "GET", "/x", NULL, NULL, &err));
	for (; (got = http_client_try_answer(client, &answer, &err)) == HTTP_CLIENT_AGAIN; waits++)
		wait_for(client);
	assert_int_equal(got, 1);
	assert_int_equal(answer.status, 200);
	while ((size = http_client_try_body(client, piece, sizeof(piece), &err)) != 0)
		if (size == HTTP_CLIENT_AGAIN)
			waits++, wait_for(client);
		else
			buffer_add(&body, piece, (size_t)size);
	assert_string_equal(body.data, "hello");
	assert_true(http_client_ended(client));
	assert_in_range(waits, 2, 100); /* it was asked before all was there */
	http_answer_fini(&answer);
	http_client_free(client);
	peer_stop();
	close(turns[0]);
	close(turns[1]);
}

static void every_answer_is_understood(void **state)
{
	for (size_t i = 0; i < array_length(examples); i++) {
		check(&examples[i]);
	}
}

static void an_answer_has_its_headers(void **state)
{
	struct error err;
	struct http_answer answer;

	peer_start(serve_text, "HTTP/1.1 404 Not Found\r\nApi-Version:1.47\r\nX: \t a b "
			       "\r\nContent-Length: 0\r\n\r\n");
	struct http_client *client = http_client_new(peer.address, NULL, &err);
	assert_true(http_client_send(client, "GET", "/x", NULL, NULL, &answer, &err));
	assert_string_equal(pairs_get(&answer.headers, "api-version"), "1.47");
	assert_string_equal(pairs_get(&answer.headers, "x"), "a b");
	http_answer_fini(&answer);
	http_client_free(client);
	peer_stop();
}

static void a_longer_answer_than_allowed_is_refused(void **state)
{
	struct error err;
	struct http_answer answer;
	scoped_buffer struct buffer body = {0};

	peer_start(serve_text, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
	struct http_client *client = http_client_new(peer.address, NULL, &err);
	assert_true(http_client_send(client, "GET", "/x", NULL, NULL, &answer, &err));
	assert_false(http_client_read_all(client, 4, &body, &err));
	http_answer_fini(&answer);
	http_client_free(client);
	peer_stop();
}

/* ---- requests ---- */

/* Answers every request with its own head and body, as they came, on one connection after another. */
static void serve_echo(int listener, const void *script)
{
	for (int connections = 1;; connections++) {
		scoped_fd int fd = accept(listener, NULL, NULL);

		for (;;) {
			scoped_buffer struct buffer request = {0};

			read_head(fd, &request);
			if (!request.size)
				break;
			size_t body = strstr(request.data, "Content-Length: 5") ? 5 : 0;
			if (strstr(request.data, "chunked"))
				while (!strstr(request.data, "0\r\n\r\n"))
					buffer_wrote(&request,
						     (size_t)recv(fd, buffer_reserve(&request, 100),
								  1, 0));
			else if (body)
				buffer_wrote(&request, (size_t)recv(fd, buffer_reserve(&request, 5),
								    5, MSG_WAITALL));
			scoped_free char *answer =
				str_format("HTTP/1.1 200 OK\r\nX-Connection: %d\r\nContent-Length: "
					   "%zu\r\n\r\n%s",
					   connections, request.size, request.data);
			send(fd, answer, strlen(answer), MSG_NOSIGNAL);
		}
	}
}

static ssize_t give_hello(void *data, void *out, size_t size, struct error *err)
{
	int *calls = data;
	static const char *const pieces[] = {"he", "llo", ""};
	const char *piece = pieces[(*calls)++];

	memcpy(out, piece, strlen(piece));
	return (ssize_t)strlen(piece);
}

static void requests_are_written_and_the_connection_is_kept(void **state)
{
	static const struct {
		const char *method;
		int64_t size;
		const char *text;
	} cases[] = {
		{"GET", 0, "GET /x?y HTTP/1.1\r\nHost: api.moby.localhost\r\nX-A: b\r\n\r\n"},
		{"POST", 0,
		 "POST /x?y HTTP/1.1\r\nHost: api.moby.localhost\r\nX-A: b\r\nContent-Length: "
		 "0\r\n\r\n"},
		{"POST", 5,
		 "POST /x?y HTTP/1.1\r\nHost: api.moby.localhost\r\nX-A: b\r\nContent-Length: "
		 "5\r\n\r\nhello"},
		{"PUT", -1,
		 "PUT /x?y HTTP/1.1\r\nHost: api.moby.localhost\r\nX-A: b\r\nTransfer-Encoding: "
		 "chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n"},
	};
	struct error err;
	scoped_pairs struct pairs headers = {0};

	pairs_set(&headers, "X-A", "b");
	peer_start(serve_echo, NULL);
	struct http_client *client = http_client_new(peer.address, NULL, &err);
	for (size_t i = 0; i < array_length(cases); i++) {
		int calls = 0;
		struct http_answer answer;
		struct http_body_source source = {give_hello, &calls, cases[i].size};
		scoped_buffer struct buffer body = {0};

		assert_true(http_client_send(client, cases[i].method, "/x?y", &headers,
					     cases[i].size ? &source : NULL, &answer, &err));
		assert_true(http_client_read_all(client, 1000, &body, &err));
		assert_string_equal(body.data, cases[i].text);
		assert_string_equal(pairs_get(&answer.headers, "x-connection"), "1");
		http_answer_fini(&answer);
	}
	http_client_free(client);
	peer_stop();
}

static void an_unread_answer_means_a_new_connection(void **state)
{
	struct error err;
	struct http_answer answer;

	peer_start(serve_echo, NULL);
	struct http_client *client = http_client_new(peer.address, NULL, &err);
	assert_true(http_client_send(client, "GET", "/", NULL, NULL, &answer, &err));
	http_answer_fini(&answer);
	assert_true(http_client_send(client, "GET", "/", NULL, NULL, &answer, &err));
	assert_string_equal(pairs_get(&answer.headers, "x-connection"), "2");
	http_answer_fini(&answer);
	http_client_free(client);
	peer_stop();
}

static void a_body_that_changes_its_size_is_an_error(void **state)
{
	int calls = 0;
	struct error err;
	struct http_answer answer;
	struct http_body_source source = {give_hello, &calls, 6};

	peer_start(serve_echo, NULL);
	struct http_client *client = http_client_new(peer.address, NULL, &err);
	assert_false(http_client_send(client, "POST", "/", NULL, &source, &answer, &err));
	assert_int_equal(err.kind, ERROR_INVALID);
	http_client_free(client);
	peer_stop();
}

static ssize_t give_for_ever(void *data, void *out, size_t size, struct error *err)
{
	memset(out, 'x', size);
	return (ssize_t)size;
}

/* Reads the head, refuses, and reads no further. */
static void serve_refusal(int listener, const void *script)
{
	scoped_fd int fd = accept(listener, NULL, NULL);
	scoped_buffer struct buffer head = {0};

	read_head(fd, &head);
	send(fd, script, strlen(script), MSG_NOSIGNAL);
	pause();
}

static void a_refusal_ends_the_sending(void **state)
{
	struct error err = {0};
	struct http_answer answer;
	struct http_body_source source = {give_for_ever, NULL, -1};
	scoped_buffer struct buffer body = {0};

	peer_start(serve_refusal, "HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno");
	struct http_client *client = http_client_new(peer.address, NULL, &err);
	assert_true(http_client_send(client, "POST", "/", NULL, &source, &answer, &err));
	assert_int_equal(answer.status, 413);
	assert_true(http_client_read_all(client, 100, &body, &err));
	assert_string_equal(body.data, "no");
	http_answer_fini(&answer);
	http_client_free(client);
	peer_stop();
}

/* ---- raw ---- */

/* Switches protocols with early bytes, reads to the end, says how much that was, and ends too. */
static void serve_raw(int listener, const void *script)
{
	scoped_fd int fd = accept(listener, NULL, NULL);
	scoped_buffer struct buffer head = {0};
	char c;
	int count = 0;

	read_head(fd, &head);
	send(fd, script, strlen(script), MSG_NOSIGNAL);
	while (recv(fd, &c, 1, 0) == 1)
		count++;
	scoped_free char *text = str_format("%d", count);
	send(fd, text, strlen(text), MSG_NOSIGNAL);
}

static void a_raw_stream_has_two_ends(void **state)
{
	static const char *const heads[] = {
		"HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\nearly",
		"HTTP/1.1 200 OK\r\nContent-Type: application/vnd.docker.raw-stream\r\n\r\nearly",
	};

	for (size_t i = 0; i < array_length(heads); i++) {
		struct error err;
		struct http_answer answer;
		char text[10] = {0};
		short events;

		peer_start(serve_raw, heads[i]);
		struct http_client *client = http_client_new(peer.address, NULL, &err);
		assert_true(http_client_send(client, "POST", "/attach", NULL, NULL, &answer, &err));
		assert_true(http_client_pending(client));
		assert_int_equal(http_client_raw_read(client, text, 5, &err), 5);
		assert_string_equal(text, "early");
		assert_false(http_client_pending(client));
		assert_int_equal(http_client_try_read(client, text, 5, &events, &err),
				 HTTP_CLIENT_AGAIN);
		assert_true(http_client_raw_write(client, "1234567", 7, &err));
		http_client_shut(client);
		assert_int_equal(http_client_raw_read(client, text, 5, &err), 1);
		assert_int_equal(text[0], '7');
		assert_int_equal(http_client_raw_read(client, text, 5, &err), 0);
		http_answer_fini(&answer);
		http_client_free(client);
		peer_stop();
	}
}

/* ---- addresses ---- */

static void bad_addresses_are_refused(void **state)
{
	static const char *const addresses[] = {
		"",	     "unix://",	     "/var/run/x",  "tcp://host",
		"tcp://:80", "tcp://h:http", "tcp://[::1]", "ftp://h:80"};

	for (size_t i = 0; i < array_length(addresses); i++) {
		struct error err = {0};

		assert_null(http_client_new(addresses[i], NULL, &err));
		assert_int_equal(err.kind, ERROR_INVALID);
	}
}

static void nobody_there_is_an_error(void **state)
{
	static const char *const addresses[] = {"unix:///nowhere/at/all", "tcp://127.0.0.1:1",
						"http://[::1]:1/"};

	for (size_t i = 0; i < array_length(addresses); i++) {
		struct error err = {0};
		struct http_answer answer;
		struct http_client *client = http_client_new(addresses[i], NULL, &err);

		assert_non_null(client);
		assert_false(http_client_send(client, "GET", "/", NULL, NULL, &answer, &err));
		assert_true(err.kind == ERROR_NOT_FOUND || err.kind == ERROR_UNAVAILABLE);
		http_client_free(client);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_answer_is_understood),
		cmocka_unit_test(an_answer_is_taken_as_it_comes),
		cmocka_unit_test(an_answer_has_its_headers),
		cmocka_unit_test(a_longer_answer_than_allowed_is_refused),
		cmocka_unit_test(requests_are_written_and_the_connection_is_kept),
		cmocka_unit_test(an_unread_answer_means_a_new_connection),
		cmocka_unit_test(a_body_that_changes_its_size_is_an_error),
		cmocka_unit_test(a_refusal_ends_the_sending),
		cmocka_unit_test(a_raw_stream_has_two_ends),
		cmocka_unit_test(bad_addresses_are_refused),
		cmocka_unit_test(nobody_there_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
