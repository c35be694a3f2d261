/* What makes a container, a network or a volume what it is, as a digest.
 *
 * The tree is in long form with all defaults, so what says the same in other words has the same digest; what the
 * table marks as not hashed, and x-*, are left out. */
#include "compose/attributes.h"

#include "format/sha256.h"

static bool is_hashed(const struct attribute *map, const char *key)
{
	if (strncmp(key, "x-", 2) == 0)
		return false;
	const struct attribute *row = map ? attribute_child(map, key) : NULL;
	return !row || !(row->flags & ATTRIBUTE_NOT_HASHED);
}

/* A copy of the map alone, without what is not hashed. */
static struct node *hashed_members(struct arena *arena, const struct attribute *map,
				   const struct node *node)
{
	struct node *out = node_new_map(arena, node->place);

	node_each (member, node)
		if (is_hashed(map, member->key))
			node_append(arena, out, member->key, member->place, member->value);
	return out;
}

static void put(struct arena *arena, struct node *map, const char *key, struct node *value)
{
	node_set(arena, map, key, (struct place){0}, value);
}

static char *digest_of(const struct node *node)
{
	scoped_buffer struct buffer text = {0};
	char digest[DIGEST_TEXT_SIZE];

	node_write_json(node, &text);
	sha256_digest(text.data, text.size, digest);
	return str_dup(digest_hex(digest));
}

/* `deploy` is hashed by its own members; with none of them it is as if it was not there. */
static void replace_deploy(struct arena *arena, struct node *service)
{
	struct node *deploy = node_get(service, "deploy");

	if (!deploy || deploy->kind != NODE_MAP)
		return;
	deploy = hashed_members(arena, attribute_child(&attributes_service, "deploy"), deploy);
	if (deploy->count)
		put(arena, service, "deploy", deploy);
	else
		node_remove(service, "deploy");
}

static void add_digests(struct arena *arena, struct node *out, const struct node *service,
			const char *kind, const struct pairs *digests)
{
	node_each (member, node_get(service, kind)) {
		const char *source = node_get_text(member->value, "source", "");
		scoped_free char *name = str_format("%s.%s", kind, source);
		const char *digest = digests ? pairs_get(digests, name) : NULL;

		if (digest)
			put(arena, out, name, node_new_text(arena, digest, member->place));
	}
}

char *service_hash(const struct project *project, const struct service *service,
		   const struct pairs *digests)
{
	scoped_arena struct arena arena = {0};
	struct node *all = node_new_map(&arena, service->place);
	struct node *wanted = hashed_members(&arena, &attributes_service, service->node);
	struct node *content = node_new_map(&arena, service->place);

	replace_deploy(&arena, wanted);
	add_digests(&arena, content, service->node, "configs", digests);
	add_digests(&arena, content, service->node, "secrets", digests);
	put(&arena, all, "service", wanted);
	if (content->count)
		put(&arena, all, "digests", content);
	return digest_of(all);
}

char *resource_hash(const struct resource *resource)
{
	scoped_arena struct arena arena = {0};
	struct node *node = resource->node->kind == NODE_MAP
				    ? hashed_members(&arena, NULL, resource->node)
				    : node_new_map(&arena, resource->node->place);

	put(&arena, node, "name", node_new_text(&arena, resource->name, resource->node->place));
	return digest_of(node);
}
