/* For progress itself: the ways to show it. */
#pragma once

#include "cmd/compose/progress.h"

#include <stdio.h>

struct progress_driver;

struct progress {
	const struct compose *compose;
	const struct progress_driver *driver;
	const struct plan *plan; /* borrowed; NULL: none */
	FILE *out;
	const char *verb;   /* borrowed */
	const char *prefix; /* of every line: "" or " DRY-RUN MODE - " */
	bool fancy;	    /* may be coloured and rewritten */
	struct buffer explanations;
	void *state; /* the driver's */
};

/* Every slot may be NULL: that is not shown. */
struct progress_driver {
	void (*open)(struct progress *progress);
	void (*plan)(struct progress *progress);
	void (*begin)(struct progress *progress, const struct step *step);
	void (*done)(struct progress *progress, const struct step *step);
	void (*failed)(struct progress *progress, const struct step *step, const char *text);
	void (*detail)(struct progress *progress, const struct step *step, const char *text);
	void (*note)(struct progress *progress, const char *subject, const char *word, bool over);
	void (*tick)(struct progress *progress);
	void (*close)(struct progress *progress);
};

extern const struct progress_driver progress_v1, progress_v2_plain, progress_v2_tty, progress_json;

/* ---- the words of compose 2 ---- */

enum progress_state { PROGRESS_WORKING, PROGRESS_OVER, PROGRESS_WENT_WRONG };

/* "Container p-web-1": owned; NULL: the step is not for people. */
char *progress_subject(const struct progress *progress, const struct step *step);
const char *progress_word(const struct progress *progress, const struct step *step, bool over);

/* Does the step belong to the replacing of a container, which is told as one? */
bool progress_is_replaced(const struct progress *progress, const struct step *step);
/* The name that a container has in the end. */
const char *progress_final_name(const struct progress *progress, const struct step *step);
