/* What nobody said but holds.  Later steps, and people who read `config`, find it in the tree. */
#include "compose/attributes.h"

#include <string.h>

struct defaults {
	struct arena *arena;
	const struct defaults_rules *rules;
	bool default_network_used;
};

static void set(const struct defaults *d, struct node *map, const char *key, struct node *value)
{
	if (map && map->kind == NODE_MAP && !node_find(map, key))
		node_append(d->arena, map, key, (struct place){0}, value);
}

static void set_text(const struct defaults *d, struct node *map, const char *key, const char *text)
{
	set(d, map, key, node_new_text(d->arena, text, (struct place){0}));
}

static void set_true(const struct defaults *d, struct node *map, const char *key)
{
	set(d, map, key, node_new_bool(d->arena, true, (struct place){0}));
}

/* Where files of configs and secrets go, made absolute. */
static void settle_target(const struct defaults *d, struct node *file, const char *folder)
{
	struct node_member *target = node_find(file, "target");
	const char *source = node_get_text(file, "source", "");

	if (!target)
		set_text(d, file, "target", arena_format(d->arena, "%s%s", folder, source));
	else if (target->value->kind == NODE_TEXT && !strchr("/$", *target->value->text))
		target->value = node_new_text(
			d->arena, arena_format(d->arena, "%s%s", folder, target->value->text),
			target->value->place);
}

static void settle_targets(const struct defaults *d, const struct node *files, const char *folder)
{
	node_each(member, files)
		if (member->value->kind == NODE_MAP)
			settle_target(d, member->value, folder);
}

static void settle_build(const struct defaults *d, struct node *build)
{
	if (d->rules->directory)
		set_text(d, build, "context", d->rules->directory);
	if (!node_find(build, "dockerfile_inline"))
		set_text(d, build, "dockerfile", "Dockerfile");
}

static void settle_dependencies(const struct defaults *d, const struct node *depends_on)
{
	node_each(member, depends_on) {
		set_text(d, member->value, "condition", "service_started");
		set_true(d, member->value, "required");
	}
}

/* All of them, where neither a number nor names are said. */
static void settle_devices(const struct defaults *d, const struct node *devices)
{
	node_each(member, devices)
		if (!node_find(member->value, "device_ids"))
			set(d, member->value, "count",
			    node_new_int(d->arena, -1, (struct place){0}));
}

static void settle_mounts(const struct defaults *d, const struct node *mounts)
{
	node_each(member, mounts)
		if (strcmp(node_get_text(member->value, "type", ""), "bind") == 0)
			set_true(d, node_get(member->value, "bind"), "create_host_path");
}

static void settle_networks(struct defaults *d, struct node *service)
{
	struct node *networks = node_get(service, "networks");

	if (d->rules->version1)
		set_text(d, service, "network_mode", "bridge");
	if (node_find(service, "network_mode") || node_find(service, "provider"))
		return;
	if (!networks || !networks->count) {
		networks = node_new_map(d->arena, (struct place){0});
		node_append(d->arena, networks, "default", (struct place){0},
			    node_new_null(d->arena, (struct place){0}));
		node_set(d->arena, service, "networks", (struct place){0}, networks);
	}
	d->default_network_used |= node_find(networks, "default") != NULL;
}

static void settle_service(struct defaults *d, struct node *service)
{
	const struct node *reserved =
		node_get(node_get(node_get(service, "deploy"), "resources"), "reservations");
	struct node_member *policy = node_find(service, "pull_policy");

	settle_build(d, node_get(service, "build"));
	settle_dependencies(d, node_get(service, "depends_on"));
	settle_targets(d, node_get(service, "configs"), "/");
	settle_targets(d, node_get(service, "secrets"), "/run/secrets/");
	settle_devices(d, node_get(service, "gpus"));
	settle_devices(d, node_get(reserved, "devices"));
	settle_mounts(d, node_get(service, "volumes"));
	settle_networks(d, service);
	if (policy && strcmp(policy->value->text, "if_not_present") == 0)
		policy->value = node_new_text(d->arena, "missing", policy->value->place);
}

void defaults_apply(struct arena *arena, struct node *root, const struct defaults_rules *rules)
{
	struct defaults d = {.arena = arena, .rules = rules};

	node_each(member, node_get(root, "services"))
		if (member->value->kind == NODE_MAP)
			settle_service(&d, member->value);
	if (!d.default_network_used)
		return;
	if (!node_find(root, "networks"))
		node_append(arena, root, "networks", (struct place){0},
			    node_new_map(arena, (struct place){0}));
	set(&d, node_get(root, "networks"), "default", node_new_map(arena, (struct place){0}));
}
