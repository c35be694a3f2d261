/* In the worker: the program nft, or another that prints rules, as a child. */
#pragma once

#include "base/error.h"
#include "base/text.h"
#include "format/json.h"

/* Run it with these arguments (not the program's name) and `input` on stdin.  `out` (may be NULL) gets
 * its stdout.  What it says on stderr becomes the error.  A missing program is ERROR_UNAVAILABLE, by
 * name. */
bool nft_run(const char *nft, const char *const *args, const struct buffer *input,
	     struct buffer *out, struct error *err);

/* What it lists, as JSON: the arguments ask for that.  NULL: nothing that can be read. */
json_t *nft_list(const char *nft, const char *const *args);

/* Load a ruleset in steps: begin, wait until it is in force, and end, which waits for nft and frees.  When
 * the kernel refuses the ruleset, the error of the second names what the kernel lacks. */
struct nft_load;
struct nft_load *nft_load_begin(const char *nft, const struct buffer *ruleset, struct error *err);
bool nft_load_wait(struct nft_load *load, struct error *err);
void nft_load_end(struct nft_load *load); /* NULL is fine */

/* After a failure: would the kernel take what we need but for rules that take turns? */
bool nft_lacks_turns(const char *nft);

/* All of it. */
bool nft_load(const char *nft, const struct buffer *ruleset, struct error *err);
