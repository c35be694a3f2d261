/* What a process in a container tries: one system call each, and what came of it ("ok", "EPERM" ...).
 * Static, so that it runs in any root. */
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static const char *argument; /* the first one, or "" */
static int number;	     /* the second one */

static long try_vsock(void)
{
	return socket(AF_VSOCK, SOCK_STREAM, 0);
}

static long try_disguised_vsock(void)
{
	return syscall(SYS_socket, (1l << 32) | AF_VSOCK, SOCK_STREAM, 0);
}

static long try_user_namespace(void)
{
	return unshare(CLONE_NEWUSER);
}

static long try_clone3(void)
{
	struct clone_args args = {.flags = CLONE_NEWUSER};

	return syscall(SYS_clone3, &args, sizeof(args));
}

static long try_mount(void)
{
	return mount("tmpfs", argument, "tmpfs", 0, NULL);
}

static long try_release_agent(void)
{
	return open("/sys/fs/cgroup/memory/release_agent", O_WRONLY) >= 0 ||
			       open("/sys/fs/cgroup/memory/notify_on_release", O_WRONLY) >= 0
		       ? 0
		       : -1;
}

static long try_device(void)
{
	unlink("/tmp/node");
	if (mknod("/tmp/node", argument[0] == 'b' ? S_IFBLK | 0600 : S_IFCHR | 0600,
		  (dev_t)strtoul(argument + 1, NULL, 10) << 8 | (unsigned)number) < 0)
		return -1;
	return open("/tmp/node", O_RDONLY);
}

static long try_write(void)
{
	return open(argument, O_WRONLY);
}

static long try_read(void)
{
	int fd = open(argument, O_RDONLY);
	char byte;

	return fd < 0 || read(fd, &byte, 1) == 1 ? fd : (errno = ENODATA, -1);
}

static long try_handle(void)
{
	union {
		struct file_handle handle;
		char space[sizeof(struct file_handle) + MAX_HANDLE_SZ];
	} h = {.handle = {.handle_bytes = MAX_HANDLE_SZ}};
	int mount;

	if (name_to_handle_at(AT_FDCWD, "/etc", &h.handle, &mount, 0) < 0)
		memset(&h.handle.f_handle, 2, h.handle.handle_bytes = 8);
	return open_by_handle_at(open("/", O_RDONLY), &h.handle, O_RDONLY);
}

static long try_chmod_stdin(void)
{
	return fchmod(0, 0600);
}

static long try_ptrace_first(void)
{
	return ptrace(PTRACE_ATTACH, 1, NULL, NULL);
}

static long try_inject(void)
{
	return ioctl(0, TIOCSTI, "x");
}

/* The name of the session keyring, as "user;uid;gid;rights;name". */
static long try_keyring(void)
{
	char text[256] = "";
	long n = syscall(SYS_keyctl, 6 /* KEYCTL_DESCRIBE */, -3, text, sizeof(text) - 1);

	printf("%s\n", text);
	return n;
}

static long try_no_new_privileges(void)
{
	printf("%d\n", prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
	return 0;
}

static long try_personality(void)
{
	return syscall(SYS_personality, strtoul(argument, NULL, 0));
}

static long try_newer_call(void)
{
	return syscall(600);
}

/* Descriptors beyond the three, and where they lead. */
static long list_descriptors(void)
{
	for (int fd = 3; fd < 1024; fd++) {
		char path[32], target[256];
		ssize_t n;

		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		n = readlink(path, target, sizeof(target));
		if (n >= 0)
			printf("%d %.*s\n", fd, (int)n, target);
	}
	return 0;
}

static const struct {
	const char *name;
	long (*run)(void);
} probes[] = {
	{"vsock", try_vsock},
	{"disguised-vsock", try_disguised_vsock},
	{"user-namespace", try_user_namespace},
	{"clone3", try_clone3},
	{"mount", try_mount},
	{"release-agent", try_release_agent},
	{"device", try_device},
	{"write", try_write},
	{"read", try_read},
	{"handle", try_handle},
	{"chmod-stdin", try_chmod_stdin},
	{"ptrace-first", try_ptrace_first},
	{"inject", try_inject},
	{"keyring", try_keyring},
	{"no-new-privileges", try_no_new_privileges},
	{"personality", try_personality},
	{"newer-call", try_newer_call},
	{"descriptors", list_descriptors},
};

int main(int argc, char **argv)
{
	argument = argc > 2 ? argv[2] : "";
	number = argc > 3 ? (int)strtol(argv[3], NULL, 10) : 0;
	for (size_t i = 0; argc > 1 && i < sizeof(probes) / sizeof(probes[0]); i++) {
		if (strcmp(argv[1], probes[i].name) != 0)
			continue;
		printf("%s\n", probes[i].run() < 0 ? strerrorname_np(errno) : "ok");
		return 0;
	}
	fprintf(stderr, "no such probe\n");
	return 2;
}
