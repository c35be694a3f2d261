#include "shim/log_sender.h"

#include "base/memory.h"
#include "base/time.h"
#include "format/journal_entry.h"
#include "format/jsonlog.h"
#include "format/syslog.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define FIRST_PAUSE NS_PER_SECOND
#define MOST_PAUSE  (30 * NS_PER_SECOND)
#define LAST_WORDS  (2 * NS_PER_SECOND)
#define HEAD	    sizeof(uint32_t)

enum {
	REFUSALS = 2, /* in a row, of a datagram: then nobody is there */
	COMPACT = 32 << 10,
};

static void connect_now(struct log_sender *s);

/* ---- the queue ---- */

static bool is_empty(const struct log_sender *s)
{
	return s->head == s->queue.size;
}

static uint32_t first_size(const struct log_sender *s)
{
	uint32_t size;

	memcpy(&size, s->queue.data + s->head, HEAD);
	return size;
}

static void drop_first(struct log_sender *s)
{
	s->head += HEAD + first_size(s);
	s->sent = 0;
	if (is_empty(s)) {
		buffer_clear(&s->queue);
		s->head = 0;
	} else if (s->head > COMPACT) {
		buffer_consume(&s->queue, s->head);
		s->head = 0;
	}
}

static void write_message(const struct log_sender *s, enum stream_kind stream, const char *text,
			  size_t size, struct buffer *out)
{
	const struct shim_log_remote *remote = &s->remote;
	const struct syslog_head head = {remote->style, remote->facility, remote->hostname,
					 remote->tag, getpid()};
	int64_t now = time_now_ns();
	char moment[TIME_TEXT_SIZE];

	if (remote->kind == SHIM_LOG_SYSLOG) {
		syslog_write(&head, stream, now, text, size, out);
		return;
	}
	time_to_text_fixed(now, moment);
	journal_field(out, "MESSAGE", text, size);
	journal_field(out, "PRIORITY", stream == STREAM_STDERR ? "3" : "6", 1);
	journal_field(out, "SYSLOG_TIMESTAMP", moment, strlen(moment));
	if (size >= JSONLOG_PIECE)
		journal_field(out, "CONTAINER_PARTIAL_MESSAGE", "true", 4);
	buffer_add(out, remote->fields.data, remote->fields.size);
}

static void add_line(struct log_sender *s, enum stream_kind stream, const char *text, size_t size)
{
	size_t start = s->queue.size;
	uint32_t length;

	if (start - s->head + size >= LOG_SENDER_ROOM) {
		s->lost++;
		return;
	}
	buffer_add(&s->queue, &(uint32_t){0}, HEAD);
	write_message(s, stream, text, size, &s->queue);
	length = (uint32_t)(s->queue.size - start - HEAD);
	memcpy(s->queue.data + start, &length, HEAD);
}

/* ---- apart ---- */

static void tell_lost(struct log_sender *s)
{
	int64_t lost = s->lost;

	s->lost = 0;
	if (lost && s->told)
		s->told(s, lost);
}

static void close_socket(struct log_sender *s)
{
	loop_watch(s->loop, &s->source, 0);
	close_fd(&s->source.fd);
	s->state = LOG_SENDER_APART;
	s->sent = 0;
}

static void stop_asking(struct log_sender *s)
{
	loop_watch(s->loop, &s->answer, 0);
	close_fd(&s->answer.fd);
	buffer_fini(&s->addresses);
}

static void finish(struct log_sender *s)
{
	for (; !is_empty(s); drop_first(s))
		s->lost++;
	tell_lost(s);
	stop_asking(s);
	close_socket(s);
	loop_set_deadline(s->loop, &s->retry, 0);
	loop_set_deadline(s->loop, &s->last, 0);
	buffer_fini(&s->queue);
	s->head = 0;
	s->state = LOG_SENDER_NONE;
}

