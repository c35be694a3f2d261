/* The project as a thing of the daemon: recorded after `up`, forgotten after `down`, and what it
 * asks for at boot.  Where the daemon keeps no projects (docs/compose-api.md) nothing happens. */
#pragma once

#include "cmd/compose/compose.h"

/* What cannot be recorded is warned of. */
void recorded_keep(struct compose *compose);
void recorded_forget(struct compose *compose);

/* The document of the named project, as one of its revisions has it (0: the last).
 * ERROR_NOT_FOUND: there is none. */
json_t *recorded_get(struct compose *compose, int64_t revision, struct error *err);

/* The project of a document: to be freed by project_free.  NULL: err says why, and what is wrong
 * with it was shown. */
struct project *recorded_project(struct compose *compose, const json_t *document,
				 struct error *err);

/* The last revision as compose->project, for verbs without its folder.  `due` (may be NULL) gets
 * the ids of containers that are to run since the host came up. */
bool recorded_open(struct compose *compose, struct strings *due, struct error *err);

/* The same where files are missing and a project was named: false, and nothing said, when none is recorded. */
bool recorded_stands_in(struct compose *compose);

/* `start --at-boot`. */
int compose_start_at_boot(struct compose *compose);
