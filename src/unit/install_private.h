/* What the files of enabling share.
 *
 *	install.c		the verbs
 *	install_subject.c	what is meant, and where its links go
 *	install_enable.c, install_disable.c, install_override.c
 *	install_link.c		one link */
#pragma once

#include "unit/finish.h"
#include "unit/install.h"

struct installer {
	const struct load_context *context;
	const struct unit_listing *listing;
	const struct install_options *options;
	struct install_result *result;
	struct strings seen; /* Also= may go round in circles */
	bool has_hint;
};

/* One unit to be worked on. */
struct install_subject {
	struct unit_source source;
	struct install_section section; /* borrowed from the draft */
	struct unit_draft draft;
	const char *path;  /* of the file: what links point to */
	const char *alias; /* as it was named */
	bool is_bare;	   /* a template that was named without an instance */
};

/* `typed` as a full name, and the path of a file outside of the search path, or NULL.  The caller frees both, also
 * after a failure. */
bool install_name(struct installer *in, const char *typed, char **name, char **outside,
		  struct error *err);

/* `outside`: the file, whatever has that name by now; NULL.  Never fails: check says what is wrong. */
void install_subject_read(struct installer *in, const char *name, const char *outside,
			  struct install_subject *subject);
bool install_subject_check(const struct install_subject *subject, struct error *err);
void install_subject_fini(struct install_subject *subject);

/* The folder of ours that is written to. */
const char *install_own_folder(const struct installer *in);

/* `folder`/`name` -> `target`; and that it was made, for the answer. */
bool install_make(struct installer *in, const char *folder, const char *name, const char *target,
		  bool *made, struct error *err);
void install_note(struct installer *in, const char *folder, const char *name, const char *target);

/* To the subject's file, wherever such links go.  `name`: "multi-user.target.wants/a.service", "alias.service". */
bool install_subject_link(struct installer *in, const struct install_subject *subject,
			  const char *name, struct error *err);

/* A file outside of the search path gets a link in it first. */
bool install_file_link(struct installer *in, const char *path, struct error *err);

bool install_enable(struct installer *in, const char *name, const char *outside, struct error *err);
bool install_disable(struct installer *in, const char *name, struct error *err);
bool install_mask(struct installer *in, const char *name, struct error *err);
bool install_unmask(struct installer *in, const char *name, struct error *err);
bool install_revert(struct installer *in, const char *name, struct error *err);
