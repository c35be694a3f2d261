/* Sizes and durations, as Docker's users write and read them. */
#pragma once

#include "base/error.h"
#include "base/text.h"

/* "512m", "1.5GiB", "64 kB": binary multiples, whatever the letters say. */
bool size_from_text(const char *text, int64_t *bytes, struct error *err);

/* Go's notation: "1h30m", "1.5s", "-2ms", "0". */
bool duration_from_text(const char *text, int64_t *ns, struct error *err);

/* Go's notation back: "1h30m0s", "1.5s". */
char *duration_to_text(int64_t ns);

/* "1.98MB" (decimal, three digits), "12.3kB" (four: size_to_text_fine), "64MiB" (binary, four). */
char *size_to_text(double bytes);
char *size_to_text_fine(double bytes);
char *size_to_text_binary(double bytes);

/* For people: "5 minutes", "About an hour", "3 weeks". */
char *duration_to_words(int64_t ns);
