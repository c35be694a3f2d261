#include "shim/supervise.h"

#include "base/log.h"
#include "base/text.h"
#include "base/time.h"
#include "os/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define DELAY_FIRST (100 * NS_PER_MS)
#define DELAY_LAST  (3 * NS_PER_SECOND) /* clients wait for as long, and a start costs 50 ms */
#define LONG_LIFE   (10 * NS_PER_SECOND)

enum { FIRST_SOCKET = 3, SOCKET_LIMIT = 256 };

struct supervisor {
	char **command;
	uint64_t socket_count;
	sigset_t signals; /* blocked here, taken one by one */
	pid_t pid;	  /* of the daemon; 0: it does not run */
	int64_t started;
	int status; /* as wait gave it */
	bool stopping;
};

int64_t supervise_next(const struct supervised_life *life, int64_t delay_ns)
{
	bool settled = life->lived_ns >= LONG_LIFE;

	if (life->stopping || (!life->by_signal && life->code == 0))
		return -1;
	if (!life->by_signal && life->code == SUPERVISE_AGAIN)
		return 0;
	if (life->first && !life->by_signal && !settled)
		return -1;
	if (settled || delay_ns == 0)
		return DELAY_FIRST;
	return 2 * delay_ns < DELAY_LAST ? 2 * delay_ns : DELAY_LAST;
}

/* ---- running it ---- */

static void set_number(const char *name, long long value)
{
	char text[24];

	snprintf(text, sizeof(text), "%lld", value);
	setenv(name, text, 1);
}

static void run_program(const struct supervisor *s)
{
	for (uint64_t i = 0; i < s->socket_count; i++)
		fcntl(FIRST_SOCKET + (int)i, F_SETFD, 0);
	process_reset_signals();
	setsid();
	set_number("LISTEN_FDS", (long long)s->socket_count);
	set_number("LISTEN_PID", getpid());
	setenv("WHERRY_SUPERVISED", "1", 1);
	execv(s->command[0], s->command);
	fprintf(stderr, "wherry-shim: cannot run '%s': %s\n", s->command[0], strerror(errno));
	_exit(127);
}

static bool start(struct supervisor *s)
{
	struct error err;

	s->pid = fork();
	s->started = time_monotonic_ns();
	if (s->pid == 0)
		run_program(s);
	if (s->pid > 0)
		return true;
	s->pid = 0;
	error_errno(&err, "cannot fork");
	log_error("the daemon cannot be started", &err, "program=%s", s->command[0]);
	return false;
}

/* Reap whatever has ended; among others shims whose daemon died before them. */
static void reap(struct supervisor *s)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid != s->pid)
			continue;
		s->pid = 0;
		s->status = status;
	}
}

static void handle_signal(struct supervisor *s, int signal)
{
	bool ends = signal == SIGTERM || signal == SIGINT;

	if (signal == SIGCHLD) {
		reap(s);
		return;
	}
	s->stopping |= ends;
	if (s->pid)
		kill(s->pid, ends ? SIGTERM : signal);
}

static void wait_while_it_runs(struct supervisor *s)
{
	while (s->pid) {
		int signal = sigwaitinfo(&s->signals, NULL);

		if (signal > 0)
			handle_signal(s, signal);
	}
}

static void pause_for(struct supervisor *s, int64_t delay_ns)
{
	int64_t end = time_monotonic_ns() + delay_ns, left;

	while (!s->stopping && (left = end - time_monotonic_ns()) > 0) {
		struct timespec timeout = {.tv_sec = left / NS_PER_SECOND,
					   .tv_nsec = left % NS_PER_SECOND};
		int signal = sigtimedwait(&s->signals, NULL, &timeout);

		if (signal > 0)
			handle_signal(s, signal);
	}
}

static int code_of(int status)
{
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static int supervise(struct supervisor *s)
{
	int64_t delay = 0;

	for (bool first = true;; first = false) {
		struct supervised_life life = {.first = first};

		if (!start(s))
			s->status = 1 << 8;
		wait_while_it_runs(s);
		life.lived_ns = time_monotonic_ns() - s->started;
		life.code = code_of(s->status);
		life.by_signal = WIFSIGNALED(s->status);
		life.stopping = s->stopping;
		delay = supervise_next(&life, delay);
		if (delay < 0)
			return life.code;
		if (delay > 0)
			log_warning("the daemon died and is started again", NULL,
				    "code=%d after_ms=%lld", life.code,
				    (long long)(delay / NS_PER_MS));
		pause_for(s, delay);
		if (s->stopping)
			return 0;
	}
}

/* ---- begin ---- */

static void block_signals(struct supervisor *s)
{
	static const int taken[] = {SIGCHLD, SIGTERM, SIGINT, SIGHUP, SIGUSR1};

	sigemptyset(&s->signals);
	for (size_t i = 0; i < array_length(taken); i++)
		sigaddset(&s->signals, taken[i]);
	sigprocmask(SIG_BLOCK, &s->signals, NULL);
	signal(SIGPIPE, SIG_IGN);
}

int supervise_main(int argc, char **argv)
{
	struct supervisor s = {0};

	if (argc < 2 || !parse_u64(argv[0], &s.socket_count) || s.socket_count > SOCKET_LIMIT) {
		fprintf(stderr, "usage: wherry-shim daemon COUNT PROGRAM [ARGUMENT...]\n");
		return 2;
	}
	s.command = argv + 1;
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	block_signals(&s);
	return supervise(&s);
}
