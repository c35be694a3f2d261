/* up and its kin: create, scale, plan. */
#pragma once

#include "cmd/compose/carry.h"

struct up {
	struct carry_flags flags; /* first, so that the shared option finds it */
	bool detach, build, no_build, quiet_pull, quiet_build;
	bool no_dependencies, force_recreate, no_recreate, always_recreate_dependencies;
	bool renew_volumes, no_start, remove_orphans, yes;
	bool abort_on_exit, abort_on_failure, attach_dependencies;
	bool no_colour, no_prefix, timestamps;
	bool wait, confirm, watch, menu;
	char *pull, *exit_code_from, *plan_file, *format;
	struct strings scale, attach, no_attach;
	struct option_number timeout, wait_timeout;
};

/* Everything but attaching: images, then containers.  The exit status. */
struct up_call {
	struct compose *compose;
	const struct up *wishes;
	const struct strings *services; /* named on the line */
	struct plan_options options;	/* made by up_options */
	struct situation situation;
	bool dry_run, attached, interrupted;
	bool only_creates; /* the verb `create`: in version 1 networks come with the first start */
	int64_t began_ns;  /* before the first start */
	struct strings created, started; /* names of containers */
};

/* All of `up` but attaching, for verbs that make containers on their way; the project is there.  The exit status. */
int up_services(struct compose *compose, const struct up *wishes, const struct strings *services);

/* Follow what runs until it ends, is to be aborted, or a signal comes; the exit status of `up`. */
int up_attached(struct up_call *call);
