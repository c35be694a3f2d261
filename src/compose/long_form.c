/* From what people write to one form: a copy of the tree in which each value has the shape that its row says.  All
 * that is wrong is told, and left out of the copy, so that one run names every mistake of a file. */
#include "compose/long_form.h"

#include "base/map.h"

#include <ctype.h>
#include <string.h>

/* ---- saying what is wrong ---- */

static void say(struct shaping *s, enum diagnostic_level level, const struct trail *trail,
		struct place place, const char *format, va_list args)
{
	scoped_free char *path = trail ? trail_text(trail) : NULL;
	scoped_buffer struct buffer text = {0};

	buffer_format_v(&text, format, args);
	if (level == DIAGNOSTIC_ERROR)
		diagnostics_error(s->diagnostics, place, path, "%s", text.data);
	else
		diagnostics_warn(s->diagnostics, place, path, "%s", text.data);
}

/* A variable that failed says enough. */
static bool is_told(const struct shaping *s, struct place place)
{
	for (size_t i = 0; place.line && i < s->diagnostics->count; i++) {
		const struct diagnostic *item = &s->diagnostics->items[i];

		if (item->level == DIAGNOSTIC_ERROR && item->place.line == place.line &&
		    item->place.column == place.column && str_equal(item->place.file, place.file))
			return true;
	}
	return false;
}

struct node *shape_error(struct shaping *s, const struct trail *trail, struct place place,
			 const char *format, ...)
{
	va_list args;

	va_start(args, format);
	if (!is_told(s, place))
		say(s, DIAGNOSTIC_ERROR, trail, place, format, args);
	va_end(args);
	return NULL;
}

void shape_warn(struct shaping *s, const struct trail *trail, struct place place,
		const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(s, DIAGNOSTIC_WARNING, trail, place, format, args);
	va_end(args);
}

const char *node_kind_name(const struct node *node)
{
	static const char *const names[] = {
		[NODE_NULL] = "null",	   [NODE_BOOL] = "true or false", [NODE_INT] = "a number",
		[NODE_FLOAT] = "a number", [NODE_TEXT] = "text",	  [NODE_LIST] = "a list",
		[NODE_MAP] = "a map",
	};

	return names[node->kind];
}

bool node_is_scalar(const struct node *node)
{
	return node->kind != NODE_NULL && node->kind != NODE_LIST && node->kind != NODE_MAP;
}

bool shape_waits(const struct shaping *s, const struct node *value)
{
	return s->rules->no_interpolate && value->kind == NODE_TEXT && strchr(value->text, '$');
}

/* ---- maps ---- */

static struct node *new_like(struct shaping *s, const struct node *value)
{
	struct node *node = arena_new(s->arena, struct node);

	*node = (struct node){
		.kind = value->kind,
		.tag = value->tag,
		.place = value->place,
		.text = "",
	};
	return node;
}

static void unknown_key(struct shaping *s, const struct attribute *map,
			const struct node_member *member, const struct trail *trail)
{
	const char *nearest = s->diagnostics->count < DIAGNOSTICS_LIMIT
				      ? attribute_nearest(map, member->key)
				      : NULL; /* nobody will see it */
	scoped_buffer struct buffer help = {0};

	if (nearest)
		buffer_format(&help, "; did you mean '%s'?", nearest);
	if (s->rules->style == COMPOSE_V2) {
		shape_error(s, trail, member->place, "additional properties '%s' not allowed%s",
			    member->key, help.data ? help.data : "");
		return;
	}
	scoped_free char *path = trail->up ? trail_text(trail->up) : NULL;
	shape_error(s, trail, member->place, "Unsupported config option%s%s: '%s'%s",
		    path ? " for " : "", path ? path : "", member->key, help.data ? help.data : "");
}

static void require_members(struct shaping *s, const struct attribute *map,
			    const struct node *value, const struct trail *trail)
{
	for (size_t i = 0; i < map->member_count; i++) {
		const struct attribute *row = &map->members[i];

		if ((row->flags & ATTRIBUTE_REQUIRED) && !node_find(value, row->name))
			shape_error(s, trail, value->place, "'%s' is missing", row->name);
	}
}

