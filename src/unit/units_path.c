/* Path units.  Each has an inotify descriptor; what it says is only that something has changed: a thread of the
 * pool then watches all folders on the way to each path anew and looks whether a condition holds.  Looking
 * and watching wait for disks, the loop does not. */
#include "unit/units_private.h"

#include "base/log.h"
#include "base/time.h"
#include "os/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <sys/inotify.h>
#include <unistd.h>

struct unit_watch {
	struct unit_runtime *runtime; /* NULL: left; freed with the last handle and look */
	int fd;
	uv_poll_t poll;
	struct look *looking; /* in the pool */
	bool again;	      /* something has changed since that began */
	bool touched;	      /* a PathChanged= or PathModified= path was */
	int *leaves;	      /* owned: watches whose events count as such */
	size_t leaf_count;
	int64_t window_ns, triggers;
};

struct look {
	struct work work;
	struct unit_watch *watch;
	struct path_watch *watches; /* owned copies */
	size_t count;
	int fd;
	bool make_folders, first;
	mode_t folder_mode;

	bool holds;    /* what exists, exists */
	bool appeared; /* a watched path was not there before and is now, or the other way round */
	struct {
		int *items;
		size_t count, capacity;
	} leaves;
};

/* ---- in the pool ---- */

static bool is_folder_filled(const char *path)
{
	DIR *dir = opendir(path);
	bool filled = false;

	if (!dir)
		return false;
	for (struct dirent *entry; !filled && (entry = readdir(dir));)
		filled = !str_equal(entry->d_name, ".") && !str_equal(entry->d_name, "..");
	closedir(dir);
	return filled;
}

static bool matches_any(const char *pattern)
{
	glob_t found = {0};
	bool any = glob(pattern, GLOB_NOSORT, NULL, &found) == 0 && found.gl_pathc > 0;

	globfree(&found);
	return any;
}

static bool holds(const struct path_watch *watch)
{
	switch ((enum path_watch_kind)watch->kind) {
	case PATH_EXISTS:
		return access(watch->path, F_OK) == 0;
	case PATH_EXISTS_GLOB:
		return matches_any(watch->path);
	case PATH_DIRECTORY_NOT_EMPTY:
		return is_folder_filled(watch->path);
	case PATH_CHANGED:
	case PATH_MODIFIED:
		break;
	}
	return false;
}

static uint32_t leaf_events(enum path_watch_kind kind)
{
	uint32_t events = IN_DELETE_SELF | IN_MOVE_SELF | IN_ATTRIB;

	if (kind == PATH_EXISTS || kind == PATH_EXISTS_GLOB)
		return events;
	events |= IN_CREATE | IN_MOVED_TO;
	if (kind == PATH_CHANGED || kind == PATH_MODIFIED)
		events |= IN_CLOSE_WRITE | IN_DELETE | IN_MOVED_FROM;
	return kind == PATH_MODIFIED ? events | IN_MODIFY : events;
}

/* The part of a pattern that is a path. */
static size_t plain_length(const struct path_watch *watch)
{
	size_t length = strlen(watch->path);

	if (watch->kind != PATH_EXISTS_GLOB)
		return length;
	length = strcspn(watch->path, "*?[");
	while (length > 1 && watch->path[length - 1] != '/')
		length--;
	return length > 1 ? length - 1 : length;
}

static void watch_above(int fd, const char *path, size_t length)
{
	const uint32_t events = IN_MOVE_SELF | IN_DELETE_SELF | IN_CREATE | IN_MOVED_TO |
				IN_DELETE | IN_MOVED_FROM | IN_ATTRIB | IN_MASK_ADD;

	for (size_t i = 1; i <= length; i++) {
		if (path[i] != '/' && i != 1)
			continue;
		scoped_free char *above = str_dup_n(path, i);
		if (inotify_add_watch(fd, above, events | IN_ONLYDIR) < 0 && errno != EACCES)
			break;
	}
}

