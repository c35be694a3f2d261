/* One entry of develop.watch: which files it is about, and what is done when they change. */
#pragma once

#include "cmd/compose/compose.h"
#include "format/dockerignore.h"

enum watch_action {
	WATCH_REBUILD,
	WATCH_RESTART,
	WATCH_SYNC,
	WATCH_SYNC_RESTART,
	WATCH_SYNC_EXEC,
};

struct watch_rule {
	const struct service *service;
	const struct node *node;
	enum watch_action action;
	const char *path;   /* absolute */
	const char *target; /* in the container; NULL: nothing is copied */
	bool initial_sync;
	struct dockerignore ignored;  /* of the entry */
	struct dockerignore included; /* of it, too; none: all */
	struct dockerignore context;  /* .dockerignore of the build's context */
	char *below; /* owned: the path below that context, "" for itself; NULL: elsewhere */
};

/* `ignore_file`: the text of the context's .dockerignore; NULL: there is none.  False: a pattern is
 * none, or `target` is missing; err has the place. */
bool watch_rule_init(struct watch_rule *rule, const struct service *service,
		     const struct node *node, const char *ignore_file, struct error *err);
void watch_rule_fini(struct watch_rule *rule);

/* Is a path below the rule's none of its business?  For folders: and so is what is below them.
 * Editors' own files and .git never matter. */
bool watch_rule_ignores(const struct watch_rule *rule, const char *path, bool folder);

/* Where a path belongs in the container, without the slash that it begins with.  Owned. */
char *watch_rule_target(const struct watch_rule *rule, const char *path);
