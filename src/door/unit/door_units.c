/* Lists of units, and what is done to them besides jobs. */
#include "door/unit/door_state.h"
#include "door/unit/handlers.h"
#include "door/unit/unit_view.h"
#include "format/unit_name.h"

#include <limits.h>
#include <signal.h>
#include <unistd.h>

/* ---- GET /units, /state, /timers ---- */

static bool is_listed(const struct unit *unit, bool all, const struct strings *patterns)
{
	enum active_state now = unit_active_state(unit);

	/* A template is no unit, though somebody may have named it. */
	if (!unit->config || unit_name_is_template(unit->name) ||
	    (!all && now == UNIT_INACTIVE && !unit->job))
		return false;
	for (size_t i = 0; i < patterns->count; i++)
		if (pattern_matches(patterns->items[i], unit->name))
			return true;
	return !patterns->count;
}

static int by_name(const void *a, const void *b)
{
	const struct unit *const *left = a, *const *right = b;

	return strcmp((*left)->name, (*right)->name);
}

struct unit_list {
	const struct unit **items;
	size_t count, capacity;
};

void serve_units(struct call *call)
{
	const struct unit_set *set = units_all(call_units(call));
	scoped_strings struct strings patterns = http_query_values(call->request, "pattern");
	scoped_buffer struct buffer json = {0};
	struct unit_list list = {0};
	bool all = call_query_bool(call, "all");

	for (size_t i = 0; i < set->count; i++)
		if (is_listed(set->items[i], all, &patterns))
			vector_add(&list, set->items[i]);
	if (list.count)
		qsort(list.items, list.count, sizeof(*list.items), by_name);
	buffer_add_char(&json, '[');
	for (size_t i = 0; i < list.count; i++)
		unit_view_write_row(list.items[i], &json);
	buffer_add_char(&json, ']');
	vector_fini(&list);
	call_answer_json(call, 200, &json);
}

void serve_state(struct call *call)
{
	struct units_counts counts = units_count(call_units(call));
	scoped_buffer struct buffer json = {0};
	char host[HOST_NAME_MAX + 1] = "";

	gethostname(host, sizeof(host) - 1);
	buffer_add_char(&json, '{');
	json_write_member(&json, "Host", host);
	json_write_member(&json, "State",
			  !call_unit_door(call)->ready || counts.starting ? "starting"
			  : counts.failed				  ? "degraded"
									  : "running");
	json_write_number(&json, "Units", (int64_t)counts.units);
	json_write_number(&json, "Jobs", (int64_t)counts.jobs);
	json_write_number(&json, "Failed", (int64_t)counts.failed);
	json_write_number(&json, "Since_us", counts.since_us);
	buffer_add_char(&json, '}');
	call_answer_json(call, 200, &json);
}

/* What each unit's processes get besides what its files say. */
void serve_environment(struct call *call)
{
	scoped_pairs struct pairs pairs = units_environment(call_units(call));
	scoped_buffer struct buffer json = {0};

	buffer_add_char(&json, '{');
	for (size_t i = 0; i < pairs.count; i++)
		json_write_member(&json, pairs.items[i].name, pairs.items[i].value);
	buffer_add_char(&json, '}');
	call_answer_json(call, 200, &json);
}

struct environment_body {
	struct strings set, unset;
};

static const struct record_field environment_body_fields[] = {
	RECORD_FIELD(struct environment_body, 1, "Set", RECORD_STRINGS, set),
	RECORD_FIELD(struct environment_body, 2, "Unset", RECORD_STRINGS, unset),
};
static const struct record_type environment_body_type =
	RECORD_TYPE(struct environment_body, environment_body_fields);

void serve_environment_change(struct call *call)
{
	struct environment_body body = {0};
	struct error err;
	bool good = call_read_body(call, &environment_body_type, &body, &err) &&
		    units_change_environment(call_units(call), &body.set, &body.unset, &err);

	record_fini(&environment_body_type, &body);
	if (good)
		call_answer_status(call, 204);
	else
		call_fail_code(call, &err, 1);
}

void serve_process(struct call *call)
{
	const char *text = call->arguments[0];
	scoped_buffer struct buffer json = {0};
	const struct unit *unit = NULL;
	struct error err;
	int64_t pid;

	if (parse_i64(text, &pid) && pid > 0 && pid <= INT_MAX)
		unit = units_of_process(call_units(call), (pid_t)pid);
	if (!unit) {
		error_set(&err, ERROR_NOT_FOUND, "PID %s does not belong to any loaded unit.",
			  text);
		call_fail_code(call, &err, 4);
		return;
	}
	buffer_add_char(&json, '{');
	json_write_member(&json, "Unit", unit->name);
	buffer_add_char(&json, '}');
	call_answer_json(call, 200, &json);
}

