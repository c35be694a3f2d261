#include "image/worker_process.h"

#include "base/log.h"
#include "os/fd.h"
#include "os/process.h"
#include "os/socket.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

struct worker_process {
	const char *command; /* borrowed */
	struct worker_handlers handlers;
	void *data;
	int control, pidfd;
	uv_poll_t readable, exited;
	int open_polls; /* that libuv still holds */
	struct message_reader reader;
	struct message_queue queue;
	struct error failure; /* of WORKER_FAILED, or of the socket */
	bool reported;	      /* WORKER_FAILED has come */
	bool killed;
};

/* ---- going ---- */

static void on_poll_closed(uv_handle_t *handle)
{
	struct worker_process *p = handle->data;

	if (--p->open_polls > 0)
		return;
	close_fd(&p->control);
	close_fd(&p->pidfd);
	message_reader_fini(&p->reader);
	message_queue_fini(&p->queue);
	free(p);
}

static void close_poll(uv_poll_t *poll)
{
	if (!uv_is_closing((uv_handle_t *)poll))
		uv_close((uv_handle_t *)poll, on_poll_closed);
}

static bool describe_exit(const struct worker_process *p, const siginfo_t *info, struct error *err)
{
	if (!p->reported && info->si_code == CLD_EXITED && info->si_status == 0)
		return true;
	if (p->failure.kind != ERROR_NONE) {
		*err = p->failure;
		return false;
	}
	if (info->si_code == CLD_EXITED)
		return error_set(err, ERROR_SYSTEM, "the %s worker ended with status %d",
				 p->command, info->si_status);
	return error_set(err, ERROR_SYSTEM, "the %s worker was ended by signal %d (%s)", p->command,
			 info->si_status, strsignal(info->si_status));
}

static void end(struct worker_process *p, const siginfo_t *info)
{
	struct error err;
	bool well = describe_exit(p, info, &err);

	close_poll(&p->readable);
	close_poll(&p->exited);
	if (!p->killed)
		p->handlers.on_end(p->data, well ? NULL : &err);
}

/* ---- listening ---- */

static void take_failure(struct worker_process *p, const struct message *message)
{
	struct worker_failure failure = {0};
	struct error bad;

	if (record_decode(&worker_failure_type, message->data, message->size, &failure, &bad))
		error_set(&p->failure, (enum error_kind)failure.kind, "%s",
			  failure.text ? failure.text : "");
	else
		p->failure = bad;
	p->failure.os = failure.os;
	p->reported = true;
	record_fini(&worker_failure_type, &failure);
	if (p->handlers.on_failed)
		p->handlers.on_failed(p->data, &p->failure);
}

static void dispatch(struct worker_process *p, struct message *message)
{
	if (message->version != WORKER_PROTOCOL_VERSION)
		return;
	if (message->type == WORKER_FAILED)
		take_failure(p, message);
	else
		p->handlers.on_message(p->data, message);
}

/* Take what has come.  False when no more will. */
static bool listen_to(struct worker_process *p)
{
	struct error err;

	while (!p->killed) {
		switch (message_read(&p->reader, p->control, &err)) {
		case MESSAGE_READY:
			dispatch(p, &p->reader.message);
			break;
		case MESSAGE_PARTIAL:
			return true;
		case MESSAGE_END:
			return false;
		case MESSAGE_FAILED:
			if (!p->reported) /* its own word says more */
				p->failure = err;
			pidfd_signal(p->pidfd, SIGKILL);
			return false;
		}
	}
	return false;
}

static void watch(struct worker_process *p);

static void flush(struct worker_process *p)
{
	struct error err;

	if (!message_queue_flush(&p->queue, p->control, &err))
		message_queue_fini(&p->queue); /* it is gone, as its exit will say */
	watch(p);
}

static void on_control(uv_poll_t *poll, int status, int events)
{
	struct worker_process *p = poll->data;

	if ((events & UV_READABLE || status < 0) && !listen_to(p)) {
		uv_poll_stop(&p->readable);
		return;
	}
	if (events & UV_WRITABLE)
		flush(p);
}

static void watch(struct worker_process *p)
{
	int events = UV_READABLE | (p->queue.count > 0 ? UV_WRITABLE : 0);

	if (!uv_is_closing((uv_handle_t *)&p->readable))
		uv_poll_start(&p->readable, events, on_control);
}

/* Its last words may still be in the socket. */
static void on_exit_seen(uv_poll_t *poll, int status, int events)
{
	struct worker_process *p = poll->data;
	siginfo_t info = {0};

	/* Who traces it is told first, and we in a moment. */
	if (waitid(P_PIDFD, (id_t)p->pidfd, &info, WEXITED) < 0 && errno == EAGAIN)
		return;
	uv_poll_stop(&p->exited);
	listen_to(p);
	end(p, &info);
}

/* ---- starting ---- */

static bool spawn_worker(struct worker_process *p, const char *program, struct error *err)
{
	char *args[] = {(char *)(uintptr_t) "wherry-worker", (char *)(uintptr_t)p->command, NULL};
	int ends[2];
	struct spawn spawn = {
		.path = program,
		.args = args,
		.keep = &ends[1],
		.keep_count = 1,
		.in = -1,
		.out = -1,
		.err = STDERR_FILENO,
	};
	pid_t pid;

	if (!socket_pair(ends, err))
		return false;
	p->control = ends[0];
	bool ok = process_spawn(&spawn, &pid, &p->pidfd, err) &&
		  fd_set_nonblocking(p->control, true, err);
	close_fd(&ends[1]);
	return ok || error_prefix(err, "cannot start the %s worker", p->command);
}

static void start_polls(struct worker_process *p, uv_loop_t *loop)
{
	uv_poll_init(loop, &p->readable, p->control);
	uv_poll_init(loop, &p->exited, p->pidfd);
	p->open_polls = 2;
	p->readable.data = p->exited.data = p;
	watch(p);
	uv_poll_start(&p->exited, UV_READABLE, on_exit_seen);
}

struct worker_process *worker_process_start(uv_loop_t *loop, const char *program,
					    const char *command,
					    const struct worker_handlers *handlers, void *data,
					    struct error *err)
{
	struct worker_process *p = mem_new(struct worker_process);

	p->command = command;
	p->handlers = *handlers;
	p->data = data;
	p->control = p->pidfd = -1;
	if (!spawn_worker(p, program, err)) {
		close_fd(&p->control);
		close_fd(&p->pidfd);
		free(p);
		return NULL;
	}
	start_polls(p, loop);
	return p;
}

void worker_process_send(struct worker_process *p, enum worker_message type,
			 const struct record_type *record_type, const void *record, const int *fds,
			 size_t fd_count)
{
	scoped_buffer struct buffer body = {0};
	struct message message = {.type = (uint16_t)type, .version = WORKER_PROTOCOL_VERSION};
	struct error err;

	if (record_type)
		record_encode(record_type, record, &body);
	message.data = body.data ? body.data : "";
	message.size = body.size;
	for (; message.fd_count < fd_count; message.fd_count++)
		message.fds[message.fd_count] = fds[message.fd_count];
	if (!message_queue_add(&p->queue, &message, &err)) {
		log_error("cannot talk to a worker", &err, "command=%s", p->command);
		pidfd_signal(p->pidfd, SIGKILL);
		return;
	}
	flush(p);
}

void worker_process_kill(struct worker_process *p)
{
	if (!p || p->killed)
		return;
	p->killed = true;
	pidfd_signal(p->pidfd, SIGKILL);
	uv_poll_stop(&p->readable);
}
