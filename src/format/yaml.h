/* YAML to a tree of nodes: libyaml's events, our scalars, anchors and merges.
 *
 * Plain scalars: null is empty, ~, null; bool is true, false; integers are decimal (with _), 0x, 0b, 0o, and
 * octal with a leading 0; floats decimal with . or e.  Everything else is text, as is anything in
 * quotes: yes, no, on, off, dates, 22:22.  `<<` merges: explicit keys beat merged ones, earlier maps of a list
 * later ones.  Tags: !reset and !override stay on the node, !!str and its like are obeyed, others are errors. */
#pragma once

#include "format/diagnostic.h"

enum {
	YAML_DEPTH_LIMIT = 100,
	YAML_NODES_LIMIT = 100000,   /* of a file, after aliases are expanded */
	YAML_TEXT_LIMIT = 32 << 20,  /* bytes of texts, likewise */
	YAML_SIZE_LIMIT = 16 << 20,  /* bytes of a file */
};

struct yaml_rules {
	bool duplicates_warn; /* a key that stands twice: warn, the last wins.  Else an error naming both places */
};

struct yaml_documents {
	struct node **items; /* the array is owned by this struct, the nodes by the arena */
	size_t count, capacity;
};

/* All documents of one file; an empty one is NODE_NULL.  False: errors were added. */
bool yaml_parse(struct arena *arena, const char *file, const char *text, size_t size,
		const struct yaml_rules *rules, struct yaml_documents *out,
		struct diagnostics *diagnostics);
void yaml_documents_fini(struct yaml_documents *documents);

/* What a plain scalar of this text is, as yaml_parse says it; the value goes into `node`. */
void yaml_resolve(struct node *node, const char *text);

/* Block style as people write it, two blanks a level; text is quoted where it, or a reader of YAML 1.1, would not
 * read it back as the same text.  Keys in the order of the tree.  `indent_lists`: the items of a list in a map
 * stand further in than its key, as compose 2 prints them; version 1 prints them below it. */
void yaml_write(const struct node *node, bool indent_lists, struct buffer *out);