static void write_timer(struct units *units, const struct unit *unit, struct buffer *json)
{
	struct timer_times times = units_timer(units, unit);

	json_next(json);
	buffer_add_char(json, '{');
	json_write_member(json, "Unit", unit->name);
	json_write_member(json, "Activates", unit_view_triggered(unit));
	json_write_number(json, "Next_us", times.next_us);
	json_write_number(json, "Last_us", times.last_us);
	buffer_add_char(json, '}');
}

void serve_timers(struct call *call)
{
	const struct unit_set *set = units_all(call_units(call));
	scoped_buffer struct buffer json = {0};
	bool all = call_query_bool(call, "all");

	buffer_add_char(&json, '[');
	for (size_t i = 0; i < set->count; i++) {
		const struct unit *unit = set->items[i];

		if (unit->config && unit->config->type == UNIT_TIMER &&
		    unit->config->load == LOAD_LOADED &&
		    (all || unit_active_state(unit) != UNIT_INACTIVE))
			write_timer(call_units(call), unit, &json);
	}
	buffer_add_char(&json, ']');
	call_answer_json(call, 200, &json);
}

/* ---- POST /units/{}/kill ---- */

struct kill_body {
	char *who;
	int64_t signal;
};

static const struct record_field kill_body_fields[] = {
	RECORD_FIELD(struct kill_body, 1, "Who", RECORD_STRING, who),
	RECORD_FIELD(struct kill_body, 2, "Signal", RECORD_I64, signal),
};
static const struct record_type kill_body_type = RECORD_TYPE(struct kill_body, kill_body_fields);

static bool read_who(const char *text, enum unit_signal_who *who, struct error *err)
{
	static const char *const names[] = {
		[SIGNAL_ALL] = "all", [SIGNAL_MAIN] = "main", [SIGNAL_CONTROL] = "control"};

	*who = SIGNAL_ALL;
	for (size_t i = 0; text && i < array_length(names); i++) {
		if (!str_equal(names[i], text))
			continue;
		*who = (enum unit_signal_who)i;
		return true;
	}
	return !text || error_set(err, ERROR_INVALID, "Invalid who argument '%s'", text);
}

static void on_killed(void *data, const struct error *err)
{
	struct call *call = data;

	if (call_is_open(call) && err)
		call_fail_code(call, err, 1);
	else if (call_is_open(call))
		call_answer_status(call, 204);
	call_drop(call);
}

void serve_unit_kill(struct call *call)
{
	struct kill_body body = {.signal = SIGTERM};
	enum unit_signal_who who;
	struct error err;
	bool good = call_read_body(call, &kill_body_type, &body, &err) &&
		    read_who(body.who, &who, &err);

	if (good && (body.signal < 1 || body.signal > SIGRTMAX))
		good = error_set(&err, ERROR_INVALID, "Signal number %lld is out of range",
				 (long long)body.signal);
	int signal = (int)body.signal;
	record_fini(&kill_body_type, &body);
	if (!good) {
		call_fail(call, &err);
		return;
	}
	scoped_free char *name = call_unit_name(call, call->arguments[0]);
	if (name)
		units_kill(call_units(call), name, who, signal, on_killed, call_hold(call));
}

/* ---- POST /units/{}/freeze, /thaw ---- */

static void freeze(struct call *call, bool frozen)
{
	scoped_free char *name = call_unit_name(call, call->arguments[0]);

	if (name)
		units_freeze(call_units(call), name, frozen, on_killed, call_hold(call));
}

void serve_unit_freeze(struct call *call)
{
	freeze(call, true);
}

void serve_unit_thaw(struct call *call)
{
	freeze(call, false);
}

/* ---- POST /reset-failed, /reload ---- */

struct names_body {
	struct strings units;
};

static const struct record_field names_body_fields[] = {
	RECORD_FIELD(struct names_body, 1, "Units", RECORD_STRINGS, units),
};
static const struct record_type names_body_type = RECORD_TYPE(struct names_body, names_body_fields);

static bool reset_matching(struct units *units, const char *typed, struct error *err)
{
	const struct unit_set *set = units_all(units);
	char *name;
	bool good = true;

	if (!unit_name_from_argument(typed, true, &name, err))
		return false;
	if (!strpbrk(name, "*?["))
		good = units_reset_failed(units, name, err);
	else
		for (size_t i = 0; i < set->count; i++)
			if (pattern_matches(name, set->items[i]->name) &&
			    set->items[i]->sub == SUB_FAILED)
				units_reset_failed(units, set->items[i]->name, err);
	free(name);
	return good;
}

