#include "unit_driver.h"

#include "base/time.h"
#include "journal/journal.h"
#include "os/cgroup.h"
#include "os/file.h"
#include "os/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void check(bool ok, const struct error *err)
{
	char text[ERROR_TEXT_SIZE];

	if (!ok)
		fail("%s", error_text(err, text, sizeof(text)));
}

char *unit_path(struct unit_driver *d, const char *name)
{
	return str_format("%s/%s", d->folder, name);
}

/* ---- begin and end ---- */

static void fill_start(struct unit_driver *d, enum service_type type)
{
	struct unit_start *start = &d->start;
	const char *group = getenv("SHIM_TEST_GROUP");

	execution_plan_init(&start->plan, "test.service");
	start->plan.type = (int32_t)type;
	start->plan.description = str_dup("A test");
	start->plan.context.working_folder = str_dup(d->folder);
	start->plan.timeout_stop_us = 5000000;
	if (type == SERVICE_NOTIFY || type == SERVICE_NOTIFY_RELOAD)
		start->plan.notify_access = NOTIFY_MAIN;
	start->invocation_id = str_dup("0123456789abcdef0123456789abcdef");
	start->run_folder = unit_path(d, "run");
	start->notify_folder = str_dup(d->folder);
	start->journal_folder = unit_path(d, "journal");
	start->cgroup_path = str_format("%s/unit%d", group ? group : "/wt", getpid());
}

static struct unit_driver *present; /* for cleaning up after a failure */

static void clean_up(void)
{
	if (!present)
		return;
	present->status.sub = SUB_RUNNING; /* no RELEASE, which may fail again */
	unit_end(present);
}

void unit_begin(struct unit_driver *d, enum service_type type)
{
	scoped_free char *program = driver_program();
	scoped_free char *run = NULL;
	struct error err;

	*d = (struct unit_driver){.shim = {.pid = -1, .pidfd = -1, .control = -1}};
	signal(SIGPIPE, SIG_IGN);
	if (!present)
		atexit(clean_up);
	present = d;
	snprintf(d->folder, sizeof(d->folder), "/tmp/wherry-unit.XXXXXX");
	expect(mkdtemp(d->folder));
	expect(chmod(d->folder, 0777) == 0);
	run = unit_path(d, "run");
	check(folder_make(AT_FDCWD, run, 0700, &err), &err);
	d->run_folder = folder_open(AT_FDCWD, run, &err);
	check(d->run_folder >= 0, &err);
	fill_start(d, type);
	check(shim_spawn_unit(program, d->run_folder, &d->shim, &err), &err);
}

struct execution_command *unit_add(struct unit_driver *d, enum execution_phase phase,
				   const char *script)
{
	struct execution_command *c =
		record_list_add(&execution_command_type, &d->start.plan.commands[phase]);

	c->path = str_dup("/bin/sh");
	strings_add(&c->args, "sh");
	strings_add(&c->args, "-c");
	strings_add(&c->args, script);
	c->no_variables = true;
	return c;
}

char *unit_program(void)
{
	char path[4096];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);

	expect(n > 0);
	return str_dup_n(path, (size_t)n);
}

struct execution_command *unit_add_helper(struct unit_driver *d, enum execution_phase phase,
					  const char *words)
{
	scoped_strings struct strings list = strings_split(words, ' ');
	struct execution_command *c =
		record_list_add(&execution_command_type, &d->start.plan.commands[phase]);

	c->path = unit_program();
	strings_add(&c->args, "helper");
	strings_add(&c->args, "helper");
	for (size_t i = 0; i < list.count; i++)
		strings_add(&c->args, list.items[i]);
	c->no_variables = true;
	return c;
}

void unit_set(struct unit_driver *d, const char *variable, const char *value)
{
	pairs_set(&d->start.plan.context.environment, variable, value);
}

