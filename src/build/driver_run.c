#include "base/memory.h"
#include "build/driver.h"
#include "format/stream_frame.h"
#include "os/fd.h"

#include <errno.h>
#include <unistd.h>

#define PIECE 16384

static bool resolve_mounts(struct stage_work *s, struct error *err);

void stage_end_run(struct stage_work *s)
{
	buffer_fini(&s->extra_key);
	close_fd(&s->output.stream);
	s->output = (struct step_output){.stream = -1};
	free(take(s->container));
	free(take(s->made));
	s->exited = false;
	s->at = 0;
}

/* ---- what is mounted ---- */

/* What a mount shows counts for the cache: an image by its id, files of a context by what they are. */
static bool add_files_key(struct stage_work *s, const struct run_mount *mount, struct error *err)
{
	static const struct strings none = {0};
	const struct driver *d = s->driver;
	struct copy_roots roots = {d->context, d->extra, &d->ignore, true};
	struct copy_item item = {.path = str_dup(mount->source ? mount->source : "."), .mode = -1};
	struct copy_matches matches = {0};
	char digest[COPY_DIGEST_SIZE];
	bool ok;

	if (mount->from)
		roots = (struct copy_roots){.tree = driver_tree(d, mount->from), .extra = d->extra};
	s->order = (struct copy_order){
		.instruction = "RUN", .destination = "/", .exclude = &none, .chmod = -1};
	vector_add(&s->order.items, item);
	ok = copy_find(&s->order, &roots, &matches, err) &&
	     copy_digest(&s->order, &matches, digest, err);
	if (ok)
		buffer_add(&s->extra_key, digest, strlen(digest) + 1);
	copy_matches_fini(&matches);
	copy_order_fini(&s->order);
	return ok;
}

static void add_image_key(struct stage_work *s, struct run_mount *mount, const char *image)
{
	str_replace(&mount->from, image);
	buffer_add(&s->extra_key, image, strlen(image) + 1);
}

static struct run_mount *mount_at(const struct stage_work *s, size_t index)
{
	return RECORD_AT(s->run->step->run.mounts, struct run_mount, index);
}

static bool on_mount_image(struct stage_work *s, struct message *message, struct error *err)
{
	struct build_image image = {0};
	bool ok = stage_take(message, BUILD_IMAGE, &build_image_type, &image, err);

	if (ok)
		add_image_key(s, mount_at(s, s->at++), image.id ? image.id : "");
	record_fini(&build_image_type, &image);
	return ok && resolve_mounts(s, err);
}

static bool resolve_mounts(struct stage_work *s, struct error *err)
{
	for (; s->at < s->run->step->run.mounts.count; s->at++) {
		struct run_mount *mount = mount_at(s, s->at);
		struct build_reference asked = {.number = stage_number(s),
						.reference = mount->from,
						.platform = s->driver->start.platform};

		uint64_t stage;

		if (mount->from && mount->from[0] == '#' && parse_u64(mount->from + 1, &stage))
			add_image_key(s, mount, driver_stage_image(s->driver, (int)stage));
		else if (mount->from && !build_source_is_folder(mount->from))
			return stage_ask(s, BUILD_RESOLVE, &build_reference_type, &asked,
					 on_mount_image, err);
		else if (mount->kind == RUN_MOUNT_BIND && !add_files_key(s, mount, err))
			return false;
	}
	return stage_find(s, err);
}

bool stage_begin_run(struct stage_work *s, struct error *err)
{
	stage_end_run(s);
	return resolve_mounts(s, err);
}

/* ---- its end ---- */

static bool failed(struct stage_work *s, struct error *err)
{
	const struct driver *d = s->driver;
	scoped_free char *excerpt =
		build_step_excerpt(s->run->step, d->file_name, d->text.data, d->text.size);

	if (d->start.remove)
		stage_say_format(s, " ---> Removed intermediate container %.12s\n", s->container);
	if (excerpt)
		stage_say_format(s, "%s", excerpt);
	build_step_failed(s->run->step, s->exit_code, err);
	return false;
}

