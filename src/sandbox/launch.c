#include "sandbox/launch.h"

#include "os/fd.h"
#include "os/file.h"
#include "os/root.h"
#include "sandbox/channel.h"
#include "sandbox/program.h"
#include "sandbox/rights.h"
#include "sandbox/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

enum { USER_FILE_LIMIT = 8 << 20 };

/* ---- outside ---- */

/* -1 is "unlimited" on the API. */
static rlim_t limit_value(int64_t value)
{
	return value < 0 ? RLIM_INFINITY : (rlim_t)value;
}

static bool add_rlimit(struct launch *l, const struct rlimit_spec *spec, struct strings *warnings,
		       struct error *err)
{
	struct rlimit limit = {limit_value(spec->soft), limit_value(spec->hard)};
	int resource = spec->name ? rlimit_from_name(spec->name) : -1;

	if (resource < 0 || l->rlimit_count == array_length(l->rlimits))
		return error_set(err, ERROR_INVALID, "invalid ulimit type: %s",
				 spec->name ? spec->name : "");
	if (rlimit_clamp(resource, &limit))
		strings_format(warnings, "ulimit %s is lowered to %llu, the most this host allows",
			       spec->name, (unsigned long long)limit.rlim_max);
	l->rlimits[l->rlimit_count].resource = resource;
	l->rlimits[l->rlimit_count++].limit = limit;
	return true;
}

bool launch_prepare(const struct process_spec *process, struct launch *out,
		    struct strings *warnings, struct error *err)
{
	*out = (struct launch){.process = process,
			       .capabilities =
				       (uint64_t)process->capabilities & capabilities_of_host(),
			       .stdio = {-1, -1, -1},
			       .terminal = -1,
			       .channel = -1};
	if (process->args.count == 0)
		return error_set(err, ERROR_INVALID, "no command specified");
	for (size_t i = 0; i < process->rlimits.count; i++)
		if (!add_rlimit(out, RECORD_AT(process->rlimits, struct rlimit_spec, i), warnings,
				err))
			return false;
	return str_is_empty(process->seccomp) || seccomp_read(process->seccomp, &out->filter, err);
}

void launch_fini(struct launch *launch)
{
	buffer_fini(&launch->filter);
	user_identity_fini(&launch->identity);
}

bool launch_set_oom_score(const struct process_spec *process, pid_t pid, struct strings *warnings,
			  struct error *err)
{
	scoped_buffer struct buffer now = {0};
	char path[48], value[16];
	struct error refused;

	snprintf(path, sizeof(path), "/proc/%d/oom_score_adj", pid);
	snprintf(value, sizeof(value), "%d", process->oom_score_adj);
	if (!file_read(AT_FDCWD, path, 32, &now, err))
		return false;
	if (strtol(now.data ? now.data : "0", NULL, 10) == process->oom_score_adj ||
	    file_write(AT_FDCWD, path, value, &refused))
		return true;
	strings_format(warnings, "oom score %d is not allowed on this host; %ld stays",
		       process->oom_score_adj, strtol(now.data, NULL, 10));
	return true;
}

/* ---- inside: who ---- */

bool launch_leave_keyring(struct error *err)
{
	enum { JOIN_SESSION_KEYRING = 1 };

	if (syscall(SYS_keyctl, JOIN_SESSION_KEYRING, NULL, 0, 0, 0) < 0 && errno != ENOSYS &&
	    errno != EPERM)
		return error_errno(err, "cannot leave the session keyring");
	return true;
}

/* A file of the image; absent is empty.  Neither a fifo nor a device of that name keeps us waiting. */
static bool read_user_file(const char *path, struct buffer *out, struct error *err)
{
	scoped_fd int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat st;
	ssize_t n;

	if (fd < 0)
		return errno == ENOENT || errno == ENOTDIR || errno == ELOOP ||
		       error_errno(err, "cannot open '%s' in the container", path);
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size > USER_FILE_LIMIT)
		return error_set(err, ERROR_INVALID,
				 "'%s' in the container is not a file of at most %d bytes", path,
				 USER_FILE_LIMIT);
	while ((n = read(fd, buffer_reserve(out, 4096), 4096)) > 0 && out->size < USER_FILE_LIMIT)
		buffer_wrote(out, (size_t)n);
	return n >= 0 || error_errno(err, "cannot read '%s' in the container", path);
}

