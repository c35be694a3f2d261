/* Strings, growing buffers and lists of strings.  `char *` is owned, `const char *` is borrowed. */
#pragma once

#include "base/memory.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- strings ---- */

char *str_format(const char *format, ...) __attribute__((format(printf, 1, 2), returns_nonnull));
char *str_dup(const char *text) __attribute__((returns_nonnull));

/* NULL stays NULL. */
char *str_dup_or_null(const char *text);
char *str_dup_n(const char *text, size_t length) __attribute__((returns_nonnull));

bool str_equal(const char *a, const char *b); /* NULL equals only NULL */
bool str_starts_with(const char *text, const char *prefix);
bool str_ends_with(const char *text, const char *suffix);
bool str_is_empty(const char *text); /* NULL is empty too */

/* Replace the string that *field owns by a copy of `text` (or NULL). */
void str_replace(char **field, const char *text);

/* Whole-string numbers, decimal; false when anything else stands there or it does not fit. */
bool parse_u64(const char *text, uint64_t *out);
bool parse_i64(const char *text, int64_t *out);

/* ---- a growing run of bytes, always with a NUL behind the last ---- */

struct buffer {
	char *data; /* owned; NULL while nothing was added */
	size_t size;
	size_t capacity;
};

void buffer_fini(struct buffer *b);
void buffer_add(struct buffer *b, const void *data, size_t size);
void buffer_add_text(struct buffer *b, const char *text);
void buffer_add_char(struct buffer *b, char c);
void buffer_format(struct buffer *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
void buffer_format_v(struct buffer *b, const char *format, va_list args);

/* Room for `size` more bytes; returns where to write.  buffer_wrote() then counts them. */
char *buffer_reserve(struct buffer *b, size_t size) __attribute__((returns_nonnull));
void buffer_wrote(struct buffer *b, size_t size);

/* Drop `size` bytes from the front. */
void buffer_consume(struct buffer *b, size_t size);
void buffer_clear(struct buffer *b);

/* The text, owned by the caller, never NULL; the buffer is empty afterwards. */
char *buffer_take(struct buffer *b) __attribute__((returns_nonnull));

#define scoped_buffer scoped_with(buffer_fini)

/* ---- a list of owned strings ---- */

/* items == NULL is "never given" (JSON null); an empty list that was given has items != NULL.
 * A NULL stands behind the last item, so that `items` can be an argv. */
struct strings {
	char **items;
	size_t count;
};

void strings_fini(struct strings *s);
void strings_add(struct strings *s, const char *text);
void strings_take(struct strings *s, char *text); /* adds without copying */
void strings_format(struct strings *s, const char *format, ...) __attribute__((format(printf, 2, 3)));
void strings_set_empty(struct strings *s); /* given, with nothing in it */
void strings_remove(struct strings *s, size_t index);
struct strings strings_copy(const struct strings *s);
bool strings_contain(const struct strings *s, const char *text);
void strings_sort(struct strings *s); /* by their bytes */

/* The pieces of `text` between `separator`s; empty pieces are kept. */
struct strings strings_split(const char *text, char separator);
char *strings_join(const struct strings *s, const char *separator);

#define scoped_strings scoped_with(strings_fini)

/* ---- text to text, in the order given; a key stands once ---- */

struct pair {
	char *name;
	char *value; /* may be NULL */
};

struct pairs {
	struct pair *items; /* NULL: never given */
	size_t count;
};

void pairs_fini(struct pairs *p);
void pairs_set(struct pairs *p, const char *name, const char *value); /* replaces */
void pairs_append(struct pairs *p, const char *name, const char *value); /* known to be new */
void pairs_set_empty(struct pairs *p);
bool pairs_remove(struct pairs *p, const char *name);
const char *pairs_get(const struct pairs *p, const char *name); /* NULL: not there */
bool pairs_have(const struct pairs *p, const char *name);
struct pairs pairs_copy(const struct pairs *p);

/* Sort by name: JSON maps have no order of their own, and stable output is worth having. */
void pairs_sort(struct pairs *p);

#define scoped_pairs scoped_with(pairs_fini)

/* ---- any array that grows: struct { T *items; size_t count, capacity; } ---- */

#define vector_add(vector, item)                                                                   \
	do {                                                                                       \
		if ((vector)->count == (vector)->capacity) {                                       \
			(vector)->capacity = (vector)->capacity ? 2 * (vector)->capacity : 8;      \
			(vector)->items = mem_resize((vector)->items, (vector)->capacity,          \
						     sizeof(*(vector)->items));                    \
		}                                                                                  \
		(vector)->items[(vector)->count++] = (item);                                       \
	} while (0)

/* Remove by index, keeping the order. */
#define vector_remove(vector, index)                                                               \
	do {                                                                                       \
		size_t index_ = (index);                                                           \
		(vector)->count--;                                                                 \
		memmove((vector)->items + index_, (vector)->items + index_ + 1,                    \
			((vector)->count - index_) * sizeof(*(vector)->items));                    \
	} while (0)

#define vector_fini(vector)                                                                        \
	do {                                                                                       \
		free((vector)->items);                                                             \
		(vector)->items = NULL;                                                            \
		(vector)->count = (vector)->capacity = 0;                                          \
	} while (0)
