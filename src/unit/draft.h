/* A unit while its files are read: what keys fill, until unit/finish.h makes a config of it.  For this folder. */
#pragma once

#include "base/map.h"
#include "format/unit_specifier.h"
#include "format/unit_text.h"
#include "unit/load.h"

/* [Install]: read along with all else, used by unit/install.h alone. */
struct install_section {
	struct strings wanted_by, required_by, alias, also;
	char *default_instance;
};

/* [Container]: what stands in the place of ExecStart=; see unit/key_container.c. */
struct container_section {
	bool given;
	char *image, *name, *user, *group;
	struct pairs
		options; /* "--publish" -> value (NULL: a switch); one name may stand more than once */
	struct strings command;
	bool has_arguments; /* PodmanArgs= */
};

struct unit_draft {
	const struct load_context *context;
	struct unit_config config;
	struct execution_plan plan;
	struct restart_config restart;
	struct timer_config timer;
	struct path_config path;
	struct mount_config mount;
	struct map arrows; /* name -> which kinds of arrows are in dependencies, as bits */
	struct {
		struct unit_dependency *items;
		size_t count, capacity;
	} dependencies;
	struct install_section install;
	struct container_section container;

	/* what is decided only when everything has been read */
	struct optional_i64 type, timeout_start_us, timeout_abort_us, notify_access, oom_policy,
		socket_burst;
	char *triggered; /* Unit=, Service= */
	struct strings sockets, mounts_for;
	bool permissions_start_only, lazy_unmount, force_unmount, read_write_only, sloppy_options;
	bool delegate_given;
	bool root_image; /* RootImage=, which has no effect here, is given */

	struct unit_specifiers specifiers;
	struct strings arena;	 /* what the specifiers point to */
	struct strings problems; /* each reason for LOAD_BAD_SETTING */

	const char *file; /* the one that is being read */
	uint32_t line;	  /* 0: none; texts name the unit then */
};

void unit_draft_init(struct unit_draft *draft, const struct load_context *context,
		     const char *name);
void unit_draft_fini(struct unit_draft *draft);

/* One as unit_draft_init() makes it, for the values to which an empty assignment goes back. */
const struct unit_draft *unit_draft_blank(void);

/* Read a text: `file` names it in warnings.  Fails only if the whole file is an error. */
bool unit_draft_read(struct unit_draft *draft, const char *text, size_t size, const char *file,
		     struct error *err);

/* "FILE:LINE: text": the line is passed over, or the unit cannot be loaded. */
void unit_draft_warn(struct unit_draft *draft, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void unit_draft_refuse(struct unit_draft *draft, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Whether this arrow is there. */
bool unit_draft_depends(const struct unit_draft *draft, enum dependency kind, const char *name);

/* Add an arrow, unless the same one stands there (an explicit one takes the place of an implicit one). */
void unit_draft_depend(struct unit_draft *draft, enum dependency kind, const char *name,
		       bool implicit);
