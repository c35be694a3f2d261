/* up, create, scale, plan: what the project wants, beside what there is. */
#include "cmd/compose/up.h"

#include "base/time.h"
#include "cmd/compose/lease.h"
#include "cmd/compose/recorded.h"
#include "cmd/compose/verbs.h"
#include "cmd/compose/watch.h"

#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>

#define FIELD(member) offsetof(struct up, member)

/* ---- what is asked for ---- */

static bool fail(struct compose *compose, const char *text)
{
	struct error err;

	error_set(&err, ERROR_INVALID, "%s", text);
	compose_fail(compose, &err);
	return false;
}

static bool check_wishes(struct compose *compose, const struct up *wishes)
{
	bool aborts = wishes->abort_on_exit || wishes->abort_on_failure || wishes->exit_code_from;
	bool detached = wishes->detach || wishes->wait;
	const struct {
		bool wrong;
		const char *text;
	} rules[] = {
		{wishes->force_recreate && wishes->no_recreate,
		 "--force-recreate and --no-recreate cannot be combined."},
		{wishes->always_recreate_dependencies && wishes->no_recreate,
		 "--always-recreate-deps and --no-recreate cannot be combined."},
		{wishes->renew_volumes && wishes->no_recreate,
		 "--renew-anon-volumes and --no-recreate cannot be combined."},
		{wishes->build && wishes->no_build, "--build and --no-build can not be combined."},
		{aborts && detached, "--abort-on-container-exit and -d cannot be combined."},
		{wishes->attach.count && detached, "-d and --attach cannot be combined."},
		{wishes->menu, "--menu is not supported: there is no menu"},
		{wishes->watch && (detached || wishes->no_start),
		 "--watch and -d cannot be combined."},
	};

	for (size_t i = 0; i < array_length(rules); i++)
		if (rules[i].wrong)
			return fail(compose, rules[i].text);
	return true;
}

/* SERVICE=NUMBER, each of the file. */
static bool read_scale(struct compose *compose, const struct strings *words, struct pairs *scale)
{
	for (size_t i = 0; i < words->count; i++) {
		scoped_strings struct strings parts = strings_split(words->items[i], '=');
		scoped_strings struct strings service = {0};
		uint64_t number;

		if (parts.count != 2)
			return fail(compose,
				    "Arguments to scale should be in the form service=num");
		if (!parse_u64(parts.items[1], &number) || number > 10000) {
			scoped_free char *text = str_format(
				"Number of containers for service \"%s\" is not a number",
				parts.items[0]);
			return fail(compose, text);
		}
		strings_add(&service, parts.items[0]);
		if (!compose_check_services(compose, &service))
			return false;
		pairs_set(scale, parts.items[0], parts.items[1]);
	}
	return true;
}

static void make_options(struct up_call *call)
{
	const struct up *wishes = call->wishes;
	const struct compose_features *features = &call->compose->features;

	call->options.services = *call->services;
	call->options.awaited = wishes->exit_code_from;
	call->options.force_recreate = wishes->force_recreate;
	call->options.no_recreate = wishes->no_recreate;
	call->options.always_recreate_dependencies = wishes->always_recreate_dependencies;
	call->options.no_dependencies = wishes->no_dependencies;
	call->options.no_start = wishes->no_start;
	call->options.remove_orphans =
		wishes->remove_orphans || compose_flag("COMPOSE_REMOVE_ORPHANS");
	call->options.ignore_orphans = compose_flag("COMPOSE_IGNORE_ORPHANS");
	call->options.renew_anonymous_volumes = wishes->renew_volumes;
	call->options.recreate_volumes = wishes->yes;
	call->options.can_hold = features->hold && features->takeover;
	call->options.can_balance = features->group;
	call->options.all_resources = call->compose->options.all_resources;
	call->options.wait = wishes->wait;
	call->options.wait_timeout_ms =
		wishes->wait_timeout.given ? wishes->wait_timeout.value * 1000 : -1;
	call->options.stop_timeout_s = carry_timeout(&wishes->timeout);
}

/* ---- images, then the plan ---- */

static enum image_wish image_wish(const struct up *wishes)
{
	if (wishes->build)
		return IMAGES_BUILD;
	return wishes->no_build ? IMAGES_NO_BUILD : IMAGES_AS_POLICY;
}

static bool has_image_steps(const struct plan *plan)
{
	for (size_t i = 0; i < plan->count; i++)
		if (plan->items[i].kind == STEP_PULL || plan->items[i].kind == STEP_BUILD)
			return true;
	return false;
}

