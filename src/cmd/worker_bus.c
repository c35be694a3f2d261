/* `wherry-worker bus`: speaks to systemd for a daemon whose units it supervises (systemd/bus_protocol.h).
 *
 * The bus is systemd's own socket, so no message bus has to run: all its signals come without being asked for.
 * A unit that is watched is asked for all of its properties when it tells of a change; many changes that came
 * together are one question.  Calls are waited for: while systemd reads all its files again it would answer
 * nobody. */
#include "base/log.h"
#include "base/map.h"
#include "base/memory.h"
#include "base/time.h"
#include "cmd/worker.h"
#include "cmd/worker_bus_state.h"
#include "os/fd.h"
#include "os/file.h"
#include "os/message.h"
#include "systemd/bus_name.h"
#include "systemd/bus_protocol.h"
#include "systemd/sd_bus.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define ADDRESS	     "unix:path=/run/systemd/private"
#define SERVICE	     "org.freedesktop.systemd1"
#define MANAGER	     SERVICE ".Manager"
#define MANAGER_PATH "/org/freedesktop/systemd1"
#define PROPERTIES   "org.freedesktop.DBus.Properties"
#define CALL_US	     UINT64_C(300000000) /* thousands of files take systemd a while */
#define CGROUPS	     "/sys/fs/cgroup"

struct bus_job {
	int64_t id;
	char *path; /* owned: the job's object */
	char *unit; /* owned */
};

/* A process that is in a scope so that this exists before anybody else is there. */
struct keeper {
	char *scope, *group; /* owned */
	pid_t pid;
};

struct bus {
	sd_bus *bus;
	int control;
	struct message_reader reader;
	struct map watched; /* unit -> itself */
	struct map changed; /* unit -> itself: to be asked for */
	struct {
		struct bus_job *items;
		size_t count, capacity;
	} jobs;
	struct {
		struct keeper *items;
		size_t count, capacity;
	} keepers;
	bool daemon_is_gone;
};

/* ---- to the daemon ---- */

static void tell(struct bus *b, enum bus_message type, const struct record_type *record_type,
		 const void *record)
{
	scoped_buffer struct buffer bytes = {0};
	struct error err;

	record_encode(record_type, record, &bytes);
	struct message message = {(uint16_t)type, BUS_PROTOCOL_VERSION, bytes.data, bytes.size};
	if (!message_send(b->control, &message, -1, &err))
		b->daemon_is_gone = true;
}

static void answer(struct bus *b, int64_t id, const struct error *err, const char *result)
{
	struct bus_answer record = {.id = id, .result = (char *)(uintptr_t)result};
	char text[ERROR_TEXT_SIZE];

	if (err) {
		record.kind = err->kind;
		record.text = (char *)(uintptr_t)error_text(err, text, sizeof(text));
	}
	tell(b, BUS_ANSWER, &bus_answer_type, &record);
}

/* ---- calls ---- */

static bool bus_failed(int code, struct error *err, const char *what)
{
	errno = -code;
	return error_errno(err, "%s", what);
}

static bool new_call(struct bus *b, const char *path, const char *interface, const char *member,
		     sd_bus_message **call, struct error *err)
{
	int code = sd_bus_message_new_method_call(b->bus, call, SERVICE, path, interface, member);

	return code >= 0 || bus_failed(code, err, member);
}

/* Takes the call; `reply` may be NULL. */
static bool make_call(struct bus *b, sd_bus_message *call, sd_bus_message **reply,
		      struct error *err)
{
	sd_bus_error error = {0};
	sd_bus_message *got = NULL;
	int code = sd_bus_call(b->bus, call, CALL_US, &error, &got);

	sd_bus_message_unref(call);
	if (code < 0) {
		if (error.message)
			error_set(err, bus_error_kind(error.name), "%s", error.message);
		else
			bus_failed(code, err, "systemd does not answer");
		sd_bus_error_free(&error);
		return false;
	}
	if (reply)
		*reply = got;
	else
		sd_bus_message_unref(got);
	return true;
}

static bool call_manager(struct bus *b, const char *member, const char *first, const char *second,
			 sd_bus_message **reply, struct error *err)
{
	sd_bus_message *call;

	if (!new_call(b, MANAGER_PATH, MANAGER, member, &call, err))
		return false;
	if (first)
		sd_bus_message_append_basic(call, 's', first);
	if (second)
		sd_bus_message_append_basic(call, 's', second);
	return make_call(b, call, reply, err);
}

