/* show, cat, is-active, is-failed, is-enabled, is-system-running. */
#include "cmd/cli/unit.h"
#include "format/json.h"
#include "format/time_span.h"

#include <stdio.h>

/* ---- show ---- */

static bool is_wanted(const struct unit_options *options, const char *name)
{
	const struct strings *asked =
		options->values.count ? &options->values : &options->properties;

	if (asked->count)
		return strings_contain(asked, name);
	return !str_ends_with(name, "USec") || !strstr(name, "Timestamp"); /* ours, for programs */
}

static void add_property(const struct unit_options *options, const char *name, const char *value,
			 struct buffer *out)
{
	bool asked = options->properties.count || options->values.count;

	if (!*value && !asked && !options->all)
		return;
	if (options->value || options->values.count)
		buffer_format(out, "%s\n", value);
	else
		buffer_format(out, "%s=%s\n", name, value);
}

static bool show_unit(struct cli *cli, const char *name, const struct unit_options *options,
		      struct buffer *out, struct error *err)
{
	scoped_json json_t *unit = unit_get(cli, name, err);
	const char *property;
	json_t *value;

	json_object_foreach (json_object_get(unit, "Properties"), property, value)
		if (is_wanted(options, property))
			add_property(options, property, json_string_value(value), out);
	return unit;
}

/* Of the manager itself, where no unit is named. */
static int show_manager(struct cli *cli, const struct unit_options *options)
{
	static const struct {
		const char *property, *member;
		bool is_number;
	} rows[] = {{"SystemState", "State", false},
		    {"NNames", "Units", true},
		    {"NFailedUnits", "Failed", true},
		    {"NJobs", "Jobs", true}};
	scoped_target struct target target = target_format("/wherry/v1/state");
	scoped_buffer struct buffer out = {0};
	struct error err;

	scoped_json json_t *host = api_get(cli, &target, &err);
	if (!host)
		return cli_fail(cli, &err);
	scoped_free char *since = time_stamp_format(doc_number(host, "Since_us"));
	if (is_wanted(options, "Version"))
		add_property(options, "Version", cli->version, &out);
	if (is_wanted(options, "UserspaceTimestamp"))
		add_property(options, "UserspaceTimestamp", since, &out);
	for (size_t i = 0; i < array_length(rows); i++) {
		scoped_free char *text =
			rows[i].is_number
				? str_format("%lld", (long long)doc_number(host, rows[i].member))
				: str_dup(doc_text(host, rows[i].member));

		if (is_wanted(options, rows[i].property))
			add_property(options, rows[i].property, text, &out);
	}
	return cli_print(&out);
}

static int run_show(struct cli *cli, void *fields, const struct strings *arguments)
{
	scoped_strings struct strings names = {0};
	scoped_buffer struct buffer out = {0};
	struct error err;

	if (!arguments->count)
		return show_manager(cli, fields);
	if (!unit_names(cli, arguments, &names, &err))
		return cli_fail(cli, &err);
	for (size_t i = 0; i < names.count; i++) {
		if (i)
			buffer_add_char(&out, '\n');
		if (!show_unit(cli, names.items[i], fields, &out, &err))
			return cli_fail(cli, &err);
	}
	return cli_print(&out);
}

const struct command unit_show =
	UNIT_COMMAND("[OPTIONS] UNIT [UNIT...]", "Show properties of units", 0, -1, run_show);

/* ---- cat ---- */

static bool add_files(struct cli *cli, const char *name, bool first, struct buffer *out,
		      struct error *err)
{
	scoped_json json_t *files = unit_get_files(cli, name, err);
	size_t i;
	json_t *file;

	if (!files)
		return false;
	json_array_foreach (files, i, file) {
		const char *text = doc_text(file, "Text");

		buffer_format(out, "%s# %s\n%s", first && !i ? "" : "\n", doc_text(file, "Path"),
			      text);
		if (*text && text[strlen(text) - 1] != '\n')
			buffer_add_char(out, '\n');
	}
	return true;
}

