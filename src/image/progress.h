/* Lines of the answers that tell progress, as Docker's clients read them: one JSON object and "\r\n".
 * Each call appends one line. */
#pragma once

#include "base/error.h"
#include "base/text.h"

/* {"status":"Pulling from library/bb","id":"latest"}; `id` may be NULL. */
void progress_message(struct buffer *out, const char *id, const char *status);

/* {"status":"Pulling fs layer","progressDetail":{},"id":"..."} */
void progress_step(struct buffer *out, const char *id, const char *status);

/* The same with how far it is; total <= 0: unknown. */
void progress_bytes(struct buffer *out, const char *id, const char *status, int64_t current,
		    int64_t total);

/* {"stream":"Loaded image: bb:latest\n"} */
void progress_stream(struct buffer *out, const char *text);

/* {"errorDetail":{"message":"..."},"error":"..."} */
void progress_error(struct buffer *out, const struct error *err);
