#include "engine/boot.h"

#include "base/log.h"
#include "base/memory.h"
#include "engine/deadline.h"
#include "engine/engine_private.h"
#include "engine/restart_policy.h"
#include "os/file.h"
#include "os/process.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#define BOOT_FILE      "boot"
#define BOOT_FILE_MOST (1 << 20)
#define LABEL_PROJECT  "com.docker.compose.project"
#define LABEL_ONE_OFF  "com.docker.compose.oneoff"
#define ATTEMPTS_MOST  3

extern char **environ;

/* ---- what the next daemon finds ---- */

struct runner {
	char *project;
	int64_t pid, start_time; /* 0: none */
	int64_t attempts;
};

struct boot_state {
	char *boot_id;
	struct record_list runners; /* struct runner */
};

#define F(type, tag, kind, member) RECORD_FIELD(struct type, tag, #member, kind, member)
static const struct record_field runner_fields[] = {
	F(runner, 1, RECORD_STRING, project),
	F(runner, 2, RECORD_I64, pid),
	F(runner, 3, RECORD_I64, start_time),
	F(runner, 4, RECORD_I64, attempts),
};
static const struct record_type runner_type = RECORD_TYPE(struct runner, runner_fields);

static const struct record_field boot_fields[] = {
	F(boot_state, 1, RECORD_STRING, boot_id),
	RECORD_NESTED(struct boot_state, 2, "runners", RECORD_LIST, runners, 0, &runner_type),
};
static const struct record_type boot_type = RECORD_TYPE(struct boot_state, boot_fields);

/* The command of one project, while it is at work or may be started again. */
struct boot_run {
	struct link link;
	struct engine *engine;
	struct runner runner;
	uv_poll_t *ending; /* NULL: it does not run */
	int pidfd;
	bool own; /* started by this daemon, which learns how it ended */
	struct deadline *patience;
};

/* ---- the file ---- */

static bool read_state(struct engine *engine, struct boot_state *state, struct error *err)
{
	scoped_buffer struct buffer bytes = {0};
	scoped_fd int folder = folder_open(AT_FDCWD, engine->settings.exec_root, err);

	return folder >= 0 && file_read(folder, BOOT_FILE, BOOT_FILE_MOST, &bytes, err) &&
	       record_decode(&boot_type, bytes.data, bytes.size, state, err);
}

static void write_state(struct engine *engine)
{
	scoped_buffer struct buffer bytes = {0};
	struct boot_state state = {.boot_id = (char *)(uintptr_t)process_boot_id()};
	scoped_fd int folder = -1;
	struct error err;

	list_each(item, &engine->boot.runs)
	{
		const struct boot_run *run = container_of(item, struct boot_run, link);

		record_copy(&runner_type, &run->runner,
			    record_list_add(&runner_type, &state.runners));
	}
	record_encode(&boot_type, &state, &bytes);
	record_list_fini(&runner_type, &state.runners);
	folder = folder_open(AT_FDCWD, engine->settings.exec_root, &err);
	if (folder < 0 ||
	    !file_replace(folder, BOOT_FILE,
			  &(struct file_content){bytes.data, bytes.size, 0600, false}, &err))
		log_warning("cannot note what is started at boot", &err, "");
}

static struct boot_run *run_add(struct engine *engine, const char *project)
{
	struct boot_run *run = mem_new(struct boot_run);

	run->engine = engine;
	run->pidfd = -1;
	run->runner.project = str_dup(project);
	list_append(&engine->boot.runs, &run->link);
	return run;
}

static struct boot_run *run_of(struct engine *engine, const char *project)
{
	list_each(item, &engine->boot.runs)
	{
		struct boot_run *run = container_of(item, struct boot_run, link);

		if (str_equal(run->runner.project, project))
			return run;
	}
	return NULL;
}

void boot_open(struct engine *engine)
{
	struct boot_state state = {0};
	struct error err;
	bool read = read_state(engine, &state, &err);

	engine->boot.fresh = !read || !str_equal(state.boot_id, process_boot_id());
	for (size_t i = 0; i < state.runners.count && !engine->boot.fresh; i++) {
		struct runner *known = RECORD_AT(state.runners, struct runner, i);
		struct boot_run *run = run_add(engine, known->project ? known->project : "");

		run->runner.pid = known->pid;
		run->runner.start_time = known->start_time;
		run->runner.attempts = known->attempts;
	}
	record_fini(&boot_type, &state);
}

/* ---- what is due ---- */

