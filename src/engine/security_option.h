/* HostConfig.SecurityOpt, read: "no-new-privileges", "seccomp=unconfined", "label=disable" ... */
#pragma once

#include "base/error.h"
#include "base/text.h"

struct security_options {
	bool no_new_privileges;
	const char *seccomp; /* borrowed: "unconfined", a profile as JSON text, NULL: the default */
};

/* ERROR_INVALID in Docker's words.  Labels and AppArmor profiles are read and have no effect: they
 * need a module that the host does not have to have. */
bool security_options_parse(const struct strings *options, struct security_options *out,
			    struct error *err);
