/* run: create, attach, wait, start, and then the session.  The wait is asked before the start, so that
 * not even the shortest life is missed, and it tells the exit code. */
#include "cmd/cli/container_run.h"

#include "cmd/cli/container_create.h"
#include "cmd/cli/exit_code.h"
#include "cmd/cli/session.h"
#include "cmd/cli/terminal.h"
#include "format/json.h"

#include <stdio.h>
#include <unistd.h>

#define FAILED 125

struct run {
	struct spec spec; /* first: the options of create fill it */
	bool detach, proxy;
	char *detach_keys;
};

static const struct option options[] = {
	{'d', "detach", &option_switch, offsetof(struct run, detach),
	 .help = "Run it in the background and print its id"},
	{0, "detach-keys", &option_string, offsetof(struct run, detach_keys),
	 .help = "Keys that detach from it (default ctrl-p,ctrl-q)"},
	{0, "sig-proxy", &option_switch, offsetof(struct run, proxy), .initial = "true",
	 .help = "Pass signals on to it"},
};

/* Without -a a foreground container is attached as the body says; in the background it is not. */
static bool settle_streams(const struct run *run, json_t *body, struct error *err)
{
	if (!run->detach)
		return true;
	if (run->spec.attach.count)
		return error_set(err, ERROR_INVALID,
				 "conflicting options: cannot specify both --attach and --detach");
	spec_detach(body);
	return true;
}

/* The terminal has its size from the first moment on. */
static void set_console_size(json_t *body)
{
	unsigned rows, columns;

	if (doc_flag(body, "Tty") && terminal_size(STDOUT_FILENO, &rows, &columns))
		json_object_set_new(json_object_get(body, "HostConfig"), "ConsoleSize",
				    json_pack("[i, i]", (int)rows, (int)columns));
}

static bool start(struct cli *cli, const char *id, struct error *err)
{
	scoped_target struct target target = target_format("/containers/%s/start", id);

	return api_do(cli, NULL, "POST", &target, err);
}

static bool attaches(const json_t *body)
{
	return doc_flag(body, "AttachStdin") || doc_flag(body, "AttachStdout") ||
	       doc_flag(body, "AttachStderr");
}

/* What the failure of a start means for the shell. */
static int fail_start(const struct cli *cli, const struct error *err)
{
	cli_fail(cli, err);
	return exit_code_of_start(err->text);
}

/* With --rm the container goes away also after a start that failed: that is waited for. */
static void wait_for_removal(struct session *session, bool is_removed)
{
	struct error ignored;
	scoped_buffer struct buffer answer = {0};

	if (is_removed)
		http_client_read_all(session->wait, 1 << 16, &answer, &ignored);
}

static int finish(struct session *session)
{
	if (session->detached)
		return 0;
	if (*session->trouble) {
		fprintf(stderr, "%s: %s\n", session->cli->program, session->trouble);
		return FAILED;
	}
	return (int)(session->exit_code & 0xff);
}

static int run_attached(struct session *session, const struct foreground *foreground)
{
	struct error err;

	session_prepare(session);
	session->wait = session_wait(session->cli, session->container,
				     foreground->remove ? "removed" : "next-exit", &err);
	if (!session->wait)
		return cli_fail(session->cli, &err);
	if (!start(session->cli, session->container, &err)) {
		wait_for_removal(session, foreground->remove);
		return fail_start(session->cli, &err);
	}
	if (!session_run(session, &err))
		return cli_fail(session->cli, &err);
	return finish(session);
}

int container_run_foreground(struct cli *cli, const struct foreground *foreground)
{
	const json_t *body = foreground->body;
	struct error err;
	struct session session = {
		.cli = cli,
		.input = doc_flag(body, "AttachStdin"),
		.tty = doc_flag(body, "Tty"),
		.proxy = foreground->proxy,
		.container = foreground->id,
		.detach_keys = foreground->detach_keys,
		.resize_path = "/containers/%s/resize",
		.resize_id = foreground->id,
	};

	if (attaches(body) && !session_open(&session, doc_flag(body, "AttachStdout"),
					    doc_flag(body, "AttachStderr"), &err))
		return cli_fail(cli, &err);
	int status = run_attached(&session, foreground);
	session_close(&session);
	return status;
}

static int run_in_background(struct cli *cli, const char *id)
{
	struct error err;

	if (!start(cli, id, &err))
		return fail_start(cli, &err);
	printf("%s\n", id);
	return 0;
}

/* Before these versions a daemon knows nothing of AutoRemove, and no wait that begins before the start. */
static bool daemon_can(struct cli *cli, const struct run *run, struct error *err)
{
	return (run->detach || api_requires(cli, "run without --detach", "1.30", err)) &&
	       (!run->spec.remove || api_requires(cli, "--rm", "1.25", err));
}

static int run(struct cli *cli, void *fields, const struct strings *arguments)
{
	const struct run *run_options = fields;
	const struct spec *spec = &run_options->spec;
	struct error err;
	scoped_json json_t *body = container_body(spec, arguments, &err);
	scoped_free char *id = NULL;

	if (!body)
		return container_bad_options(cli, &err);
	if (!settle_streams(run_options, body, &err) ||
	    !session_check_terminal(doc_flag(body, "AttachStdin"), spec->tty, &err))
		return cli_complain(&err);
	if (!daemon_can(cli, run_options, &err))
		return cli_fail(cli, &err);
	set_console_size(body);
	if (!container_create_from(cli, spec, arguments->items[0], body, &id, &err))
		return cli_fail(cli, &err);
	struct foreground foreground = {id, body, spec->remove, run_options->proxy,
					run_options->detach_keys};
	return run_options->detach ? run_in_background(cli, id)
				   : container_run_foreground(cli, &foreground);
}

const struct command container_run = {
	.summary = "Create a container from an image and run it",
	.usage = "[OPTIONS] IMAGE [COMMAND] [ARG...]",
	.least = 1,
	.most = -1,
	.arguments = ARGUMENTS_IMAGES,
	.options_first = true,
	.failure = FAILED,
	.size = sizeof(struct run),
	.options = {CONTAINER_OPTION_SETS, OPTION_SET(options)},
	.run = run,
};
