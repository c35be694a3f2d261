/* GET /units/{name}: everything that `status` and `show` want of one unit.  The loop knows what it is; what
 * files and /proc say comes from a thread of the pool. */
#include "base/time.h"
#include "door/unit/door_state.h"
#include "door/unit/handlers.h"
#include "door/unit/unit_tree.h"
#include "door/unit/unit_view.h"

#include <sys/stat.h>

struct unit_look {
	struct call_work work;
	const struct load_context *context;
	struct unit_hold *hold;	     /* owned */
	char *name, *cgroup, *shown; /* shown: NULL where the unit has no group */
	struct strings elsewhere;    /* groups of its containers that are not below it */
	struct strings paths;	     /* its files, as they were read */
	int64_t file_changed_ns;

	/* what was seen */
	struct unit_tree *tree;
	enum unit_file_state state;
	bool changed, frozen;
	int64_t memory, tasks, cpu_ns;
};

/* ---- in the pool ---- */

static int64_t changed_ns(const struct strings *paths)
{
	int64_t newest = 0;
	struct stat st;

	for (size_t i = 0; i < paths->count; i++) {
		if (stat(paths->items[i], &st) < 0)
			return -1;
		int64_t changed = st.st_mtim.tv_sec * NS_PER_SECOND + st.st_mtim.tv_nsec;
		if (changed > newest)
			newest = changed;
	}
	return newest;
}

static void add_elsewhere(struct unit_tree *tree, const char *path)
{
	struct unit_tree *group = unit_tree_read(path);

	if (!group)
		return;
	group->elsewhere = str_dup(path);
	vector_add(&tree->children, group);
}

static void look(struct call_work *work)
{
	struct unit_look *look = container_of(work, struct unit_look, work);

	look->state = unit_file_state(look->context, look->name);
	look->changed = look->paths.count && look->file_changed_ns &&
			(changed_ns(&look->paths) != look->file_changed_ns ||
			 unit_has_new_drop_ins(look->context, look->name, &look->paths));
	look->memory = look->tasks = look->cpu_ns = -1;
	if (!look->cgroup)
		return;
	look->tree = unit_tree_read(look->cgroup);
	if (look->tree)
		unit_tree_usage(look->cgroup, &look->memory, &look->tasks, &look->cpu_ns);
	look->frozen = look->tree && unit_tree_is_frozen(look->cgroup);
	for (size_t i = 0; look->tree && i < look->elsewhere.count; i++)
		add_elsewhere(look->tree, look->elsewhere.items[i]);
}

static void free_look(struct call_work *work)
{
	struct unit_look *look = container_of(work, struct unit_look, work);

	unit_hold_end(look->hold);
	unit_tree_free(look->tree);
	strings_fini(&look->paths);
	strings_fini(&look->elsewhere);
	free(look->name);
	free(look->cgroup);
	free(look->shown);
	free(look);
}

/* ---- the answer ---- */

static void write_container(struct engine *engine, const char *name, struct buffer *json)
{
	const struct container *c = engine_by_id(engine, name);

	if (!c)
		return;
	json_write_name(json, "Container");
	buffer_add_char(json, '{');
	json_write_member(json, "Id", c->id);
	json_write_member(json, "Name", c->name);
	json_write_member(json, "Image", c->config.image);
	buffer_add_char(json, '}');
}

/* Groups of containers are called by their id. */
static const char *container_id(const char *name)
{
	return str_starts_with(name, "container-") ? name + strlen("container-") : name;
}

static void write_tree(struct engine *engine, const struct unit_tree *tree, const char *path,
		       bool root, struct buffer *json)
{
	json_next(json);
	buffer_add_char(json, '{');
	if (!root)
		json_write_member(json, "Name", tree->name);
	json_write_member(json, "Path", path);
	json_write_name(json, "Processes");
	buffer_add_char(json, '[');
	for (size_t i = 0; i < tree->processes.count; i++) {
		json_next(json);
		buffer_add_char(json, '{');
		json_write_number(json, "Pid", tree->processes.items[i].pid);
		json_write_member(json, "Command", tree->processes.items[i].command);
		buffer_add_char(json, '}');
	}
	buffer_add_char(json, ']');
	json_write_name(json, "Children");
	buffer_add_char(json, '[');
	for (size_t i = 0; i < tree->children.count; i++) {
		const struct unit_tree *child = tree->children.items[i];
		scoped_free char *below = child->elsewhere ? str_dup(child->elsewhere)
							   : str_format("%s/%s", path, child->name);

		write_tree(engine, child, below, false, json);
	}
	buffer_add_char(json, ']');
	if (!root)
		write_container(engine, container_id(tree->name), json);
	buffer_add_char(json, '}');
}

