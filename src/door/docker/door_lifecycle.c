/* What changes a container's state: one call of the engine each, answered when it is recorded. */
#include "door/docker/handlers.h"

static void answer_with(void *data, const struct engine_result *result, int status)
{
	struct call *call = data;

	if (call_is_open(call))
		call_answer(call, status, result->err);
	call_drop(call);
}

static void answer_204(void *data, const struct engine_result *result)
{
	answer_with(data, result, 204);
}

static void answer_200(void *data, const struct engine_result *result)
{
	answer_with(data, result, 200);
}

/* ---- start, stop, restart ---- */

static void start(struct call *call, struct container *c)
{
	const struct http_client_process *client = http_client_process(call->request);
	struct start_options options = {.client = client->pid, .client_cgroup = client->cgroup};

	engine_start(call_engine(call), c, &options, answer_204, call_hold(call));
}

void serve_container_start(struct call *call)
{
	struct container *c = call_container(call);

	if (c)
		start(call, c);
}

static bool read_signal(const struct call *call, int *signal, struct error *err)
{
	const char *name = call_query(call, "signal");

	if (str_is_empty(name))
		return true;
	*signal = signal_from_name(name);
	return *signal || error_set(err, ERROR_INVALID, "invalid signal: %s", name);
}

/* `signal` counts from 1.42 on; before it was not there and is ignored. */
static bool read_stop_options(const struct call *call, struct stop_options *out, struct error *err)
{
	*out = (struct stop_options){.timeout.given = !str_is_empty(call_query(call, "t"))};
	return call_query_i64(call, "t", &out->timeout.value, err) &&
	       (call->minor < 42 || read_signal(call, &out->signal, err));
}

static void end_by(struct call *call, void (*operation)(struct engine *engine, struct container *c,
							const struct stop_options *options,
							engine_done *done, void *data))
{
	struct stop_options options;
	struct error err;

	if (!read_stop_options(call, &options, &err)) {
		call_fail(call, &err);
		return;
	}
	struct container *c = call_container(call);
	if (c)
		operation(call_engine(call), c, &options, answer_204, call_hold(call));
}

void serve_container_stop(struct call *call)
{
	end_by(call, engine_stop);
}

void serve_container_restart(struct call *call)
{
	end_by(call, engine_restart);
}

/* ---- kill, pause, unpause ---- */

void serve_container_kill(struct call *call)
{
	const char *typed = call->arguments[0];
	int signal = signal_from_name("KILL");
	struct error err;

	if (!read_signal(call, &signal, &err)) {
		call_fail(call, &err);
		return;
	}
	struct container *c = engine_find(call_engine(call), typed, &err);
	if (c) {
		engine_kill(call_engine(call), c, typed, signal, answer_204, call_hold(call));
	} else {
		error_prefix(&err, "cannot kill container: %s", typed);
		call_fail(call, &err);
	}
}

void serve_container_pause(struct call *call)
{
	struct container *c = call_container(call);

	if (c)
		engine_pause(call_engine(call), c, answer_204, call_hold(call));
}

void serve_container_unpause(struct call *call)
{
	struct container *c = call_container(call);

	if (c)
		engine_unpause(call_engine(call), c, answer_204, call_hold(call));
}

/* ---- rename, remove, resize ---- */

void serve_container_rename(struct call *call)
{
	const char *name = call_query(call, "name");
	struct container *c = call_container(call);

	if (c)
		engine_rename(call_engine(call), c, name ? name : "", answer_204, call_hold(call));
}

/* "linking/alias" */
static void remove_link(struct call *call)
{
	const char *typed = call->arguments[0], *slash;
	scoped_free char *parent = NULL;
	struct container *c;
	struct error err;

	typed += *typed == '/';
	slash = strrchr(typed, '/');
	if (!slash) {
		error_set(&err, ERROR_SYSTEM,
			  "Conflict, cannot remove the default link name of the container");
		call_fail(call, &err);
		return;
	}
	parent = str_dup_n(typed, (size_t)(slash - typed));
	c = engine_find(call_engine(call), parent, &err);
	if (c) {
		engine_unlink(call_engine(call), c, slash + 1, answer_204, call_hold(call));
		return;
	}
	error_set(&err, ERROR_SYSTEM, "Cannot get parent /%s for link name /%s", parent, typed);
	call_fail(call, &err);
}

void serve_container_remove(struct call *call)
{
	struct remove_options options = {
		.force = call_query_bool(call, "force"),
		.volumes = call_query_bool(call, "v"),
		.typed = call->arguments[0],
	};
	struct container *c;

	if (call_query_bool(call, "link")) {
		remove_link(call);
		return;
	}
	c = call_container(call);
	if (c)
		engine_remove(call_engine(call), c, &options, answer_204, call_hold(call));
}

void serve_container_resize(struct call *call)
{
	int64_t rows = 0, columns = 0;
	struct error err;

	if (!call_query_size(call, &rows, &columns, &err)) {
		call_fail(call, &err);
		return;
	}
	struct container *c = call_container(call);
	if (c)
		engine_resize(call_engine(call), c, (int)rows, (int)columns, answer_200,
			      call_hold(call));
}
