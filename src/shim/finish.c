/* The end of a process: its exit, or the failure of its start, is told to all who want to know. */
#include "sandbox/sandbox.h"
#include "shim/run.h"

#include <errno.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- what waits are told ---- */

void shim_recorded(struct shim *s)
{
	if (s->state.phase != SHIM_PHASE_ENDED)
		return;
	waits_tell_exit(&s->waits, s->exit.code);
	clients_close(&s->clients);
}

/* The client of an exec asks the daemon for the exit code as soon as its stream has ended, so the stream
 * ends when the daemon has recorded the exit. */
static void end_clients(struct shim *s)
{
	if (!s->kind->tells_clients || !s->controls.daemon || s->released)
		clients_end(&s->clients);
}

/* Without a daemon there is nobody who could contradict what waits are told. */
void shim_daemon_gone(struct shim *s)
{
	shim_recorded(s);
	if (s->state.phase == SHIM_PHASE_ENDED)
		clients_end(&s->clients);
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
	end_clients(s);
	controls_stop_listening(&s->controls);
}

static void tell_end(struct shim *s)
{
	s->state.phase = SHIM_PHASE_ENDED;
	s->unwritten = !shim_write_record(s, SHIM_EXIT, &shim_exit_type, &s->exit);
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

/* What it has in the network. */
static void close_network(struct shim *s)
{
	names_free(take(s->names));
	loop_watch(&s->loop, &s->relays_source, 0);
	relays_free(take(s->relays));
	for (size_t i = 0; i < s->ports.count; i++)
		close(s->ports.items[i]);
	vector_fini(&s->ports);
}

static void end_output(struct shim *s)
{
	log_writer_end(&s->log);
	log_sender_end(&s->sender);
	journal_log_end(&s->journal);
	end_clients(s);
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
	close_network(s);
	tell_end(s);
}

void shim_grace_passed(struct deadline *deadline)
{
	finish(container_of(deadline, struct shim, grace));
}

bool shim_has_exited(const struct shim *s)
{
	return s->exit.finished_ns;
}

void shim_outputs_ended(struct outputs *outputs)
{
	struct shim *s = container_of(outputs, struct shim, outputs);

	if (shim_has_exited(s))
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
	close_fd(&s->group.terminal_peer);
	outputs_drain(&s->outputs);
	if (outputs_are_open(&s->outputs) && s->kind->grace_ns)
		loop_set_deadline(&s->loop, &s->grace, time_monotonic_ns() + s->kind->grace_ns);
	else
		finish(s);
}

/* ---- a start that failed ---- */

/* As Docker has it: 127 for a program that is not there, 126 for one that cannot be executed; any other
 * failure is no mistake of the command, and has the code of its kind. */
static int32_t exit_code_of(const struct group_kind *kind, const struct error *err)
{
	if (err->kind != ERROR_INVALID)
		return kind->failure_code;
	switch (err->os) {
	case ENOENT:
	case ENOTDIR:
		return 127;
	case EACCES:
	case EPERM:
	case EISDIR:
	case ENOEXEC:
		return 126;
	default:
		return kind->failure_code;
	}
}

void shim_fail(struct shim *s, const struct error *err)
{
	char text[ERROR_TEXT_SIZE + 2];

	s->exit.failure = mem_new(struct shim_failure);
	*s->exit.failure = (struct shim_failure){.kind = (int32_t)err->kind,
						 .os = err->os,
						 .text = str_dup(err->text),
						 .exit_code = exit_code_of(s->kind, err)};
	s->exit.code = s->exit.failure->exit_code;
	s->exit.finished_ns = time_now_ns();
	if (s->kind->tells_clients) {
		error_text(err, text, ERROR_TEXT_SIZE);
		strncat(text, "\r\n", 3);
		clients_output(&s->clients, STREAM_STDOUT, text, strlen(text));
	}
	end_clients(s);
	journal_log_end(&s->journal);
	stats_streams_end(&s->stats);
	close_network(s);
	tell_end(s);
}

/* ---- watching ---- */

static void oom_ready(struct source *source, uint32_t events)
{
	notice_oom(container_of(source, struct shim, oom_source));
}

void shim_watch_group(struct shim *s)
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
