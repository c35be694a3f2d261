/* Moments and durations, in nanoseconds. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NS_PER_SECOND INT64_C(1000000000)
#define NS_PER_MS INT64_C(1000000)
#define NS_PER_US INT64_C(1000)

/* Since 1970, may jump: for records and for people. */
int64_t time_now_ns(void);

/* Since boot, never jumps: for timeouts and durations. */
int64_t time_monotonic_ns(void);

#define TIME_TEXT_SIZE 40

/* RFC 3339 in UTC.  time_to_text drops trailing zeros of the fraction as Go's RFC3339Nano does;
 * time_to_text_fixed keeps nine digits (`logs -t`).  0 is written as 0001-01-01T00:00:00Z, which is
 * how the Engine API says "never". */
const char *time_to_text(int64_t ns, char out[static TIME_TEXT_SIZE]);
const char *time_to_text_fixed(int64_t ns, char out[static TIME_TEXT_SIZE]);

/* RFC 3339 with any offset and 0 to 9 digits of fraction; 0001-01-01T00:00:00Z reads as 0. */
bool time_from_text(const char *text, int64_t *ns);

/* Unix seconds with an optional fraction ("1700000000.5"), as the API's since= and until=. */
bool time_from_unix_text(const char *text, int64_t *ns);