static void write_related(const struct unit *unit, enum dependency kind, const char *member,
			  struct buffer *json)
{
	json_write_name(json, member);
	buffer_add_char(json, '[');
	for (size_t i = 0; i < unit->edge_count; i++) {
		const struct unit *other = unit->edges[i].unit;

		if (unit->edges[i].kind != kind)
			continue;
		json_next(json);
		buffer_add_char(json, '{');
		json_write_member(json, "Id", other->name);
		json_write_member(json, "ActiveState", active_state_name(unit_active_state(other)));
		json_write_member(json, "SubState", sub_state_name(other->sub));
		buffer_add_char(json, '}');
	}
	buffer_add_char(json, ']');
}

static void write_strings(struct buffer *json, const char *name, const struct strings *list)
{
	json_write_name(json, name);
	if (list)
		json_write_strings(json, list);
	else
		buffer_add_text(json, "[]");
}

static void write_listen(const struct unit *unit, struct buffer *json)
{
	static const char *const kinds[] = {"Stream", "Datagram", "SequentialPacket", "FIFO"};
	struct execution_plan plan = {0};

	json_write_name(json, "Listen");
	buffer_add_char(json, '[');
	if (unit->config && unit->config->type == UNIT_SOCKET &&
	    unit_config_plan(unit->config, &plan)) {
		for (size_t i = 0; i < plan.socket.sockets.count; i++) {
			const struct execution_socket *s =
				RECORD_AT(plan.socket.sockets, struct execution_socket, i);
			scoped_free char *text =
				str_format("%s (%s)", s->address, kinds[s->kind & 3]);

			json_next(json);
			json_write_string(json, text);
		}
		record_fini(&execution_plan_type, &plan);
	}
	buffer_add_char(json, ']');
}

static void write_paths(const struct unit *unit, struct buffer *json)
{
	static const char *const kinds[] = {[PATH_EXISTS] = "PathExists",
					    [PATH_EXISTS_GLOB] = "PathExistsGlob",
					    [PATH_CHANGED] = "PathChanged",
					    [PATH_MODIFIED] = "PathModified",
					    [PATH_DIRECTORY_NOT_EMPTY] = "DirectoryNotEmpty"};
	const struct path_config *config = unit->config ? unit->config->path_watch : NULL;

	json_write_name(json, "Paths");
	buffer_add_char(json, '[');
	for (size_t i = 0; config && i < config->count; i++) {
		json_next(json);
		buffer_add_char(json, '{');
		json_write_member(json, "Path", config->watches[i].path);
		json_write_member(json, "Condition", kinds[config->watches[i].kind]);
		buffer_add_char(json, '}');
	}
	buffer_add_char(json, ']');
}

static void write_trigger(struct call *call, const struct unit *unit, struct buffer *json)
{
	struct timer_times times;

	json_write_name(json, "Trigger");
	if (!unit->config || unit->config->type != UNIT_TIMER) {
		buffer_add_text(json, "null");
		return;
	}
	times = units_timer(call_units(call), unit);
	buffer_add_char(json, '{');
	json_write_number(json, "Next_us", times.next_us);
	json_write_number(json, "Left_us",
			  times.next_us ? times.next_us - time_now_ns() / 1000 : 0);
	buffer_add_char(json, '}');
}

/* What systemctl prints as the preset: units that can be enabled are, unless they are ours already. */
static const char *preset_of(enum unit_file_state state)
{
	return state == FILE_ENABLED || state == FILE_DISABLED || state == FILE_ENABLED_RUNTIME
		       ? "enabled"
		       : "";
}

/* Of this life: an automatic restart keeps the group. */
static int64_t cpu_since_start(const struct unit_look *look, const struct unit *unit)
{
	const struct execution_status *status = unit_status(unit);

	return look->cpu_ns < 0 || !status ? look->cpu_ns : look->cpu_ns - status->cpu_before_ns;
}

static const char *file_state_of(const struct unit_look *look, const struct unit *unit)
{
	if (unit->config && unit->config->transient)
		return unit_file_state_name(FILE_TRANSIENT);
	return look->state == FILE_NOT_FOUND ? "" : unit_file_state_name(look->state);
}

