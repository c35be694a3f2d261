/* Exec: create, start, resize, inspect. */
#include "door/docker/handlers.h"
#include "format/console_size.h"

/* ---- create ---- */

struct exec_created {
	char *id;
};
static const struct record_field exec_created_fields[] = {
	RECORD_FIELD(struct exec_created, 1, "Id", RECORD_STRING, id),
};
static const struct record_type exec_created_type =
	RECORD_TYPE(struct exec_created, exec_created_fields);

static void on_created(void *data, const struct engine_result *result)
{
	struct call *call = data;

	if (call_is_open(call) && result->err) {
		call_fail(call, result->err);
	} else if (call_is_open(call)) {
		struct exec_created created = {result->exec->id};

		call_answer_record(call, 201, &exec_created_type, &created);
	}
	call_drop(call);
}

void serve_exec_create(struct call *call)
{
	struct exec_config config = {0};
	struct container *c = NULL;
	struct error err;
	int rows, columns;

	if (!call_read_body(call, &exec_config_type, &config, &err) ||
	    !console_size_parse(config.console_size, &rows, &columns, &err))
		call_fail(call, &err);
	else
		c = call_container(call);
	if (c)
		engine_exec_create(call_engine(call), c, &config, on_created, call_hold(call));
	record_fini(&exec_config_type, &config);
}

/* ---- start ---- */

#define CONSOLE_SIZE_API 42

struct exec_start {
	bool detach, tty;
	char *console_size; /* JSON: [rows, columns] */
};
static const struct record_field exec_start_fields[] = {
	RECORD_FIELD(struct exec_start, 1, "Detach", RECORD_BOOL, detach),
	RECORD_FIELD(struct exec_start, 2, "Tty", RECORD_BOOL, tty),
	RECORD_FIELD(struct exec_start, 3, "ConsoleSize", RECORD_JSON, console_size),
};
static const struct record_type exec_start_type = RECORD_TYPE(struct exec_start, exec_start_fields);

static void on_started(void *data, const struct engine_result *result)
{
	struct call *call = data;

	if (call_is_open(call))
		call_answer(call, 200, result->err);
	call_drop(call);
}

/* Its failures were told in the stream. */
static void on_stream_started(void *data, const struct engine_result *result)
{
}

static void start_attached(struct call *call, struct exec *exec, struct exec_start_options *options)
{
	struct engine_connection connection;
	struct engine *engine = call_engine(call);
	bool tty = exec->config.tty;
	struct error err;

	scoped_free char *keys = tty ? detach_keys_parse(exec->config.detach_keys, &err) : NULL;
	if (tty && !keys) {
		call_fail(call, &err);
		return;
	}
	options->multiplexed = !tty;
	options->detach_keys = keys;
	if (call_give_stream(call, call_stream_type(call, tty), &connection))
		engine_exec_start(engine, exec, options, &connection, on_stream_started, NULL);
}

static void start(struct call *call, const struct exec_start *body)
{
	struct engine *engine = call_engine(call);
	struct exec_start_options options = {.detach = body->detach, .terminal = body->tty};
	struct error err;
	struct exec *exec = engine_find_exec(engine, call->arguments[0], &err);

	if (!exec || !engine_may_start_exec(engine, exec, &err) ||
	    (call->minor >= CONSOLE_SIZE_API &&
	     !console_size_parse(body->console_size, &options.rows, &options.columns, &err))) {
		call_fail(call, &err);
		return;
	}
	if (body->detach)
		engine_exec_start(engine, exec, &options, NULL, on_started, call_hold(call));
	else
		start_attached(call, exec, &options);
}

void serve_exec_start(struct call *call)
{
	struct exec_start body = {0};
	struct error err;

	if (call->body && !call_read_body(call, &exec_start_type, &body, &err))
		call_fail(call, &err);
	else
		start(call, &body);
	record_fini(&exec_start_type, &body);
}

/* ---- resize ---- */

