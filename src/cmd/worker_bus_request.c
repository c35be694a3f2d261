#include "base/log.h"
#include "cmd/worker_bus_private.h"

static bool serve_reload(struct bus *b, const struct bus_request *request, struct error *err)
{
	(void)request;
	return bus_call_manager(b, "Reload", NULL, NULL, NULL, err);
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
		bus_tell(b, BUS_STATE, &bus_state_type, &state);
	else
		bus_tell_state(b, unit);
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
	if (!bus_call_new(b, BUS_MANAGER_PATH, BUS_MANAGER, "ListUnitsByNames", &call, err))
		return false;
	sd_bus_message_append_strv(call, request->units.items);
	if (!bus_call_make(b, call, &reply, err))
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

static bool serve_job(struct bus *b, const struct bus_request *request, struct error *err)
{
	sd_bus_message *reply;

	return bus_call_manager(b, request->method, request->unit, request->mode, &reply, err) &&
	       bus_job_add(b, request->id, request->unit, reply, err);
}

static bool serve_cancel(struct bus *b, const struct bus_request *request, struct error *err)
{
	return bus_job_cancel(b, request->job, err);
}

static bool serve_kill(struct bus *b, const struct bus_request *request, struct error *err)
{
	sd_bus_message *call;

	if (!bus_call_new(b, BUS_MANAGER_PATH, BUS_MANAGER, "KillUnit", &call, err))
		return false;
	sd_bus_message_append_basic(call, 's', request->unit);
	sd_bus_message_append_basic(call, 's', request->who);
	sd_bus_message_append_basic(call, 'i', &request->signal);
	return bus_call_make(b, call, NULL, err);
}

static bool serve_reset(struct bus *b, const struct bus_request *request, struct error *err)
{
	return bus_call_manager(b, "ResetFailedUnit", request->unit, NULL, NULL, err);
}

static bool serve_scope(struct bus *b, const struct bus_request *request, struct error *err)
{
	sd_bus_message *reply;

	if (!bus_scope_begin(b, request, &reply, err))
		return false;
	if (bus_job_add(b, request->id, request->scope, reply, err))
		return true;
	bus_scope_leave(b, request->scope);
	return false;
}

static bool serve_scope_leave(struct bus *b, const struct bus_request *request, struct error *err)
{
	(void)err;
	bus_scope_leave(b, request->scope);
	return true;
}

/* ---- which is whose ---- */

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
			bus_tell_answer(b, request->id, &err, NULL);
		else if (!servers[i].later)
			bus_tell_answer(b, request->id, NULL, NULL);
		return;
	}
	error_set(&err, ERROR_UNSUPPORTED, "an unknown request");
	bus_tell_answer(b, request->id, &err, NULL);
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

void bus_read_daemon(struct bus *b)
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
