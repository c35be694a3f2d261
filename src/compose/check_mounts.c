/* Mounts, configs and secrets of a service: where they come from, and that two do not meet. */
#include "compose/check.h"

#include "base/map.h"

#include <string.h>

static const char *resource_key(const void *data, size_t index)
{
	return ((const struct resources *)data)->items[index].key;
}

static void check_declared(const struct check *c, const struct resources *resources,
			   const char *kind, const struct node *name, const struct spot *spot)
{
	scoped_free char *section = NULL;

	if (!name || resources_get(resources, name->text))
		return;
	section = str_format("%ss", kind);
	if (c->diagnostics->errors && check_is_spoilt(c, section, false))
		return;
	const char *nearest = NULL;
	if (c->diagnostics->count < DIAGNOSTICS_LIMIT) /* else nobody will see it */
		nearest = spelling_nearest(name->text, resource_key, resources, resources->count);
	check_error_at(c, name->place, spot, "service \"%s\" refers to undefined %s %s%s%s%s",
		       c->service->name, kind, name->text, nearest ? "; did you mean '" : "",
		       nearest ? nearest : "", nearest ? "'?" : "");
}

void check_network(const struct check *c, const struct node_member *network)
{
	struct node name = {.place = network->place, .text = network->key};
	struct spot spot = {"networks", .name = network->key};

	if (strcmp(network->key, "default") != 0)
		check_declared(c, &c->project->networks, "network", &name, &spot);
}

/* A target that an earlier one of the list has. */
static void check_target(const struct check *c, struct map *seen, const struct node *item,
			 const struct spot *spot)
{
	const struct node *target = check_text(item, "target");

	if (target && map_put(seen, target->text, (void *)target))
		check_error_at(c, target->place, spot, "there are two mounts on %s", target->text);
}

void check_files(const struct check *c, const char *kind, const char *path,
		 const struct node *files, const struct resources *resources)
{
	scoped_map struct map seen = {0};
	struct spot spot = {path};

	node_each(member, files) {
		check_declared(c, resources, kind, check_text(member->value, "source"), &spot);
		if (files->count > 1)
			check_target(c, &seen, member->value, &spot);
		spot.index++;
	}
}

void check_configs(const struct check *c, const struct node *configs)
{
	check_files(c, "config", "configs", configs, &c->project->configs);
}

void check_secrets(const struct check *c, const struct node *secrets)
{
	check_files(c, "secret", "secrets", secrets, &c->project->secrets);
}

/* ---- mounts ---- */

/* What each type may say, besides source, target and read_only. */
static const struct mount_type {
	const char *name;
	bool needs_source, has_source, is_done;
} mount_types[] = {
	{"volume", false, true, true}, {"bind", true, true, true},   {"tmpfs", false, false, true},
	{"image", true, true, true},   {"npipe", true, true, false}, {"cluster", true, true, false},
};

static const struct mount_type *mount_type_of(const struct node *mount)
{
	const char *name = node_get_text(mount, "type", "");

	for (size_t i = 0; i < array_length(mount_types); i++)
		if (strcmp(mount_types[i].name, name) == 0)
			return &mount_types[i];
	return NULL;
}

/* A label of SELinux is said there of volumes, too: `v:/v:z`. */
static bool is_label(const char *type, const struct node_member *section)
{
	return strcmp(type, "volume") == 0 && strcmp(section->key, "bind") == 0 &&
	       section->value->kind == NODE_MAP && section->value->count == 1 &&
	       node_find(section->value, "selinux");
}

static void check_options(const struct check *c, const struct node *mount, const struct spot *spot)
{
	static const char *const sections[] = {"bind", "volume", "tmpfs", "image"};
	const char *type = node_get_text(mount, "type", "");

	for (size_t i = 0; i < array_length(sections); i++) {
		const struct node_member *section = node_find(mount, sections[i]);

		if (section && strcmp(type, sections[i]) != 0 && !is_label(type, section))
			check_error_at(c, section->place, spot,
				       "'%s' is for mounts of type %s, not %s", sections[i],
				       sections[i], type);
	}
}

static void check_mount(const struct check *c, const struct node *mount, const struct spot *spot)
{
	const struct mount_type *type = mount_type_of(mount);
	const struct node *source = node_get(mount, "source");

	if (!type)
		return;
	if (!type->is_done)
		check_error_at(c, mount->place, spot, "mounts of type %s are not supported",
			       type->name);
	else if (type->needs_source && !source)
		check_error_at(c, mount->place, spot, "a mount of type %s needs a source",
			       type->name);
	else if (source && !type->has_source)
		check_error_at(c, source->place, spot, "a mount of type %s has no source",
			       type->name);
	check_options(c, mount, spot);
	if (strcmp(type->name, "volume") == 0 && !c->project->version1)
		check_declared(c, &c->project->volumes, "volume", check_text(mount, "source"),
			       spot);
}

void check_mounts(const struct check *c, const struct node *mounts)
{
	scoped_map struct map seen = {0};
	struct spot spot = {"volumes"};

	node_each(member, mounts) {
		check_mount(c, member->value, &spot);
		if (mounts->count > 1)
			check_target(c, &seen, member->value, &spot);
		spot.index++;
	}
}
