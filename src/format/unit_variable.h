/* Variables in the arguments of a command, at the moment of its exec. */
#pragma once

#include "base/text.h"

/* args[0] stays.  `environment` is "NAME=value" items, of equal names the last counts.  A word that begins with a
 * single `$` and no brace is a name: replaced by the words of the value, so perhaps by none.  Elsewhere `${NAME}`
 * is replaced in place and `$$` is `$`.  What grows beyond all that exec takes is not filled in any further. */
void unit_variables_expand(const struct strings *args, const struct strings *environment,
			   struct strings *out);

/* Environment= word: a valid NAME=value? */
bool unit_variable_is_valid_assignment(const char *text);
bool unit_variable_is_valid_name(const char *name, size_t length);
