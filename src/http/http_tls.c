/* The daemon's side of the TLS worker: start it, take connections from its socket, start it again when
 * it dies.  Only the first start is waited for, so that files that cannot be used end the daemon with a
 * word; later ones happen beside everything else, after 1, 2, 4 ... 64 seconds. */
#include "http/http_tls.h"

#include "base/log.h"
#include "http/http_connection.h"
#include "os/message.h"
#include "os/process.h"
#include "os/socket.h"

#include <sys/wait.h>

#define START_TIMEOUT_MS 10000
#define FIRST_DELAY_MS	 1000
#define LAST_DELAY_MS	 64000
#define LISTENER_LIMIT	 31 /* a spawned process is given at most 32 descriptors */

struct http_tls {
	struct http_server *server;
	uv_loop_t *loop;
	char *worker, *certificate, *key, *ca; /* owned */
	int listeners[LISTENER_LIMIT];
	size_t listener_count;
	struct http_listener *control; /* NULL: no worker */
	struct message_reader reader;
	uv_timer_t timer; /* to start it again */
	uv_poll_t death;
	pid_t pid;
	int pidfd;
	uint64_t delay_ms;
	size_t handles;
	bool closing;
};

static void on_death(uv_poll_t *poll, int status, int events);

/* ---- messages ---- */

static void take_connection(struct http_tls *tls, struct message *message)
{
	scoped_free char *name = str_dup_n(message->data, message->size);

	if (message->fd_count != 1)
		return;
	tls->delay_ms = FIRST_DELAY_MS;
	connection_new(tls->server, take_fd(message->fds[0]), *name ? name : NULL);
}

static bool worker_failed(const struct message *message, struct error *err)
{
	return error_set(err, ERROR_INVALID, "TLS: %.*s", (int)message->size,
			 (const char *)message->data);
}

static void take_message(struct http_tls *tls, struct message *message)
{
	struct error err;

	if (message->type == HTTP_TLS_CONNECTION) {
		take_connection(tls, message);
	} else if (message->type == HTTP_TLS_FAILED) {
		worker_failed(message, &err);
		log_error("TLS worker failed", &err, "pid=%d", tls->pid);
	}
}

/* What happened to the worker is told by its pidfd. */
static void let_go(struct http_tls *tls)
{
	if (tls->control)
		server_listener_close(take(tls->control));
	message_reader_fini(&tls->reader);
	tls->reader = (struct message_reader){0};
}

static bool take_from_worker(struct http_listener *control)
{
	struct http_tls *tls = control->data;
	struct error err;

	switch (message_read(&tls->reader, control->fd, &err)) {
	case MESSAGE_READY:
		take_message(tls, &tls->reader.message);
		return true;
	case MESSAGE_PARTIAL:
		return false;
	case MESSAGE_END:
	case MESSAGE_FAILED:
		let_go(tls);
		return false;
	}
	return false;
}

/* ---- the process ---- */

static bool spawn_worker(struct http_tls *tls, int control, struct error *err)
{
	char count[12];
	int keep[1 + LISTENER_LIMIT] = {control};
	char *args[] = {"wherry-worker", "tls", tls->certificate, tls->key, tls->ca, count, NULL};
	struct spawn spawn = {.path = tls->worker,
			      .args = args,
			      .keep = keep,
			      .keep_count = 1 + tls->listener_count,
			      .in = -1,
			      .out = -1,
			      .err = 2,
			      .new_session = true};

	snprintf(count, sizeof(count), "%zu", tls->listener_count);
	memcpy(keep + 1, tls->listeners, tls->listener_count * sizeof(int));
	return process_spawn(&spawn, &tls->pid, &tls->pidfd, err);
}

static bool wait_until_ready(struct http_tls *tls, int control, struct error *err)
{
	if (!message_receive(&tls->reader, control, START_TIMEOUT_MS, err))
		return error_prefix(err, "the TLS worker does not answer");
	if (tls->reader.message.type == HTTP_TLS_READY)
		return true;
	return worker_failed(&tls->reader.message, err);
}

