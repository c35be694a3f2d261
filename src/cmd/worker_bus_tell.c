#include "base/log.h"
#include "cmd/worker_bus_private.h"
#include "cmd/worker_bus_state.h"
#include "systemd/bus_name.h"

void bus_tell(struct bus *b, enum bus_message type, const struct record_type *record_type,
	      const void *record)
{
	scoped_buffer struct buffer bytes = {0};
	struct error err;

	record_encode(record_type, record, &bytes);
	struct message message = {(uint16_t)type, BUS_PROTOCOL_VERSION, bytes.data, bytes.size};
	if (!message_send(b->control, &message, -1, &err))
		b->daemon_is_gone = true;
}

void bus_tell_answer(struct bus *b, int64_t id, const struct error *err, const char *result)
{
	struct bus_answer record = {.id = id, .result = (char *)(uintptr_t)result};
	char text[ERROR_TEXT_SIZE];

	if (err) {
		record.kind = err->kind;
		record.text = (char *)(uintptr_t)error_text(err, text, sizeof(text));
	}
	bus_tell(b, BUS_ANSWER, &bus_answer_type, &record);
}

static bool get_state(struct bus *b, const char *unit, struct bus_state *state, struct error *err)
{
	scoped_free char *path = bus_unit_path(unit);
	sd_bus_message *call, *reply;

	if (!bus_call_new(b, path, BUS_PROPERTIES, "GetAll", &call, err))
		return false;
	sd_bus_message_append_basic(call, 's', ""); /* of all interfaces */
	if (!bus_call_make(b, call, &reply, err))
		return false;
	state->unit = str_dup(unit);
	bus_state_read(reply, state);
	sd_bus_message_unref(reply);
	return true;
}

void bus_tell_state(struct bus *b, const char *unit)
{
	struct bus_state state = {0};
	struct error err;

	if (get_state(b, unit, &state, &err))
		bus_tell(b, BUS_STATE, &bus_state_type, &state);
	else
		log_warning("systemd does not tell of a unit", &err, "unit=%s", unit);
	record_fini(&bus_state_type, &state);
}
