/* The loop against a forked server, with a process for each connection. */
#include "cmd/compose/requests.h"

#include "base/test.h"
#include "os/socket.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- the other side ---- */

/* Shared with the server's processes. */
static struct counts {
	atomic_int connections, now, most, requests;
} * counts;

static struct peer {
	char folder[40];
	pid_t pid;
} peer;

static void say(int fd, const char *text)
{
	send(fd, text, strlen(text), MSG_NOSIGNAL);
}

static void say_body(int fd, const char *status, const char *body)
{
	scoped_free char *text = str_format("HTTP/1.1 %s\r\nContent-Length: %zu\r\n\r\n%s", status,
					    strlen(body), body);

	say(fd, text);
}

static bool read_request(int fd, struct buffer *head)
{
	char c;

	buffer_clear(head);
	while (!head->size || !strstr(head->data, "\r\n\r\n")) {
		if (recv(fd, &c, 1, 0) != 1)
			return false;
		buffer_add_char(head, c);
	}
	const char *length = strstr(head->data, "Content-Length: ");
	for (long left = length ? strtol(length + 16, NULL, 10) : 0; left > 0; left--) {
		if (recv(fd, &c, 1, 0) != 1)
			return false;
		buffer_add_char(head, c);
	}
	return true;
}

static void answer(int fd, const char *request)
{
	int now = atomic_fetch_add(&counts->now, 1) + 1;

	atomic_fetch_add(&counts->requests, 1);
	for (int most = atomic_load(&counts->most);
	     now > most && !atomic_compare_exchange_weak(&counts->most, &most, now);)
		;
	if (strstr(request, "/slow"))
		usleep(30000);
	/* until as many are here as may be: how late each comes is nobody's to say */
	for (int i = 0; strstr(request, "/together") && atomic_load(&counts->most) < 4 && i < 3000;
	     i++)
		usleep(10000);
	if (strstr(request, "/refused"))
		say_body(fd, "409 Conflict", "{\"message\":\"it is in use\"}");
	else if (strstr(request, "/stream")) {
		say(fd,
		    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n{\"n\":1}\n{\r\n");
		usleep(5000);
		say(fd, "7\r\n\"n\":2}\n\r\n");
		if (strstr(request, "/stream-for-ever"))
			pause();
		say(fd, "0\r\n\r\n");
	} else if (strstr(request, "/echo"))
		say_body(fd, "200 OK", strstr(request, "\r\n\r\n") + 4);
	else
		say_body(fd, "200 OK", "{\"Id\":\"x\"}");
	atomic_fetch_sub(&counts->now, 1);
}

static void serve(int fd)
{
	scoped_buffer struct buffer request = {0};

	while (read_request(fd, &request))
		if (str_starts_with(request.data, "HEAD"))
			say(fd, "HTTP/1.1 200 OK\r\nApi-Version: 1.47\r\n\r\n");
		else
			answer(fd, request.data);
}

static void peer_main(int listener)
{
	signal(SIGCHLD, SIG_IGN);
	prctl(PR_SET_PDEATHSIG, SIGKILL); /* with who made it */
	for (;;) {
		int fd = accept(listener, NULL, NULL);

		if (fd < 0)
			_exit(1);
		atomic_fetch_add(&counts->connections, 1);
		if (fork() == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL); /* with who made it */
			serve(fd);
			_exit(0);
		}
		close(fd);
	}
}

