/* The start of a process: its stdio, its log, its ports, and what its kind makes of it. */
#include "base/log.h"
#include "network/relay.h"
#include "os/file.h"
#include "os/process.h"
#include "sandbox/sandbox.h"
#include "shim/rights.h"
#include "shim/run.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <unistd.h>

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

/* A terminal whose other side nobody has open looks as if it were at its end, and yet may be opened again:
 * an init opens its console for each word.  So it is held open from here while the process lives. */
static void hold_terminal(struct group *group)
{
	group->terminal_peer = ioctl(group->terminal, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
}

static void connect_stdio(struct shim *s, struct process_stdio *ours)
{
	if (s->group.terminal >= 0) {
		hold_terminal(&s->group);
		*ours = (struct process_stdio){.in = fcntl(s->group.terminal, F_DUPFD_CLOEXEC, 0),
					       .out = fcntl(s->group.terminal, F_DUPFD_CLOEXEC, 0),
					       .err = -1};
	}
	set_nonblocking(ours->in);
	set_nonblocking(ours->out);
	set_nonblocking(ours->err);
	input_open(&s->input, take_fd(ours->in));
	if (s->target.once && s->clients.lost_input)
		input_close(&s->input);
	outputs_start(&s->outputs, take_fd(ours->out), take_fd(ours->err));
	clients_take_input(&s->clients);
}

/* ---- log and ports ---- */

static void log_recovered(struct log_writer *log, int64_t dropped, int error)
{
	struct shim *s = container_of(log, struct shim, log);
	scoped_free char *text = str_format("%lld bytes of output are missing in the log: %s",
					    (long long)dropped, strerror(error));

	controls_tell(&s->controls, SHIM_WARNING, &shim_text_type, &(struct shim_text){text});
}

static void lines_were_lost(struct log_sender *sender, int64_t lost)
{
	struct shim *s = container_of(sender, struct shim, sender);
	scoped_free char *text =
		str_format("%lld lines of output did not reach the log server", (long long)lost);

	controls_tell(&s->controls, SHIM_WARNING, &shim_text_type, &(struct shim_text){text});
}

static void log_rotated(struct log_writer *log)
{
	log_compressor_begin(&container_of(log, struct shim, log)->compressor);
}

static void open_compressor(struct shim *s)
{
	if (!s->log.worker)
		return;
	log_compressor_open(&s->compressor, s->log.worker, s->log.folder, s->log.name,
			    s->log.max_files);
	s->log.rotated = log_rotated;
}

static bool open_log(struct shim *s, const struct shim_start *start, struct error *err)
{
	if (start->kind == SHIM_EXEC)
		return true;
	if (start->log.path) {
		if (!log_writer_open(&s->log, &start->log, err))
			return false;
		s->log.recovered = log_recovered;
		open_compressor(s);
	}
	if (start->log.remote.kind != SHIM_LOG_FILE_ALONE) {
		log_sender_open(&s->sender, &start->log.remote);
		s->sender.told = lines_were_lost;
	}
	return !start->log.journal || journal_log_open(&s->journal, start->log.journal, err);
}

static void relays_ready(struct source *source, uint32_t events)
{
	relays_run(container_of(source, struct shim, relays_source)->relays);
}

static bool add_relay(struct shim *s, const struct relay_spec *spec, struct error *err)
{
	size_t index = (size_t)spec->socket;

	if (index >= s->ports.count)
		return error_set(err, ERROR_INVALID, "a relay's socket is missing");
	return relays_add(s->relays, take_fd(s->ports.items[index]), spec, err);
}

static bool need_relays(struct shim *s, struct error *err)
{
	if (s->relays)
		return true;
	s->relays = relays_new(err);
	if (!s->relays)
		return false;
	s->relays_source = (struct source){.fd = relays_fd(s->relays), .ready = relays_ready};
	loop_watch(&s->loop, &s->relays_source, EPOLLIN);
	return true;
}

static bool open_relays(struct shim *s, const struct shim_start *start, struct error *err)
{
	for (size_t i = 0; i < start->relays.count; i++)
		if (!need_relays(s, err) ||
		    !add_relay(s, RECORD_AT(start->relays, struct relay_spec, i), err))
			return false;
	return true;
}

/* One that was only held so far begins to take connections. */
static bool move_relay(struct shim *s, const struct relay_spec *spec, struct error *err)
{
	size_t index = (size_t)spec->socket;

	if (!need_relays(s, err) || relays_move(s->relays, spec) || !spec->address)
		return true;
	return index < s->ports.count && relay_listen(s->ports.items[index], spec->protocol, err) &&
	       add_relay(s, spec, err);
}

void shim_move_relays(struct shim *s, const struct shim_relays *moved)
{
	struct error err = {0};

	for (size_t i = 0; i < moved->relays.count; i++)
		if (!move_relay(s, RECORD_AT(moved->relays, struct relay_spec, i), &err))
			log_error("cannot move a published port", &err, "pid=%d", getpid());
}

/* ---- handing ports over ---- */

/* What is carried is held by its relay. */
static int held_port(const struct shim *s, size_t index)
{
	if (s->ports.items[index] >= 0 || !s->relays)
		return s->ports.items[index];
	return relays_socket(s->relays, (int32_t)index);
}

bool shim_give_ports(struct shim *s, struct error *err)
{
	int fds[MESSAGE_FDS];
	size_t count = 0;

	for (size_t i = 0; i < s->ports.count; i++) {
		fds[count++] = held_port(s, i);
		if (fds[count - 1] < 0)
			return error_set(err, ERROR_SYSTEM, "a published port's socket is missing");
		if (count < MESSAGE_FDS && i + 1 < s->ports.count)
			continue;
		controls_tell_with_fds(&s->controls, SHIM_PORTS_ARE, NULL, NULL, fds, count);
		count = 0;
	}
	return true;
}

void shim_drop_ports(struct shim *s)
{
	if (s->relays)
		relays_retire(s->relays);
	for (size_t i = 0; i < s->ports.count; i++)
		close_fd(&s->ports.items[i]);
	s->ports.count = 0;
}

/* ---- the start ---- */

static void open_names(struct shim *s, const struct shim_start *start)
{
	if (s->group.names.udp < 0)
		return;
	s->names = names_new(&s->loop, &s->group.names);
	names_set(s->names, start->names);
}

static bool start_group(struct shim *s, const struct shim_start *start, struct error *err)
{
	scoped_with(pipes_fini) struct stdio_pipes pipes = {{-1, -1, -1}, {-1, -1, -1}};

	s->run_folder = folder_open(AT_FDCWD, start->run_folder, err);
	if (s->run_folder < 0 || !open_log(s, start, err) || !open_relays(s, start, err) ||
	    !make_pipes(s, start, &pipes, err) ||
	    !s->kind->start(start, &pipes.its, &s->group, err))
		return false;
	s->journal.pid = s->group.pid;
	connect_stdio(s, &pipes.ours);
	open_names(s, start);
	return true;
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
		shim_fail(s, &err);
		return;
	}
	ignore_signals();
	shim_watch_group(s);
	describe(s);
	shim_write_record(s, SHIM_STATE, &shim_state_type, &s->state);
	controls_tell_with_fds(&s->controls, SHIM_STARTED, &shim_state_type, &s->state,
			       &s->group.netns, s->group.netns >= 0);
	close_fd(&s->group.netns);
	rights_drop();
}
