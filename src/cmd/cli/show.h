/* Small pieces of text that several listings show. */
#pragma once

#include "base/text.h"

#include <jansson.h>

/* The first twelve digits of an id, without "sha256:". */
char *show_short_id(const char *id);

/* At most `width` characters, the last of which is an ellipsis when something was cut. */
char *show_cut(const char *text, size_t width);

/* "2025-01-31 12:00:00 +0100 CET", and RFC 3339 without a fraction, in local time. */
char *show_time(int64_t seconds);
char *show_time_rfc3339(int64_t seconds);

/* The same from a text in RFC 3339, in UTC and with its fraction, as Go shows a time. */
char *show_time_fine(const char *rfc3339);

/* "5 minutes ago" */
char *show_age(int64_t seconds);

/* "a=1,b=2", by name. */
char *show_labels(const json_t *labels);
