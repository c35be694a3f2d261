/* `config` of docker-compose 1: what people wrote, as short as it can be said.  Values that nobody said (they have no
 * place) are left out, and ports, mounts and devices are what they were before they were taken apart. */
#include "cmd/compose/config.h"

#include "base/time.h"
#include "compose/shell_words.h"
#include "format/units.h"

#include <string.h>

struct writing {
	struct arena *arena;
	const struct project *project;
};

static bool was_said(const struct node *node)
{
	return node->place.line > 0;
}

static struct node *new_text(const struct writing *w, const struct node *at, const char *text)
{
	return node_new_text(w->arena, text, at->place);
}

/* Did both come from one piece of text?  Then they have one place. */
static bool is_same_text(const struct node *a, const struct node *b)
{
	return a->place.line == b->place.line && a->place.column == b->place.column;
}

/* A copy without what was put in by us; lists are as they are. */
static struct node *said(const struct writing *w, struct node *node)
{
	struct node *out = node_new_map(w->arena, node->place);

	if (node->kind != NODE_MAP)
		return node_copy(w->arena, node);
	node_each(member, node)
		if (was_said(member->value))
			node_append(w->arena, out, member->key, member->place,
				    said(w, member->value));
	return out;
}

/* Each item of a list by a function of its own. */
static void rewrite_items(const struct writing *w, struct node *service, const char *key,
			  struct node *(*rewrite)(const struct writing *w, struct node *item))
{
	const struct node *list = node_get(service, key);

	for (size_t i = 0; list && list->kind == NODE_LIST && i < list->count; i++)
		if (list->members[i].value->kind == NODE_MAP)
			list->members[i].value = rewrite(w, list->members[i].value);
}

static void drop_if(struct node *map, const char *key, const char *value)
{
	if (strcmp(node_get_text(map, key, ""), value) == 0)
		node_remove(map, key);
}

/* ---- ports, mounts, devices ---- */

/* "127.0.0.1:80:80/tcp" */
static struct node *port_text(const struct writing *w, const struct node *port)
{
	const char *host_ip = node_get_text(port, "host_ip", NULL);
	const char *published = node_get_text(port, "published", "");
	scoped_buffer struct buffer text = {0};

	if (host_ip)
		buffer_format(&text, strchr(host_ip, ':') ? "[%s]:" : "%s:", host_ip);
	if (host_ip || *published)
		buffer_format(&text, "%s:", published);
	buffer_format(&text, "%s/%s", node_get_text(port, "target", ""),
		      node_get_text(port, "protocol", "tcp"));
	return new_text(w, port, text.data);
}

/* Does the short form say all of it? */
static bool is_short_port(const struct node *port)
{
	return !node_find(port, "name") && !node_find(port, "app_protocol") &&
	       strcmp(node_get_text(port, "mode", "ingress"), "ingress") == 0;
}

static struct node *write_port(const struct writing *w, struct node *port)
{
	struct node_member *published;
	uint64_t number;

	if (w->project->version1 || (node_find(port, "host_ip") && is_short_port(port)))
		return port_text(w, port);
	drop_if(port, "mode", "ingress");
	drop_if(port, "protocol", "tcp");
	published = node_find(port, "published");
	if (published && parse_u64(published->value->text, &number))
		published->value = node_new_int(w->arena, (int64_t)number, published->value->place);
	return port;
}

static void add_mode(struct buffer *mode, const char *word)
{
	if (word && *word)
		buffer_format(mode, "%s%s", mode->size ? "," : "", word);
}

