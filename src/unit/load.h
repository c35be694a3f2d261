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
	int64_t tasks_max_default;	  /* 15 % of what the kernel allows; 0: no limit */

	/* Units without a file (one of that name is not read), for which links in *.wants/ count in
	 * our own folders alone: what others have enabled is not started by us.  NULL: there are
	 * none. */
	bool (*is_builtin)(const char *name);

	/* What the folders hold, read once for all units of one load; NULL: each call looks for itself. */
	const struct unit_listing *listing;
};

static inline bool load_is_builtin(const struct load_context *context, const char *name)
{
	return context->is_builtin && context->is_builtin(name);
}

/* The folders as they are now.  What cannot be read is not there. */
struct unit_listing *unit_listing_read(const struct unit_paths *paths);
void unit_listing_free(struct unit_listing *listing);
scoped_define(unit_listing);

/* One unit by its full name.  Never NULL: a unit that is not there is LOAD_NOT_FOUND.  An alias gives the unit
 * that it stands for: config->name is then another name than that asked for, which is among the aliases.
 * Templates are loaded for `cat` and for enabling, with an empty instance: they cannot be started. */
struct unit_config *unit_load(const struct load_context *context, const char *name);

/* Is there a drop-in that was not among `read` when the unit was?  Those that went or changed are seen by
 * their stamps. */
bool unit_has_new_drop_ins(const struct load_context *context, const char *name,
			   const struct strings *read);

/* All names that the folders offer, sorted: of files (templates too), of links in *.wants/ and *.requires/. */
bool unit_list_files(const struct unit_paths *paths, struct strings *names, struct error *err);

/* The same of our own folders alone: what is loaded without being named. */
bool unit_list_own_files(const struct unit_paths *paths, struct strings *names, struct error *err);

/* The files of a unit, for `cat`: path and text. */
bool unit_read_files(const struct unit_config *config, struct pairs *files, struct error *err);
