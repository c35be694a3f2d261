/* The log: written under load, on a full disk, rotated; read back and followed. */
#include "scenario.h"

#include "base/memory.h"
#include "os/file.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct shim_logs logs_all = {.out = true, .err = true, .tail = -1};

/* ---- much output ---- */

static void much_output_with_nobody_reading(void)
{
	enum { LINE = 80, COUNT = 200 * 1000 * 1000 / LINE };
	struct driver d;

	driver_begin(
		&d,
		"yes "
		"0123456789012345678901234567890123456789012345678901234567890123456789012345678"
		" | head -n 2500000");
	driver_start(&d);
	driver_expect_exit(&d, 0);
	scoped_free char *text = driver_log(&d, true, true);
	expect_equal((long long)strlen(text), (long long)LINE * COUNT);
	driver_release(&d, true);
	driver_expect_end(&d);
	driver_end(&d);
}

static long long times_asleep(pid_t pid)
{
	static const char name[] = "\nvoluntary_ctxt_switches:";
	scoped_free char *path = str_format("/proc/%d/status", pid);
	char text[4096];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = read(fd, text, sizeof(text) - 1);
	const char *at;

	expect(n > 0);
	text[n] = '\0';
	close(fd);
	at = strstr(text, name);
	expect(at);
	return strtoll(at + sizeof(name) - 1, NULL, 10);
}

/* Who writes line by line does not wake the shim for each; afterwards nothing wakes it. */
static void many_small_writes_wake_it_seldom_and_their_end_lets_it_sleep(void)
{
	enum { LINES = 50000 };
	struct driver d;
	struct shim_logs follow = logs_all;
	long long asleep, before;
	int out;

	follow.follow = true;
	driver_begin(&d,
		     "i=0; while [ $i -lt 50000 ]; do i=$((i+1)); echo $i; done; exec sleep 1000");
	driver_start(&d);
	out = driver_logs(&d, &follow);
	free(read_text(out, "\n50000\n"));
	close(out);
	asleep = times_asleep(d.shim.pid);
	if (asleep > LINES / 5)
		fail("%d lines have woken it %lld times", LINES, asleep);
	do {
		before = asleep;
		usleep(2500000); /* longer than it keeps its buffers */
		asleep = times_asleep(d.shim.pid);
	} while (asleep != before);
	driver_end(&d);
}

static void a_client_that_has_closed_costs_nothing(void)
{
	struct driver d;
	int gone, half;

	driver_begin(&d, "yes | head -c 20000000");
	gone = driver_attach(&d, &attach_output);
	half = driver_attach(&d, &attach_output);
	driver_start(&d);
	free(read_text(gone, "y\n"));
	close(gone);
	shutdown(half, SHUT_WR);
	scoped_free char *all = read_text(half, NULL);
	expect_equal((long long)strlen(all), 20000000);
	close(half);
	driver_finish(&d, 0);
}

static void a_slow_reader_gets_all_of_it(void)
{
	enum { SIZE = 3000000 };
	struct driver d;
	char piece[16384];
	size_t total = 0;
	int out;

	driver_begin(&d, "yes | head -c 3000000");
	out = driver_attach(&d, &attach_output);
	driver_start(&d);
	while (total < SIZE) {
		ssize_t n;

		expect(is_readable(out, WAIT_MS));
		n = read(out, piece, sizeof(piece));
		expect(n > 0);
		total += (size_t)n;
		usleep(1000); /* this is what makes it slow */
	}
	expect_equal((long long)total, SIZE);
	expect_text(out, "");
	driver_finish(&d, 0);
}

