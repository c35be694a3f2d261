#include "cmd/worker_bus_state.h"

#include "base/id.h"
#include "base/memory.h"

static const struct property {
	const char *name;
	char type; /* as on the bus; 'y': bytes, written as hex */
	size_t offset;
} properties[] = {
#define PROPERTY(name, type, member)                                                               \
	{                                                                                          \
		name, type, offsetof(struct bus_state, member)                                     \
	}
	PROPERTY("LoadState", 's', load_state),
	PROPERTY("ActiveState", 's', active_state),
	PROPERTY("SubState", 's', sub_state),
	PROPERTY("FragmentPath", 's', fragment_path),
	PROPERTY("InvocationID", 'y', invocation_id),
	PROPERTY("ConditionResult", 'b', condition_unmet),
	PROPERTY("StateChangeTimestamp", 't', changed_us),
	PROPERTY("StateChangeTimestampMonotonic", 't', changed_monotonic_us),
	PROPERTY("ActiveEnterTimestamp", 't', active_enter_us),
	PROPERTY("ActiveEnterTimestampMonotonic", 't', active_enter_monotonic_us),
	PROPERTY("ActiveExitTimestamp", 't', active_exit_us),
	PROPERTY("ActiveExitTimestampMonotonic", 't', active_exit_monotonic_us),
	PROPERTY("InactiveEnterTimestamp", 't', inactive_enter_us),
	PROPERTY("InactiveEnterTimestampMonotonic", 't', inactive_enter_monotonic_us),
	PROPERTY("InactiveExitTimestamp", 't', inactive_exit_us),
	PROPERTY("InactiveExitTimestampMonotonic", 't', inactive_exit_monotonic_us),
	PROPERTY("Result", 's', result),
	PROPERTY("StatusText", 's', status_text),
	PROPERTY("ControlGroup", 's', control_group),
	PROPERTY("MainPID", 'u', main_pid),
	PROPERTY("ControlPID", 'u', control_pid),
	PROPERTY("NRestarts", 'u', restarts),
	PROPERTY("ExecMainStartTimestamp", 't', main_started_us),
	PROPERTY("ExecMainExitTimestamp", 't', main_ended_us),
	PROPERTY("ExecMainPID", 'u', main_last_pid),
	PROPERTY("ExecMainCode", 'i', main_code),
	PROPERTY("ExecMainStatus", 'i', main_status),
	PROPERTY("NextElapseUSecRealtime", 't', next_elapse_us),
	PROPERTY("LastTriggerUSec", 't', last_trigger_us),
#undef PROPERTY
};

static const struct property *find_property(const char *name)
{
	for (size_t i = 0; i < array_length(properties); i++)
		if (str_equal(properties[i].name, name))
			return &properties[i];
	return NULL;
}

static void read_text(sd_bus_message *m, char **to)
{
	const char *text = NULL;

	if (sd_bus_message_read_basic(m, 's', &text) >= 0)
		str_replace(to, text);
}

static void read_hex(sd_bus_message *m, char **to)
{
	const void *bytes = NULL;
	size_t size = 0;

	if (sd_bus_message_read_array(m, 'y', &bytes, &size) < 0 || !size)
		return;
	free(*to);
	*to = mem_zeroed(2 * size + 1, 1);
	hex_encode(bytes, size, *to);
}

/* Booleans are ints on the bus; what we keep is that it did not hold. */
static void read_unmet(sd_bus_message *m, bool *to)
{
	int value = 1;

	if (sd_bus_message_read_basic(m, 'b', &value) >= 0)
		*to = !value;
}

static void read_number(sd_bus_message *m, char type, int64_t *to)
{
	union {
		uint64_t t;
		uint32_t u;
		int32_t i;
	} value = {0};

	if (sd_bus_message_read_basic(m, type, &value) < 0)
		return;
	*to = type == 't'   ? (value.t > INT64_MAX ? 0 : (int64_t)value.t)
	      : type == 'u' ? (int64_t)value.u
			    : (int64_t)value.i;
}

static void read_property(sd_bus_message *m, const struct property *property,
			  struct bus_state *state)
{
	void *to = (char *)state + property->offset;

	if (property->type == 's')
		read_text(m, to);
	else if (property->type == 'y')
		read_hex(m, to);
	else if (property->type == 'b')
		read_unmet(m, to);
	else
		read_number(m, property->type, to);
}

/* One {name: variant}; of another type than it ever had it is skipped. */
static bool read_entry(sd_bus_message *m, struct bus_state *state)
{
	const struct property *property;
	const char *name = NULL, *contents = NULL;
	char type = 0;

	if (sd_bus_message_enter_container(m, 'e', "sv") <= 0 ||
	    sd_bus_message_read_basic(m, 's', &name) <= 0 ||
	    sd_bus_message_peek_type(m, &type, &contents) <= 0)
		return false;
	property = find_property(name);
	const char *wanted = property && property->type == 'y' ? "ay" : NULL;
	char basic[2] = {property ? property->type : '\0', '\0'};
	if (property && contents && str_equal(contents, wanted ? wanted : basic) &&
	    sd_bus_message_enter_container(m, 'v', contents) > 0) {
		read_property(m, property, state);
		sd_bus_message_exit_container(m);
	} else if (sd_bus_message_skip(m, "v") < 0) {
		return false;
	}
	return sd_bus_message_exit_container(m) >= 0;
}

void bus_state_read(sd_bus_message *reply, struct bus_state *state)
{
	if (sd_bus_message_enter_container(reply, 'a', "{sv}") > 0)
		while (read_entry(reply, state))
			;
}
