/* Connections that are given to a shim: attach, logs, stats, wait.  Whatever can be refused is refused
 * before the head of the answer is written; from then on the daemon is out of it. */
#include "base/time.h"
#include "door/docker/filters.h"
#include "door/docker/handlers.h"

/* ---- attach ---- */

/* Hex of the keys, of a terminal only; NULL without error: none. */
static bool read_detach_keys(const struct call *call, const struct container *c, char **keys,
			     struct error *err)
{
	const char *typed = call_query(call, "detachKeys");

	*keys = NULL;
	if (!c->config.tty && str_is_empty(typed))
		return true;
	*keys = detach_keys_parse(typed, err);
	if (*keys && !c->config.tty) {
		free(*keys);
		*keys = NULL;
		return true;
	}
	return *keys;
}

static void attach(struct call *call, struct container *c, struct shim_attach *options)
{
	struct engine *engine = call_engine(call);
	struct engine_connection connection;

	if (call_give_stream(call, call_stream_type(call, c->config.tty), &connection))
		engine_attach(engine, c, options, &connection);
}

void serve_container_attach(struct call *call)
{
	const char *typed = call->arguments[0];
	struct error err;
	struct container *c = engine_find(call_engine(call), typed, &err);
	scoped_free char *keys = NULL;

	if (!c || !read_detach_keys(call, c, &keys, &err) ||
	    !engine_may_attach(call_engine(call), c, typed, &err)) {
		call_fail_plain(call, &err);
		return;
	}
	struct shim_attach options = {
		.in = call_query_bool(call, "stdin"),
		.out = call_query_bool(call, "stdout"),
		.err = call_query_bool(call, "stderr"),
		.replay = call_query_bool(call, "logs"),
		.stream = call_query_bool(call, "stream"),
		.multiplexed = !c->config.tty,
		.detach_keys = keys,
	};
	attach(call, c, &options);
}

/* ---- logs ---- */

/* A number counts from the end; all, anything else and a negative number are everything. */
static int64_t read_tail(const struct call *call)
{
	const char *text = call_query(call, "tail");
	int64_t lines;

	return text && parse_i64(text, &lines) && lines >= 0 ? lines : -1;
}

static bool read_moment(const struct call *call, const char *name, int64_t *ns, struct error *err)
{
	const char *text = call_query(call, name);

	return str_is_empty(text) || moment_parse(text, time_now_ns(), ns, err);
}

static bool read_log_options(const struct call *call, struct shim_logs *out, struct error *err)
{
	*out = (struct shim_logs){
		.out = call_query_bool(call, "stdout"),
		.err = call_query_bool(call, "stderr"),
		.follow = call_query_bool(call, "follow"),
		.timestamps = call_query_bool(call, "timestamps"),
		.details = call_query_bool(call, "details"),
		.tail = read_tail(call),
	};
	if (!out->out && !out->err)
		return error_set(err, ERROR_INVALID,
				 "Bad parameters: you must choose at least one stream");
	return read_moment(call, "since", &out->since, err) &&
	       (call->minor < 35 || read_moment(call, "until", &out->until, err));
}

void serve_container_logs(struct call *call)
{
	struct engine *engine = call_engine(call);
	struct engine_connection connection;
	struct shim_logs options;
	struct error err;

	if (!read_log_options(call, &options, &err)) {
		call_fail(call, &err);
		return;
	}
	struct container *c = call_container(call);
	if (!c)
		return;
	if (!engine_may_read_logs(engine, c, &err)) {
		call_fail(call, &err);
		return;
	}
	options.multiplexed = !c->config.tty;
	const char *type = call->minor >= 42 ? call_stream_type(call, c->config.tty) : NULL;
	if (call_give_body(call, type, &connection, &options.chunked))
		engine_logs(engine, c, &options, &connection);
}

/* ---- stats ---- */

void serve_container_stats(struct call *call)
{
	const char *stream = call_query(call, "stream");
	struct engine *engine = call_engine(call);
	struct engine_connection connection;
	struct container *c = call_container(call);

	if (!c)
		return;
	scoped_free char *name = str_format("/%s", c->name);
	struct shim_stats options = {
		.stream = !stream || call_query_bool(call, "stream"),
		.one_shot = call_query_bool(call, "one-shot"),
		.name = name,
		.id = c->id,
	};
	struct error err;
	if (options.stream && options.one_shot) {
		error_set(&err, ERROR_INVALID, "cannot have stream=true and one-shot=true");
		call_fail(call, &err);
	} else if (call_give_body(call, "application/json", &connection, &options.chunked)) {
		engine_stats(engine, c, &options, &connection);
	}
}

/* ---- wait ---- */

void serve_container_wait(struct call *call)
{
	const char *name = call->minor >= 30 ? call_query(call, "condition") : NULL;
	struct engine *engine = call_engine(call);
	struct engine_connection connection;
	enum wait_condition condition;
	struct error err;
	bool chunked;

	if (!wait_condition_from_name(name, &condition)) {
		error_set(&err, ERROR_INVALID, "invalid condition: \"%s\"", name);
		call_fail(call, &err);
		return;
	}
	struct container *c = call_container(call);
	if (c && call_give_body(call, "application/json", &connection, &chunked))
		engine_wait(engine, c, condition, chunked, &connection);
}
