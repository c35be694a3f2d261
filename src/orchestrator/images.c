/* Images before all else, since what they are decides which containers are made anew. */
#include "orchestrator/draft.h"

#include "base/time.h"
#include "compose/duration.h"

struct image_work {
	struct draft *draft;
	enum image_wish wish;
	const char *policy; /* --pull; NULL */
};

static size_t image_step(const struct draft *draft, const char *image)
{
	return (size_t)(uintptr_t)map_get(&draft->image_steps, image);
}

static size_t add_image_step(struct draft *draft, enum step_kind kind,
			     const struct draft_service *service, const char *reason)
{
	size_t index = draft_step(draft, kind);
	struct step *step = draft_at(draft, index);

	step->service = str_dup(service->name);
	step->name = str_dup(service->service->image);
	step->reason = str_dup_or_null(reason);
	map_put(&draft->image_steps, step->name, (void *)(uintptr_t)(index + 1));
	return index;
}

/* ---- building ---- */

static void build_image(struct image_work *work, struct draft_service *service, const char *reason);

/* "service:x" as context: x is built before. */
static void build_context(struct image_work *work, const char *text, size_t *before)
{
	struct draft_service *other;

	if (!text || !str_starts_with(text, "service:"))
		return;
	other = draft_service(work->draft, text + strlen("service:"));
	if (!other || !other->service || !other->service->built || other->building)
		return;
	build_image(work, other, "another image is built from it");
	*before = image_step(work->draft, other->service->image);
}

static void build_image(struct image_work *work, struct draft_service *service, const char *reason)
{
	const struct node *build = node_get(service->service->node, "build");
	scoped_indices struct indices contexts = {0};
	size_t before = 0;

	if (image_step(work->draft, service->service->image))
		return;
	service->building = true; /* a circle ends here */
	build_context(work, node_get_text(build, "context", NULL), &before);
	if (before)
		vector_add(&contexts, before - 1);
	node_each (context, node_get(build, "additional_contexts")) {
		before = 0;
		build_context(work, context->value->text, &before);
		if (before)
			vector_add(&contexts, before - 1);
	}
	size_t step = add_image_step(work->draft, STEP_BUILD, service, reason);
	draft_after_all(work->draft, step, &contexts);
	service->building = false;
}

/* A pull that may fail, since the image can be built. */
static void pull_or_build(struct image_work *work, struct draft_service *service,
			  const char *reason)
{
	size_t pull = add_image_step(work->draft, STEP_PULL, service, reason);

	draft_at(work->draft, pull)->optional = true;
	if (work->wish == IMAGES_NO_BUILD) {
		draft_at(work->draft, pull)->optional = false;
		return;
	}
	size_t build = add_image_step(work->draft, STEP_BUILD, service, NULL);
	draft_at(work->draft, build)->when = STEP_WHEN_FAILED;
	draft_at(work->draft, build)->detail = true;
	draft_after(work->draft, build, pull);
}

/* ---- policies ---- */

enum policy { POLICY_MISSING, POLICY_ALWAYS, POLICY_NEVER, POLICY_BUILD, POLICY_AGE };

/* The checks of the file let no other texts through. */
static int64_t age_limit_s(const char *text)
{
	int64_t ns = 0;
	struct error ignored;

	if (strcmp(text, "daily") == 0)
		text = "every_1d";
	else if (strcmp(text, "weekly") == 0)
		text = "every_1w";
	compose_duration_parse(text + strlen("every_"), &ns, &ignored);
	return ns / NS_PER_SECOND;
}

static enum policy policy_of(const char *text)
{
	static const struct {
		const char *name;
		enum policy policy;
	} names[] = {
		{"always", POLICY_ALWAYS},   {"never", POLICY_NEVER}, {"build", POLICY_BUILD},
		{"missing", POLICY_MISSING}, {"daily", POLICY_AGE},   {"weekly", POLICY_AGE},
	};

