/* The group `unit`: its options, its verbs, and what these share. */
#include "cmd/cli/unit.h"

#include "format/json.h"
#include "format/unit_name.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* --legend=BOOL: the opposite of --no-legend. */
static bool set_legend(void *field, const char *text, struct error *err)
{
	static const char *const words[][2] = {{"no", "yes"}, {"false", "true"}, {"0", "1"}};

	for (size_t i = 0; i < array_length(words); i++)
		for (size_t k = 0; k < 2; k++) {
			if (!str_equal(words[i][k], text))
				continue;
			*(bool *)field = k == 0;
			return true;
		}
	return error_set(err, ERROR_INVALID, "'%s' is neither yes nor no", text);
}

static const struct option_kind option_legend = {.value_name = "bool", .set = set_legend};

#define AT(member) offsetof(struct unit_options, member)
const struct option unit_options[UNIT_OPTIONS] = {
	{'a', "all", &option_switch, AT(all),
	 .help = "Show units that are loaded and inactive, and empty properties"},
	{'t', "type", &option_words, AT(types), .help = "Show only units of these types"},
	{0, "state", &option_words, AT(states), .help = "Show only units in these states"},
	{0, "failed", &option_switch, AT(failed), .help = "Show only units that have failed"},
	{'p', "property", &option_words, AT(properties), .help = "Show only these properties"},
	{'P', "value-of", &option_words, AT(values),
	 .help = "Show only the values of these properties", .hidden = true},
	{0, "value", &option_switch, AT(value), .help = "Show values without their names"},
	{'l', "full", &option_switch, AT(full),
	 .help = "Cut nothing short; with edit: a copy of the whole file"},
	{0, "plain", &option_switch, AT(plain), .help = "A list instead of a tree, no dots"},
	{0, "no-legend", &option_switch, AT(no_legend), .help = "No head, no last lines"},
	{'q', "quiet", &option_switch, AT(quiet), .help = "Say nothing"},
	{0, "no-block", &option_switch, AT(no_block), .help = "Do not wait for the job's end"},
	{0, "job-mode", &option_string, AT(job_mode),
	 .help = "What becomes of jobs that stand in the way: replace, replace-irreversibly, fail, "
		 "isolate, flush, "
		 "ignore-dependencies, ignore-requirements"},
	{0, "fail", &option_switch, AT(mode_fail), .help = "--job-mode=fail", .hidden = true},
	{0, "irreversible", &option_switch, AT(mode_irreversible),
	 .help = "--job-mode=replace-irreversibly", .hidden = true},
	{0, "ignore-dependencies", &option_switch, AT(mode_ignore),
	 .help = "--job-mode=ignore-dependencies", .hidden = true},
	{0, "wait", &option_switch, AT(wait),
	 .help = "With start and restart: until the units are over; with is-system-running: until "
		 "it is up"},
	{0, "now", &option_switch, AT(now),
	 .help = "Start what is enabled, stop what is disabled or masked"},
	{0, "runtime", &option_switch, AT(runtime), .help = "Until the next boot only"},
	{'f', "force", &option_switch, AT(force),
	 .help = "Replace links, with export also files, that stand in the way"},
	{'s', "signal", &option_string, AT(signal), .help = "The signal of kill (default SIGTERM)"},
	{0, "kill-whom", &option_string, AT(kill_whom), .help = "Who gets it: all, main, control"},
	{0, "kill-who", &option_string, AT(kill_whom), .help = "Likewise", .hidden = true},
	{'n', "lines", &option_number, AT(lines),
	 .help = "Lines of the journal in status (default 10)"},
	{'o', "output", &option_string, AT(output),
	 .help = "How to show them: short, cat, json ...; with export: the folder (default "
		 "/run/systemd/system), - for standard output"},
	{'r', "recursive", &option_switch, AT(recursive),
	 .help = "With export: also what the units require or trigger"},
	{0, "reverse", &option_switch, AT(reverse), .help = "Show who depends on the unit"},
	{0, "after", &option_switch, AT(after), .help = "Show what the unit is ordered after"},
	{0, "before", &option_switch, AT(before), .help = "Show what the unit is ordered before"},
	{0, "what", &option_words, AT(what),
	 .help = "With clean: runtime, cache (these by default), state, logs, configuration, all"},
	{0, "legend", &option_legend, AT(no_legend), .help = "Head and last lines", .hidden = true},
	{0, "no-warn", &option_switch, AT(no_warn), .help = "No hints with enable", .hidden = true},
	{0, "show-types", &option_switch, AT(show_types), .help = "No effect", .hidden = true},
	{0, "drop-in", &option_string, AT(drop_in),
	 .help = "With edit: the drop-in's name (default override.conf)"},
	{0, "no-pager", &option_switch, AT(ignored), .help = "No effect: there is no pager",
	 .hidden = true},
	{0, "no-reload", &option_switch, AT(ignored),
	 .help = "No effect: files of units at rest are read when they are named", .hidden = true},
	{'i', "ignore-inhibitors", &option_switch, AT(ignored), .help = "No effect: there are none",
	 .hidden = true},
	{0, "check-inhibitors", &option_string, AT(unused), .help = "No effect: there are none",
	 .hidden = true},
	{0, "no-ask-password", &option_switch, AT(ignored), .help = "No effect", .hidden = true},
	{0, "no-wall", &option_switch, AT(ignored), .help = "No effect", .hidden = true},
	{0, "system", &option_switch, AT(ignored), .help = "No effect: there are no others",
	 .hidden = true},
	{0, "user", &option_switch, AT(user), .help = "Units of a user",
	 .refused = "units belong to the host; there is no supervisor of a user's own"},
	{0, "global", &option_switch, AT(user), .help = "Units of all users",
	 .refused = "units belong to the host; there is no supervisor of a user's own"},
	{'H', "host", &option_string, AT(unused), .help = "Another host",
	 .refused = "set WHERRY_HOST to reach the daemon of another host"},
	{'M', "machine", &option_string, AT(unused), .help = "A container's manager",
	 .refused = "set WHERRY_HOST to reach the daemon of another host"},
	{0, "root", &option_string, AT(unused), .help = "Files of another root",
	 .refused = "the daemon works on its own files"},
	{0, "image", &option_string, AT(unused), .help = "Files of an image",
	 .refused = "the daemon works on its own files"},
	{'T', "show-transaction", &option_switch, AT(ignored), .help = "Show all queued jobs",
	 .refused = "see list-jobs"},
	{0, "dry-run", &option_switch, AT(ignored), .help = "Only say what would be done",
	 .refused = "see verify and list-dependencies"},
	{0, "with-dependencies", &option_switch, AT(ignored), .help = "Also what they depend on",
	 .refused = "see list-dependencies"},
	{0, "marked", &option_switch, AT(ignored), .help = "Units that are marked",
	 .refused = "units are not marked"},
	{0, "kill-value", &option_string, AT(unused), .help = "A value with the signal",
	 .refused = "signals carry no value"},
	{0, "preset-mode", &option_string, AT(unused), .help = "Which presets count",
	 .refused = "whatever can be enabled is by preset"},
	{0, "timestamp", &option_string, AT(unused), .help = "The form of times",
	 .refused = "show has each time in microseconds too, as ...TimestampUSec"},
};

