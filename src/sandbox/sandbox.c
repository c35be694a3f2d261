#include "sandbox/sandbox.h"

#include "os/file.h"
#include "os/mount.h"
#include "os/process.h"
#include "sandbox/channel.h"
#include "sandbox/inside.h"
#include "sandbox/launch.h"
#include "sandbox/limits.h"
#include "sandbox/overlay.h"
#include "sandbox/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <inttypes.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

struct sandbox {
	const struct sandbox_spec *spec; /* borrowed */
	struct cgroup cgroup;
	struct outside outside;
	struct launch launch;
	struct strings warnings;
	pid_t pid; /* 0: not started, or reaped */
	int pidfd, netns, channel, oom;
	struct channel_gifts gifts;
	uint64_t oom_seen;
	bool has_cgroup, released;
};

/* ---- namespaces ---- */

static const struct {
	const char *name; /* in /proc/self/ns */
	uint64_t flag;
	size_t spec; /* in struct sandbox_spec */
	bool at_clone;
} kinds[] = {
	{"net", CLONE_NEWNET, offsetof(struct sandbox_spec, network), true},
	{"pid", CLONE_NEWPID, offsetof(struct sandbox_spec, pid), true},
	{"ipc", CLONE_NEWIPC, offsetof(struct sandbox_spec, ipc), true},
	{"uts", CLONE_NEWUTS, offsetof(struct sandbox_spec, uts), true},
	/* its root is where the process is then, so made after it has joined its cgroups */
	{"cgroup", CLONE_NEWCGROUP, offsetof(struct sandbox_spec, cgroup), false},
};

static const struct namespace_spec *namespace_of(const struct sandbox_spec *spec, size_t kind)
{
	return (const void *)((const char *)spec + kinds[kind].spec);
}

static uint64_t clone_flags(const struct sandbox_spec *spec)
{
	uint64_t flags = CLONE_NEWNS;

	for (size_t i = 0; i < array_length(kinds); i++)
		if (kinds[i].at_clone && namespace_of(spec, i)->mode == NAMESPACE_NEW)
			flags |= kinds[i].flag;
	return flags | (spec_has_user_namespace(spec) ? CLONE_NEWUSER : 0);
}

/* A namespace of another container is entered by the shim itself for the moment of the clone: a
 * process within a new user namespace could not, and a pid namespace takes only children. */
struct detour {
	int back[array_length(kinds)]; /* -1: never left */
};

static bool detour_end(struct detour *d, struct error *err)
{
	bool ok = true;

	for (size_t i = 0; i < array_length(kinds); i++) {
		if (d->back[i] >= 0 && setns(d->back[i], (int)kinds[i].flag) < 0)
			ok = error_errno(err, "cannot return to the %s namespace", kinds[i].name);
		close_fd(&d->back[i]);
	}
	return ok;
}

static int open_own_namespace(const char *name)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/ns/%s", name);
	return open(path, O_RDONLY | O_CLOEXEC);
}

static bool join_one(struct detour *d, size_t kind, const struct namespace_spec *n,
		     struct error *err)
{
	scoped_fd int pidfd = process_open((pid_t)n->join_pid, n->join_start_time);

	if (pidfd < 0)
		return error_set(err, ERROR_CONFLICT,
				 "the container whose %s namespace is to be shared is not running",
				 kinds[kind].name);
	d->back[kind] = open_own_namespace(kinds[kind].name);
	if (d->back[kind] < 0 || setns(pidfd, (int)kinds[kind].flag) < 0) {
		close_fd(&d->back[kind]);
		return error_errno(err, "cannot join the %s namespace of process %" PRId64,
				   kinds[kind].name, n->join_pid);
	}
	return true;
}

static bool detour_begin(const struct sandbox_spec *spec, struct detour *d, struct error *err)
{
	struct error ignored;

	for (size_t i = 0; i < array_length(kinds); i++)
		d->back[i] = -1;
	for (size_t i = 0; i < array_length(kinds); i++) {
		const struct namespace_spec *n = namespace_of(spec, i);

		if (n->mode != NAMESPACE_JOIN || join_one(d, i, n, err))
			continue;
		detour_end(d, &ignored);
		return false;
	}
	return true;
}

