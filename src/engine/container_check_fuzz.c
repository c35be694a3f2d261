/* Any body of a request to create a container: read, checked, written and read again. */
#include "engine/container_check.h"

#include "base/memory.h"
#include "format/json.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct cgroup_host groups = {
	.layout = CGROUP_V2,
	.has = {true, true, true, true, true, true, true, true, true, true},
	.swap_limit = true,
	.cpu_quota = true,
};
static const struct host_limits limits = {2, &groups};

static void read_back(const struct record_type *type, const void *record, void *again)
{
	scoped_buffer struct buffer text = {0};
	struct error err;

	record_write_json(type, record, RECORD_FOR_STORE, &text);
	scoped_json json_t *json = json_parse(text.data, text.size, &err);
	if (!json || !record_from_json(type, json, RECORD_FOR_STORE, again, &err))
		abort();
	record_fini(type, again);
}

static void decode_files(const struct record_list *files)
{
	struct buffer *contents = mem_zeroed(files->count, sizeof(*contents));
	struct error err;

	container_files_decode(files, contents, &err);
	for (size_t i = 0; i < files->count; i++)
		buffer_fini(&contents[i]);
	free(contents);
}

static void check_extension(const json_t *body)
{
	const json_t *given = json_object_get(body, "Wherry");
	struct extension extension = {0};
	struct error err;

	if (given && record_from_json(&extension_type, given, RECORD_FOR_API, &extension, &err) &&
	    extension_check(&extension, &err)) {
		decode_files(&extension.files);
		read_back(&extension_type, &extension, &(struct extension){0});
	}
	record_fini(&extension_type, &extension);
}

static void check(const json_t *body, struct container_config *config, struct host_config *host)
{
	static const struct create_defaults defaults = {
		.limits = &limits, .log_driver = "json-file", .api_minor = 47};
	const json_t *host_body = json_object_get(body, "HostConfig");
	scoped_strings struct strings warnings = {0};
	struct error err;

	if (!record_from_json(&container_config_type, body, RECORD_FOR_API, config, &err) ||
	    (host_body &&
	     !record_from_json(&host_config_type, host_body, RECORD_FOR_API, host, &err)) ||
	    !container_check(config, host, &defaults, &warnings, &err))
		return;
	container_check_merged(config, &err);
	read_back(&container_config_type, config, &(struct container_config){0});
	read_back(&host_config_type, host, &(struct host_config){0});
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct container_config config = {0};
	struct host_config host = {0};
	struct error err;
	scoped_json json_t *body = json_parse((const char *)data, size, &err);

	if (body)
		check(body, &config, &host);
	if (body)
		check_extension(body);
	record_fini(&container_config_type, &config);
	record_fini(&host_config_type, &host);
	return 0;
}
