/* The pattern as a row of items, all of whose places are tried at once while the text goes by: the cost is
 * text times pattern, whatever stands in them. */
#include "format/glob.h"

#include "base/memory.h"

#include <stdint.h>

enum { ITEM_ANY = 256, ITEM_RUN = 257 }; /* ? and *; less: that byte */

struct matcher {
	uint16_t *items; /* owned */
	size_t count;
	bool *places;  /* owned: count + 1; places[i]: the items before i have matched */
	size_t *total; /* steps of all calls */
};

static struct matcher matcher_init(struct glob *glob)
{
	size_t size = strlen(glob->pattern);
	struct matcher m = {.items = mem_zeroed(size + 1, sizeof(*m.items)), .total = &glob->steps};

	for (const char *p = glob->pattern; *p; p++) {
		uint16_t item = (unsigned char)*p;

		if (*p == glob->escape && p[1])
			item = (unsigned char)*++p;
		else if (*p == '*')
			item = ITEM_RUN;
		else if (*p == '?')
			item = ITEM_ANY;
		m.items[m.count++] = item;
	}
	m.places = mem_zeroed(m.count + 1, sizeof(*m.places));
	return m;
}

static void matcher_fini(struct matcher *m)
{
	free(m->items);
	free(m->places);
}

static void reverse(struct matcher *m)
{
	for (size_t i = 0; i < m->count / 2; i++) {
		uint16_t item = m->items[i];

		m->items[i] = m->items[m->count - 1 - i];
		m->items[m->count - 1 - i] = item;
	}
}

/* A run may be empty: who stands before it stands behind it, too. */
static void skip_runs(struct matcher *m)
{
	for (size_t i = 0; i < m->count; i++)
		if (m->places[i] && m->items[i] == ITEM_RUN)
			m->places[i + 1] = true;
}

static void begin(struct matcher *m)
{
	memset(m->places, 0, (m->count + 1) * sizeof(*m->places));
	m->places[0] = true;
	skip_runs(m);
}

/* From the back, so that no place moves twice; false when none is left. */
static bool advance(struct matcher *m, char c)
{
	bool any = false;

	m->places[m->count] = false;
	for (size_t i = m->count; i-- > 0;) {
		uint16_t item = m->items[i];
		bool here = m->places[i];

		any = any || here;
		m->places[i] = here && item == ITEM_RUN;
		if (here && (item == ITEM_RUN || item == ITEM_ANY || item == (unsigned char)c))
			m->places[i + (item != ITEM_RUN)] = true;
	}
	skip_runs(m);
	*m->total += m->count + 1;
	return any;
}

struct span {
	const char *text;
	size_t size;
	int direction; /* -1: text is its last byte, and it is read to the front */
};

/* How many bytes match, from where the span begins; SIZE_MAX: not even none. */
static bool run(struct matcher *m, const struct span *span, bool longest, size_t *out)
{
	size_t found = SIZE_MAX;

	begin(m);
	for (size_t i = 0;; i++) {
		if (m->places[m->count]) {
			found = i;
			if (!longest)
				break;
		}
		if (i == span->size || *m->total > GLOB_STEPS_LIMIT)
			break;
		if (!advance(m, span->direction > 0 ? span->text[i] : *(span->text - i)))
			break;
	}
	*out = found;
	return *m->total <= GLOB_STEPS_LIMIT;
}

static bool cut(struct matcher *m, const struct span *span, bool longest, size_t *out)
{
	size_t found;
	bool ok = run(m, span, longest, &found);

	matcher_fini(m);
	if (ok)
		*out = found == SIZE_MAX ? 0 : found;
	return ok;
}

bool glob_prefix(struct glob *glob, const char *text, size_t size, bool longest, size_t *out)
{
	struct matcher m = matcher_init(glob);

	return cut(&m, &(struct span){text, size, 1}, longest, out);
}

bool glob_suffix(struct glob *glob, const char *text, size_t size, bool longest, size_t *out)
{
	struct matcher m = matcher_init(glob);

	reverse(&m);
	return cut(&m, &(struct span){text + (size ? size - 1 : 0), size, -1}, longest, out);
}

bool glob_find(struct glob *glob, const char *text, size_t size, size_t *start, size_t *length)
{
	struct matcher m = matcher_init(glob);
	size_t at = 0, found = SIZE_MAX;
	bool ok;

	do {
		ok = run(&m, &(struct span){text + at, size - at, 1}, true, &found);
		if (found == 0 && size > 0)
			found = SIZE_MAX;
	} while (ok && found == SIZE_MAX && ++at < size);
	matcher_fini(&m);
	if (!ok)
		return false;
	*start = found == SIZE_MAX ? SIZE_MAX : at;
	*length = found == SIZE_MAX ? 0 : found;
	return true;
}
