/* A volume as the API shows it. */
#pragma once

#include "engine/engine.h"

struct volume_usage {
	int64_t size, references; /* -1: not counted */
};

/* Append one object; `usage` NULL: without UsageData. */
void volume_view_write(const struct volume *volume, const struct volume_usage *usage,
		       struct buffer *json);
