/* What is wrong with files of users, all of it at once, each with its place. */
#pragma once

#include "format/node.h"

enum diagnostic_level { DIAGNOSTIC_WARNING, DIAGNOSTIC_ERROR };

struct diagnostic {
	enum diagnostic_level level;
	struct place place;
	char *path; /* owned: "services.web.ports[0]"; NULL: the file as a whole */
	char *text; /* owned: the reason */
};

enum { DIAGNOSTICS_LIMIT = 100 }; /* kept, errors before warnings; more are counted */

struct diagnostics {
	struct diagnostic *items;
	size_t count, capacity;
	size_t errors, dropped;
	struct strings files; /* that places name: diagnostics outlive the trees they are about */
};

/* The same level, place, path and text twice is told once.  Always false, so that failing is one line. */
bool diagnostics_error(struct diagnostics *diagnostics, struct place place, const char *path,
		       const char *format, ...) __attribute__((format(printf, 4, 5)));
void diagnostics_warn(struct diagnostics *diagnostics, struct place place, const char *path,
		      const char *format, ...) __attribute__((format(printf, 4, 5)));
void diagnostics_fini(struct diagnostics *diagnostics);

/* "file:line:col: path: reason", and where `source` (the file's bytes, NULL: not at hand) is given, the line
 * and a caret below it.  A line of more than 200 bytes is cut around the place. */
void diagnostic_write(const struct diagnostic *diagnostic, const char *source, size_t size,
		      struct buffer *out);

#define scoped_diagnostics scoped_with(diagnostics_fini)
