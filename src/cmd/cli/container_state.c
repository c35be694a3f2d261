/* stop, restart, kill, pause, unpause, rm, wait, rename: what changes the state of containers. */
#include "cmd/cli/each.h"
#include "format/json.h"

#include <stdio.h>

struct options {
	char *signal;
	struct option_number timeout;
	bool force, link, volumes;
};

static const struct option stop_options[] = {
	{'s', "signal", &option_string, offsetof(struct options, signal),
	 .help = "Signal to send first"},
	{0, "time", &option_number, offsetof(struct options, timeout), .hidden = true,
	 .help = "The same as --timeout"},
	{'t', "timeout", &option_number, offsetof(struct options, timeout),
	 .help = "Seconds until it is killed"},
};

static const struct option kill_options[] = {
	{'s', "signal", &option_string, offsetof(struct options, signal),
	 .help = "Signal to send instead of KILL"},
};

static const struct option remove_options[] = {
	{'f', "force", &option_switch, offsetof(struct options, force),
	 .help = "Kill it first when it runs"},
	{'l', "link", &option_switch, offsetof(struct options, link),
	 .help = "Remove only the link"},
	{'v', "volumes", &option_switch, offsetof(struct options, volumes),
	 .help = "Remove its nameless volumes, too"},
};

static bool post(struct cli *cli, struct http_client *client, const char *verb, const char *name,
		 const struct options *options, struct error *err)
{
	scoped_target struct target target = target_format("/containers/%s", name);

	buffer_format(&target.text, "/%s", verb);
	if (!str_is_empty(options->signal))
		target_add(&target, "signal", options->signal);
	if (options->timeout.given)
		target_add_number(&target, "t", options->timeout.value);
	return api_do(cli, client, "POST", &target, err);
}

static bool stop(struct cli *cli, struct http_client *client, const char *name, const void *options,
		 struct error *err)
{
	return post(cli, client, "stop", name, options, err);
}

static bool restart(struct cli *cli, struct http_client *client, const char *name,
		    const void *options, struct error *err)
{
	return post(cli, client, "restart", name, options, err);
}

static bool kill_one(struct cli *cli, struct http_client *client, const char *name,
		     const void *options, struct error *err)
{
	return post(cli, client, "kill", name, options, err);
}

static bool pause_one(struct cli *cli, struct http_client *client, const char *name,
		      const void *options, struct error *err)
{
	return post(cli, client, "pause", name, options, err);
}

static bool unpause(struct cli *cli, struct http_client *client, const char *name,
		    const void *options, struct error *err)
{
	return post(cli, client, "unpause", name, options, err);
}

static bool remove_one(struct cli *cli, struct http_client *client, const char *name,
		       const void *data, struct error *err)
{
	const struct options *options = data;
	const char *bare = name + strspn(name, "/");
	scoped_target struct target target = target_format("/containers/%s", bare);

	if (!*bare)
		return error_set(err, ERROR_INVALID, "container name cannot be empty");
	target_add_flag(&target, "force", options->force);
	target_add_flag(&target, "link", options->link);
	target_add_flag(&target, "v", options->volumes);
	if (api_do(cli, client, "DELETE", &target, err))
		return true;
	if (options->force && err->kind == ERROR_NOT_FOUND)
		err->kind = ERROR_UNCHANGED; /* it is gone, which is what was asked for */
	return false;
}

static int run_stop(struct cli *cli, void *fields, const struct strings *arguments)
{
	return each_run(cli, arguments, stop, fields);
}

static int run_restart(struct cli *cli, void *fields, const struct strings *arguments)
{
	return each_run(cli, arguments, restart, fields);
}

static int run_kill(struct cli *cli, void *fields, const struct strings *arguments)
{
	return each_run(cli, arguments, kill_one, fields);
}

static int run_pause(struct cli *cli, void *fields, const struct strings *arguments)
{
	return each_run(cli, arguments, pause_one, fields);
}

