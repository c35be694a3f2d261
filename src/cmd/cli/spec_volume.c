/* -v, --tmpfs and --mount. */
#include "cmd/cli/api.h"
#include "cmd/cli/spec.h"
#include "format/json.h"
#include "format/units.h"

#include <stdlib.h>
#include <unistd.h>

/* ---- pieces ---- */

bool csv_split(const char *text, struct strings *fields, struct error *err)
{
	scoped_buffer struct buffer field = {0};
	bool quoted = false;

	for (const char *at = text;; at++) {
		if (quoted && !*at)
			return error_set(
				err, ERROR_INVALID,
				"parse error on line 1, column %zu: extraneous or missing \" "
				"in quoted-field",
				strlen(text) + 1);
		if (quoted && at[0] == '"' && at[1] == '"')
			buffer_add_char(&field, *at++);
		else if (*at == '"' && (quoted || !field.size))
			quoted = !quoted;
		else if (!quoted && (*at == ',' || !*at))
			strings_take(fields, buffer_take(&field));
		else
			buffer_add_char(&field, *at);
		if (!*at)
			return true;
	}
}

/* Without links resolved: what does not exist yet has a path too. */
char *absolute_path(const char *path)
{
	scoped_free char *folder = *path == '/' ? str_dup("") : getcwd(NULL, 0);
	scoped_strings struct strings parts = {0}, kept = {0};

	if (!folder)
		return str_dup(path);
	scoped_free char *whole = str_format("%s/%s", folder, path);
	parts = strings_split(whole, '/');
	for (size_t i = 0; i < parts.count; i++) {
		const char *part = parts.items[i];

		if (strcmp(part, "..") == 0 && kept.count)
			free(kept.items[--kept.count]);
		else if (*part && strcmp(part, ".") != 0 && strcmp(part, "..") != 0)
			strings_add(&kept, part);
	}
	scoped_free char *joined = strings_join(&kept, "/");
	return str_format("/%s", kept.count ? joined : "");
}

static bool is_relative(const char *path)
{
	return path[0] == '.' && (!path[1] || path[1] == '/' || strncmp(path, "../", 3) == 0 ||
				  strcmp(path, "..") == 0);
}

/* ---- -v ---- */

/* "source:target[:mode]" is a bind; a path or name alone is an anonymous volume. */
static bool add_volume(const char *text, json_t *volumes, struct strings *binds, struct error *err)
{
	size_t length = strcspn(text, ":");

	if (!*text)
		return error_set(err, ERROR_INVALID, "invalid empty volume spec");
	if (length == 0)
		return error_set(err, ERROR_INVALID,
				 "invalid spec: %s: empty section between colons", text);
	if (!text[length] || !text[length + 1]) {
		json_object_set_new(volumes, text, json_object());
		return true;
	}
	scoped_free char *source = str_dup_n(text, length);
	scoped_free char *absolute = is_relative(source) ? absolute_path(source) : str_dup(source);
	strings_format(binds, "%s%s", absolute, text + length);
	return true;
}

static void set_tmpfs(const struct strings *list, json_t *host)
{
	scoped_json json_t *mounts = json_object();

	for (size_t i = 0; i < list->count; i++) {
		size_t length = strcspn(list->items[i], ":");
		scoped_free char *path = str_dup_n(list->items[i], length);

		doc_set_text(mounts, path,
			     list->items[i] + length + (list->items[i][length] != '\0'));
	}
	if (json_object_size(mounts))
		json_object_set(host, "Tmpfs", mounts);
}

bool spec_set_volumes(const struct spec *spec, json_t *config, json_t *host, struct error *err)
{
	json_t *volumes = json_object();
	scoped_strings struct strings binds = {0};

	json_object_set_new(config, "Volumes", volumes);
	for (size_t i = 0; i < spec->volumes.count; i++)
		if (!add_volume(spec->volumes.items[i], volumes, &binds, err))
			return false;
	doc_set_list(host, "Binds", &binds, false);
	doc_set_list(host, "VolumesFrom", &spec->volumes_from, false);
	set_tmpfs(&spec->tmpfs, host);
	if (spec->mounts)
		json_object_set(host, "Mounts", spec->mounts);
	return true;
}

/* ---- --mount ---- */

enum key_kind { KEY_TEXT, KEY_SOURCE, KEY_SWITCH, KEY_SIZE, KEY_MODE, KEY_PAIR, KEY_RECURSIVE };

