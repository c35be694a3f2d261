/* Probing containers that have a health check: an exec at each interval, whose output comes back
 * through a socket pair.  A timer runs only while such a container does.
 *
 * What a probe has found is recorded, so that the next daemon goes on from there: the state, the
 * failures in a row, the log.  A probe that was under way when the daemon died is ended and counts
 * for nothing. */
#include "base/log.h"
#include "base/memory.h"
#include "base/time.h"
#include "engine/deadline.h"
#include "engine/engine_private.h"
#include "engine/group.h"
#include "engine/health_rule.h"
#include "engine/unhealthy.h"
#include "format/units.h"
#include "os/fd.h"
#include "os/socket.h"

#include <errno.h>
#include <unistd.h>

#define RESULTS_KEPT 5
#define OUTPUT_KEPT  4096

struct health_check {
	struct container *container; /* borrowed: it owns us */
	struct health_times times;
	struct deadline *next, *timeout;
	char *exec_id; /* of the present probe; NULL: none */
	int64_t probe_started_ns;
	struct buffer output;
	bool acting; /* what is to be done about its being unhealthy is under way */
	uv_poll_t poll;
	int socket;	     /* our end of the probe's output; -1: closed */
	unsigned references; /* the container's and the open poll's */
};

static void unref_check(struct health_check *check)
{
	if (--check->references > 0)
		return;
	buffer_fini(&check->output);
	close_fd(&check->socket);
	free(check->exec_id);
	free(check);
}

static void on_poll_closed(uv_handle_t *handle)
{
	struct health_check *check = handle->data;

	close_fd(&check->socket);
	unref_check(check);
}

static int64_t since_start(const struct container *c, int64_t now)
{
	return now - c->started_ns;
}

static void plan_probe(struct health_check *check);

/* ---- results ---- */

static void keep_result(struct container *c, const struct health_result *result)
{
	struct health_result *kept;

	if (c->health_log.count == RESULTS_KEPT)
		record_list_remove(&health_result_type, &c->health_log, 0);
	kept = record_list_add(&health_result_type, &c->health_log);
	*kept = *result;
}

static const char *const state_names[] = {
	[HEALTH_NONE] = "none",
	[HEALTH_STARTING] = "starting",
	[HEALTH_HEALTHY] = "healthy",
	[HEALTH_UNHEALTHY] = "unhealthy",
};

const char *health_state_name(enum health_state state)
{
	return state_names[state];
}

static void act(struct health_check *check, int64_t exit_code)
{
	struct container *c = check->container;
	enum unhealthy_action action = unhealthy_decide(c->host_config.on_unhealthy,
							(enum health_state)c->health, exit_code);

	if (c->health == HEALTH_HEALTHY)
		check->acting = false;
	if (action == UNHEALTHY_NONE || check->acting)
		return;
	check->acting = true;
	log_info("container is unhealthy", "id=%s name=%s action=%s", c->id, c->name,
		 unhealthy_action_name(action));
	if (action == UNHEALTHY_RESTART)
		container_renew(c);
	else if (action == UNHEALTHY_STOP)
		engine_stop(c->engine, c, &(struct stop_options){0}, NULL, NULL);
	else if (container_is_live(c))
		container_kill(c);
}

static void apply_result(struct health_check *check, int64_t exit_code, char *output)
{
	struct container *c = check->container;
	struct health_status before = {(enum health_state)c->health, c->failing_streak};
	struct health_status after = health_after(&check->times, before, exit_code,
						  since_start(c, check->probe_started_ns));
	struct health_result result = {check->probe_started_ns, time_now_ns(), exit_code, output};

	keep_result(c, &result);
	c->health = after.state;
	c->failing_streak = after.failing_streak;
	container_save(c, STORE_SURVIVES_KILL, NULL, NULL);
	if (after.state != before.state) {
		scoped_free char *action =
			str_format("health_status: %s", state_names[after.state]);

		engine_publish_container(c->engine, c, action, NULL);
		container_serving_changed(c);
	}
	str_replace(&check->exec_id, NULL);
	deadline_cancel(&check->timeout);
	plan_probe(check);
	act(check, exit_code);
}

/* ---- one probe ---- */

static void close_poll(struct health_check *check)
{
	if (check->references > 1 && !uv_is_closing((uv_handle_t *)&check->poll))
		uv_close((uv_handle_t *)&check->poll, on_poll_closed);
}

/* Reads on after what is kept is full: a probe must not hang because nobody listens. */
static void on_output(uv_poll_t *poll, int status, int events)
{
	struct health_check *check = poll->data;
	char bytes[1024];
	ssize_t got = read(check->socket, bytes, sizeof(bytes));

	(void)status;
	(void)events;
	if (got > 0) {
		size_t room = OUTPUT_KEPT - check->output.size;

		buffer_add(&check->output, bytes, (size_t)got < room ? (size_t)got : room);
	} else if (got == 0 || errno != EAGAIN) {
		close_poll(check);
	}
}

static void on_timeout(void *data)
{
	struct health_check *check = data;
	struct exec *exec = map_get(&check->container->engine->exec_by_id, check->exec_id);
	scoped_free char *limit = duration_to_text(check->times.timeout);

	check->timeout = NULL;
	close_poll(check); /* who has its other end may keep that as long as he likes */
	if (exec)
		exec_kill(exec);
	apply_result(check, -1, str_format("Health check exceeded timeout (%s)", limit));
}

