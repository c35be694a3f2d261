/* The kernel's own price of a container: the same namespaces, mounts, control groups, device rules, veth
 * and seccomp filter that the engine makes, from one small program with no engine around them.
 *
 *	floor N [--network]
 *
 * Makes, runs `true` in, waits for and cleans up N of them, one after the other, in a scratch folder.
 * Prints "best MS median MS cpu MS": wall, and CPU of this process and its children, per container. */
#include "base/text.h"
#include "base/time.h"
#include "network/endpoint.h"
#include "os/cgroup.h"
#include "os/file.h"
#include "os/netlink.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#define NORMAL_CAPABILITIES 0xa80425fbull

static char scratch[] = "/tmp/wherry-floor.XXXXXX";
static char bridge[16], cgroup_path[64];
static bool with_network;

static _Noreturn void die(const char *what)
{
	perror(what);
	_exit(1);
}

static void must(bool ok, const struct error *err)
{
	char text[ERROR_TEXT_SIZE];

	if (ok)
		return;
	fprintf(stderr, "floor: %s\n", error_text(err, text, sizeof(text)));
	_exit(1);
}

/* ---- inside ---- */

static const struct {
	const char *type, *target, *options;
	unsigned long flags;
} mounts[] = {
	{"proc", "proc", NULL, MS_NOSUID | MS_NODEV | MS_NOEXEC},
	{"tmpfs", "dev", "mode=755,size=65536k", MS_NOSUID},
	{"devpts", "dev/pts", "newinstance,ptmxmode=0666,mode=0620,gid=5", MS_NOSUID | MS_NOEXEC},
	{"tmpfs", "dev/shm", "mode=1777,size=65536k", MS_NOSUID | MS_NODEV | MS_NOEXEC},
	{"mqueue", "dev/mqueue", NULL, MS_NOSUID | MS_NODEV | MS_NOEXEC},
	{"sysfs", "sys", NULL, MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_RDONLY},
};

static const char *const folders_of_dev[] = {"dev/pts", "dev/shm", "dev/mqueue"};
static const char *const nodes[] = {"null", "zero", "full", "random", "urandom", "tty"};
static const unsigned node_numbers[][2] = {{1, 3}, {1, 5}, {1, 7}, {1, 8}, {1, 9}, {5, 0}};
static const char *const hidden[] = {"proc/acpi", "proc/keys", "proc/kcore", "proc/timer_list",
				     "sys/firmware"};
static const char *const protected[] = {"proc/bus", "proc/fs", "proc/irq", "proc/sys",
					"proc/sysrq-trigger"};

static void mount_standard(void)
{
	for (size_t i = 0; i < array_length(mounts); i++) {
		if (mount(mounts[i].type, mounts[i].target, mounts[i].type, mounts[i].flags,
			  mounts[i].options) < 0)
			die(mounts[i].target);
		for (size_t f = 0; i == 1 && f < array_length(folders_of_dev); f++)
			mkdir(folders_of_dev[f], 0755);
	}
	for (size_t i = 0; i < array_length(nodes); i++) {
		char path[32];

		snprintf(path, sizeof(path), "dev/%s", nodes[i]);
		mknod(path, S_IFCHR | 0666, makedev(node_numbers[i][0], node_numbers[i][1]));
	}
}

/* The container's own groups of each v1 hierarchy, read-only. */
static void mount_cgroups(void)
{
	const struct cgroup_host *host = cgroup_host();
	char from[512], to[256];

	if (host->layout == CGROUP_V2) {
		mount("cgroup", "sys/fs/cgroup", "cgroup2", MS_RDONLY, NULL);
		return;
	}
	mount("tmpfs", "sys/fs/cgroup", "tmpfs", 0, "mode=755");
	for (int c = 0; c < CGROUP_CONTROLLERS; c++) {
		if (!host->mount[c] || c == CGROUP_CPUSET || c == CGROUP_FREEZER ||
		    host->owner[c] != (enum cgroup_controller)c)
			continue;
		snprintf(from, sizeof(from), "%s%s", host->mount[c], cgroup_path);
		snprintf(to, sizeof(to), "sys/fs/cgroup/%s", strrchr(host->mount[c], '/') + 1);
		mkdir(to, 0755);
		mount(from, to, NULL, MS_BIND, NULL);
		mount(NULL, to, NULL, MS_BIND | MS_REMOUNT | MS_RDONLY, NULL);
	}
}