/* ---- states ---- */

static bool get_state(struct bus *b, const char *unit, struct bus_state *state, struct error *err)
{
	scoped_free char *path = bus_unit_path(unit);
	sd_bus_message *call, *reply;

	if (!new_call(b, path, PROPERTIES, "GetAll", &call, err))
		return false;
	sd_bus_message_append_basic(call, 's', ""); /* of all interfaces */
	if (!make_call(b, call, &reply, err))
		return false;
	state->unit = str_dup(unit);
	bus_state_read(reply, state);
	sd_bus_message_unref(reply);
	return true;
}

static void tell_state(struct bus *b, const char *unit)
{
	struct bus_state state = {0};
	struct error err;

	if (get_state(b, unit, &state, &err))
		tell(b, BUS_STATE, &bus_state_type, &state);
	else
		log_warning("systemd does not tell of a unit", &err, "unit=%s", unit);
	record_fini(&bus_state_type, &state);
}

/* ---- signals ---- */

static void take_change(struct bus *b, sd_bus_message *m)
{
	scoped_free char *unit = bus_unit_of_path(sd_bus_message_get_path(m));

	if (unit && map_get(&b->watched, unit))
		map_put(&b->changed, unit, b);
}

static bool settle_scope(struct bus *b, const char *scope, const char *result, struct error *err);

static void end_job(struct bus *b, size_t at, const char *result)
{
	struct bus_job *job = &b->jobs.items[at];
	struct error err = {0};

	if (map_get(&b->watched, job->unit))
		tell_state(b, job->unit);
	if (settle_scope(b, job->unit, result, &err))
		answer(b, job->id, NULL, result);
	else
		answer(b, job->id, &err, result);
	free(job->path);
	free(job->unit);
	vector_remove(&b->jobs, at);
}

static void take_removed_job(struct bus *b, sd_bus_message *m)
{
	const char *path = NULL, *unit = NULL, *result = NULL;
	uint32_t number;

	if (sd_bus_message_read_basic(m, 'u', &number) <= 0 ||
	    sd_bus_message_read_basic(m, 'o', &path) <= 0 ||
	    sd_bus_message_read_basic(m, 's', &unit) <= 0 ||
	    sd_bus_message_read_basic(m, 's', &result) <= 0)
		return;
	for (size_t i = b->jobs.count; i-- > 0;)
		if (str_equal(b->jobs.items[i].path, path))
			end_job(b, i, result);
}

static void take_signal(struct bus *b, sd_bus_message *m)
{
	if (sd_bus_message_is_signal(m, PROPERTIES, "PropertiesChanged") > 0)
		take_change(b, m);
	else if (sd_bus_message_is_signal(m, MANAGER, "JobRemoved") > 0)
		take_removed_job(b, m);
}

static bool process_bus(struct bus *b, struct error *err)
{
	sd_bus_message *m = NULL;
	int code;

	while ((code = sd_bus_process(b->bus, &m)) > 0) {
		if (m)
			take_signal(b, m);
		m = sd_bus_message_unref(m);
	}
	return code == 0 || bus_failed(code, err, "systemd has gone");
}

static void tell_changes(struct bus *b)
{
	struct map changed = b->changed;

	b->changed = (struct map){0};
	for (struct map_slot *slot = map_first(&changed); slot; slot = map_next(&changed, slot))
		tell_state(b, slot->key);
	map_fini(&changed);
}

/* ---- requests ---- */

static bool serve_reload(struct bus *b, const struct bus_request *request, struct error *err)
{
	(void)request;
	return call_manager(b, "Reload", NULL, NULL, NULL, err);
}

/* Of many units most are at rest: what the list says is all that there is of them. */
static void tell_listed(struct bus *b, const char *unit, const char *load, const char *active,
			const char *sub)
{
	struct bus_state state = {.unit = (char *)(uintptr_t)unit,
				  .load_state = (char *)(uintptr_t)load,
				  .active_state = (char *)(uintptr_t)active,
				  .sub_state = (char *)(uintptr_t)sub};

	if (str_equal(active, "inactive"))
		tell(b, BUS_STATE, &bus_state_type, &state);
	else
		tell_state(b, unit);
}