/* ---- the process inside ---- */

/* In a user namespace: wait until it has its maps, then be its root. */
static bool become_mapped_root(struct sandbox *s, struct inside *in, struct error *err)
{
	if (!channel_wait(s->launch.channel, &in->root))
		_exit(1);
	if (setresgid(0, 0, 0) < 0 || setgroups(0, NULL) < 0 || setresuid(0, 0, 0) < 0)
		return error_errno(err, "cannot become root of the user namespace");
	return true;
}

static bool enter_cgroup(struct sandbox *s, struct error *err)
{
	if (s->cgroup.killed ? !cgroup_join(&s->cgroup, 0, err)
			     : !cgroup_join_v1(&s->cgroup, 0, err))
		return false;
	if (s->spec->cgroup.mode == NAMESPACE_NEW && unshare(CLONE_NEWCGROUP) < 0)
		return error_errno(err, "cannot make a cgroup namespace");
	return true;
}

static bool set_names(const struct sandbox_spec *spec, struct error *err)
{
	if (spec->uts.mode != NAMESPACE_NEW)
		return true;
	if (!str_is_empty(spec->hostname) &&
	    sethostname(spec->hostname, strlen(spec->hostname)) < 0)
		return error_errno(err, "cannot set the hostname '%s'", spec->hostname);
	if (!str_is_empty(spec->domainname) &&
	    setdomainname(spec->domainname, strlen(spec->domainname)) < 0)
		return error_errno(err, "cannot set the domain name '%s'", spec->domainname);
	return true;
}

/* /dev/console is the terminal itself. */
static bool attach_console(const struct inside *in, int slave, struct error *err)
{
	scoped_fd int mount = mount_clone(slave, "", false, err);
	scoped_fd int file = -1;

	if (mount < 0)
		return false;
	if (mknodat(in->dev, "console", S_IFREG | 0620, 0) < 0 ||
	    (file = openat(in->dev, "console", O_PATH | O_CLOEXEC)) < 0)
		return error_errno(err, "cannot make '/dev/console'");
	return mount_attach(mount, file, err);
}

static bool make_terminal(struct sandbox *s, const struct inside *in, struct error *err)
{
	const struct process_spec *p = &s->spec->process;
	scoped_fd int master = -1;

	return !p->terminal || (terminal_new(in->pts, &master, &s->launch.terminal, err) &&
				terminal_resize(master, p->rows, p->columns, err) &&
				attach_console(in, s->launch.terminal, err) &&
				channel_give_terminal(s->launch.channel, master, err));
}

static bool become_container(struct sandbox *s, struct error *err)
{
	struct inside in;

	inside_init(&in, s->spec, &s->outside);
	if (!launch_leave_keyring(err) || !enter_cgroup(s, err) || /* as the host's root still */
	    (spec_has_user_namespace(s->spec) && !become_mapped_root(s, &in, err)))
		return false;
	if (!inside_build(&in, err) || !channel_give_root(s->launch.channel, in.root, err) ||
	    !set_names(s->spec, err) || !make_terminal(s, &in, err) ||
	    !launch_identify(&s->launch, err))
		return false;
	if (!channel_wait(s->launch.channel, NULL))
		_exit(1); /* the shim has died or given up */
	return inside_set_sysctls(&in, err) && launch_exec(&s->launch, err);
}

static _Noreturn void run_inside(struct sandbox *s, const struct process_stdio *stdio, int channel)
{
	struct error err;
	sigset_t none;

	close_fd(&s->channel); /* so that its other end is the shim's alone */
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	umask(0); /* modes of nodes and folders are meant as they are written */
	s->launch.stdio = *stdio;
	s->launch.channel = channel;
	become_container(s, &err);
	channel_fail(s->launch.channel, &err);
	_exit(1);
}

/* ---- the shim's side ---- */

/* A group of the last run, which could not be removed then, would give its limits to this one; one that was
 * frozen would never let it run, and newer kernels kill what is cloned into one that was killed.  While a
 * process of then still hangs in it there is no other. */
