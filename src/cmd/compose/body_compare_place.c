/* Mounts and networks of a container beside those that are wanted. */
#include "base/id.h"
#include "cmd/compose/body_compare.h"
#include "format/digest.h"
#include "format/json.h"

/* ---- mounts ----
 * By target: {type, source, read_only, more}, however they were asked for. */

static bool is_anonymous(const char *source)
{
	return !*source ||
	       (strlen(source) == DIGEST_HEX_LENGTH && hex_is_lower(source, DIGEST_HEX_LENGTH));
}

static void add_mount(json_t *mounts, const char *type, const char *source, const char *target,
		      json_t *more)
{
	bool volume = strcmp(type, "volume") == 0;
	json_t *mount = json_pack("{s:s}", "type", type);

	if (!volume || !is_anonymous(source))
		doc_set_text(mount, "source", source);
	json_object_update(mount, more);
	json_object_set_new(mounts, target, mount);
	json_decref(more);
}

/* Words of the last part of "source:target:rw,z". */
static json_t *words_of(const char *mode)
{
	scoped_strings struct strings words = strings_split(mode, ',');
	json_t *more = json_object();

	for (size_t i = 0; i < words.count; i++) {
		const char *word = words.items[i];

		if (strcmp(word, "ro") == 0)
			json_object_set_new(more, "read_only", json_true());
		else if (*word && strcmp(word, "rw") != 0 && strcmp(word, "rprivate") != 0)
			json_object_set_new(more, word, json_true());
	}
	return more;
}

static void add_binds(const json_t *binds, json_t *mounts)
{
	size_t i;
	json_t *bind;

	json_array_foreach (binds, i, bind) {
		scoped_strings struct strings parts = strings_split(compare_item(bind), ':');

		if (parts.count < 2)
			continue;
		add_mount(mounts, *parts.items[0] == '/' ? "bind" : "volume", parts.items[0],
			  parts.items[1], words_of(parts.count > 2 ? parts.items[2] : ""));
	}
}

static void set_word(json_t *more, const json_t *options, const char *member)
{
	scoped_json json_t *value = compare_pruned(json_object_get(options, member));

	if (value)
		json_object_set(more, member, value);
}

static json_t *options_of(const json_t *mount)
{
	static const char *const volume_members[] = {"Subpath", "Labels"};
	static const char *const tmpfs_members[] = {"SizeBytes", "Mode"};
	const json_t *bind = json_object_get(mount, "BindOptions");
	const json_t *volume = json_object_get(mount, "VolumeOptions");
	const char *propagation = doc_text(bind, "Propagation");
	json_t *more = json_object();

	if (doc_flag(mount, "ReadOnly"))
		json_object_set_new(more, "read_only", json_true());
	if (doc_flag(volume, "NoCopy"))
		json_object_set_new(more, "nocopy", json_true());
	if (*propagation && strcmp(propagation, "rprivate") != 0)
		json_object_set_new(more, propagation, json_true());
	set_word(more, bind, "NonRecursive");
	for (size_t i = 0; i < array_length(volume_members); i++)
		set_word(more, volume, volume_members[i]);
	for (size_t i = 0; i < array_length(tmpfs_members); i++)
		set_word(more, json_object_get(mount, "TmpfsOptions"), tmpfs_members[i]);
	return more;
}

static void add_mounts(const json_t *list, json_t *mounts)
{
	size_t i;
	json_t *mount;

	json_array_foreach (list, i, mount)
		add_mount(mounts, doc_text(mount, "Type"), doc_text(mount, "Source"),
			  doc_text(mount, "Target"), options_of(mount));
}

static void add_tmpfs(const json_t *map, json_t *mounts)
{
	const char *target;
	json_t *options;

	json_object_foreach ((json_t *)map, target, options)
		add_mount(mounts, "tmpfs", compare_item(options), target, json_object());
}

/* Version 1 names every target there, those of binds too. */
static void add_volumes(const json_t *volumes, json_t *mounts)
{
	const char *target;
	json_t *ignored;

	json_object_foreach ((json_t *)volumes, target, ignored)
		if (!json_object_get(mounts, target))
			add_mount(mounts, "volume", "", target, json_object());
}

static json_t *mounts_of(const json_t *config, const json_t *host)
{
	json_t *mounts = json_object();

	add_binds(json_object_get(host, "Binds"), mounts);
	add_mounts(json_object_get(host, "Mounts"), mounts);
	add_tmpfs(json_object_get(host, "Tmpfs"), mounts);
	add_volumes(json_object_get(config, "Volumes"), mounts);
	return mounts;
}

static bool is_unnamed_volume(const json_t *mount)
{
	return strcmp(doc_text(mount, "type"), "volume") == 0 && !*doc_text(mount, "source");
}

