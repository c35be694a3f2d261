#include "compose/attributes.h"

#include <string.h>

static const struct attribute anything = {.kind = ATTRIBUTE_ANY};

static int compare_name(const void *key, const void *row)
{
	return strcmp(key, ((const struct attribute *)row)->name);
}

const struct attribute *attribute_child(const struct attribute *attribute, const char *key)
{
	if (attribute->kind == ATTRIBUTE_ANY)
		return &anything;
	if (attribute->kind == ATTRIBUTE_LIST || attribute->kind == ATTRIBUTE_NAMES)
		return attribute->item;
	if (!key || attribute->kind != ATTRIBUTE_MAP)
		return NULL;
	if (str_starts_with(key, "x-"))
		return &anything;
	return bsearch(key, attribute->members, attribute->member_count,
		       sizeof(*attribute->members), compare_name);
}

/* ---- spelling ---- */

enum { SPELLING_LENGTH_LIMIT = 40, SPELLING_WORDS_LIMIT = 500 };

/* Letters to insert, remove, replace, or swap with their neighbour. */
static size_t spelling_distance(const char *a, const char *b)
{
	size_t rows[3][SPELLING_LENGTH_LIMIT + 1];
	size_t *before = rows[0], *above = rows[1], *row = rows[2];
	size_t length = strlen(b);

	for (size_t j = 0; j <= length; j++)
		above[j] = j;
	for (size_t i = 1; a[i - 1]; i++) {
		row[0] = i;
		for (size_t j = 1; j <= length; j++) {
			size_t best = above[j - 1] + (a[i - 1] != b[j - 1]);

			if (above[j] + 1 < best)
				best = above[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			    before[j - 2] + 1 < best)
				best = before[j - 2] + 1;
			row[j] = best;
		}
		size_t *free_row = before;

		before = above;
		above = row;
		row = free_row;
	}
	return above[length];
}

const char *spelling_nearest(const char *typed, const char *(*word)(const void *data, size_t index),
			     const void *data, size_t count)
{
	size_t length = strlen(typed);
	const char *nearest = NULL;
	size_t best = length < 4 ? 1 : length / 3 + 1; /* a word that shares nothing is no help */

	if (length > SPELLING_LENGTH_LIMIT || count > SPELLING_WORDS_LIMIT)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		const char *candidate = word(data, i);

		if (strlen(candidate) > SPELLING_LENGTH_LIMIT)
			continue;
		size_t distance = spelling_distance(typed, candidate);

		if (distance < best || (distance == best && !nearest)) {
			best = distance;
			nearest = candidate;
		}
	}
	return nearest;
}

static const char *member_name(const void *data, size_t index)
{
	return ((const struct attribute *)data)->members[index].name;
}

const char *attribute_nearest(const struct attribute *map, const char *key)
{
	return spelling_nearest(key, member_name, map, map->member_count);
}

/* ---- identity ---- */

static void add_member(const struct node *item, const char *key, const char *otherwise,
		       struct buffer *out)
{
	buffer_add_text(out, node_get_text(item, key, otherwise));
	buffer_add_char(out, '\n');
}

static void add_port(const struct node *port, struct buffer *out)
{
	add_member(port, "host_ip", "", out);
	add_member(port, "published", "", out);
	add_member(port, "target", "", out);
	add_member(port, "protocol", "tcp", out);
}

/* Where it is put: "/name" and "/run/secrets/name" unless it says. */
static void add_file(const struct node *file, const char *folder, struct buffer *out)
{
	const char *target = node_get_text(file, "target", NULL);

	if (!target)
		target = node_get_text(file, "source", "");
	if (*target != '/')
		buffer_add_text(out, folder);
	buffer_add_text(out, target);
}

void attribute_identity(const struct attribute *list, const struct node *item, struct buffer *out)
{
	if (item->kind != NODE_MAP) { /* a scalar, or a short form that waits for its variables */
		buffer_add_text(out, item->text ? item->text : "");
		return;
	}
	switch (list->identity) {
	case IDENTITY_TARGET:
		add_member(item, "target", node_get_text(item, "source", ""), out);
		break;
	case IDENTITY_PORT:
		add_port(item, out);
		break;
	case IDENTITY_CONFIG:
		add_file(item, "/", out);
		break;
	case IDENTITY_SECRET:
		add_file(item, "/run/secrets/", out);
		break;
	case IDENTITY_PATH:
		add_member(item, "path", "", out);
		break;
	case IDENTITY_SUBNET:
		add_member(item, "subnet", "", out);
		break;
	case IDENTITY_VALUE:
		node_write_json(item, out);
		break;
	}
}
