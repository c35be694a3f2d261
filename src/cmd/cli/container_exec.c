/* exec */
#include "cmd/cli/container_exec.h"

#include "cmd/cli/session.h"
#include "cmd/cli/terminal.h"
#include "format/json.h"
#include "spec/spec.h"

#include <unistd.h>

static const struct option options[] = {
	{'d', "detach", &option_switch, offsetof(struct exec, detach),
	 .help = "Run it in the background"},
	{0, "detach-keys", &option_string, offsetof(struct exec, detach_keys),
	 .help = "Keys that detach from it (default ctrl-p,ctrl-q)"},
	{'e', "env", &option_environment, offsetof(struct exec, env),
	 .help = "Set an environment variable: NAME=VALUE, or NAME as it is here"},
	{0, "env-file", &option_list, offsetof(struct exec, env_files),
	 .help = "Set environment variables from a file"},
	{'i', "interactive", &option_switch, offsetof(struct exec, interactive),
	 .help = "Keep stdin open"},
	{0, "privileged", &option_switch, offsetof(struct exec, privileged),
	 .help = "Give it all the rights of the host"},
	{'t', "tty", &option_switch, offsetof(struct exec, tty), .help = "Give it a terminal"},
	{'u', "user", &option_string, offsetof(struct exec, user),
	 .help = "User to run as: NAME|UID[:GROUP|GID]"},
	{'w', "workdir", &option_string, offsetof(struct exec, workdir),
	 .help = "Folder to start in"},
};

static void set_console_size(json_t *body, bool tty)
{
	unsigned rows, columns;

	if (tty && terminal_size(STDOUT_FILENO, &rows, &columns))
		json_object_set_new(body, "ConsoleSize",
				    json_pack("[i, i]", (int)rows, (int)columns));
}

static bool set_environment(const struct exec *exec, json_t *body, struct error *err)
{
	scoped_strings struct strings env = {0};

	for (size_t i = 0; i < exec->env_files.count; i++)
		if (!read_lines(exec->env_files.items[i], "env", true, &env, err))
			return false;
	for (size_t i = 0; i < exec->env.count; i++)
		strings_add(&env, exec->env.items[i]);
	doc_set_list(body, "Env", &env, false);
	return true;
}

static json_t *make_body(const struct exec *exec, const struct strings *command, struct error *err)
{
	scoped_json json_t *body =
		json_pack("{s:s, s:b, s:b, s:b, s:b, s:b, s:s, s:s}", "User",
			  exec->user ? exec->user : "", "Privileged", (int)exec->privileged, "Tty",
			  (int)exec->tty, "AttachStdin", (int)(exec->interactive && !exec->detach),
			  "AttachStderr", (int)!exec->detach, "AttachStdout", (int)!exec->detach,
			  "DetachKeys", exec->detach_keys ? exec->detach_keys : "", "WorkingDir",
			  exec->workdir ? exec->workdir : "");

	if (!set_environment(exec, body, err))
		return NULL;
	doc_set_list(body, "Cmd", command, true);
	set_console_size(body, exec->tty && !exec->detach);
	return take(body);
}

static char *create(struct cli *cli, const char *name, const json_t *body, struct error *err)
{
	scoped_target struct target target = target_format("/containers/%s/exec", name);
	struct api_request request = {.method = "POST", .target = &target, .body = body};
	scoped_json json_t *answer = NULL;

	if (!api_call(cli, &request, &answer, err))
		return NULL;
	return str_dup(doc_text(answer, "Id"));
}

static json_t *start_body(const struct exec *exec)
{
	json_t *body = json_pack("{s:b, s:b}", "Detach", (int)exec->detach, "Tty", (int)exec->tty);

	set_console_size(body, exec->tty && !exec->detach);
	return body;
}

static bool start_detached(struct cli *cli, const struct exec *exec, const char *id,
			   struct error *err)
{
	scoped_target struct target target = target_format("/exec/%s/start", id);
	scoped_json json_t *body = start_body(exec), *answer = NULL;
	struct api_request request = {.method = "POST", .target = &target, .body = body};

	return api_call(cli, &request, &answer, err);
}

static bool exit_code(struct cli *cli, const char *id, int *code, struct error *err)
{
	scoped_target struct target target = target_format("/exec/%s/json", id);
	scoped_json json_t *exec = api_get(cli, &target, err);

	*code = (int)(doc_number(exec, "ExitCode") & 0xff);
	return exec != NULL;
}

static bool run_attached(struct cli *cli, const struct exec *exec, const char *id, int *code,
			 struct error *err)
{
	scoped_target struct target target = target_format("/exec/%s/start", id);
	scoped_json json_t *body = start_body(exec);
	struct session session = {
		.cli = cli,
		.input = exec->interactive,
		.tty = exec->tty,
		.detach_keys = exec->detach_keys,
		.resize_path = "/exec/%s/resize",
		.resize_id = id,
	};

	session_prepare(&session);
	session.stream = session_attach(cli, &target, body, err);
	bool good = session.stream && session_run(&session, err);
	http_client_free(session.stream);
	if (good && session.detached) {
		*code = session_say_detached();
		return true;
	}
	return good && exit_code(cli, id, code, err);
}

bool exec_run(struct cli *cli, const struct exec *exec, const char *container,
	      const struct strings *command, int *code, struct error *err)
{
	*code = 0;
	if (!session_check_terminal(exec->interactive && !exec->detach, exec->tty, err))
		return false;
	scoped_json json_t *body = make_body(exec, command, err);
	scoped_free char *id = body ? create(cli, container, body, err) : NULL;
	if (!id)
		return false;
	return exec->detach ? start_detached(cli, exec, id, err)
			    : run_attached(cli, exec, id, code, err);
}

static int run(struct cli *cli, void *fields, const struct strings *arguments)
{
	struct strings command = {arguments->items + 1, arguments->count - 1}; /* borrowed */
	struct error err;
	int code;

	if (!exec_run(cli, fields, arguments->items[0], &command, &code, &err))
		return cli_fail(cli, &err);
	return code;
}

const struct command container_exec = {
	.summary = "Run a command in a running container",
	.usage = "[OPTIONS] CONTAINER COMMAND [ARG...]",
	.least = 2,
	.most = -1,
	.arguments = ARGUMENTS_RUNNING,
	.options_first = true,
	.size = sizeof(struct exec),
	.options = {OPTION_SET(options)},
	.run = run,
};
