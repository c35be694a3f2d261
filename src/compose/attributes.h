/* What compose files may say: one row for each attribute.  Long forms, checks, merging, hashing and printing all read
 * this table, so an attribute is added in one place.
 *
 * Rows are found by walking along with a tree: attributes_root(), then attribute_child() for each
 * key or item.  What is below `x-*`, and below values without rows, has the row that takes
 * anything. */
#pragma once

#include "compose/compose.h"

enum attribute_kind {
	ATTRIBUTE_ANY, /* as it stands: x-*, and what is refused anyway */
	ATTRIBUTE_TEXT,
	ATTRIBUTE_BOOL,
	ATTRIBUTE_INT,
	ATTRIBUTE_FLOAT,
	ATTRIBUTE_BYTES,    /* "1.5g": in long form text of decimal digits, or "-1" */
	ATTRIBUTE_SIZE,	    /* the same, in long form a number */
	ATTRIBUTE_DURATION, /* "90s": in long form text of Go's notation, "1m30s" */
	ATTRIBUTE_MICROSECONDS, /* a number of them, or a duration; in long form a number */
	ATTRIBUTE_PATH,	    /* text; absolute in long form */
	ATTRIBUTE_TARGET,   /* text: a path in the container, cleaned */
	ATTRIBUTE_MAP,	    /* the keys of `members` */
	ATTRIBUTE_NAMES,    /* keys of the user's own, each value an `item` */
	ATTRIBUTE_LIST,	    /* of `item` */
};

/* How a later file's value and an earlier one's become one (contract: by key, by identity ...). */
enum merge_rule {
	MERGE_REPLACE,
	MERGE_BY_KEY,	   /* maps; values by their own rows */
	MERGE_BY_IDENTITY, /* lists; an item with the same attribute_identity() is replaced in place */
	MERGE_APPEND,	   /* lists */
	MERGE_BY_DRIVER,   /* maps; by key, but replaced when both have `driver` and they differ */
};

/* What a short form is turned into by; attributes.c names it, long_form.c does it. */
enum short_form {
	SHORT_NONE,
	SHORT_SINGLE,	     /* a scalar is a list of one */
	SHORT_PAIRS,	     /* a list of K=V is a map */
	SHORT_KEYS,	     /* a list of names is a map of nulls */
	SHORT_BUILD,	     /* text: {context} */
	SHORT_COMMAND,	     /* text: words, as a shell splits them */
	SHORT_HEALTH_TEST,   /* text: [CMD-SHELL, text] */
	SHORT_DEPENDS_ON,
	SHORT_ENV_FILE,	     /* text, or items that are text: {path, required} */
	SHORT_EXTENDS,	     /* text: {service} */
	SHORT_INCLUDE,	     /* text: {path: [text]} */
	SHORT_EXTERNAL,	     /* {name}: true, the name beside it */
	SHORT_EXTRA_HOSTS,   /* NAME=IP, NAME:IP; name: ip: a map of lists */
	SHORT_GPUS,	     /* all: [{count: -1}] */
	SHORT_SSH,	     /* a map: items ID=PATH */
	SHORT_PORT,	     /* of an item; ranges are several */
	SHORT_VOLUME,	     /* likewise */
	SHORT_DEVICE,
	SHORT_FILE,	     /* of configs and secrets: a name is {source} */
	SHORT_COUNT,	     /* of devices: all is -1 */
	SHORT_ULIMIT,	     /* a number stays one */
	SHORT_SERVICE,	     /* service:NAME is NAME */
	SHORT_FORMS
};

/* What makes two items of a list the same one. */
enum identity {
	IDENTITY_VALUE,
	IDENTITY_TARGET,
	IDENTITY_PORT, /* address, published, target, protocol */
	IDENTITY_CONFIG, /* target path */
	IDENTITY_SECRET,
	IDENTITY_PATH,
	IDENTITY_SUBNET,
};

enum attribute_flags {
	ATTRIBUTE_UNSUPPORTED = 1, /* an error in an enabled service: "not supported yet" */
	ATTRIBUTE_IGNORED = 2,	   /* a warning: Windows has it, or we do without */
	ATTRIBUTE_NOT_HASHED = 4,  /* no part of what a container is */
	ATTRIBUTE_REQUIRED = 8,	   /* its map must have it */
	ATTRIBUTE_NULL = 16,	   /* null means something: it is kept in long form */
};

struct attribute {
	const char *name; /* NULL: of items */
	enum attribute_kind kind;
	enum merge_rule merge;
	enum short_form short_form;
	enum identity identity;
	unsigned flags;
	const struct attribute *members; /* of ATTRIBUTE_MAP: sorted by name */
	size_t member_count;
	const struct attribute *item; /* of ATTRIBUTE_LIST and ATTRIBUTE_NAMES */
	const char *words;	      /* of text: the only ones, "host|private"; NULL: any */
	int64_t least, most;	      /* of numbers; both 0: any */
};

extern const struct attribute attributes_root;	  /* the top level */
extern const struct attribute attributes_service; /* one service */

/* The row of a member or an item (`key` NULL); never NULL for known keys and for x-*.  NULL: the key is unknown. */
const struct attribute *attribute_child(const struct attribute *attribute, const char *key);

/* The known key that is nearest to what was typed; NULL: none is near. */
const char *attribute_nearest(const struct attribute *map, const char *key);

/* Likewise of any words: `word` says the one at `index`.  NULL, too, when there are so many that it
 * would take long. */
const char *spelling_nearest(const char *typed, const char *(*word)(const void *data, size_t index),
			     const void *data, size_t count);

/* Added to `out`: equal for items of a list in long form that are the same one. */
void attribute_identity(const struct attribute *list, const struct node *item, struct buffer *out);

/* ---- long forms ---- */

struct long_form_rules {
	enum compose_style style;
	const char *directory; /* absolute: what relative paths of this file begin at */
	const char *home;      /* of "~/x"; NULL: unknown */
	bool no_path_resolution;
	size_t room; /* bytes that the arena may hold: beyond, the rest of the file is an error; 0: any */
	bool no_interpolate; /* text with a `$` in it stays as it is where it has no meaning yet */
};

/* One document after interpolation (version 1: services already below `services`) as a new tree in long form; `root`
 * may share nodes with others and is left alone.  Scalars have the kind that the attribute wants, unknown keys and
 * values of the wrong kind are errors, all of them, and are left out; tags stay where they were.  !reset values are
 * passed on as they are.  Never NULL for a map; null is an empty map. */
struct node *long_form_file(struct arena *arena, const struct node *root,
			    const struct long_form_rules *rules, struct diagnostics *diagnostics);

/* A URL or a repository of git: no path of this host. */
bool path_is_remote(const char *path);

/* ---- after merging ---- */

/* What nobody said but holds, put into the merged tree: context and dockerfile of builds, conditions of depends_on,
 * targets of configs and secrets, counts of devices, `networks: {default: null}` of services that name none and the
 * top-level `default` network if one uses it; in version 1 `network_mode: bridge` instead.  Maps of the tree are
 * changed, so it must be the caller's own; applied twice it changes nothing. */
struct defaults_rules {
	bool version1;	       /* a file without `services` */
	const char *directory; /* the project's: a build without a context has this one */
};
void defaults_apply(struct arena *arena, struct node *root, const struct defaults_rules *rules);

/* Conflicts between attributes, what is declared nowhere, what is not supported: of all services, unless it says
 * "enabled".  Needs name, node and enabled of project->services, and project->root with defaults applied.
 * False: errors were added. */
bool check_project(const struct project *project, struct diagnostics *diagnostics);
