/* One poll loop over everything that can happen.  Nothing blocks but stdout and stderr themselves: input
 * that the container does not take waits in one buffer while its output goes on, so neither side can
 * wait for the other for ever.  Detaching is the daemon's work; the keys are watched here only to know
 * why the stream ended. */
#include "cmd/cli/session.h"

#include "cmd/cli/streams.h"
#include "cmd/cli/terminal.h"
#include "format/json.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define PIECE		 32768
#define RESIZE_TRIES	 10
#define RESIZE_PAUSE_MS	 10
#define WAIT_LIMIT	 (1u << 20)
#define DETACH_KEYS_MOST 32
#define PATIENCE	 3 /* requests to end that a container may ignore */

enum { SLOT_STREAM, SLOT_WAIT, SLOT_SIGNALS, SLOT_INPUT, SLOTS };

/* The keys that detach, and how many of them were just typed. */
struct keys {
	char bytes[DETACH_KEYS_MOST];
	size_t count, seen;
};

struct loop {
	struct session *session;
	struct streams streams;
	struct keys keys;
	struct pollfd slots[SLOTS];
	char input[PIECE]; /* not yet taken by the stream */
	size_t input_start, input_end;
	bool input_open; /* stdin may have more */
	bool stream_open, wait_open;
	short stream_events; /* that TLS waits for besides ours */
	int resize_tries;    /* left, after a resize that failed */
	int requests_to_end; /* of the container, passed on as signals */
	char piece[PIECE];
};

/* ---- connecting ---- */

struct http_client *session_attach(struct cli *cli, const struct target *target, const json_t *body,
				   struct error *err)
{
	struct http_client *client = api_connect(cli, err);
	struct pair upgrade[] = {{(char[]){"Connection"}, (char[]){"Upgrade"}},
				 {(char[]){"Upgrade"}, (char[]){"tcp"}}};
	struct pairs headers = {upgrade, array_length(upgrade)};
	scoped_with(http_answer_fini) struct http_answer answer = {0};
	struct api_request request = {
		.client = client,
		.method = "POST",
		.target = target,
		.body = body,
		.headers = &headers,
	};

	if (client && api_send(cli, &request, &answer, err))
		return client;
	http_client_free(client);
	return NULL;
}

bool session_open(struct session *session, bool out, bool error_stream, struct error *err)
{
	scoped_target struct target target =
		target_format("/containers/%s/attach", session->container);

	if (!str_is_empty(session->detach_keys))
		target_add(&target, "detachKeys", session->detach_keys);
	target_add_flag(&target, "stderr", error_stream);
	target_add_flag(&target, "stdin", session->input);
	target_add_flag(&target, "stdout", out);
	target_add_flag(&target, "stream", true);
	session->stream = session_attach(session->cli, &target, NULL, err);
	return session->stream != NULL;
}

void session_close(struct session *session)
{
	http_client_free(session->stream);
	http_client_free(session->wait);
	session->stream = session->wait = NULL;
}

struct http_client *session_wait(struct cli *cli, const char *container, const char *condition,
				 struct error *err)
{
	struct http_client *client = api_connect(cli, err);
	scoped_target struct target target = target_format("/containers/%s/wait", container);
	scoped_with(http_answer_fini) struct http_answer answer = {0};
	struct api_request request = {.client = client, .method = "POST", .target = &target};

	if (condition)
		target_add(&target, "condition", condition);
	if (client && api_send(cli, &request, &answer, err))
		return client;
	http_client_free(client);
	return NULL;
}

int session_say_detached(void)
{
	fprintf(stderr, "read escape sequence\n");
	return 1;
}

bool session_check_terminal(bool input, bool tty, struct error *err)
{
	if (!input || !tty || isatty(STDIN_FILENO))
		return true;
	return error_set(err, ERROR_INVALID, "the input device is not a TTY");
}

/* ---- signals ---- */

/* With a terminal of its own the container gets its signals as keys; here only what would end us
 * matters, because the terminal must be restored first. */
static sigset_t signals_of(const struct session *session)
{
	static const int left_alone[] = {SIGCHLD, SIGPIPE, SIGURG,  SIGSEGV, SIGBUS,
					 SIGFPE,  SIGILL,  SIGABRT, SIGTTIN, SIGTTOU};
	static const int of_terminal[] = {SIGWINCH, SIGTERM, SIGHUP, SIGINT, SIGQUIT};
	sigset_t set;

	if (session->proxy && !session->tty) {
		sigfillset(&set);
		for (size_t i = 0; i < array_length(left_alone); i++)
			sigdelset(&set, left_alone[i]);
		return set;
	}
	sigemptyset(&set);
	for (size_t i = 0; session->tty && i < array_length(of_terminal); i++)
		sigaddset(&set, of_terminal[i]);
	return set;
}

