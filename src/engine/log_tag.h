/* The template of a log's tag: text with {{.Name}} and the like in it. */
#pragma once

#include "base/error.h"

/* All borrowed. */
struct log_tag_facts {
	const char *id, *name; /* in full; without slash */
	const char *image_id;  /* "sha256:..." */
	const char *image_name;
	const char *hostname, *command;
};

/* Owned.  NULL: the template names what is not there, or is none (ERROR_INVALID). */
char *log_tag_expand(const char *text, const struct log_tag_facts *facts, struct error *err);

/* Could it be expanded? */
bool log_tag_check(const char *text, struct error *err);
