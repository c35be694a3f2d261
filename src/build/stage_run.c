/* One stage under way: its configuration after each step, who is next, and what a step is called and known
 * by.  The key of a step says all that its result depends on: equal keys, equal images. */
#include "build/plan_private.h"

#include "format/sha256.h"
#include "image/image_instruction.h"

#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* ---- the beginning ---- */

static void begin_on_scratch(struct stage_run *run)
{
	struct platform platform = run->plan->platform;
	struct error none;

	if (run->stage->platform)
		platform_parse(run->stage->platform, &platform, &none);
	run->config.os = str_dup(platform.os);
	run->config.architecture = str_dup(platform.architecture);
	run->config.variant = *platform.variant ? str_dup(platform.variant) : NULL;
}

static bool read_trigger(struct stage_run *run, const char *text, struct error *err)
{
	struct instruction trigger = {0};

	if (!instruction_parse(text, strlen(text), '\\', &trigger, err))
		return error_prefix(err, "a trigger of the base image");
	trigger.line = trigger.last_line = run->stage->from->line;
	vector_add(&run->triggers, trigger);
	if (trigger.kind != INSTRUCTION_ONBUILD && trigger.kind != INSTRUCTION_FROM)
		return true;
	return error_set(err, ERROR_INVALID, "%s isn't allowed as an ONBUILD trigger",
			 instruction_name(trigger.kind));
}

/* They are done now, once: no image that is made here has them. */
static bool take_triggers(struct stage_run *run, struct error *err)
{
	struct strings *texts = &run->config.defaults.on_build;

	for (size_t i = 0; i < texts->count; i++)
		if (!read_trigger(run, texts->items[i], err))
			return fail_at(err, run->stage->from);
	strings_fini(texts);
	return true;
}

/* A folder as the base: what lies in it, on scratch. */
static bool begin_on_folder(struct stage_run *run, struct error *err)
{
	scoped_free char *text = str_format("COPY --from=%s / /", run->stage->base.image);

	return read_trigger(run, text, err);
}

struct stage_run *stage_run_new(struct build_plan *plan, const struct build_stage *stage,
				const char *image, const struct image_config *config,
				struct error *err)
{
	scoped(stage_run) struct stage_run *run = mem_new(struct stage_run);

	run->plan = plan;
	run->stage = stage;
	run->image = str_dup(image);
	if (config)
		record_copy(&image_config_type, config, &run->config);
	else
		begin_on_scratch(run);
	if (!environment_get(&run->config.defaults.env, "PATH"))
		environment_set(&run->config.defaults.env, "PATH", DEFAULT_PATH);
	if (build_source_is_folder(stage->base.image) && !begin_on_folder(run, err))
		return NULL;
	return take_triggers(run, err) ? take(run) : NULL;
}

void stage_run_inherit(struct stage_run *run, const struct stage_run *base)
{
	strings_fini(&run->args);
	run->args = strings_copy(&base->args);
}

void stage_run_free(struct stage_run *run)
{
	if (!run)
		return;
	build_step_free(run->step);
	free(run->image);
	image_config_fini(&run->config);
	strings_fini(&run->args);
	dockerfile_fini(&run->triggers);
	buffer_fini(&run->said);
	free(run->said_behind);
	free(run);
}

/* ---- what a step is called ---- */

/* "/bin/sh -c #(nop) " and what was said; of old, some instructions have a blank more than others. */
static char *nop_line(const struct stage_run *run, const char *blanks)
{
	const struct strings *shell = &run->config.defaults.shell;
	scoped_free char *words = shell->count ? strings_join(shell, " ") : str_dup("/bin/sh -c");

	return str_format("%s #(nop)%s%s", words, blanks, run->said.data);
}

/* ---- what it is known by ---- */

static void add_text(struct buffer *key, const char *text)
{
	buffer_add(key, text ? text : "", text ? strlen(text) + 1 : 1);
}

static void add_run(struct buffer *key, const struct build_run *run)
{
	for (size_t i = 0; i < run->command.count; i++)
		add_text(key, run->command.items[i]);
	for (size_t i = 0; i < run->mounts.count; i++)
		record_encode(&run_mount_type, RECORD_AT(run->mounts, struct run_mount, i), key);
	add_text(key, run->network);
	add_text(key, run->insecure ? "insecure" : NULL);
	add_text(key, run->script);
}

