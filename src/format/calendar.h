/* Calendar expressions: systemd.time, "Calendar Events". */
#pragma once

#include "base/error.h"

#include <stdint.h>

struct calendar;

/* "Mon..Fri *-*-01/2 04:00:00 UTC", "*:0/15", "*-02~1", "hourly", "@1795777300".  Local time unless
 * "UTC" or a zone of the IANA database stands behind, whose file is then read here.  INVALID: says
 * which part. */
struct calendar *calendar_parse(const char *text, struct error *err);
void calendar_free(struct calendar *calendar);

/* The first moment after `after_us` (both since 1970), -1: never again.  Skipped hours of a daylight saving change
 * count as the moment of the change.  Of an hour that comes twice the first counts, and the second, too, where every
 * hour does.  What no calendar day can be (02-30) is found out in bounded time; after 2199 nothing comes. */
int64_t calendar_next(const struct calendar *calendar, int64_t after_us);

/* As systemd writes it back: "*-*-* 04:00:00". */
char *calendar_format(const struct calendar *calendar);