/* Null is as if it had not been said, unless it means something. */
static bool is_left_out(const struct attribute *row, const struct node *value)
{
	return value->kind == NODE_NULL && value->tag == NODE_TAG_NONE &&
	       !(row->flags & ATTRIBUTE_NULL);
}

/* `external: {name: n}` is `external: true` and `name: n`. */
static void shape_external(struct shaping *s, const struct node *map,
			   const struct node_member *member, struct node *out,
			   const struct trail *trail)
{
	const struct node_member *name = node_find(member->value, "name");
	const struct node_member *other = node_find(map, "name");

	node_append(s->arena, out, member->key, member->place,
		    node_new_bool(s->arena, true, member->value->place));
	node_each(each, member->value) {
		struct trail here = {.up = trail, .key = each->key};

		if (each != name && !str_starts_with(each->key, "x-"))
			shape_error(s, &here, each->place, "additional properties '%s' not allowed",
				    each->key);
	}
	if (!name || !node_is_scalar(name->value))
		return;
	if (other && node_is_scalar(other->value) &&
	    strcmp(other->value->text, name->value->text) != 0)
		shape_error(s, trail, name->value->place,
			    "name and external.name differ; use name alone");
	else if (!other)
		node_append(s->arena, out, "name", name->place,
			    node_new_text(s->arena, name->value->text, name->value->place));
}

static void shape_member(struct shaping *s, const struct attribute *map, const struct node *value,
			 const struct node_member *member, struct node *out,
			 const struct trail *trail)
{
	struct trail here = {.up = trail, .key = member->key};
	const struct attribute *row = attribute_child(map, member->key);
	struct node *shaped;

	if (!row)
		unknown_key(s, map, member, &here);
	else if (is_left_out(row, member->value))
		return;
	else if (row->short_form == SHORT_EXTERNAL && member->value->kind == NODE_MAP)
		shape_external(s, value, member, out, &here);
	else if ((shaped = shape(s, row, member->value, &here)) != NULL)
		node_append(s->arena, out, row->name ? row->name : member->key, member->place,
			    shaped); /* the table's own text: near to whoever looks for it */
}

static struct node *shape_map(struct shaping *s, const struct attribute *map,
			      const struct node *value, const struct trail *trail)
{
	struct node *out = new_like(s, value);

	node_each(member, value)
		shape_member(s, map, value, member, out, trail);
	require_members(s, map, value, trail);
	return out;
}

/* ---- maps with keys of the user's ---- */

/* Names of services, networks and their like. */
static bool is_name(const char *key)
{
	for (const char *c = key; *c; c++)
		if (!isalnum((unsigned char)*c) && !strchr("._-", *c))
			return false;
	return *key;
}

static struct node *shape_null(struct shaping *s, const struct attribute *item,
			       const struct node *value)
{
	if (item->flags & ATTRIBUTE_NULL)
		return node_new_null(s->arena, value->place);
	if (item->kind == ATTRIBUTE_MAP)
		return node_new_map(s->arena, value->place);
	return node_new_text(s->arena, "", value->place);
}

static struct node *shape_names(struct shaping *s, const struct attribute *names,
				const struct node *value, const struct trail *trail)
{
	struct node *out = new_like(s, value);
	bool are_names = names->item->kind == ATTRIBUTE_MAP;

	node_each(member, value) {
		struct trail here = {.up = trail, .key = member->key};
		struct node *shaped;

		if (are_names && !is_name(member->key)) {
			shape_error(s, &here, member->place,
				    "a name has letters, digits and . _ - alone");
			continue;
		}
		if (member->value->kind == NODE_NULL && member->value->tag == NODE_TAG_NONE)
			shaped = shape_null(s, names->item, member->value);
		else
			shaped = shape(s, names->item, member->value, &here);
		if (!shaped && are_names) /* it is there, for those that name it */
			shaped = node_new_map(s->arena, member->value->place);
		if (shaped)
			node_append(s->arena, out, member->key, member->place, shaped);
	}
	return out;
}

/* ---- lists ---- */

static bool has_item_form(const struct attribute *item)
{
	return item->short_form == SHORT_PORT || item->short_form == SHORT_VOLUME ||
	       item->short_form == SHORT_DEVICE || item->short_form == SHORT_FILE;
}

