/* Short forms of whole values.  What comes out is still walked by its row, so a form need not be perfect: it only
 * has the right shape. */
#include "compose/long_form.h"

#include "compose/shell_words.h"
#include "compose/short_specs.h"

#include <string.h>

struct form {
	struct shaping *s;
	const struct attribute *attribute;
	const struct node *value;
	const struct trail *trail;
};

static struct node *as_it_is(const struct form *f)
{
	return (struct node *)f->value;
}

static struct node *new_map(const struct form *f)
{
	return node_new_map(f->s->arena, f->value->place);
}

static struct node *new_list(const struct form *f)
{
	return node_new_list(f->s->arena, f->value->place);
}

static struct node *new_text(const struct form *f, const char *text)
{
	return node_new_text(f->s->arena, text, f->value->place);
}

/* A map with one member. */
static struct node *map_of(const struct form *f, const char *key, struct node *value)
{
	struct node *map = new_map(f);

	node_append(f->s->arena, map, key, value->place, value);
	return map;
}

static struct node *list_of(const struct form *f, struct node *value)
{
	struct node *list = new_list(f);

	node_add(f->s->arena, list, value);
	return list;
}

/* ---- lists ---- */

static struct node *single(const struct form *f)
{
	return node_is_scalar(f->value) ? list_of(f, as_it_is(f)) : as_it_is(f);
}

static struct node *words(const struct form *f)
{
	scoped_strings struct strings list = {0};
	struct error err;
	struct node *out = new_list(f);

	if (!node_is_scalar(f->value))
		return as_it_is(f);
	if (strlen(f->value->text) > SHAPE_COMMAND_LIMIT)
		return shape_error(f->s, f->trail, f->value->place,
				   "a command of more than %d bytes", SHAPE_COMMAND_LIMIT);
	if (!shell_words_split(f->value->text, &list, &err))
		return shape_error(f->s, f->trail, f->value->place, "%s", err.text);
	for (size_t i = 0; i < list.count; i++)
		node_add(f->s->arena, out, new_text(f, list.items[i]));
	return out;
}

static struct node *health_test(const struct form *f)
{
	if (!node_is_scalar(f->value))
		return as_it_is(f);
	struct node *out = list_of(f, new_text(f, "CMD-SHELL"));
	node_add(f->s->arena, out, as_it_is(f));
	return out;
}

/* ---- lists that are maps ---- */

/* Each item must be a scalar; `read` puts what it says into the map. */
static struct node *each_item(const struct form *f,
			      bool (*read)(const struct form *f, const struct node *item,
					   const struct trail *trail, struct node *map))
{
	struct node *map = new_map(f);

	if (f->value->kind != NODE_LIST)
		return as_it_is(f);
	for (size_t i = 0; i < f->value->count; i++) {
		const struct node *item = f->value->members[i].value;
		struct trail here = {.up = f->trail, .index = i};

		if (item->tag == NODE_TAG_RESET)
			continue;
		if (!node_is_scalar(item))
			shape_error(f->s, &here, item->place, "must be text, not %s",
				    node_kind_name(item));
		else
			read(f, item, &here, map);
	}
	return map;
}

static bool read_pair(const struct form *f, const struct node *item, const struct trail *trail,
		      struct node *map)
{
	struct arena *arena = f->s->arena;
	const char *equals = strchr(item->text, '=');

	if (equals == item->text || !*item->text)
		return shape_error(f->s, trail, item->place, "has no name before the =");
	if (!equals) {
		node_set(arena, map, item->text, item->place, node_new_null(arena, item->place));
		return true;
	}
	node_set(arena, map, arena_text_n(arena, item->text, (size_t)(equals - item->text)),
		 item->place, node_new_text(arena, equals + 1, item->place));
	return true;
}

static struct node *pairs(const struct form *f)
{
	return each_item(f, read_pair);
}

static bool read_key(const struct form *f, const struct node *item, const struct trail *trail,
		     struct node *map)
{
	node_set(f->s->arena, map, item->text, item->place,
		 node_new_null(f->s->arena, item->place));
	return true;
}

static struct node *keys(const struct form *f)
{
	return each_item(f, read_key);
}

static bool read_dependency(const struct form *f, const struct node *item,
			    const struct trail *trail, struct node *map)
{
	struct arena *arena = f->s->arena;
	struct node *dependency = node_new_map(arena, item->place);

	node_append(arena, dependency, "condition", item->place,
		    node_new_text(arena, "service_started", item->place));
	node_set(arena, map, item->text, item->place, dependency);
	return true;
}

static struct node *depends_on(const struct form *f)
{
	return each_item(f, read_dependency);
}

/* ---- hosts ---- */

/* `address` behind those that the name has already. */
static void add_host(const struct form *f, struct node *map, const char *name, const char *address,
		     struct place place)
{
	struct arena *arena = f->s->arena;
	struct node *addresses = node_get(map, name);

	if (!addresses) {
		addresses = node_new_list(arena, place);
		node_append(arena, map, arena_text(arena, name), place, addresses);
	}
	node_add(arena, addresses, node_new_text(arena, address, place));
}

static bool read_host(const struct form *f, const struct node *item, const struct trail *trail,
		      struct node *map)
{
	scoped_host_spec struct host_spec spec = {0};
	struct error err;

