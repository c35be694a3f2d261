#include "compose/merge.h"

#include "base/map.h"

/* The idea: a tag is kept on what it was merged into.  !reset then hides whatever is merged below it later (what
 * a service extends comes after all files were merged), and a value merged over a !reset one is as if it were
 * !override. */

static bool is_scalar(const struct node *node)
{
	return node->kind != NODE_MAP && node->kind != NODE_LIST;
}

static struct node *shallow_copy(struct arena *arena, const struct node *node)
{
	struct node *copy = node->kind == NODE_MAP ? node_new_map(arena, node->place)
						   : node_new_list(arena, node->place);

	copy->tag = node->tag;
	node_each (member, node) {
		if (node->kind == NODE_MAP)
			node_append(arena, copy, member->key, member->place, member->value);
		else
			node_add(arena, copy, member->value);
	}
	return copy;
}

static struct node *merge_maps(struct arena *arena, const struct attribute *attribute,
			       const struct node *base, const struct node *over)
{
	struct node *merged = shallow_copy(arena, base);

	merged->place = over->place;
	node_each (member, over) {
		struct node_member *old = node_find(merged, member->key);
		const struct attribute *row =
			attribute ? attribute_child(attribute, member->key) : NULL;

		if (!old) {
			node_append(arena, merged, member->key, member->place, member->value);
			continue;
		}
		old->value = merge_nodes(arena, row, old->value, member->value);
		old->place = member->place;
	}
	return merged;
}

/* Where each identity stands in the list, counted from 1. */
static void remember(struct map *places, const struct attribute *attribute, const struct node *item,
		     size_t number, struct buffer *identity)
{
	buffer_clear(identity);
	attribute_identity(attribute, item, identity);
	buffer_add_char(identity, '\0');
	map_put(places, identity->data, (void *)(uintptr_t)number);
}

static struct node *merge_by_identity(struct arena *arena, const struct attribute *attribute,
				      const struct node *base, const struct node *over)
{
	struct node *merged = shallow_copy(arena, base);
	scoped_map struct map places = {0};
	scoped_buffer struct buffer identity = {0};

	merged->place = over->place;
	for (size_t i = 0; i < base->count; i++)
		remember(&places, attribute, base->members[i].value, i + 1, &identity);
	node_each (member, over) {
		buffer_clear(&identity);
		attribute_identity(attribute, member->value, &identity);
		buffer_add_char(&identity, '\0');
		size_t number = (size_t)(uintptr_t)map_get(&places, identity.data);

		if (number) {
			merged->members[number - 1] = *member;
			continue;
		}
		node_add(arena, merged, member->value);
		remember(&places, attribute, member->value, merged->count, &identity);
	}
	return merged;
}

/* The same text twice says nothing more; the same map may (a hook runs twice). */
static struct node *append(struct arena *arena, const struct node *base, const struct node *over)
{
	struct node *merged = shallow_copy(arena, base);
	scoped_map struct map known = {0};

	node_each (member, base)
		if (member->value->kind == NODE_TEXT)
			map_put(&known, member->value->text, merged);
	node_each (member, over)
		if (member->value->kind != NODE_TEXT || !map_get(&known, member->value->text))
			node_add(arena, merged, member->value);
	return merged;
}

static bool drivers_differ(const struct node *base, const struct node *over)
{
	const char *old = node_get_text(base, "driver", NULL),
		   *new = node_get_text(over, "driver", NULL);

	return old && new &&strcmp(old, new) != 0;
}

static struct node *merge_same_kind(struct arena *arena, const struct attribute *attribute,
				    struct node *base, struct node *over)
{
	enum merge_rule rule = attribute		? attribute->merge
			       : over->kind == NODE_MAP ? MERGE_BY_KEY
							: MERGE_REPLACE;

	if (over->kind == NODE_MAP && attribute && attribute->kind == ATTRIBUTE_ANY)
		rule = MERGE_BY_KEY;
	switch (rule) {
	case MERGE_REPLACE:
		return over;
	case MERGE_BY_DRIVER:
		if (drivers_differ(base, over))
			return over;
		return merge_maps(arena, attribute, base, over);
	case MERGE_BY_KEY:
		return over->kind == NODE_MAP ? merge_maps(arena, attribute, base, over) : over;
	case MERGE_BY_IDENTITY:
		return over->kind == NODE_LIST ? merge_by_identity(arena, attribute, base, over)
					       : over;
	case MERGE_APPEND:
		return over->kind == NODE_LIST ? append(arena, base, over) : over;
	}
	return over;
}

/* A value of our own, so that the tag does not show elsewhere. */
static struct node *with_tag(struct arena *arena, const struct node *node, enum node_tag tag)
{
	struct node *copy = arena_new(arena, struct node);

	*copy = *node;
	copy->tag = tag;
	return copy;
}

/* A key without a value leaves a map or a list that is there; but `command:` means the image's. */
static bool says_nothing(const struct attribute *attribute, const struct node *base)
{
	if (base->kind == NODE_LIST)
		return !attribute || !(attribute->flags & ATTRIBUTE_NULL);
	return base->kind == NODE_MAP;
}

struct node *merge_nodes(struct arena *arena, const struct attribute *attribute, struct node *base,
			 struct node *over)
{
	if (over->tag != NODE_TAG_NONE)
		return over;
	if (base->tag == NODE_TAG_RESET)
		return with_tag(arena, over, NODE_TAG_OVERRIDE);
	if (over->kind == NODE_NULL && says_nothing(attribute, base))
		return base;
	struct node *merged = over->kind == base->kind && !is_scalar(over)
				      ? merge_same_kind(arena, attribute, base, over)
				      : over;
	return base->tag == merged->tag ? merged : with_tag(arena, merged, base->tag);
}

static bool has_reset(const struct node *tree)
{
	node_each (member, tree)
		if (member->value->tag == NODE_TAG_RESET)
			return true;
	return false;
}

static void drop_reset(struct arena *arena, struct node *tree)
{
	struct node *kept = tree->kind == NODE_MAP ? node_new_map(arena, tree->place)
						   : node_new_list(arena, tree->place);

	node_each (member, tree) {
		if (member->value->tag == NODE_TAG_RESET)
			continue;
		if (tree->kind == NODE_MAP)
			node_append(arena, kept, member->key, member->place, member->value);
		else
			node_add(arena, kept, member->value);
	}
	*tree = *kept;
}

void merge_settle(struct arena *arena, struct node *tree)
{
	tree->tag = NODE_TAG_NONE;
	if (is_scalar(tree))
		return;
	if (has_reset(tree))
		drop_reset(arena, tree);
	node_each (member, tree)
		merge_settle(arena, member->value);
}
