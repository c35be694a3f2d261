/* What a zone does from the last change that its file lists: "CET-1CEST,M3.5.0,M10.5.0/3" (POSIX, TZ). */
#pragma once

#include "format/time_zone.h"

/* When clocks are set, each year anew. */
struct time_zone_turn {
	char kind; /* 'M': the `week`th `day` of `month`; 'J': day 1 to 365, no leap day; 'N': day 0 to 365 */
	int month, week, day;
	int time; /* seconds of that day, perhaps below 0 or past its end */
};

struct time_zone_rule {
	struct time_zone_state standard, summer;
	bool has_summer;
	struct time_zone_turn begin, end; /* of summer */
};

bool time_zone_rule_parse(const char *text, struct time_zone_rule *out);
struct time_zone_state time_zone_rule_at(const struct time_zone_rule *rule, int64_t moment);
