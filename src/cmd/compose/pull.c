/* pull */
#include "cmd/compose/image_plan.h"
#include "cmd/compose/verbs.h"

struct pull_verb {
	char *policy;
	bool quiet, dependencies, ignore_failures, ignore_buildable, parallel, no_parallel;
};

static const struct option options[] = {
	{0, "ignore-buildable", &option_switch, offsetof(struct pull_verb, ignore_buildable),
	 .help = "Leave out images that can be built"},
	{0, "ignore-pull-failures", &option_switch, offsetof(struct pull_verb, ignore_failures),
	 .help = "Pull what can be had; the rest is no failure"},
	{0, "include-deps", &option_switch, offsetof(struct pull_verb, dependencies),
	 .help = "Pull what the services depend on, too"},
	{0, "no-parallel", &option_switch, offsetof(struct pull_verb, no_parallel),
	 .help = "One after the other"},
	{0, "parallel", &option_switch, offsetof(struct pull_verb, parallel), .hidden = true,
	 .help = "Has no effect: several are pulled at once anyway"},
	{0, "policy", &option_string, offsetof(struct pull_verb, policy),
	 .help = "When to pull: 'missing' or 'always' (default: as the file says)"},
	{'q', "quiet", &option_switch, offsetof(struct pull_verb, quiet),
	 .help = "Do not show how far it is"},
};

/* ---- what is left out ---- */

static bool is_present(struct compose *compose, const char *image, bool *present, struct error *err)
{
	scoped_target struct target target = target_format("/images/%s/json", image);
	json_t *document = api_get(compose->cli, &target, err);

	*present = document != NULL;
	json_decref(document);
	return *present || err->kind == ERROR_NOT_FOUND;
}

static bool same_image(const struct plan *plan, const struct service *service, const char **other)
{
	for (size_t i = 0; i < plan->count; i++)
		if (strcmp(plan->items[i].name, service->image) == 0) {
			*other = plan->items[i].service;
			return true;
		}
	return false;
}

static bool is_missing_policy(const char *policy)
{
	return strcmp(policy, "missing") == 0 || strcmp(policy, "if_not_present") == 0;
}

/* Why it is left out, owned; NULL: it is pulled.  False: the daemon does not answer. */
static bool why_not(struct compose *compose, const struct pull_verb *verb,
		    const struct service *service, const struct plan *plan, char **reason,
		    struct error *err)
{
	const char *policy =
		verb->policy ? verb->policy : node_get_text(service->node, "pull_policy", "always");
	const char *other = NULL;
	bool present = false;

	if (!image_is_named(service))
		*reason = str_dup("No image to be pulled");
	else if (strcmp(policy, "never") == 0)
		*reason = str_dup("Pull policy is never");
	else if (service->built && (verb->ignore_buildable || strcmp(policy, "build") == 0))
		*reason = str_dup("Image can be built");
	else if (same_image(plan, service, &other))
		*reason = str_format("Image is already being pulled by %s", other);
	else if (is_missing_policy(policy) && !is_present(compose, service->image, &present, err))
		return false;
	else if (present)
		*reason = str_dup("Image is already present locally");
	return true;
}

/* Version 1 tells of each service alike, also of those that have nothing to pull. */
static bool is_told_alike(const struct compose *compose, const struct service *service,
			  const struct plan *plan)
{
	const char *other;

	return compose->style == COMPOSE_V1 &&
	       (!image_is_named(service) || same_image(plan, service, &other));
}

static void tell_skipped(const struct compose *compose, struct progress *progress,
			 const struct service *service, const char *reason)
{
	scoped_free char *subject = str_format("Image %s", service->image);
	scoped_free char *words = str_format("Skipped: %s", reason);

	if (compose->style == COMPOSE_V2)
		progress_note(progress, subject, words, true);
}

static bool make_plan(struct compose *compose, const struct pull_verb *verb,
		      const struct strings *names, struct progress *progress, struct plan *plan,
		      struct error *err)
{
	for (size_t i = 0; i < names->count; i++) {
		const struct service *service = project_service(compose->project, names->items[i]);
		scoped_free char *reason = NULL;

		if (!why_not(compose, verb, service, plan, &reason, err))
			return false;
		if (!reason || is_told_alike(compose, service, plan))
			image_plan_add(plan, STEP_PULL, service);
		else
			tell_skipped(compose, progress, service, reason);
	}
	return true;
}

/* ---- the verb ---- */

/* A service that can be built is no failure for good. */
static void tell_buildable(struct compose *compose, const struct plan *plan)
{
	scoped_strings struct strings names = {0};

	for (size_t i = 0; i < plan->count; i++)
		if (project_service(compose->project, plan->items[i].service)->built)
			strings_add(&names, plan->items[i].service);
	if (!names.count)
		return;
	scoped_free char *list = strings_join(&names, " ");
	compose_warn(compose,
		     "Some service image(s) must be built from source by running:\n    %s build %s",
		     compose->style == COMPOSE_V1 ? "docker-compose" : "docker compose", list);
}

static bool check_policy(const struct pull_verb *verb, struct error *err)
{
	return !verb->policy || strcmp(verb->policy, "missing") == 0 ||
	       strcmp(verb->policy, "always") == 0 ||
	       error_set(err, ERROR_INVALID,
			 "unknown pull policy \"%s\": there is missing and always", verb->policy);
}

static int run(struct cli *cli, void *fields, const struct strings *arguments)
{
	const struct pull_verb *verb = fields;
	struct compose *compose = compose_of(cli);
	scoped_strings struct strings names = {0};
	scoped_plan struct plan plan = {0};
	struct image_wishes wishes = {
		.quiet = verb->quiet,
		.ignore_pull_failures = verb->ignore_failures,
		.one_at_a_time = verb->no_parallel,
		.go_on = true,
	};
	struct error err;

	if (!check_policy(verb, &err))
		return compose_fail(compose, &err);
	if (!compose_open(compose, arguments))
		return 1;
	image_plan_services(compose->project, arguments, verb->dependencies, &names);
	scoped(progress) struct progress *progress =
		progress_new(compose, PROGRESS_AUTO, compose->options.dry_run);
	if (!make_plan(compose, verb, &names, progress, &plan, &err))
		return compose_fail(compose, &err);
	int status = image_plan_run(compose, &plan, &wishes, take(progress));
	if (status)
		tell_buildable(compose, &plan);
	return status;
}

const struct command compose_pull = {
	.summary = "Pull the images of services",
	.usage = "[OPTIONS] [SERVICE...]",
	.most = -1,
	.size = sizeof(struct pull_verb),
	.options = {OPTION_SET(options)},
	.run = run,
};