static void write_properties(struct unit_look *look, const struct unit *unit, struct buffer *json)
{
	struct unit_facts facts = {.file_state = file_state_of(look, unit),
				   .preset = preset_of(look->state),
				   .cgroup = look->tree ? look->shown : NULL,
				   .changed = look->changed,
				   .frozen = look->frozen,
				   .memory = look->memory,
				   .tasks = look->tasks,
				   .cpu_ns = cpu_since_start(look, unit),
				   .monotonic_ns = time_monotonic_ns() - time_now_ns(),
				   .timer = units_timer(call_units(look->work.call), unit)};

	json_write_name(json, "Properties");
	unit_view_write_properties(unit, &facts, json);
	unit_view_write_processes(unit, json);
}

static void write_group(struct unit_look *look, struct buffer *json)
{
	json_write_name(json, "Cgroup");
	if (look->tree)
		write_tree(call_unit_door(look->work.call)->engine, look->tree, look->shown, true,
			   json);
	else
		buffer_add_text(json, "null");
}

static void write_status_text(const struct unit *unit, struct buffer *json)
{
	const struct execution_status *status = unit_status(unit);

	json_write_member(json, "StatusText", status ? status->status_text : "");
	unit_rest(unit);
}

static void write_masked(const struct unit *unit, struct buffer *json)
{
	scoped_free char *reason = unit->config && unit->config->load == LOAD_MASKED
					   ? str_format("Unit %s is masked.", unit->name)
					   : str_dup("");

	json_write_member(json, "MaskedReason", reason);
}

static void write_unit(struct unit_look *look, const struct unit *unit, struct buffer *json)
{
	const struct unit_config *c = unit->config;

	buffer_add_char(json, '{');
	write_properties(look, unit, json);
	write_group(look, json);
	write_strings(json, "DropIns", c ? &c->drop_ins : NULL);
	write_strings(json, "Docs", c ? &c->documentation : NULL);
	write_related(unit, DEPENDENCY_TRIGGERED_BY, "TriggeredBy", json);
	write_related(unit, DEPENDENCY_TRIGGERS, "Triggers", json);
	write_listen(unit, json);
	write_paths(unit, json);
	write_trigger(look->work.call, unit, json);
	write_status_text(unit, json);
	json_write_member(json, "FileState", file_state_of(look, unit));
	json_write_bool(json, "Changed", look->changed);
	write_strings(json, "Warnings", c ? &c->warnings : NULL);
	write_masked(unit, json);
	buffer_add_char(json, '}');
}

static void looked(struct call_work *work)
{
	struct unit_look *look = container_of(work, struct unit_look, work);
	const struct unit *unit = unit_set_find(units_all(call_units(work->call)), look->name);
	scoped_buffer struct buffer json = {0};
	struct error err;

	if (!unit) {
		error_set(&err, ERROR_UNAVAILABLE, "Unit %s went away.", look->name);
		call_fail(work->call, &err);
		return;
	}
	write_unit(look, unit, &json);
	call_answer_json(work->call, 200, &json);
}

/* ---- the question ---- */

static bool has_group(const struct unit *unit)
{
	return unit->config && !unit->config->builtin &&
	       (unit->config->type == UNIT_SERVICE || unit->config->type == UNIT_SOCKET ||
		unit->config->type == UNIT_MOUNT || unit->config->type == UNIT_SLICE ||
		unit->config->transient);
}

static void begin_look(struct call *call, const struct unit *unit)
{
	struct unit_look *l = mem_new(struct unit_look);

	l->work.run = look;
	l->work.done = looked;
	l->work.free = free_look;
	l->context = units_load_context(call_units(call));
	l->hold = unit_hold(call_units(call), unit);
	l->name = str_dup(unit->name);
	if (has_group(unit)) {
		l->cgroup = units_cgroup(call_units(call), unit);
		l->shown = units_cgroup_shown(call_units(call), unit);
	}
	l->elsewhere = units_groups_elsewhere(call_units(call), unit);
	if (unit->config->file)
		strings_take(&l->paths, unit_config_path(unit->config));
	for (size_t i = 0; i < unit->config->drop_ins.count; i++)
		strings_add(&l->paths, unit->config->drop_ins.items[i]);
	l->file_changed_ns = unit->config->file_changed_ns;
	call_work_begin(&l->work, call);
}

static void on_loaded(void *data, struct unit *unit)
{
	struct call *call = data;

	if (call_goes_on(call, unit))
		begin_look(call, unit);
	call_drop(call);
}

void serve_unit(struct call *call)
{
	scoped_free char *name = call_unit_name(call, call->arguments[0]);

	if (name)
		units_load(call_units(call), name, on_loaded, call_hold(call));
}