void session_prepare(const struct session *session)
{
	sigset_t set = signals_of(session);

	sigprocmask(SIG_BLOCK, &set, NULL);
}

static void send_signal(struct loop *loop, int number)
{
	struct session *session = loop->session;
	scoped_target struct target target =
		target_format("/containers/%s/kill", session->container);
	struct error ignored; /* it may have ended meanwhile */

	target_add_number(&target, "signal", number);
	api_do(session->cli, NULL, "POST", &target, &ignored);
}

static bool resize(struct loop *loop, unsigned more)
{
	struct session *session = loop->session;
	scoped_target struct target target =
		target_format(session->resize_path, session->resize_id);
	unsigned rows, columns;
	struct error ignored;

	if (!terminal_size(STDOUT_FILENO, &rows, &columns) || (!rows && !columns))
		return true;
	target_add_number(&target, "h", rows + more);
	target_add_number(&target, "w", columns + more);
	return api_do(session->cli, NULL, "POST", &target, &ignored);
}

/* Just after a start its terminal may not be there yet. */
static void try_resize(struct loop *loop)
{
	if (resize(loop, 0))
		loop->resize_tries = 0;
	else
		loop->resize_tries--;
}

/* Passed on; who asks a third time to end means us, whatever the container makes of it. */
static void pass_on(struct loop *loop, int number)
{
	loop->requests_to_end += number == SIGINT || number == SIGTERM;
	if (loop->requests_to_end >= PATIENCE) {
		fprintf(stderr, "got %d SIGTERM/SIGINTs, forcefully exiting\n", PATIENCE);
		exit(1);
	}
	if (number != SIGWINCH)
		send_signal(loop, number);
}

static void take_signals(struct loop *loop)
{
	struct signalfd_siginfo info;

	while (read(loop->slots[SLOT_SIGNALS].fd, &info, sizeof(info)) == sizeof(info)) {
		int number = (int)info.ssi_signo;

		if (number == SIGWINCH && loop->session->tty) {
			resize(loop, 0);
		} else if (loop->session->proxy && !loop->session->tty) {
			pass_on(loop, number);
		} else {
			terminal_restore();
			exit(128 + number);
		}
	}
}

/* ---- detach keys ---- */

/* "ctrl-p,ctrl-q", "a,b": the daemon has refused what is none. */
static void parse_keys(struct keys *keys, const char *text)
{
	scoped_strings struct strings names = strings_split(text, ',');

	for (size_t i = 0; i < names.count && keys->count < DETACH_KEYS_MOST; i++) {
		const char *name = names.items[i];
		bool control = str_starts_with(name, "ctrl-");
		char key = control ? name[strlen("ctrl-")] : name[0];

		keys->bytes[keys->count++] =
			(char)(control ? toupper((unsigned char)key) & 31 : key);
	}
}

static void watch_keys(struct keys *keys, const char *data, size_t size)
{
	for (size_t i = 0; i < size && keys->seen < keys->count; i++) {
		if (data[i] != keys->bytes[keys->seen])
			keys->seen = 0;
		if (data[i] == keys->bytes[keys->seen])
			keys->seen++;
	}
}

/* ---- data ---- */

static void end_input(struct loop *loop)
{
	loop->input_open = false;
	loop->input_start = loop->input_end = 0;
}

