/* Two trees in long form to one: a later file over an earlier one, a service over what it extends. */
#pragma once

#include "compose/attributes.h"

/* By the rules of `attribute` (NULL: maps by key, all else is replaced).  Neither tree is changed; the result shares
 * nodes with both.  A value with !reset stays in the tree, so that it also hides what is merged below it later, until
 * merge_settle() takes it out. */
struct node *merge_nodes(struct arena *arena, const struct attribute *attribute, struct node *base,
			 struct node *over);

/* Takes out what is !reset, and the tags. */
void merge_settle(struct arena *arena, struct node *tree);
