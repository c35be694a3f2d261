/* Enabling: links below the search path's folders by [Install] (systemctl enable, mask, link ...).  Blocking; in
 * a thread of the pool.  Each link is made whole (symlink at a temporary name, rename), and what was done
 * before a failure is in `changes`. */
#pragma once

#include "unit/load.h"

enum unit_file_state {
	FILE_ENABLED,
	FILE_ENABLED_RUNTIME,
	FILE_LINKED,
	FILE_LINKED_RUNTIME,
	FILE_ALIAS,
	FILE_MASKED,
	FILE_MASKED_RUNTIME,
	FILE_STATIC,
	FILE_DISABLED,
	FILE_INDIRECT,
	FILE_GENERATED,
	FILE_TRANSIENT,
	FILE_BAD,
	FILE_NOT_FOUND,
	FILE_STATES
};
const char *unit_file_state_name(enum unit_file_state state);
enum unit_file_state unit_file_state(const struct load_context *context, const char *name);

struct install_options {
	bool runtime, force;
	const char *target; /* of ADD_WANTS, ADD_REQUIRES */
};

struct install_result {
	struct pairs created;	/* link -> what it points to */
	struct strings removed; /* links */
	struct strings hints;	/* for stderr: no [Install] ... */
};
void install_result_fini(struct install_result *result);

enum install_verb {
	INSTALL_ENABLE,
	INSTALL_DISABLE,
	INSTALL_REENABLE,
	INSTALL_MASK,
	INSTALL_UNMASK,
	INSTALL_LINK,
	INSTALL_ADD_WANTS, /* links in TARGET.wants/, whatever [Install] says */
	INSTALL_ADD_REQUIRES,
	INSTALL_REVERT, /* drop-ins and masks go, and files that stand before a package's own */
	INSTALL_VERBS
};

/* `names`: names or absolute paths.  NOT_FOUND: "Unit file x.service does not exist." */
bool unit_install(const struct load_context *context, enum install_verb verb,
		  const struct strings *names, const struct install_options *options,
		  struct install_result *result, struct error *err);
