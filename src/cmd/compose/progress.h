/* What people see while a plan is carried out: lines that are rewritten on a terminal, plain lines elsewhere, JSON, or
 * nothing; in the words of docker-compose 1.29 (v1) or compose 2 (v2).  On stderr. */
#pragma once

#include "cmd/compose/compose.h"

enum progress_kind { PROGRESS_AUTO, PROGRESS_TTY, PROGRESS_PLAIN, PROGRESS_JSON, PROGRESS_QUIET };

struct progress;

/* `dry_run`: each line begins with " DRY-RUN MODE - ". */
struct progress *progress_new(const struct compose *compose, enum progress_kind kind, bool dry_run);
void progress_free(struct progress *progress);

void progress_begin(struct progress *progress, const struct step *step);
void progress_done(struct progress *progress, const struct step *step);
void progress_failed(struct progress *progress, const struct step *step, const char *text);
/* A line of a build, a pull's state ("Downloading 12MB/40MB"). */
void progress_detail(struct progress *progress, const struct step *step, const char *text);
