/* --supervisor=systemd: the host's systemd runs the units that have files of ours.
 *
 * A unit that was read is *handed over*: its file is written where systemd reads (units_systemd_files.c), systemd
 * reads it, and the worker `bus` (systemd/bus_protocol.h) tells its state from then on.  Only then whoever waited
 * for the unit goes on, so that a unit that is loaded is one that systemd has.
 *
 * For the rest of the manager such a unit is one of another kind: its jobs are carried out as a whole by whom we
 * ask, its states come as they come, and what follows from them for other units is systemd's business.  Jobs
 * that somebody asks for go there without a transaction of ours; those that a target of ours pulls in (at boot)
 * are ordered here, and once more there.
 *
 * A unit that has a shim of ours, from before the setting, stays with it until it has stopped: never two. */
#include "unit/units_systemd.h"

#include "base/log.h"
#include "os/fd.h"
#include "os/process.h"
#include "os/socket.h"
#include "systemd/bus_protocol.h"
#include "unit/mirror.h"

#include <signal.h>
#include <sys/xattr.h>
#include <unistd.h>

#define FIRST_DELAY_MS 1000
#define LAST_DELAY_MS  64000

typedef void bus_answered(void *data, const struct bus_answer *answer, const struct error *err);

struct asking {
	struct link link;
	int64_t id;
	bus_answered *answered;
	void *data;
	bool owns; /* data is freed with it where nobody answers any more */
};

struct units_systemd {
	struct units *units;
	struct shim_peer *peer; /* the worker's; NULL: there is none now */
	struct deadline *again; /* it is started again */
	uint64_t delay_ms;
	struct link asked;
	int64_t last_id;

	struct unit_names fresh; /* were read since they were handed over last */
	bool armed;		 /* what an earlier daemon has left is known */
	bool running;		 /* files are being handed over */
	bool loader_waits, adoption_waits;
};

/* ---- the worker ---- */

static void start_worker(struct units_systemd *s);

static void on_again(void *data)
{
	struct units_systemd *s = data;

	s->again = NULL;
	start_worker(s);
}

static void start_later(struct units_systemd *s)
{
	s->again = deadline_start(s->units->loop, s->delay_ms, on_again, s);
	if (s->delay_ms < LAST_DELAY_MS)
		s->delay_ms *= 2;
}

static void fail_asked(struct units_systemd *s)
{
	struct error err;

	error_set(&err, ERROR_UNAVAILABLE, "systemd cannot be reached");
	while (!list_is_empty(&s->asked)) {
		struct asking *asking = list_first(&s->asked, struct asking, link);

		list_remove(&asking->link);
		asking->answered(asking->data, NULL, &err);
		free(asking);
	}
}

static void take_answer(struct units_systemd *s, const struct message *message)
{
	struct bus_answer answer = {0};
	struct error err = {0};

	if (!record_decode(&bus_answer_type, message->data, message->size, &answer, &err)) {
		log_error("cannot understand the worker 'bus'", &err, "");
		return;
	}
	s->delay_ms = FIRST_DELAY_MS;
	if (answer.kind)
		error_set(&err, (enum error_kind)answer.kind, "%s", answer.text ? answer.text : "");
	list_each(link, &s->asked)
	{
		struct asking *asking = container_of(link, struct asking, link);

		if (asking->id != answer.id)
			continue;
		list_remove(&asking->link);
		asking->answered(asking->data, &answer, answer.kind ? &err : NULL);
		free(asking);
		break;
	}
	record_fini(&bus_answer_type, &answer);
}

static void take_state(struct units_systemd *s, const struct message *message);

static void on_message(void *data, struct message *message)
{
	if (message->type == BUS_STATE)
		take_state(data, message);
	else if (message->type == BUS_ANSWER)
		take_answer(data, message);
}

static void on_gone(void *data)
{
	struct units_systemd *s = data;

	s->peer = NULL; /* it frees itself */
	log_warning("the worker 'bus' has died", NULL, "again=%dms", (int)s->delay_ms);
	start_later(s);
	fail_asked(s);
}

