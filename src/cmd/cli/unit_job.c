/* Verbs that make jobs, and what is said of how they ended: systemctl's words and exit codes. */
#include "base/signal_name.h"
#include "cmd/cli/unit.h"
#include "format/json.h"

#include <stdio.h>

/* ---- how a job ended ---- */

static const struct {
	const char *reason, *words;
} failures[] = {
	{"exit-code", "the control process exited with error code"},
	{"timeout", "a timeout was exceeded"},
	{"signal", "a fatal signal was delivered to the control process"},
	{"core-dump", "a fatal signal was delivered causing the control process to dump core"},
	{"watchdog", "the service failed to send watchdog ping"},
	{"resources", "of unavailable resources or another system error"},
	{"protocol", "the service did not take the steps required by its unit configuration"},
	{"start-limit-hit", "start of the service was attempted too often"},
	{"oom-kill", "the service was killed by the system's OOM killer"},
};

static void say_failed(const struct cli *cli, const char *unit, const char *reason)
{
	const char *words = NULL;

	for (size_t i = 0; i < array_length(failures); i++)
		if (str_equal(failures[i].reason, reason))
			words = failures[i].words;
	fprintf(stderr, "Job for %s failed%s%s.\n", unit, words ? " because " : "",
		words ? words : "");
	fprintf(stderr, "See \"%s status %s\" and \"%s -u %s\" for details.\n", unit_program(cli),
		unit, unit_journal_program(cli), unit);
}

static void say_result(const struct cli *cli, const json_t *event)
{
	const char *unit = doc_text(event, "Unit"), *result = doc_text(event, "Result");

	if (str_equal(result, "failed"))
		say_failed(cli, unit, doc_text(event, "Reason"));
	else if (str_equal(result, "canceled"))
		fprintf(stderr, "Job for %s canceled.\n", unit);
	else if (str_equal(result, "timeout"))
		fprintf(stderr, "Job for %s timed out.\n", unit);
	else if (str_equal(result, "dependency"))
		fprintf(stderr, "A dependency job for %s failed. See '%s' for details.\n", unit,
			unit_journal_program(cli));
	else if (str_equal(result, "assert"))
		fprintf(stderr, "Assertion failed on job for %s.\n", unit);
	else if (str_equal(result, "invalid"))
		fprintf(stderr, "%s is not active, cannot reload.\n", unit);
	else if (str_equal(result, "unsupported"))
		fprintf(stderr, "Operation on or unit type of %s not supported on this system.\n",
			unit);
}

struct jobs {
	const struct cli *cli;
	const char *verb;
	bool quiet;
	int status; /* of the first that failed */
};

static void note_status(struct jobs *jobs, int64_t code)
{
	if (!jobs->status && code)
		jobs->status = (int)code;
}

static bool take_event(void *data, const json_t *event, struct error *err)
{
	struct jobs *jobs = data;
	const char *kind = doc_text(event, "Event");

	note_status(jobs, doc_number(event, "Code"));
	if (jobs->quiet)
		return true;
	if (str_equal(kind, "error"))
		fprintf(stderr, "Failed to %s %s: %s\n", jobs->verb, doc_text(event, "Unit"),
			doc_text(event, "message"));
	else if (str_equal(kind, "done"))
		say_result(jobs->cli, event);
	return true;
}

/* ---- asking ---- */

/* --fail and its like are older names of modes. */
static const char *mode_of(const struct unit_options *options)
{
	return options->job_mode	    ? options->job_mode
	       : options->mode_fail	    ? "fail"
	       : options->mode_irreversible ? "replace-irreversibly"
	       : options->mode_ignore	    ? "ignore-dependencies"
					    : NULL;
}

static json_t *request_body(const char *verb, const struct strings *names,
			    const struct unit_options *options)
{
	json_t *body = json_object(), *units = json_array();

	for (size_t i = 0; i < names->count; i++)
		json_array_append_new(units, json_string(names->items[i]));
	doc_set_text(body, "Verb", verb);
	json_object_set_new(body, "Units", units);
	if (mode_of(options))
		doc_set_text(body, "Mode", mode_of(options));
	json_object_set_new(body, "NoBlock", json_boolean(options->no_block));
	if (options->wait)
		json_object_set_new(body, "Wait", json_true());
	return body;
}

int unit_run_jobs(struct cli *cli, const char *verb, const struct strings *names,
		  const struct unit_options *options)
{
	struct jobs jobs = {.cli = cli, .verb = verb, .quiet = options->quiet};
	scoped_json json_t *body = request_body(verb, names, options);
	scoped_target struct target target = target_format("/wherry/v1/jobs");
	struct api_request request = {.method = "POST", .target = &target, .body = body};
	struct error err;

	if (!names->count)
		return 0;
	if (!api_stream(cli, &request, take_event, &jobs, &err))
		return cli_fail(cli, &err);
	return jobs.status;
}