static void set_key(struct stage_run *run)
{
	struct build_step *step = run->step;
	char digest[DIGEST_TEXT_SIZE];
	scoped_buffer struct buffer key = {0};

	buffer_format(&key, "wherry build key 1 %d", step->kind);
	add_text(&key, run->image);
	add_text(&key, run->config.os);
	add_text(&key, run->config.architecture);
	add_text(&key, run->config.variant);
	add_text(&key, run->config.author);
	add_text(&key, step->created_by);
	add_run(&key, &step->run);
	record_encode(&image_defaults_type, &run->config.defaults, &key);
	sha256_digest(key.data, key.size, digest);
	str_replace(&step->key, digest);
}

void stage_run_content(struct stage_run *run, const char *digest)
{
	buffer_format(&run->said, "%s%s", digest, run->said_behind);
	str_replace(&run->said_behind, "");
	free(run->step->created_by);
	run->step->created_by = nop_line(run, " ");
	set_key(run);
}

/* ---- steps ---- */

static bool make_setting(struct stage_run *run, const struct instruction *i, struct error *err)
{
	scoped_strings struct strings env = stage_environment(run);
	struct instruction_setting setting = {
		.env = &env,
		.escape = run->plan->file->escape,
		.literal = i == &run->plan->labels,
		.cmd_set = &run->cmd_set,
		.said = &run->said,
	};
	bool is_folder = i->kind == INSTRUCTION_WORKDIR;

	if (!image_apply_instruction(i, &setting, &run->config, err))
		return false;
	if (is_folder) {
		run->step->kind = BUILD_STEP_FOLDER;
		run->step->folder = str_dup(run->config.defaults.working_dir);
	}
	run->step->created_by = nop_line(run, is_folder ? " " : "  ");
	return true;
}

static bool make_arg(struct stage_run *run, const struct instruction *i, struct error *err)
{
	buffer_add_text(&run->said, "ARG");
	for (size_t p = 0; p < i->pair_count; p++) {
		scoped_strings struct strings env = stage_environment(run);

		if (!declare_arg(run->plan, &i->pairs[p], &env, &run->args, &run->said, err))
			return false;
	}
	run->step->created_by = nop_line(run, "  ");
	return true;
}

static bool make_step(struct stage_run *run, const struct instruction *i, struct error *err)
{
	run->step->instruction = i;
	if (i->kind == INSTRUCTION_ARG)
		return make_arg(run, i, err);
	if (i->kind == INSTRUCTION_RUN)
		return stage_make_run(run, i, err);
	if (i->kind == INSTRUCTION_COPY || i->kind == INSTRUCTION_ADD)
		return stage_make_copy(run, i, err);
	return make_setting(run, i, err);
}

/* Triggers first, then the stage's own, then labels of the options.  NULL: none is left. */
static const struct instruction *take_next(struct stage_run *run)
{
	const struct build_plan *plan = run->plan;
	const struct build_stage *stage = run->stage;

	if (run->trigger_at < run->triggers.count) {
		if (run->trigger_at == 0 && !build_source_is_folder(stage->base.image))
			run->step->triggers_before = (int)run->triggers.count;
		return &run->triggers.items[run->trigger_at++];
	}
	run->step->number = stage->step + 1 + (int)run->at;
	if (run->at < stage->count)
		return &stage->first[run->at++];
	run->step->number = plan->steps;
	if (run->at++ == stage->count && stage->index == plan->target && plan->labels.pair_count)
		return &plan->labels;
	return NULL;
}

static void forget_step(struct stage_run *run)
{
	build_step_free(run->step);
	run->step = NULL;
	buffer_clear(&run->said);
	free(run->said_behind);
	run->said_behind = NULL;
}

bool stage_run_next(struct stage_run *run, struct error *err)
{
	const struct instruction *i;

	forget_step(run);
	run->step = mem_new(struct build_step);
	run->step->copy.chmod = -1;
	run->step->copy.from.stage = -1;
	i = take_next(run);
	if (!i) {
		forget_step(run);
		return true;
	}
	if (!make_step(run, i, err)) {
		forget_step(run);
		return fail_at(err, i);
	}
	run->step->config = &run->config.defaults;
	run->step->author = run->config.author;
	if (run->step->created_by)
		set_key(run);
	return true;
}

void stage_run_done(struct stage_run *run, const char *image)
{
	str_replace(&run->image, image);
}
