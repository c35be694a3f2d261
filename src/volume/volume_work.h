/* What `wherry-worker remove` and `measure` are asked to do: remove trees, which may hold a million
 * files, or count their bytes. */
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

struct measuring_plan {
	struct strings folders; /* absolute */
};
extern const struct record_type measuring_plan_type;

/* Bytes of the regular files in each folder, a file of several names once, nothing that is mounted
 * there; decimal, in the same order. */
struct measuring_report {
	struct strings bytes;
};
extern const struct record_type measuring_report_type;

void measuring_work(const struct measuring_plan *plan, struct measuring_report *report);