static bool read_listed(struct bus *b, sd_bus_message *m)
{
	const char *texts[10] = {0};
	static const char types[] = "ssssssouso";

	if (sd_bus_message_enter_container(m, 'r', types) <= 0)
		return false;
	for (size_t i = 0; i < array_length(texts); i++) {
		uint32_t job;
		bool number = types[i] == 'u';

		if (sd_bus_message_read_basic(m, types[i],
					      number ? (void *)&job : (void *)&texts[i]) <= 0)
			return false;
	}
	tell_listed(b, texts[0], texts[2], texts[3], texts[4]);
	return sd_bus_message_exit_container(m) >= 0;
}

static bool serve_watch(struct bus *b, const struct bus_request *request, struct error *err)
{
	sd_bus_message *call, *reply;

	for (size_t i = 0; i < request->units.count; i++)
		map_put(&b->watched, request->units.items[i], b);
	if (!request->units.count)
		return true;
	if (!new_call(b, MANAGER_PATH, MANAGER, "ListUnitsByNames", &call, err))
		return false;
	sd_bus_message_append_strv(call, request->units.items);
	if (!make_call(b, call, &reply, err))
		return false;
	if (sd_bus_message_enter_container(reply, 'a', "(ssssssouso)") > 0)
		while (read_listed(b, reply))
			;
	sd_bus_message_unref(reply);
	return true;
}

static bool serve_forget(struct bus *b, const struct bus_request *request, struct error *err)
{
	(void)err;
	for (size_t i = 0; i < request->units.count; i++)
		map_remove(&b->watched, request->units.items[i]);
	return true;
}

static bool add_job(struct bus *b, int64_t id, const char *unit, sd_bus_message *reply,
		    struct error *err)
{
	struct bus_job job = {.id = id};
	const char *path = NULL;
	bool good = sd_bus_message_read_basic(reply, 'o', &path) > 0;

	if (good) {
		job.path = str_dup(path);
		job.unit = str_dup(unit);
		vector_add(&b->jobs, job);
	}
	sd_bus_message_unref(reply);
	return good || error_set(err, ERROR_SYSTEM, "systemd names no job");
}

static bool serve_job(struct bus *b, const struct bus_request *request, struct error *err)
{
	sd_bus_message *reply;

	return call_manager(b, request->method, request->unit, request->mode, &reply, err) &&
	       add_job(b, request->id, request->unit, reply, err);
}

static bool serve_cancel(struct bus *b, const struct bus_request *request, struct error *err)
{
	sd_bus_message *call;

	for (size_t i = 0; i < b->jobs.count; i++)
		if (b->jobs.items[i].id == request->job)
			return new_call(b, b->jobs.items[i].path, SERVICE ".Job", "Cancel", &call,
					err) &&
			       make_call(b, call, NULL, err);
	return error_set(err, ERROR_NOT_FOUND, "the job is over");
}

static bool serve_kill(struct bus *b, const struct bus_request *request, struct error *err)
{
	sd_bus_message *call;

	if (!new_call(b, MANAGER_PATH, MANAGER, "KillUnit", &call, err))
		return false;
	sd_bus_message_append_basic(call, 's', request->unit);
	sd_bus_message_append_basic(call, 's', request->who);
	sd_bus_message_append_basic(call, 'i', &request->signal);
	return make_call(b, call, NULL, err);
}

static bool serve_reset(struct bus *b, const struct bus_request *request, struct error *err)
{
	return call_manager(b, "ResetFailedUnit", request->unit, NULL, NULL, err);
}

/* ---- scopes ---- */

static void append_property(sd_bus_message *m, const char *name, char type, const void *value)
{
	char contents[2] = {type, '\0'};

	sd_bus_message_open_container(m, 'r', "sv");
	sd_bus_message_append_basic(m, 's', name);
	sd_bus_message_open_container(m, 'v', contents);
	sd_bus_message_append_basic(m, type, value);
	sd_bus_message_close_container(m);
	sd_bus_message_close_container(m);
}

static void append_pid(sd_bus_message *m, pid_t pid)
{
	uint32_t number = (uint32_t)pid;

	sd_bus_message_open_container(m, 'r', "sv");
	sd_bus_message_append_basic(m, 's', "PIDs");
	sd_bus_message_open_container(m, 'v', "au");
	sd_bus_message_open_container(m, 'a', "u");
	sd_bus_message_append_basic(m, 'u', &number);
	sd_bus_message_close_container(m);
	sd_bus_message_close_container(m);
	sd_bus_message_close_container(m);
}