void serve_reset_failed(struct call *call)
{
	struct names_body body = {0};
	struct error err;
	bool good = call_read_body(call, &names_body_type, &body, &err);

	if (good && !body.units.count)
		good = units_reset_failed(call_units(call), NULL, &err);
	for (size_t i = 0; good && i < body.units.count; i++)
		good = reset_matching(call_units(call), body.units.items[i], &err);
	record_fini(&names_body_type, &body);
	if (good)
		call_answer_status(call, 204);
	else
		call_fail_code(call, &err, 1);
}

static void on_reloaded(void *data, const struct error *err)
{
	struct call *call = data;

	if (call_is_open(call))
		call_answer(call, 204, err);
	call_drop(call);
}

void serve_reload(struct call *call)
{
	units_reload(call_units(call), on_reloaded, call_hold(call));
}

/* The answer is on its way before the daemon ends. */
void serve_reexec(struct call *call)
{
	struct unit_door *door = call_unit_door(call);
	struct error err;

	if (door->begin_again) {
		call_answer_status(call, 204);
		door->begin_again(door->data);
		return;
	}
	error_set(&err, ERROR_UNSUPPORTED,
		  "nobody would start wherryd again: restart it as it was started, units go on");
	call_fail_code(call, &err, 1);
}

/* ---- GET /units/{}/dependencies ---- */

enum { TREE_DEPTH_LIMIT = 64 };

#define BIT(kind) (UINT64_C(1) << DEPENDENCY_##kind)
static const struct {
	const char *query; /* NULL: without any */
	uint64_t kinds;
} directions[] = {
	{"reverse", BIT(REQUIRED_BY) | BIT(REQUISITE_OF) | BIT(WANTED_BY) | BIT(BOUND_BY) |
			    BIT(UPHELD_BY) | BIT(CONSISTS_OF)},
	{"after", BIT(AFTER)},
	{"before", BIT(BEFORE)},
	{NULL, BIT(REQUIRES) | BIT(REQUISITE) | BIT(WANTS) | BIT(BINDS_TO) | BIT(UPHOLDS)},
};
#undef BIT

static uint64_t kinds_of(struct call *call)
{
	size_t i = 0;

	while (directions[i].query && !call_query_bool(call, directions[i].query))
		i++;
	return directions[i].kinds;
}

struct branch {
	const struct unit *unit;
	const struct branch *above;
};

struct tree_options {
	uint64_t kinds; /* 1 << enum dependency */
	bool all;
};

static bool is_above(const struct branch *branch, const struct unit *unit)
{
	for (; branch; branch = branch->above)
		if (branch->unit == unit)
			return true;
	return false;
}

static struct unit_list children_of(const struct branch *branch, uint64_t kinds)
{
	struct unit_list list = {0};
	const struct unit *unit = branch->unit;

	for (size_t i = 0; i < unit->edge_count; i++) {
		const struct unit *child = unit->edges[i].unit;
		bool there = is_above(branch, child);

		for (size_t k = 0; k < list.count; k++)
			there = there || list.items[k] == child;
		if ((kinds >> unit->edges[i].kind & 1) && !there)
			vector_add(&list, child);
	}
	if (list.count)
		qsort(list.items, list.count, sizeof(*list.items), by_name);
	return list;
}

/* As `list-dependencies`: targets are opened, other units only with `all`. */
static void write_branch(const struct branch *branch, const struct tree_options *options, int depth,
			 struct buffer *json)
{
	const struct unit *unit = branch->unit;
	bool opened =
		depth == 0 || options->all || (unit->config && unit->config->type == UNIT_TARGET);
	struct unit_list children = {0};

	if (opened && depth < TREE_DEPTH_LIMIT)
		children = children_of(branch, options->kinds);
	json_next(json);
	buffer_add_char(json, '{');
	json_write_member(json, "Id", unit->name);
	json_write_member(json, "ActiveState", active_state_name(unit_active_state(unit)));
	json_write_name(json, "Children");
	buffer_add_char(json, '[');
	for (size_t i = 0; i < children.count; i++) {
		struct branch child = {children.items[i], branch};

		write_branch(&child, options, depth + 1, json);
	}
	buffer_add_text(json, "]}");
	vector_fini(&children);
}

static void on_loaded(void *data, struct unit *unit)
{
	struct call *call = data;
	struct branch root = {unit, NULL};
	scoped_buffer struct buffer json = {0};

	if (call_goes_on(call, unit)) {
		struct tree_options options = {kinds_of(call), call_query_bool(call, "all")};

		write_branch(&root, &options, 0, &json);
		call_answer_json(call, 200, &json);
	}
	call_drop(call);
}

void serve_unit_dependencies(struct call *call)
{
	scoped_free char *name = call_unit_name(call, call->arguments[0]);

	if (name)
		units_load(call_units(call), name, on_loaded, call_hold(call));
}
