/* What a registry's refusal means, in the words that Docker's users know.  Pure. */
#pragma once

#include "base/error.h"

#include <stddef.h>

/* What was asked for, in short form. */
struct registry_subject {
	const char *name;      /* "busybox"; NULL: the registry's words alone */
	const char *reference; /* "busybox:latest" */
};

/* `body` is the answer's, {"errors":[{"code","message"}]} from a registry that keeps to the rules, else
 * anything.  Always false. */
bool registry_error_set(struct error *err, long status, const char *body, size_t size,
			const struct registry_subject *subject);
