/* Any inspect document, and any image, beside a body that has everything. */
#include "cmd/compose/body.h"
#include "format/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char wanted[] =
	"{\"Image\": \"i\", \"Env\": [\"A=1\"], \"Cmd\": [\"c\"], \"Hostname\": \"h\", \"Labels\": "
	"{\"l\": \"m\", "
	"\"com.docker.compose.service\": \"a\"}, \"ExposedPorts\": {\"80/tcp\": {}}, \"Volumes\": "
	"{\"/v\": {}}, \"Healthcheck\": {\"Test\": [\"CMD\", \"t\"], \"Interval\": 5}, "
	"\"HostConfig\": "
	"{\"NetworkMode\": \"n\", \"Binds\": [\"v:/d:ro\"], \"CapAdd\": [\"X\"], \"NanoCpus\": 5, "
	"\"PortBindings\": {\"80/tcp\": [{\"HostIp\": \"\", \"HostPort\": \"80\"}]}, \"Mounts\": "
	"[{\"Type\": "
	"\"tmpfs\", \"Target\": \"/t\"}], \"SecurityOpt\": [\"s\"], \"RestartPolicy\": {\"Name\": "
	"\"always\"}}, \"NetworkingConfig\": {\"EndpointsConfig\": {\"n\": {\"Aliases\": [\"a\"], "
	"\"Links\": [\"b:c\"]}}}, \"Wherry\": {\"Files\": [{\"Target\": \"/f\", \"Content\": "
	"\"aGk=\"}]}}";

/* The documents stand one behind the other: what is there, and the image. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	scoped_json json_t *body = json_loads(wanted, 0, NULL);
	struct changes changes = {0};
	struct error err;
	size_t used = 0;
	scoped_json json_t *seen = json_parse_first(text, size, &used, &err);
	scoped_json json_t *image =
		seen ? json_parse_first(text + used, size - used, &used, &err) : NULL;

	if (!seen)
		return 0;
	body_compare(body, seen, image, &changes);
	changes_fini(&changes);
	return 0;
}
