/* Links that enabling makes and removes.  For this folder. */
#pragma once

#include "unit/install.h"

/* `path` -> `target`, with the folder above it: at a temporary name first, so that nobody sees half of it.  What
 * stands there already is right, or CONFLICT unless `force` and it is a link.  `made`: something changed. */
bool install_link_make(const char *path, const char *target, bool force, bool *made,
		       struct error *err);

/* Gone; a NAME.wants/ folder that is empty then goes, too. */
bool install_link_remove(const char *path, struct install_result *result, struct error *err);

/* The text of the link, NULL: there is none. */
char *install_link_read(const char *path);