/* Another compose binds the file of a secret where we have it in memory. */
static bool is_file_in_memory(const struct comparison *c, const char *target)
{
	size_t i;
	json_t *file;

	json_array_foreach (json_object_get(json_object_get(c->body, "Wherry"), "Files"), i, file)
		if (strcmp(doc_text(file, "Target"), target) == 0)
			return true;
	return false;
}

bool compare_is_bound(const struct comparison *c, const char *target)
{
	scoped_json json_t *mounts = mounts_of(c->config, c->seen_host);
	const json_t *mount = json_object_get(mounts, target);

	return strcmp(doc_text(mount, "type"), "bind") == 0 && doc_flag(mount, "read_only");
}

/* Anonymous volumes that nobody asks for come from the image, or from the container before. */
void compare_mounts(const struct comparison *c)
{
	scoped_json json_t *before = mounts_of(c->config, c->seen_host);
	scoped_json json_t *after = mounts_of(c->body, c->host);
	scoped_json json_t *all = json_copy(before);
	const char *target;
	json_t *ignored;

	json_object_update(all, after);
	json_object_foreach (all, target, ignored) {
		const json_t *seen = json_object_get(before, target);
		const json_t *wanted = json_object_get(after, target);
		scoped_free char *field = str_format("mounts.%s", target);

		if (wanted || !(is_unnamed_volume(seen) || is_file_in_memory(c, target)))
			compare_values(c, field, seen, wanted);
	}
}

/* ---- names ---- */

static bool is_mode(const char *mode)
{
	return strcmp(mode, "host") == 0 || strcmp(mode, "none") == 0 ||
	       strcmp(mode, "bridge") == 0 || strcmp(mode, "default") == 0 ||
	       str_starts_with(mode, "container:");
}

/* Names that every container has, and that no file gave it. */
static bool is_own_name(const struct comparison *c, const char *alias)
{
	const json_t *labels = json_object_get(c->body, "Labels");
	const char *id = doc_text(c->inspected, "Id"), *name = doc_text(c->inspected, "Name");

	return strncmp(alias, id, ID_SHORT_LENGTH) == 0 ||
	       strcmp(alias, name + (*name == '/')) == 0 ||
	       strcmp(alias, doc_text(c->config, "Hostname")) == 0 ||
	       strcmp(alias, doc_text(labels, "com.docker.compose.service")) == 0;
}

static json_t *aliases_of(const struct comparison *c, const json_t *endpoint)
{
	const json_t *labels = json_object_get(c->body, "Labels");
	scoped_free char *name =
		str_format("%s-%s-%s", doc_text(labels, "com.docker.compose.project"),
			   doc_text(labels, "com.docker.compose.service"),
			   doc_text(labels, "com.docker.compose.container-number"));
	scoped_json json_t *aliases = json_array();
	size_t i;
	json_t *alias;

	json_array_foreach (json_object_get(endpoint, "Aliases"), i, alias)
		if (!is_own_name(c, compare_item(alias)) && strcmp(compare_item(alias), name) != 0)
			json_array_append(aliases, alias);
	return compare_sorted(aliases);
}

/* p_b_9 is before p_b_10. */
static bool is_later(const char *name, const char *other)
{
	size_t length = strlen(name), other_length = strlen(other);

	return length != other_length ? length > other_length : strcmp(name, other) > 0;
}

/* "/p_db_1:/p_web_1/db", as inspect has it, is "p_db_1:db".  Of several containers of one alias
 * version 1 tells the last alone. */
static void add_link(const char *text, json_t *by_alias)
{
	const char *colon = strchr(text, ':'), *alias = colon ? colon + 1 : "";
	const char *slash = strrchr(alias, '/');
	scoped_free char *container = str_dup_n(text, strcspn(text, ":"));
	const char *name = container + (*container == '/');

	alias = slash ? slash + 1 : alias;
	if (is_later(name, doc_text(by_alias, alias)))
		doc_set_text(by_alias, alias, name);
}

static json_t *links_of(const json_t *list)
{
	scoped_json json_t *links = json_array(), *by_alias = json_object();
	const char *alias;
	size_t i;
	json_t *item;

	json_array_foreach (list, i, item)
		add_link(compare_item(item), by_alias);
	json_object_foreach (by_alias, alias, item) {
		scoped_free char *text = str_format("%s:%s", json_string_value(item), alias);

		json_array_append_new(links, json_string(text));
	}
	return compare_sorted(links);
}

/* ---- networks ---- */