static bool make_group(struct sandbox *s, struct error *err)
{
	struct error ignored;
	bool used = !cgroup_remove(s->spec->cgroup_path, &ignored);

	s->has_cgroup = cgroup_make(s->spec->cgroup_path, &s->cgroup, err);
	if (!s->has_cgroup || !used)
		return s->has_cgroup;
	s->cgroup.killed = true;
	cgroup_freeze(&s->cgroup, false, &ignored);
	return true;
}

static bool prepare(struct sandbox *s, struct error *err)
{
	const struct sandbox_spec *spec = s->spec;

	if (!launch_prepare(&spec->process, &s->launch, &s->warnings, err))
		return false;
	s->launch.init = spec->init;
	if (!make_group(s, err) || !cgroup_limit(&s->cgroup, &spec->resources, &s->warnings, err) ||
	    !outside_open(spec, &s->cgroup, &s->outside, err))
		return false;
	if (!spec->all_devices &&
	    !cgroup_set_devices(&s->cgroup, s->outside.rules.items, s->outside.rules.count, err))
		return false;
	s->oom = cgroup_watch_oom(&s->cgroup);
	return true;
}

struct sandbox *sandbox_prepare(const struct sandbox_spec *spec, struct error *err)
{
	struct sandbox *s = mem_new(struct sandbox);

	/* a process that is dumpable lends itself to whoever finds it inside */
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	s->spec = spec;
	s->pidfd = s->netns = s->channel = s->oom = s->gifts.terminal = s->gifts.root = -1;
	if (spec->user.mode == NAMESPACE_JOIN)
		error_set(err, ERROR_UNSUPPORTED,
			  "joining another's user namespace is not supported");
	else if (prepare(s, err))
		return s;
	sandbox_free(s);
	return NULL;
}

static bool spawn(struct sandbox *s, const struct process_stdio *stdio, struct error *err)
{
	int into = cgroup_clone_fd(&s->cgroup), inside = -1;
	struct clone_args args = {
		.flags = clone_flags(s->spec) | CLONE_PIDFD | CLONE_CLEAR_SIGHAND |
			 (into >= 0 ? CLONE_INTO_CGROUP : 0),
		.pidfd = (uintptr_t)&s->pidfd,
		.exit_signal = SIGCHLD,
		.cgroup = into >= 0 ? (uint64_t)into : 0,
	};
	long pid;

	if (!channel_pair(&s->channel, &inside, err))
		return false;
	pid = syscall(SYS_clone3, &args, sizeof(args));
	if (pid == 0)
		run_inside(s, stdio, inside);
	if (pid < 0)
		error_errno(err, "cannot start a process in new namespaces");
	else
		s->pid = (pid_t)pid;
	close(inside);
	return pid > 0;
}

static int open_namespace(pid_t pid, const char *name, struct error *err)
{
	char path[48];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/ns/%s", pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		error_errno(err, "cannot open the %s namespace", name);
	return fd;
}

/* ---- user namespaces ---- */

static bool write_map(const struct sandbox *s, const char *file, const struct record_list *maps,
		      struct error *err)
{
	scoped_buffer struct buffer text = {0};
	char path[48];

	for (size_t i = 0; i < maps->count; i++) {
		const struct id_map *m = RECORD_AT(*maps, struct id_map, i);

		buffer_format(&text, "%" PRId64 " %" PRId64 " %" PRId64 "\n", m->inside, m->outside,
			      m->count);
	}
	snprintf(path, sizeof(path), "/proc/%d/%s", s->pid, file);
	return file_write(AT_FDCWD, path, text.data ? text.data : "", err);
}

/* The layers' mapped copies need a mount namespace that nobody sees; the shim borrows one.  Coming back
 * costs its working folder, which is kept too. */