/* Where the value of a key goes: a member of the mount, or of one of its objects. */
static const struct key {
	const char *name;
	enum key_kind kind;
	const char *object; /* NULL: the mount itself */
	const char *member;
} keys[] = {
	{"type", KEY_TEXT, NULL, "Type"},
	{"source", KEY_SOURCE, NULL, "Source"},
	{"src", KEY_SOURCE, NULL, "Source"},
	{"target", KEY_TEXT, NULL, "Target"},
	{"dst", KEY_TEXT, NULL, "Target"},
	{"destination", KEY_TEXT, NULL, "Target"},
	{"readonly", KEY_SWITCH, NULL, "ReadOnly"},
	{"ro", KEY_SWITCH, NULL, "ReadOnly"},
	{"consistency", KEY_TEXT, NULL, "Consistency"},
	{"bind-propagation", KEY_TEXT, "BindOptions", "Propagation"},
	{"bind-nonrecursive", KEY_SWITCH, "BindOptions", "NonRecursive"},
	{"bind-recursive", KEY_RECURSIVE, "BindOptions", NULL},
	{"bind-create-src", KEY_SWITCH, "BindOptions", "CreateMountpoint"},
	{"volume-subpath", KEY_TEXT, "VolumeOptions", "Subpath"},
	{"volume-nocopy", KEY_SWITCH, "VolumeOptions", "NoCopy"},
	{"volume-label", KEY_PAIR, "VolumeOptions", "Labels"},
	{"volume-driver", KEY_TEXT, "VolumeOptions.DriverConfig", "Name"},
	{"volume-opt", KEY_PAIR, "VolumeOptions.DriverConfig", "Options"},
	{"image-subpath", KEY_TEXT, "ImageOptions", "Subpath"},
	{"tmpfs-size", KEY_SIZE, "TmpfsOptions", "SizeBytes"},
	{"tmpfs-mode", KEY_MODE, "TmpfsOptions", "Mode"},
};

static const struct key *find_key(const char *name)
{
	for (size_t i = 0; i < array_length(keys); i++)
		if (strcasecmp(keys[i].name, name) == 0)
			return &keys[i];
	return NULL;
}

static json_t *member_object(json_t *parent, const char *name)
{
	json_t *object = json_object_get(parent, name);

	if (!object)
		json_object_set_new(parent, name, object = json_object());
	return object;
}

/* "VolumeOptions.DriverConfig" below the mount, made where it is missing. */
static json_t *object_at(json_t *mount, const char *path)
{
	scoped_strings struct strings names = strings_split(path ? path : "", '.');

	for (size_t i = 0; path && i < names.count; i++)
		mount = member_object(mount, names.items[i]);
	return mount;
}

static bool bad_value(const char *key, const char *value, struct error *err)
{
	return error_set(err, ERROR_INVALID, "invalid value for %s: %s", key, value);
}

static bool set_size(json_t *object, const struct key *key, const char *value, struct error *err)
{
	struct error ignored;
	int64_t size;

	if (!size_from_text(value, &size, &ignored))
		return bad_value(key->name, value, err);
	json_object_set_new(object, key->member, json_integer(size));
	return true;
}

static bool set_mode(json_t *object, const struct key *key, const char *value, struct error *err)
{
	char *end;
	unsigned long mode = strtoul(value, &end, 8);

	if (!*value || *end || mode > 07777)
		return bad_value(key->name, value, err);
	json_object_set_new(object, key->member, json_integer((json_int_t)mode));
	return true;
}

static bool set_switch_key(json_t *object, const struct key *key, const char *value,
			   struct error *err)
{
	struct error ignored;
	bool on;

	if (!option_switch.set(&on, value, &ignored))
		return bad_value(key->name, value, err);
	if (on)
		json_object_set_new(object, key->member, json_true());
	return true;
}

/* enabled (the kernel's default), disabled, writable, readonly */
static bool set_recursive(json_t *object, const struct key *key, const char *value,
			  struct error *err)
{
	if (strcmp(value, "disabled") == 0)
		json_object_set_new(object, "NonRecursive", json_true());
	else if (strcmp(value, "writable") == 0)
		json_object_set_new(object, "ReadOnlyNonRecursive", json_true());
	else if (strcmp(value, "readonly") == 0)
		json_object_set_new(object, "ReadOnlyForceRecursive", json_true());
	else if (strcmp(value, "enabled") != 0)
		return error_set(err, ERROR_INVALID,
				 "invalid value for %s: %s (must be \"enabled\", \"disabled\", "
				 "\"writable\", or \"readonly\")",
				 key->name, value);
	return true;
}

