/* What a command costs that begins and ends: its wall time, its processor time and its largest memory.
 *
 *	command COMMAND...
 *
 * Prints "best MS median MS cpu MS memory KB" for one run; best and median are the same.  Its output is thrown away;
 * ends with 1 when it failed. */
#include "base/time.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static double ms_of(struct timeval time)
{
	return (double)time.tv_sec * 1e3 + (double)time.tv_usec / 1e3;
}

static _Noreturn void run(char **command)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	dup2(null, STDOUT_FILENO);
	execvp(*command, command);
	perror(*command);
	_exit(127);
}

int main(int argc, char **argv)
{
	int64_t begun = time_monotonic_ns();
	struct rusage used;
	int status;

	if (argc < 2)
		return 2;
	pid_t pid = fork();
	if (pid == 0)
		run(argv + 1);
	if (pid < 0 || wait4(pid, &status, 0, &used) < 0)
		return 1;
	double wall = (double)(time_monotonic_ns() - begun) / 1e6;
	printf("best %.2f median %.2f cpu %.2f memory %ld\n", wall, wall,
	       ms_of(used.ru_utime) + ms_of(used.ru_stime), used.ru_maxrss);
	return !WIFEXITED(status) || WEXITSTATUS(status) != 0;
}
