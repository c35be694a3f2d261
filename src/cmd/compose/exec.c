/* exec: a command in a running container of a service. */
#include "cmd/compose/verbs.h"

#include "cmd/cli/container_exec.h"
#include "spec/spec_kinds.h"

#include <unistd.h>

struct compose_exec {
	struct exec exec; /* first */
	struct option_number index;
	bool no_tty;
};

static const struct option options[] = {
	{'d', "detach", &option_switch, offsetof(struct compose_exec, exec.detach),
	 .help = "Run it in the background"},
	{'e', "env", &option_environment, offsetof(struct compose_exec, exec.env),
	 .help = "Set an environment variable: NAME=VALUE, or NAME as it is here"},
	{0, "index", &option_number, offsetof(struct compose_exec, index),
	 .help = "Number of the container, where there are several"},
	{'i', "interactive", &option_switch, offsetof(struct compose_exec, exec.interactive),
	 .initial = "true", .help = "Keep stdin open"},
	{'T', "no-tty", &option_switch, offsetof(struct compose_exec, no_tty),
	 .help = "Give it no terminal (default: one where stdin and stdout are terminals)"},
	{'T', "no-TTY", &option_switch, offsetof(struct compose_exec, no_tty), .hidden = true,
	 .help = "The same as --no-tty"},
	{0, "privileged", &option_switch, offsetof(struct compose_exec, exec.privileged),
	 .help = "Give it all the rights of the host"},
	{'t', "tty", &option_switch, offsetof(struct compose_exec, exec.tty), .initial = "true",
	 .hidden = true, .help = "Give it a terminal"},
	{'u', "user", &option_string, offsetof(struct compose_exec, exec.user),
	 .help = "User to run as: NAME|UID[:GROUP|GID]"},
	{'w', "workdir", &option_string, offsetof(struct compose_exec, exec.workdir),
	 .help = "Folder to start in"},
};

static int run_in(struct compose *compose, const struct compose_exec *wanted, const char *container,
		  const struct strings *command)
{
	struct exec exec = wanted->exec;
	struct error err;
	int code;

	exec.tty = exec.tty && !wanted->no_tty && !exec.detach && isatty(STDIN_FILENO) &&
		   isatty(STDOUT_FILENO);
	if (!exec_run(compose->cli, &exec, container, command, &code, &err))
		return compose_fail(compose, &err);
	return code;
}

static int run(struct cli *cli, void *fields, const struct strings *arguments)
{
	struct compose *compose = compose_of(cli);
	const struct compose_exec *exec = fields;
	struct strings command = {arguments->items + 1, arguments->count - 1}; /* borrowed */
	scoped_with(compose_containers_fini) struct compose_containers containers = {0};
	const struct compose_container *container =
		compose_running(compose, arguments->items[0], &exec->index, &containers);

	return container ? run_in(compose, exec, container->id, &command) : 1;
}

const struct command compose_exec = {
	.summary = "Run a command in a running container of a service",
	.usage = "[OPTIONS] SERVICE COMMAND [ARG...]",
	.least = 2,
	.most = -1,
	.options_first = true,
	.size = sizeof(struct compose_exec),
	.options = {OPTION_SET(options)},
	.run = run,
};
