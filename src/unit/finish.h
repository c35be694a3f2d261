/* From what the files said to a config: checks, defaults that follow from other keys, arrows by rule.  For this
 * folder. */
#pragma once

#include "unit/draft.h"
#include "unit/listing.h"

/* All that the files of `source` and their neighbours say, checked; the state is in draft->config.load. */
void unit_draft_load(struct unit_draft *draft, const struct load_context *context,
		     const struct unit_listing *listing, const struct unit_source *source);

/* Arrows that no file names (systemd's "implicit" and "default dependencies"). */
void unit_draft_add_implicit(struct unit_draft *draft, const struct unit_listing *listing);

/* Refuses what cannot be run, fills in what depends on several keys. */
void unit_draft_check(struct unit_draft *draft);

/* The ExecStart= that a [Container] means. */
void unit_draft_add_container(struct unit_draft *draft);

/* Move everything into a config of its own; the draft is empty afterwards. */
struct unit_config *unit_draft_finish(struct unit_draft *draft);

/* The unit that a timer, a path or a socket starts; NULL: none of one name (a socket with Accept=). */
char *unit_draft_triggered(const struct unit_draft *draft);
