/* GET /containers/json: 300 items have to be there within a millisecond or two, so nothing is copied that
 * the container holds already, and no reference is parsed that a look at the image's tags saves. */
#include "door/docker/container_view.h"

#include "base/time.h"
#include "door/docker/container_text.h"

#define F      RECORD_FIELD
#define FLAGS  RECORD_FIELD_FLAGS
#define NESTED RECORD_NESTED
#define EMPTY  RECORD_OMIT_EMPTY
#define ABSENT RECORD_OMIT_ABSENT

struct item_host_config {
	char *network_mode;
	struct pairs annotations;
};

struct item_networks {
	struct record_map networks; /* struct endpoint_settings */
};

/* What the struct points at is borrowed, but for what item_fini frees. */
struct list_item {
	char *id;
	struct strings names; /* owned */
	char *image, *image_id;
	char *command; /* owned */
	int64_t created;
	struct record_list ports; /* owned; struct port_row */
	struct optional_i64 size_rw, size_root;
	struct pairs labels;
	char *state;
	char *status; /* owned */
	struct item_host_config host_config;
	struct item_networks network_settings;
	struct record_list mounts; /* struct mount_point; the array is owned, not what is in it */
};

#define T struct item_host_config
static const struct record_field item_host_config_fields[] = {
	F(T, 1, "NetworkMode", RECORD_STRING, network_mode),
	FLAGS(T, 2, "Annotations", RECORD_PAIRS, annotations, EMPTY),
};
static const struct record_type item_host_config_type = RECORD_TYPE(T, item_host_config_fields);
#undef T

#define T struct item_networks
static const struct record_field item_networks_fields[] = {
	NESTED(T, 1, "Networks", RECORD_MAP, networks, RECORD_EMPTY_LIST, &endpoint_settings_type),
};
static const struct record_type item_networks_type = RECORD_TYPE(T, item_networks_fields);
#undef T

#define T struct list_item
static const struct record_field list_item_fields[] = {
	F(T, 1, "Id", RECORD_STRING, id),
	F(T, 2, "Names", RECORD_STRINGS, names),
	F(T, 3, "Image", RECORD_STRING, image),
	F(T, 4, "ImageID", RECORD_STRING, image_id),
	F(T, 5, "Command", RECORD_STRING, command),
	F(T, 6, "Created", RECORD_I64, created),
	NESTED(T, 7, "Ports", RECORD_LIST, ports, RECORD_EMPTY_LIST, &port_row_type),
	FLAGS(T, 8, "SizeRw", RECORD_OPTIONAL_I64, size_rw, ABSENT),
	FLAGS(T, 9, "SizeRootFs", RECORD_OPTIONAL_I64, size_root, ABSENT),
	FLAGS(T, 10, "Labels", RECORD_PAIRS, labels, RECORD_EMPTY_LIST),
	F(T, 11, "State", RECORD_STRING, state),
	F(T, 12, "Status", RECORD_STRING, status),
	NESTED(T, 13, "HostConfig", RECORD_STRUCT, host_config, 0, &item_host_config_type),
	NESTED(T, 14, "NetworkSettings", RECORD_STRUCT, network_settings, 0, &item_networks_type),
	NESTED(T, 15, "Mounts", RECORD_LIST, mounts, RECORD_EMPTY_LIST, &mount_point_type),
};
static const struct record_type list_item_type = RECORD_TYPE(T, list_item_fields);
#undef T

/* ---- the image as it was typed ---- */

/* "busybox" is the tag "busybox:latest". */
static bool is_tag_of(const char *typed, const char *tag)
{
	size_t length = strlen(typed);

	return strncmp(tag, typed, length) == 0 &&
	       (tag[length] == '\0' || strcmp(tag + length, ":latest") == 0);
}

static bool has_tag(const struct image *image, const char *typed)
{
	for (size_t i = 0; i < image->tags.count; i++)
		if (is_tag_of(typed, image->tags.items[i]))
			return true;
	return false;
}

/* Once what was typed names another image or none, only the id tells which one it was. */
static char *shown_image(const struct container *c)
{
	struct error ignored;
	char *typed = c->config.image;

	if (!typed || !c->image)
		return c->image_id;
	if (has_tag(c->image, typed))
		return typed;
	struct image_store *images = engine_get_parts(c->engine)->images;
	return image_find(images, typed, &ignored) == c->image ? typed : c->image_id;
}

/* ---- names ---- */

/* HostConfig.Links of another container: "/name:/parent/alias". */
static void add_link_name(const char *link, const char *name, struct strings *names)
{
	size_t length = strlen(name);

	if (*link == '/' && strncmp(link + 1, name, length) == 0 && link[length + 1] == ':')
		strings_add(names, link + length + 2);
}

static void add_names(const struct container *c, bool links, struct strings *names)
{
	strings_format(names, "/%s", c->name);
	if (!links)
		return;
	for (const struct container *o = engine_first(c->engine); o; o = engine_next(o))
		for (size_t i = 0; i < o->host_config.links.count; i++)
			add_link_name(o->host_config.links.items[i], c->name, names);
}

/* ---- mounts ---- */

struct record_list container_view_mounts(const struct container *c)
{
	struct mount_point *shown = mem_zeroed(c->mounts.count, sizeof(*shown));
	struct record_list list = {shown, 0};

	for (size_t i = 0; i < c->mounts.count; i++) {
		const struct mount_point *mount = RECORD_AT(c->mounts, struct mount_point, i);

		if (mount->from_mounts || !str_equal(mount->type, "tmpfs"))
			shown[list.count++] = *mount;
	}
	return list;
}

/* ---- the item ---- */

static struct optional_i64 size_of(int64_t bytes, const struct view_options *options)
{
	return (struct optional_i64){options->size && bytes > 0, bytes};
}

static void item_init(struct list_item *item, const struct container *c,
		      const struct view_options *options)
{
	static const struct strings nothing;
	static const struct record_map no_ports;
	bool live = container_is_live(c);

	*item = (struct list_item){
		.id = c->id,
		.image = shown_image(c),
		.image_id = c->image_id,
		.command = container_command_text(c->path, &c->args),
		.created = c->created_ns / NS_PER_SECOND,
		.size_rw = size_of(c->size_rw, options),
		.size_root = size_of(c->size_root, options),
		.labels = c->config.labels,
		.state = (char *)(uintptr_t)container_state_name((enum container_state)c->state),
		.status = container_status_text(c, options->now_ns),
		.host_config = {.network_mode = c->host_config.network_mode},
		.network_settings = {c->networks},
		.mounts = container_view_mounts(c),
	};
	if (options->minor >= 46)
		item->host_config.annotations = c->host_config.annotations;
	add_names(c, options->links, &item->names);
	port_rows(live ? &c->ports : &no_ports, live ? &c->config.exposed_ports : &nothing,
		  &item->ports);
}

static void item_fini(struct list_item *item)
{
	strings_fini(&item->names);
	free(item->command);
	free(item->status);
	record_list_fini(&port_row_type, &item->ports);
	free(item->mounts.items);
}

void container_view_list_item(const struct container *c, const struct view_options *options,
			      struct buffer *json)
{
	struct list_item item;

	item_init(&item, c, options);
	record_write_json(&list_item_type, &item, RECORD_FOR_API, json);
	item_fini(&item);
}
