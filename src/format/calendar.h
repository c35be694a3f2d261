/* Calendar expressions: systemd.time, "Calendar Events". */
#pragma once

#include "base/error.h"

#include <stdint.h>

struct calendar;

/* INVALID: says which part. */
struct calendar *calendar_parse(const char *text, struct error *err);
void calendar_free(struct calendar *calendar);

/* The first moment after `after_us` (both since 1970), -1: never again.  Skipped hours of a daylight saving change
 * count as the moment of the change; what no calendar day can be (02-30) is found out in bounded time. */
int64_t calendar_next(const struct calendar *calendar, int64_t after_us);

/* As systemd writes it back: "*-*-* 04:00:00". */
char *calendar_format(const struct calendar *calendar);