/* Pull and build what the plan says, and see what came of it. */
static bool get_images(struct up_call *call, const struct plan *plan)
{
	const struct up *wishes = call->wishes;
	struct image_wishes images = {
		.quiet = wishes->quiet_pull || wishes->quiet_build,
		.asked_for = wishes->build,
	};
	struct error err;

	if (!has_image_steps(plan))
		return true;
	struct progress *progress = progress_new(
		call->compose, wishes->quiet_pull ? PROGRESS_QUIET : PROGRESS_AUTO, false);
	progress_plan(progress, plan);
	bool good = images_carry_out(call->compose, plan, &images, progress, NULL, &err);
	progress_free(progress);
	if (!good && call->compose->style == COMPOSE_V2) /* version 1 has said it */
		compose_fail(call->compose, &err);
	return good && situation_see(call->compose, SITUATION_WANTED, &call->situation);
}

/* Volumes are made anew only when somebody says so. */
static void ask_for_volumes(struct up_call *call)
{
	scoped_strings struct strings names = {0};

	if (call->options.recreate_volumes)
		return;
	plan_changed_volumes(&call->situation.wanted, &call->situation.seen, &call->options,
			     &names);
	call->options.recreate_volumes = names.count > 0;
	for (size_t i = 0; i < names.count && call->options.recreate_volumes; i++) {
		scoped_free char *question =
			str_format("Volume \"%s\" exists but doesn't match configuration in "
				   "compose file. Recreate (data will be lost)?",
				   names.items[i]);
		call->options.recreate_volumes = cli_confirm(question);
	}
}

static bool begin(struct up_call *call)
{
	struct compose *compose = call->compose;

	return check_wishes(compose, call->wishes) &&
	       (compose->project || compose_open(compose, call->services)) &&
	       read_scale(compose, &call->wishes->scale, &call->options.scale);
}

static bool look(struct up_call *call)
{
	if (!situation_see(call->compose, SITUATION_WANTED, &call->situation))
		return false;
	make_options(call);
	return true;
}

static void plan_all_images(const struct up_call *call, struct plan *plan)
{
	plan_images(call->compose->project, &call->situation.seen, &call->options,
		    image_wish(call->wishes), call->wishes->pull, plan);
}

static void call_fini(struct up_call *call)
{
	pairs_fini(&call->options.scale);
	strings_fini(&call->created);
	strings_fini(&call->started);
	situation_fini(&call->situation);
}

#define scoped_call scoped_with(call_fini)

/* ---- a plan that was written before ---- */

static bool read_file(const char *path, struct buffer *text, struct error *err)
{
	FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
	size_t got;

	if (!file)
		return error_errno(err, "cannot read '%s'", path);
	while ((got = fread(buffer_reserve(text, 65536), 1, 65536, file)) > 0)
		buffer_wrote(text, got);
	if (file != stdin)
		fclose(file);
	return true;
}

static bool read_plan(struct up_call *call, struct plan *plan, struct error *err)
{
	scoped_buffer struct buffer text = {0};
	scoped_free char *state = NULL, *now = seen_digest(&call->situation.seen);

	if (!read_file(call->wishes->plan_file, &text, err) ||
	    !plan_read_json(text.data ? text.data : "", text.size, plan, &state, err))
		return false;
	return str_equal(state, now) ||
	       error_set(err, ERROR_CONFLICT,
			 "the daemon's state has changed since the plan '%s' was made",
			 call->wishes->plan_file);
}

/* ---- carrying out ---- */

/* Whose output is shown from its beginning, and whose from now on. */
static void note_names(struct up_call *call, const struct plan *plan)
{
	for (size_t i = 0; i < plan->count; i++) {
		const struct step *step = &plan->items[i];

		if (step->kind == STEP_CREATE)
			strings_add(&call->created, step->name);
		else if (step->kind == STEP_RENAME && step->made_by)
			strings_add(&call->created, step->new_name);
		else if (step->kind == STEP_START || step->kind == STEP_RESTART)
			strings_add(&call->started, step->name);
	}
}

static int finish(struct up_call *call, const struct plan *plan)
{
	struct compose *compose = call->compose;
	struct carry_wishes carry = {
		.dry_run = call->dry_run,
		.interrupted = &call->interrupted,
		.skip_networks = call->only_creates && compose->style == COMPOSE_V1,
	};

	note_names(call, plan);
	if (call->attached) /* what comes while containers start is for `up`, and does not end it */
		hold_signals(&(sigset_t){0});
	int status = carry_out(compose, plan, &call->situation, &carry);
	if (status && call->interrupted)
		return status;
	if (status && !plan->failure && compose->style == COMPOSE_V1)
		fprintf(stderr, "Encountered errors while bringing up the project.\n");
	return status;
}

