/* Mounts of a container: volumes, binds, tmpfs, those of other containers and of the one that it replaces.
 *
 * What a bind of the old form ("source:target:mode") can say is said so, as both peers do: the
 * daemon then makes folders of the host that are missing.  The rest are Mounts. */
#include "cmd/compose/body_part.h"
#include "format/digest.h"
#include "format/json.h"

/* ---- parts of a mount ---- */

static bool is_type(const struct node *mount, const char *type)
{
	return strcmp(node_get_text(mount, "type", "volume"), type) == 0;
}

static const char *target_of(const struct node *mount)
{
	return node_get_text(mount, "target", "");
}

/* A name on the daemon for the volume that the file calls so. */
static const char *volume_name(const struct body *body, const struct node *mount)
{
	const char *key = node_get_text(mount, "source", "");
	const struct resource *volume = body_resource(&body->request->project->volumes, key);

	return volume ? volume->name : key;
}

static bool needs_mount(const struct node *mount)
{
	const struct node *bind = node_get(mount, "bind"), *volume = node_get(mount, "volume");

	if (is_type(mount, "bind"))
		return !node_get_bool(bind, "create_host_path", true) ||
		       *node_get_text(bind, "recursive", "");
	return !is_type(mount, "volume") || *node_get_text(volume, "subpath", "") ||
	       node_get(volume, "labels") ||
	       (!*node_get_text(mount, "source", "") && (node_get_bool(mount, "read_only", false) ||
							 node_get_bool(volume, "nocopy", false)));
}

/* ---- the old form ---- */

static void add_word(struct buffer *mode, const char *word)
{
	if (*word)
		buffer_format(mode, ",%s", word);
}

static void add_bind(const struct node *mount, const char *source, json_t *binds)
{
	const struct node *bind = node_get(mount, "bind"), *volume = node_get(mount, "volume");
	scoped_buffer struct buffer mode = {0};
	scoped_json json_t *holder = json_object();

	buffer_add_text(&mode, node_get_bool(mount, "read_only", false) ? "ro" : "rw");
	add_word(&mode, node_get_text(bind, "selinux", ""));
	add_word(&mode, node_get_text(bind, "propagation", ""));
	add_word(&mode, node_get_bool(volume, "nocopy", false) ? "nocopy" : "");
	doc_set_format(holder, "text", "%s:%s:%s", source, target_of(mount), mode.data);
	json_array_append(binds, json_object_get(holder, "text"));
}

/* ---- the new form ---- */

static bool set_recursion(struct body *body, const struct node *bind, json_t *options,
			  struct error *err)
{
	static const struct {
		const char *word, *member;
	} rows[] = {
		{"disabled", "NonRecursive"},
		{"writable", "ReadOnlyNonRecursive"},
		{"readonly", "ReadOnlyForceRecursive"},
		{"enabled", NULL},
	};
	const char *wanted = node_get_text(bind, "recursive", "");

	if (!*wanted)
		return true;
	for (size_t i = 0; i < array_length(rows); i++) {
		if (strcmp(rows[i].word, wanted) != 0)
			continue;
		if (rows[i].member)
			json_object_set_new(options, rows[i].member, json_true());
		return true;
	}
	return body_refuse(body, node_get(bind, "recursive"), err, "volumes.bind.recursive",
			   "\"%s\" is none of enabled, disabled, writable, readonly", wanted);
}

static bool set_bind_options(struct body *body, const struct node *mount, json_t *json,
			     struct error *err)
{
	static const struct body_row rows[] = {{"propagation", "Propagation", BODY_TEXT, NULL}};
	const struct node *bind = node_get(mount, "bind");
	json_t *options = json_object();

	if (*node_get_text(bind, "selinux", ""))
		body_warn(body, node_get(bind, "selinux"), "volumes.bind.selinux",
			  "is ignored: it goes with binds whose host path may be made alone");
	bool good = body_set_rows(body, options, bind, rows, array_length(rows), err) &&
		    set_recursion(body, bind, options, err);
	body_set_given(json, "BindOptions", options);
	return good;
}

static bool set_volume_options(struct body *body, const struct node *mount, json_t *json,
			       struct error *err)
{
	static const struct body_row rows[] = {
		{"nocopy", "NoCopy", BODY_FLAG, NULL},
		{"subpath", "Subpath", BODY_TEXT, "1.45"},
		{"labels", "Labels", BODY_MAP, NULL},
	};
	json_t *options = json_object();
	bool good = body_set_rows(body, options, node_get(mount, "volume"), rows,
				  array_length(rows), err);

