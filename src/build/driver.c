#include "build/driver.h"

#include "base/id.h"
#include "base/memory.h"
#include "http/http_framing.h"
#include "image/confine.h"
#include "image/content_hash.h"
#include "os/fd.h"
#include "os/file.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <locale.h>
#include <poll.h>
#include <stdarg.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOCK_SIZE (256 * 1024)
#define DRAIN_MAX  ((size_t)64 << 20)

/* ---- asking and saying ---- */

int32_t stage_number(const struct stage_work *s)
{
	return s->stage->index;
}

bool stage_ask(struct stage_work *s, enum build_message type, const struct record_type *record_type,
	       const void *record, stage_then *then, struct error *err)
{
	s->then = then;
	return worker_send(&s->driver->worker, (enum worker_message)type, record_type, record, err);
}

bool stage_take(const struct message *message, enum build_message type,
		const struct record_type *record_type, void *record, struct error *err)
{
	return worker_decode(message, (enum worker_message)type, record_type, record, err);
}

static bool is_first_unfinished(const struct stage_work *s)
{
	const struct driver *d = s->driver;

	for (const struct stage_work *other = d->stages; other < s; other++)
		if (other->state == STAGE_WAITING || other->state == STAGE_ACTIVE)
			return false;
	return true;
}

void stage_say(struct stage_work *s, const struct buffer *lines)
{
	if (is_first_unfinished(s))
		answer_lines(&s->driver->answer, lines);
	else
		buffer_add(&s->held, lines->data ? lines->data : "", lines->size);
}

void stage_say_format(struct stage_work *s, const char *format, ...)
{
	scoped_buffer struct buffer text = {0}, line = {0};
	va_list args;

	va_start(args, format);
	buffer_format_v(&text, format, args);
	va_end(args);
	line_stream(&line, text.data, text.size);
	stage_say(s, &line);
}

void stage_say_image(struct stage_work *s, const char *id)
{
	stage_say_format(s, " ---> %.12s\n", strchr(id, ':') ? strchr(id, ':') + 1 : id);
}

/* ---- beginning ---- */

/* Both read files when they are first used; afterwards there are none. */
static void prepare_libraries(void)
{
	size_t seed;

	random_bytes(&seed, sizeof(seed));
	json_object_seed(seed | 1);
	content_hash_prepare();
	setlocale(LC_CTYPE, "C.UTF-8"); /* libarchive wants it for pax names */
	umask(0);
}

static void open_body(struct driver *d)
{
	struct http_body_input input = {
		.socket = d->connection,
		.framing = (enum http_framing)d->start.framing,
		.length = (uint64_t)d->start.length,
		.expects_continue = d->start.expects_continue,
		.early = &d->start.early,
	};

	d->body = http_body_new(&input);
	d->block = mem_resize(NULL, BLOCK_SIZE, 1);
	d->answer = (struct answer){.connection = d->connection,
				    .head = d->start.head,
				    .chunked = d->start.chunked,
				    .quiet = d->start.quiet};
}

static bool take_start(struct driver *d, struct error *err)
{
	struct message *message;

	if (!worker_expect(&d->worker, (enum worker_message)BUILD_START, &build_start_type,
			   &d->start, &message, err))
		return false;
	if (message->fd_count != 2)
		return error_set(err, ERROR_SYSTEM, "the build got no connection");
	d->connection = take_fd(message->fds[0]);
	d->folder = take_fd(message->fds[1]);
	open_body(d);
	return true;
}

static bool enter_cage(struct driver *d, struct error *err)
{
	prepare_libraries();
	if (!confine_to_folder(d->folder, err))
		return false;
	d->context = folder_open(AT_FDCWD, "/context", err);
	d->extra = d->context < 0 ? -1 : folder_open(AT_FDCWD, "/extra", err);
	return d->extra >= 0;
}

