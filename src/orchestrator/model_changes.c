#include "orchestrator/model_changes.h"

static bool is_map(const struct node *node)
{
	return node && node->kind == NODE_MAP;
}

/* As people read it: texts as they are, all else as JSON. */
static char *shown(const struct node *node)
{
	struct buffer text = {0};

	if (!node)
		return NULL;
	if (node->kind == NODE_TEXT)
		return str_dup(node->text);
	node_write_json(node, &text);
	return buffer_take(&text);
}

static void compare(const char *path, const struct node *old_value, const struct node *new_value,
		    struct changes *changes);

static void compare_member(const char *path, const struct node_member *member,
			   const struct node *old_map, const struct node *new_map,
			   struct changes *changes)
{
	scoped_free char *below =
		*path ? str_format("%s.%s", path, member->key) : str_dup(member->key);

	compare(below, node_get(old_map, member->key), node_get(new_map, member->key), changes);
}

static void compare_maps(const char *path, const struct node *old_map, const struct node *new_map,
			 struct changes *changes)
{
	node_each (member, old_map)
		compare_member(path, member, old_map, new_map, changes);
	node_each (member, new_map)
		if (!node_find(old_map, member->key))
			compare_member(path, member, old_map, new_map, changes);
}

static void compare(const char *path, const struct node *old_value, const struct node *new_value,
		    struct changes *changes)
{
	if (old_value && new_value && node_equal(old_value, new_value))
		return;
	if (is_map(old_value) && is_map(new_value)) {
		compare_maps(path, old_value, new_value, changes);
		return;
	}
	scoped_free char *before = shown(old_value), *after = shown(new_value);
	changes_add(changes, path, before, after);
}

void model_changes(const struct node *old_model, const struct node *new_model,
		   struct changes *changes)
{
	compare("", old_model, new_model, changes);
}
