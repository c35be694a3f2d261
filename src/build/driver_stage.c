#include "build/driver.h"

#include "base/memory.h"
#include "format/reference.h"
#include "image/content_hash.h"

static bool next_step(struct stage_work *s, struct error *err);

/* ---- the end of the build ---- */

static const struct stage_work *target_of(const struct driver *d)
{
	return &d->stages[d->plan->target];
}

static bool finish(struct driver *d, struct error *err)
{
	struct build_end end = {.id = target_of(d)->run->image};
	scoped_buffer struct buffer lines = {0};

	for (size_t i = 0; i < d->start.names.count; i++) {
		scoped_free char *name = reference_shown(d->start.names.items[i]);

		line_stream_format(&lines, "Successfully tagged %s\n", name);
	}
	answer_lines(&d->answer, &lines);
	if (d->start.quiet) {
		buffer_clear(&lines);
		line_stream_format(&lines, "%s\n", end.id);
		answer_loud(&d->answer, &lines);
	}
	d->over = true;
	if (!worker_send(&d->worker, (enum worker_message)BUILD_END, &build_end_type, &end, err))
		return false;
	answer_end(&d->answer);
	return true;
}

static bool on_tagged(struct stage_work *s, struct message *message, struct error *err)
{
	struct build_image image = {0};
	bool ok = stage_take(message, BUILD_IMAGE, &build_image_type, &image, err);

	record_fini(&build_image_type, &image);
	return ok && finish(s->driver, err);
}

static void say_result(struct driver *d, const char *id)
{
	scoped_strings struct strings unused = build_plan_unconsumed(d->plan);
	scoped_free char *names = strings_join(&unused, " ");
	scoped_buffer struct buffer lines = {0};

	if (unused.count > 0)
		line_stream_format(
			&lines, "[Warning] One or more build-args [%s] were not consumed\n", names);
	line_stream_format(&lines, "Successfully built %.12s\n", strchr(id, ':') + 1);
	answer_lines(&d->answer, &lines);
}

bool driver_end(struct driver *d, struct error *err)
{
	struct stage_work *s = &d->stages[d->plan->target];
	struct build_tag tag = {stage_number(s), s->run->image, d->start.names};

	if (str_is_empty(s->run->image))
		return error_set(err, ERROR_INVALID,
				 "No image was generated. Is your Dockerfile empty?");
	say_result(d, s->run->image);
	if (tag.names.count == 0)
		return finish(d, err);
	return stage_ask(s, BUILD_TAG, &build_tag_type, &tag, on_tagged, err);
}

/* ---- the end of a stage ---- */

/* The turn is the next one's: what it has said so far, and what was said behind it. */
static void pass_turn(struct driver *d)
{
	for (size_t i = 0; i < d->plan->count; i++) {
		struct stage_work *s = &d->stages[i];

		answer_lines(&d->answer, &s->held);
		buffer_clear(&s->held);
		if (s->state == STAGE_WAITING || s->state == STAGE_ACTIVE)
			return;
	}
}

static bool stage_finished(struct stage_work *s, struct error *err)
{
	scoped_buffer struct buffer line = {0};

	if (!str_is_empty(s->run->image))
		line_image(&line, s->run->image);
	stage_say(s, &line);
	s->state = STAGE_DONE;
	pass_turn(s->driver);
	if (s->stage->index == s->driver->plan->target)
		return driver_end(s->driver, err);
	return driver_begin_stages(s->driver, err);
}

/* ---- a step ---- */

static bool carry_out(struct stage_work *s, struct error *err)
{
	switch (s->run->step->kind) {
	case BUILD_STEP_CONFIG:
		return stage_commit(s, false, err);
	case BUILD_STEP_RUN:
		return stage_run_command(s, err);
	case BUILD_STEP_COPY:
		return stage_write_copy(s, err);
	case BUILD_STEP_FOLDER:
		return stage_make_folder(s, err);
	}
	return error_set(err, ERROR_SYSTEM, "a step of an unknown kind");
}

bool stage_step_done(struct stage_work *s, const char *image, struct error *err)
{
	stage_say_image(s, image);
	stage_run_done(s->run, image);
	stage_end_copy(s);
	stage_end_run(s);
	return next_step(s, err);
}

static bool on_found(struct stage_work *s, struct message *message, struct error *err)
{
	struct build_image image = {0};
	bool ok = stage_take(message, BUILD_IMAGE, &build_image_type, &image, err);

	if (ok && image.id) {
		stage_say_format(s, " ---> Using cache\n");
		ok = stage_step_done(s, image.id, err);
	} else if (ok) {
		s->missed = true;
		ok = carry_out(s, err);
	}
	record_fini(&build_image_type, &image);
	return ok;
}

/* The plan's key, and what is mounted beside. */
static void full_key(const struct stage_work *s, char out[static CONTENT_DIGEST_SIZE])
{
	scoped_buffer struct buffer all = {0};

	snprintf(out, CONTENT_DIGEST_SIZE, "%s", s->run->step->key);
	if (s->extra_key.size == 0)
		return;
	buffer_add_text(&all, out);
	buffer_add(&all, s->extra_key.data, s->extra_key.size);
	content_digest(all.data, all.size, out);
}