static int start(void **state)
{
	struct error err;
	struct cli *cli = mem_new(struct cli);

	counts = mmap(NULL, sizeof(*counts), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	memcpy(peer.folder, "/tmp/requests-XXXXXX", 21);
	assert_non_null(mkdtemp(peer.folder));
	scoped_free char *path = str_format("%s/s", peer.folder);
	scoped_fd int listener = socket_listen(AT_FDCWD, path, 0600, &err);
	assert_true(listener >= 0);
	fcntl(listener, F_SETFL, 0);
	peer.pid = fork();
	if (peer.pid == 0)
		peer_main(listener);
	cli->address = str_format("unix://%s", path);
	cli->product = "wherry";
	*state = cli;
	return 0;
}

static int stop(void **state)
{
	struct cli *cli = *state;
	scoped_free char *path = str_format("%s/s", peer.folder);

	kill(peer.pid, SIGKILL);
	waitpid(peer.pid, NULL, 0);
	unlink(path);
	rmdir(peer.folder);
	http_client_free(cli->api);
	free(cli->api_version);
	free(cli->address);
	free(cli);
	munmap(counts, sizeof(*counts));
	return 0;
}

/* ---- what is asked ---- */

struct outcome {
	struct requests *requests;
	int done, failed, documents;
	struct request *stream;
	char text[100];
};

static void note(void *data, const json_t *document, const struct error *err)
{
	struct outcome *outcome = data;

	outcome->done++;
	outcome->failed += err != NULL;
	snprintf(outcome->text, sizeof(outcome->text), "%s",
		 err ? err->text : doc_text(document, "Id"));
}

static void send_to(struct outcome *outcome, const char *path)
{
	scoped_target struct target target = {0};

	buffer_add_text(&target.text, path);
	requests_send(outcome->requests, "GET", &target, NULL, note, outcome);
}

static void many_run_side_by_side_but_no_more_than_the_limit(void **state)
{
	scoped(requests) struct requests *requests = requests_new(*state, 4);
	struct outcome outcome = {requests};

	for (int i = 0; i < 24; i++)
		send_to(&outcome, "/together");
	requests_run(requests);
	assert_int_equal(outcome.done, 24);
	assert_int_equal(outcome.failed, 0);
	assert_string_equal(outcome.text, "x");
	assert_int_equal(atomic_load(&counts->most), 4);
	assert_in_range(atomic_load(&counts->connections), 4, 5); /* one asked for the version */
}

static void a_refusal_is_the_daemons_words(void **state)
{
	scoped(requests) struct requests *requests = requests_new(*state, 4);
	struct outcome outcome = {requests};

	send_to(&outcome, "/refused");
	requests_run(requests);
	assert_int_equal(outcome.failed, 1);
	assert_string_equal(outcome.text, "Error response from daemon: it is in use");
}

static void send_more(void *data, const json_t *document, const struct error *err)
{
	struct outcome *outcome = data;

	if (++outcome->done < 3) {
		scoped_target struct target target = target_format("/more");

		requests_send(outcome->requests, "GET", &target, NULL, send_more, outcome);
	}
}

static void an_answer_may_send_more(void **state)
{
	scoped(requests) struct requests *requests = requests_new(*state, 1);
	struct outcome outcome = {requests};

	send_more(&outcome, NULL, NULL);
	requests_run(requests);
	assert_int_equal(outcome.done, 3);
}

static void count(void *data, const json_t *document)
{
	struct outcome *outcome = data;

	assert_int_equal(doc_number(document, "n"), ++outcome->documents);
	if (outcome->stream && outcome->documents == 2) {
		requests_cancel(outcome->requests, outcome->stream);
		outcome->stream = NULL;
	}
}

static void a_stream_is_documents_and_an_end(void **state)
{
	scoped(requests) struct requests *requests = requests_new(*state, 1);
	scoped_target struct target target = target_format("/stream");
	struct outcome outcome = {requests};

	requests_stream(requests, "GET", &target, NULL, count, note, &outcome);
	requests_run(requests);
	assert_int_equal(outcome.documents, 2);
	assert_int_equal(outcome.done, 1);
	assert_int_equal(outcome.failed, 0);
}

static void a_stream_can_be_cancelled_from_within(void **state)
{
	scoped(requests) struct requests *requests = requests_new(*state, 1);
	scoped_target struct target target = target_format("/stream-for-ever");
	struct outcome outcome = {requests};

	outcome.stream = requests_stream(requests, "GET", &target, NULL, count, note, &outcome);
	send_to(&outcome, "/slow"); /* streams do not count for the limit */
	requests_run(requests);
	assert_int_equal(outcome.documents, 2);
	assert_int_equal(outcome.done, 1);
}

static void bytes_go_up(void **state)
{
	scoped(requests) struct requests *requests = requests_new(*state, 1);
	scoped_target struct target target = target_format("/echo");
	struct buffer bytes = {(char *)"{\"Id\":\"y\"}", 10, 0};
	struct outcome outcome = {requests};

	requests_send_bytes(requests, "PUT", &target, "application/x-tar", &bytes, note, &outcome);
	requests_run(requests);
	assert_string_equal(outcome.text, "y");
}

static void fire(void *data)
{
	struct outcome *outcome = data;

	outcome->done++;
	requests_stop(outcome->requests);
}

static void ready(void *data, short events)
{
	struct outcome *outcome = data;

	outcome->done += 10;
	requests_unwatch(outcome->requests, STDIN_FILENO + 1000);
}

static void timers_and_descriptors_share_the_loop(void **state)
{
	scoped(requests) struct requests *requests = requests_new(*state, 1);
	scoped_target struct target target = target_format("/stream-for-ever");
	struct outcome outcome = {requests};
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	assert_int_equal(dup2(ends[0], STDIN_FILENO + 1000), STDIN_FILENO + 1000);
	assert_int_equal(write(ends[1], "x", 1), 1);
	requests_watch(requests, STDIN_FILENO + 1000, POLLIN, ready, &outcome);
	requests_stream(requests, "GET", &target, NULL, count, NULL, &outcome);
	requests_timer(requests, 20, fire, &outcome);
	requests_run(requests);
	assert_int_equal(outcome.done, 11);
	close(ends[0]);
	close(ends[1]);
	close(STDIN_FILENO + 1000);
}

static void nobody_there_is_an_error(void **state)
{
	struct cli *cli = *state;
	scoped(requests) struct requests *requests = requests_new(cli, 1);
	struct outcome outcome = {requests};

	str_replace(&cli->address, "unix:///nowhere/at/all");
	send_to(&outcome, "/x");
	requests_run(requests);
	assert_int_equal(outcome.failed, 1);
	assert_non_null(strstr(outcome.text, "Cannot connect to the wherry daemon"));
}

#define WITH_PEER(test) cmocka_unit_test_setup_teardown(test, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_PEER(many_run_side_by_side_but_no_more_than_the_limit),
		WITH_PEER(a_refusal_is_the_daemons_words),
		WITH_PEER(an_answer_may_send_more),
		WITH_PEER(a_stream_is_documents_and_an_end),
		WITH_PEER(a_stream_can_be_cancelled_from_within),
		WITH_PEER(bytes_go_up),
		WITH_PEER(timers_and_descriptors_share_the_loop),
		WITH_PEER(nobody_there_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
