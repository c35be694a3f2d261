/* What runs in a cgroup: listing, freezing, killing, noticing the end and OOM kills. */
#include "os/cgroup.h"

#include "base/time.h"
#include "os/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

enum { FREEZE_TIMEOUT_MS = 2000, KILL_ROUNDS = 1000 };

/* A hierarchy that knows all processes of the cgroup. */
static int any_folder(const struct cgroup *cgroup)
{
	for (int c = CGROUP_CONTROLLERS - 1; c >= 0; c--)
		if (cgroup->dir[c] >= 0 && c != CGROUP_CPUSET)
			return cgroup->dir[c];
	return -1;
}

/* ---- processes ---- */

struct pid_list {
	pid_t *items;
	size_t count, capacity;
};

static void add_pids_of(int folder, struct pid_list *pids)
{
	scoped_buffer struct buffer text = {0};
	char *save = NULL;
	struct error gone;

	if (!file_read(folder, "cgroup.procs", 8 << 20, &text, &gone) || !text.data)
		return;
	for (char *line = strtok_r(text.data, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save))
		vector_add(pids, (pid_t)strtol(line, NULL, 10));
}

/* Also of the groups that the container made below. */
static void add_pids_below(int folder, struct pid_list *pids)
{
	scoped_list DIR *list = folder_list(folder);

	add_pids_of(folder, pids);
	for (struct dirent *entry; (entry = folder_next(list));) {
		scoped_fd int sub = -1;

		if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
			continue;
		sub = openat(folder, entry->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (sub >= 0)
			add_pids_below(sub, pids);
	}
}

bool cgroup_pids(const struct cgroup *cgroup, pid_t **pids, size_t *count, struct error *err)
{
	struct pid_list list = {0};
	int folder = any_folder(cgroup);

	if (folder < 0)
		return error_set(err, ERROR_NOT_FOUND, "there is no cgroup '%s'", cgroup->path);
	add_pids_below(folder, &list);
	*pids = list.items;
	*count = list.count;
	return true;
}

/* ---- states: "key value" lines ---- */

static bool read_key(int folder, const char *file, const char *key, uint64_t *value)
{
	scoped_buffer struct buffer text = {0};
	size_t length = strlen(key);
	struct error ignored;

	if (folder < 0 || !file_read(folder, file, 64 << 10, &text, &ignored) || !text.data)
		return false;
	for (const char *line = text.data; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, key, length) == 0 && line[length] == ' ')
			return sscanf(line + length, " %" SCNu64, value) == 1;
	}
	return false;
}

bool cgroup_is_empty(const struct cgroup *cgroup)
{
	struct pid_list list = {0};
	uint64_t populated;
	bool empty;

	if (read_key(cgroup->dir[CGROUP_UNIFIED], "cgroup.events", "populated", &populated))
		return populated == 0;
	if (any_folder(cgroup) >= 0)
		add_pids_below(any_folder(cgroup), &list);
	empty = list.count == 0;
	vector_fini(&list);
	return empty;
}

/* ---- freezing ---- */

static bool wait_until_frozen(int folder, int64_t until)
{
	scoped_fd int events = openat(folder, "cgroup.events", O_RDONLY | O_CLOEXEC);
	struct pollfd p = {.fd = events, .events = POLLPRI};

	for (;;) {
		int64_t left = (until - time_monotonic_ns()) / NS_PER_MS;
		uint64_t frozen = 0;
		char drain[256];

		if (events < 0 || lseek(events, 0, SEEK_SET) < 0 || read(events, drain, 256) < 0)
			return false;
		if (read_key(folder, "cgroup.events", "frozen", &frozen) && frozen)
			return true;
		if (left <= 0)
			return false;
		poll(&p, 1, (int)left);
	}
}

/* v1 has no event for it. */
static bool wait_until_frozen_v1(int folder, int64_t until)
{
	while (time_monotonic_ns() < until) {
		scoped_buffer struct buffer state = {0};
		struct error gone;

		if (!file_read(folder, "freezer.state", 64, &state, &gone))
			return false;
		if (state.data && str_starts_with(state.data, "FROZEN"))
			return true;
		nanosleep(&(struct timespec){.tv_nsec = NS_PER_MS / 10}, NULL);
	}
	return false;
}

