#include "base/text.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>

/* ---- strings ---- */

static char *format_text(const char *format, va_list args)
{
	char *text;

	if (vasprintf(&text, format, args) < 0)
		abort();
	return text;
}

char *str_format(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	char *text = format_text(format, args);
	va_end(args);
	return text;
}

char *str_dup(const char *text)
{
	return mem_copy(text, strlen(text) + 1);
}

char *str_dup_or_null(const char *text)
{
	return text ? str_dup(text) : NULL;
}

char *str_dup_n(const char *text, size_t length)
{
	char *copy = mem_zeroed(1, length + 1);

	memcpy(copy, text, length);
	return copy;
}

bool str_equal(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

bool str_starts_with(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

bool str_ends_with(const char *text, const char *suffix)
{
	size_t text_length = strlen(text), suffix_length = strlen(suffix);

	return text_length >= suffix_length &&
	       memcmp(text + text_length - suffix_length, suffix, suffix_length) == 0;
}

bool str_is_empty(const char *text)
{
	return !text || !*text;
}

void str_replace(char **field, const char *text)
{
	char *copy = str_dup_or_null(text);

	free(*field);
	*field = copy;
}

bool parse_u64(const char *text, uint64_t *out)
{
	char *end;

	if (!isdigit((unsigned char)*text))
		return false;
	errno = 0;
	uint64_t value = strtoull(text, &end, 10);
	if (errno || *end)
		return false;
	*out = value;
	return true;
}

bool parse_i64(const char *text, int64_t *out)
{
	char *end;

	if (!isdigit((unsigned char)text[*text == '-']))
		return false;
	errno = 0;
	int64_t value = strtoll(text, &end, 10);
	if (errno || *end)
		return false;
	*out = value;
	return true;
}

/* ---- buffer ---- */

void buffer_fini(struct buffer *b)
{
	free(b->data);
	*b = (struct buffer){0};
}

char *buffer_reserve(struct buffer *b, size_t size)
{
	size_t needed = b->size + size + 1;

	if (needed > b->capacity) {
		size_t capacity = b->capacity ? b->capacity : 64;

		while (capacity < needed)
			capacity *= 2;
		b->data = mem_resize(b->data, capacity, 1);
		b->capacity = capacity;
		b->data[b->size] = '\0';
	}
	return b->data + b->size;
}

void buffer_wrote(struct buffer *b, size_t size)
{
	b->size += size;
	b->data[b->size] = '\0';
}

void buffer_add(struct buffer *b, const void *data, size_t size)
{
	char *room = buffer_reserve(b, size);

	if (size)
		memcpy(room, data, size);
	buffer_wrote(b, size);
}

void buffer_add_text(struct buffer *b, const char *text)
{
	buffer_add(b, text, strlen(text));
}

void buffer_add_char(struct buffer *b, char c)
{
	buffer_add(b, &c, 1);
}

void buffer_format_v(struct buffer *b, const char *format, va_list args)
{
	va_list again;

	va_copy(again, args);
	size_t room = b->capacity > b->size ? b->capacity - b->size : 0;
	int length = vsnprintf(room ? b->data + b->size : NULL, room, format, args);
	if (length < 0)
		abort();
	if ((size_t)length >= room)
		vsnprintf(buffer_reserve(b, (size_t)length), (size_t)length + 1, format, again);
	va_end(again);
	buffer_wrote(b, (size_t)length);
}

void buffer_format(struct buffer *b, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	buffer_format_v(b, format, args);
	va_end(args);
}

void buffer_consume(struct buffer *b, size_t size)
{
	b->size -= size;
	if (b->data)
		memmove(b->data, b->data + size, b->size + 1);
}

void buffer_clear(struct buffer *b)
{
	b->size = 0;
	if (b->data)
		b->data[0] = '\0';
}

char *buffer_take(struct buffer *b)
{
	char *text = b->data ? b->data : str_dup("");

	*b = (struct buffer){0};
	return text;
}

/* ---- strings ---- */

void strings_fini(struct strings *s)
{
	for (size_t i = 0; i < s->count; i++)
		free(s->items[i]);
	free(s->items);
	*s = (struct strings){0};
}

/* Grown at each power of two, so that no capacity needs keeping. */
void strings_take(struct strings *s, char *text)
{
	size_t used = s->count + 1;

	if (!s->items || (used & (used - 1)) == 0)
		s->items = mem_resize(s->items, 2 * used, sizeof(*s->items));
	s->items[s->count++] = text;
	s->items[s->count] = NULL;
}

void strings_add(struct strings *s, const char *text)
{
	strings_take(s, str_dup(text));
}

void strings_format(struct strings *s, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	strings_take(s, format_text(format, args));
	va_end(args);
}

void strings_set_empty(struct strings *s)
{
	strings_fini(s);
	s->items = mem_zeroed(2, sizeof(*s->items));
}

void strings_remove(struct strings *s, size_t index)
{
	free(s->items[index]);
	memmove(s->items + index, s->items + index + 1, (s->count - index) * sizeof(*s->items));
	s->count--;
}

struct strings strings_copy(const struct strings *s)
{
	struct strings copy = {0};

	if (s->items)
		strings_set_empty(&copy);
	for (size_t i = 0; i < s->count; i++)
		strings_add(&copy, s->items[i]);
	return copy;
}

bool strings_contain(const struct strings *s, const char *text)
{
	for (size_t i = 0; i < s->count; i++)
		if (strcmp(s->items[i], text) == 0)
			return true;
	return false;
}

static int compare_texts(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void strings_sort(struct strings *s)
{
	if (s->count > 1)
		qsort(s->items, s->count, sizeof(*s->items), compare_texts);
}

struct strings strings_split(const char *text, char separator)
{
	struct strings pieces = {0};

	for (;;) {
		const char *end = strchrnul(text, separator);

		strings_take(&pieces, str_dup_n(text, (size_t)(end - text)));
		if (!*end)
			return pieces;
		text = end + 1;
	}
}

char *strings_join(const struct strings *s, const char *separator)
{
	struct buffer joined = {0};

	for (size_t i = 0; i < s->count; i++) {
		if (i)
			buffer_add_text(&joined, separator);
		buffer_add_text(&joined, s->items[i]);
	}
	return buffer_take(&joined);
}

/* ---- pairs ---- */

static void pair_fini(struct pair *pair)
{
	free(pair->name);
	free(pair->value);
}

void pairs_fini(struct pairs *p)
{
	for (size_t i = 0; i < p->count; i++)
		pair_fini(&p->items[i]);
	free(p->items);
	*p = (struct pairs){0};
}

static struct pair *find_pair(const struct pairs *p, const char *name)
{
	for (size_t i = 0; i < p->count; i++)
		if (strcmp(p->items[i].name, name) == 0)
			return &p->items[i];
	return NULL;
}

void pairs_append(struct pairs *p, const char *name, const char *value)
{
	size_t used = p->count + 1;

	if (!p->items || (used & (used - 1)) == 0)
		p->items = mem_resize(p->items, 2 * used, sizeof(*p->items));
	p->items[p->count++] = (struct pair){str_dup(name), str_dup_or_null(value)};
}

void pairs_set(struct pairs *p, const char *name, const char *value)
{
	struct pair *found = find_pair(p, name);

	if (found)
		str_replace(&found->value, value);
	else
		pairs_append(p, name, value);
}

void pairs_set_empty(struct pairs *p)
{
	pairs_fini(p);
	p->items = mem_zeroed(2, sizeof(*p->items));
}

bool pairs_remove(struct pairs *p, const char *name)
{
	struct pair *found = find_pair(p, name);

	if (!found)
		return false;
	pair_fini(found);
	p->count--;
	memmove(found, found + 1, (size_t)(p->items + p->count - found) * sizeof(*found));
	return true;
}

const char *pairs_get(const struct pairs *p, const char *name)
{
	struct pair *found = find_pair(p, name);

	return found ? found->value : NULL;
}

bool pairs_have(const struct pairs *p, const char *name)
{
	return find_pair(p, name) != NULL;
}

struct pairs pairs_copy(const struct pairs *p)
{
	struct pairs copy = {0};

	if (p->items)
		pairs_set_empty(&copy);
	for (size_t i = 0; i < p->count; i++)
		pairs_append(&copy, p->items[i].name, p->items[i].value);
	return copy;
}

static int compare_names(const void *a, const void *b)
{
	const struct pair *left = a, *right = b;

	return strcmp(left->name, right->name);
}

void pairs_sort(struct pairs *p)
{
	if (p->count > 1)
		qsort(p->items, p->count, sizeof(*p->items), compare_names);
}