/* What would be done, and whether it may. */
static bool is_agreed(struct up_call *call, const struct plan *plan)
{
	scoped_buffer struct buffer text = {0};

	if (!call->wishes->confirm || !plan_changes_something(plan))
		return true;
	plan_write_text(plan, &text);
	fwrite(text.data, 1, text.size, stdout);
	return cli_confirm("Carry this out?");
}

static int run_given_plan(struct up_call *call)
{
	scoped_plan struct plan plan = {0};
	struct error err;

	if (!read_plan(call, &plan, &err))
		return compose_fail(call->compose, &err);
	if (!call->dry_run && (!is_agreed(call, &plan) || !get_images(call, &plan)))
		return 1;
	return finish(call, &plan);
}

/* The whole of it, images included, as `plan`, --dry-run and --confirm show it. */
static void plan_all(struct up_call *call, struct plan *plan)
{
	plan_all_images(call, plan);
	plan_up(&call->situation.wanted, &call->situation.seen, &call->options, plan);
}

/* Images first, for what comes of them decides what is made anew. */
static bool prepare(struct up_call *call)
{
	scoped_plan struct plan whole = {0}, images = {0};

	if (call->wishes->confirm) {
		plan_all(call, &whole);
		if (!carry_check(call->compose, &whole) || !is_agreed(call, &whole))
			return false;
	}
	plan_all_images(call, &images);
	return carry_check(call->compose, &images) && get_images(call, &images);
}

static int run_new_plan(struct up_call *call)
{
	scoped_plan struct plan plan = {0};

	if (call->dry_run) {
		plan_all(call, &plan);
		return finish(call, &plan);
	}
	if (!prepare(call))
		return 1;
	ask_for_volumes(call);
	plan_up(&call->situation.wanted, &call->situation.seen, &call->options, &plan);
	return finish(call, &plan);
}

static int change(struct up_call *call)
{
	if (!look(call))
		return 1;
	call->began_ns = time_now_ns();
	int status = call->wishes->plan_file ? run_given_plan(call) : run_new_plan(call);
	if (!status && !call->dry_run)
		recorded_keep(call->compose);
	return status;
}

static int bring_up(struct up_call *call)
{
	if (!begin(call))
		return 1;
	if (call->dry_run)
		return change(call);
	if (!lease_take(call->compose))
		return carry_interrupted(call->compose);
	int status = change(call);
	lease_give_back(call->compose);
	return status;
}

int up_services(struct compose *compose, const struct up *wishes, const struct strings *services)
{
	scoped_call struct up_call call = {
		.compose = compose, .wishes = wishes, .services = services};

	return bring_up(&call);
}

static struct up_call call_of(struct cli *cli, const struct up *wishes,
			      const struct strings *services)
{
	struct compose *compose = compose_of(cli);

	return (struct up_call){
		.compose = compose,
		.wishes = wishes,
		.services = services,
		.dry_run = wishes->flags.dry_run || compose->options.dry_run,
	};
}

/* ---- up ---- */

/* --exit-code-from a service that there is not: version 1 has a status of its own for it. */
static bool check_exit_code_from(struct up_call *call, int *status)
{
	const char *name = call->wishes->exit_code_from;
	struct error err;

	if (!name || project_service(call->compose->project, name))
		return true;
	error_set(&err, ERROR_NOT_FOUND, "No service named \"%s\" was found in your compose file.",
		  name);
	compose_fail(call->compose, &err);
	*status = call->compose->style == COMPOSE_V1 ? 2 : 1;
	return false;
}

static bool check_watch(struct up_call *call)
{
	struct error err;

	if (!call->wishes->watch || watch_is_configured(call->compose, call->services, &err))
		return true;
	compose_fail(call->compose, &err);
	return false;
}

/* Changes are followed in a process of their own: what they ask for takes its time, and output is shown meanwhile. */
static int attach(struct up_call *call)
{
	struct error err;
	pid_t watcher = 0;

	if (call->wishes->watch && !call->interrupted &&
	    (watcher = watch_beside(call->compose, call->services, &err)) < 0)
		compose_fail(call->compose, &err);
	int status = up_attached(call);
	if (watcher > 0 && kill(watcher, SIGTERM) == 0)
		waitpid(watcher, NULL, 0);
	return status;
}

static bool is_attached(const struct up_call *call)
{
	const struct up *wishes = call->wishes;

	return !wishes->detach && !wishes->wait && !wishes->no_start && !call->dry_run;
}

