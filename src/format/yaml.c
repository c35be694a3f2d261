/* Documents are built while libyaml's events come in, so that nothing is built beyond a limit.  An alias is a
 * copy of what it names: every tree is its own afterwards.  How many nodes that takes is known before it is
 * done, which is what makes a "billion laughs" an error within microseconds. */
#include "format/yaml.h"

#include "base/map.h"

#include <yaml.h>

/* What a tree takes once aliases are copies: a short file may name much, or a long text many times. */
struct amount {
	size_t nodes, text;
};

struct anchor {
	struct node *node;    /* NULL: it is being read */
	struct amount amount; /* below it, itself included */
};

struct reader {
	struct arena *arena;
	const char *file;
	const struct yaml_rules *rules;
	struct diagnostics *diagnostics;
	yaml_parser_t parser;
	struct map anchors; /* of this document; in the arena */
	struct amount read; /* so far */
	unsigned depth;
};

static struct node *read_node(struct reader *reader, const yaml_event_t *event);

static void drop_anchors(struct reader *reader)
{
	map_fini(&reader->anchors);
	reader->anchors = (struct map){0};
}

/* ---- errors ---- */

static struct place place_of(const struct reader *reader, const yaml_mark_t *mark)
{
	return (struct place){reader->file, (uint32_t)mark->line + 1, (uint32_t)mark->column + 1};
}

/* libyaml names the token that cannot begin so, not the tab that people see. */
static bool is_about_a_tab(const yaml_parser_t *parser)
{
	return parser->error == YAML_SCANNER_ERROR &&
	       parser->buffer.pointer < parser->buffer.last && *parser->buffer.pointer == '\t';
}

static void add_parser_error(struct reader *reader)
{
	const yaml_parser_t *parser = &reader->parser;
	struct place place = place_of(
		reader, parser->error == YAML_READER_ERROR ? &parser->mark : &parser->problem_mark);

	if (is_about_a_tab(parser))
		diagnostics_error(reader->diagnostics, place, NULL,
				  "a tab cannot indent in YAML: use blanks");
	else if (parser->context && parser->context_mark.line != parser->problem_mark.line)
		diagnostics_error(reader->diagnostics, place, NULL, "%s, %s that began in line %zu",
				  parser->problem, parser->context, parser->context_mark.line + 1);
	else
		diagnostics_error(reader->diagnostics, place, NULL, "%s",
				  parser->problem ? parser->problem : "this is not YAML");
}

static bool next_event(struct reader *reader, yaml_event_t *event)
{
	if (yaml_parser_parse(&reader->parser, event))
		return true;
	add_parser_error(reader);
	return false;
}

static bool count(struct reader *reader, struct amount amount, struct place place)
{
	reader->read.nodes += amount.nodes;
	reader->read.text += amount.text;
	if (reader->read.nodes > YAML_NODES_LIMIT)
		return diagnostics_error(reader->diagnostics, place, NULL,
					 "more than %d values, with aliases expanded",
					 YAML_NODES_LIMIT);
	return reader->read.text <= YAML_TEXT_LIMIT ||
	       diagnostics_error(reader->diagnostics, place, NULL,
				 "more than %d bytes of text, with aliases expanded",
				 YAML_TEXT_LIMIT);
}

/* ---- tags ---- */

static const struct {
	const char *name;
	enum node_tag tag;
	int kind; /* -1: whatever it is */
} tags[] = {
	{"!reset", NODE_TAG_RESET, -1},
	{"!override", NODE_TAG_OVERRIDE, -1},
	{"!", NODE_TAG_NONE, NODE_TEXT},
	{YAML_STR_TAG, NODE_TAG_NONE, NODE_TEXT},
	{YAML_INT_TAG, NODE_TAG_NONE, NODE_INT},
	{YAML_FLOAT_TAG, NODE_TAG_NONE, NODE_FLOAT},
	{YAML_BOOL_TAG, NODE_TAG_NONE, NODE_BOOL},
	{YAML_NULL_TAG, NODE_TAG_NONE, NODE_NULL},
	{YAML_SEQ_TAG, NODE_TAG_NONE, NODE_LIST},
	{YAML_MAP_TAG, NODE_TAG_NONE, NODE_MAP},
};

