/* What the steps of loading share.  For src/compose alone; others include compose.h. */
#pragma once

#include "compose/attributes.h"
#include "compose/trail.h"

#include "base/map.h"
#include "format/yaml.h"

enum {
	LOAD_FILES_LIMIT = 1000,       /* of a project: what includes and extends name, too */
	LOAD_MEMORY_LIMIT = 256 << 20, /* bytes of trees */
	LOAD_CHAIN_LIMIT = 100,	       /* of extends, and of includes in includes */
};

/* What a file is read under: the project's own, or that of an included project. */
struct scope {
	const char *directory;	  /* where relative paths begin */
	struct pairs environment; /* what interpolation sees */
	struct map values;	  /* the same by name, borrowed from it */
};

/* One file: first its documents, then, once the project's name is known, one tree in long form. */
struct source {
	const char *path;  /* absolute, or "-" */
	const char *shown; /* as places name it */
	struct yaml_documents *documents;
	bool failed;	   /* its errors were told */
	struct node *root; /* long form; `include` is taken off.  NULL: failed, or not made yet */
	struct node *include;
	bool version1; /* services on top */
};

/* The scope of a file that `extends` names. */
struct extended {
	const struct scope *from, *scope;
};

struct load {
	const struct compose_request *request;
	const struct compose_files *files;
	struct diagnostics *diagnostics;
	struct project *project;
	struct arena *arena; /* the project's */
	struct scope *scope; /* the project's own */
	struct {
		struct scope **items;
		size_t count, capacity;
	} scopes; /* all, owned */
	struct {
		struct source **items;
		size_t count, capacity;
	} sources; /* all; in the arena */
	struct {
		struct extended *items;
		size_t count, capacity;
	} extended;
	struct map by_file;   /* sources in long form by directory and path */
	struct map variables; /* numbers, from 1, in project->variables */
	struct map unset;     /* variables that were told to be unset */
	struct map included;  /* services that come from an included project: its scope */
	size_t files_read;
	bool full; /* the limit of memory was told */
};

/* ---- load.c ---- */

/* False once trees take more than LOAD_MEMORY_LIMIT; told the first time. */
bool load_has_room(struct load *load, struct place place);

/* ---- find.c ---- */

/* Sets project->files and ->directory.  `optional`: that there are no files is no error. */
bool load_find_files(struct load *load, bool optional);

/* ---- environment.c ---- */

/* Sets project->environment and the project's own scope. */
bool load_environment(struct load *load);
struct scope *scope_new(struct load *load, const char *directory, const struct pairs *environment);
void scope_free(struct scope *scope);
const char *scope_get(const struct scope *scope, const char *name); /* NULL: unset */
void scope_set(struct scope *scope, const char *name, const char *value);

/* Adds what the file says: later files win. */
bool load_env_file(struct load *load, const struct scope *scope, const char *path,
		   struct pairs *out);
/* What the scope has already wins. */
bool scope_add_env_file(struct load *load, struct scope *scope, const char *path);

/* env_file, label_file and keys without a value, of enabled services. */
void load_resolve_environments(struct load *load);

/* Once a name: it is used and not set. */
void load_tell_unset(struct load *load, const char *name, struct place place, const char *path);

/* ---- source.c ---- */

/* The path as places show it: relative where it is below the working directory.  In the arena. */
const char *load_shown(struct load *load, const char *path);
/* Of "-": the working directory. */
const char *load_directory_of(struct load *load, const char *path);
/* Against a directory, cleaned; "-" and absolute ones stay.  In the arena. */
const char *load_path(struct load *load, const char *directory, const char *path);

/* NULL: errors were added.  `from`: who names the file, told where it cannot be read. */
struct source *source_read(struct load *load, const char *path, struct place from,
			   const char *from_path);
/* Read and brought into long form, once for each directory. */
struct source *source_load(struct load *load, const char *path, const struct scope *scope,
			   struct place from, const char *from_path);
bool source_finish(struct load *load, struct source *source, const struct scope *scope);

/* ---- version1.c ---- */

bool version1_is(const struct node *document);
/* The same as {services: ...}, with the names that attributes have today. */
struct node *version1_convert(struct load *load, const struct node *document);

/* ---- interpolate_tree.c ---- */

/* Every value; what has no `$` in it is shared with `node`.  NULL is never returned: errors are added and the value
 * stays. */
struct node *interpolate_tree(struct load *load, const struct scope *scope, struct node *node,
			      const char *path);

/* ---- project_name.c ---- */

/* From what was asked for, the environment, the files (`sources`) or the directory.  In the arena; NULL: an error
 * was added. */
const char *load_project_name(struct load *load);

/* ---- extends.c, include.c ---- */

/* In `tree`'s services; those of `included` (NULL: none) can be named, too. */
void extends_resolve(struct load *load, struct node *tree, const struct node *included,
		     const struct scope *scope);

/* What files say together: merged, extended, with what they include below.  `chain` names who includes them. */
struct include_chain {
	const struct include_chain *up;
	const struct source *source;
};
struct node *load_tree(struct load *load, struct source *const *sources, size_t count,
		       const struct scope *scope, const struct include_chain *chain);

/* ---- profiles.c ---- */

/* Sets `enabled` of the project's services. */
void load_select(struct load *load);

/* ---- project.c, dependencies.c ---- */

/* Services and resources of project->root, sorted; names of resources are written into the tree. */
void project_make(struct project *project);
/* After `enabled` is known: what services wait for, and which resources are used.  What depends on nothing, and
 * circles, are errors (`diagnostics` NULL: they are passed over). */
void project_connect(struct project *project, struct diagnostics *diagnostics);

void project_make_dependencies(struct project *project, struct diagnostics *diagnostics);
/* False: an error was added. */
bool project_check_circles(const struct project *project, struct diagnostics *diagnostics);
