/* The plan: what stages there are, what each needs, and which the target needs.  Names of stages are
 * looked for among those that stand before, so there are no circles. */
#include "build/plan_private.h"

#include "format/expand.h"

#include <ctype.h>
#include <strings.h>

bool fail_at(struct error *err, const struct instruction *instruction)
{
	return error_prefix(err, "line %d", instruction->line);
}

/* ---- stages and sources by name ---- */

static int stage_by_name(const struct build_plan *plan, int before, const char *name)
{
	while (before-- > 0)
		if (plan->stages[before].name && !strcasecmp(plan->stages[before].name, name))
			return before;
	return -1;
}

static bool is_number(const char *text)
{
	return *text && strspn(text, "0123456789") == strlen(text);
}

/* NULL: the name stands for none.  Who says "debian:latest" means "debian". */
static const char *context_by_name(const struct build_plan *plan, const char *name)
{
	const char *found = pairs_get(&plan->options->contexts, name);
	size_t length = strlen(name), tag = strlen(":latest");

	if (found || !str_ends_with(name, ":latest"))
		return found;
	scoped_free char *bare = str_dup_n(name, length - tag);
	return pairs_get(&plan->options->contexts, bare);
}

bool find_source(const struct build_plan *plan, int stage, const char *from,
		 struct build_source *out, struct error *err)
{
	struct build_source source = {.stage = stage_by_name(plan, stage, from)};
	const char *context = context_by_name(plan, from);
	uint64_t number;

	if (*from == '\0')
		return error_set(err, ERROR_INVALID, "invalid from flag value: it is empty");
	if (context) {
		*out = (struct build_source){.stage = -1, .image = str_dup(context)};
		return true;
	}
	if (source.stage < 0 && is_number(from)) {
		if (!parse_u64(from, &number) || number >= (uint64_t)stage)
			return error_set(err, ERROR_INVALID,
					 "invalid from flag value %.60s: no earlier stage has this "
					 "number",
					 from);
		source.stage = (int)number;
	}
	if (source.stage < 0)
		source.image = str_dup(from);
	*out = source;
	return true;
}

/* ---- what a stage waits for ---- */

static void wait_for(struct build_stage *stage, int other)
{
	for (size_t i = 0; i < stage->wait_count; i++)
		if (stage->waits_for[i] == other)
			return;
	stage->waits_for =
		mem_resize(stage->waits_for, stage->wait_count + 1, sizeof(*stage->waits_for));
	stage->waits_for[stage->wait_count++] = other;
}

static bool wait_for_source(const struct build_plan *plan, struct build_stage *stage,
			    const char *from, struct error *err)
{
	struct build_source source;

	if (!find_source(plan, stage->index, from, &source, err))
		return false;
	if (source.stage >= 0)
		wait_for(stage, source.stage);
	free(source.image);
	return true;
}

static bool wait_for_flag(const struct build_plan *plan, struct build_stage *stage,
			  const struct instruction_flag *flag, struct error *err)
{
	scoped_free char *mounted =
		strcmp(flag->name, "mount") == 0 ? run_mount_from(flag->value) : NULL;

	if (mounted && *mounted)
		return wait_for_source(plan, stage, mounted, err);
	if (strcmp(flag->name, "from") == 0)
		return wait_for_source(plan, stage, flag->value, err);
	return true;
}

static bool find_waits(const struct build_plan *plan, struct build_stage *stage, struct error *err)
{
	if (stage->base.stage >= 0)
		wait_for(stage, stage->base.stage);
	for (size_t n = 0; n < stage->count; n++) {
		const struct instruction *i = &stage->first[n];

		for (size_t f = 0; f < i->flag_count; f++)
			if (!wait_for_flag(plan, stage, &i->flags[f], err))
				return fail_at(err, i);
	}
	return true;
}

/* ---- FROM ---- */

/* [a-z][a-z0-9_.-]*, in any case. */
static bool is_stage_name(const char *name)
{
	if (!isalpha((unsigned char)*name))
		return false;
	for (; *name; name++)
		if (!isalnum((unsigned char)*name) && !strchr("-_.", *name))
			return false;
	return true;
}

