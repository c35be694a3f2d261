/* Items of lists in short form: ports, mounts, devices, and the names of configs and secrets. */
#include "compose/long_form.h"

#include "compose/short_specs.h"
#include "format/path.h"
#include "format/port.h"

#include <string.h>

struct item {
	struct shaping *s;
	const struct node *value;
	struct node *list;
	const struct trail *trail;
};

static bool fail(const struct item *item, const struct error *err)
{
	shape_error(item->s, item->trail, item->value->place, "%s", err->text);
	return false;
}

static void set(const struct item *item, struct node *map, const char *key, struct node *value)
{
	node_append(item->s->arena, map, key, item->value->place, value);
}

static void set_text(const struct item *item, struct node *map, const char *key, const char *text)
{
	set(item, map, key, node_new_text(item->s->arena, text, item->value->place));
}

static void set_true(const struct item *item, struct node *map, const char *key)
{
	set(item, map, key, node_new_bool(item->s->arena, true, item->value->place));
}

static struct node *new_map(const struct item *item)
{
	return node_new_map(item->s->arena, item->value->place);
}

static void add(const struct item *item, struct node *map)
{
	node_add(item->s->arena, item->list, map);
}

/* ---- paths ---- */

bool path_is_remote(const char *path)
{
	return strstr(path, "://") || str_starts_with(path, "git@");
}

const char *shape_path(struct shaping *s, const char *path)
{
	const struct long_form_rules *rules = s->rules;
	bool is_home = *path == '~' && (!path[1] || path[1] == '/') && rules->home;

	if (rules->no_path_resolution || path_is_remote(path) ||
	    (rules->no_interpolate && *path == '$'))
		return path;
	scoped_free char *joined = *path == '/' ? str_dup(path)
				   : is_home	? str_format("%s%s", rules->home, path + 1)
						: str_format("%s/%s", rules->directory, path);
	scoped_free char *clean = path_clean(joined);
	return arena_text(s->arena, clean);
}

/* ---- ports ---- */

static void add_port(const struct item *item, const struct publish *publish)
{
	struct node *map = new_map(item);

	set_text(item, map, "mode", "ingress");
	if (*publish->host_ip)
		set_text(item, map, "host_ip", publish->host_ip);
	set(item, map, "target", node_new_int(item->s->arena, publish->port, item->value->place));
	if (*publish->host_port)
		set_text(item, map, "published", publish->host_port);
	set_text(item, map, "protocol", port_protocol_name(publish->protocol));
	add(item, map);
}

static bool too_many_ports(const struct item *item)
{
	shape_error(item->s, item->trail, item->value->place, "the file has more than %d ports",
		    SHAPE_PORTS_LIMIT);
	return false;
}

static bool add_ports(const struct item *item)
{
	scoped_publish_list struct publish_list list = {0};
	struct error err;

	if (item->s->ports > SHAPE_PORTS_LIMIT)
		return too_many_ports(item);
	if (strchr(item->value->text, '='))
		error_set(&err, ERROR_INVALID, "invalid containerPort: %s", item->value->text);
	else if (publish_parse(item->value->text, &list, &err)) {
		item->s->ports += list.count;
		for (size_t i = 0; i < list.count; i++)
			add_port(item, &list.items[i]);
		return true;
	}
	return fail(item, &err);
}

/* ---- mounts ---- */

static void add_label(const struct item *item, struct node *bind, const struct mount_spec *spec)
{
	if (spec->mode.label)
		set_text(item, bind, "selinux", (char[]){spec->mode.label, '\0'});
}

static void add_bind(const struct item *item, struct node *map, const struct mount_spec *spec)
{
	struct node *bind = new_map(item);

	set_true(item, bind, "create_host_path");
	if (spec->mode.propagation && *spec->mode.propagation)
		set_text(item, bind, "propagation", spec->mode.propagation);
	add_label(item, bind, spec);
	set(item, map, "bind", bind);
}

static void add_volume(const struct item *item, struct node *map, const struct mount_spec *spec)
{
	struct node *volume = new_map(item);

	if (spec->mode.no_copy)
		set_true(item, volume, "nocopy");
	set(item, map, "volume", volume);
	if (!spec->mode.label)
		return;
	struct node *bind = new_map(item); /* where the specification has it for volumes, too */
	add_label(item, bind, spec);
	set(item, map, "bind", bind);
}

static bool add_mount(const struct item *item)
{
	scoped_mount_spec struct mount_spec spec = {0};
	struct node *map = new_map(item);
	struct error err;

	if (!mount_spec_parse(item->value->text, &spec, &err))
		return fail(item, &err);
	set_text(item, map, "type", spec.is_bind ? "bind" : "volume");
	if (spec.source)
		set_text(item, map, "source",
			 spec.is_bind ? shape_path(item->s, spec.source) : spec.source);
	set_text(item, map, "target", spec.target);
	if (spec.mode.read_only)
		set_true(item, map, "read_only");
	if (*spec.consistency)
		set_text(item, map, "consistency", spec.consistency);
	if (spec.is_bind)
		add_bind(item, map, &spec);
	else
		add_volume(item, map, &spec);
	add(item, map);
	return true;
}

/* ---- devices, configs, secrets ---- */

static bool add_device(const struct item *item)
{
	scoped_device_spec struct device_spec spec = {0};
	struct node *map = new_map(item);
	struct error err;

	if (!device_spec_parse(item->value->text, &spec, &err))
		return fail(item, &err);
	set_text(item, map, "source", spec.source);
	set_text(item, map, "target", spec.target);
	set_text(item, map, "permissions", spec.permissions);
	add(item, map);
	return true;
}

static bool add_file(const struct item *item)
{
	struct node *map = new_map(item);

	set_text(item, map, "source", item->value->text);
	add(item, map);
	return true;
}

bool shape_item(struct shaping *s, const struct attribute *attribute, const struct node *value,
		struct node *list, const struct trail *trail)
{
	struct item item = {s, value, list, trail};

	if (shape_waits(s, value)) {
		node_add(s->arena, list, node_copy(s->arena, value));
		return true;
	}
	switch ((int)attribute->short_form) {
	case SHORT_PORT:
		return add_ports(&item);
	case SHORT_VOLUME:
		return add_mount(&item);
	case SHORT_DEVICE:
		return add_device(&item);
	default:
		return add_file(&item);
	}
}
