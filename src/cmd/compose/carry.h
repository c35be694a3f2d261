/* From a plan to its end: what verbs that change something have in common. */
#pragma once

#include "cmd/compose/execute.h"
#include "cmd/compose/images.h"
#include "cmd/compose/observe.h"

/* What the project wants and what the daemon has. */
struct situation {
	struct wanted wanted; /* with project; hashes where they were asked for */
	struct seen seen;
};

void situation_fini(struct situation *situation);
#define scoped_situation scoped_with(situation_fini)

enum situation_kind {
	SITUATION_LABELS, /* what has the project's label */
	SITUATION_IMAGES, /* and the images that services name */
	SITUATION_WANTED, /* and the services' hashes, what differs from them, and the daemon's features */
};

/* The project (or its name) must be there.  False: it was said why. */
bool situation_see(struct compose *compose, enum situation_kind kind, struct situation *situation);

struct carry_wishes {
	bool dry_run;
	bool only_stopped, skip_networks, kill_on_interrupt; /* of struct execution */
	enum progress_kind progress;
	const char *verb;  /* for the progress; NULL: the one that was called */
	bool *interrupted; /* NULL: nobody asks */
};

/* Warnings and failure of the plan, then the steps, or with --dry-run what they are.  The exit status; a
 * failure was said. */
int carry_out(struct compose *compose, const struct plan *plan, const struct situation *situation,
	      const struct carry_wishes *wishes);

/* Warnings of the plan; false: it cannot be made, as was said. */
bool carry_check(struct compose *compose, const struct plan *plan);

/* The containers it creates: false, one cannot be made of what the file says, as was said. */
bool carry_check_creates(struct compose *compose, const struct plan *plan,
			 const struct situation *situation);

/* The status of a verb that a signal ended. */
int carry_interrupted(const struct compose *compose);

/* --timeout as plans want it: -1, when it is not given. */
int64_t carry_timeout(const struct option_number *timeout);

/* --dry-run, before the verb or behind it. */
extern const struct option carry_options[1];
struct carry_flags {
	bool dry_run;
};
