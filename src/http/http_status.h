/* The words of an answer's first lines. */
#pragma once

#include "base/error.h"

/* "Not Found" for 404; "Status" for a number without a name. */
const char *http_status_text(int status);

/* What tells an error of this kind: 404 for ERROR_NOT_FOUND. */
int http_status_of_error(enum error_kind kind);

#define HTTP_DATE_SIZE 30

/* The present moment as the Date header has it; the text is good until the next call. */
const char *http_date(void);