/* An integer is a good float. */
static bool obey_kind(struct node *node, int kind)
{
	if (kind == NODE_TEXT && node->kind < NODE_LIST) {
		node->kind = NODE_TEXT;
		node->plain = false;
		return true;
	}
	if (kind == NODE_FLOAT && node->kind == NODE_INT) {
		node->kind = NODE_FLOAT;
		node->real = (double)node->number;
	}
	return kind < 0 || (int)node->kind == kind;
}

static bool obey_tag(struct reader *reader, struct node *node, const yaml_char_t *name)
{
	const char *tag = (const char *)name;

	for (size_t i = 0; tag && i < array_length(tags); i++) {
		if (strcmp(tags[i].name, tag) != 0)
			continue;
		node->tag = tags[i].tag;
		return obey_kind(node, tags[i].kind) ||
		       diagnostics_error(reader->diagnostics, node->place, NULL,
					 "the value is not what its tag '%s' says", tag);
	}
	return !tag || diagnostics_error(reader->diagnostics, node->place, NULL,
					 "unknown tag '%s'; there are !reset and !override", tag);
}

/* ---- anchors and aliases ---- */

static struct anchor *anchor_begin(struct reader *reader, const yaml_char_t *name)
{
	if (!name)
		return NULL;
	struct anchor *anchor = arena_new(reader->arena, struct anchor);
	map_put(&reader->anchors, (const char *)name, anchor);
	return anchor;
}

static void anchor_end(struct reader *reader, struct anchor *anchor, struct node *node,
		       struct amount before)
{
	if (!anchor)
		return;
	anchor->node = node;
	anchor->amount =
		(struct amount){reader->read.nodes - before.nodes, reader->read.text - before.text};
}

static struct node *expand_alias(struct reader *reader, const yaml_event_t *event)
{
	const char *name = (const char *)event->data.alias.anchor;
	const struct anchor *anchor = map_get(&reader->anchors, name);
	struct place place = place_of(reader, &event->start_mark);

	if (!anchor || !anchor->node) {
		diagnostics_error(reader->diagnostics, place, NULL,
				  anchor ? "the alias '*%s' stands inside what it names"
					 : "nothing before this is called '&%s'",
				  name);
		return NULL;
	}
	return count(reader, anchor->amount, place) ? node_copy(reader->arena, anchor->node) : NULL;
}

/* ---- scalars ---- */

static struct node *read_scalar(struct reader *reader, const yaml_event_t *event)
{
	struct node *node = arena_new(reader->arena, struct node);
	const char *value = (const char *)event->data.scalar.value;
	size_t size = event->data.scalar.length;
	struct amount before = reader->read;

	node->place = place_of(reader, &event->start_mark);
	if (memchr(value, '\0', size)) {
		diagnostics_error(reader->diagnostics, node->place, NULL,
				  "the text holds a NUL, which nothing can take");
		return NULL;
	}
	const char *text = arena_text_n(reader->arena, value, size);
	node->plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	if (node->plain || event->data.scalar.tag) {
		yaml_resolve(node, text);
	} else {
		node->kind = NODE_TEXT;
		node->text = text;
	}
	struct anchor *anchor = anchor_begin(reader, event->data.scalar.anchor);
	if (!obey_tag(reader, node, event->data.scalar.tag) ||
	    !count(reader, (struct amount){1, size}, node->place))
		return NULL;
	if (node->kind == NODE_TEXT)
		node->text = text; /* "~" that a tag made text */
	anchor_end(reader, anchor, node, before);
	return node;
}

/* ---- lists ---- */