static bool start_scope(struct bus *b, const struct bus_request *request, pid_t pid,
			sd_bus_message **reply, struct error *err)
{
	sd_bus_message *call;
	int yes = 1;

	if (!new_call(b, MANAGER_PATH, MANAGER, "StartTransientUnit", &call, err))
		return false;
	sd_bus_message_append_basic(call, 's', request->scope);
	sd_bus_message_append_basic(call, 's', "fail");
	sd_bus_message_open_container(call, 'a', "(sv)");
	append_property(call, "Description", 's', request->description);
	append_property(call, "Slice", 's', request->slice);
	append_property(call, "Delegate", 'b', &yes);
	append_property(call, "CollectMode", 's', "inactive-or-failed");
	append_pid(call, pid);
	sd_bus_message_close_container(call);
	sd_bus_message_open_container(call, 'a', "(sa(sv))");
	sd_bus_message_close_container(call);
	return make_call(b, call, reply, err);
}

/* It does nothing, holds nothing, and dies with us. */
static pid_t start_keeper(struct error *err)
{
	pid_t parent = getpid(), pid = fork();

	if (pid < 0)
		error_errno(err, "cannot fork");
	if (pid != 0)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	close_range(0, ~0U, 0);
	while (getppid() == parent)
		pause();
	_exit(0);
}

static void end_keeper(struct bus *b, const char *scope)
{
	for (size_t i = b->keepers.count; i-- > 0;) {
		struct keeper *keeper = &b->keepers.items[i];

		if (!str_equal(keeper->scope, scope))
			continue;
		kill(keeper->pid, SIGKILL);
		waitpid(keeper->pid, NULL, 0);
		free(keeper->scope);
		free(keeper->group);
		vector_remove(&b->keepers, i);
	}
}

static bool serve_scope(struct bus *b, const struct bus_request *request, struct error *err)
{
	struct keeper keeper = {.pid = start_keeper(err)};
	sd_bus_message *reply;

	if (keeper.pid < 0)
		return false;
	keeper.scope = str_dup(request->scope);
	keeper.group = str_dup(request->group);
	vector_add(&b->keepers, keeper);
	if (start_scope(b, request, keeper.pid, &reply, err) &&
	    add_job(b, request->id, request->scope, reply, err))
		return true;
	end_keeper(b, request->scope);
	return false;
}

static bool serve_scope_leave(struct bus *b, const struct bus_request *request, struct error *err)
{
	(void)err;
	end_keeper(b, request->scope);
	return true;
}

/* On version 2 a group with processes passes no controllers on: the keeper goes into a leaf, as all who come
 * will; what systemd has delegated is passed on from the scope. */
static bool make_leaf(const struct keeper *keeper, struct error *err)
{
	scoped_free char *path = str_format(CGROUPS "%s", keeper->group);
	scoped_buffer struct buffer there = {0}, text = {0};
	char pid[16];

	if (access(CGROUPS "/cgroup.controllers", F_OK) < 0)
		return true; /* version 1 */
	scoped_fd int folder = folder_open(AT_FDCWD, path, err);
	if (folder < 0 || !folder_make(folder, "self", 0755, err))
		return false;
	snprintf(pid, sizeof(pid), "%d", (int)keeper->pid);
	if (!file_write(folder, "self/cgroup.procs", pid, err) ||
	    !file_read(folder, "cgroup.controllers", 4096, &there, err))
		return false;
	buffer_add_char(&there, '\0');
	there.data[strcspn(there.data, "\n")] = '\0';
	scoped_strings struct strings controllers = strings_split(there.data, ' ');
	for (size_t i = 0; i < controllers.count; i++)
		if (*controllers.items[i])
			buffer_format(&text, "+%s ", controllers.items[i]);
	return !text.size || file_write(folder, "cgroup.subtree_control", text.data, err);
}

/* True for what is no scope of ours, too. */
static bool settle_scope(struct bus *b, const char *scope, const char *result, struct error *err)
{
	for (size_t i = 0; i < b->keepers.count; i++) {
		if (!str_equal(b->keepers.items[i].scope, scope))
			continue;
		if (!str_equal(result, "done"))
			error_set(err, ERROR_SYSTEM, "systemd does not start '%s': %s", scope,
				  result);
		else if (make_leaf(&b->keepers.items[i], err))
			return true;
		end_keeper(b, scope);
		return false;
	}
	return true;
}