/* What stands behind the last colon; false: the short form cannot say all of it. */
static bool mount_mode(const struct node *mount, struct buffer *mode)
{
	static const char *const known[] = {"type",	   "source", "target", "read_only",
					    "consistency", "bind",   "volume"};
	const struct node *bind = node_get(mount, "bind"), *volume = node_get(mount, "volume");

	node_each(member, mount) {
		bool is_known = false;

		for (size_t i = 0; i < array_length(known); i++)
			is_known |= strcmp(member->key, known[i]) == 0;
		if (!is_known)
			return false;
	}
	if (node_get(volume, "subpath") || node_get(volume, "labels") ||
	    node_get(bind, "recursive"))
		return false;
	add_mode(mode, node_get_bool(mount, "read_only", false) ? "ro" : NULL);
	add_mode(mode, node_get_text(mount, "consistency", NULL));
	add_mode(mode, node_get_text(bind, "selinux", NULL));
	add_mode(mode, node_get_text(bind, "propagation", NULL));
	add_mode(mode, node_get_bool(volume, "nocopy", false) ? "nocopy" : NULL);
	if (!mode->size)
		add_mode(mode, "rw");
	return true;
}

static struct node *write_mount(const struct writing *w, struct node *mount)
{
	const char *type = node_get_text(mount, "type", "");
	const char *source = node_get_text(mount, "source", NULL);
	const char *target = node_get_text(mount, "target", "");
	bool makes_path = node_get_bool(node_get(mount, "bind"), "create_host_path", false);
	scoped_buffer struct buffer mode = {0};

	bool is_short = strcmp(type, "volume") == 0 || (strcmp(type, "bind") == 0 && makes_path);
	if (!is_short || !is_same_text(mount, node_get(mount, "type")) || !mount_mode(mount, &mode))
		return mount;
	return new_text(w, mount,
			source ? arena_format(w->arena, "%s:%s:%s", source, target, mode.data)
			       : target);
}

static struct node *write_device(const struct writing *w, struct node *device)
{
	const char *source = node_get_text(device, "source", "");
	const char *target = node_get_text(device, "target", source);
	const char *permissions = node_get_text(device, "permissions", "rwm");

	if (strcmp(permissions, "rwm") != 0)
		return new_text(w, device,
				arena_format(w->arena, "%s:%s:%s", source, target, permissions));
	if (strcmp(source, target) != 0)
		return new_text(w, device, arena_format(w->arena, "%s:%s", source, target));
	return new_text(w, device, source);
}

/* ---- times ---- */

/* "90s", "1m": the largest unit that needs no fraction. */
static const char *time_text(const struct writing *w, const char *text)
{
	static const struct {
		int64_t factor;
		const char *unit;
	} stages[] = {{1000, "us"}, {1000, "ms"}, {1000, "s"}, {60, "m"}, {60, "h"}};
	const char *unit = "ns";
	struct error err;
	int64_t value;

	if (!duration_from_text(text, &value, &err) || !value)
		return text;
	for (size_t i = 0; i < array_length(stages) && value % stages[i].factor == 0; i++) {
		value /= stages[i].factor;
		unit = stages[i].unit;
	}
	return arena_format(w->arena, "%lld%s", (long long)value, unit);
}

static void write_time(const struct writing *w, const struct node *map, const char *key)
{
	struct node *node = node_get(map, key);

	if (node && node->kind == NODE_TEXT)
		node->text = time_text(w, node->text);
}

static void write_health(const struct writing *w, const struct node *service)
{
	static const char *const keys[] = {"interval", "timeout", "start_period", "start_interval"};
	const struct node *health = node_get(service, "healthcheck");
	struct node_member *test = node_find(health, "test");
	const struct node *words = test ? test->value : NULL;

	for (size_t i = 0; i < array_length(keys); i++)
		write_time(w, health, keys[i]);
	if (words && words->kind == NODE_LIST && words->count == 2 &&
	    is_same_text(words, words->members[0].value))
		test->value = words->members[1].value;
}

/* "1m30s", "5m": as people write it, which is without the zeros that Go's notation ends in. */
static void write_grace(const struct writing *w, const struct node *service)
{
	struct node *node = node_get(service, "stop_grace_period");
	size_t length = node ? strlen(node->text) : 0;

	if (length > 3 && str_ends_with(node->text, "m0s"))
		length -= 2;
	if (length > 3 && strncmp(node->text + length - 3, "h0m", 3) == 0)
		length -= 2;
	if (node)
		node->text = arena_text_n(w->arena, node->text, length);
}

