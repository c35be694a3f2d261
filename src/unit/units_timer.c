/* Timers.  Two clocks serve them all: the loop's monotonic timer, and one timerfd of the wall clock that also
 * tells when that clock was set.  Nothing is counted in between.
 *
 * When a timer last went off stands in its record; of Persistent= ones also in <data root>/units/stamp-NAME, so
 * that a run missed while the machine was off is made up.  That file is read and written by the pool. */
#include "unit/units_private.h"

#include "base/id.h"
#include "base/log.h"
#include "base/time.h"
#include "os/file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/timerfd.h>
#include <unistd.h>

struct unit_timer {
	uint64_t random;
	struct timer_next next;
};

struct units_timers {
	struct units *units;
	struct unit_queue active;
	uv_timer_t monotonic;
	uv_poll_t realtime;
	uv_fs_event_t zone; /* the folder of /etc/localtime, for OnTimezoneChange= */
	int fd;
	unsigned open_handles;
};

static int64_t realtime_us(void)
{
	return time_now_ns() / 1000;
}

static int64_t monotonic_us(void)
{
	return time_monotonic_ns() / 1000;
}

/* ---- the next moment ---- */

static struct timer_moments moments_of(const struct unit_runtime *runtime)
{
	const struct unit *target = unit_triggered(runtime->unit);
	struct timer_moments m = {
		.activated_us = runtime->unit->active_enter_monotonic_ns / 1000,
		.startup_us = runtime->units->started_monotonic_us,
		.last_trigger_us = runtime->trigger_us,
		.last_trigger_realtime_us = runtime->trigger_realtime_us,
	};

	if (target) {
		m.unit_active_us = target->inactive_exit_monotonic_ns / 1000;
		m.unit_inactive_us = target->inactive_enter_monotonic_ns / 1000;
	}
	return m;
}

/* The same delay at each boot of this host for FixedRandomDelay=. */
static uint64_t fixed_random(const struct units *units, const char *name)
{
	const char *machine = pairs_get(&units->context.specifiers, "m");
	uint64_t hash = UINT64_C(14695981039346656037);

	for (const char *at = machine ? machine : ""; *at; at++)
		hash = (hash ^ (uint8_t)*at) * UINT64_C(1099511628211);
	for (; *name; name++)
		hash = (hash ^ (uint8_t)*name) * UINT64_C(1099511628211);
	return hash;
}

static void shake(struct unit_runtime *runtime)
{
	if (runtime->unit->config->timer->fixed_random_delay)
		runtime->timer->random = fixed_random(runtime->units, runtime->unit->name);
	else
		random_bytes(&runtime->timer->random, sizeof(runtime->timer->random));
}

static void compute(struct unit_runtime *runtime)
{
	struct timer_moments moments = moments_of(runtime);

	runtime->timer->next = decide_timer(runtime->unit->config->timer, &moments, realtime_us(),
					    monotonic_us(), runtime->timer->random);
}

struct timer_times units_timer(const struct units *units, const struct unit *unit)
{
	const struct unit_runtime *runtime = unit->runtime;
	struct timer_times times = {0};

	(void)units;
	if (!runtime)
		return times;
	if (unit_is_handed(unit))
		return (struct timer_times){runtime->handed->next_us, runtime->handed->last_us};
	times.last_us = runtime->trigger_realtime_us;
	if (!runtime->timer || unit->sub != SUB_WAITING)
		return times;
	const struct timer_next *next = &runtime->timer->next;
	int64_t monotonic =
		next->monotonic_us < 0 ? 0 : realtime_us() + (next->monotonic_us - monotonic_us());
	times.next_us = next->realtime_us < 0 ? 0 : next->realtime_us;
	if (monotonic && (!times.next_us || monotonic < times.next_us))
		times.next_us = monotonic;
	return times;
}

/* ---- both clocks ---- */

static void on_monotonic(uv_timer_t *handle);