/* The container's end comes by one way, its last words by another. */
static bool go_on_when_over(struct stage_work *s, struct error *err)
{
	scoped_free char *made = NULL;

	if (!s->exited || s->output.stream >= 0)
		return true;
	if (s->exit_code)
		return failed(s, err);
	if (s->driver->start.remove)
		stage_say_format(s, " ---> Removed intermediate container %.12s\n", s->container);
	made = take(s->made);
	return stage_step_done(s, made, err);
}

static bool on_ended(struct stage_work *s, struct message *message, struct error *err)
{
	struct build_image image = {0};
	struct build_exit exit = {0};

	s->exited = true;
	if (message->type == BUILD_EXITED) {
		if (!stage_take(message, BUILD_EXITED, &build_exit_type, &exit, err))
			return false;
		s->exit_code = exit.code ? exit.code : 1;
		return go_on_when_over(s, err);
	}
	if (!stage_take(message, BUILD_IMAGE, &build_image_type, &image, err))
		return false;
	s->made = str_dup(image.id ? image.id : "");
	record_fini(&build_image_type, &image);
	return go_on_when_over(s, err);
}

/* ---- its output ---- */

static void say_output(struct stage_work *s, const char *text, size_t size)
{
	scoped_buffer struct buffer line = {0};

	if (s->output.is_error)
		line_error_output(&line, text, size);
	else
		line_stream(&line, text, size);
	stage_say(s, &line);
}

static bool take_header(struct step_output *o, const char *data, size_t size, size_t *used,
			struct error *err)
{
	enum stream_kind kind;
	size_t missing = sizeof(o->header) - o->header_size;

	*used = size < missing ? size : missing;
	memcpy(o->header + o->header_size, data, *used);
	o->header_size += *used;
	if (o->header_size < sizeof(o->header))
		return true;
	o->header_size = 0;
	if (!stream_frame_read(o->header, &kind, &o->left))
		return error_set(err, ERROR_SYSTEM, "the container's output is not framed");
	o->is_error = kind == STREAM_STDERR;
	return true;
}

static bool take_output(struct stage_work *s, const char *data, size_t size, struct error *err)
{
	struct step_output *o = &s->output;

	while (size > 0) {
		size_t used = size < o->left ? size : o->left;

		if (o->left > 0) {
			say_output(s, data, used);
			o->left -= (uint32_t)used;
		} else if (!take_header(o, data, size, &used, err)) {
			return false;
		}
		data += used;
		size -= used;
	}
	return true;
}

bool stage_read_output(struct stage_work *s, struct error *err)
{
	char data[PIECE];
	ssize_t n = read(s->output.stream, data, sizeof(data));

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return true;
	if (n > 0)
		return take_output(s, data, (size_t)n, err);
	close_fd(&s->output.stream);
	return go_on_when_over(s, err);
}

/* ---- its beginning ---- */

static bool on_started(struct stage_work *s, struct message *message, struct error *err)
{
	struct build_text text = {0};

	if (!stage_take(message, BUILD_STARTED, &build_text_type, &text, err))
		return false;
	s->container = str_dup(text.text ? text.text : "");
	record_fini(&build_text_type, &text);
	if (message->fd_count != 1)
		return error_set(err, ERROR_SYSTEM, "the daemon has sent no output");
	s->output.stream = take_fd(message->fds[0]);
	stage_say_format(s, " ---> Running in %.12s\n", s->container);
	s->then = on_ended;
	return fd_set_nonblocking(s->output.stream, true, err);
}

bool stage_run_command(struct stage_work *s, struct error *err)
{
	const struct build_step *step = s->run->step;
	struct build_run_request request = {
		.command = step->run.command,
		.env = step->run.env,
		.user = step->config->user,
		.working_dir = step->config->working_dir,
		.mounts = step->run.mounts,
		.network = step->run.network,
		.insecure = step->run.insecure,
		.script = step->run.script,
		.script_path = step->run.script_path,
	};
	bool ok;

	stage_fill_commit(s, true, &request.commit);
	ok = stage_ask(s, BUILD_RUN, &build_run_request_type, &request, on_started, err);
	record_fini(&build_commit_type, &request.commit);
	return ok;
}
