/* Names of units: prefix[@instance].type. */
#pragma once

#include "base/error.h"
#include "base/text.h"

enum { UNIT_NAME_LIMIT = 255 };

bool unit_name_is_valid(const char *name);    /* plain, instance or template, of a known type */
bool unit_name_is_template(const char *name); /* "web@.service" */
bool unit_name_is_instance(const char *name);
char *unit_name_prefix(const char *name);   /* "web" */
char *unit_name_instance(const char *name); /* "1"; NULL: none; "" for a template */
char *unit_name_template(const char *name); /* "web@.service" of "web@1.service"; NULL */

/* "web@2.service" of "web@.service" or "web@1.service"; NULL: a plain name. */
char *unit_name_with_instance(const char *name, const char *instance);
char *unit_name_with_type(const char *name, const char *type); /* "web.socket" of "web.service" */

char *unit_name_escape(const char *text);      /* any text */
char *unit_name_escape_path(const char *path); /* NULL: there is a `..` in it */
bool unit_name_unescape(const char *text, char **out);
bool unit_name_unescape_path(const char *text, char **out); /* absolute */

/* What somebody typed: "web" is web.service, "/mnt/x" is mnt-x.mount, other bytes are escaped; globs stay when
 * `glob`.  INVALID: nothing that can be a name. */
bool unit_name_from_argument(const char *typed, bool glob, char **name, struct error *err);
