/* --mount: "type=bind,source=/a,target=/b,readonly" to an item of HostConfig.Mounts. */
#pragma once

#include "base/error.h"
#include "base/text.h"

#include <jansson.h>

/* Fields of one CSV record, as Go reads it: "a","b ""c""",d. */
bool csv_split(const char *text, struct strings *out, struct error *err);

/* A new object as the Engine API takes it; relative sources ("." and "./x") are left for the caller.
 * NULL and ERROR_INVALID in the words of Docker's command. */
json_t *mount_option_parse(const char *text, struct error *err);
