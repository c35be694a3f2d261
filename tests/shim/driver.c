#include "driver.h"

#include "base/time.h"
#include "os/fd.h"
#include "os/file.h"
#include "os/process.h"
#include "os/socket.h"
#include "shim/log_reader.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static struct driver *present[4]; /* for cleaning up after a failure; the first ones are used */

const struct shim_attach attach_output = {.out = true, .err = true, .stream = true};
const struct shim_attach attach_all = {.in = true, .out = true, .err = true, .stream = true};

void fail_at(const char *file, int line, const char *format, ...)
{
	va_list args;

	fprintf(stderr, "%s:%d: ", file, line);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	for (size_t i = 0; i < array_length(present); i++)
		if (present[i])
			driver_end(present[i]);
	exit(1);
}

void expect_equal_at(const char *file, int line, const char *what, long long a, long long b)
{
	if (a != b)
		fail_at(file, line, "%s is %lld, expected %lld", what, a, b);
}

static void set_present(struct driver *from, struct driver *to)
{
	for (size_t i = 0; i < array_length(present); i++) {
		if (present[i] == from) {
			present[i] = to;
			return;
		}
	}
}

static void check(bool ok, const struct error *err)
{
	char text[ERROR_TEXT_SIZE];

	if (!ok)
		fail("%s", error_text(err, text, sizeof(text)));
}

/* ---- begin and end ---- */

static void fill_start(struct driver *d, const char *script)
{
	struct shim_start *start = &d->start;
	struct sandbox_spec *sandbox = &start->sandbox;
	const char *root = getenv("SHIM_TEST_ROOT"), *group = getenv("SHIM_TEST_GROUP");

	start->kind = SHIM_CONTAINER;
	start->run_folder = str_format("%s/run", d->folder);
	start->log.driver = str_dup("json-file");
	start->log.path = str_format("%s/log/test.log", d->folder);
	start->log.max_size = -1;
	start->log.max_files = 1;
	sandbox->id = str_format("%064x", getpid());
	sandbox->hostname = str_dup("shim-test");
	sandbox->root_folder = str_dup(root ? root : "/");
	sandbox->cgroup_path = str_format("%s/%d", group ? group : "/wt", getpid());
	sandbox->process.cwd = str_dup("/");
	sandbox->process.user = str_dup("");
	sandbox->process.capabilities = 0xa80425fb; /* the default ones */
	strings_add(&sandbox->process.env, "PATH=/bin:/usr/bin");
	strings_add(&sandbox->process.args, "/bin/sh");
	strings_add(&sandbox->process.args, "-c");
	strings_add(&sandbox->process.args, script);
}

char *driver_program(void)
{
	const char *build = getenv("WHERRY_BUILD");

	if (!build)
		fail("WHERRY_BUILD is not set");
	return str_format("%s/wherry-shim", build);
}

static int make_folder(const struct driver *d, const char *name)
{
	scoped_free char *path = str_format("%s/%s", d->folder, name);
	struct error err;
	int fd;

	check(folder_make(AT_FDCWD, path, 0700, &err), &err);
	fd = folder_open(AT_FDCWD, path, &err);
	check(fd >= 0, &err);
	return fd;
}

typedef bool spawn(const char *program, int folder, struct shim_process *out, struct error *err);

static void begin(struct driver *d, const char *script, spawn *spawn_shim)
{
	scoped_free char *path = driver_program();
	struct error err;

	*d = (struct driver){.shim = {.pid = -1, .pidfd = -1, .control = -1}};
	signal(SIGPIPE, SIG_IGN);
	snprintf(d->folder, sizeof(d->folder), "/tmp/wherry-test.XXXXXX");
	expect(mkdtemp(d->folder));
	set_present(NULL, d);
	d->run_folder = make_folder(d, "run");
	d->log_folder = make_folder(d, "log");
	fill_start(d, script);
	check(spawn_shim(path, d->run_folder, &d->shim, &err), &err);
}

void driver_begin(struct driver *d, const char *script)
{
	begin(d, script, shim_spawn);
}

void driver_begin_keeper(struct driver *d)
{
	begin(d, "", shim_spawn_keeper);
}

static void kill_process(const struct driver *d)
{
	struct shim_state state = {0};
	struct error err;
	int pidfd = -1;

	if (shim_read_state(d->run_folder, &state, &err))
		pidfd = process_open((pid_t)state.pid, state.start_time);
	if (pidfd >= 0)
		pidfd_signal(pidfd, SIGKILL);
	close_fd(&pidfd);
	record_fini(&shim_state_type, &state);
}