static const struct shim_peer_handlers handlers = {on_message, on_gone, UINT16_MAX};

static bool spawn_worker(struct units_systemd *s, struct error *err)
{
	char *args[] = {"wherry-worker", "bus", NULL};
	struct shim_process process = {.pidfd = -1, .control = -1};
	int pair[2];

	if (!socket_pair(pair, err))
		return false;
	scoped_fd int own = pair[0];
	scoped_fd int theirs = pair[1];
	struct spawn spawn = {.path = s->units->worker,
			      .args = args,
			      .keep = &theirs,
			      .keep_count = 1,
			      .in = -1,
			      .out = -1,
			      .err = 2,
			      .new_session = true};
	if (!fd_set_nonblocking(own, true, err) ||
	    !process_spawn(&spawn, &process.pid, &process.pidfd, err))
		return false;
	process.control = take_fd(own);
	s->peer = shim_peer_new(s->units->loop, &process, &handlers, s);
	return true;
}

/* The answer is given exactly once: at once where there is no worker. */
static struct asking *ask(struct units_systemd *s, enum bus_message type,
			  struct bus_request *request, bus_answered *answered, void *data)
{
	struct asking *asking = mem_new(struct asking);

	request->id = asking->id = ++s->last_id;
	asking->answered = answered;
	asking->data = data;
	list_append(&s->asked, &asking->link);
	if (s->peer) {
		shim_peer_send(s->peer, (enum shim_message)type, &bus_request_type, request, NULL,
			       0);
		return asking;
	}
	fail_asked(s);
	return NULL;
}

static void ask_owning(struct units_systemd *s, enum bus_message type, struct bus_request *request,
		       bus_answered *answered, void *data)
{
	struct asking *asking = ask(s, type, request, answered, data);

	if (asking)
		asking->owns = true;
}

/* ---- states ---- */

bool unit_is_handed(const struct unit *unit)
{
	return unit->runtime && unit->runtime->handed && unit->runtime->handed->there;
}

static struct unit_handed *handed_of(struct units *units, struct unit *unit)
{
	struct unit_runtime *runtime = unit_runtime(units, unit);

	if (!runtime->handed)
		runtime->handed = mem_new(struct unit_handed);
	return runtime->handed;
}

void handed_free(struct unit_handed *handed)
{
	if (!handed)
		return;
	free(handed->cgroup);
	free(handed);
}

void unit_set_handed(struct units *units, struct unit *unit)
{
	handed_of(units, unit)->there = true;
}

static void keep_status(struct unit *unit, const struct bus_state *state)
{
	struct execution_status status = {0};

	mirror_status(state, &status);
	unit_set_status(unit, &status);
	unit_rest(unit);
}

/* What it has been, and what it is, decides about its containers: those of a run that is over are stopped. */
static void follow(struct units *units, struct unit *unit, const char *before)
{
	enum active_state now = unit_active_state(unit);
	bool over = now == UNIT_INACTIVE || now == UNIT_FAILED || unit->sub == SUB_AUTO_RESTART;

	if (over)
		containers_leave(units, unit, before);
	else if (now == UNIT_ACTIVE && !str_equal(before, unit->invocation_id))
		containers_leave(units, unit, before);
}

static void apply(struct units *units, struct unit *unit, const struct bus_state *state)
{
	struct unit_handed *handed = unit->runtime->handed;
	struct unit_change change = {.sub = mirror_sub(state->active_state, state->sub_state),
				     .result = mirror_result(state->result),
				     .realtime_ns = state->changed_us * 1000,
				     .monotonic_ns = state->changed_monotonic_us * 1000};
	bool same = change.sub == unit->sub && change.result == unit->result;

	keep_status(unit, state);
	scoped_free char *before = str_dup(unit->invocation_id);
	str_replace(&handed->cgroup, state->control_group);
	handed->next_us = state->next_elapse_us;
	handed->last_us = state->last_trigger_us;
	unit->restarts = (uint32_t)state->restarts;
	unit->condition_met = !state->condition_unmet;
	unit->assert_met = true;
	if (!same)
		unit_change(units, unit, &change);
	mirror_moments(state, unit);
	if (same)
		unit_tell(units, unit);
	follow(units, unit, before);
}

