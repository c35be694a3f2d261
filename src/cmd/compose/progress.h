/* What people see while a plan is carried out: lines that are rewritten on a terminal, plain lines
 * elsewhere, JSON, or nothing; in the words of docker-compose 1.29 (v1) or compose 2 (v2).  On
 * stderr, or with COMPOSE_STATUS_STDOUT on stdout. */
#pragma once

#include "cmd/compose/compose.h"

enum progress_kind { PROGRESS_AUTO, PROGRESS_TTY, PROGRESS_PLAIN, PROGRESS_JSON, PROGRESS_QUIET };

struct progress;

/* `dry_run`: each line begins with " DRY-RUN MODE - ".  PROGRESS_AUTO: as --progress says, or the terminal does. */
struct progress *progress_new(const struct compose *compose, enum progress_kind kind, bool dry_run);
void progress_free(struct progress *progress); /* the last line is drawn, and failures explained */
scoped_define(progress)

	/* The verb, where it is not the one that was called: `up` that stops all in the end. */
	void progress_set_verb(struct progress *progress, const char *verb);

/* The plan whose steps follow: several steps may be one line for people.  It must live until the next one, or the
 * end.  Without one each step speaks for itself. */
void progress_plan(struct progress *progress, const struct plan *plan);

void progress_begin(struct progress *progress, const struct step *step);
void progress_done(struct progress *progress, const struct step *step);
void progress_failed(struct progress *progress, const struct step *step, const char *text);
/* A line of a build, a pull's state ("Downloading 12MB/40MB"). */
void progress_detail(struct progress *progress, const struct step *step, const char *text);

/* What is no step: "Container p-db-1" that a gate waits for is "Waiting", then "Healthy", "Exited" or "Error". */
void progress_note(struct progress *progress, const char *subject, const char *word, bool over);

/* Many lines that say why something failed (health outputs, log lines): shown when nothing is drawn any more. */
void progress_explain(struct progress *progress, const char *text);

/* Lines that show the time: to be called ten times a second where progress_is_live says so. */
bool progress_is_live(const struct progress *progress);
void progress_tick(struct progress *progress);