static int64_t wake_at(const struct units_timers *timers, bool realtime)
{
	struct {
		struct timer_window *items;
		size_t count, capacity;
	} windows = {0};
	int64_t at;

	for (size_t i = 0; i < timers->active.count; i++) {
		const struct unit *unit = timers->active.items[i];
		const struct timer_next *next = &unit->runtime->timer->next;
		struct timer_window window = {realtime ? next->realtime_us : next->monotonic_us,
					      unit->config->timer ? unit->config->timer->accuracy_us
								  : 0};

		if (unit->sub == SUB_WAITING)
			vector_add(&windows, window);
	}
	at = decide_wake(windows.items, windows.count);
	vector_fini(&windows);
	return at;
}

static void arm(struct units_timers *timers)
{
	int64_t monotonic = wake_at(timers, false), realtime = wake_at(timers, true);
	struct itimerspec when = {0};

	uv_timer_stop(&timers->monotonic);
	if (monotonic >= 0) {
		int64_t left = monotonic - monotonic_us();

		uv_update_time(timers->units->loop);
		uv_timer_start(&timers->monotonic, on_monotonic,
			       left > 0 ? (uint64_t)(left / 1000) + 1 : 0, 0);
	}
	if (realtime >= 0) {
		when.it_value.tv_sec = realtime / 1000000;
		when.it_value.tv_nsec = realtime % 1000000 * 1000 + 1;
	} else { /* far away: that the clock was set is told all the same */
		when.it_value.tv_sec = INT64_C(1) << 40;
	}
	timerfd_settime(timers->fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &when, NULL);
}

/* ---- going off ---- */

struct stamp {
	struct work work;
	char *folder, *name;
	const char *unit; /* interned; of a start; NULL */
	struct units *units;
	int64_t realtime_us;
	bool writes;
};

static void run_stamp(struct work *work)
{
	struct stamp *stamp = container_of(work, struct stamp, work);
	scoped_buffer struct buffer text = {0};
	struct error err;

	if (!folder_make(AT_FDCWD, stamp->folder, 0700, &err))
		return;
	scoped_fd int folder = folder_open(AT_FDCWD, stamp->folder, &err);
	if (folder >= 0 && stamp->writes) {
		buffer_format(&text, "%lld\n", (long long)stamp->realtime_us);
		struct file_content content = {text.data, text.size, 0600, false};
		file_replace(folder, stamp->name, &content, &err);
	} else if (folder >= 0 && file_read(folder, stamp->name, 64, &text, &err) && text.data) {
		text.data[strcspn(text.data, "\n")] = '\0';
		if (!parse_i64(text.data, &stamp->realtime_us))
			stamp->realtime_us = 0;
	}
}

static void begin(struct unit_runtime *runtime);
static void stamp_begin(struct unit_runtime *runtime, int64_t written_us);

static void stamp_done(struct work *work, bool closing)
{
	struct stamp *stamp = container_of(work, struct stamp, work);
	struct unit *unit = NULL;

	if (!closing && stamp->unit)
		unit = unit_set_find(&stamp->units->set, stamp->unit);
	if (unit && job_will_start(unit)) {
		struct unit_runtime *runtime = unit_runtime(stamp->units, unit);

		if (stamp->realtime_us > runtime->trigger_realtime_us)
			runtime->trigger_realtime_us = stamp->realtime_us;
		if (!stamp->realtime_us) /* what is missed from now on counts */
			stamp_begin(runtime, realtime_us());
		begin(runtime);
	}
	free(stamp->folder);
	free(stamp->name);
	free(stamp);
}

/* written_us 0: it is read, and the timer begins then. */
static void stamp_begin(struct unit_runtime *runtime, int64_t written_us)
{
	struct stamp *stamp = mem_new(struct stamp);

	stamp->folder = str_format("%s/units", runtime->units->data_root);
	stamp->name = str_format("stamp-%s", runtime->unit->name);
	stamp->writes = written_us;
	stamp->units = runtime->units;
	stamp->unit = written_us ? NULL : runtime->unit->name;
	stamp->realtime_us = written_us;
	work_begin(&stamp->work, runtime->units->engine, run_stamp, stamp_done);
}

