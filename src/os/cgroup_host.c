#include "os/cgroup_host.h"

#include "os/file.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static const char *const names[CGROUP_CONTROLLERS] = {
	[CGROUP_CPU] = "cpu",	      [CGROUP_CPUACCT] = "cpuacct", [CGROUP_CPUSET] = "cpuset",
	[CGROUP_MEMORY] = "memory",   [CGROUP_PIDS] = "pids",	    [CGROUP_BLKIO] = "blkio",
	[CGROUP_DEVICES] = "devices", [CGROUP_FREEZER] = "freezer", [CGROUP_HUGETLB] = "hugetlb",
	[CGROUP_UNIFIED] = "",
};

const char *cgroup_controller_name(enum cgroup_controller controller)
{
	return names[controller];
}

/* mountinfo writes blanks and the like as \040. */
static char *unescape(const char *text)
{
	char *plain = str_dup(text), *to = plain;

	for (const char *from = plain; *from; to++) {
		unsigned code;

		if (from[0] == '\\' && sscanf(from + 1, "%3o", &code) == 1) {
			*to = (char)code;
			from += 4;
		} else {
			*to = *from++;
		}
	}
	*to = '\0';
	return plain;
}

static bool has_option(const char *options, const char *name)
{
	size_t length = strlen(name);

	for (const char *at = options; at; at = strchr(at, ',')) {
		at += *at == ',';
		if (strncmp(at, name, length) == 0 && (at[length] == ',' || !at[length]))
			return true;
	}
	return false;
}

static void note_unified(struct cgroup_host *host, const char *point)
{
	if (!host->mount[CGROUP_UNIFIED])
		host->mount[CGROUP_UNIFIED] = unescape(point);
}

static void note_v1(struct cgroup_host *host, const char *point, const char *options)
{
	int first = -1;

	for (int c = 0; c < CGROUP_UNIFIED; c++) {
		if (host->mount[c] || !has_option(options, names[c]))
			continue;
		first = first < 0 ? c : first;
		host->mount[c] = unescape(point);
		host->owner[c] = (enum cgroup_controller)first;
		host->has[c] = true;
	}
}

/* "36 35 0:29 / /sys/fs/cgroup/cpu rw,relatime shared:9 - cgroup cgroup rw,cpu" */
static void note_line(struct cgroup_host *host, char *line)
{
	char *dash = strstr(line, " - "), *save = NULL, *word = strtok_r(line, " ", &save);
	char *point = NULL, *type, *options;

	for (int field = 1; word && field < 5; field++)
		point = word = strtok_r(NULL, " ", &save);
	if (!point || !dash)
		return;
	type = strtok_r(dash + 3, " ", &save);
	strtok_r(NULL, " ", &save);
	options = strtok_r(NULL, " ", &save);
	if (type && str_equal(type, "cgroup2"))
		note_unified(host, point);
	else if (type && options && str_equal(type, "cgroup"))
		note_v1(host, point, options);
}

static enum cgroup_layout layout_of(const struct cgroup_host *host)
{
	bool v1 = false;

	for (int c = 0; c < CGROUP_UNIFIED; c++)
		v1 = v1 || host->mount[c];
	if (host->mount[CGROUP_UNIFIED])
		return v1 ? CGROUP_HYBRID : CGROUP_V2;
	return v1 ? CGROUP_V1 : CGROUP_NONE;
}

void cgroup_host_parse(char *mountinfo, struct cgroup_host *host)
{
	char *save = NULL;

	host->owner[CGROUP_UNIFIED] = CGROUP_UNIFIED;
	for (char *line = strtok_r(mountinfo, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save))
		if (strstr(line, " - cgroup"))
			note_line(host, line);
	host->layout = layout_of(host);
}

void cgroup_host_fini(struct cgroup_host *host)
{
	for (int c = 0; c < CGROUP_CONTROLLERS; c++)
		free(host->mount[c]);
}

/* ---- this host ---- */

