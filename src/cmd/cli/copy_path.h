/* The rules of `cp` for paths: what a slash or "/." at the end means, and what is called what where.  Text
 * and values only; who asks knows what is there. */
#pragma once

#include "base/error.h"
#include "base/text.h"

/* "NAME:PATH" is in a container; "/a:b", "./a:b" and what has no colon are here: *container NULL. */
void copy_split(const char *argument, char **container, char **path);

/* The path from the root on, clean, but with the "/" or "/." that it ended with. */
char *copy_absolute(const char *path, const char *folder);

bool copy_ends_in_slash(const char *path);
bool copy_names_content(const char *path); /* its last part is ".": what is in it, not itself */

/* The folder that a path is in and its name there; "/a/." is "." in "/a", "/" is "/" in "/". */
void copy_split_entry(const char *path, char **folder, char **name);

/* `resolved` is where a link at `path` leads, clean: it gets path's ending; *name is how it is to be
 * called when that is not its own name, else NULL. */
char *copy_rebase(const char *path, const char *resolved, char **name);

/* The target of a link that stands at `path`. */
char *copy_link_target(const char *path, const char *target);

struct copy_end {
	char *path;
	bool exists, is_folder;
	char *name; /* how a source is to be called, when not by its own name; NULL */
};

void copy_end_fini(struct copy_end *end);
#define scoped_copy_end scoped_with(copy_end_fini)

/* Where an archive of the source is unpacked, and what is renamed in it (*from NULL: nothing). */
struct copy_plan {
	char *folder, *from, *to;
};

bool copy_plan(const struct copy_end *source, const struct copy_end *target, struct copy_plan *plan,
	       struct error *err);
void copy_plan_fini(struct copy_plan *plan);
#define scoped_copy_plan scoped_with(copy_plan_fini)