static void take_state(struct units_systemd *s, const struct message *message)
{
	struct bus_state state = {0};
	struct unit *unit = NULL;
	struct error err;

	if (!record_decode(&bus_state_type, message->data, message->size, &state, &err))
		log_error("cannot understand the worker 'bus'", &err, "");
	else if (state.unit)
		unit = unit_set_find(&s->units->set, state.unit);
	if (unit && unit_is_handed(unit))
		apply(s->units, unit, &state);
	record_fini(&bus_state_type, &state);
}

/* ---- handing over ---- */

static void go_on(struct units_systemd *s);
static void begin(struct units_systemd *s);

static void on_watched(void *data, const struct bus_answer *answer, const struct error *err)
{
	(void)answer;
	if (err)
		log_error("systemd does not tell of units", err, "");
	go_on(data);
}

static bool is_to_watch(const struct unit *unit, bool all)
{
	return unit_is_handed(unit) && (all || !unit->runtime->handed->watched);
}

static void watch(struct units_systemd *s, bool all, bus_answered *answered)
{
	struct bus_request request = {0};

	for (size_t i = 0; i < s->units->set.count; i++) {
		struct unit *unit = s->units->set.items[i];

		if (!is_to_watch(unit, all))
			continue;
		strings_add(&request.units, unit->name);
		unit->runtime->handed->watched = true;
	}
	if (request.units.count)
		ask(s, BUS_WATCH, &request, answered, s);
	else
		answered(s, NULL, NULL);
	strings_fini(&request.units);
}

static void on_reloaded(void *data, const struct bus_answer *answer, const struct error *err)
{
	(void)answer;
	if (err)
		log_error("systemd does not read its units again", err, "");
	watch(data, false, on_watched);
}

static void take_file(struct units *units, const struct handed_file *file)
{
	struct unit *unit = unit_set_find(&units->set, file->name);

	if (!unit)
		return;
	struct unit_handed *handed = handed_of(units, unit);
	handed->refusal = file->err;
	if (file->err.kind)
		log_warning("a unit is not handed over to systemd", &file->err, "unit=%s",
			    file->name);
	else if (!file->goes)
		handed->there = true;
	else if (unit_active_state(unit) == UNIT_INACTIVE)
		handed->there = handed->watched = false;
}

static void written(struct work *work, bool closing)
{
	struct handed_files *files = container_of(work, struct handed_files, work);
	struct units *units = files->units;

	if (!closing && units->systemd) {
		for (size_t i = 0; i < files->count; i++)
			take_file(units, &files->items[i]);
		if (files->changed)
			ask(units->systemd, BUS_RELOAD, &(struct bus_request){0}, on_reloaded,
			    units->systemd);
		else
			watch(units->systemd, false, on_watched);
	}
	handed_files_free(files);
	units_unref(units);
}

/* A shim of ours has it. */
static bool is_ours(const struct unit *unit)
{
	return unit->runtime &&
	       (unit->runtime->peer || unit->runtime->under_way || unit->runtime->restart);
}

static bool has_file(const struct unit *unit)
{
	return unit->config && !unit->config->builtin && unit->config->load == LOAD_LOADED &&
	       unit->config->file;
}

static void add_file(struct handed_files *files, const struct unit *unit)
{
	struct handed_file file = {.name = unit->name, .goes = !has_file(unit)};

	if (file.goes ? !unit_is_handed(unit) : is_ours(unit))
		return;
	if (!file.goes)
		unit_exporting_init(&file.exporting, files->units, unit);
	vector_add(files, file);
}

static void begin(struct units_systemd *s)
{
	struct units *units = s->units;
	struct handed_files *files;

	if (s->running)
		return;
	s->running = true;
	files = mem_new(struct handed_files);
	files->units = units;
	for (size_t i = 0; i < s->fresh.count; i++) {
		struct unit *unit = unit_set_find(&units->set, s->fresh.items[i]);

		if (unit && unit->config)
			add_file(files, unit);
	}
	s->fresh.count = 0;
	units->references++;
	work_begin(&files->work, units->engine, handed_files_write, written);
}