bool launch_identify(struct launch *l, struct error *err)
{
	scoped_buffer struct buffer passwd = {0}, group = {0};
	struct user_files files;

	if (!read_user_file("/etc/passwd", &passwd, err) ||
	    !read_user_file("/etc/group", &group, err))
		return false;
	files = (struct user_files){passwd.data, group.data, passwd.size, group.size};
	return user_resolve(l->process->user ? l->process->user : "", &files,
			    &l->process->group_add, &l->identity, err);
}

/* ---- inside: descriptors ---- */

/* The container's own: a descriptor of the host's /dev/null would let it change that file's mode. */
static int open_null(struct error *err)
{
	scoped_fd int fd = open("/dev/null", O_RDWR | O_NOCTTY | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0) {
		error_errno(err, "cannot open '/dev/null' in the container");
		return -1;
	}
	if (!S_ISCHR(st.st_mode) || st.st_rdev != makedev(1, 3)) {
		error_set(err, ERROR_FORBIDDEN, "'/dev/null' in the container is something else");
		return -1;
	}
	return take_fd(fd);
}

/* Out of the way of 0, 1 and 2, so that putting one in its place does not close another. */
static bool lift(int *fd, struct error *err)
{
	*fd = fcntl(*fd, F_DUPFD_CLOEXEC, 3);
	return *fd >= 0 || error_errno(err, "cannot move a descriptor");
}

static bool place_stdio(struct launch *l, struct error *err)
{
	int *ends[] = {&l->stdio.in, &l->stdio.out, &l->stdio.err};
	scoped_fd int null = -1;

	if (l->channel < 3 && !lift(&l->channel, err))
		return false;
	for (int i = 0; i < 3; i++) {
		if (l->terminal >= 0)
			*ends[i] = l->terminal;
		else if (*ends[i] < 0 && null < 0 && (null = open_null(err)) < 0)
			return false;
		if (*ends[i] < 0)
			*ends[i] = null;
		if (!lift(ends[i], err))
			return false;
	}
	for (int i = 0; i < 3; i++)
		if (dup2(*ends[i], i) < 0)
			return error_errno(err, "cannot place a descriptor");
	return true;
}

/* Programs of other users reopen /dev/stdout. */
static bool give_stdio_to_user(struct launch *l, struct error *err)
{
	struct stat st;

	for (int fd = 0; l->identity.uid != 0 && fd < 3; fd++) {
		if (fstat(fd, &st) < 0)
			return error_errno(err, "cannot look at a descriptor");
		if (S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3))
			continue;
		if (fchown(fd, l->identity.uid, (gid_t)-1) < 0 && errno != EINVAL &&
		    errno != EROFS && errno != EPERM)
			return error_errno(err, "cannot give a descriptor to user %u",
					   l->identity.uid);
	}
	return true;
}

static bool close_others(struct launch *l, struct error *err)
{
	if (l->channel != 3) {
		if (dup3(l->channel, 3, O_CLOEXEC) < 0)
			return error_errno(err, "cannot place a descriptor");
		l->channel = 3;
	}
	if (syscall(SYS_close_range, 4u, ~0u, 0) < 0)
		return error_errno(err, "cannot close descriptors");
	return true;
}

static bool begin_session(struct launch *l, struct error *err)
{
	if (setsid() < 0 && errno != EPERM)
		return error_errno(err, "cannot begin a session");
	return l->terminal < 0 || terminal_take_control(0, err);
}

/* Every descriptor of the host is closed by now, and magic links are not followed. */
static bool enter_cwd(struct launch *l, struct error *err)
{
	const char *path = str_is_empty(l->process->cwd) ? "/" : l->process->cwd;
	scoped_fd int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	scoped_fd int cwd = root < 0 ? -1 : root_open(root, path, O_PATH | O_DIRECTORY, err);

	if (cwd >= 0 && fchdir(cwd) == 0)
		return true;
	if (cwd < 0)
		errno = err->os;
	error_errno(err, "chdir to cwd (\"%s\") set in config.json failed", path);
	err->kind = ERROR_INVALID;
	return false;
}

static bool set_umask(struct launch *l, struct error *err)
{
	umask(022);
	return true;
}

/* ---- inside: rights ---- */