static int run_cat(struct cli *cli, void *fields, const struct strings *arguments)
{
	scoped_strings struct strings names = {0};
	scoped_buffer struct buffer out = {0};
	struct error err;
	int status = 0;

	if (!unit_names(cli, arguments, &names, &err))
		return cli_fail(cli, &err);
	for (size_t i = 0; i < names.count; i++)
		if (!add_files(cli, names.items[i], out.size == 0, &out, &err))
			status = cli_complain(&err);
	if (out.size && cli_print(&out) != 0)
		return 1;
	return status;
}

const struct command unit_cat =
	UNIT_COMMAND("[OPTIONS] UNIT [UNIT...]", "Show the files of units", 1, -1, run_cat);

/* ---- is-active, is-failed ---- */

/* One word a unit; 0 when any of them is `wanted`. */
static int ask_states(struct cli *cli, const struct unit_options *options,
		      const struct strings *arguments, const char *wanted, int otherwise)
{
	scoped_strings struct strings names = {0};
	struct error err;
	int status = otherwise;

	if (!unit_names(cli, arguments, &names, &err))
		return cli_fail(cli, &err);
	for (size_t i = 0; i < names.count; i++) {
		scoped_json json_t *unit = unit_get(cli, names.items[i], &err);

		if (!unit)
			return cli_fail(cli, &err);
		const char *active = unit_property(unit, "ActiveState");
		if (!options->quiet)
			printf("%s\n", active);
		if (str_equal(active, wanted) ||
		    (str_equal(wanted, "active") && str_equal(active, "reloading")))
			status = 0;
	}
	return status;
}

static int run_is_active(struct cli *cli, void *fields, const struct strings *arguments)
{
	return ask_states(cli, fields, arguments, "active", 3);
}

static int run_is_failed(struct cli *cli, void *fields, const struct strings *arguments)
{
	return ask_states(cli, fields, arguments, "failed", 1);
}

const struct command unit_is_active = UNIT_COMMAND(
	"[OPTIONS] UNIT [UNIT...]", "Say whether units are active", 1, -1, run_is_active);
const struct command unit_is_failed = UNIT_COMMAND(
	"[OPTIONS] UNIT [UNIT...]", "Say whether units have failed", 1, -1, run_is_failed);

/* ---- is-enabled ---- */

static bool counts_as_enabled(const char *state)
{
	static const char *const enabled[] = {"enabled",  "enabled-runtime", "static",	 "alias",
					      "indirect", "generated",	     "transient"};

	for (size_t i = 0; i < array_length(enabled); i++)
		if (str_equal(state, enabled[i]))
			return true;
	return false;
}

static int run_is_enabled(struct cli *cli, void *fields, const struct strings *arguments)
{
	const struct unit_options *options = fields;
	scoped_strings struct strings names = {0};
	struct error err;
	int status = 1;

	if (!unit_patterns(arguments, &names, &err))
		return cli_fail(cli, &err);
	for (size_t i = 0; i < names.count; i++) {
		scoped_target struct target target =
			target_format("/wherry/v1/unit-files/%s", names.items[i]);
		scoped_json json_t *file = api_get(cli, &target, &err);

		if (!file)
			return cli_fail(cli, &err);
		const char *state = doc_text(file, "State");
		if (str_equal(state, "not-found"))
			fprintf(stderr,
				"Failed to get unit file state for %s: No such file or directory\n",
				names.items[i]);
		else if (!options->quiet)
			printf("%s\n", state);
		if (counts_as_enabled(state))
			status = 0;
	}
	return status;
}

const struct command unit_is_enabled = UNIT_COMMAND(
	"[OPTIONS] UNIT [UNIT...]", "Say whether units are enabled", 1, -1, run_is_enabled);

static int run_is_running(struct cli *cli, void *fields, const struct strings *arguments)
{
	const struct unit_options *options = fields;
	scoped_target struct target target = target_format("/wherry/v1/state");
	struct error err;

	scoped_json json_t *host = api_get(cli, &target, &err);
	if (!host)
		return cli_fail(cli, &err);
	if (!options->quiet)
		printf("%s\n", doc_text(host, "State"));
	return str_equal(doc_text(host, "State"), "running") ? 0 : 1;
}

const struct command unit_is_running = UNIT_COMMAND(
	"[OPTIONS]", "Say how the host's units are on the whole", 0, 0, run_is_running);
