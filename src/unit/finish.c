#include "unit/finish.h"

#include "execution/dynamic_user.h"
#include "format/unit_name.h"
#include "unit/dependency_pool.h"

static size_t command_count(const struct unit_draft *draft, enum execution_phase phase)
{
	return draft->plan.commands[phase].count;
}

/* ---- services ---- */

static enum service_type default_type(const struct unit_draft *draft)
{
	if (draft->plan.bus_name)
		return SERVICE_DBUS;
	return command_count(draft, EXECUTION_START) ? SERVICE_SIMPLE : SERVICE_ONESHOT;
}

static void check_service(struct unit_draft *draft)
{
	bool is_oneshot = draft->plan.type == SERVICE_ONESHOT;
	size_t starts = command_count(draft, EXECUTION_START);
	int32_t rule = draft->restart.rule;

	if (!starts && !command_count(draft, EXECUTION_STOP)) {
		unit_draft_refuse(draft, "a service needs ExecStart=");
	} else if (!starts && !is_oneshot) {
		unit_draft_refuse(draft, "a service that is no oneshot needs ExecStart=");
	} else if (!starts && !draft->plan.remain_after_exit) {
		unit_draft_refuse(draft, "a service without ExecStart= needs RemainAfterExit=yes");
	}
	if (starts > 1 && !is_oneshot)
		unit_draft_refuse(draft, "only a oneshot may have more than one ExecStart=");
	if (is_oneshot && (rule == RESTART_ALWAYS || rule == RESTART_ON_SUCCESS))
		unit_draft_refuse(draft, "a oneshot cannot have Restart=always or on-success");
	if (draft->plan.type == SERVICE_DBUS && !draft->plan.bus_name)
		unit_draft_refuse(draft, "Type=dbus needs BusName=");
	draft->config.needs_bus = draft->plan.type == SERVICE_DBUS;
	if (draft->config.needs_bus)
		unit_draft_warn(draft,
				"Type=dbus is not supported: there is no bus, so the service "
				"cannot be started");
}

static void give_full_privileges(struct unit_draft *draft)
{
	for (int phase = 0; phase < EXECUTION_PHASES; phase++)
		for (size_t i = 0; phase != EXECUTION_START && i < command_count(draft, phase); i++)
			RECORD_AT(draft->plan.commands[phase], struct execution_command, i)
				->privileges = EXECUTION_FULL;
}

static void set_times(struct unit_draft *draft)
{
	struct execution_plan *plan = &draft->plan;

	if (draft->timeout_start_us.given)
		plan->timeout_start_us = draft->timeout_start_us.value;
	else if (plan->type == SERVICE_ONESHOT && draft->config.type == UNIT_SERVICE)
		plan->timeout_start_us = 0;
	plan->timeout_abort_us = draft->timeout_abort_us.given ? draft->timeout_abort_us.value
							       : plan->timeout_stop_us;
}

static void settle_service(struct unit_draft *draft)
{
	struct execution_plan *plan = &draft->plan;
	bool is_telling;

	if (draft->container.given)
		unit_draft_add_container(draft);
	plan->type = draft->type.given ? (int32_t)draft->type.value : (int32_t)default_type(draft);
	check_service(draft);
	is_telling = plan->type == SERVICE_NOTIFY || plan->type == SERVICE_NOTIFY_RELOAD ||
		     plan->watchdog_us > 0;
	plan->notify_access = (int32_t)draft->notify_access.value;
	if (plan->notify_access == NOTIFY_NONE && is_telling)
		plan->notify_access = NOTIFY_MAIN;
	plan->oom_policy = draft->oom_policy.given ? (int32_t)draft->oom_policy.value
			   : plan->limits.delegate ? OOM_CONTINUE
						   : OOM_STOP;
	if (draft->permissions_start_only)
		give_full_privileges(draft);
	draft->restart.is_oneshot = plan->type == SERVICE_ONESHOT;
}

/* ---- sockets, timers, paths ---- */