/* Of a set, what stands twice is once. */
static bool is_set(const struct attribute *list)
{
	return list->merge == MERGE_BY_IDENTITY &&
	       (list->identity == IDENTITY_VALUE || list->identity == IDENTITY_PORT);
}

static void drop_twins(struct shaping *s, const struct attribute *list, struct node *out,
		       const struct trail *trail)
{
	scoped_map struct map seen = {0};
	scoped_buffer struct buffer identity = {0};
	uint32_t kept = 0;

	if (out->count < 2 || !is_set(list))
		return;
	for (uint32_t i = 0; i < out->count; i++) {
		struct node *item = out->members[i].value;
		struct trail here = {.up = trail, .index = i};

		buffer_clear(&identity);
		attribute_identity(list, item, &identity);
		buffer_add_char(&identity, '\0');
		if (map_put(&seen, identity.data, item))
			shape_warn(s, &here, item->place, "stands twice in the list");
		else
			out->members[kept++] = out->members[i];
	}
	out->count = kept;
}

static struct node *shape_list(struct shaping *s, const struct attribute *list,
			       const struct node *value, const struct trail *trail)
{
	struct node *out = new_like(s, value);
	const struct attribute *item = list->item;

	for (size_t i = 0; i < value->count; i++) {
		struct trail here = {.up = trail, .index = i};
		const struct node *member = value->members[i].value;

		if (has_item_form(item) && node_is_scalar(member)) {
			shape_item(s, item, member, out, &here);
			continue;
		}
		struct node *shaped = shape(s, item, member, &here);
		if (shaped)
			node_add(s->arena, out, shaped);
	}
	drop_twins(s, list, out, trail);
	return out;
}

/* ---- what items in long form leave out ---- */

static void set_default(struct shaping *s, struct node *map, const char *key, const char *value)
{
	if (!node_find(map, key))
		node_append(s->arena, map, key, (struct place){0},
			    node_new_text(s->arena, value, (struct place){0}));
}

/* Text nodes are shared: one whose text changes is made anew. */
static void resolve_path(struct shaping *s, struct node_member *path)
{
	const char *text;

	if (!path || path->value->kind != NODE_TEXT)
		return;
	text = shape_path(s, path->value->text);
	if (strcmp(text, path->value->text) != 0)
		path->value = node_new_text(s->arena, text, path->value->place);
}

static void complete_mount(struct shaping *s, struct node *mount)
{
	if (strcmp(node_get_text(mount, "type", ""), "bind") == 0)
		resolve_path(s, node_find(mount, "source"));
}

static void resolve_context(struct shaping *s, struct node_member *context)
{
	static const char *const remote[] = {"github.com/", "service:", "target:"};

	for (size_t i = 0; context && i < array_length(remote); i++)
		if (str_starts_with(context->value->text, remote[i]))
			return;
	resolve_path(s, context);
}

static void complete_build(struct shaping *s, struct node *build)
{
	resolve_context(s, node_find(build, "context"));
	node_each(member, node_get(build, "additional_contexts"))
		resolve_context(s, member);
}

/* A volume of the local driver that is a folder of this host. */
static void complete_volume(struct shaping *s, const struct node *volume)
{
	struct node *options = node_get(volume, "driver_opts");

	if (*node_get_text(options, "device", "") &&
	    strstr(node_get_text(options, "o", ""), "bind"))
		resolve_path(s, node_find(options, "device"));
}

static bool is_volume(const struct trail *trail)
{
	return trail && trail->up && !trail->up->up && strcmp(trail->up->key, "volumes") == 0;
}

/* Long forms that people wrote, made as full as those that come from short ones. */
static void complete(struct shaping *s, const struct attribute *map, struct node *node,
		     const struct trail *trail)
{
	if (map->short_form == SHORT_PORT) {
		set_default(s, node, "mode", "ingress");
		set_default(s, node, "protocol", "tcp");
	} else if (map->short_form == SHORT_VOLUME) {
		complete_mount(s, node);
	} else if (map->short_form == SHORT_DEVICE) {
		set_default(s, node, "target", node_get_text(node, "source", ""));
		set_default(s, node, "permissions", "rwm");
	} else if (map->short_form == SHORT_BUILD) {
		complete_build(s, node);
	} else if (is_volume(trail)) {
		complete_volume(s, node);
	}
}