	if (shape_waits(f->s, item)) {
		const char *mark = item->text + strcspn(item->text, "=:$");
		scoped_free char *name = str_dup_n(item->text, (size_t)(mark - item->text));

		add_host(f, map, name, *mark == '$' ? mark : mark + 1, item->place);
		return true;
	}
	if (!host_spec_parse(item->text, &spec, &err))
		return shape_error(f->s, trail, item->place, "%s", err.text);
	add_host(f, map, spec.name, spec.address, item->place);
	return true;
}

static void read_address(const struct form *f, struct node *map, const char *name,
			 const struct node *value, const struct trail *trail)
{
	struct error err;

	if (!node_is_scalar(value)) {
		shape_error(f->s, trail, value->place, "must be an address, not %s",
			    node_kind_name(value));
		return;
	}
	scoped_free char *address = shape_waits(f->s, value)
					    ? str_dup(value->text)
					    : host_address_parse(value->text, &err);
	if (address)
		add_host(f, map, name, address, value->place);
	else
		shape_error(f->s, trail, value->place, "%s", err.text);
}

static struct node *hosts(const struct form *f)
{
	struct node *map = new_map(f);

	if (f->value->kind != NODE_MAP)
		return each_item(f, read_host);
	node_each(member, f->value) {
		struct trail here = {.up = f->trail, .key = member->key};
		struct node *value = member->value;

		if (value->tag != NODE_TAG_NONE)
			node_append(f->s->arena, map, member->key, member->place, value);
		else if (value->kind != NODE_LIST)
			read_address(f, map, member->key, value, &here);
		for (size_t i = 0; value->kind == NODE_LIST && i < value->count; i++)
			read_address(f, map, member->key, value->members[i].value, &here);
	}
	return map;
}

/* ---- scalars that are maps ---- */

static struct node *named(const struct form *f, const char *key)
{
	return node_is_scalar(f->value) ? map_of(f, key, as_it_is(f)) : as_it_is(f);
}

static struct node *build(const struct form *f)
{
	return named(f, "context");
}

static struct node *extends(const struct form *f)
{
	return named(f, "service");
}

static struct node *include(const struct form *f)
{
	return named(f, "path");
}

static struct node *env_file_item(const struct form *f, struct node *path)
{
	struct node *map = node_new_map(f->s->arena, path->place);

	node_append(f->s->arena, map, "path", path->place, path);
	node_append(f->s->arena, map, "required", path->place,
		    node_new_bool(f->s->arena, true, path->place));
	return map;
}

static struct node *env_file(const struct form *f)
{
	const struct node *value = single(f);
	struct node *out = new_list(f);

	if (value->kind != NODE_LIST)
		return as_it_is(f);
	for (size_t i = 0; i < value->count; i++) {
		struct node *item = value->members[i].value;

		node_add(f->s->arena, out, node_is_scalar(item) ? env_file_item(f, item) : item);
	}
	return out;
}

/* ---- devices of a kind ---- */

static struct node *gpus(const struct form *f)
{
	if (!node_is_scalar(f->value) || shape_waits(f->s, f->value))
		return as_it_is(f);
	if (strcmp(f->value->text, "all") != 0)
		return shape_error(f->s, f->trail, f->value->place,
				   "must be \"all\" or a list, not \"%.100s\"", f->value->text);
	return list_of(f, map_of(f, "count", node_new_int(f->s->arena, -1, f->value->place)));
}

static struct node *count(const struct form *f)
{
	bool is_all = f->value->kind == NODE_TEXT && strcmp(f->value->text, "all") == 0;

	return is_all ? node_new_int(f->s->arena, -1, f->value->place) : as_it_is(f);
}

/* As docker-compose 1 writes who else's volumes are mounted. */
static struct node *service(const struct form *f)
{
	static const char prefix[] = "service:";
	const char *name = f->value->kind == NODE_TEXT ? f->value->text : "";

	while (str_starts_with(name, prefix))
		name += sizeof(prefix) - 1;
	return name == f->value->text || !*name ? as_it_is(f) : new_text(f, name);
}

static struct node *ssh(const struct form *f)
{
	struct node *out = new_list(f);

	if (f->value->kind != NODE_MAP)
		return single(f);
	node_each(member, f->value) {
		const char *path = node_is_scalar(member->value) ? member->value->text : "";

		node_add(f->s->arena, out,
			 new_text(f, *path ? arena_format(f->s->arena, "%s=%s", member->key, path)
					   : member->key));
	}
	return out;
}

/* ---- the table ---- */

static struct node *(*const forms[SHORT_FORMS])(const struct form *f) = {
	[SHORT_SINGLE] = single,
	[SHORT_PAIRS] = pairs,
	[SHORT_KEYS] = keys,
	[SHORT_BUILD] = build,
	[SHORT_COMMAND] = words,
	[SHORT_HEALTH_TEST] = health_test,
	[SHORT_DEPENDS_ON] = depends_on,
	[SHORT_ENV_FILE] = env_file,
	[SHORT_EXTENDS] = extends,
	[SHORT_INCLUDE] = include,
	[SHORT_EXTRA_HOSTS] = hosts,
	[SHORT_GPUS] = gpus,
	[SHORT_SSH] = ssh,
	[SHORT_COUNT] = count,
	[SHORT_SERVICE] = service,
};

struct node *shape_short(struct shaping *s, const struct attribute *attribute,
			 const struct node *value, const struct trail *trail)
{
	struct form form = {s, attribute, value, trail};

	return forms[attribute->short_form] ? forms[attribute->short_form](&form)
					    : (struct node *)value;
}