static const struct server {
	enum bus_message type;
	bool (*serve)(struct bus *b, const struct bus_request *request, struct error *err);
	bool later; /* the job's end is the answer */
} servers[] = {
	{BUS_RELOAD, serve_reload, false},	     {BUS_WATCH, serve_watch, false},
	{BUS_FORGET, serve_forget, false},	     {BUS_JOB, serve_job, true},
	{BUS_CANCEL, serve_cancel, false},	     {BUS_KILL, serve_kill, false},
	{BUS_RESET_FAILED, serve_reset, false},	     {BUS_SCOPE, serve_scope, true},
	{BUS_SCOPE_LEAVE, serve_scope_leave, false},
};

static void serve(struct bus *b, uint16_t type, const struct bus_request *request)
{
	struct error err;

	for (size_t i = 0; i < array_length(servers); i++) {
		if (servers[i].type != type)
			continue;
		if (!servers[i].serve(b, request, &err))
			answer(b, request->id, &err, NULL);
		else if (!servers[i].later)
			answer(b, request->id, NULL, NULL);
		return;
	}
	error_set(&err, ERROR_UNSUPPORTED, "an unknown request");
	answer(b, request->id, &err, NULL);
}

static void take_request(struct bus *b, const struct message *message)
{
	struct bus_request request = {0};
	struct error err;

	if (record_decode(&bus_request_type, message->data, message->size, &request, &err))
		serve(b, message->type, &request);
	else
		log_error("cannot understand the daemon", &err, "");
	record_fini(&bus_request_type, &request);
}

static void read_daemon(struct bus *b)
{
	struct error err;

	for (;;) {
		switch (message_read(&b->reader, b->control, &err)) {
		case MESSAGE_READY:
			take_request(b, &b->reader.message);
			break;
		case MESSAGE_PARTIAL:
			return;
		case MESSAGE_END:
		case MESSAGE_FAILED:
			b->daemon_is_gone = true;
			return;
		}
	}
}

/* ---- the loop ---- */

static int timeout_ms(struct bus *b)
{
	uint64_t until = UINT64_MAX, now = (uint64_t)(time_monotonic_ns() / 1000);

	if (sd_bus_get_timeout(b->bus, &until) < 0 || until == UINT64_MAX)
		return -1;
	return until <= now ? 0 : (int)((until - now) / 1000 + 1);
}

static bool turn(struct bus *b, struct error *err)
{
	struct pollfd polled[] = {
		{.fd = b->control, .events = POLLIN},
		{.fd = sd_bus_get_fd(b->bus), .events = (short)sd_bus_get_events(b->bus)},
	};

	if (poll(polled, array_length(polled), timeout_ms(b)) < 0 && errno != EINTR)
		return error_errno(err, "cannot wait");
	if (polled[0].revents)
		read_daemon(b);
	/* Calls have read what came meanwhile, too. */
	if (!process_bus(b, err))
		return false;
	tell_changes(b);
	return true;
}

static bool bus_open(struct bus *b, struct error *err)
{
	int code;

	if (!sd_bus_load())
		return error_set(err, ERROR_UNAVAILABLE, "libsystemd.so.0 is not there");
	code = sd_bus_new(&b->bus);
	if (code >= 0)
		code = sd_bus_set_address(b->bus, ADDRESS);
	if (code >= 0)
		code = sd_bus_start(b->bus);
	return code >= 0 || bus_failed(code, err, "cannot reach systemd at " ADDRESS);
}

static void bus_close(struct bus *b)
{
	while (b->jobs.count) {
		free(b->jobs.items[0].path);
		free(b->jobs.items[0].unit);
		vector_remove(&b->jobs, 0);
	}
	vector_fini(&b->jobs);
	while (b->keepers.count) {
		scoped_free char *scope = str_dup(b->keepers.items[0].scope);

		end_keeper(b, scope);
	}
	vector_fini(&b->keepers);
	map_fini(&b->watched);
	map_fini(&b->changed);
	message_reader_fini(&b->reader);
	if (b->bus)
		sd_bus_flush_close_unref(b->bus);
}

bool worker_bus(int argc, char **argv, struct error *err)
{
	struct bus b = {.control = BUS_CONTROL_FD};
	bool good;

	(void)argc;
	(void)argv;
	good = fd_set_nonblocking(b.control, true, err) && bus_open(&b, err);
	while (good && !b.daemon_is_gone)
		good = turn(&b, err);
	bus_close(&b);
	return good;
}
