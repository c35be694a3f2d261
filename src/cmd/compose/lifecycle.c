/* start, stop, restart, pause, unpause, kill: what changes containers that are there. */
#include "cmd/compose/carry.h"
#include "cmd/compose/lease.h"
#include "cmd/compose/recorded.h"
#include "cmd/compose/verbs.h"

#include <stdio.h>

struct lifecycle {
	struct carry_flags flags; /* first, so that the shared option finds it */
	struct option_number timeout, wait_timeout;
	char *signal;
	bool no_dependencies, wait, remove_orphans, at_boot;
};

static const struct option timeout_options[] = {
	{'t', "timeout", &option_number, offsetof(struct lifecycle, timeout),
	 .help = "Seconds until a container that does not stop is killed"},
};

/* What differs between the verbs; the rest is one flow. */
struct verb {
	void (*plan)(struct compose *compose, const struct situation *situation,
		     const struct plan_options *options, struct plan *plan);
	const char
		*none; /* what version 1 says, and fails with, where there is none; NULL: nothing */
	bool at_once;  /* it waits for no other verb: who kills, or freezes, means now */
};

static int change(struct compose *compose, const struct lifecycle *wishes,
		  const struct strings *services, const struct verb *verb)
{
	scoped_situation struct situation situation = {0};
	scoped_plan struct plan plan = {0};
	struct carry_wishes carry = {.dry_run = wishes->flags.dry_run};

	if (!situation_see(compose, SITUATION_LABELS, &situation))
		return 1;
	struct plan_options options = {
		.services = *services,
		.stop_timeout_s = carry_timeout(&wishes->timeout),
		.no_dependencies = wishes->no_dependencies,
		.remove_orphans = wishes->remove_orphans,
		.signal = wishes->signal,
		.wait = wishes->wait,
		.wait_timeout_ms =
			wishes->wait_timeout.given ? wishes->wait_timeout.value * 1000 : -1,
	};
	verb->plan(compose, &situation, &options, &plan);
	if (!plan.count && !plan.failure && verb->none && compose->style == COMPOSE_V1) {
		fprintf(stderr, "%s\n", verb->none);
		return 1;
	}
	return carry_out(compose, &plan, &situation, &carry);
}

static int run_verb(struct cli *cli, const struct lifecycle *wishes, const struct strings *services,
		    const struct verb *verb)
{
	struct compose *compose = compose_of(cli);
	bool dry_run = wishes->flags.dry_run || compose->options.dry_run;

	if (!compose_name(compose) || !compose_check_services(compose, services))
		return 1;
	if (dry_run || verb->at_once)
		return change(compose, wishes, services, verb);
	if (!lease_take(compose))
		return carry_interrupted(compose);
	int status = change(compose, wishes, services, verb);
	lease_give_back(compose);
	return status;
}

/* ---- start ---- */

static void make_start(struct compose *compose, const struct situation *situation,
		       const struct plan_options *options, struct plan *plan)
{
	plan_start(compose->project ? &situation->wanted : NULL, &situation->seen, options, plan);
}

static int run_start(struct cli *cli, void *fields, const struct strings *arguments)
{
	static const struct verb verb = {make_start, "No containers to start", false};
	const struct lifecycle *wishes = fields;

	if (wishes->at_boot)
		return compose_start_at_boot(compose_of(cli));
	return run_verb(cli, wishes, arguments, &verb);
}

static const struct option start_options[] = {
	{0, "wait", &option_switch, offsetof(struct lifecycle, wait),
	 .help = "Wait until they run, and are healthy"},
	{0, "wait-timeout", &option_number, offsetof(struct lifecycle, wait_timeout),
	 .help = "Seconds to wait at most"},
	{0, "at-boot", &option_switch, offsetof(struct lifecycle, at_boot), .hidden = true,
	 .help = "Start what the daemon left to the project when the host came up"},
};

const struct command compose_start = {
	.summary = "Start the containers of services",
	.usage = "[OPTIONS] [SERVICE...]",
	.most = -1,
	.size = sizeof(struct lifecycle),
	.options = {OPTION_SET(carry_options), OPTION_SET(start_options)},
	.run = run_start,
};

/* ---- stop ---- */