static void end_group(struct unit_driver *d)
{
	struct cgroup group;
	struct error err;

	if (!cgroup_open(d->start.cgroup_path, &group, &err))
		return;
	cgroup_kill(&group, &err);
	cgroup_fini(&group);
	check(cgroup_remove(d->start.cgroup_path, &err), &err);
}

static bool is_over(const struct unit_driver *d)
{
	return d->status.sub == SUB_DEAD || d->status.sub == SUB_FAILED;
}

/* Who is released ends, and leaves neither a group nor a socket. */
static void release(struct unit_driver *d)
{
	struct cgroup group;
	struct error err;
	int status;
	struct pollfd p = {.fd = d->shim.pidfd, .events = POLLIN};

	unit_send(d, UNIT_RELEASE, NULL, NULL);
	expect(poll(&p, 1, WAIT_MS) == 1);
	waitpid(d->shim.pid, &status, 0);
	expect(WIFEXITED(status));
	expect_equal(WEXITSTATUS(status), 0);
	close_fd(&d->shim.pidfd);
	if (cgroup_open(d->start.cgroup_path, &group, &err))
		fail("the control group is left");
}

void unit_end(struct unit_driver *d)
{
	struct error err;

	if (is_over(d) && d->status.shim_pid)
		release(d);
	present = NULL;
	if (d->shim.pidfd >= 0) {
		pidfd_signal(d->shim.pidfd, SIGKILL);
		waitpid(d->shim.pid, NULL, 0);
	}
	end_group(d);
	close_fd(&d->shim.pidfd);
	close_fd(&d->shim.control);
	close_fd(&d->run_folder);
	message_reader_fini(&d->reader);
	record_fini(&unit_start_type, &d->start);
	record_fini(&execution_status_type, &d->status);
	tree_remove(AT_FDCWD, d->folder, &err);
}

/* ---- messages ---- */

void unit_send_fds(struct unit_driver *d, enum unit_message message, const struct record_type *type,
		   const void *record, const int *fds, size_t count)
{
	scoped_with(message_queue_fini) struct message_queue queue = {0};
	struct error err;

	check(shim_send(&queue, (enum shim_message)message, type, record, fds, count, &err), &err);
	while (queue.count) {
		struct pollfd p = {.fd = d->shim.control, .events = POLLOUT};

		expect(poll(&p, 1, WAIT_MS) == 1);
		check(message_queue_flush(&queue, d->shim.control, &err), &err);
	}
}

void unit_send(struct unit_driver *d, enum unit_message message, const struct record_type *type,
	       const void *record)
{
	unit_send_fds(d, message, type, record, NULL, 0);
}

void unit_start(struct unit_driver *d)
{
	unit_send(d, UNIT_START, &unit_start_type, &d->start);
}

void unit_stop(struct unit_driver *d, bool restarting)
{
	unit_send(d, UNIT_STOP, &unit_stop_type, &(struct unit_stop){.restarting = restarting});
}

static struct message *receive(struct unit_driver *d)
{
	struct error err;
	struct execution_status status = {0};
	struct message *m = &d->reader.message;

	check(message_receive(&d->reader, d->shim.control, WAIT_MS, &err), &err);
	if (m->type != UNIT_STATUS)
		return m;
	check(record_decode(&execution_status_type, m->data, m->size, &status, &err), &err);
	record_fini(&execution_status_type, &d->status);
	d->status = status;
	return m;
}

void unit_await_status(struct unit_driver *d)
{
	if (receive(d)->type != UNIT_STATUS)
		fail("the shim says %d, expected its status", d->reader.message.type);
}

void unit_await(struct unit_driver *d, enum sub_state sub)
{
	do {
		unit_await_status(d);
		if (is_over(d) && d->status.sub != (int)sub)
			fail("the unit is %s (%s), expected %s",
			     sub_state_name((enum sub_state)d->status.sub),
			     execution_result_name((enum execution_result)d->status.result),
			     sub_state_name(sub));
	} while (d->status.sub != (int)sub);
}

