/* What `wherry-worker remove` is asked to do: remove trees, which may hold a million files. */
#pragma once

#include "base/error.h"
#include "format/record.h"

struct removal_plan {
	char *folder;	      /* absolute */
	struct strings names; /* in it */
};
extern const struct record_type removal_plan_type;

struct removal_report {
	int64_t bytes; /* that the files held */
	int32_t error_kind, error_os;
	char *error;
};
extern const struct record_type removal_report_type;

void removal_work(const struct removal_plan *plan, struct removal_report *report);
