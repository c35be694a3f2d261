/* Files from before there was `services`: they become what one writes today. */
#include "compose/load.h"

/* A file that says one of these is none of version 1, even where a volume is called `build`. */
static bool has_section(const struct node *document)
{
	static const char *const sections[] = {"services", "version", "include", "networks",
					       "volumes",  "configs", "secrets"};

	for (size_t i = 0; i < array_length(sections); i++)
		if (node_find(document, sections[i]))
			return true;
	return false;
}

bool version1_is(const struct node *document)
{
	bool found = false;

	if (document->kind != NODE_MAP || has_section(document))
		return false;
	node_each (member, document) {
		if (member->value->kind != NODE_MAP)
			return false;
		found |= node_find(member->value, "image") || node_find(member->value, "build");
	}
	return found;
}

static struct node *child(struct arena *arena, struct node *map, struct node_member *from,
			  const char *key)
{
	struct node *value = node_get(map, key);

	if (!value || value->kind != NODE_MAP) {
		value = node_new_map(arena, from->place);
		node_set(arena, map, key, from->place, value);
	}
	return value;
}

/* `net: container:x` is a service of the file, or a container. */
static struct node *network_mode(struct load *load, const struct node *document, struct node *value)
{
	static const char prefix[] = "container:";

	if (value->kind != NODE_TEXT || !str_starts_with(value->text, prefix) ||
	    !node_find(document, value->text + sizeof(prefix) - 1))
		return value;
	scoped_free char *text = str_format("service:%s", value->text + sizeof(prefix) - 1);
	return node_new_text(load->arena, text, value->place);
}

/* `build: .` and `dockerfile: x` beside it. */
static void add_dockerfile(struct arena *arena, struct node *service, struct node_member *member)
{
	struct node *build = node_get(service, "build"), *map;

	if (build && build->kind == NODE_MAP) {
		map = node_copy(arena, build);
	} else {
		map = node_new_map(arena, member->place);
		if (build)
			node_set(arena, map, "context", build->place, build);
	}
	node_set(arena, map, "dockerfile", member->place, member->value);
	node_set(arena, service, "build", map->place, map);
}

/* Named volumes of a driver are declared at the top. */
static void add_volumes(struct arena *arena, struct node *volumes, const struct node *service,
			struct node_member *driver)
{
	node_each (member, node_get(service, "volumes")) {
		const char *text = member->value->text, *colon = strchr(text, ':');

		if (!colon || strchr("./~", *text))
			continue;
		struct node *volume = node_new_map(arena, driver->place);
		const char *name = arena_text_n(arena, text, (size_t)(colon - text));
		node_set(arena, volume, "name", driver->place,
			 node_new_text(arena, name, member->value->place));
		node_set(arena, volume, "driver", driver->place, driver->value);
		node_set(arena, volumes, name, driver->place, volume);
	}
}

static struct node *convert_service(struct load *load, const struct node *document,
				    const struct node *old, struct node *volumes)
{
	struct arena *arena = load->arena;
	struct node *service = node_new_map(arena, old->place);

	node_each (member, old) {
		struct node *value = member->value;

		if (strcmp(member->key, "net") == 0)
			node_set(arena, service, "network_mode", member->place,
				 network_mode(load, document, value));
		else if (strcmp(member->key, "log_driver") == 0)
			node_set(arena, child(arena, service, member, "logging"), "driver",
				 member->place, value);
		else if (strcmp(member->key, "log_opt") == 0)
			node_set(arena, child(arena, service, member, "logging"), "options",
				 member->place, value);
		else if (strcmp(member->key, "volume_driver") == 0)
			add_volumes(arena, volumes, old, member);
		else if (strcmp(member->key, "dockerfile") != 0)
			node_set(arena, service, member->key, member->place, value);
	}
	struct node_member *dockerfile = node_find(old, "dockerfile");
	if (dockerfile)
		add_dockerfile(arena, service, dockerfile);
	return service;
}

struct node *version1_convert(struct load *load, const struct node *document)
{
	struct arena *arena = load->arena;
	struct node *root = node_new_map(arena, document->place);
	struct node *services = node_new_map(arena, document->place);
	struct node *volumes = node_new_map(arena, document->place);

	node_each (member, document)
		node_set(arena, services, member->key, member->place,
			 convert_service(load, document, member->value, volumes));
	node_set(arena, root, "services", document->place, services);
	if (volumes->count)
		node_set(arena, root, "volumes", document->place, volumes);
	return root;
}
