/* In the worker: the program nft, or another that prints rules, as a child. */
#pragma once

#include "base/error.h"
#include "base/text.h"

/* Run it with these arguments (not the program's name) and `input` on stdin.  `out` (may be NULL) gets
 * its stdout.  What it says on stderr becomes the error.  A missing program is ERROR_UNAVAILABLE, by
 * name. */
bool nft_run(const char *nft, const char *const *args, const struct buffer *input,
	     struct buffer *out, struct error *err);

/* Load a ruleset.  When the kernel refuses it, the error names what the kernel lacks. */
bool nft_load(const char *nft, const struct buffer *ruleset, struct error *err);