	body_set_given(json, "VolumeOptions", options);
	return good;
}

static bool set_tmpfs_options(struct body *body, const struct node *mount, json_t *json,
			      struct error *err)
{
	static const struct body_row rows[] = {
		{"size", "SizeBytes", BODY_NUMBER, NULL},
		{"mode", "Mode", BODY_NUMBER, NULL},
	};
	json_t *options = json_object();
	bool good = body_set_rows(body, options, node_get(mount, "tmpfs"), rows, array_length(rows),
				  err);

	body_set_given(json, "TmpfsOptions", options);
	return good;
}

static bool set_image_options(struct body *body, const struct node *mount, json_t *json,
			      struct error *err)
{
	static const struct body_row rows[] = {{"subpath", "Subpath", BODY_TEXT, "1.49"}};
	json_t *options = json_object();
	bool good = body_set_rows(body, options, node_get(mount, "image"), rows, array_length(rows),
				  err);

	if (good && !body_api_has(body, "1.48"))
		good = body_refuse(body, mount, err, "volumes",
				   "a mount of type image needs API version 1.48");
	body_set_given(json, "ImageOptions", options);
	return good;
}

static const struct mount_kind {
	const char *type;
	bool (*set)(struct body *body, const struct node *mount, json_t *json, struct error *err);
} mount_kinds[] = {
	{"bind", set_bind_options},
	{"volume", set_volume_options},
	{"tmpfs", set_tmpfs_options},
	{"image", set_image_options},
};

static const struct mount_kind *kind_of(const struct node *mount)
{
	for (size_t i = 0; i < array_length(mount_kinds); i++)
		if (is_type(mount, mount_kinds[i].type))
			return &mount_kinds[i];
	return NULL;
}

static json_t *new_mount(const struct body *body, const struct node *mount)
{
	json_t *json = json_object();
	const char *source = is_type(mount, "volume") ? volume_name(body, mount)
						      : node_get_text(mount, "source", "");
	const char *consistency = node_get_text(mount, "consistency", "");

	doc_set_text(json, "Type", node_get_text(mount, "type", "volume"));
	doc_set_text(json, "Target", target_of(mount));
	if (*source)
		doc_set_text(json, "Source", source);
	if (node_get_bool(mount, "read_only", false))
		json_object_set_new(json, "ReadOnly", json_true());
	if (*consistency)
		doc_set_text(json, "Consistency", consistency);
	return json;
}

static bool add_mount(struct body *body, const struct node *mount, json_t *mounts,
		      struct error *err)
{
	const struct mount_kind *kind = kind_of(mount);
	json_t *json;

	if (!kind)
		return body_refuse(body, node_get(mount, "type"), err, "volumes",
				   "mounts of type %s are not to be had here",
				   node_get_text(mount, "type", ""));
	json = new_mount(body, mount);
	json_array_append_new(mounts, json);
	return kind->set(body, mount, json, err);
}

/* ---- volumes ---- */

struct places {
	json_t *binds, *mounts, *anonymous;
	json_t *covered; /* targets that have something */
	json_t *taken;	 /* names of those that the old container leaves */
};

static bool place(struct body *body, const struct node *mount, const struct places *places,
		  struct error *err)
{
	const char *source = node_get_text(mount, "source", "");
	bool anonymous = is_type(mount, "volume") && !*source;

	if (!anonymous)
		json_object_set_new(places->covered, target_of(mount), json_true());
	if (needs_mount(mount))
		return add_mount(body, mount, places->mounts, err);
	if (anonymous)
		json_object_set_new(places->anonymous, target_of(mount), json_object());
	else
		add_bind(mount, is_type(mount, "volume") ? volume_name(body, mount) : source,
			 places->binds);
	return true;
}

static void set_tmpfs(struct body *body, const struct places *places)
{
	json_t *tmpfs = json_object();

	node_each (item, node_get(body->node, "tmpfs")) {
		const char *text = item->value->text;
		size_t length = strcspn(text, ":");
		scoped_free char *path = str_dup_n(text, length);

		doc_set_text(tmpfs, path, text + length + (text[length] != '\0'));
		json_object_set_new(places->covered, path, json_true());
	}
	body_set_given(body->host, "Tmpfs", tmpfs);
}

/* ---- what the old container leaves ---- */

static bool is_anonymous(const char *name)
{
	return strlen(name) == DIGEST_HEX_LENGTH && hex_is_lower(name, DIGEST_HEX_LENGTH);
}