/* ---- commands ---- */

/* Words that were one text are one again. */
static void write_command(const struct writing *w, const struct node *service, const char *key)
{
	struct node_member *command = node_find(service, key);
	const struct node *list = command ? command->value : NULL;
	scoped_buffer struct buffer text = {0};

	if (!list || list->kind != NODE_LIST || !list->count ||
	    !is_same_text(list, list->members[0].value))
		return;
	node_each(word, list) {
		if (text.size)
			buffer_add_char(&text, ' ');
		shell_word_quote(word->value->text, &text);
	}
	command->value = new_text(w, list, text.data);
}

/* ---- a service ---- */

static void add_addresses(const struct writing *w, const struct node_member *host,
			  struct node *list)
{
	node_each(address, host->value)
		node_add(
			w->arena, list,
			new_text(w, address->value,
				 arena_format(w->arena, "%s:%s", host->key, address->value->text)));
}

static void write_hosts(const struct writing *w, const struct node *parent)
{
	struct node_member *hosts = node_find(parent, "extra_hosts");

	if (!hosts || hosts->value->kind != NODE_MAP)
		return;
	struct node *list = node_new_list(w->arena, hosts->value->place);
	node_each(host, hosts->value)
		add_addresses(w, host, list);
	hosts->value = list;
}

static struct node *service_tree(const struct writing *w, struct node *service)
{
	struct node *tree = said(w, service);
	struct node *mode = node_get(service, "network_mode");

	if (mode && !was_said(mode)) /* of version 1: it makes what it is in others, too */
		node_append(w->arena, tree, "network_mode", mode->place, mode);
	rewrite_items(w, tree, "ports", write_port);
	rewrite_items(w, tree, "volumes", write_mount);
	rewrite_items(w, tree, "devices", write_device);
	rewrite_items(w, tree, "configs", said);
	rewrite_items(w, tree, "secrets", said);
	write_health(w, tree);
	write_grace(w, tree);
	write_command(w, tree, "command");
	write_command(w, tree, "entrypoint");
	write_hosts(w, tree);
	write_hosts(w, node_get(tree, "build"));
	return tree;
}

/* ---- the rest ---- */

/* Without the name that follows from the project's. */
static struct node *resource_tree(const struct writing *w, const struct node_member *resource)
{
	struct node *tree = said(w, resource->value);
	scoped_free char *name = str_format("%s_%s", w->project->name, resource->key);

	drop_if(tree, "name", name);
	return tree;
}

static struct node *section_tree(const struct writing *w, const struct node_member *section)
{
	struct node *out = node_new_map(w->arena, section->place);
	bool are_services = strcmp(section->key, "services") == 0;

	node_each(member, section->value)
		if (was_said(member->value))
			node_append(w->arena, out, member->key, member->place,
				    are_services ? service_tree(w, member->value)
						 : resource_tree(w, member));
	return out;
}

static bool is_section(const char *key)
{
	return strcmp(key, "name") != 0 && strcmp(key, "version") != 0 && !config_is_extension(key);
}

struct node *config_tree_v1(struct arena *arena, const struct config_selection *selection)
{
	struct writing w = {arena, selection->project};
	struct node *root = node_new_map(arena, (struct place){0});
	const char *version = selection->project->version;

	if (!version)
		version = selection->project->version1 ? "2.1" : "3.9";
	node_append(arena, root, "version", (struct place){0},
		    node_new_text(arena, version, (struct place){0}));
	node_each(member, selection->project->root) {
		struct node *tree = is_section(member->key) ? section_tree(&w, member) : NULL;

		if (tree && tree->count)
			node_append(arena, root, member->key, member->place, tree);
	}
	root = config_sorted(arena, root);
	if (selection->escape)
		config_escape(arena, root);
	return root;
}