static void wait_a_while(struct log_sender *s)
{
	if (s->ended) {
		finish(s);
		return;
	}
	s->pause = s->pause ? 2 * s->pause : FIRST_PAUSE;
	if (s->pause > MOST_PAUSE)
		s->pause = MOST_PAUSE;
	loop_set_deadline(s->loop, &s->retry, time_monotonic_ns() + s->pause);
}

static void fail(struct log_sender *s)
{
	close_socket(s);
	if (!is_empty(s))
		wait_a_while(s);
}

/* A connection that had worked for a while: whoever it was may be back at once. */
static void lose(struct log_sender *s)
{
	close_socket(s);
	if (is_empty(s))
		return;
	if (time_monotonic_ns() - s->connected_ns >= FIRST_PAUSE)
		connect_now(s);
	else
		wait_a_while(s);
}

/* ---- sending ---- */

enum sent { SENT, SENT_LATER, SENT_REFUSED, SENT_LOST };

static enum sent send_first(struct log_sender *s)
{
	const char *message = s->queue.data + s->head + HEAD;
	size_t left = first_size(s) - s->sent;
	ssize_t n = send(s->source.fd, message + s->sent, left, MSG_NOSIGNAL | MSG_DONTWAIT);

	if (n >= 0) {
		s->sent += s->is_stream ? (size_t)n : left;
		return SENT;
	}
	switch (errno) {
	case EAGAIN:
	case ENOBUFS:
	case EINTR:
		return SENT_LATER;
	case EMSGSIZE:
		return SENT_REFUSED;
	case ECONNREFUSED: /* of a datagram before this one */
		return s->is_stream ? SENT_LOST : SENT_REFUSED;
	default:
		return SENT_LOST;
	}
}

/* A stream is listened to, to hear of its end. */
static void watch_socket(struct log_sender *s, bool writing)
{
	loop_watch(s->loop, &s->source,
		   (s->is_stream ? EPOLLIN | EPOLLRDHUP : 0u) | (writing ? EPOLLOUT : 0u));
}

static void send_queue(struct log_sender *s)
{
	int refusals = 0;

	while (!is_empty(s)) {
		switch (send_first(s)) {
		case SENT:
			refusals = 0;
			if (s->sent == first_size(s))
				drop_first(s);
			break;
		case SENT_LATER:
			watch_socket(s, true);
			return;
		case SENT_REFUSED:
			s->lost++;
			if (++refusals >= REFUSALS) {
				drop_first(s);
				refusals = 0;
			}
			break;
		case SENT_LOST:
		default:
			lose(s);
			return;
		}
	}
	watch_socket(s, false);
	if (s->ended)
		finish(s);
}

static void connected(struct log_sender *s)
{
	s->state = LOG_SENDER_CONNECTED;
	s->pause = 0;
	s->connected_ns = time_monotonic_ns();
	tell_lost(s);
	send_queue(s);
}

