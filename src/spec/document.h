/* Documents of the API as whoever asks for something writes and reads them. */
#pragma once

#include "base/text.h"

#include <jansson.h>

/* The member's text; "" when it is not there. */
const char *doc_text(const json_t *object, const char *name);
int64_t doc_number(const json_t *object, const char *name);
bool doc_flag(const json_t *object, const char *name);

/* Set a member; bytes that are no UTF-8 are replaced. */
void doc_set_text(json_t *object, const char *name, const char *text);
void doc_set_format(json_t *object, const char *name, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* As JSON; `always`: an empty list is written [], else the member is left out. */
void doc_set_list(json_t *object, const char *name, const struct strings *list, bool always);
void doc_set_map(json_t *object, const char *name, const struct pairs *map, bool always);
void doc_set_labels(json_t *object, const struct strings *labels); /* "Labels", of NAME[=VALUE] */
