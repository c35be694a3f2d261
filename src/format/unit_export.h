/* Units for the host's systemd: which files make it run a unit of ours with the same effect.  Files stay as they
 * are written wherever that suffices; a drop-in adds what our manager gives by itself.  Only values: the daemon
 * fills in the source, the command writes the files. */
#pragma once

#include "base/error.h"
#include "format/record.h"

/* Each file that is written begins with this; what does not is somebody else's. */
#define UNIT_EXPORT_MARK "# Written by wherry unit export"

struct unit_export_file {
	char *path, *text;
};

struct unit_export_source {
	char *name;			/* "web@1.service" */
	struct record_list files;	/* unit_export_file: its file, then its drop-ins */
	struct pairs environment;	/* what the manager gives where the unit says nothing */
	char *command;			/* that has docker's verbs; NULL: not known */
	bool docker_is_missing;		/* /usr/bin/docker: the command runs in its place */
	struct strings start;		/* words of the first ExecStart=, specifiers filled in */
	struct strings requires, wants; /* said by files and by links */
	bool is_active;			/* here and now */
	struct strings needs; /* units with files that it requires or triggers: for --recursive */
};
extern const struct record_type unit_export_source_type;

struct unit_export {
	struct pairs files;   /* "web.service", "web.service.d/50-wherry.conf" -> text */
	struct strings notes; /* what was changed or left out, for people */
};

/* Adds to `out`, which may have those of other units.  UNSUPPORTED: names what systemd cannot be told. */
bool unit_export_add(const struct unit_export_source *source, struct unit_export *out,
		     struct error *err);
void unit_export_fini(struct unit_export *files);

/* ---- the parts ---- */

/* What stands for a unit that is built in here and is not systemd's: NULL: itself; "": nothing. */
const char *unit_export_builtin(const char *name);

/* One file's text with such names, programs and sections replaced; all other bytes stay. */
void unit_export_rewrite(const struct unit_export_source *source, const char *text,
			 struct buffer *out, struct strings *notes);