void driver_end(struct driver *d)
{
	struct error err;

	set_present(d, NULL);
	kill_process(d);
	if (d->shim.pidfd >= 0) {
		pidfd_signal(d->shim.pidfd, SIGKILL);
		waitpid(d->shim.pid, NULL, 0);
	}
	close_fd(&d->shim.pidfd);
	close_fd(&d->shim.control);
	close_fd(&d->run_folder);
	close_fd(&d->log_folder);
	message_reader_fini(&d->reader);
	buffer_fini(&d->early_data);
	record_fini(&shim_start_type, &d->start);
	tree_remove(AT_FDCWD, d->folder, &err);
}

/* ---- messages ---- */

static void send_fds(struct driver *d, enum shim_message message, const struct record_type *type,
		     const void *record, const int *fds, size_t count)
{
	scoped_with(message_queue_fini) struct message_queue queue = {0};
	struct error err;

	check(shim_send(&queue, message, type, record, fds, count, &err), &err);
	while (queue.count) {
		struct pollfd p = {.fd = d->shim.control, .events = POLLOUT};

		expect(poll(&p, 1, WAIT_MS) == 1);
		check(message_queue_flush(&queue, d->shim.control, &err), &err);
	}
}

void driver_send(struct driver *d, enum shim_message message, const struct record_type *type,
		 const void *record)
{
	send_fds(d, message, type, record, NULL, 0);
}

void driver_send_fd(struct driver *d, enum shim_message message, const struct record_type *type,
		    const void *record, int fd)
{
	send_fds(d, message, type, record, &fd, 1);
}

static bool is_end(const struct message *m)
{
	return m->type == SHIM_EXITED || m->type == SHIM_FAILED;
}

static void receive(struct driver *d)
{
	struct error err;

	check(message_receive(&d->reader, d->shim.control, WAIT_MS, &err), &err);
	if (is_end(&d->reader.message) && !d->records_late)
		driver_send(d, SHIM_RECORDED, NULL, NULL);
}

/* Something has come while the scenario reads something else: only an end can be kept. */
static void receive_early(struct driver *d)
{
	receive(d);
	if (!is_end(&d->reader.message) || d->early.type)
		fail("the shim says %d, and nobody listens", d->reader.message.type);
	buffer_add(&d->early_data, d->reader.message.data, d->reader.message.size);
	d->early = d->reader.message;
	d->early.data = d->early_data.data;
}

int driver_expect(struct driver *d, enum shim_message message, const struct record_type *type,
		  void *record)
{
	struct message *m = d->early.type ? &d->early : &d->reader.message;
	struct error err;

	if (!d->early.type)
		receive(d);
	if (m->type != message)
		fail("the shim says %d, expected %d", m->type, message);
	expect_equal(m->version, SHIM_PROTOCOL_VERSION);
	if (type && record)
		check(record_decode(type, m->data, m->size, record, &err), &err);
	d->early = (struct message){0};
	return d->reader.message.fd_count ? take_fd(d->reader.message.fds[0]) : -1;
}

void driver_write_stdin(struct driver *d, const char *text)
{
	int in = driver_attach(d, &(struct shim_attach){.in = true, .stream = true});

	write_text(in, text);
	close(in);
}

void driver_start(struct driver *d)
{
	struct shim_state state = {0};

	driver_send(d, SHIM_START, &shim_start_type, &d->start);
	driver_expect(d, SHIM_STARTED, &shim_state_type, &state);
	expect_equal(state.phase, SHIM_PHASE_RUNNING);
	expect_equal(state.shim_pid, d->shim.pid);
	expect(state.pid > 0 && state.start_time > 0 && state.started_ns > 0);
	d->pid = state.pid;
	d->start_time = state.start_time;
	record_fini(&shim_state_type, &state);
}

void driver_expect_exit(struct driver *d, int code)
{
	struct shim_exit end = {0};

	driver_expect(d, SHIM_EXITED, &shim_exit_type, &end);
	expect_equal(end.code, code);
	expect(end.finished_ns > 0);
	expect(!end.failure);
	record_fini(&shim_exit_type, &end);
}

void driver_release(struct driver *d, bool removed)
{
	driver_send(d, SHIM_RELEASE, &shim_release_type,
		    &(struct shim_release){.removed = removed});
}

void driver_expect_end(struct driver *d)
{
	int status;

	expect(is_readable(d->shim.pidfd, WAIT_MS));
	waitpid(d->shim.pid, &status, 0);
	close_fd(&d->shim.pidfd);
	close_fd(&d->shim.control);
	expect(WIFEXITED(status));
	expect_equal(WEXITSTATUS(status), 0);
}

