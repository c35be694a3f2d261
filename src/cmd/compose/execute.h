/* Plans carried out: every step as soon as those before it are over, 32 requests in flight, waits by the daemon's
 * events, never by asking again. */
#pragma once

#include "cmd/compose/compose.h"
#include "cmd/compose/progress.h"
#include "cmd/compose/requests.h"

#include <signal.h>

struct execution {
	struct compose *compose;
	const struct plan *plan;
	const struct wanted *wanted; /* NULL: nothing is created */
	const struct seen *seen;     /* NULL: likewise */
	struct progress *progress;
	bool only_stopped;	/* STEP_REMOVE: one that runs again meanwhile is left alone */
	bool skip_networks;	/* they are made when something is started */
	bool kill_on_interrupt; /* a signal kills what is being stopped, instead of ending the run */
	/* The outcome. */
	size_t failed;	  /* steps */
	bool interrupted; /* by a signal: running steps were finished, no others begun */
};

/* False: a step failed (err has the first failure); every failure was shown through the progress,
 * and explained with its gate's last health outputs, log lines, exit reason and the time used.
 * Steps that run when one fails are over, steps that need it were not begun.  SIGINT and SIGTERM
 * are taken while it runs. */
bool execute(struct execution *execution, struct error *err);

/* Can what it creates be made at all?  One container of each service is tried, before anything is
 * changed; false: each service's reason was said. */
bool execute_check(struct execution *execution);

/* SIGINT and SIGTERM wait to be read from a signalfd, also where a shell that runs us in the background had them
 * ignored. */
void hold_signals(sigset_t *taken);

/* The same without a request: what would be done is shown. */
void execute_dry(struct progress *progress, const struct plan *plan);
