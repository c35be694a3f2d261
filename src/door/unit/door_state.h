/* What the door keeps, and what its files share.  For this folder only. */
#pragma once

#include "door/door.h"
#include "door/unit/door.h"

struct unit_door {
	struct door door;
	struct units *units;   /* borrowed */
	struct engine *engine; /* borrowed */
	char *shim, *journal_folder;
	void (*begin_again)(void *data); /* NULL */
	void *data;
	bool ready;
};

struct unit_door *call_unit_door(const struct call *call);
struct units *call_units(const struct call *call);

/* ---- names ---- */

/* What a client typed as a full name, owned; NULL: that was answered. */
char *call_unit_name(struct call *call, const char *typed);

/* Does the text match the shell pattern as a whole? */
bool pattern_matches(const char *pattern, const char *text);

/* Where a client's files go: the administrator's folder, or that of what lives until the next boot. */
const char *door_folder_for(const struct load_context *context, bool runtime);

/* Is there anybody to answer, and what is to be answered?  NULL for a unit: the daemon ends before it has been
 * loaded, and that is what the client is told. */
bool call_goes_on(struct call *call, const struct unit *unit);

/* ---- answers ---- */

/* {"message", "code"}. */
void call_fail_code(struct call *call, const struct error *err, int code);

/* The first of a list of JSON objects is not preceded by a comma. */
void json_next(struct buffer *json);
void json_write_member(struct buffer *json, const char *name, const char *text);
void json_write_number(struct buffer *json, const char *name, int64_t value);
void json_write_bool(struct buffer *json, const char *name, bool value);
