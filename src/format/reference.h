/* Names of images, as Docker reads and shows them: [domain/]path[:tag][@digest].
 *
 * Parsing normalises: without a domain it is docker.io, and a path of one part there gets
 * "library/" in front.  The familiar form, which answers show, takes both away again. */
#pragma once

#include "base/error.h"

struct reference {
	char *domain; /* "docker.io", "localhost:5000", "[::1]:5000" */
	char *path;   /* "library/busybox" */
	char *tag;    /* NULL: none */
	char *digest; /* "sha256:..."; NULL: none */
};

#define REFERENCE_DEFAULT_DOMAIN "docker.io"
#define REFERENCE_DEFAULT_TAG	 "latest"

/* ERROR_INVALID in Docker's words: "invalid reference format", "invalid reference format:
 * repository name (library/BB) must be lowercase".  64 hex digits are an id, never a name. */
bool reference_parse(const char *text, struct reference *out, struct error *err);
void reference_fini(struct reference *ref);

/* Give it the default tag unless it has a tag or a digest. */
void reference_add_default_tag(struct reference *ref);

/* "[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}" */
bool reference_tag_is_valid(const char *tag);

/* The caller owns the text. */
char *reference_name(const struct reference *ref);	    /* docker.io/library/busybox */
char *reference_text(const struct reference *ref);	    /* the same with tag and digest */
char *reference_familiar_name(const struct reference *ref); /* busybox */
char *reference_familiar(const struct reference *ref);	    /* busybox:latest@sha256:... */

/* A typed name as it is shown, with the default tag: "busybox:latest"; one that is no reference, as it
 * stands. */
char *reference_shown(const char *name);

#define scoped_reference scoped_with(reference_fini)