static void compare_endpoint(const struct comparison *c, const char *network, const json_t *seen,
			     const json_t *wanted)
{
	static const char *const members[] = {"IPv4Address", "IPv6Address", "LinkLocalIPs"};
	scoped_json json_t *before = aliases_of(c, seen), *after = aliases_of(c, wanted);
	scoped_json json_t *old_links = links_of(json_object_get(seen, "Links"));
	scoped_json json_t *new_links = links_of(json_object_get(wanted, "Links"));
	scoped_free char *field = str_format("networks.%s.aliases", network);
	scoped_free char *mac = str_format("networks.%s.mac_address", network);

	compare_values(c, field, before, after);
	compare_values(c, "links", old_links, new_links);
	for (size_t i = 0; i < array_length(members); i++) {
		scoped_free char *name = str_format("networks.%s.%s", network, members[i]);

		compare_values(c, name,
			       json_object_get(json_object_get(seen, "IPAMConfig"), members[i]),
			       json_object_get(json_object_get(wanted, "IPAMConfig"), members[i]));
	}
	if (json_object_get(wanted, "MacAddress"))
		compare_values(c, mac, json_object_get(seen, "MacAddress"),
			       json_object_get(wanted, "MacAddress"));
}

static void compare_mode(const struct comparison *c, const char *wanted)
{
	const char *seen = doc_text(c->seen_host, "NetworkMode");
	scoped_json json_t *old_links = links_of(json_object_get(c->seen_host, "Links"));
	scoped_json json_t *new_links = links_of(json_object_get(c->host, "Links"));

	if (strcmp(seen, "default") == 0)
		seen = "bridge";
	if (strcmp(wanted, "default") == 0)
		wanted = "bridge";
	if (strcmp(seen, wanted) != 0)
		changes_add(c->changes, "network_mode", seen, wanted);
	compare_values(c, "links", old_links, new_links);
}

static void compare_memberships(const struct comparison *c)
{
	const json_t *settings = json_object_get(c->inspected, "NetworkSettings");
	const json_t *seen = json_object_get(settings, "Networks");
	const json_t *wanted =
		json_object_get(json_object_get(c->body, "NetworkingConfig"), "EndpointsConfig");
	scoped_json json_t *all = json_is_object(seen) ? json_copy((json_t *)seen) : json_object();
	const char *name;
	json_t *ignored;

	json_object_update(all, (json_t *)wanted);
	json_object_foreach (all, name, ignored) {
		const json_t *before = json_object_get(seen, name);
		const json_t *after = json_object_get(wanted, name);
		scoped_free char *field = str_format("networks.%s", name);

		if (before && after)
			compare_endpoint(c, name, before, after);
		else
			changes_add(c->changes, field, before ? "connected" : NULL,
				    after ? "connected" : NULL);
	}
}

/* ---- ports ---- */

static json_t *bindings_of(const json_t *map)
{
	json_t *out = json_object(), *list;
	const char *port;

	json_object_foreach ((json_t *)map, port, list) {
		scoped_json json_t *texts = json_array();
		size_t i;
		json_t *binding;

		json_array_foreach (list, i, binding) {
			const char *number = doc_text(binding, "HostPort");
			scoped_free char *text = str_format("%s:%s", doc_text(binding, "HostIp"),
							    strcmp(number, "0") == 0 ? "" : number);

			json_array_append_new(texts, json_string(text));
		}
		json_object_set_new(out, port, compare_sorted(texts));
	}
	return out;
}

static json_t *names_of(const json_t *map, const json_t *more)
{
	scoped_json json_t *names = json_array(),
			   *all = json_is_object(map) ? json_copy((json_t *)map) : json_object();
	const char *name;
	json_t *ignored;

	if (json_is_object(more))
		json_object_update(all, (json_t *)more);
	json_object_foreach (all, name, ignored)
		json_array_append_new(names, json_string(name));
	return compare_sorted(names);
}

static void compare_ports(const struct comparison *c)
{
	scoped_json json_t *before = bindings_of(json_object_get(c->seen_host, "PortBindings"));
	scoped_json json_t *after = bindings_of(json_object_get(c->host, "PortBindings"));
	scoped_json json_t *exposed = names_of(json_object_get(c->config, "ExposedPorts"), NULL);
	scoped_json json_t *wanted = names_of(json_object_get(c->body, "ExposedPorts"),
					      json_object_get(c->image, "ExposedPorts"));
	size_t count = c->changes->count;

	compare_values(c, "ports", before, after);
	if (c->image && c->changes->count == count) /* else it is the same change */
		compare_values(c, "expose", exposed, wanted);
}

void compare_networks(const struct comparison *c)
{
	const char *mode = doc_text(c->host, "NetworkMode");

	compare_ports(c);
	if (is_mode(mode))
		compare_mode(c, mode);
	else
		compare_memberships(c);
}
