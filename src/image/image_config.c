#include "image/image_config.h"

#include "format/digest.h"
#include "format/json.h"

#define OPTIONAL(type, tag, name, kind, member)                                                    \
	RECORD_FIELD_FLAGS(type, tag, name, kind, member, RECORD_OMIT_EMPTY)

static const struct record_field image_healthcheck_fields[] = {
	OPTIONAL(struct image_healthcheck, 1, "Test", RECORD_STRINGS, test),
	OPTIONAL(struct image_healthcheck, 2, "Interval", RECORD_I64, interval),
	OPTIONAL(struct image_healthcheck, 3, "Timeout", RECORD_I64, timeout),
	OPTIONAL(struct image_healthcheck, 4, "StartPeriod", RECORD_I64, start_period),
	OPTIONAL(struct image_healthcheck, 5, "StartInterval", RECORD_I64, start_interval),
	OPTIONAL(struct image_healthcheck, 6, "Retries", RECORD_I64, retries),
};
const struct record_type image_healthcheck_type =
	RECORD_TYPE(struct image_healthcheck, image_healthcheck_fields);

#define ONE_OR_MANY (RECORD_OMIT_ABSENT | RECORD_ONE_OR_MANY)

static const struct record_field image_defaults_fields[] = {
	OPTIONAL(struct image_defaults, 1, "User", RECORD_STRING, user),
	OPTIONAL(struct image_defaults, 2, "ExposedPorts", RECORD_SET, exposed_ports),
	OPTIONAL(struct image_defaults, 3, "Env", RECORD_STRINGS, env),
	RECORD_FIELD_FLAGS(struct image_defaults, 4, "Entrypoint", RECORD_STRINGS, entrypoint,
			   ONE_OR_MANY),
	RECORD_FIELD_FLAGS(struct image_defaults, 5, "Cmd", RECORD_STRINGS, cmd, ONE_OR_MANY),
	OPTIONAL(struct image_defaults, 6, "Volumes", RECORD_SET, volumes),
	OPTIONAL(struct image_defaults, 7, "WorkingDir", RECORD_STRING, working_dir),
	OPTIONAL(struct image_defaults, 8, "Labels", RECORD_PAIRS, labels),
	OPTIONAL(struct image_defaults, 9, "StopSignal", RECORD_STRING, stop_signal),
	RECORD_NESTED(struct image_defaults, 10, "Healthcheck", RECORD_POINTER, healthcheck,
		      RECORD_OMIT_ABSENT, &image_healthcheck_type),
	RECORD_FIELD_FLAGS(struct image_defaults, 11, "Shell", RECORD_STRINGS, shell, ONE_OR_MANY),
	OPTIONAL(struct image_defaults, 12, "OnBuild", RECORD_STRINGS, on_build),
	OPTIONAL(struct image_defaults, 13, "ArgsEscaped", RECORD_BOOL, args_escaped),
};
const struct record_type image_defaults_type =
	RECORD_TYPE(struct image_defaults, image_defaults_fields);

static const struct record_field image_history_fields[] = {
	OPTIONAL(struct image_history, 1, "created", RECORD_STRING, created),
	OPTIONAL(struct image_history, 2, "created_by", RECORD_STRING, created_by),
	OPTIONAL(struct image_history, 3, "author", RECORD_STRING, author),
	OPTIONAL(struct image_history, 4, "comment", RECORD_STRING, comment),
	OPTIONAL(struct image_history, 5, "empty_layer", RECORD_BOOL, empty_layer),
};
const struct record_type image_history_type =
	RECORD_TYPE(struct image_history, image_history_fields);

/* The layers' list stands one level deeper in the bytes that come from outside (struct rootfs); in our
 * own records it stands here. */
