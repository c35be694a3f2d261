/* Changed files into the running containers of a service, and commands in them. */
#pragma once

#include "cmd/compose/watch_rule.h"

/* `paths` are relative to the rule's; "" is all of it.  What is gone here goes there, too. */
bool watch_sync(struct compose *compose, const struct watch_rule *rule, const struct strings *paths,
		struct error *err);
bool watch_restart(struct compose *compose, const struct watch_rule *rule, struct error *err);
bool watch_exec(struct compose *compose, const struct watch_rule *rule, struct error *err);
