/* Which containers a prune may take: a pure decision. */
#pragma once

#include "base/text.h"
#include "engine/engine.h"

/* Does one with these labels, made at this moment, pass?  All of `labels` must be there; who has all of
 * `labels_not` is spared, as Docker does it.  Both are "name" or "name=value". */
bool container_filter_matches(const struct container_filter *filter, const struct pairs *labels,
			      int64_t created_ns);