	for (size_t i = 0; i < array_length(names); i++)
		if (strcmp(text, names[i].name) == 0)
			return names[i].policy;
	return str_starts_with(text, "every_") ? POLICY_AGE : POLICY_MISSING;
}

static bool fail_missing(struct image_work *work, const struct draft_service *service,
			 const char *why)
{
	return draft_fail(work->draft, "image \"%s\" of service \"%s\" is not there, and %s",
			  service->service->image, service->name, why);
}

/* One that is not there: built, or pulled, or both tried. */
static void bring_missing(struct image_work *work, struct draft_service *service)
{
	const struct service *s = service->service;
	bool named = node_get_text(s->node, "image", NULL) != NULL;

	if (!s->built) {
		add_image_step(work->draft, STEP_PULL, service, "it is not there");
		return;
	}
	if (named)
		pull_or_build(work, service, "it is not there");
	else if (work->wish == IMAGES_NO_BUILD)
		draft_fail(work->draft,
			   work->draft->project->style == COMPOSE_V1
				   ? "Service '%s' needs to be built, but --no-build "
				     "was passed."
				   : "service \"%s\" needs to be built, but --no-build "
				     "was passed",
			   service->name);
	else
		build_image(work, service, "it is not there");
}

static void pull_again(struct image_work *work, struct draft_service *service, const char *reason)
{
	if (service->service->built)
		pull_or_build(work, service, reason);
	else
		add_image_step(work->draft, STEP_PULL, service, reason);
}

static void bring_image(struct image_work *work, struct draft_service *service,
			const char *policy_text)
{
	const struct service *s = service->service;
	const struct seen_image *seen = map_get(&work->draft->images, s->image);
	enum policy policy = policy_of(policy_text);
	bool there = seen && seen->id;

	if (s->built && work->wish != IMAGES_NO_BUILD &&
	    (policy == POLICY_BUILD || work->wish == IMAGES_BUILD)) {
		build_image(work, service,
			    policy == POLICY_BUILD ? "pull_policy is build"
						   : "a build was asked for");
		return;
	}
	if (!there && policy == POLICY_NEVER) {
		if (!s->built)
			fail_missing(work, service, "pull_policy is never");
		else if (work->wish == IMAGES_NO_BUILD)
			fail_missing(work, service, "--no-build was passed");
		else
			build_image(work, service, "it is not there");
	} else if (!there) {
		bring_missing(work, service);
	} else if (policy == POLICY_ALWAYS) {
		pull_again(work, service, "pull_policy is always");
	} else if (policy == POLICY_AGE && seen->age_s > age_limit_s(policy_text)) {
		pull_again(work, service, "it is older than pull_policy allows");
	}
}

/* The service that builds an image of this name: nobody pulls what is made here. */
static struct draft_service *find_builder(struct draft *draft, struct draft_service *service)
{
	if (service->service->built)
		return service;
	return map_get(&draft->builders, service->service->image);
}

static void index_builders(struct draft *draft)
{
	for (size_t i = 0; i < draft->count; i++) {
		const struct service *s = draft->services[i].service;

		if (s && s->built && s->image)
			map_put(&draft->builders, s->image, &draft->services[i]);
	}
}

void plan_images(const struct project *project, const struct seen *seen,
		 const struct plan_options *options, enum image_wish wish, const char *pull_policy,
		 struct plan *plan)
{
	scoped_draft struct draft draft = {
		.project = project, .seen = seen, .options = options, .plan = plan};
	struct image_work work = {&draft, wish, pull_policy};

	if (!draft_begin(&draft, !options->no_dependencies))
		return;
	index_builders(&draft);
	for (size_t i = 0; i < draft.count; i++) {
		struct draft_service *service = &draft.services[draft.order[i]];

		if (!service->selected || !service->service || !service->service->image)
			continue;
		struct draft_service *builder = find_builder(&draft, service);
		service = builder ? builder : service;
		if (image_step(&draft, service->service->image))
			continue;
		bring_image(&work, service,
			    work.policy ? work.policy
					: node_get_text(service->service->node, "pull_policy",
							"missing"));
	}
}
