/* Condition...= and Assert...=: what has to be so for a unit to start. */
#pragma once

#include "unit/config.h"

enum condition_kind {
	CONDITION_PATH_EXISTS,
	CONDITION_PATH_EXISTS_GLOB,
	CONDITION_PATH_IS_DIRECTORY,
	CONDITION_PATH_IS_SYMBOLIC_LINK,
	CONDITION_PATH_IS_MOUNT_POINT,
	CONDITION_PATH_IS_READ_WRITE,
	CONDITION_DIRECTORY_NOT_EMPTY,
	CONDITION_FILE_NOT_EMPTY,
	CONDITION_FILE_IS_EXECUTABLE,
	CONDITION_HOST,
	CONDITION_KERNEL_COMMAND_LINE,
	CONDITION_VIRTUALIZATION,
	CONDITION_ARCHITECTURE,
	CONDITION_ENVIRONMENT,
	CONDITION_USER,
	CONDITION_GROUP,
	CONDITION_MEMORY,
	CONDITION_CPUS,
	CONDITIONS
};

/* "PathExists" */
const char *condition_name(enum condition_kind kind);
bool condition_from_name(const char *name, enum condition_kind *kind);
bool condition_takes_path(enum condition_kind kind);

/* "[|][!]argument"; false: nothing is left of it. */
bool condition_parse(const char *value, struct unit_condition *out);

/* "ConditionPathExists=!/x", for texts; the caller frees. */
char *condition_text(const struct unit_condition *condition);

/* Who looks: true where the argument holds, without its `!`. */
typedef bool condition_probe(void *data, enum condition_kind kind, const char *argument);

/* Whether the unit may start: each must hold, and of those with `|` one is enough.  `failed`: the one that
 * did not hold, or NULL.  `asserts`: those of Assert...= */
bool conditions_hold(const struct unit_config *config, bool asserts, condition_probe *probe,
		     void *data, const struct unit_condition **failed);

/* The probe that looks at this machine.  Reads files: off the event loop. */
condition_probe condition_probe_host;