static void watch_one(struct look *look, const struct path_watch *watch)
{
	size_t length = plain_length(watch);
	scoped_free char *path = str_dup_n(watch->path, length);

	watch_above(look->fd, path, length);
	int leaf = inotify_add_watch(look->fd, path,
				     leaf_events((enum path_watch_kind)watch->kind) | IN_MASK_ADD);
	if (leaf >= 0 && (watch->kind == PATH_CHANGED || watch->kind == PATH_MODIFIED))
		vector_add(&look->leaves, leaf);
}

static void make_folder(const struct look *look, const struct path_watch *watch)
{
	struct error err;

	if (watch->kind != PATH_EXISTS && watch->kind != PATH_EXISTS_GLOB)
		folder_make(AT_FDCWD, watch->path, look->folder_mode, &err);
}

/* First the watches, then the look: what happens in between is seen by one of them. */
static void run_look(struct work *work)
{
	struct look *look = container_of(work, struct look, work);

	for (size_t i = 0; look->make_folders && i < look->count; i++)
		make_folder(look, &look->watches[i]);
	for (size_t i = 0; i < look->count; i++)
		watch_one(look, &look->watches[i]);
	for (size_t i = 0; i < look->count; i++)
		look->holds = look->holds || holds(&look->watches[i]);
}

/* ---- in the loop ---- */

static void free_watch(struct unit_watch *watch)
{
	close_fd(&watch->fd);
	free(watch->leaves);
	free(watch);
}

static void on_closed(uv_handle_t *handle)
{
	struct unit_watch *watch = handle->data;

	handle->data = NULL;
	if (!watch->looking)
		free_watch(watch);
}

static void free_look(struct look *look)
{
	for (size_t i = 0; i < look->count; i++)
		free(look->watches[i].path);
	free(look->watches);
	vector_fini(&look->leaves);
	free(look);
}

static bool may_trigger(struct unit_watch *watch, const struct path_config *config)
{
	int64_t now = time_monotonic_ns();

	if (!config->trigger_interval_us || !config->trigger_burst)
		return true;
	if (now - watch->window_ns > config->trigger_interval_us * 1000) {
		watch->window_ns = now;
		watch->triggers = 0;
	}
	return watch->triggers++ < config->trigger_burst;
}

static void leave(struct unit_runtime *runtime)
{
	struct unit_watch *watch = take(runtime->watch);

	if (!watch)
		return;
	watch->runtime = NULL;
	uv_close((uv_handle_t *)&watch->poll, on_closed);
}

static void trigger(struct unit_runtime *runtime)
{
	struct unit *target = unit_triggered(runtime->unit);

	if (!may_trigger(runtime->watch, runtime->unit->config->path_watch)) {
		units_say(runtime->units, runtime->unit, 4,
			  "%s: Trigger limit hit, refusing further activation.",
			  runtime->unit->name);
		leave(runtime);
		unit_set_sub(runtime->units, runtime->unit, SUB_FAILED, RESULT_TRIGGER_LIMIT_HIT);
		return;
	}
	runtime->watch->touched = false;
	unit_set_sub(runtime->units, runtime->unit, SUB_RUNNING, RESULT_SUCCESS);
	if (target)
		units_enqueue(runtime->units, target, JOB_START, JOB_REPLACE);
}

static void take_look(struct unit_watch *watch, struct look *look)
{
	struct unit_runtime *runtime = watch->runtime;
	size_t before = watch->leaf_count;

	free(watch->leaves);
	watch->leaf_count = look->leaves.count;
	watch->leaves = take(look->leaves.items);
	look->leaves.count = 0;
	if (!look->first && watch->leaf_count != before)
		watch->touched = true; /* one has come or gone */
	if (runtime->unit->sub == SUB_DEAD || runtime->unit->sub == SUB_FAILED)
		unit_set_sub(runtime->units, runtime->unit, SUB_WAITING, RESULT_SUCCESS);
	if (runtime->unit->sub == SUB_WAITING && (look->holds || watch->touched))
		trigger(runtime);
}

static void begin_look(struct unit_watch *watch, bool first);

static void look_done(struct work *work, bool closing)
{
	struct look *look = container_of(work, struct look, work);
	struct unit_watch *watch = look->watch;

	watch->looking = NULL;
	if (closing || !watch->runtime) {
		if (!watch->poll.data) /* closed */
			free_watch(watch);
	} else {
		take_look(watch, look);
		if (watch->runtime && watch->again)
			begin_look(watch, false);
	}
	free_look(look);
}

