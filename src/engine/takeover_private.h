/* What the files of a takeover share: takeover.c is the operation, takeover_check.c what must hold,
 * takeover_steps.c the decision and what follows from it, takeover_resume.c what a daemon does that finds one
 * half done. */
#pragma once

#include "engine/engine_private.h"

/* ---- takeover_check.c ---- */

bool takeover_refuse_ended(const struct container *c, struct error *err);
bool takeover_check_held(const struct container *new, const struct container *old,
			 struct error *err);
bool takeover_is_up(const struct container *c);
bool takeover_is_same_run(const struct container *c, const struct container_run *run);

/* What the old one has published, and which of the new one's ports each leads to from now on. */
bool takeover_match_ports(const struct container *new, const struct container *old,
			  struct record_list *out, struct error *err);

/* All that must hold between two; `published` as from takeover_match_ports. */
bool takeover_check(const struct container *new, const struct container *old,
		    struct record_list *published, struct error *err);

/* ---- takeover_steps.c ---- */

void takeover_hold(struct container *c, bool held);
void takeover_drop_copies(struct container_run *run); /* of the other's sockets */

/* In memory; who calls writes both records. */
void takeover_decide(struct container *new, struct container *old);
void takeover_take_back(struct container *new, struct container *old);

void takeover_show_names(struct container *new, struct container *old);
void takeover_save_plan(struct container_run *run);

/* `published` is taken; `from` NULL: it has ended. */
void takeover_move_plans(struct container_run *from, struct container_run *to,
			 struct record_list *published);
void takeover_end(struct container *new); /* its record says no more from whom it takes */
