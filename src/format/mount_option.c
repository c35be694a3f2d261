/* A table says where each key of --mount goes: into the mount itself or into the options of one type,
 * which may stand only with that type. */
#include "format/mount_option.h"

#include "format/units.h"

#include <ctype.h>

/* ---- CSV ---- */

/* A quoted field from behind its opening quote; returns what follows the closing one, or NULL. */
static const char *read_quoted(const char *at, struct buffer *field)
{
	for (;; at++) {
		if (!*at)
			return NULL;
		if (*at == '"' && *++at != '"')
			return at;
		buffer_add_char(field, *at);
	}
}

/* A plain field; a quote inside it is an error. */
static const char *read_plain(const char *at, struct buffer *field)
{
	size_t length = strcspn(at, ",\"");

	buffer_add(field, at, length);
	return at[length] == '"' ? NULL : at + length;
}

bool csv_split(const char *text, struct strings *out, struct error *err)
{
	scoped_strings struct strings fields = {0};
	const char *at = text;

	for (;;) {
		scoped_buffer struct buffer field = {0};

		at = *at == '"' ? read_quoted(at + 1, &field) : read_plain(at, &field);
		if (!at || (*at && *at != ','))
			return error_set(err, ERROR_INVALID,
					 "parse error on line 1: bare \" in '%s'", text);
		strings_take(&fields, buffer_take(&field));
		if (!*at++)
			break;
	}
	*out = fields;
	fields = (struct strings){0};
	return true;
}

/* ---- keys ---- */

enum value_kind { TEXT, LOWER_TEXT, BOOL, SIZE, OCTAL, PAIR, RECURSIVE };

static const struct key {
	const char *name;
	const char *section; /* NULL: the mount itself */
	const char *driver;  /* a section inside of it, or NULL */
	const char *member;
	enum value_kind kind;
} keys[] = {
	{"type", NULL, NULL, "Type", LOWER_TEXT},
	{"source", NULL, NULL, "Source", TEXT},
	{"src", NULL, NULL, "Source", TEXT},
	{"target", NULL, NULL, "Target", TEXT},
	{"dst", NULL, NULL, "Target", TEXT},
	{"destination", NULL, NULL, "Target", TEXT},
	{"readonly", NULL, NULL, "ReadOnly", BOOL},
	{"ro", NULL, NULL, "ReadOnly", BOOL},
	{"consistency", NULL, NULL, "Consistency", LOWER_TEXT},
	{"bind-propagation", "BindOptions", NULL, "Propagation", LOWER_TEXT},
	{"bind-nonrecursive", "BindOptions", NULL, "NonRecursive", BOOL},
	{"bind-recursive", "BindOptions", NULL, "NonRecursive", RECURSIVE},
	{"volume-subpath", "VolumeOptions", NULL, "Subpath", TEXT},
	{"volume-nocopy", "VolumeOptions", NULL, "NoCopy", BOOL},
	{"volume-label", "VolumeOptions", NULL, "Labels", PAIR},
	{"volume-driver", "VolumeOptions", "DriverConfig", "Name", TEXT},
	{"volume-opt", "VolumeOptions", "DriverConfig", "Options", PAIR},
	{"tmpfs-size", "TmpfsOptions", NULL, "SizeBytes", SIZE},
	{"tmpfs-mode", "TmpfsOptions", NULL, "Mode", OCTAL},
};

static const struct key *find_key(const char *name)
{
	for (size_t i = 0; i < array_length(keys); i++)
		if (strcasecmp(keys[i].name, name) == 0)
			return &keys[i];
	return NULL;
}

/* The object under `name`, made when it is missing. */
static json_t *member_object(json_t *object, const char *name)
{
	json_t *inner = json_object_get(object, name);

	if (!inner) {
		inner = json_object();
		json_object_set_new(object, name, inner);
	}
	return inner;
}

static json_t *target_of(json_t *mount, const struct key *key)
{
	json_t *target = key->section ? member_object(mount, key->section) : mount;

	return key->driver ? member_object(target, key->driver) : target;
}

/* ---- values ---- */

static bool invalid_value(const struct key *key, const char *value, struct error *err)
{
	return error_set(err, ERROR_INVALID, "invalid value for %s: %s", key->name, value);
}

static bool set_text(json_t *target, const struct key *key, const char *value, struct error *err)
{
	json_t *text = json_string(value);

	if (!text)
		return invalid_value(key, "not UTF-8", err);
	json_object_set_new(target, key->member, text);
	return true;
}

