#include "os/cgroup.h"

#include "base/time.h"
#include "os/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { REMOVE_TIMEOUT_MS = 2000 };

/* The hierarchies to make a folder in: each once, by its owner. */
static bool is_wanted(const struct cgroup_host *host, int c)
{
	if (!host->mount[c] || host->owner[c] != (enum cgroup_controller)c)
		return false;
	if (c == CGROUP_CPUSET) /* made when wanted: see the header */
		return false;
	return c != CGROUP_FREEZER || !host->mount[CGROUP_UNIFIED];
}

/* A cpuset that is mounted together with another controller comes along and must be filled. */
static bool has_empty_cpuset(const struct cgroup_host *host, int c)
{
	return host->mount[CGROUP_CPUSET] &&
	       host->owner[CGROUP_CPUSET] == (enum cgroup_controller)c;
}

static const char *relative(const char *path)
{
	while (*path == '/')
		path++;
	return *path ? path : ".";
}

static void clear(struct cgroup *cgroup)
{
	*cgroup = (struct cgroup){0};
	for (int c = 0; c < CGROUP_CONTROLLERS; c++)
		cgroup->dir[c] = -1;
}

void cgroup_fini(struct cgroup *cgroup)
{
	const struct cgroup_host *host = cgroup_host();

	for (int c = 0; c < CGROUP_CONTROLLERS; c++)
		if (cgroup->dir[c] >= 0 && host->owner[c] == (enum cgroup_controller)c)
			close(cgroup->dir[c]);
	free(cgroup->path);
	clear(cgroup);
}

/* Those mounted together with `owner` share its descriptor. */
static void share(struct cgroup *cgroup, int owner)
{
	const struct cgroup_host *host = cgroup_host();

	for (int c = 0; c < CGROUP_UNIFIED; c++)
		if (host->mount[c] && host->owner[c] == (enum cgroup_controller)owner)
			cgroup->dir[c] = cgroup->dir[owner];
}

static int open_mount(int c, struct error *err)
{
	return folder_open(AT_FDCWD, cgroup_host()->mount[c], err);
}

/* ---- making ---- */

/* v2 gives a child only the controllers that each folder above it passes on.  All are written at once:
 * a folder with processes in it refuses memory (EBUSY) and with it the rest, whereas cpu alone would be
 * taken and turn the folder into a root of threads, whose children take no process at all.  What is
 * missing in the end shows when a limit is set. */
static void pass_controllers_on(int folder)
{
	static const char *const wanted[] = {"cpu", "memory", "pids", "io", "cpuset", "hugetlb"};
	scoped_buffer struct buffer there = {0};
	scoped_buffer struct buffer text = {0};
	struct error ignored;

	if (folder < 0 || !file_read(folder, "cgroup.controllers", 4096, &there, &ignored) ||
	    !there.data)
		return;
	there.data[strcspn(there.data, "\n")] = '\0';
	scoped_strings struct strings controllers = strings_split(there.data, ' ');
	for (size_t i = 0; i < array_length(wanted); i++)
		if (strings_contain(&controllers, wanted[i]))
			buffer_format(&text, "+%s ", wanted[i]);
	if (text.size)
		file_write(folder, "cgroup.subtree_control", text.data, &ignored);
}