static void take_connection(struct log_sender *s)
{
	int error = 0;
	socklen_t size = sizeof(error);

	if (getsockopt(s->source.fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0 || error)
		fail(s);
	else
		connected(s);
}

/* Servers say nothing; whatever comes is thrown away. */
static bool has_ended(const struct log_sender *s)
{
	char bytes[256];
	ssize_t n;

	do
		n = recv(s->source.fd, bytes, sizeof(bytes), MSG_DONTWAIT);
	while (n > 0);
	return n == 0 || (errno != EAGAIN && errno != EINTR);
}

static void socket_ready(struct source *source, uint32_t events)
{
	struct log_sender *s = container_of(source, struct log_sender, source);

	if (s->state == LOG_SENDER_CONNECTING) {
		take_connection(s);
	} else if (s->is_stream && (events & ~(uint32_t)EPOLLOUT) && has_ended(s)) {
		lose(s);
	} else {
		send_queue(s);
	}
}

/* ---- connecting ---- */

static bool open_socket(struct log_sender *s, const struct sockaddr *address, socklen_t size,
			int type)
{
	int fd = socket(address->sa_family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return false;
	if (connect(fd, address, size) < 0 && errno != EINPROGRESS) {
		close(fd);
		return false;
	}
	s->source = (struct source){.fd = fd, .ready = socket_ready};
	s->is_stream = type == SOCK_STREAM;
	s->state = LOG_SENDER_CONNECTING;
	return true;
}

static bool open_path(struct log_sender *s, const char *path, int type)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	if (strlen(path) >= sizeof(address.sun_path))
		return false;
	memcpy(address.sun_path, path, strlen(path));
	return open_socket(s, (const struct sockaddr *)&address, sizeof(address), type);
}

static bool open_local(struct log_sender *s)
{
	static const char *const paths[] = {"/dev/log", "/var/run/syslog", "/var/run/log"};

	for (size_t i = 0; i < array_length(paths); i++)
		if (open_path(s, paths[i], SOCK_DGRAM) || open_path(s, paths[i], SOCK_STREAM))
			return true;
	return false;
}

static bool open_number(struct log_sender *s, const char *text)
{
	int type = s->remote.transport == SYSLOG_TCP ? SOCK_STREAM : SOCK_DGRAM;
	in_port_t port = htons((uint16_t)s->remote.port);
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = port};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = port};

	if (inet_pton(AF_INET, text, &v4.sin_addr) == 1)
		return open_socket(s, (const struct sockaddr *)&v4, sizeof(v4), type);
	return inet_pton(AF_INET6, text, &v6.sin6_addr) == 1 &&
	       open_socket(s, (const struct sockaddr *)&v6, sizeof(v6), type);
}

static bool is_number(const char *host)
{
	struct in6_addr unused;

	return inet_pton(AF_INET, host, &unused) == 1 || inet_pton(AF_INET6, host, &unused) == 1;
}

/* Datagrams and unix sockets are there at once. */
static void after_open(struct log_sender *s, bool opened)
{
	bool inet = s->remote.kind == SHIM_LOG_SYSLOG && s->remote.transport == SYSLOG_TCP;

	if (!opened)
		fail(s);
	else if (inet)
		loop_watch(s->loop, &s->source, EPOLLOUT);
	else
		connected(s);
}

/* ---- asking for the address of a name ---- */

static void take_answer(struct log_sender *s)
{
	scoped_strings struct strings lines =
		strings_split(s->addresses.data ? s->addresses.data : "", '\n');
	bool opened = false;

	stop_asking(s);
	s->state = LOG_SENDER_APART;
	for (size_t i = 0; !opened && i < lines.count; i++)
		opened = open_number(s, lines.items[i]);
	after_open(s, opened);
}

static void answer_ready(struct source *source, uint32_t events)
{
	struct log_sender *s = container_of(source, struct log_sender, answer);
	char bytes[512];
	ssize_t n = read(source->fd, bytes, sizeof(bytes));

	if (n > 0 && s->addresses.size < sizeof(bytes) * 8)
		buffer_add(&s->addresses, bytes, (size_t)n);
	else if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		take_answer(s);
}

static void run_worker(const struct shim_log_remote *remote)
{
	if (dup2(3, STDOUT_FILENO) >= 0)
		execl(remote->worker, "wherry-worker", "resolve", remote->host, (char *)NULL);
	_exit(1);
}

static void ask(struct log_sender *s)
{
	struct error err;
	int ends[2], pid;

	if (!s->remote.worker || pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0) {
		fail(s);
		return;
	}
	pid = children_fork(s->children, &ends[1], 1, &err);
	if (pid == 0)
		run_worker(&s->remote);
	close(ends[1]);
	s->answer = (struct source){.fd = ends[0], .ready = answer_ready};
	s->state = LOG_SENDER_ASKING;
	loop_watch(s->loop, &s->answer, EPOLLIN);
}