static int run_unpause(struct cli *cli, void *fields, const struct strings *arguments)
{
	return each_run(cli, arguments, unpause, fields);
}

static int run_remove(struct cli *cli, void *fields, const struct strings *arguments)
{
	return each_run(cli, arguments, remove_one, fields);
}

/* ---- wait ---- */

static bool wait_one(struct cli *cli, const char *name, struct error *err)
{
	scoped_target struct target target = target_format("/containers/%s/wait", name);
	struct api_request request = {.method = "POST", .target = &target};
	scoped_json json_t *answer = NULL;

	if (!api_call(cli, &request, &answer, err))
		return false;
	const char *trouble = doc_text(json_object_get(answer, "Error"), "Message");
	if (*trouble)
		return error_set(err, ERROR_SYSTEM, "%s", trouble);
	printf("%lld\n", (long long)doc_number(answer, "StatusCode"));
	fflush(stdout);
	return true;
}

static int run_wait(struct cli *cli, void *fields, const struct strings *arguments)
{
	int status = 0;

	for (size_t i = 0; i < arguments->count; i++) {
		struct error err;

		if (!wait_one(cli, arguments->items[i], &err))
			status = cli_complain(&err);
	}
	return status;
}

/* ---- rename ---- */

static int run_rename(struct cli *cli, void *fields, const struct strings *arguments)
{
	const char *old = arguments->items[0], *new = arguments->items[1];
	scoped_target struct target target = target_format("/containers/%s/rename", old);
	struct error err;

	if (!*old || !*new) {
		fprintf(stderr, "Error: Neither old nor new names may be empty\n");
		return 1;
	}
	target_add(&target, "name", new);
	if (api_do(cli, NULL, "POST", &target, &err))
		return 0;
	cli_complain(&err);
	fprintf(stderr, "Error: failed to rename container named %s\n", old);
	return 1;
}

/* ---- the commands ---- */

#define CONTAINERS(words, offers)                                                                  \
	.usage = words, .least = 1, .most = -1, .arguments = offers, .size = sizeof(struct options)

const struct command container_stop = {
	.summary = "Stop running containers",
	CONTAINERS("[OPTIONS] CONTAINER [CONTAINER...]", ARGUMENTS_RUNNING),
	.options = {OPTION_SET(stop_options)},
	.run = run_stop,
};

const struct command container_restart = {
	.summary = "Restart containers",
	CONTAINERS("[OPTIONS] CONTAINER [CONTAINER...]", ARGUMENTS_CONTAINERS),
	.options = {OPTION_SET(stop_options)},
	.run = run_restart,
};

const struct command container_kill = {
	.summary = "Kill running containers, or send them a signal",
	CONTAINERS("[OPTIONS] CONTAINER [CONTAINER...]", ARGUMENTS_RUNNING),
	.options = {OPTION_SET(kill_options)},
	.run = run_kill,
};

const struct command container_pause = {
	.summary = "Pause all processes of containers",
	CONTAINERS("CONTAINER [CONTAINER...]", ARGUMENTS_RUNNING),
	.run = run_pause,
};

const struct command container_unpause = {
	.summary = "Let the processes of paused containers go on",
	CONTAINERS("CONTAINER [CONTAINER...]", ARGUMENTS_RUNNING),
	.run = run_unpause,
};

const struct command container_remove = {
	.summary = "Remove containers",
	CONTAINERS("[OPTIONS] CONTAINER [CONTAINER...]", ARGUMENTS_STOPPED),
	.options = {OPTION_SET(remove_options)},
	.run = run_remove,
};

const struct command container_wait = {
	.summary = "Wait until containers end, and print their exit codes",
	CONTAINERS("CONTAINER [CONTAINER...]", ARGUMENTS_RUNNING),
	.run = run_wait,
};

const struct command container_rename = {
	.summary = "Rename a container",
	.usage = "CONTAINER NEW_NAME",
	.least = 2,
	.most = 2,
	.arguments = ARGUMENTS_CONTAINERS,
	.run = run_rename,
};
