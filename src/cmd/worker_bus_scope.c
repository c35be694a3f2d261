#include "cmd/worker_bus_private.h"
#include "os/fd.h"
#include "os/file.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define CGROUPS "/sys/fs/cgroup"

/* ---- making one ---- */

static void append_property(sd_bus_message *m, const char *name, char type, const void *value)
{
	char contents[2] = {type, '\0'};

	sd_bus_message_open_container(m, 'r', "sv");
	sd_bus_message_append_basic(m, 's', name);
	sd_bus_message_open_container(m, 'v', contents);
	sd_bus_message_append_basic(m, type, value);
	sd_bus_message_close_container(m);
	sd_bus_message_close_container(m);
}

static void append_pid(sd_bus_message *m, pid_t pid)
{
	uint32_t number = (uint32_t)pid;

	sd_bus_message_open_container(m, 'r', "sv");
	sd_bus_message_append_basic(m, 's', "PIDs");
	sd_bus_message_open_container(m, 'v', "au");
	sd_bus_message_open_container(m, 'a', "u");
	sd_bus_message_append_basic(m, 'u', &number);
	sd_bus_message_close_container(m);
	sd_bus_message_close_container(m);
	sd_bus_message_close_container(m);
}

static bool start_scope(struct bus *b, const struct bus_request *request, pid_t pid,
			sd_bus_message **reply, struct error *err)
{
	sd_bus_message *call;
	int yes = 1;

	if (!bus_call_new(b, BUS_MANAGER_PATH, BUS_MANAGER, "StartTransientUnit", &call, err))
		return false;
	sd_bus_message_append_basic(call, 's', request->scope);
	sd_bus_message_append_basic(call, 's', "fail");
	sd_bus_message_open_container(call, 'a', "(sv)");
	append_property(call, "Description", 's', request->description);
	append_property(call, "Slice", 's', request->slice);
	append_property(call, "Delegate", 'b', &yes);
	append_property(call, "CollectMode", 's', "inactive-or-failed");
	append_pid(call, pid);
	sd_bus_message_close_container(call);
	sd_bus_message_open_container(call, 'a', "(sa(sv))");
	sd_bus_message_close_container(call);
	return bus_call_make(b, call, reply, err);
}

/* ---- its keeper ---- */

/* It does nothing, holds nothing, and dies with us. */
static pid_t start_keeper(struct error *err)
{
	pid_t parent = getpid(), pid = fork();

	if (pid < 0)
		error_errno(err, "cannot fork");
	if (pid != 0)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	close_range(0, ~0U, 0);
	while (getppid() == parent)
		pause();
	_exit(0);
}

static void end_keeper(struct bus *b, size_t at)
{
	struct bus_keeper *keeper = &b->keepers.items[at];

	kill(keeper->pid, SIGKILL);
	waitpid(keeper->pid, NULL, 0);
	free(keeper->scope);
	free(keeper->group);
	vector_remove(&b->keepers, at);
}

void bus_scope_leave(struct bus *b, const char *scope)
{
	for (size_t i = b->keepers.count; i-- > 0;)
		if (str_equal(b->keepers.items[i].scope, scope))
			end_keeper(b, i);
}

/* ---- from its beginning to its end ---- */

bool bus_scope_begin(struct bus *b, const struct bus_request *request, sd_bus_message **reply,
		     struct error *err)
{
	struct bus_keeper keeper = {.pid = start_keeper(err)};

	if (keeper.pid < 0)
		return false;
	keeper.scope = str_dup(request->scope);
	keeper.group = str_dup(request->group);
	vector_add(&b->keepers, keeper);
	if (start_scope(b, request, keeper.pid, reply, err))
		return true;
	bus_scope_leave(b, request->scope);
	return false;
}

/* On version 2 a group with processes passes no controllers on: the keeper goes into a leaf, as all who come
 * will; what systemd has delegated is passed on from the scope. */
static bool make_leaf(const struct bus_keeper *keeper, struct error *err)
{
	scoped_free char *path = str_format(CGROUPS "%s", keeper->group);
	scoped_buffer struct buffer there = {0}, text = {0};
	char pid[16];

	if (access(CGROUPS "/cgroup.controllers", F_OK) < 0)
		return true; /* version 1 */
	scoped_fd int folder = folder_open(AT_FDCWD, path, err);
	if (folder < 0 || !folder_make(folder, "self", 0755, err))
		return false;
	snprintf(pid, sizeof(pid), "%d", (int)keeper->pid);
	if (!file_write(folder, "self/cgroup.procs", pid, err) ||
	    !file_read(folder, "cgroup.controllers", 4096, &there, err))
		return false;
	buffer_add_char(&there, '\0');
	there.data[strcspn(there.data, "\n")] = '\0';
	scoped_strings struct strings controllers = strings_split(there.data, ' ');
	for (size_t i = 0; i < controllers.count; i++)
		if (*controllers.items[i])
			buffer_format(&text, "+%s ", controllers.items[i]);
	return !text.size || file_write(folder, "cgroup.subtree_control", text.data, err);
}

bool bus_scope_settle(struct bus *b, const char *scope, const char *result, struct error *err)
{
	for (size_t i = 0; i < b->keepers.count; i++) {
		if (!str_equal(b->keepers.items[i].scope, scope))
			continue;
		if (!str_equal(result, "done"))
			error_set(err, ERROR_SYSTEM, "systemd does not start '%s': %s", scope,
				  result);
		else if (make_leaf(&b->keepers.items[i], err))
			return true;
		bus_scope_leave(b, scope);
		return false;
	}
	return true;
}

void bus_scopes_fini(struct bus *b)
{
	while (b->keepers.count)
		end_keeper(b, 0);
	vector_fini(&b->keepers);
}
