/* The words of an answer's first lines. */
#pragma once

/* "Not Found" for 404; "Status" for a number without a name. */
const char *http_status_text(int status);

#define HTTP_DATE_SIZE 30

/* The present moment as the Date header has it; the text is good until the next call. */
const char *http_date(void);
