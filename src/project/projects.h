/* Projects of one host, as `wherry compose` has recorded them.
 *
 *	store: project/<name>			struct project, in memory, too
 *	store, document: project/<name>/<revision>	struct project_text as JSON, read when asked for
 *
 * A project has revisions, of which the last are kept.  Changes are made one after another, in the order in
 * which they were asked for, and are seen once they are on disk. */
#pragma once

#include "project/project_text.h"
#include "store/store.h"

#define PROJECT_REVISIONS_KEPT 10

struct project_revision {
	int64_t revision;
	int64_t updated_ns;
	char *model; /* digest of the model, */
	char *text;  /* and of all of it */
};

struct project {
	char *name;
	char *directory;	      /* of the last revision */
	struct record_list revisions; /* struct project_revision, oldest first; never empty */
};
extern const struct record_type project_type;

struct projects;

/* Reads the records, so before the store's first write. */
struct projects *projects_open(struct store *store, struct error *err);
void projects_close(struct projects *projects); /* NULL is fine; before the store's end */

/* ---- looking: borrowed until the caller returns to the loop ---- */

const struct project *projects_find(const struct projects *projects,
				    const char *name); /* or NULL */
size_t projects_count(const struct projects *projects);
const struct project *projects_at(const struct projects *projects, size_t index); /* by name */

const struct project_revision *project_last(const struct project *project);
const struct project_revision *project_revision(const struct project *project, int64_t revision);

/* The JSON of a revision's text; NULL and an error: NOT_FOUND when it has gone meanwhile. */
typedef void project_read_done(void *data, const char *json, size_t size, const struct error *err);
void project_read(struct projects *projects, const char *name, int64_t revision,
		  project_read_done *done, void *data);

/* ---- changing: `done` is called once, before this returns or later ---- */

/* Record it, as a new revision unless the last one has the same model: then its files, style and
 * directory become these.  Name and text are checked ones; the document is taken. */
typedef void project_put_done(void *data, int64_t revision, const struct error *err);
void project_put(struct projects *projects, const char *name, struct project_document *document,
		 project_put_done *done, void *data);

/* NOT_FOUND "no such project: x". */
void project_remove(struct projects *projects, const char *name, store_done *done, void *data);
