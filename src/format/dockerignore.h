/* .dockerignore: which paths of a build context are left out.  Pure.
 *
 * A pattern a line (FILE_PATTERN_DEEP); '#' in front comments; blanks around dropped; a leading '/' means
 * nothing; "!x" takes back; the last that matches a path or a folder above it decides.  Names are compared
 * byte by byte.  Where the file is (Dockerfile's own NAME.dockerignore comes first) is the caller's
 * matter, and so is that Dockerfile and .dockerignore themselves are always sent. */
#pragma once

#include "format/file_pattern.h"

#include <stddef.h>

#define DOCKERIGNORE_SIZE_LIMIT	    (1u << 20)
#define DOCKERIGNORE_PATTERNS_LIMIT 10000

struct ignore_pattern {
	struct file_pattern *pattern; /* owned */
	bool again;		      /* "!": not ignored after all */
};

struct dockerignore {
	struct ignore_pattern *items;
	size_t count, capacity;
	bool any_again;
};

/* INVALID `illegal exclusion pattern: "!"`, `syntax error in pattern` with the pattern's name. */
bool dockerignore_parse(const char *text, size_t size, struct dockerignore *out, struct error *err);

/* One more pattern behind the others: COPY --exclude. */
bool dockerignore_add(struct dockerignore *ignore, const char *pattern, struct error *err);

/* `path` is relative and clean: "a/b".  Its parents count. */
bool dockerignore_match(const struct dockerignore *ignore, const char *path);

/* An ignored folder below which nothing is taken back: it need not be walked. */
bool dockerignore_prunes(const struct dockerignore *ignore, const char *folder);

void dockerignore_fini(struct dockerignore *ignore);
#define scoped_dockerignore scoped_with(dockerignore_fini)