static void begin_look(struct unit_watch *watch, bool first)
{
	const struct path_config *config = watch->runtime->unit->config->path_watch;
	struct look *look;

	watch->again = watch->looking;
	if (watch->looking)
		return;
	look = watch->looking = mem_new(struct look);
	look->watch = watch;
	look->fd = watch->fd;
	look->first = first;
	look->make_folders = config->make_directory;
	look->folder_mode = config->directory_mode ? (mode_t)config->directory_mode : 0755;
	look->watches = mem_zeroed(config->count, sizeof(*look->watches));
	look->count = config->count;
	for (size_t i = 0; i < config->count; i++) {
		look->watches[i] = config->watches[i];
		look->watches[i].path = str_dup(config->watches[i].path);
	}
	work_begin(&look->work, watch->runtime->units->engine, run_look, look_done);
}

static bool is_leaf(const struct unit_watch *watch, int wd)
{
	for (size_t i = 0; i < watch->leaf_count; i++)
		if (watch->leaves[i] == wd)
			return true;
	return false;
}

/* A folder above says less than a leaf itself: that attributes of it were touched means nothing. */
static void on_events(uv_poll_t *handle, int status, int events)
{
	struct unit_watch *watch = handle->data;
	_Alignas(struct inotify_event) char bytes[4096];
	ssize_t size;

	(void)status;
	(void)events;
	while ((size = read(watch->fd, bytes, sizeof(bytes))) > 0) {
		for (char *at = bytes; at < bytes + size;) {
			const struct inotify_event *event = (const void *)at;

			if (is_leaf(watch, event->wd) && !(event->mask & IN_IGNORED))
				watch->touched = true;
			at += sizeof(*event) + event->len;
		}
	}
	begin_look(watch, false);
}

static bool enter(struct unit_runtime *runtime, struct error *err)
{
	struct unit_watch *watch = mem_new(struct unit_watch);

	watch->fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (watch->fd < 0) {
		free(watch);
		return error_errno(err, "cannot watch files");
	}
	watch->runtime = runtime;
	runtime->watch = watch;
	uv_poll_init(runtime->units->loop, &watch->poll, watch->fd);
	watch->poll.data = watch;
	uv_poll_start(&watch->poll, UV_READABLE, on_events);
	begin_look(watch, true);
	return true;
}

static void start(struct unit_runtime *runtime)
{
	struct error err;

	if (runtime->watch || enter(runtime, &err))
		return;
	units_say(runtime->units, runtime->unit, 3, "%s: %s", runtime->unit->name, err.text);
	unit_set_sub(runtime->units, runtime->unit, SUB_FAILED, RESULT_RESOURCES);
}

static void stop(struct unit_runtime *runtime)
{
	leave(runtime);
	unit_set_sub(runtime->units, runtime->unit, SUB_DEAD, RESULT_SUCCESS);
}

static void resume(struct unit_runtime *runtime)
{
	struct error err;

	if (unit_active_state(runtime->unit) == UNIT_ACTIVE && runtime->unit->config->path_watch)
		enter(runtime, &err);
}

const struct unit_kind path_kind = {.start = start, .stop = stop, .resume = resume};

void path_free(struct unit_runtime *runtime)
{
	leave(runtime);
}

/* What it starts is over: the condition may hold still. */
void paths_notice(struct units *units, struct unit *unit)
{
	enum active_state now = unit_active_state(unit);

	if ((now != UNIT_INACTIVE && now != UNIT_FAILED) || unit->job)
		return;
	for (size_t i = 0; i < unit->edge_count; i++) {
		struct unit *path = unit->edges[i].unit;

		if (unit->edges[i].kind != DEPENDENCY_TRIGGERED_BY || !path->runtime ||
		    !path->runtime->watch || path->sub != SUB_RUNNING)
			continue;
		unit_set_sub(units, path, SUB_WAITING, RESULT_SUCCESS);
		begin_look(path->runtime->watch, false);
	}
}
