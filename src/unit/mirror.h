/* What systemd says of a unit that it supervises, in our words.  Pure: tables. */
#pragma once

#include "systemd/bus_protocol.h"
#include "unit/unit.h"

/* Of a sub-state that we do not have, the nearest under that active state. */
enum sub_state mirror_sub(const char *active, const char *sub);
enum execution_result mirror_result(const char *name); /* NULL, unknown: success */
enum job_result mirror_job_result(const char *name);   /* unknown: failed */

/* The method of systemd's manager that is this job; NULL: there is none. */
const char *mirror_method(enum job_type type);

/* Main process, status text ... into a zeroed record, to be freed as all of its type. */
void mirror_status(const struct bus_state *state, struct execution_status *out);

/* When it became what: those of the unit are replaced where systemd knows them. */
void mirror_moments(const struct bus_state *state, struct unit *unit);
