/* The layers of each cage, from the outside in: a mount namespace of its own (only the folder, or
 * everything read-only), a network namespace of its own, user and capabilities, and a seccomp filter.
 * The filter of those that handle archives lists what is allowed.  The fetcher's lists what is not: name
 * services load code of the host's, whose calls nobody can list. */
#include "image/confine.h"

#include "base/memory.h"
#include "base/sanitized.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <seccomp.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NOBODY 65534

/* A sanitizer traces its own process, maps terabytes and reads /proc when it looks for leaks: such a
 * build keeps the rest of the cage, but no filter and no limit of memory, and does not look for leaks
 * where there is no /proc. */
#if SANITIZED
static bool has_no_proc;
int __lsan_is_turned_off(void);
int __lsan_is_turned_off(void)
{
	return has_no_proc;
}
#endif

/* ---- namespaces ---- */

static bool leave(int namespaces, struct error *err)
{
	if (unshare(CLONE_NEWNS | namespaces) < 0)
		return error_errno(err, "cannot make namespaces");
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return error_errno(err, "cannot make the mounts private");
	return true;
}

static bool make_read_only(struct error *err)
{
	struct mount_attr attributes = {.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID};

	if (mount_setattr(AT_FDCWD, "/", AT_RECURSIVE, &attributes, sizeof(attributes)) < 0)
		return error_errno(err, "cannot make the filesystems read-only");
	return true;
}

/* Taken while the folder's mount is still one of our own namespace's.  Private, since where the host's
 * mounts are shared (systemd) its copy would be too, and a shared mount cannot become the root. */
static int clone_folder(int folder, struct error *err)
{
	struct mount_attr attributes = {.attr_set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
						    MOUNT_ATTR_NOEXEC,
					.propagation = MS_PRIVATE};
	int tree = open_tree(folder, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);

	if (tree < 0 ||
	    mount_setattr(tree, "", AT_EMPTY_PATH, &attributes, sizeof(attributes)) < 0) {
		error_errno(err, "cannot mount the folder");
		close_fd(&tree);
	}
	return tree;
}

/* It is mounted over the root, and everything below it is let go. */
static bool make_root(int tree, struct error *err)
{
	if (move_mount(tree, "", AT_FDCWD, "/", MOVE_MOUNT_F_EMPTY_PATH) < 0 || fchdir(tree) < 0 ||
	    syscall(SYS_pivot_root, ".", ".") < 0 || umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
		return error_errno(err, "cannot make the folder the root");
#if SANITIZED
	has_no_proc = true;
#endif
	return true;
}

/* ---- user and capabilities ---- */

#define BIT(capability) (UINT64_C(1) << (capability))

/* SYS_ADMIN is for trusted.overlay.*; the filter leaves it nothing else to do. */
#define FOLDER_CAPABILITIES                                                                        \
	(BIT(CAP_CHOWN) | BIT(CAP_DAC_OVERRIDE) | BIT(CAP_FOWNER) | BIT(CAP_FSETID) |              \
	 BIT(CAP_MKNOD) | BIT(CAP_SETFCAP) | BIT(CAP_SYS_ADMIN))

static void drop_bounding(uint64_t keep)
{
	for (unsigned long i = 0; i < 64; i++)
		if (!(keep & BIT(i)))
			prctl(PR_CAPBSET_DROP, i, 0, 0, 0);
}

static bool set_capabilities(uint64_t keep, struct error *err)
{
	struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct data[2] = {0};

	for (int i = 0; i < 2; i++)
		data[i].effective = data[i].permitted = (uint32_t)(keep >> (32 * i));
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	if (syscall(SYS_capset, &header, data) < 0)
		return error_errno(err, "cannot drop capabilities");
	return true;
}

static bool keep_capabilities(uint64_t keep, struct error *err)
{
	drop_bounding(keep);
	return set_capabilities(keep, err);
}

static bool become_nobody(struct error *err)
{
	drop_bounding(0);
	if (setgroups(0, NULL) < 0 || setresgid(NOBODY, NOBODY, NOBODY) < 0 ||
	    setresuid(NOBODY, NOBODY, NOBODY) < 0)
		return error_errno(err, "cannot become nobody");
	return set_capabilities(0, err);
}

/* Far more than any archive needs: a layer's folders are kept to its end for their times. */
#define MEMORY_MAX (UINT64_C(1) << 30)

static void limit_memory(void)
{
	struct rlimit limit = {MEMORY_MAX, MEMORY_MAX};

	if (!SANITIZED)
		setrlimit(RLIMIT_DATA, &limit);
}

static bool keep_to_itself(struct error *err)
{
	struct rlimit none = {0, 0};

	setrlimit(RLIMIT_CORE, &none);
	limit_memory();
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    prctl(PR_SET_DUMPABLE, SANITIZED, 0, 0, 0) < 0)
		return error_errno(err, "cannot give up privileges");
	return true;
}

