/* Credential helpers: programs `docker-credential-NAME` that keep secrets in a keyring. */
#pragma once

#include "base/error.h"
#include "base/text.h"

/* Run `docker-credential-NAME VERB` with `input` on its stdin; its stdout is added to `answer`.
 * False: it cannot be run, or it failed, and then its words are the error. */
bool helper_run(const char *name, const char *verb, const char *input, struct buffer *answer,
		struct error *err);
