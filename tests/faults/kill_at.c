/* kill_at PID N [fine]: kills a process at the N-th of its steps that anybody else could see: what its first thread
 * sends, and the files that it puts in place, counted from the moment when this prints "ready"; `fine`: also
 * whatever else it writes, what it starts and waits for, and its end.  Each step is killed before it happens.  Ends with the process, with 0; a kill_at that SIGTERM has ended has let it go on. */
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static const long steps[] = {
	SYS_sendmsg,	SYS_sendto, SYS_renameat, SYS_renameat2, SYS_epoll_pwait,
#ifdef SYS_epoll_wait
	SYS_epoll_wait, SYS_rename,
#endif
};

static const long fine_steps[] = {
	SYS_write, SYS_clone, SYS_wait4, SYS_ppoll, SYS_exit_group,
#ifdef SYS_poll
	SYS_poll,
#endif
};

static bool is_one_of(unsigned long number, const long *list, size_t count)
{
	while (count > 0)
		if (number == (unsigned long)list[--count])
			return true;
	return false;
}

static bool is_step(pid_t pid, bool fine)
{
	struct __ptrace_syscall_info info;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(info), &info) <= 0 ||
	    info.op != PTRACE_SYSCALL_INFO_ENTRY)
		return false;
	return is_one_of(info.entry.nr, steps, sizeof(steps) / sizeof(*steps)) ||
	       (fine &&
		is_one_of(info.entry.nr, fine_steps, sizeof(fine_steps) / sizeof(*fine_steps)));
}

static int seize(pid_t pid)
{
	int status;

	if (ptrace(PTRACE_SEIZE, pid, 0, PTRACE_O_TRACESYSGOOD) < 0 ||
	    ptrace(PTRACE_INTERRUPT, pid, 0, 0) < 0 || waitpid(pid, &status, __WALL) != pid) {
		perror("kill_at");
		return -1;
	}
	return 0;
}

/* The signal to pass on; stops of ptrace itself have none. */
static int signal_of(int status)
{
	int signal = WSTOPSIG(status);

	return status >> 16 || signal == SIGTRAP || signal == (SIGTRAP | 0x80) ? 0 : signal;
}

static void set_deaf(void)
{
	signal(SIGTERM, SIG_IGN);
}

static int run(pid_t pid, long left, bool fine)
{
	int status = 0, signal = 0;

	for (;;) {
		if (ptrace(PTRACE_SYSCALL, pid, 0, (void *)(long)signal) < 0 ||
		    waitpid(pid, &status, __WALL) != pid || !WIFSTOPPED(status))
			return 0;
		signal = signal_of(status);
		if (WSTOPSIG(status) != (SIGTRAP | 0x80) || !is_step(pid, fine) || --left != 0)
			continue;
		set_deaf(); /* nobody is told that it goes on */
		kill(pid, SIGKILL);
	}
}

int main(int argc, char **argv)
{
	bool fine = argc == 4 && strcmp(argv[3], "fine") == 0;
	pid_t pid = argc == 3 || fine ? (pid_t)strtol(argv[1], NULL, 10) : 0;

	if (pid <= 0)
		return 2;
	if (seize(pid) < 0)
		return 1;
	puts("ready");
	fflush(stdout);
	return run(pid, strtol(argv[2], NULL, 10), fine);
}
