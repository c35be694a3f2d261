/* The members of a step in JSON, one table for both ways.  Only plan_json.c and plan_read.c include this. */
#pragma once

#include "orchestrator/project_plan.h"

enum { PLAN_VERSION = 1, PLAN_STEPS_LIMIT = 1000000 };

enum member_kind {
	MEMBER_TEXT,
	MEMBER_NUMBER,
	MEMBER_BOOL,
	MEMBER_STEP,  /* 1 + an index here, the index in JSON */
	MEMBER_TIME,  /* milliseconds; -1 is left out */
	MEMBER_COUNT, /* SIZE_MAX is -1 */
};

struct plan_member {
	const char *name;
	enum member_kind kind;
	size_t offset; /* in struct step */
};

extern const struct plan_member plan_members[];
extern const size_t plan_member_count;
extern const char *const plan_conditions[3];