static const struct record_field image_config_fields[] = {
	OPTIONAL(struct image_config, 1, "architecture", RECORD_STRING, architecture),
	OPTIONAL(struct image_config, 2, "os", RECORD_STRING, os),
	OPTIONAL(struct image_config, 3, "variant", RECORD_STRING, variant),
	OPTIONAL(struct image_config, 4, "os.version", RECORD_STRING, os_version),
	OPTIONAL(struct image_config, 5, "created", RECORD_STRING, created),
	OPTIONAL(struct image_config, 6, "author", RECORD_STRING, author),
	OPTIONAL(struct image_config, 7, "comment", RECORD_STRING, comment),
	OPTIONAL(struct image_config, 8, "docker_version", RECORD_STRING, docker_version),
	RECORD_NESTED(struct image_config, 9, "config", RECORD_STRUCT, defaults, RECORD_OMIT_EMPTY,
		      &image_defaults_type),
	RECORD_FIELD_FLAGS(struct image_config, 10, "diff_ids", RECORD_STRINGS, diff_ids,
			   RECORD_STORED_ONLY | RECORD_OMIT_EMPTY),
	RECORD_NESTED(struct image_config, 11, "history", RECORD_LIST, history, RECORD_OMIT_EMPTY,
		      &image_history_type),
};
const struct record_type image_config_type = RECORD_TYPE(struct image_config, image_config_fields);

struct rootfs {
	char *type;
	struct strings diff_ids;
};
static const struct record_field rootfs_fields[] = {
	RECORD_FIELD(struct rootfs, 1, "type", RECORD_STRING, type),
	RECORD_FIELD_FLAGS(struct rootfs, 2, "diff_ids", RECORD_STRINGS, diff_ids,
			   RECORD_EMPTY_LIST),
};
static const struct record_type rootfs_type = RECORD_TYPE(struct rootfs, rootfs_fields);

struct outer {
	struct rootfs rootfs;
};
static const struct record_field outer_fields[] = {
	RECORD_NESTED(struct outer, 1, "rootfs", RECORD_STRUCT, rootfs, 0, &rootfs_type),
};
static const struct record_type outer_type = RECORD_TYPE(struct outer, outer_fields);

static bool take_layers(struct rootfs *rootfs, struct image_config *out, struct error *err)
{
	if (!str_equal(rootfs->type, "layers"))
		return error_set(err, ERROR_INVALID, "it has no list of layers");
	if (rootfs->diff_ids.count > IMAGE_LAYERS_MAX)
		return error_set(err, ERROR_INVALID,
				 "it has %zu layers, and %d is the most that can be mounted",
				 rootfs->diff_ids.count, IMAGE_LAYERS_MAX);
	for (size_t i = 0; i < rootfs->diff_ids.count; i++)
		if (!digest_check(rootfs->diff_ids.items[i], err))
			return false;
	out->diff_ids = rootfs->diff_ids;
	rootfs->diff_ids = (struct strings){0};
	return true;
}

static bool read_config(const json_t *json, struct image_config *out, struct error *err)
{
	struct outer outer = {0};
	bool ok = record_from_json(&image_config_type, json, RECORD_FOR_API, out, err) &&
		  record_from_json(&outer_type, json, RECORD_FOR_API, &outer, err) &&
		  take_layers(&outer.rootfs, out, err);

	record_fini(&outer_type, &outer);
	return ok;
}

bool image_config_parse(const char *text, size_t size, struct image_config *out, struct error *err)
{
	scoped_json json_t *json = json_parse(text, size, err);
	struct image_config config = {0};

	if (!json || !read_config(json, &config, err)) {
		image_config_fini(&config);
		return error_prefix(err, "bad image configuration");
	}
	*out = config;
	return true;
}

void image_config_write(const struct image_config *config, struct buffer *out)
{
	struct rootfs rootfs = {(char *)(uintptr_t) "layers", config->diff_ids};

	record_write_json(&image_config_type, config, RECORD_FOR_API, out);
	out->size--; /* the closing brace moves behind the layers */
	json_write_name(out, "rootfs");
	record_write_json(&rootfs_type, &rootfs, RECORD_FOR_API, out);
	buffer_add_char(out, '}');
}
