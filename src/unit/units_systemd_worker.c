/* The worker `bus`, which speaks with systemd, and what it is asked.  Each question has one answer: where there is no
 * worker, or none any more, it is that systemd cannot be reached.  One that has died is started again, with back-off. */
#include "unit/units_systemd.h"

#include "base/log.h"
#include "os/fd.h"
#include "os/process.h"
#include "os/socket.h"

#define FIRST_DELAY_MS 1000
#define LAST_DELAY_MS  64000

struct asking {
	struct link link; /* in units_systemd->asked */
	int64_t id;
	bus_answered *answered;
	void *data;
	bool owns; /* data is freed with it where nobody answers any more */
};

/* ---- questions ---- */

static void fail_asked(struct units_systemd *s)
{
	struct error err;

	error_set(&err, ERROR_UNAVAILABLE, "systemd cannot be reached");
	while (!list_is_empty(&s->asked)) {
		struct asking *asking = list_first(&s->asked, struct asking, link);

		list_remove(&asking->link);
		asking->answered(asking->data, NULL, &err);
		free(asking);
	}
}

static void take_answer(struct units_systemd *s, const struct message *message)
{
	struct bus_answer answer = {0};
	struct error err = {0};

	if (!record_decode(&bus_answer_type, message->data, message->size, &answer, &err)) {
		log_error("cannot understand the worker 'bus'", &err, "");
		return;
	}
	s->delay_ms = FIRST_DELAY_MS;
	if (answer.kind)
		error_set(&err, (enum error_kind)answer.kind, "%s", answer.text ? answer.text : "");
	list_each(link, &s->asked)
	{
		struct asking *asking = container_of(link, struct asking, link);

		if (asking->id != answer.id)
			continue;
		list_remove(&asking->link);
		asking->answered(asking->data, &answer, answer.kind ? &err : NULL);
		free(asking);
		break;
	}
	record_fini(&bus_answer_type, &answer);
}

/* The answer is given exactly once: at once where there is no worker. */
static struct asking *ask(struct units_systemd *s, enum bus_message type,
			  struct bus_request *request, bus_answered *answered, void *data)
{
	struct asking *asking = mem_new(struct asking);

	request->id = asking->id = ++s->last_id;
	asking->answered = answered;
	asking->data = data;
	list_append(&s->asked, &asking->link);
	if (s->peer) {
		shim_peer_send(s->peer, (enum shim_message)type, &bus_request_type, request, NULL,
			       0);
		return asking;
	}
	fail_asked(s);
	return NULL;
}

void systemd_ask(struct units_systemd *s, enum bus_message type, struct bus_request *request,
		 bus_answered *answered, void *data)
{
	ask(s, type, request, answered, data);
}

void systemd_ask_owning(struct units_systemd *s, enum bus_message type, struct bus_request *request,
			bus_answered *answered, void *data)
{
	struct asking *asking = ask(s, type, request, answered, data);

	if (asking)
		asking->owns = true;
}

/* ---- what is done, or cannot be ---- */

static void on_done(void *data, const struct bus_answer *answer, const struct error *err)
{
	struct systemd_doing *doing = data;
	struct error failed;

	(void)answer;
	if (err && doing->what) {
		failed = *err;
		error_prefix(&failed, "cannot %s", doing->what);
		err = &failed;
	}
	doing->done(doing->data, err);
	free(doing);
}

void systemd_do(struct units_systemd *s, enum bus_message type, struct bus_request *request,
		const struct systemd_doing *doing)
{
	systemd_ask_owning(s, type, request, on_done, mem_copy(doing, sizeof(*doing)));
}

/* ---- the process ---- */

static void start_worker(struct units_systemd *s);

static void on_again(void *data)
{
	struct units_systemd *s = data;

	s->again = NULL;
	start_worker(s);
}

static void start_later(struct units_systemd *s)
{
	s->again = deadline_start(s->units->loop, s->delay_ms, on_again, s);
	if (s->delay_ms < LAST_DELAY_MS)
		s->delay_ms *= 2;
}

static void on_message(void *data, struct message *message)
{
	if (message->type == BUS_STATE)
		systemd_take_state(data, message);
	else if (message->type == BUS_ANSWER)
		take_answer(data, message);
}

static void on_gone(void *data)
{
	struct units_systemd *s = data;

	s->peer = NULL; /* it frees itself */
	log_warning("the worker 'bus' has died", NULL, "again=%dms", (int)s->delay_ms);
	start_later(s);
	fail_asked(s);
}

static const struct shim_peer_handlers handlers = {on_message, on_gone, UINT16_MAX};

static bool spawn_worker(struct units_systemd *s, struct error *err)
{
	char *args[] = {"wherry-worker", "bus", NULL};
	struct shim_process process = {.pidfd = -1, .control = -1};
	int pair[2];

	if (!socket_pair(pair, err))
		return false;
	scoped_fd int own = pair[0];
	scoped_fd int theirs = pair[1];
	struct spawn spawn = {.path = s->units->worker,
			      .args = args,
			      .keep = &theirs,
			      .keep_count = 1,
			      .in = -1,
			      .out = -1,
			      .err = 2,
			      .new_session = true};
	if (!fd_set_nonblocking(own, true, err) ||
	    !process_spawn(&spawn, &process.pid, &process.pidfd, err))
		return false;
	process.control = take_fd(own);
	s->peer = shim_peer_new(s->units->loop, &process, &handlers, s);
	return true;
}

static void on_rewatched(void *data, const struct bus_answer *answer, const struct error *err)
{
	(void)data;
	(void)answer;
	if (err)
		log_error("systemd does not tell of units", err, "");
}

/* A new one knows nothing of what an earlier one was to watch. */
static void start_worker(struct units_systemd *s)
{
	struct error err;

	if (spawn_worker(s, &err)) {
		systemd_watch(s, true, on_rewatched);
		return;
	}
	log_error("the worker 'bus' is not started", &err, "again=%dms", (int)s->delay_ms);
	start_later(s);
}

/* ---- life ---- */

bool systemd_worker_begin(struct units_systemd *s, struct error *err)
{
	s->delay_ms = FIRST_DELAY_MS;
	list_init(&s->asked);
	return spawn_worker(s, err);
}

/* It sees its socket close, and ends. */
void systemd_worker_end(struct units_systemd *s)
{
	deadline_cancel(&s->again);
	shim_peer_free(s->peer);
	while (!list_is_empty(&s->asked)) {
		struct asking *asking = list_first(&s->asked, struct asking, link);

		list_remove(&asking->link);
		if (asking->owns)
			free(asking->data);
		free(asking);
	}
}
