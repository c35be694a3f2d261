#include "shim/unit_containers.h"

#include "base/log.h"
#include "base/time.h"
#include "os/file.h"
#include "os/process.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

struct container {
	struct unit_container told;
	bool of_control; /* its client was the control process, or came from it */
	bool is_main;
};

struct unit_containers {
	struct {
		struct container *items;
		size_t count, capacity;
	} there;
	bool asked; /* STOP_CONTAINERS is not answered yet */
	int64_t us;

	/* the last one that is gone, should its client end after it */
	bool gone;
	int32_t gone_code;
	bool gone_of_control, gone_detached;
	int64_t gone_pid;
};

static struct unit_containers *containers_of(struct unit_shim *u)
{
	if (!u->containers)
		u->containers = mem_new(struct unit_containers);
	return u->containers;
}

bool unit_containers_are_there(const struct unit_shim *u)
{
	return u->asked.unknown || (u->containers && u->containers->there.count > 0);
}

/* ---- coming and going ---- */

static pid_t parent_of(pid_t pid)
{
	scoped_free char *path = str_format("/proc/%d/stat", pid);
	scoped_buffer struct buffer text = {0};
	const char *end;
	struct error gone;
	int parent = 0;

	if (!file_read(AT_FDCWD, path, 4096, &text, &gone) || !text.data)
		return 0;
	end = strrchr(text.data, ')');
	return end && sscanf(end, ") %*c %d", &parent) == 1 ? parent : 0;
}

static bool comes_from(pid_t pid, pid_t ancestor)
{
	for (int depth = 0; pid > 1 && depth < 64; depth++, pid = parent_of(pid))
		if (pid == ancestor)
			return true;
	return false;
}

static bool is_of_control(const struct unit_shim *u, pid_t client)
{
	if (!u->machine.control_alive)
		return false;
	return !u->machine.main_alive || (client && comes_from(client, u->control.pid));
}

static struct container *find(struct unit_containers *all, const char *id)
{
	for (size_t i = 0; i < all->there.count; i++)
		if (str_equal(all->there.items[i].told.id, id))
			return &all->there.items[i];
	return NULL;
}

bool unit_containers_add(struct unit_shim *u, const struct unit_container *told, struct error *err)
{
	struct unit_containers *all = containers_of(u);
	struct container *c = find(all, told->id);

	if (!c && told->asked_for && !u->asked.waits)
		return error_set(err, ERROR_CONFLICT, "%s does not wait for it any more",
				 u->start.plan.unit);
	if (!c) {
		struct container fresh = {0};

		vector_add(&all->there, fresh);
		c = &all->there.items[all->there.count - 1];
		c->of_control = is_of_control(u, (pid_t)told->client_pid);
	}
	record_fini(&unit_container_type, &c->told);
	record_copy(&unit_container_type, told, &c->told);
	all->gone = false;
	return true;
}

static void main_gone(struct unit_shim *u, int32_t code)
{
	struct execution_process *main = &u->status.main;

	main->end = PROCESS_EXITED;
	main->status = code;
	main->ended_ns = time_now_ns();
	unit_say_end(u, false, main);
	str_replace(&u->status.container, NULL);
	unit_forget_process(u, &u->main);
}

void unit_containers_gone(struct unit_shim *u, const struct unit_container_gone *gone)
{
	struct unit_containers *all = containers_of(u);
	struct container *c = find(all, gone->id);
	struct machine_event event = {.kind = EVENT_CONTAINER_GONE, .status = gone->code};

	if (!c)
		return;
	event.main = c->is_main;
	if (c->is_main)
		main_gone(u, gone->code);
	all->gone = true;
	all->gone_code = gone->code;
	all->gone_of_control = c->of_control;
	all->gone_detached = c->told.detached;
	all->gone_pid = c->told.pid;
	record_fini(&unit_container_type, &c->told);
	vector_remove(&all->there, (size_t)(c - all->there.items));
	if (gone->oom)
		UNIT_EVENT(u, EVENT_OOM);
	unit_event(u, &event);
}

void unit_containers_list(const struct unit_shim *u, struct strings *ids)
{
	for (size_t i = 0; u->containers && i < u->containers->there.count; i++)
		strings_add(ids, u->containers->there.items[i].told.id);
}

bool unit_containers_have_run(const struct unit_shim *u)
{
	for (size_t i = 0; u->containers && i < u->containers->there.count; i++)
		if (u->containers->there.items[i].told.pid)
			return true;
	return false;
}

