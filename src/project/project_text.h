/* What is recorded of a project: the files as they were given, the model that was made of them, and how it
 * was asked for (docs/compose-api.md).  Pure. */
#pragma once

#include "base/error.h"
#include "base/text.h"
#include "format/digest.h"
#include "format/record.h"

#define PROJECT_NAME_MOST  255
#define PROJECT_FILES_MOST 1000
#define PROJECT_SIZE_MOST  ((size_t)4 << 20) /* texts and model together */

struct project_file {
	char *path, *text;
};

struct project_text {
	struct record_list files; /* struct project_file, in the order in which they count */
	char *model;		  /* JSON */
	char *style;		  /* "v1" or "v2" */
	char *directory;	  /* absolute */
};
extern const struct record_type project_file_type, project_text_type;

/* [a-z0-9][a-z0-9_-]*; ERROR_INVALID "invalid project name 'X': ...". */
bool project_name_check(const char *name, struct error *err);

/* ERROR_INVALID by the member's name. */
bool project_text_check(const struct project_text *text, struct error *err);

/* The same for models that say the same, whatever the order of their members.  The model is a checked one. */
void project_model_digest(const char *model, char out[static DIGEST_TEXT_SIZE]);

/* What is written of it.  Making it takes a while where the project is large: in any thread. */
struct project_document {
	char *directory;
	struct buffer json;
	char model[DIGEST_TEXT_SIZE], text[DIGEST_TEXT_SIZE]; /* digests of the model, and of all of it */
};
void project_document_make(const struct project_text *text, struct project_document *out);
void project_document_fini(struct project_document *document);
