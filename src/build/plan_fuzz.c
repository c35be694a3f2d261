/* Any Dockerfile as a plan, all needed stages to their end: steps are numbered in order, keys are there, and
 * stages wait for earlier ones alone. */
#include "build/plan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_step(struct stage_run *run, int *number)
{
	struct build_step *step = run->step;

	if (step->kind == BUILD_STEP_COPY) {
		if (step->key || *step->copy.destination != '/')
			abort();
		stage_run_content(run, "multi:1");
	}
	if (!step->key || !step->created_by || !step->config)
		abort();
	if (step->kind == BUILD_STEP_FOLDER && *step->folder != '/')
		abort();
	if (step->number != 0 && step->number != ++*number)
		abort();
}

static void run_stage(struct build_plan *plan, const struct build_stage *stage)
{
	struct image_config base = {0};
	struct error err;
	int number = stage->step;

	for (size_t w = 0; w < stage->wait_count; w++)
		if (stage->waits_for[w] >= stage->index ||
		    !plan->stages[stage->waits_for[w]].needed)
			abort();
	strings_add(&base.defaults.on_build, "RUN --mount=type=tmpfs,target=/x <<EOF\na\nEOF");
	scoped(stage_run) struct stage_run *run =
		stage_run_new(plan, stage, "sha256:1", &base, &err);
	while (run && stage_run_next(run, &err) && run->step) {
		check_step(run, &number);
		free(build_step_excerpt(run->step, "D", "a\nb\nc", 5));
		stage_run_done(run, "sha256:2");
	}
	if (number > plan->steps)
		abort();
	image_config_fini(&base);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	scoped_dockerfile struct dockerfile file = {0};
	struct build_options options = {.host = {"linux", "amd64", ""}};
	struct error err;

	if (!dockerfile_parse((const char *)data, size, &file, &err))
		return 0;
	pairs_set(&options.build_args, "A", "a");
	pairs_set(&options.contexts, "c", "@c0");
	pairs_set(&options.labels, "l", "v");
	scoped(build_plan) struct build_plan *plan = build_plan_new(&file, &options, &err);
	for (size_t i = 0; plan && i < plan->count; i++)
		if (plan->stages[i].needed)
			run_stage(plan, &plan->stages[i]);
	pairs_fini(&options.build_args);
	pairs_fini(&options.contexts);
	pairs_fini(&options.labels);
	return 0;
}
