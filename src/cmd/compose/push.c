/* push */
#include "cmd/compose/image_plan.h"
#include "cmd/compose/verbs.h"

struct push_verb {
	bool quiet, dependencies, ignore_failures;
};

static const struct option options[] = {
	{0, "ignore-push-failures", &option_switch, offsetof(struct push_verb, ignore_failures),
	 .help = "Push what can be pushed; the rest is no failure"},
	{0, "include-deps", &option_switch, offsetof(struct push_verb, dependencies),
	 .help = "Push what the services depend on, too"},
	{'q', "quiet", &option_switch, offsetof(struct push_verb, quiet),
	 .help = "Do not show how far it is"},
};

/* What is built here, and has a name to be had by. */
static void make_plan(struct compose *compose, const struct strings *names, struct plan *plan,
		      struct progress *progress)
{
	for (size_t i = 0; i < names->count; i++) {
		const struct service *service = project_service(compose->project, names->items[i]);
		scoped_free char *subject = str_format("Image %s", service->image);

		if (service->built && image_is_named(service))
			image_plan_add(plan, STEP_PUSH, service);
		else if (compose->style == COMPOSE_V2)
			progress_note(progress, subject, "Skipped", true);
	}
}

static int run(struct cli *cli, void *fields, const struct strings *arguments)
{
	const struct push_verb *verb = fields;
	struct compose *compose = compose_of(cli);
	scoped_strings struct strings names = {0};
	scoped_plan struct plan plan = {0};
	struct image_wishes wishes = {
		.quiet = verb->quiet,
		.ignore_push_failures = verb->ignore_failures,
		.one_at_a_time = compose->style == COMPOSE_V1,
		.go_on = true,
	};

	if (!compose_open(compose, arguments))
		return 1;
	image_plan_services(compose->project, arguments, verb->dependencies, &names);
	scoped(progress) struct progress *progress =
		progress_new(compose, PROGRESS_AUTO, compose->options.dry_run);
	make_plan(compose, &names, &plan, progress);
	return image_plan_run(compose, &plan, &wishes, take(progress));
}

const struct command compose_push = {
	.summary = "Push the images of services",
	.usage = "[OPTIONS] [SERVICE...]",
	.most = -1,
	.size = sizeof(struct push_verb),
	.options = {OPTION_SET(options)},
	.run = run,
};