/* ---- the filter ---- */

/* An error rather than the end: libraries that try something on another release of the system then do
 * without it. */
#define REFUSED SCMP_ACT_ERRNO(EPERM)

/* Names that an architecture or libseccomp does not know are skipped. */
static bool add_rules(scmp_filter_ctx filter, uint32_t action, const char *const *names)
{
	for (; *names; names++) {
		int call = seccomp_syscall_resolve_name(*names);

		if (call >= 0 && seccomp_rule_add(filter, action, call, 0) < 0)
			return false;
	}
	return true;
}

static bool install(uint32_t otherwise, uint32_t listed, const char *const *const *lists,
		    struct error *err)
{
	scmp_filter_ctx filter;
	bool ok = true;

	if (SANITIZED)
		return true;
	filter = seccomp_init(otherwise);
	if (!filter)
		return error_set(err, ERROR_SYSTEM, "cannot make a seccomp filter");
	for (; ok && *lists; lists++)
		ok = add_rules(filter, listed, *lists);
	ok = ok && seccomp_load(filter) == 0;
	seccomp_release(filter);
	return ok || error_set(err, ERROR_SYSTEM, "cannot install the seccomp filter");
}

static const char *const bytes_calls[] = {
	"read",		 "readv",
	"pread64",	 "write",
	"writev",	 "pwrite64",
	"close",	 "fstat",
	"lseek",	 "fcntl",
	"recvmsg",	 "recvfrom",
	"sendmsg",	 "sendto",
	"poll",		 "ppoll",
	"brk",		 "mmap",
	"munmap",	 "mremap",
	"mprotect",	 "madvise",
	"futex",	 "getrandom",
	"clock_gettime", "clock_nanosleep",
	"rt_sigreturn",	 "rt_sigprocmask",
	"rt_sigaction",	 "exit",
	"exit_group",	 "restart_syscall",
	"fdatasync",	 "shutdown",
	"getsockopt",	 "set_robust_list",
	"rseq",		 "gettid",
	"getpid",	 "tgkill",
	"splice",	 NULL,
};

static const char *const files_calls[] = {
	"openat",   "openat2",	 "newfstatat", "fstatat64", "statx",	 "getdents64",
	"mkdirat",  "mknodat",	 "symlinkat",  "linkat",    "unlinkat",	 "readlinkat",
	"fchownat", "fchmodat",	 "fchown",     "fchmod",    "utimensat", "ftruncate",
	"fchdir",   "lsetxattr", "fsetxattr",  "syncfs",    "fsync",	 "fallocate",
	"renameat", "renameat2", "flistxattr", "fgetxattr", NULL,
};

static const char *const reading_calls[] = {
	"openat",     "openat2",    "newfstatat", "fstatat64",	"statx",
	"getdents64", "readlinkat", "fchdir",	  "flistxattr", "llistxattr",
	"fgetxattr",  "lgetxattr",  "syncfs",	  "prlimit64",	NULL,
};

static const char *const sockets_calls[] = {
	"accept4",    "epoll_ctl",  "epoll_wait",   "epoll_pwait", "epoll_pwait2",
	"setsockopt", "socketpair", "gettimeofday", "time",	   NULL,
};

static const char *const host_calls[] = {
	"execve",
	"execveat",
	"ptrace",
	"process_vm_readv",
	"process_vm_writev",
	"bpf",
	"perf_event_open",
	"userfaultfd",
	"keyctl",
	"add_key",
	"request_key",
	"unshare",
	"setns",
	"mount",
	"umount2",
	"move_mount",
	"open_tree",
	"fsopen",
	"fsmount",
	"fspick",
	"mount_setattr",
	"pivot_root",
	"chroot",
	"mknod",
	"mknodat",
	"io_uring_setup",
	"io_uring_enter",
	"io_uring_register",
	"kexec_load",
	"kexec_file_load",
	"init_module",
	"finit_module",
	"delete_module",
	"pidfd_getfd",
	"process_madvise",
	"kcmp",
	"personality",
	"reboot",
	"swapon",
	"swapoff",
	"acct",
	"quotactl",
	"setuid",
	"setgid",
	"setresuid",
	"setresgid",
	"capset",
	NULL,
};

