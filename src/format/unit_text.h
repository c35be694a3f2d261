/* The grammar of unit files: sections, keys, continuation lines.  Knows no key.  systemd.syntax. */
#pragma once

#include "base/error.h"
#include "base/text.h"

#include <stdint.h>

enum { UNIT_TEXT_LIMIT = 1 << 20 };

struct unit_line {
	const char *section, *key, *value; /* into the parser's own copy */
	uint32_t line;			   /* where it begins, from 1 */
};

struct unit_section {
	const char *name;
	uint32_t line;
};

struct unit_text {
	char *text;		 /* owned */
	struct unit_line *lines; /* owned, in file order */
	size_t count, capacity;
	struct {
		struct unit_section *items; /* owned */
		size_t count, capacity;
	} sections; /* every header in file order, also of sections with nothing in them */
	struct strings warnings; /* "FILE:LINE: ..." */
};

/* `file` is named in warnings.  Fails only for what makes the whole file an error: a section header without
 * `]`, too large, a NUL byte, not UTF-8. */
bool unit_text_parse(const char *data, size_t size, const char *file, struct unit_text *out,
		     struct error *err);
void unit_text_fini(struct unit_text *text);
