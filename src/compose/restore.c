/* A recorded project: its model as JSON, and back. */
#include "compose/load.h"

#include "format/json.h"

static struct node *scalar(struct arena *arena, enum node_kind kind, const char *text)
{
	struct node *node = node_new_text(arena, text, (struct place){0});

	node->kind = kind;
	return node;
}

static struct node *node_from_json(struct arena *arena, const json_t *json);

static struct node *map_from_json(struct arena *arena, const json_t *json)
{
	struct node *map = node_new_map(arena, (struct place){0});
	const char *key;
	json_t *value;

	json_object_foreach ((json_t *)json, key, value)
		node_append(arena, map, arena_text(arena, key), (struct place){0},
			    node_from_json(arena, value));
	return map;
}

static struct node *list_from_json(struct arena *arena, const json_t *json)
{
	struct node *list = node_new_list(arena, (struct place){0});
	size_t index;
	json_t *value;

	json_array_foreach (json, index, value)
		node_add(arena, list, node_from_json(arena, value));
	return list;
}

static struct node *node_from_json(struct arena *arena, const json_t *json)
{
	struct node *node;
	char text[40];

	switch (json_typeof(json)) {
	case JSON_OBJECT:
		return map_from_json(arena, json);
	case JSON_ARRAY:
		return list_from_json(arena, json);
	case JSON_STRING:
		return scalar(arena, NODE_TEXT, json_string_value(json));
	case JSON_INTEGER:
		return node_new_int(arena, json_integer_value(json), (struct place){0});
	case JSON_REAL:
		snprintf(text, sizeof(text), "%.17g", json_real_value(json));
		node = scalar(arena, NODE_FLOAT, text);
		node->real = json_real_value(json);
		return node;
	case JSON_TRUE:
	case JSON_FALSE:
		return node_new_bool(arena, json_is_true(json), (struct place){0});
	case JSON_NULL:
		break;
	}
	return node_new_null(arena, (struct place){0});
}

/* ---- and back ---- */

/* Of a file without `services`: its containers share no network. */
static const char version1[] = "1";

static struct node *enabled_services(struct arena *arena, const struct project *project)
{
	struct node *services = node_new_map(arena, project->root->place);

	for (size_t i = 0; i < project->service_count; i++)
		if (project->services[i].enabled)
			node_append(arena, services, project->services[i].name,
				    project->services[i].place, project->services[i].node);
	return services;
}

void project_write_model(const struct project *project, struct buffer *out)
{
	scoped_arena struct arena arena = {0};
	struct node *root = node_new_map(&arena, project->root->place);

	node_each (member, project->root)
		node_append(&arena, root, member->key, member->place, member->value);
	node_set(&arena, root, "services", root->place, enabled_services(&arena, project));
	if (project->version1)
		node_set(&arena, root, "version", root->place,
			 node_new_text(&arena, version1, root->place));
	node_write_json(root, out);
}

struct project *compose_restore(const char *name, enum compose_style style, const char *directory,
				const char *model, size_t size, struct diagnostics *diagnostics)
{
	struct error err;
	scoped_json json_t *json = json_parse(model, size, &err);

	if (!json || !json_is_object(json)) {
		diagnostics_error(diagnostics, (struct place){0}, NULL,
				  "the record of project '%s' cannot be read: %s", name,
				  json ? "it is no object" : err.text);
		return NULL;
	}
	struct project *project = mem_new(struct project);
	project->style = style;
	project->name = arena_text(&project->arena, name);
	project->directory = arena_text(&project->arena, directory ? directory : "/");
	project->root = node_from_json(&project->arena, json);
	project->version1 = str_equal(node_get_text(project->root, "version", NULL), version1);
	node_remove(project->root, "version");
	project_make(project);
	project_connect(project, NULL);
	return project;
}