/* Until then it holds the process up; afterwards all goes on, and a second client misses nothing. */
static void a_client_that_takes_nothing_is_dropped_and_told_so(void)
{
	enum { SIZE = 5000000 };
	struct driver d;
	struct shim_attach framed = attach_output;
	int dead, living;

	framed.multiplexed = true;
	driver_begin(&d, "yes | head -c 5000000");
	dead = driver_attach(&d, &framed);
	living = driver_attach(&d, &attach_output);
	driver_start(&d);
	scoped_free char *all = read_text(living, NULL);
	expect_equal((long long)strlen(all), SIZE);
	close(living);
	driver_expect_exit(&d, 0);
	driver_release(&d, true);

	struct buffer taken = {0};
	for (;;) {
		ssize_t n;

		expect(is_readable(dead, WAIT_MS));
		n = read(dead, buffer_reserve(&taken, 65536), 65536);
		if (n <= 0)
			break;
		buffer_wrote(&taken, (size_t)n);
	}
	expect(taken.size > 256 << 10 && taken.size < 1 << 20);
	expect(memmem(taken.data + taken.size - 150, 150, "\3\0\0\0\0\0\0", 7));
	expect(memmem(taken.data + taken.size - 150, 150, "took nothing for 10 seconds", 27));
	buffer_fini(&taken);
	close(dead);
	driver_expect_end(&d);
	driver_end(&d);
}

/* ---- a full disk ---- */