bool cgroup_freeze(const struct cgroup *cgroup, bool frozen, struct error *err)
{
	bool unified = cgroup->dir[CGROUP_UNIFIED] >= 0;
	int folder = cgroup->dir[unified ? CGROUP_UNIFIED : CGROUP_FREEZER];
	const char *file = unified ? "cgroup.freeze" : "freezer.state";
	const char *freeze = unified ? "1" : "FROZEN", *thaw = unified ? "0" : "THAWED";
	int64_t until = time_monotonic_ns() + FREEZE_TIMEOUT_MS * NS_PER_MS;
	struct error ignored;

	if (folder < 0)
		return error_set(err, ERROR_UNSUPPORTED, "this host has no cgroup freezer");
	if (!file_write(folder, file, frozen ? freeze : thaw, err))
		return false;
	if (!frozen ||
	    (unified ? wait_until_frozen(folder, until) : wait_until_frozen_v1(folder, until)))
		return true;
	file_write(folder, file, thaw, &ignored);
	return error_set(err, ERROR_UNAVAILABLE, "a process of cgroup '%s' cannot be frozen now",
			 cgroup->path);
}

bool cgroup_is_frozen(const struct cgroup *cgroup)
{
	scoped_buffer struct buffer state = {0};
	struct error ignored;
	uint64_t frozen = 0;

	if (cgroup->dir[CGROUP_UNIFIED] >= 0)
		return read_key(cgroup->dir[CGROUP_UNIFIED], "cgroup.events", "frozen", &frozen) &&
		       frozen;
	return cgroup->dir[CGROUP_FREEZER] >= 0 &&
	       file_read(cgroup->dir[CGROUP_FREEZER], "freezer.state", 64, &state, &ignored) &&
	       state.data && str_starts_with(state.data, "FROZEN");
}

/* ---- killing ---- */

/* Without cgroup.kill: again and again until a round finds nobody, so that forks in flight are met.
 */
static bool kill_each(const struct cgroup *cgroup, struct error *err)
{
	for (int round = 0; round < KILL_ROUNDS; round++) {
		scoped_free pid_t *pids = NULL;
		size_t count = 0;

		if (!cgroup_pids(cgroup, &pids, &count, err))
			return false;
		if (count == 0)
			return true;
		for (size_t i = 0; i < count; i++)
			kill(pids[i], SIGKILL);
		nanosleep(&(struct timespec){.tv_nsec = NS_PER_MS / 5}, NULL);
	}
	return error_set(err, ERROR_UNAVAILABLE, "processes of cgroup '%s' do not end",
			 cgroup->path);
}

bool cgroup_kill(const struct cgroup *cgroup, struct error *err)
{
	struct error ignored;

	if (cgroup->dir[CGROUP_UNIFIED] >= 0 &&
	    file_write(cgroup->dir[CGROUP_UNIFIED], "cgroup.kill", "1", &ignored))
		return true;
	if (cgroup->dir[CGROUP_FREEZER] >= 0) /* the v1 freezer keeps SIGKILL waiting */
		file_write(cgroup->dir[CGROUP_FREEZER], "freezer.state", "THAWED", &ignored);
	return kill_each(cgroup, err);
}

/* ---- OOM ---- */

uint64_t cgroup_oom_kills(const struct cgroup *cgroup)
{
	bool v1 = cgroup->dir[CGROUP_MEMORY] >= 0;
	uint64_t kills = 0;

	read_key(cgroup_folder(cgroup, CGROUP_MEMORY), v1 ? "memory.oom_control" : "memory.events",
		 "oom_kill", &kills);
	return kills;
}

static int watch_oom_v1(int folder)
{
	scoped_fd int event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	scoped_fd int control = openat(folder, "memory.oom_control", O_RDONLY | O_CLOEXEC);
	char text[32];
	struct error ignored;

	snprintf(text, sizeof(text), "%d %d", event, control);
	if (event < 0 || control < 0 || !file_write(folder, "cgroup.event_control", text, &ignored))
		return -1;
	return take_fd(event);
}

/* Not by inotify: a user has 128 instances of that, and each container would take one. */
static int watch_oom_v2(int folder)
{
	return openat(folder, "memory.events", O_RDONLY | O_CLOEXEC);
}

int cgroup_watch_oom(const struct cgroup *cgroup)
{
	int folder = cgroup_folder(cgroup, CGROUP_MEMORY);

	if (folder < 0)
		return -1;
	return cgroup->dir[CGROUP_MEMORY] >= 0 ? watch_oom_v1(folder) : watch_oom_v2(folder);
}