static int run_up(struct cli *cli, void *fields, const struct strings *arguments)
{
	scoped_call struct up_call call = call_of(cli, fields, arguments);
	int status = 1;

	if ((call.wishes->exit_code_from || call.wishes->watch) &&
	    (!check_wishes(call.compose, call.wishes) || !compose_open(call.compose, arguments) ||
	     !check_exit_code_from(&call, &status) || !check_watch(&call)))
		return status;
	call.attached = is_attached(&call);
	status = bring_up(&call);
	if (call.attached && (!status || call.interrupted))
		return attach(&call);
	return call.interrupted ? carry_interrupted(call.compose) : status;
}

static const struct option making_options[] = {
	{0, "build", &option_switch, FIELD(build), .help = "Build images first"},
	{0, "no-build", &option_switch, FIELD(no_build),
	 .help = "Build none, even if it is missing"},
	{0, "pull", &option_string, FIELD(pull),
	 .help = "When to pull images: always, missing, never, build (default: as the file says)"},
	{0, "quiet-pull", &option_switch, FIELD(quiet_pull), .help = "Do not show how pulls go on"},
	{0, "force-recreate", &option_switch, FIELD(force_recreate),
	 .help = "Make containers anew, even if nothing changed"},
	{0, "no-recreate", &option_switch, FIELD(no_recreate),
	 .help = "Leave containers that are there as they are"},
	{0, "remove-orphans", &option_switch, FIELD(remove_orphans),
	 .help = "Remove containers of services that are not in the file any more"},
	{0, "scale", &option_list, FIELD(scale),
	 .help = "SERVICE=NUMBER: so many containers of it, whatever the file says"},
	{'y', "yes", &option_switch, FIELD(yes), .help = "Answer every question with yes"},
};

/* What a plan depends on beside these: of `up` and of `plan`. */
static const struct option planning_options[] = {
	{0, "no-deps", &option_switch, FIELD(no_dependencies),
	 .help = "Leave out the services that those named depend on"},
	{0, "always-recreate-deps", &option_switch, FIELD(always_recreate_dependencies),
	 .help = "Make anew what depends on what is made anew"},
	{'V', "renew-anon-volumes", &option_switch, FIELD(renew_volumes),
	 .help = "Anonymous volumes begin empty, instead of with what the old container had"},
	{0, "no-start", &option_switch, FIELD(no_start), .help = "Make the containers only"},
	{'t', "timeout", &option_number, FIELD(timeout),
	 .help = "Seconds until a container that does not stop is killed"},
};

static const struct option up_options[] = {
	{'d', "detach", &option_switch, FIELD(detach), .help = "End when all is started"},
	{0, "quiet-build", &option_switch, FIELD(quiet_build),
	 .help = "Do not show how builds go on"},
	{0, "abort-on-container-exit", &option_switch, FIELD(abort_on_exit),
	 .help = "Stop all when the first container ends"},
	{0, "abort-on-container-failure", &option_switch, FIELD(abort_on_failure),
	 .help = "Stop all when the first container fails"},
	{0, "exit-code-from", &option_string, FIELD(exit_code_from),
	 .help = "End as this service's container does; implies --abort-on-container-exit"},
	{0, "attach", &option_list, FIELD(attach),
	 .help = "Show the output of these services only"},
	{0, "no-attach", &option_list, FIELD(no_attach),
	 .help = "Do not show the output of these services"},
	{0, "attach-dependencies", &option_switch, FIELD(attach_dependencies),
	 .help = "Show the output of what the named services depend on, too"},
	{0, "no-color", &option_switch, FIELD(no_colour), .help = "Lines without colours"},
	{0, "no-log-prefix", &option_switch, FIELD(no_prefix), .help = "Lines without names"},
	{0, "timestamps", &option_switch, FIELD(timestamps), .help = "Lines with their time"},
	{0, "wait", &option_switch, FIELD(wait),
	 .help = "End when all run, and are healthy; implies --detach"},
	{0, "wait-timeout", &option_number, FIELD(wait_timeout), .help = "Seconds to wait at most"},
	{0, "confirm", &option_switch, FIELD(confirm),
	 .help = "Show what would be done, and ask before it is"},
	{0, "plan", &option_string, FIELD(plan_file),
	 .help = "Do exactly what this file of `plan --format json` says"},
	{0, "menu", &option_switch, FIELD(menu), .hidden = true,
	 .help = "=false: have no menu, which is always so"},
	{'w', "watch", &option_switch, FIELD(watch),
	 .help = "Follow changes of the sources, as the verb `watch` does"},
	{0, "dry-run", &option_switch, FIELD(flags.dry_run),
	 .help = "Show what would be done, and do nothing"},
};

