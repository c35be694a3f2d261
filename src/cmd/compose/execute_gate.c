/* Gates: steps that wait for what a container becomes.  One stream of events for all of them; each container is
 * inspected once when the stream is open, and again only when an event came between. */
#include "base/time.h"
#include "cmd/compose/execution.h"
#include "cmd/compose/log_lines.h"
#include "format/json.h"

enum { LAST_LINES = 10, LAST_CHECKS = 3 };

enum verdict { UNDECIDED, GOOD, BAD };

struct gate {
	struct gates *gates;
	struct work *work;
	int64_t begun_ns;
	bool inspecting, again, decided;
	bool out_of_memory;
	struct request *timer;
	struct error failure;
	json_t *last; /* its inspect document; owned */
};

struct gates {
	struct run *run;
	struct request *events;
	bool open;
	struct {
		struct gate **items;
		size_t count, capacity;
	} gates;
};

static void gate_free(struct gate *gate)
{
	json_decref(gate->last);
	free(gate);
}

void gates_free(struct gates *gates)
{
	if (!gates)
		return;
	for (size_t i = 0; i < gates->gates.count; i++)
		gate_free(gates->gates.items[i]);
	vector_fini(&gates->gates);
	free(gates);
}

static bool is_monitor(const struct gate *gate)
{
	return gate->work->step->kind == STEP_MONITOR;
}

/* What it is called when all is over: one that is to replace another has a name of its own until then. */
static const char *name_of(const struct gate *gate)
{
	const struct plan *plan = gate->work->run->execution->plan;
	const struct step *step = gate->work->step;

	for (size_t i = 0; step->made_by && i < plan->count; i++)
		if (plan->items[i].kind == STEP_RENAME && plan->items[i].made_by == step->made_by &&
		    plan->items[i].new_name)
			return plan->items[i].new_name;
	return step->name;
}

/* Does it wait for the new container of an update, instead of for somebody's dependency? */
static bool is_update(const struct gate *gate)
{
	return name_of(gate) != gate->work->step->name;
}

/* What stands before the reason. */
static const char *introduction(const struct gate *gate)
{
	if (is_update(gate))
		return "update failed: the new ";
	if (is_monitor(gate) || gate->work->step->condition == DEPENDENCY_STARTED)
		return "";
	return "dependency failed to start: ";
}

/* ---- the end of a gate ---- */

static void note(struct gate *gate, const char *word, bool over)
{
	scoped_free char *subject = str_format("Container %s", name_of(gate));

	if (!is_monitor(gate))
		progress_note(gate->work->run->progress, subject, word, over);
}

static void decide(struct gate *gate)
{
	gate->decided = true;
	if (gate->timer)
		requests_cancel(gate->gates->run->requests, take(gate->timer));
}

static void pass(struct gate *gate)
{
	bool completed = gate->work->step->condition == DEPENDENCY_COMPLETED;

	decide(gate);
	note(gate, completed ? "Exited" : "Healthy", true);
	work_done(gate->work);
}

void gates_interrupt(struct gates *gates)
{
	for (size_t i = 0; i < gates->gates.count; i++) {
		struct gate *gate = gates->gates.items[i];

		if (gate->decided)
			continue;
		decide(gate);
		work_leave(gate->work);
	}
}

/* ---- why it failed ---- */

static void add_indented(struct buffer *out, const char *text, const char *indent)
{
	while (*text) {
		size_t length = strcspn(text, "\n");

		if (length)
			buffer_format(out, "%s%.*s\n", indent, (int)length, text);
		text += length + (text[length] == '\n');
	}
}

static void add_checks(struct buffer *out, const json_t *state)
{
	const json_t *log = json_object_get(json_object_get(state, "Health"), "Log");
	size_t count = json_array_size(log), first = count > LAST_CHECKS ? count - LAST_CHECKS : 0;

	for (size_t i = first; i < count; i++) {
		const json_t *check = json_array_get(log, i);

		buffer_format(out, "  health check ended with %lld:\n",
			      (long long)doc_number(check, "ExitCode"));
		add_indented(out, doc_text(check, "Output"), "    ");
	}
}

static void add_exit(struct buffer *out, const struct gate *gate, const json_t *state)
{
	const char *status = doc_text(state, "Status");
	const char *trouble = doc_text(state, "Error");

	if (strcmp(status, "exited") != 0 && strcmp(status, "dead") != 0)
		return;
	buffer_format(out, "  exited with code %lld%s%s%s\n",
		      (long long)doc_number(state, "ExitCode"),
		      doc_flag(state, "OOMKilled") || gate->out_of_memory ? ": out of memory" : "",
		      *trouble ? ": " : "", trouble);
}

