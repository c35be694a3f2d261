/* Units as the API shows them: values of the model to JSON, nothing else.  For this folder only. */
#pragma once

#include "base/text.h"
#include "unit/units.h"

/* One row of GET /units. */
void unit_view_write_row(const struct unit *unit, struct buffer *json);

/* The name of what a timer, path or socket starts; "": none. */
const char *unit_view_triggered(const struct unit *unit);

/* What is known of a unit besides itself, from files and /proc. */
struct unit_facts {
	const char *file_state, *preset; /* "enabled" */
	const char *cgroup;		 /* as shown; NULL: none */
	bool frozen;
	bool changed;			 /* files have changed since they were read */
	int64_t memory, tasks, cpu_ns;	 /* -1: not known */
	int64_t monotonic_ns;		 /* the monotonic clock, when the wall clock was 0 */
	struct timer_times timer;	 /* of a timer */
};

/* {"Id": "x.service", ...}: all that `show` prints, in its order. */
void unit_view_write_properties(const struct unit *unit, const struct unit_facts *facts,
				struct buffer *json);

/* The members of GET /units/{name} about processes: "Processes", "Main", "Control". */
void unit_view_write_processes(const struct unit *unit, struct buffer *json);

/* "0/SUCCESS", "203/EXEC", "TERM" */
char *unit_view_status_text(int32_t end, int32_t status);