static void trigger(struct unit_runtime *runtime)
{
	struct unit *target = unit_triggered(runtime->unit);

	runtime->trigger_us = monotonic_us();
	runtime->trigger_realtime_us = realtime_us();
	if (runtime->unit->config->timer->persistent)
		stamp_begin(runtime, runtime->trigger_realtime_us);
	unit_set_sub(runtime->units, runtime->unit, SUB_RUNNING, RESULT_SUCCESS);
	if (target)
		units_enqueue(runtime->units, target, JOB_START, JOB_REPLACE);
	if (!target || (!target->job && unit_active_state(target) == UNIT_INACTIVE))
		timers_notice(runtime->units, target ? target : runtime->unit);
}

static bool is_due(const struct timer_next *next)
{
	return (next->realtime_us >= 0 && next->realtime_us <= realtime_us()) ||
	       (next->monotonic_us >= 0 && next->monotonic_us <= monotonic_us());
}

/* Triggering changes the list. */
static void trigger_due(struct units_timers *timers)
{
	struct unit_queue due = {0};

	for (size_t i = 0; i < timers->active.count; i++)
		if (timers->active.items[i]->sub == SUB_WAITING &&
		    is_due(&timers->active.items[i]->runtime->timer->next))
			vector_add(&due, timers->active.items[i]);
	for (size_t i = 0; i < due.count; i++)
		if (due.items[i]->sub == SUB_WAITING)
			trigger(due.items[i]->runtime);
	vector_fini(&due);
	arm(timers);
}

static void on_monotonic(uv_timer_t *handle)
{
	trigger_due(handle->data);
}

/* Timers count anew, and some have waited for just that. */
static void time_has_changed(struct units_timers *timers, bool of_zone)
{
	for (size_t i = 0; i < timers->active.count; i++) {
		const struct unit *unit = timers->active.items[i];
		const struct timer_config *config = unit->config->timer;

		if (unit->sub != SUB_WAITING || !config)
			continue;
		compute(unit->runtime);
		if (of_zone ? config->on_timezone_change : config->on_clock_change)
			unit->runtime->timer->next.monotonic_us = 0;
	}
}

static void on_zone(uv_fs_event_t *handle, const char *name, int events, int status)
{
	struct units_timers *timers = handle->data;

	(void)events;
	if (status < 0 || !str_equal(name, "localtime"))
		return;
	time_has_changed(timers, true);
	trigger_due(timers);
}

static void on_realtime(uv_poll_t *handle, int status, int events)
{
	struct units_timers *timers = handle->data;
	uint64_t count;

	(void)status;
	(void)events;
	if (read(timers->fd, &count, sizeof(count)) < 0 && errno == ECANCELED)
		time_has_changed(timers, false);
	trigger_due(timers);
}

/* ---- the clocks' life ---- */

static void close_one(uv_handle_t *handle)
{
	struct units_timers *timers = handle->data;

	if (--timers->open_handles > 0)
		return;
	close_fd(&timers->fd);
	vector_fini(&timers->active);
	free(timers);
}

void timers_fini(struct units *units)
{
	struct units_timers *timers = take(units->timers);

	if (!timers)
		return;
	uv_close((uv_handle_t *)&timers->monotonic, close_one);
	uv_close((uv_handle_t *)&timers->realtime, close_one);
	uv_close((uv_handle_t *)&timers->zone, close_one);
}

static struct units_timers *clocks(struct units *units)
{
	struct units_timers *timers = units->timers;

	if (timers)
		return timers;
	timers = units->timers = mem_new(struct units_timers);
	timers->units = units;
	timers->fd = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);
	uv_timer_init(units->loop, &timers->monotonic);
	uv_poll_init(units->loop, &timers->realtime, timers->fd);
	uv_fs_event_init(units->loop, &timers->zone);
	timers->monotonic.data = timers->realtime.data = timers->zone.data = timers;
	timers->open_handles = 3;
	uv_poll_start(&timers->realtime, UV_READABLE, on_realtime);
	return timers;
}

static void leave(struct unit_runtime *runtime)
{
	struct units_timers *timers = runtime->units->timers;

	for (size_t i = 0; timers && i < timers->active.count; i++) {
		if (timers->active.items[i] != runtime->unit)
			continue;
		vector_remove(&timers->active, i);
		break;
	}
	free(take(runtime->timer));
	if (timers && !timers->active.count)
		timers_fini(runtime->units);
}

