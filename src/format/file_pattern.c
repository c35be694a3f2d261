/* A pattern is a row of items; while the name goes by, all places in the row that it may have reached are
 * kept (as in glob.c, but with classes, folders and characters of several bytes). */
#include "format/file_pattern.h"

#include "base/text.h"

enum item_kind {
	ITEM_CHARACTER,
	ITEM_ANY,     /* ?: but '/' */
	ITEM_CLASS,   /* [...] */
	ITEM_RUN,     /* *: characters but '/', also none */
	ITEM_REST,    /* ** at the end */
	ITEM_MAYBE,   /* the next item, or what is behind that */
	ITEM_FOLDERS, /* characters, and behind a '/' what follows */
};

struct range {
	uint32_t first, last;
};

struct item {
	enum item_kind kind;
	uint32_t character;
	bool negated;
	struct range *ranges; /* owned */
	size_t count;
};

struct file_pattern {
	struct item *items; /* owned */
	size_t count, capacity;
};

/* ---- characters ---- */

/* Bytes that are no UTF-8 are characters of their own, which no text has. */
#define STRAY_BYTE 0xdc00u

static size_t tail_length(unsigned char first)
{
	return first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : first >= 0xc2 ? 1 : 0;
}

static uint32_t next_character(const char **text)
{
	const unsigned char *p = (const unsigned char *)*text;
	size_t tail = tail_length(*p);
	uint32_t c = tail ? *p & (0x3fu >> tail) : *p;

	++*text;
	for (size_t i = 1; i <= tail; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return STRAY_BYTE + *p;
		c = c << 6 | (p[i] & 0x3fu);
	}
	*text += tail;
	return tail == 0 && c >= 0x80 ? STRAY_BYTE + c : c;
}

/* ---- patterns to items ---- */

/* A character of a class, escaped or not; false when none can stand here. */
static bool read_member(const char **text, uint32_t *out)
{
	if (**text == '\0' || **text == '-' || **text == ']')
		return false;
	if (**text == '\\' && *++*text == '\0')
		return false;
	*out = next_character(text);
	return **text != '\0';
}

static bool read_range(const char **text, struct range *out)
{
	if (!read_member(text, &out->first))
		return false;
	out->last = out->first;
	if (**text != '-')
		return true;
	++*text;
	return read_member(text, &out->last);
}

/* Behind '['. */
static bool read_class(const char **text, struct item *item)
{
	item->kind = ITEM_CLASS;
	item->negated = **text == '^';
	*text += item->negated;
	do {
		struct range range;

		if (!read_range(text, &range))
			return false;
		item->ranges = mem_resize(item->ranges, item->count + 1, sizeof(range));
		item->ranges[item->count++] = range;
	} while (**text != ']');
	++*text;
	return true;
}

static void add(struct file_pattern *p, enum item_kind kind)
{
	struct item item = {.kind = kind};

	vector_add(p, item);
}

/* Behind the second '*'. */
static void add_deep(struct file_pattern *p, const char **text)
{
	*text += **text == '/';
	if (**text == '\0') {
		add(p, ITEM_REST);
		return;
	}
	add(p, ITEM_MAYBE);
	add(p, ITEM_FOLDERS);
}

static bool read_item(struct file_pattern *p, const char **text, enum file_pattern_rules rules)
{
	struct item item = {.kind = ITEM_CHARACTER};
	bool ok = true;

	if (**text == '*') {
		++*text;
		if (rules == FILE_PATTERN_DEEP && **text == '*')
			return ++*text, add_deep(p, text), true;
		return add(p, ITEM_RUN), true;
	}
	if (**text == '?') {
		++*text;
		return add(p, ITEM_ANY), true;
	}
	if (**text == '[') {
		++*text;
		ok = read_class(text, &item);
	} else {
		if (**text == '\\' && *++*text == '\0')
			return false;
		item.character = next_character(text);
	}
	vector_add(p, item);
	return ok;
}

