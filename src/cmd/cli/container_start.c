/* start */
#include "cmd/cli/each.h"
#include "cmd/cli/exit_code.h"
#include "cmd/cli/session.h"
#include "format/json.h"

#include <stdio.h>

struct start {
	bool attach, interactive;
	char *detach_keys, *checkpoint;
};

static const struct option options[] = {
	{'a', "attach", &option_switch, offsetof(struct start, attach),
	 .help = "Attach its output and pass signals on"},
	{0, "checkpoint", &option_string, offsetof(struct start, checkpoint), .hidden = true,
	 .refused = "checkpoints are not there", .help = ""},
	{0, "checkpoint-dir", &option_string, offsetof(struct start, checkpoint), .hidden = true,
	 .refused = "checkpoints are not there", .help = ""},
	{0, "detach-keys", &option_string, offsetof(struct start, detach_keys),
	 .help = "Keys that detach from it (default ctrl-p,ctrl-q)"},
	{'i', "interactive", &option_switch, offsetof(struct start, interactive),
	 .help = "Attach its input"},
};

static bool start_one(struct cli *cli, const char *name, struct error *err)
{
	scoped_target struct target target = target_format("/containers/%s/start", name);

	return api_do(cli, NULL, "POST", &target, err);
}

static int start_all(struct cli *cli, const struct strings *names)
{
	scoped_strings struct strings failed = {0};

	for (size_t i = 0; i < names->count; i++) {
		struct error err;

		if (start_one(cli, names->items[i], &err)) {
			printf("%s\n", names->items[i]);
			fflush(stdout);
			continue;
		}
		cli_complain(&err);
		strings_add(&failed, names->items[i]);
	}
	if (!failed.count)
		return 0;
	scoped_free char *list = strings_join(&failed, ", ");
	fprintf(stderr, "Error: failed to start containers: %s\n", list);
	return 1;
}

/* ---- start -a ---- */

static int run_session(struct session *session, bool removes)
{
	struct error err;

	session_prepare(session);
	session->wait = session_wait(session->cli, session->container,
				     removes ? "removed" : "next-exit", &err);
	if (!session->wait || !start_one(session->cli, session->container, &err) ||
	    !session_run(session, &err))
		return cli_fail(session->cli, &err);
	if (*session->trouble) {
		fprintf(stderr, "%s\n", session->trouble);
		return 125;
	}
	return session->detached ? 0 : (int)(session->exit_code & 0xff);
}

static int start_attached(struct cli *cli, const struct start *start, const char *name)
{
	scoped_target struct target target = target_format("/containers/%s/json", name);
	struct error err;
	scoped_json json_t *container = api_get(cli, &target, &err);
	const json_t *config = json_object_get(container, "Config");
	const char *id = doc_text(container, "Id");
	bool input = start->interactive && doc_flag(config, "OpenStdin");
	bool tty = doc_flag(config, "Tty");
	struct session session = {
		.cli = cli,
		.input = input,
		.tty = tty,
		.proxy = true,
		.container = id,
		.detach_keys = start->detach_keys,
		.resize_path = "/containers/%s/resize",
		.resize_id = id,
	};

	if (!container || !api_requires(cli, "start --attach", "1.30", &err) ||
	    !session_check_terminal(input, tty, &err))
		return cli_fail(cli, &err);
	if (!session_open(&session, true, true, &err))
		return cli_fail(cli, &err);
	int status = run_session(&session,
				 doc_flag(json_object_get(container, "HostConfig"), "AutoRemove"));
	session_close(&session);
	return status;
}

static int run(struct cli *cli, void *fields, const struct strings *arguments)
{
	const struct start *start = fields;

	if (!start->attach && !start->interactive)
		return start_all(cli, arguments);
	if (arguments->count == 1)
		return start_attached(cli, start, arguments->items[0]);
	fprintf(stderr, "you cannot start and attach multiple containers at once\n");
	return 1;
}

const struct command container_start = {
	.summary = "Start stopped containers",
	.usage = "[OPTIONS] CONTAINER [CONTAINER...]",
	.least = 1,
	.most = -1,
	.arguments = ARGUMENTS_STOPPED,
	.size = sizeof(struct start),
	.options = {OPTION_SET(options)},
	.run = run,
};
