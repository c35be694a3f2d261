/* A tree of values that know where they were written.  What a YAML document becomes, and what compose
 * files are until they are a project.  Nodes live in an arena and are shared freely: who changes one that
 * somebody else may hold copies it first. */
#pragma once

#include "base/arena.h"
#include "base/text.h"

struct place {
	const char *file; /* as it was named; lives as long as the arena.  NULL: nowhere (a default) */
	uint32_t line, column; /* from 1; columns count characters */
};

/* One byte each: a project has hundreds of thousands of nodes. */
enum __attribute__((packed)) node_kind {
	NODE_NULL,
	NODE_BOOL,
	NODE_INT,
	NODE_FLOAT,
	NODE_TEXT,
	NODE_LIST,
	NODE_MAP
};

enum __attribute__((packed)) node_tag {
	NODE_TAG_NONE,
	NODE_TAG_RESET,	   /* !reset: what earlier files said here goes */
	NODE_TAG_OVERRIDE, /* !override: it replaces, unmerged */
};

struct node {
	enum node_kind kind;
	enum node_tag tag;
	bool plain; /* a scalar without quotes: its kind may follow what the model wants */
	uint8_t index_bits; /* of a large map's index: it has 2^bits slots */
	uint32_t seen;	    /* of a small map: bits of all keys, so that most misses cost nothing */
	struct place place;
	const char *text; /* of scalars: as written, quotes and escapes undone; "" for null */
	union {
		bool truth;	/* NODE_BOOL */
		int64_t number; /* NODE_INT */
		double real;	/* NODE_FLOAT */
	};
	struct node_member *members; /* of NODE_LIST (without keys) and NODE_MAP, in the order written */
	uint32_t count, capacity;
	uint32_t *index; /* of a large map: slots, by hash of the key, of a member's number + 1 */
};

struct node_member {
	const char *key; /* NULL in a list; not to be changed in place */
	struct place place; /* of the key */
	struct node *value;
};

struct node *node_new_text(struct arena *arena, const char *text, struct place place);
struct node *node_new_int(struct arena *arena, int64_t number, struct place place);
struct node *node_new_bool(struct arena *arena, bool truth, struct place place);
struct node *node_new_null(struct arena *arena, struct place place);
struct node *node_new_list(struct arena *arena, struct place place);
struct node *node_new_map(struct arena *arena, struct place place);

/* The member's value; NULL: there is none, or `map` is NULL or no map. */
struct node *node_get(const struct node *map, const char *key);
struct node_member *node_find(const struct node *map, const char *key);

/* The text of a scalar member, `otherwise` when it is absent, null or no scalar. */
const char *node_get_text(const struct node *map, const char *key, const char *otherwise);
bool node_get_bool(const struct node *map, const char *key, bool otherwise);
int64_t node_get_int(const struct node *map, const char *key, int64_t otherwise);

/* Replaces the value of a key that is there (and its place), else appends. */
void node_set(struct arena *arena, struct node *map, const char *key, struct place place,
	      struct node *value);
/* The same for a key that is known to be new and to live as long as the arena: it is not looked for. */
void node_append(struct arena *arena, struct node *map, const char *key, struct place place,
		 struct node *value);
bool node_remove(struct node *map, const char *key);
void node_add(struct arena *arena, struct node *list, struct node *value);

struct node *node_copy(struct arena *arena, const struct node *node); /* deep; places are kept */
bool node_equal(const struct node *a, const struct node *b);	      /* values; key order does not count */

/* JSON, keys sorted at every level, no blanks: equal trees have equal text. */
void node_write_json(const struct node *node, struct buffer *out);

/* Loop over the members:  node_each(member, map) use(member->key, member->value); */
#define node_each(member, node)                                                                    \
	for (struct node_member *member = (node) ? (node)->members : NULL,                         \
				*end_ = member ? member + (node)->count : NULL;                    \
	     member < end_; member++)