static bool read_items(struct reader *reader, struct node *list)
{
	for (;;) {
		yaml_event_t event;

		if (!next_event(reader, &event))
			return false;
		bool end = event.type == YAML_SEQUENCE_END_EVENT;
		struct node *item = end ? NULL : read_node(reader, &event);
		yaml_event_delete(&event);
		if (end)
			return true;
		if (!item)
			return false;
		node_add(reader->arena, list, item);
	}
}

/* ---- maps ---- */

struct merges {
	struct node **items;
	size_t count, capacity;
};

static bool is_merge_key(const yaml_event_t *event)
{
	return event->type == YAML_SCALAR_EVENT && !event->data.scalar.tag &&
	       event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
	       strcmp((const char *)event->data.scalar.value, "<<") == 0;
}

/* The text of a key; NULL: it is none, and the error was added.  An anchor on a key is nobody's need. */
static const char *read_key(struct reader *reader, const yaml_event_t *event)
{
	struct node *key;

	if (event->type == YAML_ALIAS_EVENT) {
		key = expand_alias(reader, event);
	} else if (event->type == YAML_SCALAR_EVENT) {
		key = read_scalar(reader, event);
		if (key && key->kind == NODE_NULL)
			key->text =
				arena_text(reader->arena, (const char *)event->data.scalar.value);
	} else {
		diagnostics_error(reader->diagnostics, place_of(reader, &event->start_mark), NULL,
				  "a key must be a text, not a list or a map");
		return NULL;
	}
	if (key && key->kind >= NODE_LIST) {
		diagnostics_error(reader->diagnostics, place_of(reader, &event->start_mark), NULL,
				  "a key must be a text, not a list or a map");
		return NULL;
	}
	return key ? key->text : NULL;
}

/* False: it stands twice, and that is an error. */
static bool put(struct reader *reader, struct node *map, const char *key, struct place place,
		struct node *value)
{
	const struct node_member *member = node_find(map, key);

	if (!member) {
		node_append(reader->arena, map, key, place, value);
		return true;
	}
	unsigned line = member->place.line;
	if (!reader->rules->duplicates_warn)
		return diagnostics_error(reader->diagnostics, place, NULL,
					 "the key '%s' stands in line %u already", key, line);
	diagnostics_warn(reader->diagnostics, place, NULL,
			 "the key '%s' stands in line %u already; this one counts", key, line);
	node_set(reader->arena, map, key, place, value);
	return true;
}

/* `<<: *a` and `<<: [*a, *b]`; what is wrong is wrong there, not where `a` stands. */
static bool add_merges(struct reader *reader, const struct node *value, struct place place,
		       struct merges *merges)
{
	if (value->kind == NODE_MAP) {
		vector_add(merges, (struct node *)value);
		return true;
	}
	bool good = value->kind == NODE_LIST;
	for (size_t i = 0; good && i < value->count; i++) {
		good = value->members[i].value->kind == NODE_MAP;
		if (good)
			vector_add(merges, value->members[i].value);
	}
	return good || diagnostics_error(reader->diagnostics, place, NULL,
					 "'<<' merges a map or a list of maps");
}

static void merge(struct reader *reader, struct node *map, const struct merges *merges)
{
	for (size_t i = 0; i < merges->count; i++)
		node_each (member, merges->items[i])
			if (!node_find(map, member->key))
				node_append(reader->arena, map, member->key, member->place,
					    member->value);
}

static struct node *read_value(struct reader *reader)
{
	yaml_event_t event;

	if (!next_event(reader, &event))
		return NULL;
	struct node *value = read_node(reader, &event);
	yaml_event_delete(&event);
	return value;
}

static bool read_member(struct reader *reader, const yaml_event_t *event, struct node *map,
			struct merges *merges)
{
	struct place place = place_of(reader, &event->start_mark);

	if (is_merge_key(event)) {
		const struct node *value = read_value(reader);

		return value && add_merges(reader, value, place, merges);
	}
	const char *key = read_key(reader, event);
	struct node *value = key ? read_value(reader) : NULL;
	return value && put(reader, map, key, place, value);
}