static void make_stop(struct compose *compose, const struct situation *situation,
		      const struct plan_options *options, struct plan *plan)
{
	plan_stop(compose->project, &situation->seen, options, plan);
}

static int run_stop(struct cli *cli, void *fields, const struct strings *arguments)
{
	static const struct verb verb = {make_stop, NULL, false};

	return run_verb(cli, fields, arguments, &verb);
}

const struct command compose_stop = {
	.summary = "Stop the containers of services",
	.usage = "[OPTIONS] [SERVICE...]",
	.most = -1,
	.size = sizeof(struct lifecycle),
	.options = {OPTION_SET(carry_options), OPTION_SET(timeout_options)},
	.run = run_stop,
};

/* ---- restart ---- */

static void make_restart(struct compose *compose, const struct situation *situation,
			 const struct plan_options *options, struct plan *plan)
{
	plan_restart(compose->project, &situation->seen, options, plan);
}

static int run_restart(struct cli *cli, void *fields, const struct strings *arguments)
{
	static const struct verb verb = {make_restart, "No containers to restart", false};

	return run_verb(cli, fields, arguments, &verb);
}

static const struct option restart_options[] = {
	{0, "no-deps", &option_switch, offsetof(struct lifecycle, no_dependencies),
	 .help = "Leave the services that depend on them as they are"},
};

const struct command compose_restart = {
	.summary = "Restart the containers of services",
	.usage = "[OPTIONS] [SERVICE...]",
	.most = -1,
	.size = sizeof(struct lifecycle),
	.options = {OPTION_SET(carry_options), OPTION_SET(timeout_options),
		    OPTION_SET(restart_options)},
	.run = run_restart,
};

/* ---- pause and unpause ---- */

static void make_pause(struct compose *compose, const struct situation *situation,
		       const struct plan_options *options, struct plan *plan)
{
	plan_pause(compose->project, &situation->seen, options, false, plan);
}

static void make_unpause(struct compose *compose, const struct situation *situation,
			 const struct plan_options *options, struct plan *plan)
{
	plan_pause(compose->project, &situation->seen, options, true, plan);
}

static int run_pause(struct cli *cli, void *fields, const struct strings *arguments)
{
	static const struct verb verb = {make_pause, "No containers to pause", true};

	return run_verb(cli, fields, arguments, &verb);
}

static int run_unpause(struct cli *cli, void *fields, const struct strings *arguments)
{
	static const struct verb verb = {make_unpause, "No containers to unpause", true};

	return run_verb(cli, fields, arguments, &verb);
}

const struct command compose_pause = {
	.summary = "Freeze the containers of services",
	.usage = "[OPTIONS] [SERVICE...]",
	.most = -1,
	.size = sizeof(struct lifecycle),
	.options = {OPTION_SET(carry_options)},
	.run = run_pause,
};

const struct command compose_unpause = {
	.summary = "Thaw the containers of services",
	.usage = "[OPTIONS] [SERVICE...]",
	.most = -1,
	.size = sizeof(struct lifecycle),
	.options = {OPTION_SET(carry_options)},
	.run = run_unpause,
};

/* ---- kill ---- */

static void make_kill(struct compose *compose, const struct situation *situation,
		      const struct plan_options *options, struct plan *plan)
{
	plan_kill(compose->project, &situation->seen, options, plan);
}

static int run_kill(struct cli *cli, void *fields, const struct strings *arguments)
{
	static const struct verb verb = {make_kill, NULL, true};

	return run_verb(cli, fields, arguments, &verb);
}

static const struct option kill_options[] = {
	{'s', "signal", &option_string, offsetof(struct lifecycle, signal),
	 .help = "The signal to send (default KILL)"},
	{0, "remove-orphans", &option_switch, offsetof(struct lifecycle, remove_orphans),
	 .help = "Also those of services that are not in the file any more"},
};

const struct command compose_kill = {
	.summary = "Send a signal to the containers of services",
	.usage = "[OPTIONS] [SERVICE...]",
	.most = -1,
	.size = sizeof(struct lifecycle),
	.options = {OPTION_SET(carry_options), OPTION_SET(kill_options)},
	.run = run_kill,
};