struct file_pattern *file_pattern_new(const char *text, enum file_pattern_rules rules,
				      struct error *err)
{
	scoped(file_pattern) struct file_pattern *p = mem_new(struct file_pattern);

	if (strlen(text) > FILE_PATTERN_LIMIT) {
		error_set(err, ERROR_INVALID, "a pattern is longer than %d bytes",
			  FILE_PATTERN_LIMIT);
		return NULL;
	}
	while (*text)
		if (!read_item(p, &text, rules)) {
			error_set(err, ERROR_INVALID, "syntax error in pattern");
			return NULL;
		}
	return take(p);
}

void file_pattern_free(struct file_pattern *pattern)
{
	if (!pattern)
		return;
	for (size_t i = 0; i < pattern->count; i++)
		free(pattern->items[i].ranges);
	free(pattern->items);
	free(pattern);
}

/* ---- matching ---- */

static bool class_has(const struct item *item, uint32_t c)
{
	for (size_t i = 0; i < item->count; i++)
		if (item->ranges[i].first <= c && c <= item->ranges[i].last)
			return !item->negated;
	return item->negated;
}

enum { STAY = 1, GO_ON = 2 };

/* Where a place before the item is after the character. */
static unsigned step(const struct item *item, uint32_t c)
{
	switch (item->kind) {
	case ITEM_CHARACTER:
		return item->character == c ? GO_ON : 0;
	case ITEM_ANY:
		return c != '/' ? GO_ON : 0;
	case ITEM_CLASS:
		return class_has(item, c) ? GO_ON : 0;
	case ITEM_RUN:
		return c != '/' ? STAY : 0;
	case ITEM_REST:
		return STAY;
	case ITEM_FOLDERS:
		return c == '/' ? STAY | GO_ON : STAY;
	case ITEM_MAYBE: /* nobody waits here: see skip */
		break;
	}
	return 0;
}

/* Over items that need no character. */
static void skip(const struct file_pattern *p, bool *places)
{
	for (size_t i = 0; i < p->count; i++) {
		enum item_kind kind = p->items[i].kind;

		if (!places[i])
			continue;
		if (kind == ITEM_RUN || kind == ITEM_REST || kind == ITEM_MAYBE)
			places[i + 1] = true;
		if (kind == ITEM_MAYBE)
			places[i + 2] = true;
	}
}

static bool advance(const struct file_pattern *p, bool *places, uint32_t c)
{
	bool any = false;

	places[p->count] = false;
	for (size_t i = p->count; i-- > 0;) {
		unsigned how = places[i] ? step(&p->items[i], c) : 0;

		places[i] = how & STAY;
		if (how & GO_ON)
			places[i + 1] = true;
		any = any || how;
	}
	skip(p, places);
	return any;
}

static bool match(const struct file_pattern *p, const char *name, bool above)
{
	scoped_free bool *places = mem_zeroed(p->count + 1, sizeof(*places));
	const char *at = name;

	places[0] = true;
	skip(p, places);
	while (*at) {
		if (above && *at == '/' && at > name && places[p->count])
			return true;
		if (!advance(p, places, next_character(&at)))
			return false;
	}
	return places[p->count];
}

/* Most patterns begin with characters, and most names with others. */
static bool begins_otherwise(const struct file_pattern *p, const char *name)
{
	return p->count > 0 && p->items[0].kind == ITEM_CHARACTER &&
	       next_character(&name) != p->items[0].character;
}

bool file_pattern_match(const struct file_pattern *pattern, const char *name)
{
	return !begins_otherwise(pattern, name) && match(pattern, name, false);
}

bool file_pattern_match_above(const struct file_pattern *pattern, const char *name)
{
	return !begins_otherwise(pattern, name) && match(pattern, name, true);
}

bool file_pattern_is_one(const char *text)
{
	for (; *text; text++) {
		if (strchr("*?[", *text))
			return true;
		if (*text == '\\' && *++text == '\0')
			return false;
	}
	return false;
}
