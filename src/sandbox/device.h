/* Devices of a container: the standard nodes, those asked for, all of the host's; and their rules. */
#pragma once

#include "sandbox/outside.h"

/* Fills devices and rules.  ERROR_INVALID in Docker's words for what is no device. */
bool devices_collect(const struct sandbox_spec *spec, struct outside *out, struct error *err);

/* "c 1:3 rwm" (parts may be *). */
bool device_rule_parse(const char *text, struct device_rule *out);

void devices_fini(struct outside *outside);