static void settle_socket(struct unit_draft *draft)
{
	struct execution_socket_options *socket = &draft->plan.socket;

	draft->plan.kind = EXECUTION_SOCKET;
	if (!socket->sockets.count)
		unit_draft_refuse(draft, "a socket needs ListenStream= or one of its like");
	if (socket->accept && draft->triggered)
		unit_draft_refuse(draft, "Service= and Accept=yes cannot stand together");
	for (size_t i = 0; socket->accept && i < socket->sockets.count; i++) {
		int32_t kind = RECORD_AT(socket->sockets, struct execution_socket, i)->kind;

		if (kind == SOCKET_DATAGRAM || kind == SOCKET_FIFO)
			unit_draft_refuse(draft, "Accept=yes needs sockets that accept");
	}
	socket->trigger_burst = draft->socket_burst.given ? draft->socket_burst.value
				: socket->accept	  ? 200
							  : 20;
}

static void settle_timer(struct unit_draft *draft)
{
	if (!draft->timer.count && !draft->timer.on_clock_change &&
	    !draft->timer.on_timezone_change)
		unit_draft_refuse(draft, "a timer needs OnCalendar= or one of its like");
}

static void settle_path(struct unit_draft *draft)
{
	if (!draft->path.count)
		unit_draft_refuse(draft, "a path needs PathExists= or one of its like");
}

/* ---- mounts ---- */

static struct execution_command *add_command(struct unit_draft *draft, enum execution_phase phase,
					     const char *program)
{
	struct execution_command *command =
		record_list_add(&execution_command_type, &draft->plan.commands[phase]);

	command->path = str_dup(program);
	command->no_variables = true;
	strings_add(&command->args, program);
	return command;
}

static void add_mount_command(struct unit_draft *draft)
{
	struct execution_command *command = add_command(draft, EXECUTION_START, "/bin/mount");
	const struct mount_config *mount = &draft->mount;

	strings_add(&command->args, mount->what);
	strings_add(&command->args, mount->where);
	if (draft->sloppy_options)
		strings_add(&command->args, "-s");
	if (draft->read_write_only)
		strings_add(&command->args, "-w");
	if (mount->type) {
		strings_add(&command->args, "-t");
		strings_add(&command->args, mount->type);
	}
	if (mount->options) {
		strings_add(&command->args, "-o");
		strings_add(&command->args, mount->options);
	}
}

static void add_mount_commands(struct unit_draft *draft)
{
	struct execution_command *make = add_command(draft, EXECUTION_START, "/bin/mkdir");
	int32_t mode = draft->plan.socket.directory_mode;

	strings_format(&make->args, "-m%04o", mode ? (unsigned)mode : 0755);
	strings_add(&make->args, "-p");
	strings_add(&make->args, draft->mount.where);
	add_mount_command(draft);
	struct execution_command *unmount = add_command(draft, EXECUTION_STOP, "/bin/umount");
	strings_add(&unmount->args, draft->mount.where);
	strings_add(&unmount->args, "-c");
	if (draft->lazy_unmount)
		strings_add(&unmount->args, "-l");
	if (draft->force_unmount)
		strings_add(&unmount->args, "-f");
}

static void settle_mount(struct unit_draft *draft)
{
	draft->plan.kind = EXECUTION_MOUNT;
	if (!draft->mount.what || !draft->mount.where) {
		unit_draft_refuse(draft, "a mount needs What= and Where=");
		return;
	}
	scoped_free char *where = unit_name_escape_path(draft->mount.where);
	scoped_free char *name = str_format("%s.mount", where);
	if (!str_equal(name, draft->config.name))
		unit_draft_refuse(draft, "the name of a mount at '%s' has to be '%s'",
				  draft->mount.where, name);
	add_mount_commands(draft);
}

/* ---- all ---- */