/* ---- names ---- */

static bool is_systemctl(const struct cli *cli)
{
	return str_equal(cli->program, "systemctl");
}

const char *unit_program(const struct cli *cli)
{
	return is_systemctl(cli) ? "systemctl" : "wherry unit";
}

const char *unit_journal_program(const struct cli *cli)
{
	return is_systemctl(cli) ? "journalctl" : "wherry journal";
}

bool unit_patterns(const struct strings *typed, struct strings *names, struct error *err)
{
	for (size_t i = 0; i < typed->count; i++) {
		char *name;

		if (!unit_name_from_argument(typed->items[i], true, &name, err))
			return false;
		strings_take(names, name);
	}
	return true;
}

char *unit_target_name(const char *typed)
{
	return strchr(typed, '.') ? str_dup(typed) : str_format("%s.target", typed);
}

static bool is_glob(const char *name)
{
	return strpbrk(name, "*?[");
}

static bool add_matching(struct cli *cli, const char *pattern, struct strings *names,
			 struct error *err)
{
	scoped_target struct target target = target_format("/wherry/v1/units");
	size_t i;
	json_t *unit;

	target_add_flag(&target, "all", true);
	target_add(&target, "pattern", pattern);
	scoped_json json_t *units = api_get(cli, &target, err);
	if (!units)
		return false;
	json_array_foreach (units, i, unit)
		strings_add(names, doc_text(unit, "Id"));
	return true;
}

bool unit_names(struct cli *cli, const struct strings *typed, struct strings *names,
		struct error *err)
{
	scoped_strings struct strings patterns = {0};

	if (!unit_patterns(typed, &patterns, err))
		return false;
	for (size_t i = 0; i < patterns.count; i++)
		if (!is_glob(patterns.items[i]))
			strings_add(names, patterns.items[i]);
		else if (!add_matching(cli, patterns.items[i], names, err))
			return false;
	return true;
}

int unit_each(struct cli *cli, const struct strings *typed, const struct unit_options *options,
	      unit_act *one)
{
	scoped_strings struct strings names = {0};
	struct error err;
	int status = 0;

	if (!unit_names(cli, typed, &names, &err))
		return cli_fail(cli, &err);
	for (size_t i = 0; i < names.count; i++)
		if (!one(cli, names.items[i], options, &err))
			status = cli_complain(&err);
	return status;
}