static const char *const attributes_calls[] = {
	"getxattr", "lgetxattr", "fgetxattr", "listxattr", "llistxattr", "flistxattr",
	"fstatfs",  "statfs",	 "lstat",     "sendfile",  NULL,
};

/* Code is mapped before; what a container has in its files never is. */
static bool refuse_code(struct error *err)
{
	static const struct {
		const char *name;
		unsigned argument; /* where the protection stands */
	} calls[] = {{"mmap", 2}, {"mprotect", 2}, {"pkey_mprotect", 2}};
	scmp_filter_ctx filter;
	bool ok = true;

	if (SANITIZED)
		return true;
	filter = seccomp_init(SCMP_ACT_ALLOW);
	if (!filter)
		return error_set(err, ERROR_SYSTEM, "cannot make a seccomp filter");
	for (size_t i = 0; ok && i < array_length(calls); i++)
		ok = seccomp_rule_add(filter, REFUSED, seccomp_syscall_resolve_name(calls[i].name),
				      1,
				      SCMP_CMP(calls[i].argument, SCMP_CMP_MASKED_EQ, PROT_EXEC,
					       PROT_EXEC)) == 0;
	ok = ok && seccomp_load(filter) == 0;
	seccomp_release(filter);
	return ok || error_set(err, ERROR_SYSTEM, "cannot install the seccomp filter");
}

/* ---- the cages ---- */

bool confine_to_network(struct error *err)
{
	static const char *const *const lists[] = {host_calls, NULL};

	return leave(0, err) && make_read_only(err) && become_nobody(err) && keep_to_itself(err) &&
	       install(SCMP_ACT_ALLOW, REFUSED, lists, err);
}

bool confine_to_folder(int folder, struct error *err)
{
	static const char *const *const lists[] = {bytes_calls, files_calls, NULL};

	scoped_fd int tree = clone_folder(folder, err);

	return tree >= 0 && leave(CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS, err) &&
	       make_root(tree, err) && keep_capabilities(FOLDER_CAPABILITIES, err) &&
	       keep_to_itself(err) && install(REFUSED, SCMP_ACT_ALLOW, lists, err);
}

/* SYS_ADMIN is for trusted.*: nothing else that it allows is on the list. */
#define READING_CAPABILITIES (BIT(CAP_DAC_READ_SEARCH) | BIT(CAP_SYS_ADMIN))

bool confine_to_reading(struct error *err)
{
	static const char *const *const lists[] = {bytes_calls, reading_calls, NULL};

	return leave(CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS, err) && make_read_only(err) &&
	       keep_capabilities(READING_CAPABILITIES, err) && keep_to_itself(err) &&
	       install(REFUSED, SCMP_ACT_ALLOW, lists, err);
}

bool confine_to_descriptors(struct error *err)
{
	static const char *const *const lists[] = {bytes_calls, NULL};

	return leave(CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS, err) && make_read_only(err) &&
	       become_nobody(err) && keep_to_itself(err) &&
	       install(REFUSED, SCMP_ACT_ALLOW, lists, err);
}

/* Calls that are not listed fail instead of ending the process: it carries everybody's connections, and
 * libraries of another version may ask for something small. */
bool confine_to_sockets(struct error *err)
{
	static const char *const *const lists[] = {bytes_calls, sockets_calls, NULL};

	return leave(CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS, err) && make_read_only(err) &&
	       become_nobody(err) && keep_to_itself(err) &&
	       install(SCMP_ACT_ERRNO(EPERM), SCMP_ACT_ALLOW, lists, err);
}

static bool harden_mounts(bool writing, struct error *err)
{
	struct mount_attr attributes = {
		.attr_set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC |
			    (writing ? 0 : MOUNT_ATTR_RDONLY),
		.propagation = MS_PRIVATE,
	};

	if (mount_setattr(AT_FDCWD, "/", AT_RECURSIVE, &attributes, sizeof(attributes)) < 0)
		return error_errno(err, "cannot prepare the container's mounts");
#if SANITIZED
	has_no_proc = true;
#endif
	return true;
}

/* To look needs the right to read everything; the other rights are those of who unpacks. */
#define READING_CAPABILITIES (BIT(CAP_DAC_READ_SEARCH) | BIT(CAP_SYS_ADMIN))

bool confine_to_root(bool writing, struct error *err)
{
	static const char *const *const lists[] = {bytes_calls, files_calls, attributes_calls,
						   NULL};

	return harden_mounts(writing, err) &&
	       keep_capabilities(writing ? FOLDER_CAPABILITIES : READING_CAPABILITIES, err) &&
	       keep_to_itself(err) && refuse_code(err) &&
	       install(REFUSED, SCMP_ACT_ALLOW, lists, err);
}
