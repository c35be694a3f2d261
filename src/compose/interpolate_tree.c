/* $NAME and ${NAME} in every value of a tree. */
#include "compose/load.h"

#include "format/interpolate.h"

struct walk {
	struct load *load;
	const struct scope *scope;
	const struct trail *trail; /* of the value at hand */
	struct place place;
};

/* ---- one value ---- */

static const char *get(void *data, const char *name)
{
	const struct walk *walk = data;

	return scope_get(walk->scope, name);
}

static void unset(void *data, const char *name)
{
	const struct walk *walk = data;
	scoped_free char *path = trail_text(walk->trail);

	load_tell_unset(walk->load, name, walk->place, path);
}

static struct variable *variable_of(struct load *load, const char *name)
{
	struct project *project = load->project;
	size_t number = (size_t)(uintptr_t)map_get(&load->variables, name);

	if (!number) {
		struct variable variable = {.name = arena_text(load->arena, name)};

		vector_add(&project->variables, variable);
		number = project->variables.count;
		map_put(&load->variables, name, (void *)(uintptr_t)number);
	}
	return &project->variables.items[number - 1];
}

static void used(void *data, const char *name, char sign, const char *word)
{
	const struct walk *walk = data;
	struct variable *variable = variable_of(walk->load, name);

	if (sign == '-' && !variable->otherwise)
		variable->otherwise = arena_text(walk->load->arena, word);
	if (sign == '+' && !variable->alternate)
		variable->alternate = arena_text(walk->load->arena, word);
	variable->required |= sign == '?';
}

/* Its kind is what the model wants: the text is read again by the attribute. */
static struct node *interpolate_scalar(struct walk *walk, struct node *node)
{
	struct interpolate_rules rules = {get, unset, used, walk};
	struct error err;

	if (node->kind != NODE_TEXT || !strchr(node->text, '$') ||
	    !load_has_room(walk->load, node->place))
		return node;
	walk->place = node->place;
	scoped_free char *text = interpolate(node->text, &rules, &err);
	if (!text) {
		scoped_free char *path = trail_text(walk->trail);
		diagnostics_error(walk->load->diagnostics, node->place, path, "%s", err.text);
		return node;
	}
	struct node *result = node_new_text(walk->load->arena, text, node->place);
	result->plain = true;
	result->tag = node->tag;
	return result;
}

/* ---- all of them ---- */

static struct node *walk_node(struct walk *walk, struct node *node, const struct trail *trail);

static struct node *walk_member(struct walk *walk, const struct node *node, size_t index,
				const struct trail *up)
{
	struct trail trail = {up, node->members[index].key, index};

	return walk_node(walk, node->members[index].value, &trail);
}

/* A copy as soon as one value is another; aliases share nodes, so nothing is changed in place. */
static struct node *walk_members(struct walk *walk, struct node *node, const struct trail *trail)
{
	struct arena *arena = walk->load->arena;
	struct node *copy = NULL;

	for (size_t i = 0; i < node->count; i++) {
		struct node_member *member = &node->members[i];
		struct node *value = walk_member(walk, node, i, trail);

		if (value == member->value && !copy)
			continue;
		if (!copy) {
			copy = arena_new(arena, struct node);
			*copy = *node;
			copy->members = arena_alloc(arena, node->count * sizeof(*member));
			memcpy(copy->members, node->members, node->count * sizeof(*member));
			copy->capacity = node->count;
		}
		copy->members[i].value = value;
	}
	return copy ? copy : node;
}

static struct node *walk_node(struct walk *walk, struct node *node, const struct trail *trail)
{
	if (node->kind == NODE_MAP || node->kind == NODE_LIST)
		return walk_members(walk, node, trail);
	walk->trail = trail;
	return interpolate_scalar(walk, node);
}

struct node *interpolate_tree(struct load *load, const struct scope *scope, struct node *node,
			      const char *path)
{
	struct walk walk = {.load = load, .scope = scope};
	struct trail trail = {NULL, path, 0};

	if (load->request->no_interpolate)
		return node;
	return walk_node(&walk, node, path ? &trail : NULL);
}