static const char *project_of(const struct container *c)
{
	return pairs_get(&c->config.labels, LABEL_PROJECT);
}

static bool is_due(const struct container *c, const char *project)
{
	return c->due && str_equal(project_of(c), project);
}

static size_t count_due(struct engine *engine, const char *project)
{
	size_t count = 0;

	for (struct container *c = engine_first(engine); c; c = engine_next(c))
		count += is_due(c, project);
	return count;
}

struct strings engine_due(struct engine *engine, const char *project)
{
	struct strings ids = {0};

	for (struct container *c = engine_first(engine); c; c = engine_next(c))
		if (is_due(c, project))
			strings_add(&ids, c->id);
	return ids;
}

/* One-off containers are in no project's order. */
bool boot_leaves(const struct container *c)
{
	const struct engine *engine = c->engine;
	const char *project = project_of(c);

	return (engine->boot.fresh || c->due) && project &&
	       !str_equal(pairs_get(&c->config.labels, LABEL_ONE_OFF), "True") &&
	       projects_find(engine->parts.projects, project);
}

static void begin_all(struct engine *engine);

static void one_saved(struct engine *engine)
{
	if (--engine->boot.saving > 0)
		return;
	engine->boot.decided = true;
	if (engine->boot.fresh)
		write_state(engine);
	begin_all(engine);
}

static void on_saved(void *data, const struct error *err)
{
	if (err)
		log_error("cannot record what is due", err, "");
	one_saved(data);
}

void boot_leave(struct container *c)
{
	struct boot *boot = &c->engine->boot;
	const char *project = project_of(c);

	if (!strings_contain(&boot->waiting, project))
		strings_add(&boot->waiting, project);
	container_set_state(c, CONTAINER_EXITED);
	c->restart_count = c->restart_delay_ms = 0;
	c->due = true;
	boot->saving++;
	container_save(c, STORE_SURVIVES_KILL, on_saved, c->engine);
}

void boot_decided(struct engine *engine)
{
	engine->boot.saving++;
	one_saved(engine);
}

/* ---- when the command has ended, or takes too long ---- */

static bool policy_wants(const struct container *c)
{
	struct restart_question question = {
		.policy = &c->host_config.restart_policy,
		.daemon_start = true,
		.was_running = true,
		.stopped_by_hand = c->stopped_by_hand,
		.exit_code = c->exit_code,
	};

	return c->state == CONTAINER_EXITED && restart_decide(&question).restart;
}

static void start_left(struct container *c)
{
	c->due = false;
	if (!policy_wants(c)) {
		container_save(c, STORE_SURVIVES_KILL, NULL, NULL);
		return;
	}
	log_warning("a project has left a container down: it is started by its restart policy",
		    NULL, "id=%s name=%s project=%s", c->id, c->name, project_of(c));
	container_set_state(c, CONTAINER_RESTARTING);
	container_restart_now(c);
}

static void start_all_left(struct boot_run *run)
{
	struct engine *engine = run->engine;

	for (struct container *c = engine_first(engine); c; c = engine_next(c))
		if (is_due(c, run->runner.project) && !c->run)
			start_left(c);
}

static void on_impatient(void *data)
{
	struct boot_run *run = data;

	run->patience = NULL;
	log_warning("the start of a project does not go on", NULL, "project=%s",
		    run->runner.project);
	start_all_left(run);
}

static void wait_longer(struct boot_run *run)
{
	deadline_cancel(&run->patience);
	run->patience = deadline_start(run->engine->parts.loop,
				       (uint64_t)run->engine->settings.project_patience * 1000,
				       on_impatient, run);
}

void boot_note_start(struct container *c)
{
	struct boot_run *run = c->due ? run_of(c->engine, project_of(c)) : NULL;

	c->due = false;
	if (run && run->patience)
		wait_longer(run);
}

/* ---- the command ---- */

static void free_poll(uv_handle_t *handle)
{
	free(handle);
}

static void stop_watching(struct boot_run *run)
{
	deadline_cancel(&run->patience);
	if (run->ending)
		uv_close((uv_handle_t *)take(run->ending), free_poll);
	close_fd(&run->pidfd);
}

static void begin(struct boot_run *run);

/* -1: not known. */
static int exit_code(const struct boot_run *run, const siginfo_t *end)
{
	if (!run->own)
		return -1;
	return end->si_code == CLD_EXITED ? end->si_status : 128 + end->si_status;
}