/* A wanted anonymous volume that is a Mount (it is read-only, or not filled). */
static json_t *anonymous_mount(const struct places *places, const char *target)
{
	size_t i;
	json_t *mount;

	json_array_foreach (places->mounts, i, mount)
		if (strcmp(doc_text(mount, "Target"), target) == 0)
			return mount;
	return NULL;
}

static void take_over_one(const struct places *places, const json_t *mount)
{
	const char *name = doc_text(mount, "Name"), *target = doc_text(mount, "Destination");
	json_t *wanted = anonymous_mount(places, target);
	scoped_json json_t *holder = json_object();

	json_array_append_new(places->taken, json_string(name));
	if (wanted) {
		doc_set_text(wanted, "Source", name);
		return;
	}
	doc_set_format(holder, "text", "%s:%s:%s", name, target,
		       json_is_false(json_object_get(mount, "RW")) ? "ro" : "rw");
	json_array_append(places->binds, json_object_get(holder, "text"));
	json_object_del(places->anonymous, target);
}

static bool binds(const json_t *host, const char *target)
{
	size_t i, length = strlen(target);
	json_t *bind;

	json_array_foreach (json_object_get(host, "Binds"), i, bind) {
		const char *text = json_string_value(bind), *at = text ? strchr(text, ':') : NULL;

		if (at && strncmp(at + 1, target, length) == 0 &&
		    (at[1 + length] == ':' || at[1 + length] == '\0'))
			return true;
	}
	return false;
}

/* Not one that came with volumes_from: that is asked for again. */
static bool is_its_own(const json_t *replaced, const char *target)
{
	const json_t *host = json_object_get(replaced, "HostConfig");
	size_t i;
	json_t *mount;

	if (json_object_get(json_object_get(json_object_get(replaced, "Config"), "Volumes"),
			    target) ||
	    binds(host, target))
		return true;
	json_array_foreach (json_object_get(host, "Mounts"), i, mount)
		if (strcmp(doc_text(mount, "Target"), target) == 0)
			return true;
	return false;
}

/* Its anonymous volumes, on targets that the new one does not cover. */
static void take_over(struct body *body, const struct places *places)
{
	const json_t *replaced = body->request->replaced;
	size_t i;
	json_t *mount;

	json_array_foreach (json_object_get(replaced, "Mounts"), i, mount) {
		const char *target = doc_text(mount, "Destination");

		if (strcmp(doc_text(mount, "Type"), "volume") == 0 &&
		    is_anonymous(doc_text(mount, "Name")) &&
		    !json_object_get(places->covered, target) && is_its_own(replaced, target))
			take_over_one(places, mount);
	}
}

/* ---- volumes_from ---- */

/* [container:]NAME[:ro|rw], a service's container by its id. */
static bool add_volumes_from(struct body *body, const struct node *node, json_t *list,
			     struct error *err)
{
	const struct body_request *request = body->request;
	bool container = str_starts_with(node->text, "container:");
	const char *text = node->text + (container ? strlen("container:") : 0);
	size_t length = strcspn(text, ":");
	scoped_free char *name = str_dup_n(text, length);
	const char *mode = text[length] ? text + length + 1 : "rw";
	const char *id = container	  ? name
			 : request->id_of ? request->id_of(request->data, name)
					  : NULL;

	if (!id)
		return body_refuse(body, node, err, "volumes_from",
				   "no container of service %s is there", name);
	scoped_free char *entry = str_format("%s:%s", id, mode);
	json_array_append_new(list, json_string(entry));
	return true;
}

bool body_set_volumes(struct body *body, struct error *err)
{
	struct places places = {json_array(), json_array(), json_object(), json_object(),
				json_array()};
	json_t *from = json_array();
	bool good = true;

	node_each (item, node_get(body->node, "volumes"))
		good = good && place(body, item->value, &places, err);
	node_each (item, node_get(body->node, "volumes_from"))
		good = good && add_volumes_from(body, item->value, from, err);
	set_tmpfs(body, &places);
	take_over(body, &places);
	body_set_given(body->host, "Binds", places.binds);
	body_set_given(body->host, "Mounts", places.mounts);
	body_set_given(body->host, "VolumesFrom", from);
	body_set_given(body->config, "Volumes", places.anonymous);
	if (json_array_size(places.taken))
		json_object_set(body_extension(body), "OwnVolumes", places.taken);
	json_decref(places.taken);
	json_decref(places.covered);
	return good;
}
