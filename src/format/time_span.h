/* Spans of time and moments as systemd's users write and read them: systemd.time. */
#pragma once

#include "base/text.h"

#include <stdint.h>

#define SPAN_INFINITY INT64_MAX

/* "5", "1h 30min", "20ms", "1.5s", "infinity": microseconds; a bare number counts `unit_us` each.  false: something
 * else, below 0 or beyond 292000 years. */
bool time_span_parse(const char *text, int64_t unit_us, int64_t *us);

/* "1h 30min 5s", "1.500s": everything down to `accuracy_us`. */
char *time_span_format(int64_t us, int64_t accuracy_us);

/* "8min", "1min 46s", "2h 3min", "3 days": the two largest parts, for "... ago"; "now" for nothing. */
char *time_span_format_short(int64_t us);

/* "2026-11-21 07:47", "07:47", "Sat 2026-11-21", "today", "yesterday", "now", "-1h", "2 min ago", "@1234.5":
 * microseconds since 1970, local time unless "UTC" or another zone's name stands behind.  Of two moments with the
 * same time the first. */
bool time_stamp_parse(const char *text, int64_t now_us, int64_t *us);

/* "Sat 2026-11-21 07:47:41 UTC", in local time; "n/a": never, before 1970 or after 9999. */
char *time_stamp_format(int64_t us);