static bool set_rlimits(struct launch *l, struct error *err)
{
	for (size_t i = 0; i < l->rlimit_count; i++)
		if (setrlimit((__rlimit_resource_t)l->rlimits[i].resource, &l->rlimits[i].limit) <
		    0)
			return error_errno(err, "cannot set a limit of the process");
	return true;
}

static bool bound_capabilities(struct launch *l, struct error *err)
{
	return capabilities_bound(l->capabilities, err);
}

static bool become_user(struct launch *l, struct error *err)
{
	const struct user_identity *who = &l->identity;

	if (setgroups(who->count, who->groups) < 0)
		return error_errno(err, "cannot set the groups of the process");
	if (setresgid(who->gid, who->gid, who->gid) < 0)
		return error_errno(err, "cannot become group %u", who->gid);
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0 || setresuid(who->uid, who->uid, who->uid) < 0)
		return error_errno(err, "cannot become user %u", who->uid);
	return true;
}

/* The change of user has cleared it; a shim that died just before would go unnoticed. */
static bool die_with_shim(struct launch *l, struct error *err)
{
	struct pollfd shim = {.fd = l->channel, .events = 0};

	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
		return error_errno(err, "cannot ask for the signal of the shim's death");
	if (poll(&shim, 1, 0) > 0 && (shim.revents & POLLHUP))
		_exit(1);
	return true;
}

static bool forbid_new_privileges(struct launch *l, struct error *err)
{
	if (l->process->no_new_privileges && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return error_errno(err, "cannot set no_new_privs");
	return true;
}

/* Without no_new_privs the kernel wants CAP_SYS_ADMIN for it; the change of user has only emptied the
 * effective set. */
static bool install_filter(struct launch *l, struct error *err)
{
	uint64_t admin = UINT64_C(1) << 21;

	if (l->filter.size == 0)
		return true;
	if (!l->process->no_new_privileges && l->identity.uid != 0 &&
	    !capabilities_set(l->capabilities | admin, err))
		return false;
	return seccomp_install(&l->filter, err);
}

static bool drop_capabilities(struct launch *l, struct error *err)
{
	return capabilities_set(l->capabilities, err);
}

typedef bool launch_step(struct launch *, struct error *);

static launch_step *const to_the_user[] = {
	place_stdio, close_others, begin_session,      give_stdio_to_user, enter_cwd,
	set_umask,   set_rlimits,  bound_capabilities, become_user,	   die_with_shim,
};

static launch_step *const to_the_exec[] = {forbid_new_privileges, install_filter,
					   drop_capabilities};

static bool run_steps(launch_step *const *steps, size_t count, struct launch *l, struct error *err)
{
	for (size_t i = 0; i < count; i++)
		if (!steps[i](l, err))
			return false;
	return true;
}

/* The given environment with HOME, where it is not set. */
static char **environment_of(const struct launch *l)
{
	const struct strings *given = &l->process->env;
	char **env = mem_zeroed(given->count + 2, sizeof(*env));
	bool has_home = false;

	for (size_t i = 0; i < given->count; i++) {
		env[i] = given->items[i];
		has_home = has_home || str_starts_with(env[i], "HOME=");
	}
	if (!has_home)
		env[given->count] = str_format("HOME=%s", l->identity.home);
	return env;
}

/* docker-init -- PROGRAM ARGS... */
static char **arguments_of(const struct launch *l)
{
	const struct strings *given = &l->process->args;
	size_t front = l->init ? 2 : 0;
	char **args = mem_zeroed(given->count + front + 1, sizeof(*args));

	if (l->init) {
		args[0] = str_dup(LAUNCH_INIT_PATH);
		args[1] = str_dup("--");
	}
	memcpy(args + front, given->items, given->count * sizeof(*args));
	return args;
}

bool launch_exec(struct launch *l, struct error *err)
{
	const char *path = LAUNCH_INIT_PATH;
	char *program, **args, **env;

	if (!run_steps(to_the_user, array_length(to_the_user), l, err))
		return false;
	program = program_find(l->process->args.items[0], &l->process->env, err);
	if (!program)
		return false;
	path = l->init ? path : program;
	args = arguments_of(l);
	env = environment_of(l);
	if (!run_steps(to_the_exec, array_length(to_the_exec), l, err))
		return false;
	execve(path, args, env);
	return program_explain(path, err);
}