static void set_pair(json_t *object, const struct key *key, const char *value)
{
	json_t *map = member_object(object, key->member);
	size_t length = strcspn(value, "=");
	scoped_free char *name = str_dup_n(value, length);

	doc_set_text(map, name, value + length + (value[length] != '\0'));
}

static bool set_key(json_t *mount, const struct key *key, const char *value, struct error *err)
{
	json_t *object = object_at(mount, key->object);
	scoped_free char *absolute = NULL;

	switch (key->kind) {
	case KEY_TEXT:
		doc_set_text(object, key->member, value);
		return true;
	case KEY_SOURCE:
		absolute = is_relative(value) ? absolute_path(value) : str_dup(value);
		doc_set_text(object, key->member, absolute);
		return true;
	case KEY_SWITCH:
		return set_switch_key(object, key, value, err);
	case KEY_SIZE:
		return set_size(object, key, value, err);
	case KEY_MODE:
		return set_mode(object, key, value, err);
	case KEY_PAIR:
		set_pair(object, key, value);
		return true;
	case KEY_RECURSIVE:
		return set_recursive(object, key, value, err);
	}
	return false;
}

static bool set_field(json_t *mount, const char *field, struct error *err)
{
	size_t length = strcspn(field, "=");
	scoped_free char *name = str_dup_n(field, length);
	const struct key *key = find_key(name);

	if (!field[length] && (!key || key->kind != KEY_SWITCH))
		return error_set(err, ERROR_INVALID, "invalid field '%s' must be a key=value pair",
				 field);
	if (!key)
		return error_set(err, ERROR_INVALID, "unexpected key '%s' in '%s'", name, field);
	return set_key(mount, key, field[length] ? field + length + 1 : "true", err);
}

/* Options of another type than the mount's, and recursive read-only binds that cannot be. */
static bool check_mount(json_t *mount, struct error *err)
{
	static const char *const owners[][2] = {{"bind", "BindOptions"},
						{"volume", "VolumeOptions"},
						{"image", "ImageOptions"},
						{"tmpfs", "TmpfsOptions"}};
	const char *type = doc_text(mount, "Type");
	const json_t *bind = json_object_get(mount, "BindOptions");

	if (!*doc_text(mount, "Target"))
		return error_set(err, ERROR_INVALID, "target is required");
	for (size_t i = 0; i < array_length(owners); i++)
		if (json_object_get(mount, owners[i][1]) && strcmp(owners[i][0], type) != 0)
			return error_set(err, ERROR_INVALID,
					 "cannot mix '%s-*' options with mount type '%s'",
					 owners[i][0], type);
	if ((doc_flag(bind, "ReadOnlyNonRecursive") || doc_flag(bind, "ReadOnlyForceRecursive")) &&
	    !doc_flag(mount, "ReadOnly"))
		return error_set(
			err, ERROR_INVALID,
			"option 'bind-recursive=%s' requires 'readonly' to be specified in "
			"conjunction",
			doc_flag(bind, "ReadOnlyNonRecursive") ? "writable" : "readonly");
	if (doc_flag(bind, "ReadOnlyForceRecursive") &&
	    strcmp(doc_text(bind, "Propagation"), "rprivate") != 0)
		return error_set(err, ERROR_INVALID,
				 "option 'bind-recursive=readonly' requires "
				 "'bind-propagation=rprivate' to be specified in conjunction");
	return true;
}

static bool add_mount(void *field, const char *text, struct error *err)
{
	json_t **mounts = field, *mount = json_pack("{s:s}", "Type", "volume");
	scoped_strings struct strings fields = {0};

	if (!*mounts)
		*mounts = json_array();
	json_array_append_new(*mounts, mount);
	if (!csv_split(text, &fields, err))
		return false;
	for (size_t i = 0; i < fields.count; i++)
		if (!set_field(mount, fields.items[i], err))
			return false;
	return check_mount(mount, err);
}

const struct option_kind option_mount = {"mount", add_mount, free_json_field, NULL};