static void go_on(struct units_systemd *s)
{
	s->running = false;
	if (s->fresh.count) {
		begin(s);
		return;
	}
	if (s->adoption_waits) {
		s->adoption_waits = false;
		units_adopt_answered(s->units);
	}
	if (s->loader_waits) {
		s->loader_waits = false;
		loading_go_on(s->units);
	}
}

void systemd_note(struct units *units, const struct unit *unit)
{
	if (units->systemd)
		vector_add(&units->systemd->fresh, unit->name);
}

bool systemd_hand_over(struct units *units)
{
	struct units_systemd *s = units->systemd;

	if (!s || !s->armed || (!s->fresh.count && !s->running))
		return false;
	s->loader_waits = true;
	begin(s);
	return true;
}

void systemd_begin(struct units *units)
{
	struct units_systemd *s = units->systemd;

	if (!s)
		return;
	s->armed = s->adoption_waits = true;
	units->adoption.waiting++;
	begin(s);
}

bool systemd_is_handing(const struct units *units)
{
	return units->systemd && units->systemd->adoption_waits;
}

/* ---- jobs ---- */

struct carrying {
	struct units *units;
	const char *unit; /* interned */
	uint32_t job;
};

static void on_job_over(void *data, const struct bus_answer *answer, const struct error *err)
{
	struct carrying *carrying = data;
	struct units *units = carrying->units;
	struct unit *unit = unit_set_find(&units->set, carrying->unit);
	bool waited = unit && unit->job && unit->job->id == carrying->job && unit->job->running &&
		      unit->runtime && unit->runtime->handed;

	if (waited && err)
		units_say(units, unit, 3, "%s: systemd refuses: %s", unit->name, err->text);
	/* Replaced meanwhile, it has another's answer to wait for. */
	if (waited && (!answer || unit->runtime->handed->asked == answer->id)) {
		unit->runtime->handed->asked = 0;
		job_finish(units, unit,
			   err || !answer ? JOB_FAILED : mirror_job_result(answer->result));
	}
	free(carrying);
}

static void carry_out(struct unit_runtime *runtime)
{
	struct units *units = runtime->units;
	struct unit *unit = runtime->unit;
	struct carrying *carrying = mem_new(struct carrying);
	struct bus_request request = {
		.method = (char *)(uintptr_t)mirror_method((enum job_type)unit->job->type),
		.unit = (char *)(uintptr_t)unit->name,
		.mode = (char *)(uintptr_t)job_mode_name(runtime->handed->mode)};

	*carrying = (struct carrying){units, unit->name, unit->job->id};
	runtime->handed->mode = JOB_REPLACE;
	runtime->handed->asked = units->systemd->last_id + 1;
	ask_owning(units->systemd, BUS_JOB, &request, on_job_over, carrying);
}

const struct unit_kind systemd_kind = {.carry_out = carry_out};

static bool is_about_others(enum job_mode mode)
{
	return mode == JOB_ISOLATE || mode == JOB_FLUSH;
}

bool systemd_check(struct units *units, const struct unit *unit, const struct job_request *request,
		   struct error *err)
{
	const struct unit_handed *handed = unit->runtime ? unit->runtime->handed : NULL;
	bool starts = request->type != JOB_STOP;

	if (!units->systemd || !starts)
		return true;
	if (is_ours(unit))
		return error_set(err, ERROR_CONFLICT,
				 "%s still runs under wherry's own supervisor, from before "
				 "--supervisor=systemd: stop it first",
				 unit->name);
	if (handed && handed->refusal.kind)
		return error_set(err, handed->refusal.kind, "%s is not handed over to systemd: %s",
				 unit->name, handed->refusal.text);
	if (unit_is_handed(unit) && is_about_others(request->mode))
		return error_set(err, ERROR_UNSUPPORTED,
				 "%s is systemd's, where %s is about all units of the host: use "
				 "systemctl",
				 unit->name, job_mode_name(request->mode));
	return true;
}