/* Nothing of a user who will not be there later is to stay, and nothing is to become somebody else. */
static void settle_dynamic_user(struct unit_draft *draft)
{
	struct execution_context *c = &draft->plan.context;

	if (!c->dynamic_user)
		return;
	if (!c->user)
		c->user = dynamic_user_name(draft->config.name);
	c->private_tmp = c->no_new_privileges = c->restrict_suid_sgid = true;
	c->protect_system = PROTECT_STRICT;
	if (c->protect_home == HOME_NO)
		c->protect_home = HOME_READ_ONLY;
}

static void settle_plan(struct unit_draft *draft)
{
	struct execution_plan *plan = &draft->plan;

	settle_dynamic_user(draft);

	if (!plan->restart_kill_signal)
		plan->restart_kill_signal = plan->kill_signal;
	if (!plan->limits.tasks_max.given && draft->context->tasks_max_default &&
	    draft->config.type != UNIT_SLICE)
		plan->limits.tasks_max =
			(struct optional_i64){true, draft->context->tasks_max_default};
	set_times(draft);
}

void unit_draft_check(struct unit_draft *draft)
{
	static void (*const settle[UNIT_TYPES])(struct unit_draft *) = {
		[UNIT_SERVICE] = settle_service, [UNIT_SOCKET] = settle_socket,
		[UNIT_TIMER] = settle_timer,	 [UNIT_PATH] = settle_path,
		[UNIT_MOUNT] = settle_mount,
	};

	if (settle[draft->config.type])
		settle[draft->config.type](draft);
	settle_plan(draft);
}

static void *move(void *from, size_t size)
{
	void *moved = mem_copy(from, size);

	memset(from, 0, size);
	return moved;
}

static void pack_plan(struct unit_draft *draft)
{
	str_replace(&draft->plan.unit, NULL); /* unit_config_plan() knows it */
	record_pack(&execution_plan_type, &draft->plan, &draft->config.plan);
}

static bool is_given(const struct exit_set *set)
{
	return set->codes.count || set->signals.count;
}

/* The shim looks at them, and so does whoever decides what follows. */
static struct restart_codes *restart_codes(const struct execution_plan *plan)
{
	if (!is_given(&plan->restart_prevent) && !is_given(&plan->restart_force))
		return NULL;
	struct restart_codes *codes = mem_new(struct restart_codes);
	record_copy(&exit_set_type, &plan->restart_prevent, &codes->prevent);
	record_copy(&exit_set_type, &plan->restart_force, &codes->force);
	return codes;
}

/* What the type of the unit has, and nothing else. */
static void move_parts(struct unit_draft *draft)
{
	struct unit_config *config = &draft->config;

	if (config->type == UNIT_SERVICE) {
		draft->restart.codes = restart_codes(&draft->plan);
		config->restart = move(&draft->restart, sizeof(draft->restart));
	}
	if (config->type == UNIT_TIMER)
		config->timer = move(&draft->timer, sizeof(draft->timer));
	if (config->type == UNIT_PATH)
		config->path_watch = move(&draft->path, sizeof(draft->path));
	if (config->type == UNIT_MOUNT)
		config->mount = move(&draft->mount, sizeof(draft->mount));
	if (config->type == UNIT_SLICE)
		config->slice_limits = move(&draft->plan.limits, sizeof(draft->plan.limits));
	if (config->load != LOAD_LOADED)
		return;
	if (config->type == UNIT_SERVICE || config->type == UNIT_SOCKET ||
	    config->type == UNIT_MOUNT)
		pack_plan(draft);
}

struct unit_config *unit_draft_finish(struct unit_draft *draft)
{
	struct unit_config *config = &draft->config;

	if (draft->problems.count && config->load == LOAD_LOADED) {
		config->load = LOAD_BAD_SETTING;
		config->load_error = str_dup(draft->problems.items[0]);
	}
	move_parts(draft);
	config->dependency_count = draft->dependencies.count;
	config->dependencies =
		dependency_pool_get(draft->dependencies.items, draft->dependencies.count);
	config = move(&draft->config, sizeof(draft->config));
	unit_draft_fini(draft);
	return config;
}
