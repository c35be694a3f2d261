/* wherry-init: process 1 of a container that was started with --init.
 *
 *	wherry-init -- PROGRAM ARGS...
 *
 * Starts the program, passes signals on to it, reaps whatever the container leaves behind, and ends
 * with the program's exit code (128 + n after signal n).  It runs in every such container, so it is
 * made of system calls alone: no libc, a few kilobytes, one page of data. */
#include <asm/unistd.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/ioctl.h>
#include <sys/wait.h>

/* ---- system calls ---- */

#if defined(__x86_64__)

static long call4(long number, long a, long b, long c, long d)
{
	register long r10 __asm__("r10") = d;
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10)
			 : "rcx", "r11", "memory");
	return result;
}

__asm__(".globl _start\n"
	"_start:\n"
	"	xor %ebp, %ebp\n"
	"	mov %rsp, %rdi\n"
	"	and $-16, %rsp\n"
	"	call begin\n");

#elif defined(__aarch64__)

static long call4(long number, long a, long b, long c, long d)
{
	register long x8 __asm__("x8") = number;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;

	__asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3) : "memory");
	return x0;
}

__asm__(".globl _start\n"
	"_start:\n"
	"	mov x0, sp\n"
	"	bl begin\n");

#else
#error "wherry-init knows the system calls of x86_64 and aarch64"
#endif

static _Noreturn void leave(int code)
{
	for (;;)
		call4(__NR_exit_group, code, 0, 0, 0);
}

/* As fork(); on both machines flags and the signal of the end come first. */
static long start_child(void)
{
	return call4(__NR_clone, SIGCHLD, 0, 0, 0);
}

/* ---- signals: bit n - 1 for signal n, as the kernel has them ---- */

typedef unsigned long signal_set;

#define BIT(signal) (1ul << ((signal)-1))

/* Those that say that we ourselves are broken. */
#define OWN_FAULTS                                                                                 \
	(BIT(SIGSEGV) | BIT(SIGBUS) | BIT(SIGILL) | BIT(SIGFPE) | BIT(SIGTRAP) | BIT(SIGABRT) |    \
	 BIT(SIGSYS))

static void set_mask(signal_set mask, signal_set *before)
{
	call4(__NR_rt_sigprocmask, SIG_SETMASK, (long)&mask, (long)before, sizeof(mask));
}

static int next_signal(signal_set mask)
{
	return (int)call4(__NR_rt_sigtimedwait, (long)&mask, 0, 0, sizeof(mask));
}

/* ---- text ---- */

static unsigned long length_of(const char *text)
{
	unsigned long n = 0;

	while (text[n])
		n++;
	return n;
}

static bool has_slash(const char *text)
{
	for (; *text; text++)
		if (*text == '/')
			return true;
	return false;
}

static void say(const char *text)
{
	call4(__NR_write, 2, (long)text, (long)length_of(text), 0);
}

/* The last PATH of the environment. */
static const char *search_path(char **env)
{
	const char *path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

	for (; *env; env++)
		if ((*env)[0] == 'P' && (*env)[1] == 'A' && (*env)[2] == 'T' && (*env)[3] == 'H' &&
		    (*env)[4] == '=')
			path = *env + 5;
	return path;
}

/* ---- the program ---- */

static long execute(const char *path, char **args, char **env)
{
	return call4(__NR_execve, (long)path, (long)args, (long)env, 0);
}

/* Write FOLDER/NAME; false when it does not fit. */
static bool join(char *out, unsigned long size, const char *folder, unsigned long folder_length,
		 const char *name)
{
	unsigned long n = 0;

	if (folder_length + length_of(name) + 2 > size)
		return false;
	for (unsigned long i = 0; i < folder_length; i++)
		out[n++] = folder[i];
	out[n++] = '/';
	for (; *name; name++)
		out[n++] = *name;
	out[n] = '\0';
	return true;
}

static long search_and_execute(char **args, char **env)
{
	const char *folder = search_path(env);
	char path[4096];
	long result = -ENOENT;

	if (has_slash(args[0]))
		return execute(args[0], args, env);
	while (*folder) {
		unsigned long length = 0;
		long tried = -ENOENT;

		while (folder[length] && folder[length] != ':')
			length++;
		if (length > 0 && join(path, sizeof(path), folder, length, args[0]))
			tried = execute(path, args, env);
		if (tried != -ENOENT && tried != -ENOTDIR)
			result = tried;
		folder += length + (folder[length] == ':');
	}
	return result;
}

/* A group of its own, in the foreground of the terminal if there is one, so that keys like ^C reach
 * the program and not us too. */
static _Noreturn void run_program(char **args, char **env, signal_set mask)
{
	int group = (int)call4(__NR_getpid, 0, 0, 0, 0);
	long result;

	call4(__NR_setpgid, 0, 0, 0, 0);
	call4(__NR_ioctl, 0, TIOCSPGRP, (long)&group, 0);
	set_mask(mask, 0);
	result = search_and_execute(args, env);
	say(args[0]);
	say(result == -ENOENT ? ": no such file or directory\n" : ": cannot be executed\n");
	leave(result == -ENOENT ? 127 : 126);
}

/* Reap what has ended.  True with *code set when the program was among it. */
static bool reap(long program, int *code)
{
	bool ended = false;
	int status;
	long pid;

	while ((pid = call4(__NR_wait4, -1, (long)&status, WNOHANG, 0)) > 0) {
		if (pid != program)
			continue;
		ended = true;
		*code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	}
	return ended;
}

static _Noreturn void supervise(long program, signal_set mask)
{
	int code = 0;

	for (;;) {
		int signal = next_signal(mask);

		if (signal == SIGCHLD && reap(program, &code))
			leave(code);
		if (signal > 0 && signal != SIGCHLD)
			call4(__NR_kill, program, signal, 0, 0);
	}
}

/* `stack` is what the kernel leaves: count, arguments, NULL, environment, NULL. */
_Noreturn void begin(long *stack);

_Noreturn void begin(long *stack)
{
	char **args = (char **)(stack + 1), **env = args + stack[0] + 1;
	signal_set mask = ~(signal_set)OWN_FAULTS, before;
	long program;

	if (stack[0] < 3 || args[1][0] != '-' || args[1][1] != '-' || args[1][2]) {
		say("usage: wherry-init -- PROGRAM ARGS...\n");
		leave(2);
	}
	set_mask(mask, &before);
	program = start_child();
	if (program == 0)
		run_program(args + 2, env, before);
	if (program < 0) {
		say("wherry-init: cannot start a process\n");
		leave(125);
	}
	supervise(program, mask);
}
