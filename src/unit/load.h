/* Unit files to unit configs: search path, drop-ins, templates, aliases, masks, keys.  Reads files, so it runs
 * in a thread of the pool; touches nothing but its arguments. */
#pragma once

#include "unit/config.h"

struct unit_paths {
	struct strings folders; /* absolute, best first: /etc/wherry/units ... */
	size_t own; /* the first `own` of them are ours: all their units are known, from the others
				   only what is named or enabled */
};

/* What stays the same for all units of one load. */
struct load_context {
	const struct unit_paths *paths;
	struct pairs specifiers; /* "H" -> host name ... : those that do not depend on the unit */
	struct pairs default_environment; /* DOCKER_HOST, COREOS_* */
	int64_t tasks_max_default;
};

/* One unit by its full name.  Never NULL: a unit that is not there is LOAD_NOT_FOUND. */
struct unit_config *unit_load(const struct load_context *context, const char *name);

/* All names that the folders offer: of files (templates too), of *.wants/ links. */
bool unit_list_files(const struct unit_paths *paths, struct strings *names, struct error *err);

/* Every problem of one text at once, as "FILE:LINE: ..."; `problems` empty: none.  The unit's name gives its type. */
void unit_verify(const struct load_context *context, const char *name, const char *file,
		 const char *text, size_t size, struct strings *problems);

/* The files of a unit, for `cat`: path and text. */
bool unit_read_files(const struct unit_config *config, struct pairs *files, struct error *err);