static void connect_now(struct log_sender *s)
{
	const struct shim_log_remote *remote = &s->remote;

	loop_set_deadline(s->loop, &s->retry, 0);
	if (remote->kind == SHIM_LOG_JOURNAL)
		after_open(s, open_path(s, remote->host, SOCK_DGRAM));
	else if (remote->transport == SYSLOG_LOCAL)
		after_open(s, open_local(s));
	else if (remote->transport == SYSLOG_UNIX)
		after_open(s, open_path(s, remote->host, SOCK_STREAM));
	else if (remote->transport == SYSLOG_UNIXGRAM)
		after_open(s, open_path(s, remote->host, SOCK_DGRAM));
	else if (is_number(remote->host))
		after_open(s, open_number(s, remote->host));
	else
		ask(s);
}

static void retry_passed(struct deadline *deadline)
{
	connect_now(container_of(deadline, struct log_sender, retry));
}

static void last_passed(struct deadline *deadline)
{
	finish(container_of(deadline, struct log_sender, last));
}

/* ---- from output to lines ---- */

static void deliver(struct log_sender *s)
{
	if (is_empty(s))
		return;
	if (s->state == LOG_SENDER_CONNECTED)
		send_queue(s);
	else if (s->state == LOG_SENDER_APART && !s->retry.at)
		connect_now(s);
}

/* A line, or a piece of one that is too long; how much of the data that took. */
static size_t take_line(struct log_sender *s, enum stream_kind stream, const char *data,
			size_t size)
{
	struct buffer *partial = &s->partial[stream == STREAM_STDERR];
	size_t room = JSONLOG_PIECE - partial->size, most = size < room ? size : room;
	const char *newline = memchr(data, '\n', most);
	size_t length = newline ? (size_t)(newline - data) : most;

	if (!newline && most < room) {
		buffer_add(partial, data, most);
	} else if (partial->size == 0) {
		add_line(s, stream, data, length);
	} else {
		buffer_add(partial, data, length);
		add_line(s, stream, partial->data, partial->size);
		buffer_clear(partial);
	}
	return length + (newline != NULL);
}

void log_sender_write(struct log_sender *s, enum stream_kind stream, const char *data, size_t size)
{
	if (s->state == LOG_SENDER_NONE)
		return;
	for (size_t taken; size > 0; data += taken, size -= taken)
		taken = take_line(s, stream, data, size);
	deliver(s);
}

/* ---- life ---- */

void log_sender_none(struct log_sender *s)
{
	*s = (struct log_sender){.source = {.fd = -1}, .answer = {.fd = -1}};
}

void log_sender_open(struct log_sender *s, const struct shim_log_remote *remote)
{
	record_copy(&shim_log_remote_type, remote, &s->remote);
	s->retry.passed = retry_passed;
	s->last.passed = last_passed;
	s->state = LOG_SENDER_APART;
}

void log_sender_end(struct log_sender *s)
{
	if (s->state == LOG_SENDER_NONE)
		return;
	for (enum stream_kind stream = STREAM_STDOUT; stream <= STREAM_STDERR; stream++) {
		struct buffer *partial = &s->partial[stream == STREAM_STDERR];

		if (partial->size)
			add_line(s, stream, partial->data, partial->size);
		buffer_fini(partial);
	}
	s->ended = true;
	if (is_empty(s)) {
		finish(s);
		return;
	}
	loop_set_deadline(s->loop, &s->last, time_monotonic_ns() + LAST_WORDS);
	loop_set_deadline(s->loop, &s->retry, 0);
	deliver(s);
}

bool log_sender_is_busy(const struct log_sender *s)
{
	return s->ended && s->state != LOG_SENDER_NONE;
}

void log_sender_shrink(struct log_sender *s)
{
	if (is_empty(s)) {
		buffer_fini(&s->queue);
		s->head = 0;
	}
	for (size_t i = 0; i < array_length(s->partial); i++)
		if (s->partial[i].size == 0)
			buffer_fini(&s->partial[i]);
}
