/* build */
#include "cmd/compose/image_plan.h"
#include "cmd/compose/verbs.h"

#include <stdio.h>

struct build_verb {
	struct strings build_args, ssh;
	char *memory, *progress, *provenance, *sbom, *ignored;
	bool no_cache, pull, push, quiet, with_dependencies, compress, force_remove, keep, parallel;
};

#define NO_BUILDKIT .hidden = true, .help = "", .refused = "the daemon's builder has no such thing"

static const struct option options[] = {
	{0, "build-arg", &option_list, offsetof(struct build_verb, build_args),
	 .help = "Set a variable of the builds: NAME=VALUE, or NAME as it is here"},
	{0, "builder", &option_string, offsetof(struct build_verb, ignored), NO_BUILDKIT},
	{0, "check", &option_switch, offsetof(struct build_verb, compress), NO_BUILDKIT},
	{0, "compress", &option_switch, offsetof(struct build_verb, compress), .hidden = true,
	 .help = "Has no effect: the context goes as it is"},
	{0, "force-rm", &option_switch, offsetof(struct build_verb, force_remove),
	 .help = "Remove the containers of failed steps, too"},
	{'m', "memory", &option_string, offsetof(struct build_verb, memory),
	 .help = "Limit of memory of each step"},
	{0, "no-cache", &option_switch, offsetof(struct build_verb, no_cache),
	 .help = "Reuse nothing of former builds"},
	{0, "no-rm", &option_switch, offsetof(struct build_verb, keep),
	 .help = "Keep the containers of the steps"},
	{0, "parallel", &option_switch, offsetof(struct build_verb, parallel),
	 .help = "Build several at once, as version 2 always does"},
	{0, "print", &option_switch, offsetof(struct build_verb, compress), NO_BUILDKIT},
	{0, "progress", &option_string, offsetof(struct build_verb, progress),
	 .help = "How to show what is done: auto, tty, plain, json, quiet"},
	{0, "provenance", &option_string, offsetof(struct build_verb, provenance), .hidden = true,
	 .help = "'false': attest nothing, which is always so"},
	{0, "pull", &option_switch, offsetof(struct build_verb, pull),
	 .help = "Look for newer versions of the base images"},
	{0, "push", &option_switch, offsetof(struct build_verb, push),
	 .help = "Push what was built"},
	{'q', "quiet", &option_switch, offsetof(struct build_verb, quiet),
	 .help = "Show nothing of what the builds say"},
	{0, "sbom", &option_string, offsetof(struct build_verb, sbom), .hidden = true,
	 .help = "'false': attest nothing, which is always so"},
	{0, "ssh", &option_list, offsetof(struct build_verb, ssh),
	 .help = "Let steps use an agent for SSH of this host: default, or ID=SOCKET"},
	{0, "with-dependencies", &option_switch, offsetof(struct build_verb, with_dependencies),
	 .help = "Build what the services depend on, too"},
};

static void skip(const struct compose *compose, const struct service *service)
{
	if (compose->style == COMPOSE_V1)
		fprintf(stderr, "%s uses an image, skipping\n", service->name);
}

static bool comes_from(const struct service *service, const char *other)
{
	node_each (context, node_get(node_get(service->node, "build"), "additional_contexts"))
		if (str_starts_with(context->value->text, "service:") &&
		    strcmp(context->value->text + strlen("service:"), other) == 0)
			return true;
	return false;
}

/* What is built from another service's image comes after it. */
static void order(const struct project *project, struct plan *plan)
{
	for (size_t i = 0; i < plan->count; i++) {
		const struct service *service = project_service(project, plan->items[i].service);

		for (size_t k = 0; plan->items[i].kind == STEP_BUILD && k < plan->count; k++)
			if (plan->items[k].kind == STEP_BUILD &&
			    comes_from(service, plan->items[k].service))
				image_plan_after(&plan->items[i], k);
	}
}

static void add_builds(struct compose *compose, const struct strings *names, bool push,
		       struct plan *plan)
{
	for (size_t i = 0; i < names->count; i++) {
		const struct service *service = project_service(compose->project, names->items[i]);

		if (!service->built) {
			skip(compose, service);
			continue;
		}
		size_t build = plan->count;
		image_plan_add(plan, STEP_BUILD, service);
		if (push && image_is_named(service))
			image_plan_after(image_plan_add(plan, STEP_PUSH, service), build);
	}
	order(compose->project, plan);
}

static bool check(struct compose *compose, const struct plan *plan, struct error *err)
{
	if (plan->count && !compose_ask_features(compose, err))
		return false;
	for (size_t i = 0; i < plan->count; i++)
		if (!image_check_build(compose,
				       project_service(compose->project, plan->items[i].service),
				       err))
			return false;
	return true;
}

/* Attestations are not made: who asks for none has what he wants. */
static bool check_attestations(const struct build_verb *verb, struct error *err)
{
	const struct {
		const char *name, *value;
	} rows[] = {{"provenance", verb->provenance}, {"sbom", verb->sbom}};

	for (size_t i = 0; i < array_length(rows); i++)
		if (rows[i].value && strcmp(rows[i].value, "false") != 0)
			return error_set(err, ERROR_UNSUPPORTED,
					 "--%s=%s is not supported: the daemon's builder attests "
					 "nothing",
					 rows[i].name, rows[i].value);
	return true;
}

static int run(struct cli *cli, void *fields, const struct strings *arguments)
{
	const struct build_verb *verb = fields;
	struct compose *compose = compose_of(cli);
	scoped_strings struct strings names = {0};
	scoped_plan struct plan plan = {0};
	struct error err;
	struct image_wishes wishes = {
		.quiet = verb->quiet,
		.no_cache = verb->no_cache,
		.pull = verb->pull,
		.force_remove = verb->force_remove,
		.keep = verb->keep,
		.asked_for = true,
		.build_args = &verb->build_args,
		.ssh = &verb->ssh,
		.memory = verb->memory,
		.builds_side_by_side = verb->parallel,
	};

	if (!check_attestations(verb, &err))
		return compose_fail(compose, &err);
	if (verb->progress)
		str_replace(&compose->options.progress, verb->progress);
	if (!compose_open(compose, arguments))
		return 1;
	image_plan_services(compose->project, arguments, verb->with_dependencies, &names);
	add_builds(compose, &names, verb->push, &plan);
	if (!plan.count && compose->style == COMPOSE_V2)
		compose_warn(compose, "No services to build");
	if (!check(compose, &plan, &err))
		return compose_fail(compose, &err);
	scoped(progress) struct progress *progress =
		progress_new(compose, PROGRESS_AUTO, compose->options.dry_run);
	return image_plan_run(compose, &plan, &wishes, take(progress));
}

const struct command compose_build = {
	.summary = "Build the images of services",
	.usage = "[OPTIONS] [SERVICE...]",
	.most = -1,
	.size = sizeof(struct build_verb),
	.options = {OPTION_SET(options)},
	.run = run,
};
