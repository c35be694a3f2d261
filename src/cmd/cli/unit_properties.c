/* set-property, clean, freeze, and the variables of all units. */
#include "cmd/cli/unit.h"
#include "format/json.h"

#include <stdio.h>
#include <stdlib.h>

static json_t *list_of(const struct strings *items, size_t from)
{
	json_t *list = json_array();

	for (size_t i = from; i < items->count; i++)
		json_array_append_new(list, json_string(items->items[i]));
	return list;
}

static int run_set(struct cli *cli, void *fields, const struct strings *arguments)
{
	const struct unit_options *options = fields;
	scoped_strings struct strings typed = {0}, names = {0};
	scoped_json json_t *body = json_object();
	struct error err;

	strings_add(&typed, arguments->items[0]);
	if (!unit_patterns(&typed, &names, &err))
		return cli_fail(cli, &err);
	scoped_target struct target target =
		target_format("/wherry/v1/units/%s/properties", names.items[0]);
	json_object_set_new(body, "Properties", list_of(arguments, 1));
	json_object_set_new(body, "Runtime", json_boolean(options->runtime));
	if (api_post(cli, &target, body, &err))
		return 0;
	error_prefix(&err, "Failed to set unit properties on %s", names.items[0]);
	return cli_complain(&err);
}

const struct command unit_set_property =
	UNIT_COMMAND("[OPTIONS] UNIT PROPERTY=VALUE [PROPERTY=VALUE...]",
		     "Change limits of a unit, also while it runs", 2, -1, run_set);

static bool clean_one(struct cli *cli, const char *name, const struct unit_options *options,
		      struct error *err)
{
	scoped_target struct target target = target_format("/wherry/v1/units/%s/clean", name);
	scoped_json json_t *body = json_object();

	json_object_set_new(body, "What", list_of(&options->what, 0));
	return api_post(cli, &target, body, err) ||
	       error_prefix(err, "Failed to clean unit %s", name);
}

static int run_clean(struct cli *cli, void *fields, const struct strings *arguments)
{
	return unit_each(cli, arguments, fields, clean_one);
}

const struct command unit_clean = UNIT_COMMAND(
	"[OPTIONS] UNIT [UNIT...]", "Remove the cache, state, logs ... of units that do not run", 1,
	-1, run_clean);

/* ---- freeze, thaw ---- */

static bool freeze_one(struct cli *cli, const char *name, const struct unit_options *options,
		       struct error *err)
{
	const char *verb = strrchr(cli->path, ' ') + 1;
	scoped_target struct target target = target_format("/wherry/v1/units/%s/%s", name, verb);

	return api_post(cli, &target, NULL, err) ||
	       error_prefix(err, "Failed to %s unit %s", verb, name);
}

static int run_freeze(struct cli *cli, void *fields, const struct strings *arguments)
{
	return unit_each(cli, arguments, fields, freeze_one);
}

const struct command unit_freeze =
	UNIT_COMMAND("[OPTIONS] UNIT [UNIT...]", "Stop all processes of units where they are", 1,
		     -1, run_freeze);
const struct command unit_thaw = UNIT_COMMAND(
	"[OPTIONS] UNIT [UNIT...]", "Let processes of frozen units go on", 1, -1, run_freeze);

/* ---- variables of all units ---- */

static int run_environment(struct cli *cli, void *fields, const struct strings *arguments)
{
	scoped_target struct target target = target_format("/wherry/v1/environment");
	scoped_buffer struct buffer out = {0};
	struct error err;
	const char *name;
	json_t *value;

	scoped_json json_t *variables = api_get(cli, &target, &err);
	if (!variables)
		return cli_fail(cli, &err);
	json_object_foreach (variables, name, value)
		buffer_format(&out, "%s=%s\n", name, json_string_value(value));
	return cli_print(&out);
}

const struct command unit_show_environment =
	UNIT_COMMAND("[OPTIONS]", "Show the variables that all units get", 0, 0, run_environment);

static int change_environment(struct cli *cli, const char *member, json_t *list)
{
	scoped_target struct target target = target_format("/wherry/v1/environment");
	scoped_json json_t *body = json_object();
	struct error err;

	json_object_set_new(body, member, list);
	if (api_post(cli, &target, body, &err))
		return 0;
	error_prefix(&err, "Failed to set environment");
	return cli_complain(&err);
}

static int run_set_environment(struct cli *cli, void *fields, const struct strings *arguments)
{
	return change_environment(cli, "Set", list_of(arguments, 0));
}

static int run_unset_environment(struct cli *cli, void *fields, const struct strings *arguments)
{
	return change_environment(cli, "Unset", list_of(arguments, 0));
}

/* Those that are named, as they are here. */
static int run_import_environment(struct cli *cli, void *fields, const struct strings *arguments)
{
	scoped_strings struct strings found = {0};

	for (size_t i = 0; i < arguments->count; i++) {
		const char *name = arguments->items[i], *value = getenv(name);

		if (value)
			strings_format(&found, "%s=%s", name, value);
		else
			fprintf(stderr, "Environment variable $%s not set, ignoring.\n", name);
	}
	return change_environment(cli, "Set", list_of(&found, 0));
}

const struct command unit_set_environment =
	UNIT_COMMAND("[OPTIONS] VARIABLE=VALUE [VARIABLE=VALUE...]",
		     "Set variables that all units get", 1, -1, run_set_environment);
const struct command unit_unset_environment =
	UNIT_COMMAND("[OPTIONS] VARIABLE[=VALUE] [VARIABLE[=VALUE]...]",
		     "Take variables away that all units get", 1, -1, run_unset_environment);
const struct command unit_import_environment =
	UNIT_COMMAND("[OPTIONS] VARIABLE [VARIABLE...]", "Give variables from here to all units", 1,
		     -1, run_import_environment);