static void enter(struct unit_runtime *runtime)
{
	if (runtime->timer)
		return;
	runtime->timer = mem_new(struct unit_timer);
	struct units_timers *timers = clocks(runtime->units);
	vector_add(&timers->active, runtime->unit);
	if (runtime->unit->config->timer->on_timezone_change &&
	    !uv_is_active((uv_handle_t *)&timers->zone))
		uv_fs_event_start(&timers->zone, on_zone, "/etc", 0);
}

/* ---- a timer ---- */

static void wait_for_next(struct unit_runtime *runtime)
{
	const struct timer_config *config = runtime->unit->config->timer;

	shake(runtime);
	compute(runtime);
	if (runtime->timer->next.realtime_us >= 0 || runtime->timer->next.monotonic_us >= 0 ||
	    config->on_clock_change || config->on_timezone_change) {
		if (runtime->unit->sub != SUB_WAITING)
			unit_set_sub(runtime->units, runtime->unit, SUB_WAITING, RESULT_SUCCESS);
	} else if (config->no_remain_after_elapse) {
		leave(runtime);
		unit_set_sub(runtime->units, runtime->unit, SUB_DEAD, RESULT_SUCCESS);
	} else if (runtime->unit->sub != SUB_ELAPSED) {
		unit_set_sub(runtime->units, runtime->unit, SUB_ELAPSED, RESULT_SUCCESS);
	}
	if (runtime->units->timers)
		arm(runtime->units->timers);
}

/* OnActiveSec= counts from now, which it has to know before the next moment is. */
static void begin(struct unit_runtime *runtime)
{
	struct unit *unit = runtime->unit;

	enter(runtime);
	unit->active_enter_monotonic_ns = time_monotonic_ns();
	wait_for_next(runtime);
}

static void start(struct unit_runtime *runtime)
{
	if (runtime->unit->config->timer->persistent)
		stamp_begin(runtime, 0);
	else
		begin(runtime);
}

static void stop(struct unit_runtime *runtime)
{
	leave(runtime);
	unit_set_sub(runtime->units, runtime->unit, SUB_DEAD, RESULT_SUCCESS);
}

static bool is_on(const struct unit *unit)
{
	return unit->sub == SUB_WAITING || unit->sub == SUB_RUNNING || unit->sub == SUB_ELAPSED;
}

static void resume(struct unit_runtime *runtime)
{
	if (!is_on(runtime->unit) || !runtime->unit->config->timer)
		return;
	enter(runtime);
	shake(runtime);
	compute(runtime);
	arm(runtime->units->timers);
}

const struct unit_kind timer_kind = {.start = start, .stop = stop, .resume = resume};

/* ---- what it starts has changed ---- */

static void notice(struct unit_runtime *timer, const struct unit *target)
{
	enum active_state now = unit_active_state(target);
	bool over = (now == UNIT_INACTIVE || now == UNIT_FAILED) && !target->job;

	if (!timer->timer || !timer->unit->config->timer)
		return;
	if (timer->unit->sub == SUB_RUNNING && over) {
		wait_for_next(timer);
	} else if (timer->unit->sub == SUB_WAITING || timer->unit->sub == SUB_ELAPSED) {
		compute(timer);
		if (timer->unit->sub == SUB_ELAPSED &&
		    (timer->timer->next.realtime_us >= 0 || timer->timer->next.monotonic_us >= 0))
			unit_set_sub(timer->units, timer->unit, SUB_WAITING, RESULT_SUCCESS);
		arm(timer->units->timers);
	}
}

void timers_notice(struct units *units, struct unit *unit)
{
	for (size_t i = 0; units->timers && i < unit->edge_count; i++) {
		struct unit *timer = unit->edges[i].unit;

		if (unit->edges[i].kind == DEPENDENCY_TRIGGERED_BY && timer->runtime)
			notice(timer->runtime, unit);
	}
}

void timers_reload(struct units *units)
{
	if (!units->timers)
		return;
	for (size_t i = 0; i < units->timers->active.count; i++)
		if (units->timers->active.items[i]->config->timer)
			compute(units->timers->active.items[i]->runtime);
	arm(units->timers);
}