/* The last word of "wherry unit start". */
static const char *verb_of(const struct cli *cli)
{
	return strrchr(cli->path, ' ') + 1;
}

static int run_verb(struct cli *cli, void *fields, const struct strings *arguments)
{
	const struct unit_options *options = fields;
	scoped_strings struct strings names = {0};
	struct error err;

	if (!unit_names(cli, arguments, &names, &err))
		return cli_fail(cli, &err);
	return unit_run_jobs(cli, verb_of(cli), &names, options);
}

#define JOB_COMMAND(text) UNIT_COMMAND("[OPTIONS] UNIT [UNIT...]", text, 1, -1, run_verb)

const struct command unit_start = JOB_COMMAND("Start units");
const struct command unit_stop = JOB_COMMAND("Stop units");
const struct command unit_restart = JOB_COMMAND("Stop units and start them again");
const struct command unit_try_restart = JOB_COMMAND("Restart those units that are active");
const struct command unit_reload = JOB_COMMAND("Have units read their own configuration again");
const struct command unit_reload_or_restart =
	JOB_COMMAND("Reload units that can, restart the others");
const struct command unit_try_reload_or_restart =
	JOB_COMMAND("Reload or restart those units that are active");
const struct command unit_isolate = JOB_COMMAND("Start a unit and stop all that it does not need");

/* ---- kill, reset-failed, daemon-reload ---- */

static bool signal_of(const struct unit_options *options, int *signal, struct error *err)
{
	*signal = options->signal ? signal_from_name(options->signal) : signal_from_name("TERM");
	return *signal ||
	       error_set(err, ERROR_INVALID, "Failed to parse signal string %s.", options->signal);
}

static bool kill_one(struct cli *cli, const char *name, const struct unit_options *options,
		     struct error *err)
{
	scoped_target struct target target = target_format("/wherry/v1/units/%s/kill", name);
	scoped_json json_t *body = json_object();
	int signal;

	if (!signal_of(options, &signal, err))
		return false;
	doc_set_text(body, "Who", options->kill_whom ? options->kill_whom : "all");
	json_object_set_new(body, "Signal", json_integer(signal));
	return api_post(cli, &target, body, err) ||
	       error_prefix(err, "Failed to kill unit %s", name);
}

static int run_kill(struct cli *cli, void *fields, const struct strings *arguments)
{
	return unit_each(cli, arguments, fields, kill_one);
}

const struct command unit_kill = UNIT_COMMAND(
	"[OPTIONS] UNIT [UNIT...]", "Send a signal to processes of units", 1, -1, run_kill);

static bool reset(struct cli *cli, const char *name, struct error *err)
{
	scoped_target struct target target = target_format("/wherry/v1/reset-failed");
	scoped_json json_t *body = json_object(), *units = NULL;

	units = json_array();
	if (name)
		json_array_append_new(units, json_string(name));
	json_object_set(body, "Units", units);
	return api_post(cli, &target, body, err) ||
	       (name && error_prefix(err, "Failed to reset failed state of unit %s", name));
}

static int run_reset(struct cli *cli, void *fields, const struct strings *arguments)
{
	scoped_strings struct strings names = {0};
	struct error err;
	int status = 0;

	if (!unit_names(cli, arguments, &names, &err))
		return cli_fail(cli, &err);
	if (!arguments->count)
		return reset(cli, NULL, &err) ? 0 : cli_fail(cli, &err);
	for (size_t i = 0; i < names.count; i++)
		if (!reset(cli, names.items[i], &err))
			status = cli_complain(&err);
	return status;
}

const struct command unit_reset_failed = UNIT_COMMAND(
	"[OPTIONS] [UNIT...]", "Forget that units have failed, and how often they were started", 0,
	-1, run_reset);

static int run_reload(struct cli *cli, void *fields, const struct strings *arguments)
{
	scoped_target struct target target = target_format("/wherry/v1/reload");
	struct error err;

	return api_post(cli, &target, NULL, &err) ? 0 : cli_fail(cli, &err);
}

const struct command unit_daemon_reload =
	UNIT_COMMAND("[OPTIONS]", "Read all unit files again", 0, 0, run_reload);

/* ---- jobs ---- */

static int run_cancel(struct cli *cli, void *fields, const struct strings *arguments)
{
	int status = 0;
	struct error err;

	for (size_t i = 0; i < arguments->count; i++) {
		scoped_target struct target target =
			target_format("/wherry/v1/jobs/%s", arguments->items[i]);

		if (!api_do(cli, NULL, "DELETE", &target, &err))
			status = cli_complain(&err);
	}
	return status;
}

const struct command unit_cancel =
	UNIT_COMMAND("[OPTIONS] JOB [JOB...]", "Cancel jobs", 1, -1, run_cancel);