/* ---- the main process and its container ---- */

static bool lives(const struct unit_container *c)
{
	scoped_fd int fd = c->pid ? process_open((pid_t)c->pid, c->start_time) : -1;
	struct pollfd p = {.fd = fd, .events = POLLIN};

	return fd >= 0 && poll(&p, 1, 0) == 0;
}

/* With nobody attached, its end is still to be told, and decides. */
static bool goes_on(const struct unit_container *c)
{
	return lives(c) || (c->detached && c->pid);
}

static struct container *container_of_process(const struct unit_shim *u, bool control)
{
	if (!u->containers)
		return NULL;
	for (size_t i = u->containers->there.count; i-- > 0;)
		if (u->containers->there.items[i].of_control == control)
			return &u->containers->there.items[i];
	return NULL;
}

/* Of the one that is gone: it had been the main process, had its client been faster. */
static bool its_end_counts(const struct unit_shim *u)
{
	return u->containers->gone_detached && u->start.plan.type != SERVICE_ONESHOT;
}

void unit_containers_describe(const struct unit_shim *u, bool control, struct machine_event *event)
{
	const struct container *c = container_of_process(u, control);
	const struct unit_containers *all = u->containers;

	if (c) {
		event->was_client = true;
		event->container_lives = goes_on(&c->told);
	} else if (all && all->gone && all->gone_of_control == control) {
		event->was_client = event->container_gone = true;
		event->container_code = all->gone_code;
		event->container_decides = all->gone_detached;
		if (!control && its_end_counts(u) && event->end == PROCESS_EXITED && !event->status)
			event->status = all->gone_code;
	}
}

/* It has come and gone while its client ended. */
static void take_gone(struct unit_shim *u)
{
	if (!u->containers || !u->containers->gone)
		return;
	u->status.main = (struct execution_process){.phase = EXECUTION_START,
						    .pid = u->containers->gone_pid,
						    .started_ns = time_now_ns()};
	main_gone(u, u->containers->gone_code);
}

void unit_containers_take(struct unit_shim *u)
{
	struct container *c = container_of_process(u, false);

	if (!c)
		c = container_of_process(u, true); /* of a forking service's parent */
	if (!c) {
		take_gone(u);
		return;
	}
	c->is_main = true;
	c->of_control = false;
	u->status.main = (struct execution_process){
		.phase = EXECUTION_START, .pid = c->told.pid, .started_ns = time_now_ns()};
	unit_forget_process(u, &u->main);
	u->main.pid = (pid_t)c->told.pid;
	u->main.start_time = c->told.start_time;
	str_replace(&u->status.container, c->told.id);
}

/* ---- stopping ---- */

static void ask(struct unit_shim *u)
{
	controls_tell(&u->controls, UNIT_STOP_CONTAINERS, &shim_number_type,
		      &(struct shim_number){u->containers->us});
}

void unit_containers_stop(struct unit_shim *u, int64_t us)
{
	containers_of(u)->asked = true;
	u->containers->us = us;
	ask(u);
}

void unit_containers_ask_again(struct unit_shim *u)
{
	if (u->containers && u->containers->asked)
		ask(u);
}

void unit_containers_stopped(struct unit_shim *u)
{
	if (!u->containers || !u->containers->asked)
		return;
	u->containers->asked = false;
	u->asked.unknown = false;
	UNIT_EVENT(u, EVENT_CONTAINERS_STOPPED);
}

static void end_one(const struct unit_container *c)
{
	struct cgroup cgroup;
	struct error err;

	if (!c->cgroup_path || !cgroup_open(c->cgroup_path, &cgroup, &err))
		return;
	if (!cgroup_kill(&cgroup, &err))
		log_error("cannot end a container", &err, "id=%s", c->id);
	cgroup_fini(&cgroup);
}

void unit_containers_end(struct unit_shim *u)
{
	struct unit_containers *all = containers_of(u);

	for (size_t i = 0; i < all->there.count; i++)
		end_one(&all->there.items[i].told);
	u->asked.unknown = false;
	unit_containers_free(u);
}

void unit_containers_free(struct unit_shim *u)
{
	struct unit_containers *all = u->containers;

	for (size_t i = 0; all && i < all->there.count; i++)
		record_fini(&unit_container_type, &all->there.items[i].told);
	if (all)
		vector_fini(&all->there);
	free(all);
	u->containers = NULL;
}