struct job *systemd_install(struct units *units, struct unit *unit,
			    const struct job_request *request, enum job_type type)
{
	struct planned_job planned = {.unit = unit, .type = type, .ignore_order = true};

	unit->runtime->handed->mode = request->mode;
	return job_install(units, &planned);
}

static void on_canceled(void *data, const struct bus_answer *answer, const struct error *err)
{
	(void)answer;
	if (err && err->kind != ERROR_NOT_FOUND)
		log_warning("systemd does not cancel a job", err, "unit=%s", (const char *)data);
}

/* Its end is told as that of any other job. */
bool systemd_cancel(struct units *units, struct unit *unit)
{
	if (!unit_is_handed(unit) || !unit->job->running || !unit->runtime->handed->asked)
		return false;
	struct bus_request request = {.job = unit->runtime->handed->asked};
	ask(units->systemd, BUS_CANCEL, &request, on_canceled, (void *)(uintptr_t)unit->name);
	return true;
}

/* ---- signals and resetting ---- */

struct doing {
	units_done *done;
	void *data;
};

static void on_done(void *data, const struct bus_answer *answer, const struct error *err)
{
	struct doing *doing = data;

	(void)answer;
	doing->done(doing->data, err);
	free(doing);
}

void systemd_kill(struct unit *unit, const struct unit_signal *signal, units_done *done, void *data)
{
	static char *const whos[] = {
		[SIGNAL_ALL] = "all", [SIGNAL_MAIN] = "main", [SIGNAL_CONTROL] = "control"};
	struct doing *doing = mem_new(struct doing);
	struct bus_request request = {.unit = (char *)(uintptr_t)unit->name,
				      .who = whos[signal->who],
				      .signal = signal->signal};

	*doing = (struct doing){done, data};
	ask_owning(unit->runtime->units->systemd, BUS_KILL, &request, on_done, doing);
}

static void on_scope(void *data, const struct bus_answer *answer, const struct error *err)
{
	struct error failed;

	if (err) {
		failed = *err;
		error_prefix(&failed, "cannot make its scope");
		err = &failed;
	}
	on_done(data, answer, err);
}

static void on_reset(void *data, const struct bus_answer *answer, const struct error *err)
{
	(void)answer;
	if (err)
		log_warning("systemd does not reset a unit", err, "unit=%s", (const char *)data);
}

void systemd_reset_failed(struct unit *unit)
{
	struct bus_request request = {.unit = (char *)(uintptr_t)unit->name};

	ask(unit->runtime->units->systemd, BUS_RESET_FAILED, &request, on_reset,
	    (void *)(uintptr_t)unit->name);
}

/* ---- control groups of systemd's ---- */

/* Where systemd keeps the processes of a unit: the group goes when they have.  Owned; NULL: it is not there. */
static char *group_folder(const struct unit *unit)
{
	static const char *const roots[] = {"/sys/fs/cgroup", "/sys/fs/cgroup/systemd",
					    "/sys/fs/cgroup/unified"};
	struct units root = {.cgroup_parent = (char *)""};
	scoped_free char *path = units_cgroup(&root, unit);

	for (size_t i = 0; i < array_length(roots); i++) {
		char *folder = str_format("%s%s", roots[i], path);

		if (access(folder, F_OK) == 0)
			return folder;
		free(folder);
	}
	return NULL;
}

char *systemd_invocation(const struct unit *unit)
{
	static const char *const names[] = {"trusted.invocation_id", "user.invocation_id"};
	scoped_free char *folder = group_folder(unit);
	char id[33] = "";

	for (size_t i = 0; folder && i < array_length(names); i++)
		if (getxattr(folder, names[i], id, sizeof(id) - 1) == sizeof(id) - 1)
			return str_dup(id);
	return *unit->invocation_id ? str_dup(unit->invocation_id) : NULL;
}

char *systemd_scope_name(const char *id)
{
	return str_format("wherry-%s.scope", id);
}

