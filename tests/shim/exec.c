/* Processes that join a container; limits; stats; what a container leaves behind. */
#include "scenario.h"

#include "base/sanitized.h"
#include "os/file.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- exec ---- */

/* A second shim, for a process in the container of `in`. */
static void exec_begin(struct driver *d, const struct driver *in, const char *script)
{
	driver_begin(d, script);
	d->start.kind = SHIM_EXEC;
	d->start.join_pid = in->pid;
	d->start.join_start_time = in->start_time;
	str_replace(&d->start.sandbox.cgroup_path, in->start.sandbox.cgroup_path);
}

static void container_begin(struct driver *c)
{
	driver_begin(c, "exec sleep 1000");
	driver_start(c);
}

static void container_finish(struct driver *c)
{
	driver_send(c, SHIM_SIGNAL, &shim_number_type, &(struct shim_number){SIGKILL});
	driver_expect(c, SHIM_REPLY, NULL, NULL);
	driver_finish(c, 128 + SIGKILL);
}

/* Has the other side not ended its direction? */
static bool is_open(int socket)
{
	struct pollfd p = {.fd = socket, .events = POLLRDHUP};

	return poll(&p, 1, 0) == 0;
}

static void an_exec_runs_inside(void)
{
	struct driver c, e;
	struct shim_attach framed = attach_all;
	int in;

	container_begin(&c);
	exec_begin(&e, &c, "hostname; cat; echo $$ >&2; exit 11");
	e.start.sandbox.process.open_stdin = true;
	in = driver_attach(&e, &attach_all);
	driver_start(&e);
	write_text(in, "typed\n");
	shutdown(in, SHUT_WR);
	scoped_free char *text = read_text(in, "shim-test\ntyped\n");
	driver_expect_exit(&e, 11);
	expect(is_open(in)); /* until the daemon has recorded the exit */
	driver_release(&e, true);
	scoped_free char *rest = read_text(in, NULL);
	expect(strlen(text) + strlen(rest) < 25); /* a small pid: not the host's */
	close(in);
	driver_expect_end(&e);
	driver_end(&e);

	exec_begin(&e, &c, "echo a; echo b >&2");
	framed.multiplexed = true;
	framed.in = false;
	in = driver_attach(&e, &framed);
	driver_start(&e);
	driver_finish(&e, 0);
	free(read_text(in, NULL));
	close(in);
	container_finish(&c);
}

static void an_exec_on_a_terminal(void)
{
	struct driver c, e;
	int in;

	container_begin(&c);
	exec_begin(&e, &c, "stty size; tty; read x; exit 3");
	e.start.sandbox.process.terminal = true;
	e.start.sandbox.process.open_stdin = true;
	e.start.sandbox.process.rows = 20;
	e.start.sandbox.process.columns = 30;
	in = driver_attach(&e, &attach_all);
	driver_start(&e);
	free(read_text(in, "20 30\r\n/dev/pts/"));
	write_text(in, "\n");
	driver_finish(&e, 3);
	free(read_text(in, NULL));
	close(in);
	container_finish(&c);
}

static void an_exec_that_fails_tells_who_is_attached(void)
{
	struct driver c, e;
	struct shim_exit end = {0};
	int out;

	container_begin(&c);
	exec_begin(&e, &c, "");
	strings_fini(&e.start.sandbox.process.args);
	strings_add(&e.start.sandbox.process.args, "nothing-like-it");
	out = driver_attach(&e, &attach_output);
	driver_send(&e, SHIM_START, &shim_start_type, &e.start);
	driver_expect(&e, SHIM_FAILED, &shim_exit_type, &end);
	expect(end.failure);
	expect_equal(end.code, 127);
	record_fini(&shim_exit_type, &end);
	driver_release(&e, true);
	scoped_free char *text = read_text(out, NULL);
	expect(strstr(text, "executable file not found in $PATH") && str_ends_with(text, "\r\n"));
	close(out);
	driver_expect_end(&e);
	driver_end(&e);
	container_finish(&c);
}

/* What it leaves in the background may write on for a moment, and keeps nobody waiting longer. */
static void an_exec_does_not_wait_for_ever_for_its_background(void)
{
	struct driver c, e;
	int out;

	container_begin(&c);
	exec_begin(&e, &c, "(sleep 0.2; echo late; sleep 1000) & echo now");
	out = driver_attach(&e, &attach_output);
	driver_start(&e);
	driver_finish(&e, 0);
	expect_text(out, "now\nlate\n");
	container_finish(&c);
}

static void an_exec_ends_with_its_container(void)
{
	struct driver c, e;

	container_begin(&c);
	exec_begin(&e, &c, "exec sleep 1000");
	driver_start(&e);
	container_finish(&c);
	driver_finish(&e, 128 + SIGKILL);
}

static void an_exec_into_a_container_that_is_gone_fails(void)
{
	struct driver c, e;
	struct shim_exit end = {0};

	container_begin(&c);
	exec_begin(&e, &c, "true");
	container_finish(&c);
	driver_send(&e, SHIM_START, &shim_start_type, &e.start);
	driver_expect(&e, SHIM_FAILED, &shim_exit_type, &end);
	record_fini(&shim_exit_type, &end);
	driver_release(&e, true);
	driver_expect_end(&e);
	driver_end(&e);
}

