/* What jobs are to each other: which become one, which contradict, which goes first. */
#pragma once

#include "unit/unit.h"

/* What a request for `type` means for the unit as it is now: the three types after JOB_NOP become others. */
enum job_type job_type_collapse(enum job_type type, const struct unit *unit);

/* One job that does what both do, collapsed for the unit; false: they contradict each other. */
bool job_types_merge(enum job_type a, enum job_type b, const struct unit *unit, enum job_type *out);
bool job_types_conflict(enum job_type a, enum job_type b);

/* The unit is in the state already that the job would bring about.  Restart and reload always count. */
bool job_type_is_redundant(enum job_type type, const struct unit *unit);

/* Can the unit have such a job at all?  False: built-in units are not stopped, reload needs ExecReload. */
bool job_type_applies(enum job_type type, const struct unit *unit);

/* Both are queued, and the unit of `mine` is After= (or else Before=) the other: does mine wait? */
bool job_type_waits(enum job_type mine, enum job_type other, bool after);