void driver_finish(struct driver *d, int code)
{
	driver_expect_exit(d, code);
	driver_release(d, true);
	driver_expect_end(d);
	driver_end(d);
}

bool driver_shim_lives(struct driver *d)
{
	return !is_readable(d->shim.pidfd, 0);
}

void driver_disconnect(struct driver *d)
{
	close_fd(&d->shim.control);
	message_reader_fini(&d->reader);
	d->reader = (struct message_reader){0};
}

void driver_reconnect(struct driver *d)
{
	struct error err;

	driver_disconnect(d);
	d->shim.control = shim_connect(d->run_folder, &err);
	check(d->shim.control >= 0, &err);
	driver_send(d, SHIM_HELLO, NULL, NULL);
}

/* ---- connections ---- */

static int send_connection(struct driver *d, enum shim_message message,
			   const struct record_type *type, const void *record)
{
	struct error err;
	int pair[2];

	check(socket_pair(pair, &err), &err);
	driver_send_fd(d, message, type, record, pair[1]);
	close(pair[1]);
	return pair[0];
}

int driver_attach(struct driver *d, const struct shim_attach *attach)
{
	return send_connection(d, SHIM_ATTACH, &shim_attach_type, attach);
}

int driver_wait(struct driver *d, const struct shim_wait *wait)
{
	return send_connection(d, SHIM_WAIT, &shim_wait_type, wait);
}

int driver_logs(struct driver *d, const struct shim_logs *logs)
{
	return send_connection(d, SHIM_LOGS, &shim_logs_type, logs);
}

int driver_stats(struct driver *d, const struct shim_stats *stats)
{
	return send_connection(d, SHIM_STATS, &shim_stats_type, stats);
}

bool is_readable(int fd, int timeout_ms)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	return poll(&p, 1, timeout_ms) == 1;
}

/* Wait for `fd`, and be the daemon of all shims meanwhile. */
static bool wait_for(int fd)
{
	for (;;) {
		struct pollfd p[1 + array_length(present)] = {{.fd = fd, .events = POLLIN}};

		for (size_t i = 0; i < array_length(present); i++)
			p[1 + i] = (struct pollfd){.fd = present[i] && !present[i]->early.type
								 ? present[i]->shim.control
								 : -1,
						   .events = POLLIN};
		if (poll(p, array_length(p), WAIT_MS) <= 0)
			return false;
		if (p[0].revents)
			return true;
		for (size_t i = 0; i < array_length(present); i++)
			if (p[1 + i].revents)
				receive_early(present[i]);
	}
}

char *read_text(int fd, const char *until)
{
	struct buffer text = {0};

	buffer_add(&text, "", 0);
	while (!until || !strstr(text.data, until)) {
		ssize_t n;

		if (!wait_for(fd))
			fail("nothing more comes after '%s'", text.data);
		n = read(fd, buffer_reserve(&text, 65536), 65536);
		if (n <= 0 && until)
			fail("the stream ended after '%s', before '%s'", text.data, until);
		if (n <= 0)
			break;
		buffer_wrote(&text, (size_t)n);
	}
	return buffer_take(&text);
}

void expect_text(int fd, const char *expected)
{
	scoped_free char *text = read_text(fd, NULL);

	if (strcmp(text, expected) != 0)
		fail("read '%s', expected '%s'", text, expected);
	close(fd);
}

void write_text(int fd, const char *text)
{
	struct error err;

	check(fd_write_all(fd, text, strlen(text), &err), &err);
}

void expect_log(struct driver *d, bool out, bool err, const char *expected)
{
	scoped_free char *text = driver_log(d, out, err);

	if (strcmp(text, expected) != 0)
		fail("the log is '%s', expected '%s'", text, expected);
}

char *driver_log(struct driver *d, bool out, bool err)
{
	struct log_query query = {.out = out, .err = err, .tail = -1};
	struct log_reader *reader = log_reader_open(d->log_folder, "test.log", &query);
	struct buffer text = {0};

	buffer_add(&text, "", 0);
	while (reader && log_reader_read(reader, 65536, &text) == LOG_MORE)
		;
	log_reader_close(reader);
	return buffer_take(&text);
}

long private_kilobytes(pid_t pid)
{
	scoped_free char *path = str_format("/proc/%d/smaps_rollup", pid);
	FILE *file = fopen(path, "re");
	char line[256];
	long kilobytes = -1;

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "Private_Dirty: %ld kB", &kilobytes) == 1)
			break;
	if (file)
		fclose(file);
	return kilobytes;
}