/* ---- the group ---- */

/* A process that nobody has reaped yet does not run. */
static bool runs(pid_t pid)
{
	scoped_free char *path = str_format("/proc/%d/stat", pid);
	scoped_buffer struct buffer stat = {0};
	struct error err;

	return file_read(AT_FDCWD, path, 4096, &stat, &err) && !strstr(stat.data, ") Z ");
}

static void what_shares_the_pids_of_the_host_ends_with_its_container(void)
{
	struct driver d;
	pid_t left;
	int out;

	driver_begin(&d, "sleep 1000 & echo $!");
	d.start.sandbox.pid.mode = NAMESPACE_HOST;
	out = driver_attach(&d, &attach_output);
	driver_start(&d);
	scoped_free char *text = read_text(out, NULL); /* though `sleep` holds the pipe */
	left = (pid_t)strtol(text, NULL, 10);
	expect(left > 1);
	close(out);
	driver_expect_exit(&d, 0);
	expect(!runs(left));
	driver_release(&d, true);
	driver_expect_end(&d);
	driver_end(&d);
}

static void an_oom_kill_is_seen(void)
{
	struct driver d;
	struct shim_exit end = {0};

	driver_begin(&d, "tail /dev/zero");
	d.start.sandbox.resources.memory = 16 << 20;
	d.start.sandbox.resources.memory_swap = 16 << 20;
	strings_fini(&d.start.sandbox.process.args);
	strings_add(&d.start.sandbox.process.args, "tail");
	strings_add(&d.start.sandbox.process.args, "/dev/zero");
	driver_start(&d);
	driver_expect(&d, SHIM_OOM, NULL, NULL);
	driver_expect(&d, SHIM_EXITED, &shim_exit_type, &end);
	expect_equal(end.code, 128 + SIGKILL);
	expect(end.oom);
	driver_release(&d, true);
	driver_expect_end(&d);
	driver_end(&d);
}

/* ---- stats ---- */

static void stats_come_once_twice_or_each_second(void)
{
	struct driver d;
	struct shim_stats once = {
		.one_shot = true, .name = (char[]){"/web"}, .id = (char[]){"0123"}};
	struct shim_stats second = {.chunked = true};
	struct shim_stats stream = {.stream = true};
	int fd;

	driver_begin(&d, "exec sleep 1000");
	driver_start(&d);
	fd = driver_stats(&d, &once);
	scoped_free char *first = read_text(fd, NULL);
	expect(strstr(first, "\"preread\":\"0001-01-01T00:00:00Z\""));
	expect(strstr(first, "\"name\":\"/web\",\"id\":\"0123\""));
	expect(strstr(first, "\"system_cpu_usage\":"));
	close(fd);
	fd = driver_stats(&d, &second);
	scoped_free char *later = read_text(fd, NULL);
	expect(strstr(later, "\"preread\":\"20"));
	expect(str_ends_with(later, "}\n\r\n0\r\n\r\n"));
	close(fd);
	fd = driver_stats(&d, &stream);
	free(read_text(fd, "}\n"));
	free(read_text(fd, "}\n"));
	driver_send(&d, SHIM_SIGNAL, &shim_number_type, &(struct shim_number){SIGKILL});
	driver_expect(&d, SHIM_REPLY, NULL, NULL);
	free(read_text(fd, NULL));
	close(fd);
	driver_finish(&d, 128 + SIGKILL);
}

/* ---- memory ---- */

/* After much output an idle shim has given back what it took. */
static void an_idle_shim_is_small(void)
{
	struct driver d;
	int out;
	long busy, idle;

#if SANITIZED
	return; /* nothing is small there */
#endif
	driver_begin(&d, "seq 1000000; echo done >&2; exec sleep 1000");
	out = driver_attach(&d, &(struct shim_attach){.err = true, .stream = true});
	driver_start(&d);
	free(read_text(out, "done\n"));
	busy = private_kilobytes(d.shim.pid);
	close(out);
	for (int i = 0; i < 100 && (idle = private_kilobytes(d.shim.pid)) > 100; i++)
		usleep(100000);
	if (idle > 100)
		fail("%ld kB are private while idle, %ld while busy", idle, busy);
	driver_end(&d);
}

const struct scenario exec_scenarios[] = {
	SCENARIO(an_exec_runs_inside),
	SCENARIO(an_exec_on_a_terminal),
	SCENARIO(an_exec_that_fails_tells_who_is_attached),
	SCENARIO(an_exec_does_not_wait_for_ever_for_its_background),
	SCENARIO(an_exec_ends_with_its_container),
	SCENARIO(an_exec_into_a_container_that_is_gone_fails),
	SCENARIO(what_shares_the_pids_of_the_host_ends_with_its_container),
	SCENARIO(an_oom_kill_is_seen),
	SCENARIO(stats_come_once_twice_or_each_second),
	SCENARIO(an_idle_shim_is_small),
	{NULL},
};