static void explain(struct gate *gate, const char *lines)
{
	const json_t *state = json_object_get(gate->last, "State");
	double seconds = (double)(time_monotonic_ns() - gate->begun_ns) / 1e9;
	scoped_buffer struct buffer text = {0};

	buffer_format(&text, "%s, after %.1f s\n", gate->failure.text, seconds);
	add_exit(&text, gate, state);
	add_checks(&text, state);
	if (!str_is_empty(lines)) {
		buffer_add_text(&text, "  last log lines:\n");
		add_indented(&text, lines, "    ");
	}
	progress_explain(gate->work->run->progress, text.data);
}

static void on_last_lines(void *data, const json_t *answer, const struct error *err)
{
	struct gate *gate = data;
	const struct buffer *text = requests_text(gate->gates->run->requests);
	scoped_free char *lines = text && !err ? log_text(text) : NULL;

	explain(gate, lines);
	work_fail(gate->work, &gate->failure);
}

static void ask_for_lines(void *data, const json_t *answer, const struct error *err)
{
	struct gate *gate = data;
	scoped_target struct target target =
		target_format("/containers/%s/logs", work_container(gate->work));

	if (answer) {
		json_decref(gate->last);
		gate->last = json_incref((json_t *)answer);
	}
	target_add(&target, "stdout", "1");
	target_add(&target, "stderr", "1");
	target_add_number(&target, "tail", LAST_LINES);
	requests_send(gate->gates->run->requests, "GET", &target, NULL, on_last_lines, gate);
}

static __attribute__((format(printf, 2, 3))) void refuse(struct gate *gate, const char *format, ...)
{
	scoped_target struct target target =
		target_format("/containers/%s/json", work_container(gate->work));
	scoped_buffer struct buffer text = {0};
	va_list args;

	va_start(args, format);
	buffer_format_v(&text, format, args);
	va_end(args);
	decide(gate);
	note(gate, "Error", true);
	error_set(&gate->failure, ERROR_CONFLICT, "%s", text.data);
	requests_send(gate->gates->run->requests, "GET", &target, NULL, ask_for_lines, gate);
}

/* In the words of each style. */
static void refuse_unhealthy(struct gate *gate)
{
	if (gate->gates->run->compose->style == COMPOSE_V1)
		refuse(gate, "Container \"%.12s\" is unhealthy.", work_container(gate->work));
	else
		refuse(gate, "%scontainer %s is unhealthy", introduction(gate), name_of(gate));
}

static void refuse_exited(struct gate *gate, int64_t code)
{
	const struct step *step = gate->work->step;

	if (!is_monitor(gate) && step->condition == DEPENDENCY_COMPLETED)
		refuse(gate, "service \"%s\" didn't complete successfully: exit %lld",
		       step->service ? step->service : step->name, (long long)code);
	else
		refuse(gate, "%scontainer %s exited (%lld)", introduction(gate), name_of(gate),
		       (long long)code);
}

/* ---- judging ---- */

static void judge_running(struct gate *gate, const json_t *state)
{
	const char *health = doc_text(json_object_get(state, "Health"), "Status");
	bool has_check = *health && strcmp(health, "none") != 0;
	enum dependency_condition condition = gate->work->step->condition;

	if (strcmp(health, "unhealthy") == 0)
		refuse_unhealthy(gate);
	else if (is_monitor(gate) || condition == DEPENDENCY_COMPLETED)
		return;
	else if (!has_check && condition == DEPENDENCY_HEALTHY)
		refuse(gate, "%scontainer %s has no healthcheck configured", introduction(gate),
		       name_of(gate));
	else if (!has_check || strcmp(health, "healthy") == 0)
		pass(gate);
}

static void judge(struct gate *gate, const json_t *document)
{
	const json_t *state = json_object_get(document, "State");
	const char *status = doc_text(state, "Status");
	int64_t code = doc_number(state, "ExitCode");
	bool over = strcmp(status, "exited") == 0 || strcmp(status, "dead") == 0;
	bool completes = !is_monitor(gate) && gate->work->step->condition == DEPENDENCY_COMPLETED;

	if (over && completes && !code)
		pass(gate);
	else if (over)
		refuse_exited(gate, code);
	else if (strcmp(status, "running") == 0)
		judge_running(gate, state);
}