static void read_input(struct loop *loop)
{
	ssize_t got = read(STDIN_FILENO, loop->input, sizeof(loop->input));

	if (got < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (got <= 0) { /* a terminal that hung up reads as an error */
		end_input(loop);
		if (loop->stream_open)
			http_client_shut(loop->session->stream);
		return;
	}
	loop->input_start = 0;
	loop->input_end = (size_t)got;
	if (loop->session->tty)
		watch_keys(&loop->keys, loop->input, (size_t)got);
}

/* A stream that takes no more input may still have output. */
static void write_input(struct loop *loop)
{
	struct error ignored;
	short events;
	ssize_t wrote =
		http_client_try_write(loop->session->stream, loop->input + loop->input_start,
				      loop->input_end - loop->input_start, &events, &ignored);

	if (wrote >= 0)
		loop->input_start += (size_t)wrote;
	else if (wrote != HTTP_CLIENT_AGAIN)
		end_input(loop);
	else
		loop->stream_events |= events;
}

static bool read_stream(struct loop *loop, struct error *err)
{
	short events;
	ssize_t got = http_client_try_read(loop->session->stream, loop->piece, sizeof(loop->piece),
					   &events, err);

	if (got > 0)
		return streams_write(&loop->streams, loop->piece, (size_t)got, err);
	if (got == HTTP_CLIENT_AGAIN) {
		loop->stream_events |= events;
		return true;
	}
	loop->stream_open = false;
	return true; /* a connection that broke is an end, too: wait tells how the container ended */
}

static void read_wait(struct loop *loop)
{
	struct session *session = loop->session;
	scoped_buffer struct buffer text = {0};
	struct error err;

	loop->wait_open = false;
	if (!http_client_read_all(session->wait, WAIT_LIMIT, &text, &err)) {
		snprintf(session->trouble, sizeof(session->trouble), "%s", err.text);
		return;
	}
	scoped_json json_t *answer = json_parse(text.data ? text.data : "", text.size, &err);
	const char *trouble = doc_text(json_object_get(answer, "Error"), "Message");
	if (!answer)
		trouble = "the daemon did not tell how the container ended";
	session->exit_code = doc_number(answer, "StatusCode");
	snprintf(session->trouble, sizeof(session->trouble), "%s", trouble);
}

/* ---- the loop ---- */

static bool finished(const struct loop *loop)
{
	if (loop->stream_open)
		return false;
	return !loop->wait_open || loop->session->detached;
}

static void choose_slots(struct loop *loop)
{
	bool wants_input =
		loop->input_open && loop->stream_open && loop->input_start == loop->input_end;
	struct session *session = loop->session;

	loop->slots[SLOT_STREAM].fd = loop->stream_open ? http_client_fd(session->stream) : -1;
	loop->slots[SLOT_STREAM].events = POLLIN | loop->stream_events;
	loop->stream_events = 0;
	if (loop->input_start < loop->input_end)
		loop->slots[SLOT_STREAM].events |= POLLOUT;
	loop->slots[SLOT_WAIT].fd = loop->wait_open ? http_client_fd(session->wait) : -1;
	loop->slots[SLOT_INPUT].fd = wants_input ? STDIN_FILENO : -1;
}

static bool wait_for_something(struct loop *loop)
{
	struct session *session = loop->session;
	bool ready = (loop->stream_open && http_client_pending(session->stream)) ||
		     (loop->wait_open && http_client_pending(session->wait));
	int timeout = ready ? 0 : loop->resize_tries > 0 ? RESIZE_PAUSE_MS : -1;

	return poll(loop->slots, SLOTS, timeout) >= 0 || errno == EINTR;
}

static bool is_ready(const struct loop *loop, int slot)
{
	return loop->slots[slot].fd >= 0 && loop->slots[slot].revents;
}

static bool turn(struct loop *loop, struct error *err)
{
	struct session *session = loop->session;

	choose_slots(loop);
	if (!wait_for_something(loop))
		return error_errno(err, "cannot poll");
	if (loop->resize_tries > 0)
		try_resize(loop);
	if (is_ready(loop, SLOT_SIGNALS))
		take_signals(loop);
	if (is_ready(loop, SLOT_INPUT))
		read_input(loop);
	if (loop->stream_open && loop->input_start < loop->input_end)
		write_input(loop);
	if ((is_ready(loop, SLOT_STREAM) ||
	     (loop->stream_open && http_client_pending(session->stream))) &&
	    !read_stream(loop, err))
		return false;
	if (loop->wait_open && (is_ready(loop, SLOT_WAIT) || http_client_pending(session->wait)))
		read_wait(loop);
	if (!loop->stream_open && loop->keys.count && loop->keys.seen == loop->keys.count)
		session->detached = true;
	return true;
}

static bool open_loop(struct loop *loop, struct error *err)
{
	struct session *session = loop->session;
	sigset_t set = signals_of(session);

	loop->streams.framed = !session->tty;
	loop->stream_open = session->stream != NULL;
	loop->wait_open = session->wait != NULL;
	loop->input_open = session->input && session->stream;
	for (int i = 0; i < SLOTS; i++)
		loop->slots[i] = (struct pollfd){.fd = -1, .events = POLLIN};
	loop->slots[SLOT_SIGNALS].fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (loop->slots[SLOT_SIGNALS].fd < 0)
		return error_errno(err, "cannot take signals");
	if (session->tty && session->input)
		parse_keys(&loop->keys, str_is_empty(session->detach_keys) ? "ctrl-p,ctrl-q"
									   : session->detach_keys);
	if (session->tty && session->input && isatty(STDIN_FILENO) &&
	    !terminal_raw(STDIN_FILENO, err))
		return false;
	if (session->redraw && session->tty)
		resize(loop, 1); /* programs draw anew when the size has changed */
	if (session->tty) {
		loop->resize_tries = RESIZE_TRIES;
		try_resize(loop);
	}
	return true;
}

bool session_run(struct session *session, struct error *err)
{
	struct loop *loop = mem_new(struct loop);
	bool good;

	loop->session = session;
	good = open_loop(loop, err);
	while (good && !finished(loop))
		good = turn(loop, err);
	terminal_restore();
	close_fd(&loop->slots[SLOT_SIGNALS].fd);
	if (good)
		good = streams_end(&loop->streams, err);
	free(loop);
	return good;
}
