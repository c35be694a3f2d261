/* rm and down: what takes containers away, and what they used. */
#include "cmd/compose/carry.h"
#include "cmd/compose/lease.h"
#include "cmd/compose/recorded.h"
#include "cmd/compose/verbs.h"

#include <stdio.h>

/* ---- rm ---- */

struct removal {
	struct carry_flags flags;
	bool force, stop, volumes, all;
};

static const struct option remove_options[] = {
	{'a', "all", &option_switch, offsetof(struct removal, all), .hidden = true,
	 .help = "One-off containers, too"},
	{'f', "force", &option_switch, offsetof(struct removal, force), .help = "Do not ask"},
	{'s', "stop", &option_switch, offsetof(struct removal, stop), .help = "Stop them first"},
	{'v', "volumes", &option_switch, offsetof(struct removal, volumes),
	 .help = "Remove their anonymous volumes, too"},
};

static void list_removal(const struct plan *plan)
{
	scoped_strings struct strings names = {0};

	for (size_t i = 0; i < plan->count; i++)
		if (plan->items[i].kind == STEP_REMOVE)
			strings_add(&names, plan->items[i].name);
	scoped_free char *list = strings_join(&names, ", ");
	printf("Going to remove %s\n", list);
	fflush(stdout);
}

static bool is_agreed(void)
{
	char answer[16] = "";

	printf("Are you sure? [yN] ");
	fflush(stdout);
	if (!fgets(answer, sizeof(answer), stdin))
		return false;
	return answer[0] == 'y' || answer[0] == 'Y';
}

static int stop_first(struct compose *compose, const struct plan_options *options,
		      struct situation *situation)
{
	scoped_plan struct plan plan = {0};
	struct carry_wishes carry = {.verb = "stop"};

	plan_stop(compose->project, &situation->seen, options, &plan);
	int status = carry_out(compose, &plan, situation, &carry);
	if (!status && !situation_see(compose, SITUATION_LABELS, situation))
		status = 1;
	return status;
}

static int remove_stopped(struct compose *compose, const struct removal *wishes,
			  const struct strings *services, bool dry_run)
{
	scoped_situation struct situation situation = {0};
	scoped_plan struct plan plan = {0};
	struct carry_wishes carry = {.dry_run = dry_run, .only_stopped = true};
	struct plan_options options = {
		.services = *services,
		.stop_timeout_s = -1,
		.remove_volumes = wishes->volumes,
		.one_offs = compose->style == COMPOSE_V1 || wishes->all,
	};
	int status = 0;

	if (!situation_see(compose, SITUATION_LABELS, &situation))
		return 1;
	if (wishes->stop && !dry_run)
		status = stop_first(compose, &options, &situation);
	if (status)
		return status;
	plan_remove(compose->project, &situation.seen, &options, &plan);
	if (!plan.count && !plan.failure) {
		fprintf(stderr, "No stopped containers\n");
		return 0;
	}
	list_removal(&plan);
	if (!wishes->force && !dry_run && !is_agreed())
		return 0;
	return carry_out(compose, &plan, &situation, &carry);
}

static int run_remove(struct cli *cli, void *fields, const struct strings *arguments)
{
	struct compose *compose = compose_of(cli);
	const struct removal *wishes = fields;
	bool dry_run = wishes->flags.dry_run || compose->options.dry_run;

	if (!compose_name(compose) || !compose_check_services(compose, arguments))
		return 1;
	if (!dry_run && !lease_take(compose))
		return carry_interrupted(compose);
	int status = remove_stopped(compose, wishes, arguments, dry_run);
	lease_give_back(compose);
	return status;
}

const struct command compose_remove = {
	.summary = "Remove stopped containers of services",
	.usage = "[OPTIONS] [SERVICE...]",
	.most = -1,
	.size = sizeof(struct removal),
	.options = {OPTION_SET(carry_options), OPTION_SET(remove_options)},
	.run = run_remove,
};

/* ---- down ---- */

struct down {
	struct carry_flags flags;
	bool volumes, remove_orphans;
	char *images;
	struct option_number timeout;
};

static const struct option down_options[] = {
	{'v', "volumes", &option_switch, offsetof(struct down, volumes),
	 .help = "Remove the volumes that the file declares, and anonymous ones"},
	{0, "volume", &option_switch, offsetof(struct down, volumes), .hidden = true,
	 .help = "The same as --volumes"},
	{0, "rmi", &option_string, offsetof(struct down, images),
	 .help = "Remove images: 'all', or 'local' for those without a name of their own"},
	{0, "remove-orphans", &option_switch, offsetof(struct down, remove_orphans),
	 .help = "Remove containers of services that are not in the file any more"},
	{'t', "timeout", &option_number, offsetof(struct down, timeout),
	 .help = "Seconds until a container that does not stop is killed"},
};

static bool check_down(struct compose *compose, const struct down *wishes)
{
	struct error err;

	if (!wishes->images || strcmp(wishes->images, "all") == 0 ||
	    strcmp(wishes->images, "local") == 0)
		return true;
	error_set(&err, ERROR_INVALID, "--rmi flag must be one of: all, local");
	compose_fail(compose, &err);
	return false;
}

static int take_down(struct compose *compose, const struct down *wishes,
		     const struct strings *services, bool dry_run)
{
	bool orphans = wishes->remove_orphans || compose_flag("COMPOSE_REMOVE_ORPHANS");
	scoped_situation struct situation situation = {0};
	scoped_plan struct plan plan = {0};
	struct carry_wishes carry = {.dry_run = dry_run};
	struct plan_options options = {
		.services = *services,
		.stop_timeout_s = carry_timeout(&wishes->timeout),
		.remove_volumes = wishes->volumes,
		.remove_images = wishes->images,
		.remove_orphans = orphans,
		.ignore_orphans = compose_flag("COMPOSE_IGNORE_ORPHANS"),
		.one_offs = compose->style == COMPOSE_V1 || orphans,
	};

	if (!situation_see(compose, wishes->images ? SITUATION_IMAGES : SITUATION_LABELS,
			   &situation))
		return 1;
	/* What is recorded has the services of the last `up` alone; without a file all of the project is meant. */
	options.remove_orphans |= compose->from_record;
	plan_down(compose->project, &situation.seen, &options, &plan);
	int status = carry_out(compose, &plan, &situation, &carry);
	if (!status && !dry_run && !services->count)
		recorded_forget(compose);
	return status;
}

static int down(struct compose *compose, const struct down *wishes, const struct strings *services)
{
	bool dry_run = wishes->flags.dry_run || compose->options.dry_run;

	if (!dry_run && !lease_take(compose))
		return carry_interrupted(compose);
	int status = take_down(compose, wishes, services, dry_run);
	lease_give_back(compose);
	return status;
}

int compose_down_all(struct compose *compose)
{
	static const struct down wishes;
	static const struct strings all;

	return down(compose, &wishes, &all);
}

static int run_down(struct cli *cli, void *fields, const struct strings *arguments)
{
	struct compose *compose = compose_of(cli);
	const struct down *wishes = fields;

	if (!check_down(compose, wishes) || !compose_name(compose) ||
	    !compose_check_services(compose, arguments))
		return 1;
	return down(compose, wishes, arguments);
}

const struct command compose_down = {
	.summary = "Stop and remove containers and networks",
	.usage = "[OPTIONS] [SERVICE...]",
	.most = -1,
	.size = sizeof(struct down),
	.options = {OPTION_SET(carry_options), OPTION_SET(down_options)},
	.run = run_down,
};