static bool make_plan(struct driver *d, struct error *err)
{
	d->options = (struct build_options){
		.build_args = d->start.build_args,
		.contexts = d->start.contexts,
		.labels = d->start.labels,
		.target = d->start.target,
		.platform = d->start.platform,
		.host = platform_host(),
	};
	if (!dockerfile_parse(d->text.data, d->text.size, &d->file, err))
		return false;
	d->plan = build_plan_new(&d->file, &d->options, err);
	if (!d->plan)
		return false;
	d->stages = mem_zeroed(d->plan->count, sizeof(*d->stages));
	for (size_t i = 0; i < d->plan->count; i++)
		d->stages[i] = (struct stage_work){
			.driver = d,
			.stage = &d->plan->stages[i],
			.state = d->plan->stages[i].needed ? STAGE_WAITING : STAGE_UNNEEDED,
			.tree = -1,
			.output.stream = -1};
	return true;
}

/* ARGs before the first FROM are steps that belong to no stage. */
static void say_global_steps(struct driver *d)
{
	scoped_buffer struct buffer lines = {0};

	for (int i = 0; i < d->plan->global_steps; i++) {
		line_stream_format(&lines, "Step %d/%d : %s", i + 1, d->plan->steps,
				   d->file.items[i].original);
		line_stream_format(&lines, "\n");
	}
	answer_lines(&d->answer, &lines);
}

/* ---- the loop ---- */

static bool take_failure(const struct message *message, struct error *err)
{
	struct build_failure failure = {0};

	if (!record_decode(&build_failure_type, message->data, message->size, &failure, err))
		return false;
	error_set(err, (enum error_kind)failure.kind, "%s", failure.text ? failure.text : "");
	err->os = failure.os;
	record_fini(&build_failure_type, &failure);
	return false;
}

static bool take_progress(struct stage_work *s, const struct message *message, struct error *err)
{
	struct build_text text = {0};
	bool ok = record_decode(&build_text_type, message->data, message->size, &text, err);

	if (ok && text.text) {
		struct buffer line = {.data = text.text, .size = strlen(text.text)};

		stage_say(s, &line);
	}
	record_fini(&build_text_type, &text);
	return ok;
}

static bool take_message(struct driver *d, struct message *message, struct error *err)
{
	struct build_number number = {0};
	struct stage_work *s;
	stage_then *then;

	if (!record_decode(&build_number_type, message->data, message->size, &number, err))
		return false;
	if (number.number < 0 || (size_t)number.number >= d->plan->count)
		return error_set(err, ERROR_SYSTEM, "an answer to no question");
	s = &d->stages[number.number];
	if (message->type == BUILD_PROGRESS)
		return take_progress(s, message, err);
	if (message->type == BUILD_FAILED) {
		take_failure(message, err);
		return s->order.instruction ? error_prefix(err, "%s failed", s->order.instruction)
					    : false;
	}
	then = s->then;
	s->then = NULL;
	return then ? then(s, message, err)
		    : error_set(err, ERROR_SYSTEM, "an answer to no question");
}

static bool take_messages(struct driver *d, struct error *err)
{
	struct message *message;

	while (!d->over) {
		if (!worker_try_receive(&d->worker, &message, err))
			return false;
		if (!message)
			return true;
		if (!take_message(d, message, err))
			return false;
	}
	return true;
}

/* The client, the daemon, then the stages' outputs. */
enum { FD_CLIENT, FD_DAEMON, FD_STAGES };

static bool wait_for_any(struct driver *d, struct pollfd *fds, struct error *err)
{
	size_t count = FD_STAGES + d->plan->count;

	fds[FD_CLIENT] = (struct pollfd){.fd = d->connection};
	fds[FD_DAEMON] = (struct pollfd){.fd = d->worker.control, .events = POLLIN};
	for (size_t i = 0; i < d->plan->count; i++)
		fds[FD_STAGES + i] =
			(struct pollfd){.fd = d->stages[i].output.stream, .events = POLLIN};
	if (poll(fds, count, -1) < 0 && errno != EINTR)
		return error_errno(err, "cannot wait");
	if (fds[FD_CLIENT].revents & (POLLHUP | POLLERR | POLLNVAL))
		return error_set(err, ERROR_UNAVAILABLE, "the client has gone");
	return true;
}