bool stage_find(struct stage_work *s, struct error *err)
{
	struct build_find find = {.number = stage_number(s)};
	bool ok;

	if (s->driver->start.no_cache || s->missed)
		return carry_out(s, err);
	stage_fill_commit(s, false, &find.commit);
	ok = stage_ask(s, BUILD_FIND, &build_find_type, &find, on_found, err);
	record_fini(&build_find_type, &find);
	return ok;
}

static bool on_committed(struct stage_work *s, struct message *message, struct error *err)
{
	struct build_image image = {0};
	bool ok = stage_take(message, BUILD_IMAGE, &build_image_type, &image, err);

	if (ok && !image.id)
		ok = error_set(err, ERROR_SYSTEM, "the daemon has committed nothing");
	ok = ok && stage_step_done(s, image.id, err);
	record_fini(&build_image_type, &image);
	return ok;
}

void stage_fill_commit(const struct stage_work *s, bool has_layer, struct build_commit *commit)
{
	const struct build_step *step = s->run->step;
	char key[CONTENT_DIGEST_SIZE];

	full_key(s, key);
	*commit = (struct build_commit){
		.number = stage_number(s),
		.has_layer = has_layer,
		.parent = str_dup(s->run->image),
		.key = str_dup(key),
		.created_by = str_dup_or_null(step->created_by),
		.author = str_dup_or_null(step->author),
		.os = str_dup_or_null(s->run->config.os),
		.architecture = str_dup_or_null(s->run->config.architecture),
		.variant = str_dup_or_null(s->run->config.variant),
	};
	record_copy(&image_defaults_type, step->config, &commit->defaults);
}

bool stage_commit(struct stage_work *s, bool has_layer, struct error *err)
{
	struct build_commit commit;
	bool ok;

	stage_fill_commit(s, has_layer, &commit);
	ok = stage_ask(s, BUILD_COMMIT, &build_commit_type, &commit, on_committed, err);
	record_fini(&build_commit_type, &commit);
	return ok;
}

static void say_step(struct stage_work *s, int number, const char *text)
{
	stage_say_format(s, "Step %d/%d : %s", number, s->driver->plan->steps, text);
	stage_say_format(s, "\n");
}

static bool begin_step(struct stage_work *s, struct error *err)
{
	const struct build_step *step = s->run->step;

	if (step->triggers_before > 0)
		stage_say_format(s, "# Executing %d build trigger%s\n", step->triggers_before,
				 step->triggers_before == 1 ? "" : "s");
	if (step->number > 0)
		say_step(s, step->number, step->instruction->original);
	switch (step->kind) {
	case BUILD_STEP_COPY:
		return stage_begin_copy(s, err);
	case BUILD_STEP_RUN:
		return stage_begin_run(s, err);
	case BUILD_STEP_CONFIG:
	case BUILD_STEP_FOLDER:
		break;
	}
	return stage_find(s, err);
}

static bool next_step(struct stage_work *s, struct error *err)
{
	if (!stage_run_next(s->run, err))
		return false;
	return s->run->step ? begin_step(s, err) : stage_finished(s, err);
}

/* ---- the beginning of a stage ---- */

static bool begin_steps(struct stage_work *s, const char *image, const struct image_config *config,
			struct error *err)
{
	int base = s->stage->base.stage;

	stage_say_image(s, image);
	s->run = stage_run_new(s->driver->plan, s->stage, image, config, err);
	if (s->run && base >= 0)
		stage_run_inherit(s->run, s->driver->stages[base].run);
	return s->run && next_step(s, err);
}

static bool on_base(struct stage_work *s, struct message *message, struct error *err)
{
	struct build_image image = {0};
	bool ok = stage_take(message, BUILD_IMAGE, &build_image_type, &image, err);

	if (ok && (!image.id || !image.config))
		ok = error_set(err, ERROR_SYSTEM, "the daemon has told nothing of the image");
	ok = ok && begin_steps(s, image.id, image.config, err);
	record_fini(&build_image_type, &image);
	return ok;
}

static bool begin_stage(struct stage_work *s, struct error *err)
{
	const struct build_source *base = &s->stage->base;
	const struct driver *d = s->driver;
	struct build_reference asked = {
		.number = stage_number(s),
		.reference = base->image,
		.platform = s->stage->platform ? s->stage->platform : d->start.platform,
		.pull = d->start.pull,
	};

	s->state = STAGE_ACTIVE;
	say_step(s, s->stage->step, s->stage->from->original);
	if (base->stage >= 0) {
		const struct stage_run *other = d->stages[base->stage].run;

		return begin_steps(s, other->image, &other->config, err);
	}
	if (!base->image || build_source_is_folder(base->image))
		return begin_steps(s, "", NULL, err);
	return stage_ask(s, BUILD_RESOLVE, &build_reference_type, &asked, on_base, err);
}

static bool may_begin(const struct stage_work *s)
{
	for (size_t i = 0; i < s->stage->wait_count; i++)
		if (s->driver->stages[s->stage->waits_for[i]].state != STAGE_DONE)
			return false;
	return s->state == STAGE_WAITING;
}

/* One that has nothing to wait for is done when this returns, and has begun others already. */
bool driver_begin_stages(struct driver *d, struct error *err)
{
	for (size_t i = 0; i < d->plan->count && !d->over; i++)
		if (may_begin(&d->stages[i]) && !begin_stage(&d->stages[i], err))
			return false;
	return true;
}

const char *driver_stage_image(const struct driver *d, int stage)
{
	return d->stages[stage].run ? d->stages[stage].run->image : "";
}