/* Mounts of this process and of the shims that it starts; they go with it. */
static void make_mounts_private(void)
{
	expect(unshare(CLONE_NEWNS) == 0);
	expect(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
}

static void mount_log_folder(struct driver *d, const char *size, unsigned long flags)
{
	scoped_free char *folder = str_format("%s/log", d->folder);
	scoped_free char *options = str_format("size=%s", size);

	expect(mount("tmpfs", folder, "tmpfs", flags, options) == 0);
	close(d->log_folder);
	d->log_folder = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static void unmount_log_folder(struct driver *d)
{
	scoped_free char *folder = str_format("%s/log", d->folder);

	expect(umount2(folder, MNT_DETACH) == 0);
}

static void a_full_disk_costs_lines_and_says_so(void)
{
	struct driver d;
	struct shim_exit end = {0};
	struct shim_text warning = {0};
	int out;

	make_mounts_private();
	driver_begin(&d, "seq 100000; echo full; read x; echo room; exit 6");
	mount_log_folder(&d, "256k", 0);
	d.start.sandbox.process.open_stdin = true;
	out = driver_attach(&d, &attach_output);
	driver_start(&d);
	free(read_text(out, "full\n")); /* the log is done with what a client sees */
	mount_log_folder(&d, "64m", MS_REMOUNT);
	driver_write_stdin(&d, "x\n");
	driver_expect(&d, SHIM_WARNING, &shim_text_type, &warning);
	expect(strstr(warning.text, "No space left"));
	record_fini(&shim_text_type, &warning);
	expect_text(out, "room\n");
	driver_expect(&d, SHIM_EXITED, &shim_exit_type, &end);
	expect_equal(end.code, 6);
	expect(end.log_dropped > 400000 && end.log_dropped < 588900);
	scoped_free char *text = driver_log(&d, true, true);
	expect(str_starts_with(text, "1\n2\n3\n"));
	expect(str_ends_with(text, "bytes of output are missing here: No space left on device\n"
				   "room\n"));
	driver_release(&d, true);
	driver_expect_end(&d);
	unmount_log_folder(&d);
	driver_end(&d);
}

/* What was cut off of the last line is behind the end that the file has, not the one that was written. */
static void a_log_that_was_emptied_may_fill_the_disk_again(void)
{
	enum { ROOM = 256 << 10 };
	struct driver d;
	struct stat st;
	int out;

	make_mounts_private();
	driver_begin(&d, "seq 1000; echo first; read x; seq 100000");
	mount_log_folder(&d, "256k", 0);
	d.start.sandbox.process.open_stdin = true;
	out = driver_attach(&d, &attach_output);
	driver_start(&d);
	free(read_text(out, "first\n"));
	expect(truncate(d.start.log.path, 0) == 0);
	driver_write_stdin(&d, "x\n");
	free(read_text(out, NULL));
	close(out);
	driver_expect_exit(&d, 0);
	expect(stat(d.start.log.path, &st) == 0);
	expect(st.st_size > ROOM / 2 && st.st_size <= ROOM);
	scoped_free char *text = driver_log(&d, true, true);
	expect(str_starts_with(text, "1\n2\n3\n"));
	driver_release(&d, true);
	driver_expect_end(&d);
	unmount_log_folder(&d);
	driver_end(&d);
}

static void a_disk_that_stays_full_keeps_nothing_from_ending(void)
{
	struct driver d;
	struct shim_exit end = {0};

	make_mounts_private();
	driver_begin(&d, "seq 100000; exit 6");
	mount_log_folder(&d, "4k", 0);
	driver_start(&d);
	driver_expect(&d, SHIM_EXITED, &shim_exit_type, &end);
	expect_equal(end.code, 6);
	expect(end.log_dropped > 580000);
	driver_release(&d, true);
	driver_expect_end(&d);
	unmount_log_folder(&d);
	driver_end(&d);
}

/* ---- reading back ---- */

static void logs_are_served_while_it_runs_and_after(void)
{
	struct driver d;
	struct shim_logs tail = logs_all, framed = logs_all;
	int out;

	tail.tail = 2;
	framed.multiplexed = framed.chunked = true;
	framed.out = false;
	driver_begin(&d, "seq 5; echo err >&2; read x");
	d.start.sandbox.process.open_stdin = true;
	out = driver_attach(&d, &attach_output);
	driver_start(&d);
	free(read_text(out, "err\n"));
	expect_text(driver_logs(&d, &logs_all), "1\n2\n3\n4\n5\nerr\n");
	expect_text(driver_logs(&d, &tail), "5\nerr\n");
	scoped_free char *frames = read_text(driver_logs(&d, &framed), NULL);
	expect(memcmp(frames, "c\r\n\2\0\0\0\0\0\0\4err\n\r\n0\r\n\r\n", 22) == 0);
	driver_write_stdin(&d, "x\n");
	driver_expect_exit(&d, 0);
	expect_text(driver_logs(&d, &tail), "5\nerr\n");
	close(out);
	driver_release(&d, true);
	driver_expect_end(&d);
	driver_end(&d);
}

static void who_follows_gets_each_line_and_the_end(void)
{
	struct driver d;
	struct shim_logs follow = logs_all, from_now = logs_all;
	int all, rest, dead;

	follow.follow = from_now.follow = true;
	from_now.tail = 0;
	from_now.chunked = true;
	driver_begin(&d, "echo one; read x; echo $x; read y; printf $y; exit 3");
	d.start.sandbox.process.open_stdin = true;
	driver_start(&d);
	all = driver_logs(&d, &follow);
	dead = driver_logs(&d, &follow);
	free(read_text(all, "one\n"));
	rest = driver_logs(&d, &from_now);
	close(dead);
	driver_write_stdin(&d, "two\n");
	free(read_text(all, "two\n"));
	free(read_text(rest, "two\n\r\n"));
	driver_reconnect(&d); /* followers outlive the daemon */
	driver_expect(&d, SHIM_STATUS, NULL, NULL);
	driver_write_stdin(&d, "three\n");
	expect_text(all, "three");
	expect_text(rest, "5\r\nthree\r\n0\r\n\r\n");
	driver_finish(&d, 3);
}

static void rotation_loses_nothing_for_who_follows(void)
{
	enum { COUNT = 20000 };
	struct driver d;
	struct shim_logs follow = logs_all;
	scoped_buffer struct buffer expected = {0};
	struct stat st;
	int all;

	follow.follow = true;
	driver_begin(&d, "read x; i=0; while [ $i -lt 20000 ]; do echo $i; i=$((i+1)); done");
	d.start.sandbox.process.open_stdin = true;
	d.start.log.max_size = 10000;
	d.start.log.max_files = 500;
	for (int i = 0; i < COUNT; i++)
		buffer_format(&expected, "%d\n", i);
	driver_start(&d);
	all = driver_logs(&d, &follow);
	driver_write_stdin(&d, "x\n");
	expect_text(all, expected.data);
	expect(fstatat(d.log_folder, "test.log.100", &st, 0) == 0);
	expect(st.st_size >= 10000 && st.st_size < 10200);
	driver_finish(&d, 0);
}

static void a_reader_of_its_own_serves_a_log_without_a_shim(void)
{
	struct driver d;
	struct shim_logs logs = logs_all;
	struct shim_process reader;
	struct error err;
	int pair[2], status;

	driver_begin(&d, "seq 3");
	driver_start(&d);
	driver_expect_exit(&d, 0);
	driver_release(&d, false);
	driver_expect_end(&d);
	logs.log_path = d.start.log.path;
	logs.follow = true; /* nothing will come */
	expect(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
	scoped_free char *program = driver_program();
	expect(shim_spawn_logs(program, &logs, pair[1], &reader, &err));
	close(pair[1]);
	expect_text(pair[0], "1\n2\n3\n");
	expect(is_readable(reader.pidfd, WAIT_MS));
	waitpid(reader.pid, &status, 0);
	expect_equal(status, 0);
	close(reader.pidfd);
	driver_end(&d);
}

static size_t count_descriptors(pid_t pid)
{
	scoped_free char *path = str_format("/proc/%d/fd", pid);
	scoped_fd int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	scoped_list DIR *list = folder_list(folder);
	size_t count = 0;

	expect(list);
	while (folder_next(list))
		count++;
	return count;
}

/* A container that says nothing does not keep anything of those who have gone. */
static void who_followed_and_went_leaves_nothing_behind(void)
{
	enum { TIMES = 20 };
	struct driver d;
	struct shim_logs follow = logs_all;
	size_t before;

	follow.follow = true;
	driver_begin(&d, "echo one; exec sleep 1000");
	driver_start(&d);
	close(driver_logs(&d, &follow));
	before = count_descriptors(d.shim.pid); /* what this one had may still be among them */
	for (int i = 0; i < TIMES; i++) {
		int out = driver_logs(&d, &follow);

		free(read_text(out, "one\n"));
		close(out);
	}
	for (int waited = 0; count_descriptors(d.shim.pid) > before && waited < WAIT_MS; waited++)
		usleep(1000);
	expect(count_descriptors(d.shim.pid) <= before);
	driver_end(&d);
}

/* As many do who want room again: the container writes on at the beginning. */
static void a_log_that_was_emptied_is_followed_on(void)
{
	struct driver d;
	struct shim_logs follow = logs_all, from_now = logs_all;
	int all, rest;

	follow.follow = from_now.follow = true;
	from_now.tail = 0;
	driver_begin(&d, "seq 1000; read x; echo $x; read y; echo $y");
	d.start.sandbox.process.open_stdin = true;
	driver_start(&d);
	all = driver_logs(&d, &follow);
	free(read_text(all, "\n1000\n"));
	expect(truncate(d.start.log.path, 0) == 0);
	rest = driver_logs(&d, &from_now);
	driver_write_stdin(&d, "two\n");
	free(read_text(rest, "two\n"));
	free(read_text(all, "two\n"));
	driver_write_stdin(&d, "three\n");
	expect_text(rest, "three\n");
	expect_text(all, "three\n");
	expect_log(&d, true, true, "two\nthree\n");
	driver_finish(&d, 0);
}

static void without_a_log_there_is_still_an_attach(void)
{
	struct driver d;
	struct shim_attach replay = attach_output;
	int out;

	replay.replay = true;
	driver_begin(&d, "read x; echo $x");
	str_replace(&d.start.log.driver, "none");
	str_replace(&d.start.log.path, NULL);
	d.start.sandbox.process.open_stdin = true;
	driver_start(&d);
	out = driver_attach(&d, &replay);
	expect_text(driver_logs(&d, &logs_all), "");
	driver_write_stdin(&d, "on\n");
	expect_text(out, "on\n");
	driver_finish(&d, 0);
}

const struct scenario log_scenarios[] = {
	SCENARIO(much_output_with_nobody_reading),
	SCENARIO(many_small_writes_wake_it_seldom_and_their_end_lets_it_sleep),
	SCENARIO(a_client_that_has_closed_costs_nothing),
	SCENARIO(a_slow_reader_gets_all_of_it),
	SCENARIO(a_client_that_takes_nothing_is_dropped_and_told_so),
	SCENARIO(a_full_disk_costs_lines_and_says_so),
	SCENARIO(a_log_that_was_emptied_may_fill_the_disk_again),
	SCENARIO(a_disk_that_stays_full_keeps_nothing_from_ending),
	SCENARIO(logs_are_served_while_it_runs_and_after),
	SCENARIO(who_follows_gets_each_line_and_the_end),
	SCENARIO(rotation_loses_nothing_for_who_follows),
	SCENARIO(a_reader_of_its_own_serves_a_log_without_a_shim),
	SCENARIO(who_followed_and_went_leaves_nothing_behind),
	SCENARIO(a_log_that_was_emptied_is_followed_on),
	SCENARIO(without_a_log_there_is_still_an_attach),
	{NULL},
};
