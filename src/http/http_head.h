/* The head of an HTTP request: bytes to a checked value, no I/O.
 *
 * llhttp parses the head and decides how the body is framed; the checks here refuse what it lets
 * through (a request must pass both): a line end that is not CRLF, a header name that is no token,
 * a folded line, a line that starts with a blank, control characters, a missing or second Host
 * on 1.1, a transfer coding other than chunked, a broken escape or a NUL in the path or the query.
 */
#pragma once

#include "base/text.h"
#include "http/http_message.h"

#define HTTP_HEAD_LIMIT	 ((size_t)64 * 1024)
#define HTTP_QUERY_LIMIT 256 /* parameters */

struct http_field {
	const char *name; /* lower case in headers; borrowed from the head, as the value is */
	const char *value;
};

struct http_fields {
	struct http_field *items;
	size_t count, capacity;
};

struct http_head {
	char *text;   /* owned: the head, cut into strings */
	char *target; /* owned: a second copy of the target, cut and decoded */
	const char *method, *raw_path, *path;
	struct http_fields headers;
	struct http_fields query;
	bool is_1_1, expects_continue;
};

/* Why a request is refused; status 0: it is not. */
struct http_refusal {
	int status;
	const char *why;
};

/* The length of the head that `data` begins with, blank line included; 0: more bytes are needed;
 * -1: no head can come of this.  *scanned remembers between calls how far was looked; 0 at first.
 */
ssize_t http_head_end(const char *data, size_t size, size_t *scanned);

/* Parse a whole head as http_head_end found it.  `message` is a fresh request; it is fed too, so
 * that it knows the framing and stands in front of the body afterwards.  *head is zero before and
 * needs http_head_fini after, also when the request is refused. */
struct http_refusal http_head_parse(struct http_head *head, struct http_message *message,
				    const char *data, size_t size);
void http_head_fini(struct http_head *head);

/* The first of that name, or NULL. */
const char *http_fields_get(const struct http_fields *fields, const char *name);

/* Cut the header lines at *cursor into fields, up to and with the blank line, behind which *cursor
 * stands then; false when a line is malformed.  The fields borrow from the text, which is changed.
 */
bool http_fields_parse(struct http_fields *fields, char **cursor);
void http_fields_fini(struct http_fields *fields);

/* Is `text` one or more characters that may stand in a header name? */
bool http_is_token(const char *text);