/* Everything that it wrote before it ended lies in the socket. */
static void read_rest(struct health_check *check)
{
	while (check->references > 1 && !uv_is_closing((uv_handle_t *)&check->poll) &&
	       check->socket >= 0) {
		size_t before = check->output.size;

		on_output(&check->poll, 0, UV_READABLE);
		if (check->output.size == before)
			break;
	}
}

void health_probe_ended(const struct exec *exec)
{
	struct health_check *check = exec->container->health_check;

	if (!check || !str_equal(check->exec_id, exec->id))
		return;
	read_rest(check);
	close_poll(check);
	apply_result(check, exec->exit_code.value, buffer_take(&check->output));
}

static void on_probe_started(void *data, const struct engine_result *result)
{
	(void)data;
	(void)result; /* a failure ends the exec, which is heard as such */
}

static bool open_output(struct health_check *check, struct engine_connection *theirs,
			struct error *err)
{
	int pair[2];

	if (!socket_pair(pair, err) || !fd_set_nonblocking(pair[0], true, err))
		return false;
	buffer_clear(&check->output);
	check->socket = pair[0];
	theirs->fd = pair[1];
	uv_poll_init(check->container->engine->parts.loop, &check->poll, check->socket);
	check->poll.data = check;
	check->references++;
	uv_poll_start(&check->poll, UV_READABLE, on_output);
	return true;
}

/* `data` is an id: the container may have ended before its exec was made. */
static void on_probe_made(void *data, const struct engine_result *result)
{
	scoped_free char *id = data;
	struct container *c = result->container;
	struct health_check *check = c ? c->health_check : NULL;
	struct engine_connection theirs = {.fd = -1};
	struct exec_start_options options = {0};
	struct error err;

	if (!check)
		return;
	if (result->err || !open_output(check, &theirs, &err)) {
		plan_probe(check); /* paused, or no room: look again later */
		return;
	}
	check->exec_id = str_dup(result->exec->id);
	check->probe_started_ns = time_now_ns();
	check->timeout =
		deadline_start(c->engine->parts.loop, (uint64_t)(check->times.timeout / NS_PER_MS),
			       on_timeout, check);
	engine_exec_start(c->engine, result->exec, &options, &theirs, on_probe_started, NULL);
}

static const struct strings *shell_of(const struct container *c)
{
	if (c->config.shell.count > 0 || !c->image)
		return &c->config.shell;
	return &c->image->config.defaults.shell;
}

static void probe(void *data)
{
	struct health_check *check = data;
	struct container *c = check->container;
	struct exec_config config = {.attach_stdout = true, .attach_stderr = true};

	check->next = NULL;
	config.cmd = health_command(c->config.healthcheck, shell_of(c));
	exec_create(c, &config, true, on_probe_made, str_dup(c->id));
	strings_fini(&config.cmd);
}

/* `waited`: how much of the pause has passed already. */
static void plan_probe_after(struct health_check *check, int64_t waited)
{
	struct container *c = check->container;
	int64_t pause = health_pause(&check->times, (enum health_state)c->health,
				     since_start(c, time_now_ns()));
	int64_t left = waited < 0 ? pause : waited > pause ? 0 : pause - waited;

	if (!check->next)
		check->next = deadline_start(c->engine->parts.loop, (uint64_t)(left / NS_PER_MS),
					     probe, check);
}

static void plan_probe(struct health_check *check)
{
	plan_probe_after(check, 0);
}

/* ---- with the container's life ---- */

static struct health_check *new_check(struct container *c)
{
	struct health_check *check;

	if (!healthcheck_is_set(c->config.healthcheck) || c->health_check)
		return NULL;
	check = c->health_check = mem_new(struct health_check);
	check->container = c;
	check->references = 1;
	check->socket = -1;
	check->times = health_times_of(c->config.healthcheck);
	return check;
}

void health_begin(struct container *c)
{
	struct health_check *check = new_check(c);
	bool serves = container_can_serve(c);

	if (!check)
		return;

	c->health = HEALTH_STARTING;
	c->failing_streak = 0;
	if (container_can_serve(c) != serves) /* as the end of its last run has left it */
		container_serving_changed(c);
	plan_probe(check);
}

/* The moment that the present pause began. */
static int64_t last_probe(const struct container *c)
{
	const struct health_result *last;

	if (c->health_log.count == 0)
		return c->started_ns;
	last = RECORD_AT(c->health_log, struct health_result, c->health_log.count - 1);
	return last->finished_ns > c->started_ns ? last->finished_ns : c->started_ns;
}

void health_resume(struct container *c)
{
	struct health_check *check;

	if (c->health == HEALTH_NONE) {
		health_begin(c);
		return;
	}
	check = new_check(c);
	if (check)
		plan_probe_after(check, time_now_ns() - last_probe(c));
}

void health_end(struct container *c)
{
	struct health_check *check = c->health_check;

	c->health_check = NULL;
	if (c->health == HEALTH_STARTING || c->health == HEALTH_HEALTHY)
		c->health = HEALTH_UNHEALTHY;
	if (!check)
		return;
	deadline_cancel(&check->next);
	deadline_cancel(&check->timeout);
	close_poll(check);
	unref_check(check);
}