static bool set_lower(json_t *target, const struct key *key, const char *value, struct error *err)
{
	scoped_free char *lower = str_dup(value);

	for (char *c = lower; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	return set_text(target, key, lower, err);
}

/* As Go's ParseBool. */
static bool set_bool(json_t *target, const struct key *key, const char *value, struct error *err)
{
	static const char *const words[] = {"1", "t", "T", "true",  "TRUE",  "True",
					    "0", "f", "F", "false", "FALSE", "False"};

	for (size_t i = 0; i < array_length(words); i++) {
		if (strcmp(words[i], value) != 0)
			continue;
		json_object_set_new(target, key->member, json_boolean(i < array_length(words) / 2));
		return true;
	}
	return invalid_value(key, value, err);
}

static bool set_size(json_t *target, const struct key *key, const char *value, struct error *err)
{
	int64_t bytes;
	struct error cause;

	if (!size_from_text(value, &bytes, &cause))
		return invalid_value(key, value, err);
	json_object_set_new(target, key->member, json_integer(bytes));
	return true;
}

static bool set_octal(json_t *target, const struct key *key, const char *value, struct error *err)
{
	if (!*value || strspn(value, "01234567") != strlen(value) || strlen(value) > 10)
		return invalid_value(key, value, err);
	json_object_set_new(target, key->member, json_integer(strtol(value, NULL, 8)));
	return true;
}

static bool set_pair(json_t *target, const struct key *key, const char *value, struct error *err)
{
	const char *equals = strchrnul(value, '=');
	scoped_free char *name = str_dup_n(value, (size_t)(equals - value));
	json_t *text = json_string(*equals ? equals + 1 : "");

	if (json_object_set_new(member_object(target, key->member), name, text) == 0)
		return true;
	return invalid_value(key, value, err);
}

static bool set_recursive(json_t *target, const struct key *key, const char *value,
			  struct error *err)
{
	static const struct {
		const char *value, *member;
	} meanings[] = {
		{"enabled", NULL},
		{"disabled", "NonRecursive"},
		{"writable", "ReadOnlyNonRecursive"},
		{"readonly", "ReadOnlyForceRecursive"},
	};

	for (size_t i = 0; i < array_length(meanings); i++) {
		if (strcmp(meanings[i].value, value) != 0)
			continue;
		if (meanings[i].member)
			json_object_set_new(target, meanings[i].member, json_true());
		return true;
	}
	return error_set(err, ERROR_INVALID,
			 "invalid value for %s: %s (must be \"enabled\", \"disabled\", "
			 "\"writable\", or \"readonly\")",
			 key->name, value);
}

static bool (*const setters[])(json_t *target, const struct key *key, const char *value,
			       struct error *err) = {
	[TEXT] = set_text,	     [LOWER_TEXT] = set_lower, [BOOL] = set_bool,
	[SIZE] = set_size,	     [OCTAL] = set_octal,      [PAIR] = set_pair,
	[RECURSIVE] = set_recursive,
};

/* ---- the whole ---- */

static bool has_outer_blank(const char *text)
{
	size_t length = strlen(text);

	return length &&
	       (isspace((unsigned char)text[0]) || isspace((unsigned char)text[length - 1]));
}

static bool read_field(char *field, json_t *mount, struct error *err)
{
	char *equals = strchr(field, '=');
	scoped_free char *name =
		str_dup_n(field, equals ? (size_t)(equals - field) : strlen(field));
	const char *value = equals ? equals + 1 : "true";
	const struct key *key = find_key(name);

	if (has_outer_blank(name))
		return error_set(err, ERROR_INVALID,
				 "invalid option '%s' in '%s': option should not have whitespace",
				 name, field);
	if (has_outer_blank(value))
		return error_set(err, ERROR_INVALID,
				 "invalid value for '%s' in '%s': value should not have whitespace",
				 name, field);
	if (!equals && (!key || key->kind != BOOL))
		return error_set(err, ERROR_INVALID, "invalid field '%s' must be a key=value pair",
				 field);
	if (!key)
		return error_set(err, ERROR_INVALID, "unexpected key '%s' in '%s'", name, field);
	return setters[key->kind](target_of(mount, key), key, value, err);
}

static bool check_sections(const json_t *mount, struct error *err)
{
	static const char *const sections[][2] = {
		{"bind", "BindOptions"}, {"volume", "VolumeOptions"}, {"tmpfs", "TmpfsOptions"}};
	const char *type = json_string_value(json_object_get(mount, "Type"));

	if (!json_object_get(mount, "Target"))
		return error_set(err, ERROR_INVALID, "target is required");
	for (size_t i = 0; i < array_length(sections); i++)
		if (json_object_get(mount, sections[i][1]) && strcmp(type, sections[i][0]) != 0)
			return error_set(err, ERROR_INVALID,
					 "cannot mix '%s-*' options with mount type '%s'",
					 sections[i][0], type);
	return true;
}

/* What bind-recursive says of read-only mounts makes sense only for one. */
static bool check_recursive(const json_t *mount, struct error *err)
{
	const json_t *bind = json_object_get(mount, "BindOptions");
	bool read_only = json_is_true(json_object_get(mount, "ReadOnly"));
	const char *propagation = json_string_value(json_object_get(bind, "Propagation"));
	bool forced = json_object_get(bind, "ReadOnlyForceRecursive") != NULL;

	if (json_object_get(bind, "ReadOnlyNonRecursive") && !read_only)
		return error_set(err, ERROR_INVALID,
				 "option 'bind-recursive=writable' requires 'readonly' to be "
				 "specified in conjunction");
	if (forced && !read_only)
		return error_set(err, ERROR_INVALID,
				 "option 'bind-recursive=readonly' requires 'readonly' to be "
				 "specified in conjunction");
	if (forced && !str_equal(propagation, "rprivate"))
		return error_set(err, ERROR_INVALID,
				 "option 'bind-recursive=readonly' requires "
				 "'bind-propagation=rprivate' to be specified in conjunction");
	return true;
}

static bool read_fields(const struct strings *fields, json_t *mount, struct error *err)
{
	json_object_set_new(mount, "Type", json_string("volume"));
	for (size_t i = 0; i < fields->count; i++)
		if (!read_field(fields->items[i], mount, err))
			return false;
	return check_sections(mount, err) && check_recursive(mount, err);
}

json_t *mount_option_parse(const char *text, struct error *err)
{
	scoped_strings struct strings fields = {0};

	if (!csv_split(text, &fields, err))
		return NULL;
	json_t *mount = json_object();
	if (read_fields(&fields, mount, err))
		return mount;
	json_decref(mount);
	return NULL;
}