/* ---- a unit's document ---- */

json_t *unit_get(struct cli *cli, const char *name, struct error *err)
{
	scoped_target struct target target = target_format("/wherry/v1/units/%s", name);

	return api_get(cli, &target, err);
}

json_t *unit_get_files(struct cli *cli, const char *name, struct error *err)
{
	scoped_target struct target target = target_format("/wherry/v1/units/%s/files", name);
	scoped_json json_t *files = api_get(cli, &target, err);

	if (files && !json_array_size(files)) {
		error_set(err, ERROR_NOT_FOUND, "No files found for %s.", name);
		return NULL;
	}
	return take(files);
}

const char *unit_property(const json_t *unit, const char *name)
{
	return doc_text(json_object_get(unit, "Properties"), name);
}

int64_t unit_moment(const json_t *unit, const char *name)
{
	scoped_free char *exact = str_format("%sUSec", name);

	return strtoll(unit_property(unit, exact), NULL, 10);
}

bool unit_is_known(const json_t *unit)
{
	return !str_equal(unit_property(unit, "LoadState"), "not-found");
}

/* ---- dots and colours ---- */

static const struct {
	const char *active, *dot, *colour;
} looks[] = {
	{"active", "●", "\033[0;1;32m"}, {"reloading", "↻", "\033[0;1;32m"},
	{"failed", "×", "\033[0;1;31m"}, {"inactive", "○", ""},
	{"activating", "●", ""},	 {"deactivating", "●", ""},
	{"maintenance", "○", ""},
};

static bool wants_colours(void)
{
	const char *none = getenv("NO_COLOR");

	return isatty(STDOUT_FILENO) && str_is_empty(none);
}

void unit_add_coloured(struct buffer *out, const char *active, const char *text)
{
	const char *colour = "";

	for (size_t i = 0; i < array_length(looks); i++)
		if (str_equal(looks[i].active, active))
			colour = looks[i].colour;
	if (*colour && wants_colours())
		buffer_format(out, "%s%s\033[0m", colour, text);
	else
		buffer_add_text(out, text);
}

const char *unit_dot(const char *load, const char *active)
{
	for (size_t i = 0; i < array_length(looks); i++)
		if (str_equal(looks[i].active, active))
			return looks[i].dot;
	return "○";
}

/* ---- the group ---- */

extern const struct command unit_start, unit_stop, unit_restart, unit_try_restart, unit_reload,
	unit_reload_or_restart, unit_try_reload_or_restart, unit_isolate, unit_kill,
	unit_reset_failed, unit_daemon_reload, unit_cancel, unit_list_jobs;
extern const struct command unit_list, unit_list_files, unit_list_timers, unit_list_sockets,
	unit_list_dependencies;
extern const struct command unit_status, unit_show, unit_cat, unit_is_active, unit_is_failed,
	unit_is_enabled, unit_is_running;
extern const struct command unit_enable, unit_disable, unit_reenable, unit_mask, unit_unmask,
	unit_link, unit_preset, unit_add_wants, unit_add_requires, unit_revert, unit_edit,
	unit_set_property, unit_verify, unit_export;
extern const struct command unit_list_paths, unit_clean, unit_show_environment, unit_set_environment, unit_daemon_reexec,
	unit_unset_environment, unit_import_environment, unit_freeze, unit_thaw, unit_get_default,
	unit_set_default, unit_refused;

