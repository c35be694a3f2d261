/* Plans carried out: every step as soon as those before it are over, 32 requests in flight, waits by the daemon's
 * events, never by asking again. */
#pragma once

#include "cmd/compose/compose.h"
#include "cmd/compose/progress.h"
#include "cmd/compose/requests.h"

struct execution {
	struct compose *compose;
	const struct plan *plan;
	const struct wanted *wanted;
	const struct seen *seen;
	struct progress *progress;
	/* The outcome. */
	size_t failed;	  /* steps */
	bool interrupted; /* by a signal: running steps were finished, no others begun */
};

/* False: a step failed; every failure was shown through the progress, with its gate's last health outputs, log lines,
 * exit reason and the time used.  Steps that run when one fails are over, steps that need it were not begun. */
bool execute(struct execution *execution, struct error *err);