/* The folders above the last one, passing controllers on from each; v1 just makes them. */
static bool make_parents(int mount, char *path, bool unified, struct error *err)
{
	if (unified)
		pass_controllers_on(mount);
	for (char *slash = path; (slash = strchr(slash + 1, '/'));) {
		*slash = '\0';
		if (mkdirat(mount, path, 0755) < 0 && errno != EEXIST)
			return error_errno(err, "cannot make cgroup '%s'", path);
		if (unified) {
			scoped_fd int folder =
				openat(mount, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

			pass_controllers_on(folder);
		}
		*slash = '/';
	}
	return true;
}

static bool make_folder(int mount, char *path, bool unified, struct error *err)
{
	if (mkdirat(mount, path, 0755) == 0 || errno == EEXIST)
		return true;
	if (errno == ENOENT && !make_parents(mount, path, unified, err))
		return false;
	if (mkdirat(mount, path, 0755) < 0 && errno != EEXIST)
		return error_errno(err, "cannot make cgroup '%s'", path);
	return true;
}

static bool copy_from_above(int folder, const char *file, struct error *err)
{
	scoped_free char *above = str_format("../%s", file);
	scoped_buffer struct buffer value = {0};

	return file_read(folder, above, 64 << 10, &value, err) && value.data &&
	       file_write(folder, file, value.data, err);
}

/* A v1 cpuset without processors takes no process. */
static bool fill_cpuset(int folder, struct error *err)
{
	return copy_from_above(folder, "cpuset.cpus", err) &&
	       copy_from_above(folder, "cpuset.mems", err);
}

/* Folders between the mount and ours may be empty cpusets too. */
static bool fill_cpusets(int mount, char *path, struct error *err)
{
	for (char *slash = path; slash; slash = strchr(slash + 1, '/')) {
		scoped_fd int folder = -1;
		char *end = strchr(slash + 1, '/');

		if (end)
			*end = '\0';
		folder = folder_open(mount, path, err);
		if (end)
			*end = '/';
		if (folder < 0 || !fill_cpuset(folder, err))
			return false;
	}
	return true;
}

/* The folders above were there already, made when processes kept them from passing controllers on. */
static bool lacks_controllers(int folder, int c)
{
	const struct cgroup_host *host = cgroup_host();

	return c == CGROUP_UNIFIED && host->layout == CGROUP_V2 && host->has[CGROUP_MEMORY] &&
	       faccessat(folder, "memory.max", F_OK, 0) < 0;
}

static bool make_in(struct cgroup *cgroup, int c, struct error *err)
{
	scoped_free char *path = str_dup(relative(cgroup->path));
	scoped_fd int mount = open_mount(c, err);

	if (mount < 0 || !make_folder(mount, path, c == CGROUP_UNIFIED, err))
		return false;
	cgroup->dir[c] = folder_open(mount, path, err);
	if (cgroup->dir[c] < 0)
		return false;
	share(cgroup, c);
	if (lacks_controllers(cgroup->dir[c], c) && !make_parents(mount, path, true, err))
		return false;
	return (!has_empty_cpuset(cgroup_host(), c) || fill_cpusets(mount, path, err));
}

bool cgroup_make(const char *path, struct cgroup *out, struct error *err)
{
	const struct cgroup_host *host = cgroup_host();
	struct error ignored;

	clear(out);
	out->path = str_dup(path);
	for (int c = 0; c < CGROUP_CONTROLLERS; c++) {
		if (!is_wanted(host, c) || make_in(out, c, err))
			continue;
		cgroup_remove(path, &ignored);
		cgroup_fini(out);
		return false;
	}
	return true;
}

bool cgroup_open(const char *path, struct cgroup *out, struct error *err)
{
	const struct cgroup_host *host = cgroup_host();
	bool found = false;

	clear(out);
	out->path = str_dup(path);
	for (int c = 0; c < CGROUP_CONTROLLERS; c++) {
		scoped_fd int mount = -1;

		if (!host->mount[c] || host->owner[c] != (enum cgroup_controller)c)
			continue;
		mount = open_mount(c, err);
		if (mount < 0)
			continue;
		out->dir[c] = folder_open(mount, relative(path), err);
		found = found || out->dir[c] >= 0;
		share(out, c);
	}
	if (found)
		return true;
	cgroup_fini(out);
	return error_set(err, ERROR_NOT_FOUND, "there is no cgroup '%s'", path);
}

/* ---- joining ---- */

/* A v1 group takes a thread that moves itself without the lock that all forks of the host wait for,
 * milliseconds now and then; so a process with one thread goes that way. */
static bool join(const struct cgroup *cgroup, int c, pid_t pid, struct error *err)
{
	const char *file = pid == 0 && c != CGROUP_UNIFIED ? "tasks" : "cgroup.procs";
	char text[16];

	snprintf(text, sizeof(text), "%d", pid);
	return file_write(cgroup->dir[c], file, text, err) ||
	       error_prefix(err, "cannot join cgroup '%s' (%s)", cgroup->path,
			    cgroup_controller_name((enum cgroup_controller)c));
}

static bool join_up_to(const struct cgroup *cgroup, int end, pid_t pid, struct error *err)
{
	const struct cgroup_host *host = cgroup_host();

	for (int c = 0; c < end; c++)
		if (cgroup->dir[c] >= 0 && host->owner[c] == (enum cgroup_controller)c &&
		    !join(cgroup, c, pid, err))
			return false;
	return true;
}

bool cgroup_join_v1(const struct cgroup *cgroup, pid_t pid, struct error *err)
{
	return join_up_to(cgroup, CGROUP_UNIFIED, pid, err);
}

bool cgroup_join(const struct cgroup *cgroup, pid_t pid, struct error *err)
{
	return join_up_to(cgroup, CGROUP_CONTROLLERS, pid, err);
}

int cgroup_clone_fd(const struct cgroup *cgroup)
{
	return cgroup->killed ? -1 : cgroup->dir[CGROUP_UNIFIED];
}

/* Until nobody of the cgroup is missing in the cpuset: forks may happen meanwhile. */
static bool move_all_to_cpuset(const struct cgroup *cgroup, struct error *err)
{
	for (int round = 0; round < 100; round++) {
		scoped_free pid_t *pids = NULL;
		size_t count = 0, there = 0;
		scoped_buffer struct buffer members = {0};

		if (!cgroup_pids(cgroup, &pids, &count, err) ||
		    !file_read(cgroup->dir[CGROUP_CPUSET], "cgroup.procs", 8 << 20, &members, err))
			return false;
		for (size_t i = 0; i < members.size; i++)
			there += members.data[i] == '\n';
		if (there >= count)
			return true;
		for (size_t i = 0; i < count; i++)
			if (!join(cgroup, CGROUP_CPUSET, pids[i], err) && err->os != ESRCH)
				return false;
	}
	return error_set(err, ERROR_UNAVAILABLE,
			 "processes multiply faster than they can be moved");
}

bool cgroup_add_cpuset(struct cgroup *cgroup, struct error *err)
{
	scoped_free char *path = str_dup(relative(cgroup->path));
	scoped_fd int mount = -1;

	if (!cgroup_host()->mount[CGROUP_CPUSET] || cgroup->dir[CGROUP_CPUSET] >= 0)
		return true; /* v2, no cpusets at all, or there already */
	mount = open_mount(CGROUP_CPUSET, err);
	if (mount < 0 || !make_folder(mount, path, false, err) || !fill_cpusets(mount, path, err))
		return false;
	cgroup->dir[CGROUP_CPUSET] = folder_open(mount, path, err);
	return cgroup->dir[CGROUP_CPUSET] >= 0 && move_all_to_cpuset(cgroup, err);
}

/* ---- files ---- */

int cgroup_folder(const struct cgroup *cgroup, enum cgroup_controller c)
{
	const struct cgroup_host *host = cgroup_host();

	if (cgroup->dir[c] >= 0)
		return cgroup->dir[c];
	return !host->mount[c] && host->has[c] ? cgroup->dir[CGROUP_UNIFIED] : -1;
}

static int folder_or_error(const struct cgroup *cgroup, enum cgroup_controller c, struct error *err)
{
	int folder = cgroup_folder(cgroup, c);

	if (folder < 0)
		error_set(err, ERROR_NOT_FOUND, "the cgroup controller '%s' is not on this host",
			  cgroup_controller_name(c));
	return folder;
}

bool cgroup_write(const struct cgroup *cgroup, enum cgroup_controller c, const char *file,
		  const char *value, struct error *err)
{
	int folder = folder_or_error(cgroup, c, err);

	return folder >= 0 && file_write(folder, file, value, err);
}

bool cgroup_read(const struct cgroup *cgroup, enum cgroup_controller c, const char *file,
		 struct buffer *out, struct error *err)
{
	int folder = folder_or_error(cgroup, c, err);

	return folder >= 0 && file_read(folder, file, 8 << 20, out, err);
}

/* ---- removing ---- */

/* A container with a writable cgroup tree may have made groups of its own below. */
static void remove_subgroups(int folder)
{
	scoped_list DIR *list = folder_list(folder);

	for (struct dirent *entry; (entry = folder_next(list));) {
		scoped_fd int sub = -1;

		if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
			continue;
		sub = openat(folder, entry->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (sub >= 0)
			remove_subgroups(sub);
		unlinkat(folder, entry->d_name, AT_REMOVEDIR);
	}
}

static int remaining_ms(int64_t until)
{
	int64_t left = (until - time_monotonic_ns()) / NS_PER_MS;

	return left > 0 ? (int)left : 0;
}

/* The unified tree tells when the last process has gone; a host with v1 alone must be asked. */
static void wait_until_empty(int folder, int64_t until)
{
	scoped_fd int events = openat(folder, "cgroup.events", O_RDONLY | O_CLOEXEC);
	struct pollfd p = {.fd = events, .events = POLLPRI};
	char text[256];
	ssize_t n = events < 0 ? 0 : read(events, text, sizeof(text) - 1);

	text[n > 0 ? n : 0] = '\0';
	if (strstr(text, "populated 1"))
		poll(&p, 1, remaining_ms(until));
	else
		nanosleep(&(struct timespec){.tv_nsec = NS_PER_MS}, NULL);
}

static bool remove_folder(int mount, const char *path, int64_t until, struct error *err)
{
	while (unlinkat(mount, path, AT_REMOVEDIR) < 0) {
		scoped_fd int folder = -1;

		if (errno == ENOENT)
			return true;
		if (errno != EBUSY || remaining_ms(until) == 0)
			return error_errno(err, "cannot remove cgroup '%s'", path);
		folder = openat(mount, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (folder < 0)
			continue;
		remove_subgroups(folder);
		wait_until_empty(folder, until);
	}
	return true;
}

/* The unified tree first: it is the one that can wait for the processes. */
bool cgroup_remove(const char *path, struct error *err)
{
	const struct cgroup_host *host = cgroup_host();
	int64_t until = time_monotonic_ns() + REMOVE_TIMEOUT_MS * NS_PER_MS;
	bool ok = true;

	for (int c = CGROUP_CONTROLLERS - 1; c >= 0; c--) {
		scoped_free char *full = NULL;

		if (!host->mount[c] || host->owner[c] != (enum cgroup_controller)c)
			continue;
		full = str_format("%s/%s", host->mount[c], relative(path));
		ok = remove_folder(AT_FDCWD, full, until, err) && ok;
	}
	return ok;
}
