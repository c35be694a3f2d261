#include "shim/run.h"

#include "base/log.h"
#include "os/file.h"
#include "os/process.h"
#include "sandbox/sandbox.h"
#include "shim/log_serve.h"
#include "shim/rights.h"
#include "shim/scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define IDLE (2 * NS_PER_SECOND)

static const struct group_kind *const kinds[] = {
	[SHIM_CONTAINER] = &container_kind,
	[SHIM_EXEC] = &exec_kind,
};

/* ---- stdio ---- */

/* Both ends of the process's stdin, stdout and stderr; -1: none. */
struct stdio_pipes {
	struct process_stdio its;
	struct process_stdio ours;
};

static void stdio_fini(struct process_stdio *stdio)
{
	close_fd(&stdio->in);
	close_fd(&stdio->out);
	close_fd(&stdio->err);
}

static void pipes_fini(struct stdio_pipes *pipes)
{
	stdio_fini(&pipes->its);
	stdio_fini(&pipes->ours);
}

static bool make_pipe(int *read_end, int *write_end, struct error *err)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return error_errno(err, "cannot make a pipe");
	*read_end = ends[0];
	*write_end = ends[1];
	return true;
}

/* Who is started without anybody listening, and without a log, writes to /dev/null. */
static bool make_pipes(const struct shim *s, const struct shim_start *start,
		       struct stdio_pipes *pipes, struct error *err)
{
	bool heard = start->kind == SHIM_CONTAINER || !clients_are_gone(&s->clients);

	if (start->sandbox.process.terminal)
		return true;
	if (start->sandbox.process.open_stdin && !make_pipe(&pipes->its.in, &pipes->ours.in, err))
		return false;
	return !heard || (make_pipe(&pipes->ours.out, &pipes->its.out, err) &&
			  make_pipe(&pipes->ours.err, &pipes->its.err, err));
}

