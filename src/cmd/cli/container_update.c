/* update */
#include "cmd/cli/api.h"
#include "format/json.h"
#include "spec/resources.h"

#include <stdio.h>

/* Warnings of all containers come behind their names. */
static bool update(struct cli *cli, const char *name, const json_t *body, struct strings *warnings,
		   struct error *err)
{
	scoped_target struct target target = target_format("/containers/%s/update", name);
	struct api_request request = {.method = "POST", .target = &target, .body = body};
	scoped_json json_t *answer = NULL;
	size_t i;
	json_t *warning;

	if (!api_call(cli, &request, &answer, err))
		return false;
	json_array_foreach (json_object_get(answer, "Warnings"), i, warning)
		strings_add(warnings, json_string_value(warning));
	return true;
}

static int update_all(struct cli *cli, const struct strings *names, const json_t *body)
{
	scoped_strings struct strings warnings = {0};
	int status = 0;

	for (size_t i = 0; i < names->count; i++) {
		struct error err;

		if (update(cli, names->items[i], body, &warnings, &err))
			printf("%s\n", names->items[i]);
		else
			status = cli_complain(&err);
	}
	for (size_t i = 0; i < warnings.count; i++)
		printf("%s\n", warnings.items[i]);
	return status;
}

static int run(struct cli *cli, void *fields, const struct strings *arguments)
{
	scoped_json json_t *body = json_object();
	struct error err;

	if (!resources_given(fields)) {
		fprintf(stderr, "you must provide one or more flags when using this command\n");
		return 1;
	}
	if (!resources_to_json(fields, body, &err))
		return cli_fail(cli, &err);
	return update_all(cli, arguments, body);
}

const struct command container_update = {
	.summary = "Change the limits of containers",
	.usage = "[OPTIONS] CONTAINER [CONTAINER...]",
	.least = 1,
	.most = -1,
	.arguments = ARGUMENTS_CONTAINERS,
	.size = sizeof(struct resource_options),
	.options = {{resources_options, RESOURCES_OPTION_COUNT}},
	.run = run,
};