static void inspect(struct gate *gate);

static void on_inspected(void *data, const json_t *answer, const struct error *err)
{
	struct gate *gate = data;

	gate->inspecting = false;
	if (gate->decided)
		return;
	if (err) {
		decide(gate);
		work_fail(gate->work, err);
		return;
	}
	judge(gate, answer);
	if (!gate->decided && gate->again)
		inspect(gate);
}

static void inspect(struct gate *gate)
{
	scoped_target struct target target =
		target_format("/containers/%s/json", work_container(gate->work));

	gate->inspecting = true;
	gate->again = false;
	requests_send(gate->gates->run->requests, "GET", &target, NULL, on_inspected, gate);
}

/* ---- events ---- */

static bool is_about(const struct gate *gate, const json_t *event)
{
	const json_t *actor = json_object_get(event, "Actor");

	return strcmp(doc_text(actor, "ID"), work_container(gate->work)) == 0 ||
	       strcmp(doc_text(json_object_get(actor, "Attributes"), "name"),
		      gate->work->step->name) == 0;
}

/* What an event says is in the container's state, too: asking is what never misreads an order of events. */
static void on_event(void *data, const json_t *event)
{
	struct gates *gates = data;
	const char *action = doc_text(event, "Action");
	bool counts = strcmp(action, "die") == 0 || strcmp(action, "start") == 0 ||
		      str_starts_with(action, "health_status");

	for (size_t i = 0; i < gates->gates.count; i++) {
		struct gate *gate = gates->gates.items[i];

		if (gate->decided || !is_about(gate, event))
			continue;
		gate->out_of_memory |= strcmp(action, "oom") == 0;
		if (counts && gate->inspecting)
			gate->again = true;
		else if (counts)
			inspect(gate);
	}
}

static void on_open(void *data)
{
	struct gates *gates = data;

	gates->open = true;
	for (size_t i = 0; i < gates->gates.count; i++)
		if (!gates->gates.items[i]->decided)
			inspect(gates->gates.items[i]);
}

static void on_end(void *data, const json_t *answer, const struct error *err)
{
	struct gates *gates = data;
	struct error lost;

	gates->events = NULL;
	gates->open = false;
	error_set(&lost, ERROR_UNAVAILABLE, "the daemon's events ended");
	for (size_t i = 0; i < gates->gates.count; i++) {
		struct gate *gate = gates->gates.items[i];

		if (gate->decided)
			continue;
		decide(gate);
		work_fail(gate->work, err ? err : &lost);
	}
}

static void listen_to_events(struct gates *gates)
{
	scoped_target struct target target = target_format("/events");
	scoped_strings struct strings filters = {0};

	strings_add(&filters, "type=container");
	strings_format(&filters, "label=com.docker.compose.project=%s",
		       gates->run->compose->project_name);
	target_add_filters(&target, &filters);
	gates->events = requests_stream(gates->run->requests, "GET", &target, NULL, on_event,
					on_end, gates);
	requests_on_open(gates->events, on_open);
}

/* ---- beginning ---- */

static void time_is_over(void *data)
{
	struct gate *gate = data;

	gate->timer = NULL;
	if (is_monitor(gate))
		pass(gate);
	else
		refuse(gate, "%scontainer %s is not %s after %.3g s", introduction(gate),
		       name_of(gate),
		       gate->work->step->condition == DEPENDENCY_COMPLETED ? "over" : "healthy",
		       (double)gate->work->step->timeout_ms / 1000);
}

static void begin(struct work *work)
{
	struct run *run = work->run;
	struct gate *gate = mem_new(struct gate);

	if (!run->gates) {
		run->gates = mem_new(struct gates);
		run->gates->run = run;
	}
	*gate = (struct gate){.gates = run->gates, .work = work, .begun_ns = time_monotonic_ns()};
	vector_add(&run->gates->gates, gate);
	note(gate, "Waiting", false);
	if (work->step->timeout_ms >= 0)
		gate->timer =
			requests_timer(run->requests, work->step->timeout_ms, time_is_over, gate);
	if (run->gates->open)
		inspect(gate);
	else if (!run->gates->events)
		listen_to_events(run->gates);
}

void begin_wait(struct work *work)
{
	begin(work);
}

void begin_monitor(struct work *work)
{
	begin(work);
}