/* One that another daemon had started has lost its connection with that, and is started again. */
static void on_end(uv_poll_t *poll, int status, int events)
{
	struct boot_run *run = poll->data;
	siginfo_t end = {0};
	size_t left = count_due(run->engine, run->runner.project);

	(void)status;
	(void)events;
	waitid(P_PIDFD, (id_t)run->pidfd, &end, WEXITED | WNOHANG);
	log_info("the start of a project has ended", "project=%s code=%d left=%zu",
		 run->runner.project, exit_code(run, &end), left);
	stop_watching(run);
	run->runner.pid = 0;
	if (left && !run->own)
		begin(run);
	else
		start_all_left(run);
}

static void watch(struct boot_run *run, int pidfd, bool own)
{
	run->pidfd = pidfd;
	run->own = own;
	run->ending = mem_new(uv_poll_t);
	uv_poll_init(run->engine->parts.loop, run->ending, pidfd);
	run->ending->data = run;
	uv_poll_start(run->ending, UV_READABLE, on_end);
	wait_longer(run);
}

/* Ours, but for what would lead the command to another daemon. */
static struct strings make_environment(const struct engine *engine)
{
	static const char *const others[] = {
		"WHERRY_HOST=", "DOCKER_HOST=", "WHERRY_CONTEXT=", "DOCKER_CONTEXT="};
	struct strings env = {0};

	for (char **variable = environ; *variable; variable++) {
		bool other = false;

		for (size_t i = 0; i < array_length(others); i++)
			other = other || str_starts_with(*variable, others[i]);
		if (!other)
			strings_add(&env, *variable);
	}
	strings_format(&env, "WHERRY_HOST=%s", engine->settings.api_address);
	return env;
}

static bool spawn(struct boot_run *run, struct error *err)
{
	const struct engine *engine = run->engine;
	scoped_free char *program = str_format("%s/wherry", engine->settings.program_folder);
	char *args[] = {(char *)(uintptr_t) "wherry",
			(char *)(uintptr_t) "compose",
			(char *)(uintptr_t) "-p",
			run->runner.project,
			(char *)(uintptr_t) "start",
			(char *)(uintptr_t) "--at-boot",
			NULL};
	scoped_strings struct strings env = {0};
	struct spawn how = {
		.path = program, .args = args, .in = -1, .out = 2, .err = 2, .new_session = true};
	pid_t pid;
	int pidfd;

	if (!engine->settings.api_address)
		return error_set(err, ERROR_SYSTEM, "the daemon has no address for it");
	env = make_environment(engine);
	how.env = env.items;
	if (!process_spawn(&how, &pid, &pidfd, err))
		return false;
	run->runner.pid = pid;
	process_start_time(pid, &run->runner.start_time);
	watch(run, pidfd, true);
	return true;
}

/* Noted before: a daemon that dies in between counts it, too. */
static void begin(struct boot_run *run)
{
	struct error err = {0};
	bool again = run->runner.attempts < ATTEMPTS_MOST;

	run->runner.pid = 0;
	run->runner.attempts++;
	write_state(run->engine);
	if (again && spawn(run, &err)) {
		write_state(run->engine);
		log_info("a project is being started", "project=%s pid=%lld", run->runner.project,
			 (long long)run->runner.pid);
		return;
	}
	log_warning("a project cannot be started in its order", again ? &err : NULL, "project=%s",
		    run->runner.project);
	start_all_left(run);
}

static void go_on(struct boot_run *run)
{
	int pidfd =
		run->runner.pid ? process_open((pid_t)run->runner.pid, run->runner.start_time) : -1;

	if (pidfd >= 0)
		watch(run, pidfd, false);
	else
		begin(run);
}

static void begin_all(struct engine *engine)
{
	struct boot *boot = &engine->boot;

	if (!boot->decided || !boot->allowed)
		return;
	for (size_t i = 0; i < boot->waiting.count; i++) {
		struct boot_run *run = run_of(engine, boot->waiting.items[i]);

		go_on(run ? run : run_add(engine, boot->waiting.items[i]));
	}
	strings_fini(&boot->waiting);
	boot->waiting = (struct strings){0};
}

void engine_start_projects(struct engine *engine)
{
	engine->boot.allowed = true;
	begin_all(engine);
}

void boot_close(struct engine *engine)
{
	while (!list_is_empty(&engine->boot.runs)) {
		struct boot_run *run = list_first(&engine->boot.runs, struct boot_run, link);

		stop_watching(run);
		list_remove(&run->link);
		record_fini(&runner_type, &run->runner);
		free(run);
	}
	strings_fini(&engine->boot.waiting);
}
