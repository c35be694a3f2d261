/* For tests: records written as JSON, with ' for ". */
#pragma once

#include "base/memory.h"
#include "base/test.h"
#include "format/json.h"
#include "format/record.h"

static inline void read_json(const char *text, enum record_audience audience,
			     const struct record_type *type, void *record)
{
	scoped_free char *json_text = str_dup(text);
	struct error err;

	for (char *c = json_text; *c; c++)
		*c = *c == '\'' ? '"' : *c;
	scoped_json json_t *json = json_parse(json_text, strlen(json_text), &err);
	if (!json || !record_from_json(type, json, audience, record, &err))
		fail_msg("%s: %s", text, err.text);
}
