/* HostConfig.Binds: "source:target[:options]", as `-v` gives them. */
#pragma once

#include "base/error.h"
#include "base/text.h"

/* Options, in any order, one of each group:
 *	ro, rw | z, Z | [r]private, [r]shared, [r]slave | nocopy | consistent, cached, delegated */
struct bind_mode {
	bool read_only, no_copy;
	char label;		 /* 'z', 'Z' or 0 */
	const char *propagation; /* "" or one of the six; lives for ever */
};

/* ERROR_INVALID "invalid mode: zz". */
bool bind_mode_parse(const char *text, struct bind_mode *out, struct error *err);

struct bind_spec {
	char *source; /* clean absolute path of the host, or a volume's name; NULL: anonymous volume */
	char *target; /* clean absolute path in the container */
	char *mode;   /* as typed, "" when there is none */
	bool is_volume;
	struct bind_mode options;
};

/* Whether the source exists is not looked at.  ERROR_INVALID in Docker's words:
 * "invalid volume specification: '/a:b': invalid mount config for type "bind": invalid mount path:
 * 'b' mount path must be absolute". */
bool bind_spec_parse(const char *text, struct bind_spec *out, struct error *err);
void bind_spec_fini(struct bind_spec *spec);

#define scoped_bind_spec scoped_with(bind_spec_fini)