void unit_await_over(struct unit_driver *d, enum sub_state sub, enum execution_result result)
{
	unit_await(d, sub);
	if (d->status.result != (int)result)
		fail("the result is %s, expected %s",
		     execution_result_name((enum execution_result)d->status.result),
		     execution_result_name(result));
}

void unit_run(struct unit_driver *d)
{
	unit_start(d);
	unit_await(d, SUB_RUNNING);
}

void unit_halt(struct unit_driver *d)
{
	unit_stop(d, false);
	unit_await_over(d, SUB_DEAD, RESULT_SUCCESS);
}

void unit_expect(struct unit_driver *d, enum unit_message message, const struct record_type *type,
		 void *record, int *fds, size_t fd_count)
{
	struct error err;
	struct message *m;

	do
		m = receive(d);
	while (m->type == UNIT_STATUS && message != UNIT_STATUS);
	if (m->type != message)
		fail("the shim says %d, expected %d", m->type, message);
	if (type)
		check(record_decode(type, m->data, m->size, record, &err), &err);
	for (size_t i = 0; i < fd_count; i++)
		fds[i] = i < m->fd_count ? take_fd(m->fds[i]) : -1;
}

void unit_expect_reply(struct unit_driver *d, int kind)
{
	struct shim_failure reply = {0};

	unit_expect(d, UNIT_REPLY, &shim_failure_type, &reply, NULL, 0);
	expect_equal(reply.kind, kind);
	record_fini(&shim_failure_type, &reply);
}

void unit_reconnect(struct unit_driver *d)
{
	struct error err;

	close_fd(&d->shim.control);
	message_reader_fini(&d->reader);
	d->reader = (struct message_reader){0};
	d->shim.control = shim_connect(d->run_folder, &err);
	check(d->shim.control >= 0, &err);
	unit_send(d, UNIT_HELLO, NULL, NULL);
	unit_await_status(d);
}

/* ---- files ---- */

char *unit_file(struct unit_driver *d, const char *name)
{
	scoped_free char *path = unit_path(d, name);
	struct buffer text = {0};
	struct error err;

	file_read(AT_FDCWD, path, 16 << 20, &text, &err);
	return buffer_take(&text);
}

void unit_expect_file(struct unit_driver *d, const char *name, const char *text)
{
	scoped_free char *found = unit_file(d, name);

	if (strcmp(found, text) != 0)
		fail("'%s' holds <%s>, expected <%s>", name, found, text);
}

void unit_await_file(struct unit_driver *d, const char *name, const char *text)
{
	int64_t until = time_monotonic_ns() + WAIT_MS * NS_PER_MS;

	for (;;) {
		scoped_free char *found = unit_file(d, name);

		if (strstr(found, text))
			return;
		if (time_monotonic_ns() > until)
			fail("'%s' holds <%s>, expected <%s> in it", name, found, text);
		nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
	}
}

pid_t unit_pid(struct unit_driver *d, const char *name)
{
	scoped_free char *text = unit_file(d, name);
	pid_t pid = (pid_t)strtol(text, NULL, 10);

	expect(pid > 1);
	return pid;
}

void unit_make_file(struct unit_driver *d, const char *name)
{
	scoped_free char *path = unit_path(d, name);
	scoped_fd int file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	expect(file >= 0);
}

static bool add_text(void *data, const char *text, size_t size)
{
	buffer_add(data, text, size);
	return true;
}

char *unit_journal_text(struct unit_driver *d)
{
	struct journal_query query = {.lines = -1, .priority_high = 7};
	struct buffer text = {0};
	struct journal_sink sink = {
		.write = add_text, .data = &text, .stop = -1, .no_markers = true};
	struct error err;

	check(journal_read(d->start.journal_folder, &query, JOURNAL_CAT, &sink, &err), &err);
	return buffer_take(&text);
}

void unit_expect_journal(struct unit_driver *d, const char *expected)
{
	scoped_free char *found = unit_journal_text(d);

	if (!strstr(found, expected))
		fail("the journal holds <%s>, expected <%s> in it", found, expected);
}