/* Controllers of the unified tree: on v2 all there are, on a hybrid host those v1 left over. */
static void read_unified_controllers(struct cgroup_host *host)
{
	scoped_free char *path = str_format("%s/cgroup.controllers", host->mount[CGROUP_UNIFIED]);
	scoped_buffer struct buffer text = {0};
	char *save = NULL;
	struct error ignored;

	host->has[CGROUP_UNIFIED] = true;
	if (!file_read(AT_FDCWD, path, 4096, &text, &ignored) || !text.data)
		return;
	for (char *word = strtok_r(text.data, " \n", &save); word;
	     word = strtok_r(NULL, " \n", &save))
		for (int c = 0; c < CGROUP_UNIFIED; c++)
			if (!host->mount[c] && str_equal(word, c == CGROUP_BLKIO ? "io" : names[c]))
				host->has[c] = true;
	if (host->layout == CGROUP_V2) /* no controllers by name, but always there */
		host->has[CGROUP_CPUACCT] = host->has[CGROUP_DEVICES] = host->has[CGROUP_FREEZER] =
			true;
}

static bool exists(const char *folder, const char *path, const char *file)
{
	scoped_free char *full = str_format("%s%s/%s", folder, path, file);

	return faccessat(AT_FDCWD, full, F_OK, 0) == 0;
}

static bool v1_has(const struct cgroup_host *host, enum cgroup_controller c, const char *file)
{
	return host->mount[c] && exists(host->mount[c], "", file);
}

static void look_at_v1_files(struct cgroup_host *host)
{
	host->swap_limit = v1_has(host, CGROUP_MEMORY, "memory.memsw.limit_in_bytes");
	host->oom_kill_disable = v1_has(host, CGROUP_MEMORY, "memory.oom_control");
	host->cpu_quota = v1_has(host, CGROUP_CPU, "cpu.cfs_quota_us");
	host->blkio_weight = v1_has(host, CGROUP_BLKIO, "blkio.weight") ||
			     v1_has(host, CGROUP_BLKIO, "blkio.bfq.weight");
}

/* The root of a v2 tree has no limits of its own: look where we are, below it. */
static void look_at_v2_files(struct cgroup_host *host)
{
	scoped_free char *own = cgroup_own_path();
	const char *root = host->mount[CGROUP_UNIFIED];
	bool at_root = str_equal(own, "/");

	host->cpu_quota = host->has[CGROUP_CPU];
	host->swap_limit =
		host->has[CGROUP_MEMORY] && (at_root || exists(root, own, "memory.swap.max"));
	host->blkio_weight = host->has[CGROUP_BLKIO] && !at_root &&
			     (exists(root, own, "io.weight") || exists(root, own, "io.bfq.weight"));
}

static void read_host(struct cgroup_host *host)
{
	scoped_buffer struct buffer text = {0};
	struct error ignored;

	if (!file_read(AT_FDCWD, "/proc/self/mountinfo", 8 << 20, &text, &ignored) || !text.data)
		return;
	cgroup_host_parse(text.data, host);
	if (host->mount[CGROUP_UNIFIED])
		read_unified_controllers(host);
}

const struct cgroup_host *cgroup_host(void)
{
	static struct cgroup_host host;
	static bool known;

	if (!known) {
		known = true; /* before the questions below, which come back here */
		read_host(&host);
		if (host.layout == CGROUP_V2)
			look_at_v2_files(&host);
		else
			look_at_v1_files(&host);
	}
	return &host;
}

/* "4:memory:/path" or "0::/path" */
static bool line_is_of(const char *line, const char *controller)
{
	const char *list = strchr(line, ':');
	const char *path = list ? strchr(list + 1, ':') : NULL;
	scoped_free char *middle = path ? str_dup_n(list + 1, (size_t)(path - list) - 1) : NULL;

	return middle && (*controller ? has_option(middle, controller) : !*middle);
}

static char *read_path(const char *file)
{
	const struct cgroup_host *host = cgroup_host();
	const char *wanted = host->layout == CGROUP_V1 ? names[CGROUP_MEMORY] : "";
	scoped_buffer struct buffer text = {0};
	char *save = NULL;
	struct error ignored;

	if (!file_read(AT_FDCWD, file, 64 << 10, &text, &ignored) || !text.data)
		return NULL;
	for (char *line = strtok_r(text.data, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save))
		if (line_is_of(line, wanted))
			return str_dup(strchr(strchr(line, ':') + 1, ':') + 1);
	return NULL;
}

char *cgroup_own_path(void)
{
	char *path = read_path("/proc/self/cgroup");

	return path ? path : str_dup("/");
}

char *cgroup_path_of(pid_t pid)
{
	char file[32];

	snprintf(file, sizeof(file), "/proc/%d/cgroup", pid);
	return read_path(file);
}
