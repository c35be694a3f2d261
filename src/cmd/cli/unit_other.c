/* Verbs of systemctl that need little: what the default target is, presets; and those that do nothing here, each
 * refused by its name with the reason. */
#include "base/time.h"
#include "cmd/cli/unit.h"
#include "format/json.h"

#include <stdio.h>
#include <time.h>

/* ---- the default target ---- */

/* A built-in unit, and its names. */
#define DEFAULT_TARGET "multi-user.target"
static const char *const default_names[] = {DEFAULT_TARGET, "default.target", "graphical.target"};

static int run_get_default(struct cli *cli, void *fields, const struct strings *arguments)
{
	puts(DEFAULT_TARGET);
	return 0;
}

static int run_set_default(struct cli *cli, void *fields, const struct strings *arguments)
{
	scoped_free char *name = unit_target_name(arguments->items[0]);

	for (size_t i = 0; i < array_length(default_names); i++)
		if (str_equal(name, default_names[i]))
			return 0;
	fprintf(stderr,
		"Failed to set default target: it is " DEFAULT_TARGET
		", which is built in; have it want %s instead: %s add-wants " DEFAULT_TARGET
		" %s\n",
		name, unit_program(cli), name);
	return 1;
}

const struct command unit_get_default =
	UNIT_COMMAND("[OPTIONS]", "Name the target that is started at boot", 0, 0, run_get_default);
const struct command unit_set_default = UNIT_COMMAND(
	"[OPTIONS] TARGET", "Choose that target: it is built in", 1, 1, run_set_default);

/* ---- the daemon anew ---- */

/* Its sockets are open all the time: who asks waits for the next one. */
static bool wait_for_daemon(struct cli *cli, struct error *err)
{
	enum { TRIES = 100, PAUSE_MS = 100 };

	for (int i = 0; i < TRIES; i++) {
		scoped_target struct target target = target_format("/wherry/v1/state");
		scoped_json json_t *state = api_get(cli, &target, err);

		if (state)
			return true;
		nanosleep(&(struct timespec){.tv_nsec = PAUSE_MS * NS_PER_MS}, NULL);
	}
	return false;
}

static int run_reexec(struct cli *cli, void *fields, const struct strings *arguments)
{
	scoped_target struct target target = target_format("/wherry/v1/reexec");
	struct error err;

	if (!api_post(cli, &target, NULL, &err)) {
		error_prefix(&err, "Failed to reexecute the daemon");
		return cli_complain(&err);
	}
	return wait_for_daemon(cli, &err) ? 0 : cli_fail(cli, &err);
}

const struct command unit_daemon_reexec = UNIT_COMMAND(
	"[OPTIONS]", "Have the daemon begin anew, while units go on", 0, 0, run_reexec);

/* ---- what is refused ---- */

#define HOST	 "a host is never switched off or changed in its run level by units"
#define SETTINGS "its settings are options of wherryd"
#define MOUNTS	 "what a unit sees is decided when it starts"

static const struct refusal {
	const char *verbs; /* separated by blanks */
	const char *why;
} refusals[] = {
	{"poweroff reboot halt kexec soft-reboot suspend hibernate hybrid-sleep "
	 "suspend-then-hibernate rescue emergency default exit switch-root",
	 HOST},
	{"preset-all", "it would enable every unit that there is: name those you mean"},
	{"list-automounts", "automount units are not run"},
	{"list-machines", "there is no host but this one"},
	{"bind mount-image", MOUNTS},
	{"log-level log-target service-log-level service-log-target service-watchdogs", SETTINGS},
	{"whoami", "status PID shows the unit of a process"},
	{"help", "the pages are named in status, as Docs"},
};

static const char *reason_for(const char *verb)
{
	for (size_t i = 0; i < array_length(refusals); i++) {
		scoped_strings struct strings verbs = strings_split(refusals[i].verbs, ' ');

		if (strings_contain(&verbs, verb))
			return refusals[i].why;
	}
	return "it does nothing here";
}

static int run_refused(struct cli *cli, void *fields, const struct strings *arguments)
{
	const char *verb = strrchr(cli->path, ' ') + 1;

	fprintf(stderr, "%s %s is not supported: %s\n", unit_program(cli), verb, reason_for(verb));
	return 1;
}

const struct command unit_refused =
	UNIT_COMMAND("[OPTIONS]", "Not supported here", 0, -1, run_refused);