static bool read_members(struct reader *reader, struct node *map)
{
	struct merges merges = {0};
	bool good = true, end = false;

	while (good && !end) {
		yaml_event_t event;

		good = next_event(reader, &event);
		if (!good)
			break;
		end = event.type == YAML_MAPPING_END_EVENT;
		if (!end)
			good = read_member(reader, &event, map, &merges);
		yaml_event_delete(&event);
	}
	if (good)
		merge(reader, map, &merges);
	vector_fini(&merges);
	return good;
}

/* ---- nodes and documents ---- */

struct opening { /* what the two kinds of collection have in common */
	enum node_kind kind;
	const yaml_char_t *anchor, *tag;
	bool (*read)(struct reader *reader, struct node *node);
};

static struct node *read_collection(struct reader *reader, const yaml_event_t *event,
				    const struct opening *opening)
{
	struct place place = place_of(reader, &event->start_mark);
	struct amount before = reader->read;

	if (reader->depth == YAML_DEPTH_LIMIT) {
		diagnostics_error(reader->diagnostics, place, NULL, "more than %d levels",
				  YAML_DEPTH_LIMIT);
		return NULL;
	}
	struct node *node = opening->kind == NODE_LIST ? node_new_list(reader->arena, place)
						       : node_new_map(reader->arena, place);
	struct anchor *anchor = anchor_begin(reader, opening->anchor);
	reader->depth++;
	bool good = obey_tag(reader, node, opening->tag) &&
		    count(reader, (struct amount){1, 0}, place) && opening->read(reader, node);
	reader->depth--;
	anchor_end(reader, anchor, node, before);
	return good ? node : NULL;
}

static struct node *read_node(struct reader *reader, const yaml_event_t *event)
{
	if (event->type == YAML_ALIAS_EVENT)
		return expand_alias(reader, event);
	if (event->type == YAML_SCALAR_EVENT)
		return read_scalar(reader, event);
	if (event->type == YAML_SEQUENCE_START_EVENT)
		return read_collection(
			reader, event,
			&(struct opening){NODE_LIST, event->data.sequence_start.anchor,
					  event->data.sequence_start.tag, read_items});
	return read_collection(reader, event,
			       &(struct opening){NODE_MAP, event->data.mapping_start.anchor,
						 event->data.mapping_start.tag, read_members});
}

static bool read_documents(struct reader *reader, struct yaml_documents *out)
{
	bool good = true, end = false;

	while (good && !end) {
		yaml_event_t event;

		good = next_event(reader, &event);
		if (!good)
			break;
		end = event.type == YAML_STREAM_END_EVENT;
		if (event.type == YAML_DOCUMENT_START_EVENT) {
			struct node *root = read_value(reader);

			drop_anchors(reader);
			good = root;
			if (root)
				vector_add(out, root);
		}
		yaml_event_delete(&event);
	}
	return good;
}

bool yaml_parse(struct arena *arena, const char *file, const char *text, size_t size,
		const struct yaml_rules *rules, struct yaml_documents *out,
		struct diagnostics *diagnostics)
{
	struct place begin = {arena_text(arena, file), 1, 1};
	struct reader reader = {
		.arena = arena, .file = begin.file, .rules = rules, .diagnostics = diagnostics};
	size_t before = out->count;

	if (size > YAML_SIZE_LIMIT)
		return diagnostics_error(diagnostics, (struct place){begin.file, 0, 0}, NULL,
					 "larger than %d MiB", YAML_SIZE_LIMIT >> 20);
	if (!yaml_parser_initialize(&reader.parser))
		abort(); /* out of memory */
	yaml_parser_set_input_string(&reader.parser, (const unsigned char *)text, size);
	bool good = read_documents(&reader, out);
	drop_anchors(&reader);
	yaml_parser_delete(&reader.parser);
	if (good && out->count == before)
		vector_add(out, node_new_null(arena, begin));
	return good;
}

void yaml_documents_fini(struct yaml_documents *documents)
{
	vector_fini(documents);
}