void serve_exec_resize(struct call *call)
{
	int64_t rows = 0, columns = 0;
	struct exec *exec = NULL;
	struct error err;

	if (call_query_size(call, &rows, &columns, &err))
		exec = engine_find_exec(call_engine(call), call->arguments[0], &err);
	if (exec)
		engine_exec_resize(call_engine(call), exec, (int)rows, (int)columns, on_started,
				   call_hold(call));
	else
		call_fail(call, &err);
}

/* ---- inspect ---- */

/* Borrowed from the exec. */
struct process_view {
	bool tty;
	char *entrypoint;
	struct strings arguments;
	bool privileged;
	char *user;
};
static const struct record_field process_view_fields[] = {
	RECORD_FIELD(struct process_view, 1, "tty", RECORD_BOOL, tty),
	RECORD_FIELD(struct process_view, 2, "entrypoint", RECORD_STRING, entrypoint),
	RECORD_FIELD_FLAGS(struct process_view, 3, "arguments", RECORD_STRINGS, arguments,
			   RECORD_EMPTY_LIST),
	RECORD_FIELD(struct process_view, 4, "privileged", RECORD_BOOL, privileged),
	RECORD_FIELD_FLAGS(struct process_view, 5, "user", RECORD_STRING, user, RECORD_OMIT_EMPTY),
};
static const struct record_type process_view_type =
	RECORD_TYPE(struct process_view, process_view_fields);

struct exec_view {
	char *id;
	bool running;
	struct optional_i64 exit_code;
	struct process_view process;
	bool open_stdin, open_stderr, open_stdout, can_remove;
	char *container_id, *detach_keys;
	int64_t pid;
};
static const struct record_field exec_view_fields[] = {
	RECORD_FIELD(struct exec_view, 1, "ID", RECORD_STRING, id),
	RECORD_FIELD(struct exec_view, 2, "Running", RECORD_BOOL, running),
	RECORD_FIELD(struct exec_view, 3, "ExitCode", RECORD_OPTIONAL_I64, exit_code),
	RECORD_NESTED(struct exec_view, 4, "ProcessConfig", RECORD_STRUCT, process, 0,
		      &process_view_type),
	RECORD_FIELD(struct exec_view, 5, "OpenStdin", RECORD_BOOL, open_stdin),
	RECORD_FIELD(struct exec_view, 6, "OpenStderr", RECORD_BOOL, open_stderr),
	RECORD_FIELD(struct exec_view, 7, "OpenStdout", RECORD_BOOL, open_stdout),
	RECORD_FIELD(struct exec_view, 8, "CanRemove", RECORD_BOOL, can_remove),
	RECORD_FIELD(struct exec_view, 9, "ContainerID", RECORD_STRING, container_id),
	RECORD_FIELD_FLAGS(struct exec_view, 10, "DetachKeys", RECORD_STRING, detach_keys,
			   RECORD_EMPTY_STRING),
	RECORD_FIELD(struct exec_view, 11, "Pid", RECORD_I64, pid),
};
static const struct record_type exec_view_type = RECORD_TYPE(struct exec_view, exec_view_fields);

void serve_exec_inspect(struct call *call)
{
	struct error err;
	const struct exec *exec = engine_find_exec(call_engine(call), call->arguments[0], &err);

	if (!exec) {
		call_fail(call, &err);
		return;
	}
	const struct exec_config *config = &exec->config;
	struct exec_view view = {
		.id = exec->id,
		.running = exec->state == EXEC_RUNNING,
		.exit_code = exec->exit_code,
		.process = {.tty = config->tty,
			    .entrypoint = config->cmd.items[0],
			    .arguments = {config->cmd.items + 1, config->cmd.count - 1},
			    .privileged = config->privileged,
			    .user = config->user},
		.open_stdin = config->attach_stdin,
		.open_stderr = config->attach_stderr,
		.open_stdout = config->attach_stdout,
		.container_id = exec->container_id,
		.detach_keys = config->detach_keys,
		.pid = exec->pid,
	};
	call_answer_record(call, 200, &exec_view_type, &view);
}
