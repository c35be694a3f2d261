/* Variables in the arguments of a command, at the moment of its exec. */
#pragma once

#include "base/text.h"

/* args[0] stays.  `environment` is "NAME=value" items. */
void unit_variables_expand(const struct strings *args, const struct strings *environment,
			   struct strings *out);

/* Environment= word: a valid NAME=value? */
bool unit_variable_is_valid_assignment(const char *text);
