/* `wherry unit verify`: what is wrong with one text of a unit, on this machine too. */
#pragma once

#include "unit/load.h"

enum verify_subject { VERIFY_PROGRAM, VERIFY_USER, VERIFY_GROUP };

/* Who looks: 0 where a program can be executed, a user or group is there; else why not, as errno.  `root`: the
 * folder that the path is below; NULL: the machine's own root. */
typedef int verify_probe(void *data, enum verify_subject what, const char *root, const char *name);

/* The probe that looks at this machine.  Reads files: off the event loop. */
verify_probe verify_probe_host;

/* All of it is borrowed. */
struct verify {
	const char *name; /* of the unit: its type, its specifiers */
	const char *file; /* in texts */
	const char *text;
	size_t size;
	verify_probe *probe; /* NULL: the text alone is looked at */
	void *data;
	const char *docker; /* runs in place of /usr/bin/docker where that is not there; NULL */
};

/* Every problem at once, added to `problems`: as "FILE:LINE: ...", and what the machine does not have as
 * "UNIT: Command /x is not executable: No such file or directory". */
void unit_verify(const struct load_context *context, const struct verify *verify,
		 struct strings *problems);