static void set_nonblocking(int fd)
{
	if (fd >= 0)
		fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

static void input_drained(struct input *input)
{
	struct shim *s = container_of(input, struct shim, input);

	clients_take_input(&s->clients);
}

static void connect_stdio(struct shim *s, struct process_stdio *ours)
{
	if (s->group.terminal >= 0)
		*ours = (struct process_stdio){.in = fcntl(s->group.terminal, F_DUPFD_CLOEXEC, 0),
					       .out = fcntl(s->group.terminal, F_DUPFD_CLOEXEC, 0),
					       .err = -1};
	set_nonblocking(ours->in);
	set_nonblocking(ours->out);
	set_nonblocking(ours->err);
	input_open(&s->input, take_fd(ours->in));
	if (s->target.once && s->clients.lost_input)
		input_close(&s->input);
	outputs_start(&s->outputs, take_fd(ours->out), take_fd(ours->err));
	clients_take_input(&s->clients);
}

/* ---- run folder ---- */

static void write_record(struct shim *s, const char *name, const struct record_type *type,
			 const void *record)
{
	scoped_buffer struct buffer bytes = {0};
	struct file_content content = {.mode = 0600};
	struct error err;

	record_encode(type, record, &bytes);
	content.data = bytes.data;
	content.size = bytes.size;
	if (!file_replace(s->run_folder, name, &content, &err))
		log_error("cannot write into the run folder", &err, "file=%s", name);
}

/* ---- the end ---- */

void shim_recorded(struct shim *s)
{
	if (s->state.phase == SHIM_PHASE_ENDED)
		waits_tell_exit(&s->waits, s->exit.code);
}

/* Without a daemon there is nobody who could contradict what waits are told. */
void shim_daemon_gone(struct shim *s)
{
	shim_recorded(s);
}

static void give_back_waits(struct shim *s)
{
	struct shim_wait wait;
	int socket;

	while (waits_take(&s->waits, &wait, &socket)) {
		controls_tell_with_fd(&s->controls, SHIM_WAITING, &shim_wait_type, &wait, socket);
		close(socket);
	}
}

void shim_release(struct shim *s, const struct shim_release *release)
{
	if (s->state.phase != SHIM_PHASE_ENDED)
		return;
	shim_recorded(s);
	if (release->removed || release->error)
		waits_tell_removal(&s->waits, s->exit.code, release->error);
	else
		give_back_waits(s);
	s->released = true;
	controls_stop_listening(&s->controls);
}

static void tell_end(struct shim *s)
{
	s->state.phase = SHIM_PHASE_ENDED;
	write_record(s, SHIM_EXIT, &shim_exit_type, &s->exit);
	controls_tell(&s->controls, s->exit.failure ? SHIM_FAILED : SHIM_EXITED, &shim_exit_type,
		      &s->exit);
	if (!s->controls.daemon)
		shim_daemon_gone(s);
}

static void notice_oom(struct shim *s)
{
	if (!s->group.sandbox || !sandbox_read_oom(s->group.sandbox))
		return;
	s->state.oom = true;
	controls_tell(&s->controls, SHIM_OOM, NULL, NULL);
}

static void end_output(struct shim *s)
{
	log_writer_end(&s->log);
	clients_end(&s->clients);
}

/* Output that is complete is passed on at once; else, who writes it must be ended first. */
static void finish(struct shim *s)
{
	bool complete = !outputs_are_open(&s->outputs);

	loop_set_deadline(&s->loop, &s->grace, 0);
	if (complete)
		end_output(s);
	notice_oom(s);
	loop_watch(&s->loop, &s->oom_source, 0);
	if (s->kind->end)
		s->kind->end(&s->group);
	if (!complete) {
		outputs_drain(&s->outputs);
		outputs_close(&s->outputs);
		end_output(s);
	}
	s->exit.oom = s->state.oom;
	s->exit.log_dropped = s->log.dropped;
	stats_streams_end(&s->stats);
	input_fini(&s->input);
	close_fd(&s->group.terminal);
	for (size_t i = 0; i < s->ports.count; i++)
		close(s->ports.items[i]);
	vector_fini(&s->ports);
	tell_end(s);
}

static void grace_passed(struct deadline *deadline)
{
	finish(container_of(deadline, struct shim, grace));
}

static bool has_exited(const struct shim *s)
{
	return s->exit.finished_ns;
}

static void outputs_ended(struct outputs *outputs)
{
	struct shim *s = container_of(outputs, struct shim, outputs);

	if (has_exited(s))
		finish(s);
}

static void reap(struct shim *s)
{
	siginfo_t info = {0};

	waitid(P_PIDFD, (id_t)s->group.pidfd, &info, WEXITED);
	s->exit.finished_ns = time_now_ns();
	s->exit.signal = info.si_code == CLD_EXITED ? 0 : info.si_status;
	s->exit.code = s->exit.signal ? 128 + s->exit.signal : info.si_status;
}

static void group_exited(struct source *source, uint32_t events)
{
	struct shim *s = container_of(source, struct shim, exit_source);

	loop_watch(&s->loop, source, 0);
	reap(s);
	close_fd(&s->group.pidfd);
	outputs_drain(&s->outputs);
	if (outputs_are_open(&s->outputs) && s->kind->grace_ns)
		loop_set_deadline(&s->loop, &s->grace, time_monotonic_ns() + s->kind->grace_ns);
	else
		finish(s);
}

/* ---- the start ---- */

/* Docker's command makes its exit code of the words of an error, so its words are part of the contract,
 * and what is recorded must be what the command says. */
static int32_t exit_code_of(const char *text)
{
	static const struct {
		const char *words;
		int32_t code;
	} known[] = {
		{"executable file not found", 127},
		{"no such file or directory", 127},
		{"permission denied", 126},
		{"is a directory", 126},
	};

	for (size_t i = 0; i < array_length(known); i++)
		if (strstr(text, known[i].words))
			return known[i].code;
	return 128;
}

static void fail(struct shim *s, const struct error *err)
{
	char text[ERROR_TEXT_SIZE + 2];

	s->exit.failure = mem_new(struct shim_failure);
	*s->exit.failure = (struct shim_failure){.kind = (int32_t)err->kind,
						 .os = err->os,
						 .text = str_dup(err->text),
						 .exit_code = exit_code_of(err->text)};
	s->exit.code = s->exit.failure->exit_code;
	s->exit.finished_ns = time_now_ns();
	if (s->kind->tells_clients) {
		error_text(err, text, ERROR_TEXT_SIZE);
		strncat(text, "\r\n", 3);
		clients_output(&s->clients, STREAM_STDOUT, text, strlen(text));
	}
	clients_end(&s->clients);
	stats_streams_end(&s->stats);
	tell_end(s);
}

static void log_recovered(struct log_writer *log, int64_t dropped, int error)
{
	struct shim *s = container_of(log, struct shim, log);
	scoped_free char *text = str_format("%lld bytes of output are missing in the log: %s",
					    (long long)dropped, strerror(error));

	controls_tell(&s->controls, SHIM_WARNING, &shim_text_type, &(struct shim_text){text});
}

static bool open_log(struct shim *s, const struct shim_start *start, struct error *err)
{
	const char *driver = start->log.driver;

	if (start->kind == SHIM_EXEC || !driver || str_equal(driver, "none"))
		return true;
	if (!log_writer_open(&s->log, &start->log, err))
		return false;
	s->log.recovered = log_recovered;
	return true;
}

static bool start_group(struct shim *s, const struct shim_start *start, struct error *err)
{
	scoped_with(pipes_fini) struct stdio_pipes pipes = {{-1, -1, -1}, {-1, -1, -1}};

	s->run_folder = folder_open(AT_FDCWD, start->run_folder, err);
	if (s->run_folder < 0 || !open_log(s, start, err) || !make_pipes(s, start, &pipes, err) ||
	    !s->kind->start(start, &pipes.its, &s->group, err))
		return false;
	connect_stdio(s, &pipes.ours);
	return true;
}

static void oom_ready(struct source *source, uint32_t events)
{
	notice_oom(container_of(source, struct shim, oom_source));
}

static void watch_group(struct shim *s)
{
	s->exit_source = (struct source){.fd = s->group.pidfd, .ready = group_exited};
	loop_watch(&s->loop, &s->exit_source, EPOLLIN);
	s->oom_source = (struct source){
		.fd = s->group.sandbox ? sandbox_oom_fd(s->group.sandbox) : -1, .ready = oom_ready};
	if (s->oom_source.fd >= 0)
		loop_watch(&s->loop, &s->oom_source, EPOLLIN | EPOLLPRI | EPOLLET);
	s->stats.cgroup_path = s->cgroup_path;
	s->stats.pid = s->group.network_pid;
}

static void describe(struct shim *s)
{
	struct shim_state *state = &s->state;

	state->phase = SHIM_PHASE_RUNNING;
	state->pid = s->group.pid;
	process_start_time(s->group.pid, &state->start_time);
	state->started_ns = time_now_ns();
	if (s->group.sandbox)
		state->warnings = strings_copy(sandbox_warnings(s->group.sandbox));
}

/* From here on it outlives whoever sends signals to a whole session or host: it ends when its group
 * has. */
static void ignore_signals(void)
{
	static const int ignored[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGPIPE, SIGXFSZ};

	for (size_t i = 0; i < array_length(ignored); i++)
		signal(ignored[i], SIG_IGN);
}

/* A client of its own ends the attach, not the input, unless the input is meant for it alone. */
static bool input_is_of_one(const struct shim_start *start)
{
	return (start->stdin_once || start->kind == SHIM_EXEC) && !start->sandbox.process.terminal;
}

static const struct group_kind *find_kind(int32_t kind)
{
	return kind > 0 && (size_t)kind < array_length(kinds) ? kinds[kind] : NULL;
}

void shim_start(struct shim *s, const struct shim_start *start)
{
	const struct group_kind *kind = find_kind(start->kind);
	struct error err;

	if (s->state.phase != SHIM_PHASE_WAITING || s->kind || !kind)
		return;
	s->kind = kind;
	s->target.terminal = start->sandbox.process.terminal;
	s->target.once = input_is_of_one(start);
	s->cgroup_path = str_dup_or_null(start->sandbox.cgroup_path);
	if (!start_group(s, start, &err)) {
		fail(s, &err);
		return;
	}
	ignore_signals();
	watch_group(s);
	describe(s);
	write_record(s, SHIM_STATE, &shim_state_type, &s->state);
	controls_tell(&s->controls, SHIM_STARTED, &shim_state_type, &s->state);
	rights_drop();
}

/* ---- while it runs ---- */

bool shim_signal(struct shim *s, int signal, struct error *err)
{
	if (s->state.phase == SHIM_PHASE_RUNNING && !has_exited(s) &&
	    pidfd_signal(s->group.pidfd, signal))
		return true;
	if (s->state.phase == SHIM_PHASE_RUNNING && errno == EINVAL)
		return error_set(err, ERROR_INVALID, "invalid signal: %d", signal);
	return error_set(err, ERROR_CONFLICT, "the process is not running");
}

bool shim_resize(struct shim *s, const struct shim_size *size, struct error *err)
{
	struct winsize window = {.ws_row = (unsigned short)size->rows,
				 .ws_col = (unsigned short)size->columns};

	if (s->state.phase != SHIM_PHASE_RUNNING)
		return error_set(err, ERROR_CONFLICT, "the process is not running");
	if (s->group.terminal >= 0 && ioctl(s->group.terminal, TIOCSWINSZ, &window) < 0)
		return error_errno(err, "cannot resize the terminal");
	return true;
}

static void serve_logs_in_child(struct shim *s, const struct shim_logs *request, bool follow)
{
	enum { FOLDER = 3, CONNECTION, WAKE };

	log_serve(request, FOLDER, s->log.name, CONNECTION, follow ? WAKE : -1);
	_exit(0);
}

/* The log's end of the pipe is the only one: it ends with the container. */
void shim_serve_logs(struct shim *s, const struct shim_logs *request, int connection)
{
	bool follow = request->follow && s->state.phase == SHIM_PHASE_RUNNING;
	int wake[2] = {-1, -1}, pid;
	struct error err;

	if (s->log.folder < 0) {
		log_serve(request, -1, NULL, connection, -1);
		return;
	}
	if (follow && pipe2(wake, O_CLOEXEC | O_NONBLOCK) < 0)
		follow = false;
	pid = children_fork(&s->children, (int[]){s->log.folder, connection, wake[0]},
			    follow ? 3 : 2, &err);
	if (pid == 0)
		serve_logs_in_child(s, request, follow);
	if (pid < 0)
		log_error("cannot serve a log", &err, "pid=%d", getpid());
	close_fd(&wake[0]);
	if (follow)
		log_add_follower(&s->log, wake[1]);
}

/* ---- what the parts tell each other ---- */

static bool target_input(struct client_target *target, const char *data, size_t size)
{
	return input_write(&container_of(target, struct shim, target)->input, data, size);
}

static void target_close_input(struct client_target *target)
{
	input_close(&container_of(target, struct shim, target)->input);
}

static void target_detached(struct client_target *target)
{
	struct shim *s = container_of(target, struct shim, target);

	controls_tell(&s->controls, SHIM_DETACHED, NULL, NULL);
}

static void target_full_changed(struct client_target *target)
{
	struct shim *s = container_of(target, struct shim, target);

	outputs_hold(&s->outputs, clients_are_full(&s->clients));
}

/* ---- idle; the whole ---- */

static void shrink(struct shim *s)
{
	outputs_shrink(&s->outputs);
	log_shrink(&s->log);
	controls_shrink(&s->controls);
	malloc_trim(0);
}

static void idle_passed(struct deadline *deadline)
{
	struct shim *s = container_of(deadline, struct shim, idle);

	if (scratch_release() || s->active)
		loop_set_deadline(&s->loop, &s->idle, time_monotonic_ns() + IDLE);
	else
		shrink(s);
	s->active = false;
	s->only_idle = true;
}

static bool is_done(const struct shim *s)
{
	if (s->state.phase == SHIM_PHASE_WAITING)
		return !s->controls.daemon;
	return s->state.phase == SHIM_PHASE_ENDED && (s->released || !s->controls.daemon) &&
	       clients_are_gone(&s->clients) && !waits_are_open(&s->waits) &&
	       !controls_are_busy(&s->controls);
}

static void after_round(void *context)
{
	struct shim *s = context;

	if (is_done(s))
		loop_end(&s->loop);
	if (!s->only_idle) {
		s->active = true;
		if (!s->idle.at)
			loop_set_deadline(&s->loop, &s->idle, time_monotonic_ns() + IDLE);
	}
	s->only_idle = false;
}

static bool shim_init(struct shim *s, struct error *err)
{
	if (!loop_init(&s->loop, err))
		return false;
	s->group = (struct group){.pidfd = -1, .terminal = -1};
	s->run_folder = -1;
	s->grace.passed = grace_passed;
	s->idle.passed = idle_passed;
	s->target = (struct client_target){.input = target_input,
					   .close_input = target_close_input,
					   .detached = target_detached,
					   .full_changed = target_full_changed};
	log_writer_none(&s->log);
	s->clients = (struct clients){
		.loop = &s->loop, .log = &s->log, .target = &s->target, .input_held = true};
	s->waits.loop = s->stats.loop = s->children.loop = &s->loop;
	input_init(&s->input, &s->loop, input_drained);
	s->outputs = (struct outputs){
		.loop = &s->loop, .log = &s->log, .clients = &s->clients, .ended = outputs_ended};
	outputs_start(&s->outputs, -1, -1);
	s->state.shim_pid = getpid();
	process_start_time(getpid(), &s->state.shim_start_time);
	s->state.boot_id = str_dup(process_boot_id());
	controls_init(&s->controls, s, SHIM_CONTROL_FD, SHIM_LISTENER_FD);
	return true;
}

int shim_run_main(void)
{
	static struct shim shim; /* not on the stack: pages of it that are used stay used */
	struct error err;

	/* what is freed goes back to the kernel, today and after the first large block */
	mallopt(M_MMAP_THRESHOLD, 64 << 10);
	mallopt(M_TRIM_THRESHOLD, 64 << 10);
	if (!shim_init(&shim, &err)) {
		log_error("cannot begin", &err, "pid=%d", getpid());
		return 1;
	}
	loop_run(&shim.loop, after_round, &shim);
	return 0;
}