static int make_mapped_root(const struct sandbox_spec *spec, int user_namespace, struct error *err)
{
	scoped_fd int back = open_own_namespace("mnt");
	scoped_fd int cwd = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int root = -1;

	if (back < 0 || cwd < 0 || unshare(CLONE_NEWNS) < 0 ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		error_errno(err, "cannot make a mount namespace for the layers");
	else
		root = overlay_new(spec, user_namespace, err);
	if (back >= 0 && (setns(back, CLONE_NEWNS) < 0 || fchdir(cwd) < 0)) {
		error_errno(err, "cannot return to the mount namespace");
		close_fd(&root);
	}
	return root;
}

static bool set_up_user_namespace(struct sandbox *s, struct error *err)
{
	scoped_fd int user = open_namespace(s->pid, "user", err);
	scoped_fd int root = -1;

	if (user < 0 || !write_map(s, "uid_map", &s->spec->uid_map, err) ||
	    !write_map(s, "gid_map", &s->spec->gid_map, err))
		return false;
	outside_map_ids(&s->outside, user);
	root = make_mapped_root(s->spec, user, err);
	return root >= 0 && channel_go_on(s->channel, root, err);
}

/* ---- */

static bool complete(struct sandbox *s, struct error *err)
{
	if (s->spec->network.mode == NAMESPACE_NEW &&
	    (s->netns = open_namespace(s->pid, "net", err)) < 0)
		return false;
	if (!launch_set_oom_score(&s->spec->process, s->pid, &s->warnings, err))
		return false;
	return !spec_has_user_namespace(s->spec) || set_up_user_namespace(s, err);
}

/* What is not there any more outside is so because the process has died inside, for a reason that it
 * left in the channel. */
static void ask_for_reason(struct sandbox *s, struct error *err)
{
	struct error told;

	if ((err->os == ENOENT || err->os == ESRCH) &&
	    !channel_wait_for_exec(s->channel, &s->gifts, &told))
		*err = told;
}

bool sandbox_spawn(struct sandbox *s, const struct process_stdio *stdio, struct error *err)
{
	struct detour detour;
	bool ok;

	if (!detour_begin(s->spec, &detour, err))
		return false;
	ok = spawn(s, stdio, err);
	if (!detour_end(&detour, err) || !ok)
		return false;
	if (complete(s, err))
		return true;
	ask_for_reason(s, err);
	return false;
}

pid_t sandbox_pid(const struct sandbox *s)
{
	return s->pid;
}

int sandbox_pidfd(const struct sandbox *s)
{
	return s->pidfd;
}

int sandbox_netns(const struct sandbox *s)
{
	return s->netns;
}

bool sandbox_release(struct sandbox *s, struct error *err)
{
	if (!channel_go_on(s->channel, -1, err) ||
	    !channel_wait_for_exec(s->channel, &s->gifts, err))
		return false;
	s->released = true;
	close_fd(&s->channel);
	close_fd(&s->netns);
	outside_close(&s->outside);
	return true;
}

int sandbox_take_terminal(struct sandbox *s)
{
	return take_fd(s->gifts.terminal);
}

const struct strings *sandbox_warnings(const struct sandbox *s)
{
	return &s->warnings;
}

int sandbox_oom_fd(const struct sandbox *s)
{
	return s->oom;
}

bool sandbox_read_oom(struct sandbox *s)
{
	char drain[4096];
	uint64_t kills, before = s->oom_seen;

	if (s->oom < 0 || (read(s->oom, drain, sizeof(drain)) < 0 && errno != EAGAIN))
		return false;
	kills = cgroup_oom_kills(&s->cgroup);
	if (kills > before)
		s->oom_seen = kills;
	return kills > before;
}

/* A process that never became the user's program is ours to end and to reap. */
static void end_unreleased(struct sandbox *s)
{
	close_fd(&s->channel);
	if (s->pid == 0 || s->released)
		return;
	pidfd_signal(s->pidfd, SIGKILL);
	waitpid(s->pid, NULL, 0);
}

/* The root's mount is left to the end of the process.  Whoever drops the last reference to an overlay
 * waits for a sync of the whole filesystem below it, from milliseconds to seconds.  Without ours it
 * would be the container's first process, in its exit, before anybody hears of it. */
void sandbox_free(struct sandbox *s)
{
	struct error ignored;

	if (!s)
		return;
	end_unreleased(s);
	if (s->has_cgroup) {
		cgroup_kill(&s->cgroup, &ignored);
		cgroup_remove(s->cgroup.path, &ignored);
		cgroup_fini(&s->cgroup);
	}
	if (s->outside.mounts)
		outside_close(&s->outside);
	launch_fini(&s->launch);
	strings_fini(&s->warnings);
	close_fd(&s->pidfd);
	close_fd(&s->netns);
	close_fd(&s->gifts.terminal);
	close_fd(&s->oom);
	free(s);
}