static void hide(void)
{
	struct stat st;

	for (size_t i = 0; i < array_length(hidden); i++) {
		if (stat(hidden[i], &st) < 0)
			continue;
		if (S_ISDIR(st.st_mode))
			mount("tmpfs", hidden[i], "tmpfs", MS_RDONLY, NULL);
		else
			mount("dev/null", hidden[i], NULL, MS_BIND, NULL);
	}
	for (size_t i = 0; i < array_length(protected); i++)
		if (mount(protected[i], protected[i], NULL, MS_BIND | MS_REC, NULL) == 0)
			mount(NULL, protected[i], NULL, MS_BIND | MS_REMOUNT | MS_RDONLY, NULL);
}

/* As long as the engine's own after its numbers are made ranges; it allows everything. */
static void install_filter(void)
{
	struct sock_filter code[86];
	struct sock_fprog program = {array_length(code), code};

	code[0] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0);
	for (unsigned i = 1; i < array_length(code) - 1; i++)
		code[i] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 100000 + i, 0, 0);
	code[array_length(code) - 1] =
		(struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) < 0)
		die("seccomp");
}

static void drop_capabilities(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {{.permitted = (uint32_t)NORMAL_CAPABILITIES,
						  .effective = (uint32_t)NORMAL_CAPABILITIES}};

	for (unsigned long c = 0; c <= 40; c++)
		if (!(NORMAL_CAPABILITIES >> c & 1))
			prctl(PR_CAPBSET_DROP, c, 0, 0, 0);
	install_filter();
	syscall(SYS_capset, &header, data);
}

static _Noreturn void become_container(const struct cgroup *cgroup, int ready, int go)
{
	static char *const args[] = {(char *)"true", NULL}, *const env[] = {NULL};
	struct error err;
	char options[256], word;

	must(cgroup_join_v1(cgroup, 0, &err), &err);
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		die("private");
	snprintf(options, sizeof(options),
		 "lowerdir=%s/lower,upperdir=%s/c/upper,workdir=%s/c/work", scratch, scratch,
		 scratch);
	if (mount("overlay", "root", "overlay", 0, options) < 0 || chdir("root") < 0)
		die("overlay");
	mount_standard();
	mount_cgroups();
	hide();
	if (syscall(SYS_pivot_root, ".", ".") < 0 || umount2(".", MNT_DETACH) < 0)
		die("pivot_root");
	sethostname("floor", 5);
	if (write(ready, "r", 1) != 1 || read(go, &word, 1) != 1)
		_exit(1);
	drop_capabilities();
	execve("/bin/true", args, env);
	die("exec");
}

/* ---- outside ---- */

/* Nothing but what every container may use. */
static const struct device_rule rules[] = {
	{'c', -1, -1, .make = true},	  {'b', -1, -1, .make = true},
	{'c', 1, 3, true, true, true},	  {'c', 1, 5, true, true, true},
	{'c', 1, 7, true, true, true},	  {'c', 1, 8, true, true, true},
	{'c', 1, 9, true, true, true},	  {'c', 5, 0, true, true, true},
	{'c', 5, 1, true, true, true},	  {'c', 5, 2, true, true, true},
	{'c', 136, -1, true, true, true},
};

static void set_up_network(pid_t pid)
{
	struct endpoint_spec link = {.bridge = bridge,
				     .name = (char *)"eth0",
				     .address = (char *)"10.213.7.2",
				     .prefix = 24,
				     .gateway = (char *)"10.213.7.1",
				     .mac = (char *)"02:42:0a:d5:07:02"};
	struct error err;
	char path[48];
	int netns;

	snprintf(path, sizeof(path), "/proc/%d/ns/net", pid);
	netns = open(path, O_RDONLY | O_CLOEXEC);
	must(with_network ? endpoint_attach(&link, 1, netns, &err) : endpoint_loopback(netns, &err),
	     &err);
	close(netns);
}

/* Whoever drops an overlay's last reference waits for a sync of the filesystem below it; kept here, that
 * is no part of the figures, and no container of the engine waits for it either. */
static void keep_root(pid_t pid, int ready)
{
	char path[32], word;

	snprintf(path, sizeof(path), "/proc/%d/root", pid);
	if (read(ready, &word, 1) != 1 || open(path, O_PATH | O_CLOEXEC) < 0)
		die("root");
}