static bool run_stages(struct driver *d, struct error *err)
{
	scoped_free struct pollfd *fds = mem_zeroed(FD_STAGES + d->plan->count, sizeof(*fds));

	while (!d->over) {
		if (!wait_for_any(d, fds, err))
			return false;
		for (size_t i = 0; i < d->plan->count; i++)
			if (fds[FD_STAGES + i].revents && !stage_read_output(&d->stages[i], err))
				return false;
		if (fds[FD_DAEMON].revents && !take_messages(d, err))
			return false;
	}
	return true;
}

/* ---- the end ---- */

static int code_of(const struct driver *d)
{
	for (size_t i = 0; d->plan && i < d->plan->count; i++)
		if (d->stages && d->stages[i].exit_code)
			return d->stages[i].exit_code;
	return 0;
}

/* What other stages said before goes out, too: in it may be why. */
static void flush_held(struct driver *d)
{
	for (size_t i = 0; d->stages && i < d->plan->count; i++) {
		answer_lines(&d->answer, &d->stages[i].held);
		buffer_clear(&d->stages[i].held);
	}
}

static void fail(struct driver *d, const struct error *err)
{
	struct build_end end = {
		.kind = (int32_t)err->kind, .os = err->os, .text = (char *)(uintptr_t)err->text};
	struct error gone;

	flush_held(d);
	answer_fail(&d->answer, err, code_of(d));
	worker_send(&d->worker, (enum worker_message)BUILD_END, &build_end_type, &end, &gone);
}

/* What the client still sends is read, so that it sees the answer. */
static void close_connection(struct driver *d)
{
	if (d->connection < 0)
		return;
	shutdown(d->connection, SHUT_WR);
	if (d->count > 0 || !d->start.expects_continue)
		http_body_drain(d->body, DRAIN_MAX);
}

static bool build(struct driver *d, struct error *err)
{
	if (!driver_read_context(d, err) || !make_plan(d, err))
		return false;
	say_global_steps(d);
	return driver_begin_stages(d, err) && run_stages(d, err);
}

static void driver_fini(struct driver *d)
{
	for (size_t i = 0; d->stages && i < d->plan->count; i++) {
		stage_end_copy(&d->stages[i]);
		stage_end_run(&d->stages[i]);
		stage_run_free(d->stages[i].run);
		buffer_fini(&d->stages[i].held);
	}
	free(d->stages);
	build_plan_free(d->plan);
	for (size_t i = 0; i < d->trees.count; i++) {
		free(d->trees.items[i].image);
		close_fd(&d->trees.items[i].folder);
	}
	vector_fini(&d->trees);
	dockerignore_fini(&d->ignore);
	dockerfile_fini(&d->file);
	buffer_fini(&d->text);
	free(d->file_name);
	answer_fini(&d->answer);
	http_body_free(d->body);
	free(d->block);
	close_fd(&d->context);
	close_fd(&d->extra);
	close_fd(&d->folder);
	close_fd(&d->connection);
	record_fini(&build_start_type, &d->start);
	worker_fini(&d->worker);
}

void driver_main(int control)
{
	scoped_with(driver_fini) struct driver d = {
		.worker = {.control = control},
		.connection = -1,
		.folder = -1,
		.context = -1,
		.extra = -1,
	};
	struct error err = {0};

	if (!take_start(&d, &err)) {
		worker_fail(&d.worker, &err);
		return;
	}
	if (!enter_cage(&d, &err) || !build(&d, &err))
		fail(&d, &err);
	close_connection(&d);
}