static void watch_death(struct http_tls *tls)
{
	uv_poll_init(tls->loop, &tls->death, tls->pidfd);
	tls->death.data = tls;
	tls->handles++;
	uv_poll_start(&tls->death, UV_READABLE, on_death);
}

static bool start_worker(struct http_tls *tls, bool wait, struct error *err)
{
	int pair[2];

	if (!socket_pair(pair, err))
		return false;
	scoped_fd int own = pair[0];
	scoped_fd int theirs = pair[1];
	if (!spawn_worker(tls, theirs, err))
		return false;
	watch_death(tls);
	close_fd(&theirs); /* else we would never read its end */
	if (wait && !wait_until_ready(tls, own, err))
		return false;
	tls->control = server_listener_add(tls->server, take_fd(own), take_from_worker, tls, err);
	return tls->control;
}

/* ---- starting again ---- */

static void tls_free(struct http_tls *tls)
{
	if (!tls->closing || tls->handles)
		return;
	message_reader_fini(&tls->reader);
	free(tls->worker);
	free(tls->certificate);
	free(tls->key);
	free(tls->ca);
	free(tls);
}

static void on_closed(uv_handle_t *handle)
{
	struct http_tls *tls = handle->data;

	tls->handles--;
	tls_free(tls);
}

static void on_timer(uv_timer_t *timer);

static void start_later(struct http_tls *tls)
{
	uv_timer_start(&tls->timer, on_timer, tls->delay_ms, 0);
	if (tls->delay_ms < LAST_DELAY_MS)
		tls->delay_ms *= 2;
}

static void on_timer(uv_timer_t *timer)
{
	struct http_tls *tls = timer->data;
	struct error err;

	if (start_worker(tls, false, &err))
		return;
	log_error("TLS worker not started", &err, "next=%ds", (int)(tls->delay_ms / 1000));
	start_later(tls);
}

static void on_death_closed(uv_handle_t *handle)
{
	struct http_tls *tls = handle->data;

	close_fd(&tls->pidfd);
	if (!tls->closing)
		start_later(tls);
	on_closed(handle);
}

static void on_death(uv_poll_t *poll, int status, int events)
{
	struct http_tls *tls = poll->data;
	int code = 0;

	if (waitpid(tls->pid, &code, WNOHANG) == 0)
		return;
	log_warning("TLS worker died; connections over TLS are lost", NULL, "status=%d", code);
	let_go(tls);
	uv_close((uv_handle_t *)poll, on_death_closed);
}

/* ---- life ---- */

struct http_tls *http_tls_new(struct http_server *server, uv_loop_t *loop,
			      const struct http_tls_settings *settings, const int *listeners,
			      size_t count, struct error *err)
{
	if (count > LISTENER_LIMIT) {
		error_set(err, ERROR_INVALID, "TLS on more than %d addresses", LISTENER_LIMIT);
		return NULL;
	}
	struct http_tls *tls = mem_new(struct http_tls);
	tls->server = server;
	tls->loop = loop;
	tls->worker = str_dup(settings->worker);
	tls->certificate = str_dup(settings->certificate);
	tls->key = str_dup(settings->key);
	tls->ca = str_dup(settings->ca ? settings->ca : "");
	tls->listener_count = count;
	memcpy(tls->listeners, listeners, tls->listener_count * sizeof(int));
	tls->pidfd = -1;
	tls->delay_ms = FIRST_DELAY_MS;
	uv_timer_init(loop, &tls->timer);
	tls->timer.data = tls;
	tls->handles++;
	if (start_worker(tls, true, err))
		return tls;
	http_tls_free(tls);
	return NULL;
}

void http_tls_free(struct http_tls *tls)
{
	if (!tls)
		return;
	tls->closing = true;
	let_go(tls);
	uv_close((uv_handle_t *)&tls->timer, on_closed);
	if (tls->pidfd >= 0 && !uv_is_closing((uv_handle_t *)&tls->death))
		uv_close((uv_handle_t *)&tls->death, on_death_closed);
}
