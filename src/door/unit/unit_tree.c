#include "door/unit/unit_tree.h"

#include "base/error.h"
#include "format/unit_words.h"
#include "os/cgroup.h"
#include "os/file.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { COMMAND_LIMIT = 4096, PIDS_LIMIT = 1 << 20, DEPTH_LIMIT = 16 };

/* ---- processes ---- */

/* Arguments as they would have to be typed. */
static char *quote_arguments(const char *bytes, size_t size)
{
	scoped_buffer struct buffer out = {0};

	for (size_t at = 0; at < size;) {
		scoped_free char *word = str_dup_n(bytes + at, strnlen(bytes + at, size - at));
		scoped_free char *quoted = unit_word_quote(word);

		buffer_format(&out, "%s%s", at ? " " : "", quoted);
		at += strlen(word) + 1;
	}
	return buffer_take(&out);
}

/* What has no arguments (kernel, zombie) by its name in brackets. */
static char *command_of(pid_t pid)
{
	scoped_buffer struct buffer bytes = {0};
	scoped_buffer struct buffer name = {0};
	struct error err;
	char path[48];

	snprintf(path, sizeof(path), "/proc/%d/cmdline", (int)pid);
	scoped_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t size = fd >= 0 ? read(fd, buffer_reserve(&bytes, COMMAND_LIMIT), COMMAND_LIMIT) : 0;
	if (size > 0) {
		buffer_wrote(&bytes, (size_t)size);
		while (bytes.size && !bytes.data[bytes.size - 1])
			bytes.size--;
		return quote_arguments(bytes.data, bytes.size);
	}
	snprintf(path, sizeof(path), "/proc/%d/comm", (int)pid);
	if (!file_read(AT_FDCWD, path, 64, &name, &err) || !name.size)
		return NULL;
	return str_format("(%.*s)", (int)strcspn(name.data, "\n"), name.data);
}

static void read_processes(struct unit_tree *tree, int folder)
{
	scoped_buffer struct buffer text = {0};
	struct error err;

	if (!file_read(folder, "cgroup.procs", PIDS_LIMIT, &text, &err) || !text.data)
		return;
	for (char *at = text.data; *at;) {
		struct unit_process process = {.pid = (pid_t)strtol(at, &at, 10)};

		if (process.pid > 0 && (process.command = command_of(process.pid)))
			vector_add(&tree->processes, process);
		while (*at && *at != '\n')
			at++;
		if (*at)
			at++;
	}
}

/* ---- groups ---- */

static struct unit_tree *read_group(int folder, const char *name, int depth);

static void take_self(struct unit_tree *tree, struct unit_tree *self)
{
	for (size_t i = 0; i < self->processes.count; i++)
		vector_add(&tree->processes, self->processes.items[i]);
	self->processes.count = 0;
	unit_tree_free(self);
}

static void read_child(struct unit_tree *tree, int folder, const char *name, int depth)
{
	struct error err;
	scoped_fd int inside = folder_open(folder, name, &err);
	struct unit_tree *child = inside >= 0 ? read_group(inside, name, depth + 1) : NULL;

	if (child && str_equal(name, "self"))
		take_self(tree, child);
	else if (child)
		vector_add(&tree->children, child);
}

static void read_children(struct unit_tree *tree, int folder, int depth)
{
	scoped_list DIR *list = folder_list(folder);

	for (struct dirent *entry; (entry = folder_next(list));)
		if (entry->d_type == DT_DIR && *entry->d_name != '.')
			read_child(tree, folder, entry->d_name, depth);
}

static struct unit_tree *read_group(int folder, const char *name, int depth)
{
	struct unit_tree *tree = mem_new(struct unit_tree);

	tree->name = str_dup(name);
	read_processes(tree, folder);
	if (depth < DEPTH_LIMIT)
		read_children(tree, folder, depth);
	if (tree->processes.count || tree->children.count)
		return tree;
	unit_tree_free(tree);
	return NULL;
}

/* Where processes are tracked: the unified tree, else any hierarchy of version 1. */
static int tracking_folder(const struct cgroup *cgroup)
{
	static const enum cgroup_controller order[] = {CGROUP_UNIFIED, CGROUP_PIDS, CGROUP_MEMORY,
						       CGROUP_CPU};

	for (size_t i = 0; i < array_length(order); i++) {
		int folder = cgroup_folder(cgroup, order[i]);

		if (folder >= 0)
			return folder;
	}
	return -1;
}

struct unit_tree *unit_tree_read(const char *path)
{
	struct unit_tree *tree = NULL;
	struct cgroup cgroup;
	struct error err;

	if (!cgroup_open(path, &cgroup, &err))
		return NULL;
	int folder = tracking_folder(&cgroup);
	if (folder >= 0)
		tree = read_group(folder, strrchr(path, '/') + 1, 0);
	cgroup_fini(&cgroup);
	return tree;
}

void unit_tree_free(struct unit_tree *tree)
{
	if (!tree)
		return;
	for (size_t i = 0; i < tree->processes.count; i++)
		free(tree->processes.items[i].command);
	for (size_t i = 0; i < tree->children.count; i++)
		unit_tree_free(tree->children.items[i]);
	vector_fini(&tree->processes);
	vector_fini(&tree->children);
	free(tree->name);
	free(tree->elsewhere);
	free(tree);
}

void unit_tree_usage(const char *path, int64_t *memory, int64_t *tasks, int64_t *cpu_ns)
{
	struct cgroup_usage usage = {0};
	struct cgroup cgroup;
	struct error err;

	*memory = *tasks = *cpu_ns = -1;
	if (!cgroup_open(path, &cgroup, &err))
		return;
	if (cgroup_read_usage(&cgroup, &usage, &err)) {
		*memory = (int64_t)usage.memory_usage;
		*tasks = (int64_t)usage.pids_current;
		*cpu_ns = (int64_t)usage.cpu_total_ns;
		cgroup_usage_fini(&usage);
	}
	cgroup_fini(&cgroup);
}

bool unit_tree_is_frozen(const char *path)
{
	struct cgroup cgroup;
	struct error err;

	if (!cgroup_open(path, &cgroup, &err))
		return false;
	bool frozen = cgroup_is_frozen(&cgroup);
	cgroup_fini(&cgroup);
	return frozen;
}