static const struct command_entry entries[] = {
	{"start", NULL, SECTION_OTHER, &unit_start},
	{"stop", NULL, SECTION_OTHER, &unit_stop},
	{"restart", NULL, SECTION_OTHER, &unit_restart},
	{"try-restart", "condrestart", SECTION_OTHER, &unit_try_restart},
	{"reload", NULL, SECTION_OTHER, &unit_reload},
	{"reload-or-restart", NULL, SECTION_OTHER, &unit_reload_or_restart},
	{"try-reload-or-restart", "force-reload", SECTION_OTHER, &unit_try_reload_or_restart},
	{"isolate", NULL, SECTION_OTHER, &unit_isolate},
	{"kill", NULL, SECTION_OTHER, &unit_kill},
	{"status", NULL, SECTION_OTHER, &unit_status},
	{"show", NULL, SECTION_OTHER, &unit_show},
	{"cat", NULL, SECTION_OTHER, &unit_cat},
	{"is-active", NULL, SECTION_OTHER, &unit_is_active},
	{"is-failed", NULL, SECTION_OTHER, &unit_is_failed},
	{"is-enabled", NULL, SECTION_OTHER, &unit_is_enabled},
	{"is-system-running", NULL, SECTION_OTHER, &unit_is_running},
	{"reset-failed", NULL, SECTION_OTHER, &unit_reset_failed},
	{"list-units", "ls list", SECTION_OTHER, &unit_list},
	{"list-unit-files", NULL, SECTION_OTHER, &unit_list_files},
	{"list-timers", NULL, SECTION_OTHER, &unit_list_timers},
	{"list-sockets", NULL, SECTION_OTHER, &unit_list_sockets},
	{"list-paths", NULL, SECTION_OTHER, &unit_list_paths},
	{"list-dependencies", NULL, SECTION_OTHER, &unit_list_dependencies},
	{"list-jobs", NULL, SECTION_OTHER, &unit_list_jobs},
	{"cancel", NULL, SECTION_OTHER, &unit_cancel},
	{"enable", NULL, SECTION_OTHER, &unit_enable},
	{"disable", NULL, SECTION_OTHER, &unit_disable},
	{"reenable", NULL, SECTION_OTHER, &unit_reenable},
	{"mask", NULL, SECTION_OTHER, &unit_mask},
	{"unmask", NULL, SECTION_OTHER, &unit_unmask},
	{"link", NULL, SECTION_OTHER, &unit_link},
	{"preset", NULL, SECTION_OTHER, &unit_preset},
	{"add-wants", NULL, SECTION_OTHER, &unit_add_wants},
	{"add-requires", NULL, SECTION_OTHER, &unit_add_requires},
	{"edit", NULL, SECTION_OTHER, &unit_edit},
	{"set-property", NULL, SECTION_OTHER, &unit_set_property},
	{"revert", NULL, SECTION_OTHER, &unit_revert},
	{"clean", NULL, SECTION_OTHER, &unit_clean},
	{"freeze", NULL, SECTION_OTHER, &unit_freeze},
	{"thaw", NULL, SECTION_OTHER, &unit_thaw},
	{"show-environment", NULL, SECTION_OTHER, &unit_show_environment},
	{"set-environment", NULL, SECTION_OTHER, &unit_set_environment},
	{"unset-environment", NULL, SECTION_OTHER, &unit_unset_environment},
	{"import-environment", NULL, SECTION_OTHER, &unit_import_environment},
	{"get-default", NULL, SECTION_OTHER, &unit_get_default},
	{"set-default", NULL, SECTION_OTHER, &unit_set_default},
	{"daemon-reload", NULL, SECTION_OTHER, &unit_daemon_reload},
	{"daemon-reexec", NULL, SECTION_OTHER, &unit_daemon_reexec},
	{"verify", NULL, SECTION_OTHER, &unit_verify},
	{"export", NULL, SECTION_OTHER, &unit_export},
	{"poweroff", NULL, SECTION_HIDDEN, &unit_refused},
	{"reboot", NULL, SECTION_HIDDEN, &unit_refused},
	{"halt", NULL, SECTION_HIDDEN, &unit_refused},
	{"kexec", NULL, SECTION_HIDDEN, &unit_refused},
	{"soft-reboot", NULL, SECTION_HIDDEN, &unit_refused},
	{"suspend", NULL, SECTION_HIDDEN, &unit_refused},
	{"hibernate", NULL, SECTION_HIDDEN, &unit_refused},
	{"hybrid-sleep", NULL, SECTION_HIDDEN, &unit_refused},
	{"suspend-then-hibernate", NULL, SECTION_HIDDEN, &unit_refused},
	{"rescue", NULL, SECTION_HIDDEN, &unit_refused},
	{"emergency", NULL, SECTION_HIDDEN, &unit_refused},
	{"default", NULL, SECTION_HIDDEN, &unit_refused},
	{"exit", NULL, SECTION_HIDDEN, &unit_refused},
	{"switch-root", NULL, SECTION_HIDDEN, &unit_refused},
	{"preset-all", NULL, SECTION_HIDDEN, &unit_refused},
	{"list-automounts", NULL, SECTION_HIDDEN, &unit_refused},
	{"list-machines", NULL, SECTION_HIDDEN, &unit_refused},
	{"bind", NULL, SECTION_HIDDEN, &unit_refused},
	{"mount-image", NULL, SECTION_HIDDEN, &unit_refused},
	{"log-level", NULL, SECTION_HIDDEN, &unit_refused},
	{"log-target", NULL, SECTION_HIDDEN, &unit_refused},
	{"service-log-level", NULL, SECTION_HIDDEN, &unit_refused},
	{"service-log-target", NULL, SECTION_HIDDEN, &unit_refused},
	{"service-watchdogs", NULL, SECTION_HIDDEN, &unit_refused},
	{"help", NULL, SECTION_HIDDEN, &unit_refused},
	{"whoami", NULL, SECTION_HIDDEN, &unit_refused},
};

const struct command unit_group = {
	.summary = "Manage units: services, sockets, timers, targets ...",
	.usage = "COMMAND",
	COMMAND_ENTRIES(entries),
};
