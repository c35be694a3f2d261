/* attach */
#include "cmd/cli/container_attach.h"

#include "cmd/cli/session.h"
#include "format/json.h"

#include <stdio.h>

static const struct option options[] = {
	{0, "detach-keys", &option_string, offsetof(struct attach, detach_keys),
	 .help = "Keys that detach from it (default ctrl-p,ctrl-q)"},
	{0, "no-stdin", &option_switch, offsetof(struct attach, no_stdin),
	 .help = "Do not attach its input"},
	{0, "sig-proxy", &option_switch, offsetof(struct attach, proxy), .initial = "true",
	 .help = "Pass signals on to it"},
};

static bool check_state(const json_t *container, struct error *err)
{
	const json_t *state = json_object_get(container, "State");

	if (!doc_flag(state, "Running"))
		return error_set(err, ERROR_CONFLICT,
				 "You cannot attach to a stopped container, start it first");
	if (doc_flag(state, "Paused"))
		return error_set(err, ERROR_CONFLICT,
				 "You cannot attach to a paused container, unpause it first");
	if (doc_flag(state, "Restarting"))
		return error_set(
			err, ERROR_CONFLICT,
			"You cannot attach to a restarting container, wait until it is running");
	return true;
}

static int run_session(struct session *session)
{
	struct error err;

	session_prepare(session);
	session->wait = session_wait(session->cli, session->container, NULL, &err);
	if (!session->wait)
		return cli_fail(session->cli, &err);
	if (!session_open(session, true, true, &err) || !session_run(session, &err))
		return cli_fail(session->cli, &err);
	if (session->detached)
		return session_say_detached();
	if (*session->trouble)
		fprintf(stderr, "%s\n", session->trouble);
	return *session->trouble ? 1 : (int)(session->exit_code & 0xff);
}

int attach_run(struct cli *cli, const struct attach *attach, const char *name)
{
	scoped_target struct target target = target_format("/containers/%s/json", name);
	struct error err;
	scoped_json json_t *container = api_get(cli, &target, &err);
	const json_t *config = json_object_get(container, "Config");
	struct session session = {
		.cli = cli,
		.input = !attach->no_stdin && doc_flag(config, "OpenStdin"),
		.tty = doc_flag(config, "Tty"),
		.redraw = true,
		.proxy = attach->proxy,
		.container = name,
		.detach_keys = attach->detach_keys,
		.resize_path = "/containers/%s/resize",
		.resize_id = name,
	};

	if (!container || !check_state(container, &err) ||
	    !session_check_terminal(session.input, session.tty, &err))
		return cli_fail(cli, &err);
	int status = run_session(&session);
	session_close(&session);
	return status;
}

static int run(struct cli *cli, void *fields, const struct strings *arguments)
{
	return attach_run(cli, fields, arguments->items[0]);
}

const struct command container_attach = {
	.summary = "Attach stdin, stdout and stderr to a running container",
	.usage = "[OPTIONS] CONTAINER",
	.least = 1,
	.most = 1,
	.arguments = ARGUMENTS_RUNNING,
	.size = sizeof(struct attach),
	.options = {OPTION_SET(options)},
	.run = run,
};