static bool set_name(struct build_stage *stage, const char *name, struct error *err)
{
	if (!is_stage_name(name))
		return error_set(err, ERROR_INVALID,
				 "invalid name for build stage: \"%.100s\", name can't start with "
				 "a number or contain symbols",
				 name);
	stage->name = str_dup(name);
	for (char *c = stage->name; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	return true;
}

static bool set_platform(struct build_stage *stage, const struct expand_rules *rules,
			 struct error *err)
{
	const char *flag = instruction_flag(stage->from, "platform");
	struct platform checked;

	if (!flag)
		return true;
	stage->platform = expand_word(flag, rules, err);
	return stage->platform && platform_parse(stage->platform, &checked, err);
}

static bool set_base(const struct build_plan *plan, struct build_stage *stage,
		     const struct expand_rules *rules, struct error *err)
{
	const char *written = stage->from->words.items[0];
	scoped_free char *name = expand_word(written, rules, err);

	if (!name)
		return false;
	if (*name == '\0')
		return error_set(err, ERROR_INVALID, "base name (%.100s) should not be blank",
				 written);
	const char *context = context_by_name(plan, name);
	stage->base.stage = context ? -1 : stage_by_name(plan, stage->index, name);
	if (context)
		stage->base.image = str_dup(context);
	else if (stage->base.stage < 0 && strcmp(name, "scratch") != 0)
		stage->base.image = take(name);
	return true;
}

static bool read_from(const struct build_plan *plan, struct build_stage *stage, struct error *err)
{
	struct expand_rules rules = {.env = &plan->global_args, .escape = plan->file->escape};
	const struct strings *words = &stage->from->words;

	if (words->count == 3 && !set_name(stage, words->items[2], err))
		return false;
	return set_platform(stage, &rules, err) && set_base(plan, stage, &rules, err);
}

/* ---- the file ---- */

static bool declare_globals(struct build_plan *plan, const struct instruction *i, struct error *err)
{
	scoped_buffer struct buffer unread = {0};

	for (size_t p = 0; p < i->pair_count; p++)
		if (!declare_arg(plan, &i->pairs[p], &plan->global_args, &plan->global_args,
				 &unread, err))
			return fail_at(err, i);
	plan->global_steps++;
	return true;
}

static bool add_stage(struct build_plan *plan, const struct instruction *from, struct error *err)
{
	struct build_stage stage = {
		.index = (int)plan->count, .from = from, .first = from + 1, .base.stage = -1};

	if (plan->count == BUILD_STAGES_LIMIT)
		return error_set(err, ERROR_INVALID, "more than %d build stages",
				 BUILD_STAGES_LIMIT);
	plan->stages = mem_resize(plan->stages, plan->count + 1, sizeof(stage));
	plan->stages[plan->count++] = stage;
	return read_from(plan, &plan->stages[plan->count - 1], err) || fail_at(err, from);
}

static bool add_instruction(struct build_plan *plan, const struct instruction *i, struct error *err)
{
	if (i->kind == INSTRUCTION_FROM)
		return add_stage(plan, i, err);
	if (plan->count > 0) {
		plan->stages[plan->count - 1].count++;
		return true;
	}
	if (i->kind == INSTRUCTION_ARG)
		return declare_globals(plan, i, err);
	return error_set(err, ERROR_INVALID, "no build stage in current context");
}

static bool read_stages(struct build_plan *plan, struct error *err)
{
	for (size_t n = 0; n < plan->file->count; n++)
		if (!add_instruction(plan, &plan->file->items[n], err))
			return false;
	if (plan->count == 0)
		return error_set(err, ERROR_INVALID,
				 "No image was generated. Is your Dockerfile empty?");
	for (size_t i = 0; i < plan->count; i++)
		if (!find_waits(plan, &plan->stages[i], err))
			return false;
	return true;
}

/* ---- the target, and what it needs ---- */

static bool find_target(struct build_plan *plan, struct error *err)
{
	const char *target = plan->options->target;
	uint64_t number;

	plan->target = (int)plan->count - 1;
	if (str_is_empty(target))
		return true;
	plan->target = stage_by_name(plan, (int)plan->count, target);
	if (plan->target < 0 && parse_u64(target, &number) && number < plan->count)
		plan->target = (int)number;
	return plan->target >= 0 ||
	       error_set(err, ERROR_INVALID, "target stage \"%.100s\" could not be found", target);
}

/* What a stage waits for stands before it: one pass from the back. */
static void mark_needed(struct build_plan *plan)
{
	plan->stages[plan->target].needed = true;
	for (int i = plan->target; i >= 0; i--)
		for (size_t w = 0; plan->stages[i].needed && w < plan->stages[i].wait_count; w++)
			plan->stages[plan->stages[i].waits_for[w]].needed = true;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(((const struct pair *)a)->name, ((const struct pair *)b)->name);
}

/* One LABEL at the end of the target. */
static void add_labels(struct build_plan *plan)
{
	const struct pairs *labels = &plan->options->labels;
	struct instruction *out = &plan->labels;
	scoped_buffer struct buffer original = {0};

	out->kind = INSTRUCTION_LABEL;
	out->line = out->last_line = plan->stages[plan->target].from->line;
	out->pairs = mem_zeroed(labels->count, sizeof(*out->pairs));
	for (; out->pair_count < labels->count; out->pair_count++) {
		const struct pair *label = &labels->items[out->pair_count];

		out->pairs[out->pair_count] = (struct pair){
			str_dup(label->name), str_dup(label->value ? label->value : "")};
	}
	qsort(out->pairs, out->pair_count, sizeof(*out->pairs), compare_names);
	buffer_add_text(&original, "LABEL");
	for (size_t i = 0; i < out->pair_count; i++)
		buffer_format(&original, " %s=%s", out->pairs[i].name, out->pairs[i].value);
	out->original = buffer_take(&original);
}

static void number_steps(struct build_plan *plan)
{
	plan->steps = plan->global_steps;
	for (size_t i = 0; i < plan->count; i++) {
		struct build_stage *stage = &plan->stages[i];

		if (!stage->needed)
			continue;
		stage->step = plan->steps + 1;
		plan->steps += 1 + (int)stage->count;
	}
	plan->steps += plan->labels.pair_count > 0;
}

/* ---- the whole ---- */

static bool set_target_platform(struct build_plan *plan, struct error *err)
{
	const char *text = plan->options->platform;

	plan->platform = plan->options->host;
	return str_is_empty(text) || platform_parse(text, &plan->platform, err);
}

static bool make(struct build_plan *plan, struct error *err)
{
	if (!set_target_platform(plan, err))
		return false;
	plan->global_args = platform_args(plan);
	if (!read_stages(plan, err) || !find_target(plan, err))
		return false;
	mark_needed(plan);
	add_labels(plan);
	number_steps(plan);
	return true;
}

struct build_plan *build_plan_new(const struct dockerfile *file,
				  const struct build_options *options, struct error *err)
{
	scoped(build_plan) struct build_plan *plan = mem_new(struct build_plan);

	plan->file = file;
	plan->options = options;
	return make(plan, err) ? take(plan) : NULL;
}

void build_plan_free(struct build_plan *plan)
{
	if (!plan)
		return;
	for (size_t i = 0; i < plan->count; i++) {
		free(plan->stages[i].name);
		free(plan->stages[i].platform);
		free(plan->stages[i].base.image);
		free(plan->stages[i].waits_for);
	}
	free(plan->stages);
	strings_fini(&plan->global_args);
	strings_fini(&plan->known_args);
	instruction_fini(&plan->labels);
	free(plan);
}

static bool declares(const struct instruction *i, const char *name)
{
	for (size_t p = 0; i->kind == INSTRUCTION_ARG && p < i->pair_count; p++)
		if (strcmp(i->pairs[p].name, name) == 0)
			return true;
	return false;
}

/* In any stage, also one that was left out. */
static bool is_known(const struct build_plan *plan, const char *name)
{
	if (is_proxy_arg(name) || strings_contain(&plan->known_args, name))
		return true;
	for (size_t i = 0; i < plan->file->count; i++)
		if (declares(&plan->file->items[i], name))
			return true;
	return false;
}

struct strings build_plan_unconsumed(const struct build_plan *plan)
{
	struct pairs given = pairs_copy(&plan->options->build_args);
	struct strings out = {0};

	pairs_sort(&given);
	for (size_t i = 0; i < given.count; i++)
		if (!is_known(plan, given.items[i].name))
			strings_add(&out, given.items[i].name);
	pairs_fini(&given);
	return out;
}