/* ---- any value ---- */

static struct node *wrong_kind(struct shaping *s, const struct attribute *attribute,
			       const struct node *value, const struct trail *trail)
{
	return shape_error(s, trail, value->place, "must be %s, not %s",
			   attribute->kind == ATTRIBUTE_LIST ? "a list" : "a map",
			   node_kind_name(value));
}

static struct node *shape_long(struct shaping *s, const struct attribute *attribute,
			       const struct node *value, const struct trail *trail)
{
	bool is_map = attribute->kind == ATTRIBUTE_MAP || attribute->kind == ATTRIBUTE_NAMES;
	bool is_list = attribute->kind == ATTRIBUTE_LIST;
	static const struct attribute limit = {
		.kind = ATTRIBUTE_INT, .least = -1, .most = INT64_MAX};
	struct node *out;

	if (attribute->short_form == SHORT_ULIMIT && node_is_scalar(value))
		return shape_scalar(s, &limit, value, trail);
	if (attribute->kind == ATTRIBUTE_ANY ||
	    (value->kind == NODE_NULL && (attribute->flags & ATTRIBUTE_NULL)))
		return node_copy(s->arena, value);
	if (!is_map && !is_list)
		return shape_scalar(s, attribute, value, trail);
	if (is_list)
		return value->kind == NODE_LIST ? shape_list(s, attribute, value, trail)
						: wrong_kind(s, attribute, value, trail);
	if (value->kind != NODE_MAP)
		return wrong_kind(s, attribute, value, trail);
	if (attribute->kind == ATTRIBUTE_NAMES)
		return shape_names(s, attribute, value, trail);
	out = shape_map(s, attribute, value, trail);
	complete(s, attribute, out, trail);
	return out;
}

/* Told once: what follows is left out. */
static bool has_room(struct shaping *s, const struct node *value, const struct trail *trail)
{
	if (s->full || !s->rules->room || s->arena->used <= s->rules->room)
		return !s->full;
	s->full = true;
	shape_error(s, trail, value->place, "the project takes more than %zu MB of memory",
		    s->rules->room >> 20);
	return false;
}

struct node *shape(struct shaping *s, const struct attribute *attribute, const struct node *value,
		   const struct trail *trail)
{
	enum node_tag tag = value->tag;

	if (!has_room(s, value, trail))
		return NULL;
	if (tag == NODE_TAG_RESET)
		return node_copy(s->arena, value);
	const struct node *long_value = shape_short(s, attribute, value, trail);
	if (!long_value)
		return NULL;
	struct node *out = shape_long(s, attribute, long_value, trail);
	if (out)
		out->tag = tag;
	return out;
}

/* ---- a file ---- */

static bool is_said(const struct diagnostics *diagnostics, const char *text)
{
	for (size_t i = 0; i < diagnostics->count; i++)
		if (strcmp(diagnostics->items[i].text, text) == 0)
			return true;
	return false;
}

static void warn_of_version(struct shaping *s, const struct node *root)
{
	static const char text[] = "the attribute `version` is obsolete, it is ignored; "
				   "please remove it to avoid confusion";
	const struct node_member *version = node_find(root, "version");

	if (version && s->rules->style == COMPOSE_V2 && !is_said(s->diagnostics, text))
		diagnostics_warn(s->diagnostics, version->place, "version", "%s", text);
}

struct node *long_form_file(struct arena *arena, const struct node *root,
			    const struct long_form_rules *rules, struct diagnostics *diagnostics)
{
	struct shaping s = {.arena = arena, .rules = rules, .diagnostics = diagnostics};

	if (root->kind == NODE_NULL)
		return node_new_map(arena, root->place);
	if (root->kind != NODE_MAP)
		return shape_error(&s, NULL, root->place, "the top level must be a map, not %s",
				   node_kind_name(root));
	warn_of_version(&s, root);
	return shape_map(&s, &attributes_root, root, NULL);
}
