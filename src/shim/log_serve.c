#include "shim/log_serve.h"

#include "base/log.h"
#include "base/time.h"
#include "os/message.h"
#include "shim/body.h"
#include "shim/log_reader.h"
#include "shim/log_writer.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <unistd.h>

enum { PIECE = 64 << 10 };

/* ---- following ---- */

static int ms_until(int64_t ns)
{
	int64_t left = ns - time_now_ns();

	if (!ns)
		return -1;
	if (left <= 0)
		return 0;
	return left / NS_PER_MS >= INT_MAX ? INT_MAX : (int)(left / NS_PER_MS) + 1;
}

/* Bytes that tell of lines which are about to be read anyway.  false: the container has ended. */
static bool drain_wake(int wake, struct log_reader *reader)
{
	char bytes[512];
	bool again = false;
	ssize_t n;

	do {
		n = read(wake, bytes, sizeof(bytes));
		again = again || (n > 0 && memchr(bytes, LOG_FOLLOW_AGAIN, (size_t)n));
	} while (n == sizeof(bytes) || (n < 0 && errno == EINTR));
	if (again)
		log_reader_begin_again(reader);
	return n != 0;
}

enum follow { FOLLOW_MORE, FOLLOW_LAST, FOLLOW_STOP };

/* Wait until there may be more lines, the container has ended (what it wrote last is still to be
 * read), or nobody is interested any more. */
static enum follow wait_for_lines(struct log_reader *reader, int connection, int wake,
				  int64_t until)
{
	struct pollfd p[] = {{.fd = wake, .events = POLLIN},
			     {.fd = connection, .events = POLLRDHUP}};
	int n = poll(p, 2, ms_until(until));

	if (n == 0 || p[1].revents)
		return FOLLOW_STOP;
	return drain_wake(wake, reader) ? FOLLOW_MORE : FOLLOW_LAST;
}

/* ---- the whole ---- */

static struct log_query query_of(const struct shim_logs *request)
{
	return (struct log_query){.out = request->out,
				  .err = request->err,
				  .timestamps = request->timestamps,
				  .multiplexed = request->multiplexed,
				  .tail = request->tail,
				  .since = request->since,
				  .until = request->until,
				  .worker = request->worker,
				  .details = request->details ? request->details_text : NULL};
}

/* false: the client is gone, or wants nothing that is younger. */
static bool send_present(struct log_reader *reader, int connection, bool chunked)
{
	scoped_buffer struct buffer piece = {0};

	for (;;) {
		enum log_progress progress = log_reader_read(reader, PIECE, &piece);

		if (progress != LOG_MORE)
			return progress == LOG_AT_END;
		if (!body_send(connection, chunked, piece.data, piece.size))
			return false;
		buffer_clear(&piece);
	}
}

void log_serve(const struct shim_logs *request, const struct log_source *source, int connection)
{
	struct log_query query = query_of(request);
	struct log_reader *reader;
	enum follow next = request->follow && source->wake >= 0 ? FOLLOW_MORE : FOLLOW_LAST;

	query.since_place = source->end;
	reader = log_reader_open(source->folder, source->name, &query);
	while (reader && send_present(reader, connection, request->chunked) &&
	       next == FOLLOW_MORE) {
		log_reader_frame_lines(reader);
		next = wait_for_lines(reader, connection, source->wake, request->until);
		if (next == FOLLOW_STOP)
			break;
	}
	log_reader_close(reader);
	body_end(connection, request->chunked);
}

/* ---- wherry-shim logs ---- */

static void serve_path(const struct shim_logs *request, int connection)
{
	const char *base = strrchr(request->log_path, '/');
	scoped_free char *path =
		base ? str_dup_n(request->log_path, (size_t)(base - request->log_path) + 1)
		     : str_dup(".");
	scoped_fd int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	const struct log_source source = {
		.folder = folder, .name = base ? base + 1 : request->log_path, .wake = -1};

	log_serve(request, &source, connection);
}

static bool serve_message(struct message *message, struct error *err)
{
	struct shim_logs request = {0};
	bool ok = record_decode(&shim_logs_type, message->data, message->size, &request, err);

	if (ok && (message->fd_count != 1 || !request.log_path))
		ok = error_set(err, ERROR_INVALID, "the request has no log or no connection");
	if (ok)
		serve_path(&request, message->fds[0]);
	record_fini(&shim_logs_type, &request);
	return ok;
}

int log_serve_main(void)
{
	scoped_with(message_reader_fini) struct message_reader reader = {0};
	struct error err;

	if (message_receive(&reader, SHIM_CONTROL_FD, -1, &err) &&
	    serve_message(&reader.message, &err))
		return 0;
	log_error("cannot serve a log", &err, "%s", "");
	return 1;
}