static void run_one(void)
{
	int ready[2], go[2], pidfd = -1, status;
	struct cgroup cgroup;
	struct error err;
	struct clone_args args = {.flags = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET |
					   CLONE_NEWIPC | CLONE_NEWUTS | CLONE_PIDFD,
				  .pidfd = (uintptr_t)&pidfd,
				  .exit_signal = SIGCHLD};
	pid_t pid;

	if (mkdir("c", 0700) < 0 || mkdir("c/upper", 0755) < 0 || mkdir("c/work", 0700) < 0)
		die("writable folder");
	must(cgroup_make(cgroup_path, &cgroup, &err), &err);
	must(cgroup_set_devices(&cgroup, rules, array_length(rules), &err), &err);
	if (cgroup_clone_fd(&cgroup) >= 0) {
		args.flags |= CLONE_INTO_CGROUP;
		args.cgroup = (uint64_t)cgroup_clone_fd(&cgroup);
	}
	if (pipe2(ready, O_CLOEXEC) < 0 || pipe2(go, O_CLOEXEC) < 0)
		die("pipe");
	pid = (pid_t)syscall(SYS_clone3, &args, sizeof(args));
	if (pid == 0)
		become_container(&cgroup, ready[1], go[0]);
	set_up_network(pid);
	keep_root(pid, ready[0]);
	if (write(go[1], "g", 1) != 1 || waitpid(pid, &status, 0) != pid || status != 0)
		die("container");
	close(ready[0]);
	close(ready[1]);
	close(go[0]);
	close(go[1]);
	close(pidfd);
	cgroup_fini(&cgroup);
	must(cgroup_remove(cgroup_path, &err), &err);
	must(tree_remove(AT_FDCWD, "c", &err), &err);
}

/* ---- the scratch folder and the bridge ---- */

static void run_ip(const char *arguments)
{
	char line[160], *words[16] = {(char *)"ip"}, *save = NULL;
	size_t count = 1;
	pid_t pid = fork();

	if (pid == 0) {
		snprintf(line, sizeof(line), "%s", arguments);
		for (char *w = strtok_r(line, " ", &save); w; w = strtok_r(NULL, " ", &save))
			words[count++] = w;
		execvp("ip", words);
		_exit(127);
	}
	waitpid(pid, NULL, 0);
}

static void ip(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void ip(const char *format, ...)
{
	char text[160];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	run_ip(text);
}

static void make_scratch(void)
{
	static const char *const made[] = {"lower",	"lower/bin", "lower/proc",
					   "lower/dev", "lower/sys", "root"};
	scoped_buffer struct buffer program = {0};
	struct file_content content;
	struct error err;

	if (!mkdtemp(scratch) || chdir(scratch) < 0)
		die("scratch folder");
	for (size_t i = 0; i < array_length(made); i++)
		mkdir(made[i], 0755);
	must(file_read(AT_FDCWD, "/bin/busybox", 64 << 20, &program, &err), &err);
	content = (struct file_content){.data = program.data, .size = program.size, .mode = 0755};
	{
		scoped_fd int bin = folder_open(AT_FDCWD, "lower/bin", &err);

		must(file_replace(bin, "true", &content, &err), &err);
	}
	snprintf(cgroup_path, sizeof(cgroup_path), "/wherry-floor-%d/c", getpid());
	snprintf(bridge, sizeof(bridge), "wfl%d", getpid() % 1000000);
	if (with_network) {
		ip("link add %s type bridge", bridge);
		ip("addr add 10.213.7.1/24 dev %s", bridge);
		ip("link set %s up", bridge);
	}
}

static void remove_scratch(void)
{
	struct error ignored;

	if (with_network)
		ip("link delete %s", bridge);
	*strrchr(cgroup_path, '/') = '\0';
	cgroup_remove(cgroup_path, &ignored);
	if (chdir("/") == 0)
		tree_remove(AT_FDCWD, scratch, &ignored);
}

/* ---- figures ---- */

static int compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static int64_t cpu_of(int who)
{
	struct rusage usage;

	getrusage(who, &usage);
	return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * NS_PER_SECOND +
	       (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1000;
}

int main(int argc, char **argv)
{
	size_t rounds = argc > 1 ? strtoul(argv[1], NULL, 10) : 0;
	int64_t *wall, cpu;

	with_network = argc > 2 && str_equal(argv[2], "--network");
	if (rounds == 0) {
		fprintf(stderr, "usage: floor N [--network]\n");
		return 2;
	}
	make_scratch();
	wall = mem_zeroed(rounds, sizeof(*wall));
	cpu = cpu_of(RUSAGE_SELF) + cpu_of(RUSAGE_CHILDREN);
	for (size_t i = 0; i < rounds; i++) {
		int64_t began = time_monotonic_ns();

		run_one();
		wall[i] = time_monotonic_ns() - began;
	}
	cpu = cpu_of(RUSAGE_SELF) + cpu_of(RUSAGE_CHILDREN) - cpu;
	remove_scratch();
	qsort(wall, rounds, sizeof(*wall), compare);
	printf("best %.3f median %.3f cpu %.3f\n", (double)wall[0] / NS_PER_MS,
	       (double)wall[rounds / 2] / NS_PER_MS, (double)cpu / (double)rounds / NS_PER_MS);
	free(wall);
	return 0;
}