char *systemd_scope_cgroup(const struct units *units, const struct unit *unit, const char *id)
{
	struct units root = {.cgroup_parent = (char *)""};
	scoped_free char *slice =
		slice_cgroup(&root, unit->config->slice ? unit->config->slice : "system.slice");
	scoped_free char *scope = systemd_scope_name(id);

	(void)units;
	return str_format("%s/%s", slice, scope);
}

void systemd_make_scope(struct units *units, const struct unit *unit, const struct container *c,
			units_done *done, void *data)
{
	struct doing *doing = mem_new(struct doing);
	scoped_free char *scope = systemd_scope_name(c->id);
	scoped_free char *group = systemd_scope_cgroup(units, unit, c->id);
	scoped_free char *text = str_format("Container %s of %s", c->name, unit->name);
	struct bus_request request = {.scope = scope,
				      .group = group,
				      .description = text,
				      .slice = (char *)(uintptr_t)(unit->config->slice
									   ? unit->config->slice
									   : "system.slice")};

	*doing = (struct doing){done, data};
	ask_owning(units->systemd, BUS_SCOPE, &request, on_scope, doing);
}

static void ignore(void *data, const struct bus_answer *answer, const struct error *err)
{
	(void)data;
	(void)answer;
	(void)err;
}

void systemd_leave_scope(struct units *units, const char *id)
{
	scoped_free char *scope = systemd_scope_name(id);
	struct bus_request request = {.scope = scope};

	ask(units->systemd, BUS_SCOPE_LEAVE, &request, ignore, NULL);
}

/* ---- the other way round ---- */

static bool has_group(const struct unit *unit)
{
	scoped_free char *folder = group_folder(unit);

	return folder;
}

/* One of ours from before the setting may even restart by itself: it is ours until it has stopped. */
static bool is_to_be_handed(const struct unit *unit)
{
	return has_file(unit) && !unit_is_handed(unit) && !is_ours(unit) &&
	       unit->sub != SUB_AUTO_RESTART;
}

bool systemd_has_not(const struct units *units, const struct unit *unit, struct error *err)
{
	if (units->systemd && is_to_be_handed(unit))
		return error_set(err, ERROR_CONFLICT, "%s is not handed over to systemd",
				 unit->name);
	if (units->systemd || !units->beside_systemd || !unit_kind(unit) ||
	    !unit_kind(unit)->has_shim || !has_group(unit))
		return true;
	return error_set(err, ERROR_CONFLICT,
			 "%s runs under the host's systemd: stop it there first (systemctl stop "
			 "%s), or give wherryd --supervisor=systemd",
			 unit->name, unit->name);
}

/* ---- life ---- */

static void on_rewatched(void *data, const struct bus_answer *answer, const struct error *err)
{
	(void)data;
	(void)answer;
	if (err)
		log_error("systemd does not tell of units", err, "");
}

/* A new one knows nothing of what an earlier one was to watch. */
static void start_worker(struct units_systemd *s)
{
	struct error err;

	if (spawn_worker(s, &err)) {
		watch(s, true, on_rewatched);
		return;
	}
	log_error("the worker 'bus' is not started", &err, "again=%dms", (int)s->delay_ms);
	start_later(s);
}

bool systemd_open(struct units *units, struct error *err)
{
	struct units_systemd *s = mem_new(struct units_systemd);

	s->units = units;
	s->delay_ms = FIRST_DELAY_MS;
	list_init(&s->asked);
	if (!spawn_worker(s, err)) {
		free(s);
		return false;
	}
	units->systemd = s;
	return true;
}

/* The worker sees its socket close, and ends; systemd goes on. */
void systemd_close(struct units *units)
{
	struct units_systemd *s = units->systemd;

	if (!s)
		return;
	deadline_cancel(&s->again);
	shim_peer_free(s->peer);
	while (!list_is_empty(&s->asked)) {
		struct asking *asking = list_first(&s->asked, struct asking, link);

		list_remove(&asking->link);
		if (asking->owns)
			free(asking->data);
		free(asking);
	}
	vector_fini(&s->fresh);
	free(s);
	units->systemd = NULL;
}
