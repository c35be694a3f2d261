#include "cmd/compose/carry.h"

#include <stdio.h>

/* ---- the situation ---- */

void situation_fini(struct situation *situation)
{
	pairs_fini(&situation->wanted.hashes);
	seen_fini(&situation->seen);
	*situation = (struct situation){0};
}

bool situation_see(struct compose *compose, enum situation_kind kind, struct situation *situation)
{
	struct observe_request request = {
		.wanted = kind == SITUATION_WANTED ? &situation->wanted : NULL,
		.images = kind >= SITUATION_IMAGES,
	};
	struct error err;

	situation_fini(situation);
	situation->wanted.project = compose->project;
	if ((kind != SITUATION_WANTED || (compose_ask_features(compose, &err) &&
					  observe_wanted(compose, &situation->wanted, &err))) &&
	    observe(compose, &request, &situation->seen, &err))
		return true;
	compose_fail(compose, &err);
	return false;
}

/* ---- carrying out ---- */

bool carry_check(struct compose *compose, const struct plan *plan)
{
	struct error err;

	for (size_t i = 0; i < plan->warnings.count; i++)
		compose_warn(compose, "%s", plan->warnings.items[i]);
	if (!plan->failure)
		return true;
	error_set(&err, ERROR_INVALID, "%s", plan->failure);
	compose_fail(compose, &err);
	return false;
}

int carry_interrupted(const struct compose *compose)
{
	if (compose->style == COMPOSE_V1)
		fprintf(stderr, "Aborting.\n");
	return compose->style == COMPOSE_V1 ? 1 : 130;
}

bool carry_check_creates(struct compose *compose, const struct plan *plan,
			 const struct situation *situation)
{
	struct execution execution = {
		.compose = compose,
		.plan = plan,
		.wanted = &situation->wanted,
		.seen = &situation->seen,
	};

	return !situation->wanted.project || execute_check(&execution);
}

static int run_plan(struct compose *compose, const struct plan *plan,
		    const struct situation *situation, const struct carry_wishes *wishes,
		    struct progress *progress)
{
	struct execution execution = {
		.compose = compose,
		.plan = plan,
		.wanted = situation->wanted.project ? &situation->wanted : NULL,
		.seen = &situation->seen,
		.progress = progress,
		.only_stopped = wishes->only_stopped,
		.skip_networks = wishes->skip_networks,
		.kill_on_interrupt = wishes->kill_on_interrupt,
	};
	struct error err;
	bool good = execute(&execution, &err);

	progress_free(progress);
	if (wishes->interrupted)
		*wishes->interrupted = execution.interrupted;
	if (good)
		return 0;
	if (execution.interrupted && !execution.failed)
		return wishes->interrupted ? 1 : carry_interrupted(compose);
	/* Version 1 told each failure by the container's name, and each verb has its own last word. */
	bool told = compose->style == COMPOSE_V1 && wishes->progress != PROGRESS_QUIET &&
		    !str_equal(compose->options.progress, "quiet");
	return told ? 1 : compose_fail(compose, &err);
}

int carry_out(struct compose *compose, const struct plan *plan, const struct situation *situation,
	      const struct carry_wishes *wishes)
{
	bool dry_run = wishes->dry_run || compose->options.dry_run;

	if (!carry_check(compose, plan) || !carry_check_creates(compose, plan, situation))
		return 1;
	struct progress *progress = progress_new(compose, wishes->progress, dry_run);
	if (wishes->verb)
		progress_set_verb(progress, wishes->verb);
	if (!dry_run)
		return run_plan(compose, plan, situation, wishes, progress);
	execute_dry(progress, plan);
	progress_free(progress);
	return 0;
}

/* ---- options ---- */

int64_t carry_timeout(const struct option_number *timeout)
{
	return timeout->given ? timeout->value : -1;
}

const struct option carry_options[1] = {
	{0, "dry-run", &option_switch, offsetof(struct carry_flags, dry_run),
	 .help = "Show what would be done, and do nothing"},
};
