/* .dockerignore: which paths of a build context are left out.  Pure.
 *
 * A pattern a line; '#' comments; blanks around dropped; a leading '/' means nothing; "!x" takes back; the
 * last that matches a path or a folder above it decides; ** is any number of folders.  Names are compared
 * byte by byte.  Where the file is (Dockerfile's own NAME.dockerignore comes first) is the caller's
 * matter, and so is that Dockerfile and .dockerignore themselves are always sent. */
#pragma once

#include "base/error.h"
#include "base/text.h"

#define DOCKERIGNORE_SIZE_LIMIT	    (1u << 20)
#define DOCKERIGNORE_PATTERNS_LIMIT 10000

struct ignore_pattern {
	char *pattern; /* clean, without "!" and leading '/' */
	bool again;    /* "!": not ignored after all */
};

struct dockerignore {
	struct ignore_pattern *items;
	size_t count, capacity;
	bool any_again; /* a folder that is ignored may hold what is not: it must be walked */
};

/* INVALID `illegal exclusion pattern: "!"`, `syntax error in pattern`. */
bool dockerignore_parse(const char *text, size_t size, struct dockerignore *out, struct error *err);

/* One more pattern behind the others: COPY --exclude. */
bool dockerignore_add(struct dockerignore *ignore, const char *pattern, struct error *err);

/* `path` is relative and clean: "a/b".  Its parents count. */
bool dockerignore_match(const struct dockerignore *ignore, const char *path);

/* An ignored folder below which nothing can be taken back: need not be walked. */
bool dockerignore_prunes(const struct dockerignore *ignore, const char *folder);

void dockerignore_fini(struct dockerignore *ignore);
#define scoped_dockerignore scoped_with(dockerignore_fini)