const struct command compose_up = {
	.summary = "Make and start what the file describes",
	.usage = "[OPTIONS] [SERVICE...]",
	.most = -1,
	.size = sizeof(struct up),
	.options = {OPTION_SET(making_options), OPTION_SET(planning_options),
		    OPTION_SET(up_options)},
	.run = run_up,
};

/* ---- create ---- */

static int run_create(struct cli *cli, void *fields, const struct strings *arguments)
{
	struct up *wishes = fields;

	wishes->no_start = true;
	scoped_call struct up_call call = call_of(cli, wishes, arguments);
	call.only_creates = true;
	if (call.compose->style == COMPOSE_V1)
		compose_warn(call.compose, "The create command is deprecated. Use the up command "
					   "with the --no-start flag instead.");
	int status = bring_up(&call);
	return call.interrupted ? carry_interrupted(call.compose) : status;
}

const struct command compose_create = {
	.summary = "Make the containers of services, and do not start them",
	.usage = "[OPTIONS] [SERVICE...]",
	.most = -1,
	.size = sizeof(struct up),
	.options = {OPTION_SET(carry_options), OPTION_SET(making_options)},
	.run = run_create,
};

/* ---- scale ---- */

static bool check_scale(struct compose *compose, const struct strings *words)
{
	for (size_t i = 0; i < words->count; i++)
		if (!strchr(words->items[i], '='))
			return fail(compose,
				    "Arguments to scale should be in the form service=num");
	return true;
}

static int scale(struct cli *cli, struct up *wishes, const struct strings *words)
{
	scoped_strings struct strings services = {0};
	scoped_call struct up_call call = call_of(cli, wishes, &services);

	if (!check_scale(call.compose, words))
		return 1;
	for (size_t i = 0; i < words->count; i++)
		strings_take(&services, str_dup_n(words->items[i], strcspn(words->items[i], "=")));
	int status = bring_up(&call);
	return call.interrupted ? carry_interrupted(call.compose) : status;
}

static int run_scale(struct cli *cli, void *fields, const struct strings *arguments)
{
	struct up *wishes = fields;
	struct compose *compose = compose_of(cli);

	if (compose->style == COMPOSE_V1)
		compose_warn(compose, "The scale command is deprecated. Use the up command with "
				      "the --scale flag instead.");
	wishes->scale = strings_copy(arguments);
	int status = scale(cli, wishes, arguments);
	strings_fini(&wishes->scale);
	return status;
}

static const struct option scale_options[] = {
	{0, "no-deps", &option_switch, FIELD(no_dependencies),
	 .help = "Leave out the services that those named depend on"},
	{'t', "timeout", &option_number, FIELD(timeout),
	 .help = "Seconds until a container that does not stop is killed"},
};

const struct command compose_scale = {
	.summary = "Change how many containers services have",
	.usage = "[OPTIONS] SERVICE=NUMBER...",
	.least = 1,
	.most = -1,
	.size = sizeof(struct up),
	.options = {OPTION_SET(carry_options), OPTION_SET(scale_options)},
	.run = run_scale,
};

/* ---- plan ---- */

enum { NOTHING_CHANGES = 0, SOMETHING_CHANGES = 2 };

static int run_plan(struct cli *cli, void *fields, const struct strings *arguments)
{
	scoped_call struct up_call call = call_of(cli, fields, arguments);
	scoped_buffer struct buffer text = {0};
	scoped_plan struct plan plan = {0};

	if (!begin(&call) || !look(&call))
		return 1;
	plan_all(&call, &plan);
	if (!carry_check(call.compose, &plan) ||
	    !carry_check_creates(call.compose, &plan, &call.situation))
		return 1;
	if (str_equal(call.wishes->format, "json")) {
		scoped_free char *state = seen_digest(&call.situation.seen);

		plan_write_json(&plan, state, &text);
	} else {
		plan_write_text(&plan, &text);
	}
	if (cli_print(&text) != 0)
		return 1;
	return plan_changes_something(&plan) ? SOMETHING_CHANGES : NOTHING_CHANGES;
}

static const struct option plan_options[] = {
	{0, "format", &option_string, FIELD(format), .initial = "text",
	 .help = "How to show it: 'text', or 'json' for `up --plan`"},
	{0, "wait", &option_switch, FIELD(wait), .help = "With waiting until all run"},
};

const struct command compose_plan = {
	.summary = "Show what `up` would do, and why; ends with 2 when something would change",
	.usage = "[OPTIONS] [SERVICE...]",
	.most = -1,
	.size = sizeof(struct up),
	.options = {OPTION_SET(making_options), OPTION_SET(planning_options),
		    OPTION_SET(plan_options)},
	.run = run_plan,
};
