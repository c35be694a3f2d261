/* Verbs of Docker's command that concern a cluster, plugins, signatures or checkpoints: each is known by
 * its name and says why it does nothing here.  Where the daemon has something to say (a swarm's objects
 * without a swarm), its own words come first, as Docker's command shows them. */
#include "cmd/cli/api.h"
#include "format/json.h"

#include <stdio.h>

/* Words of the path behind the program's name, what a daemon is asked, and the reason. */
static const struct reason {
	const char *group, *target, *why;
} reasons[] = {
	{"context", NULL, "contexts are kept in the client's settings: copy those"},
	{"config", "/configs", "it concerns a swarm"},
	{"node", "/nodes", "it concerns a swarm"},
	{"secret", "/secrets", "it concerns a swarm"},
	{"service", "/services", "it concerns a swarm"},
	{"stack", "/services", "it concerns a swarm"},
	{"swarm", NULL, "containers run on this host alone"},
	{"checkpoint", NULL, "containers cannot be frozen to disk"},
	{"manifest", NULL, "manifest lists are made where images are built"},
	{"plugin", NULL, "there are no plugins"},
	{"trust", NULL, "images are verified by digest, not by signature"},
};

static const struct reason *reason_for(const struct cli *cli)
{
	const char *words = cli->path + strlen(cli->program);

	for (size_t i = 0; i < array_length(reasons); i++)
		if (str_starts_with(words + 1, reasons[i].group))
			return &reasons[i];
	return &reasons[0];
}

static int run(struct cli *cli, void *fields, const struct strings *arguments)
{
	const struct reason *reason = reason_for(cli);
	struct error err;

	if (strings_contain(arguments, "--help")) {
		printf("Usage:  %s\n\nThis command is not supported: %s.\n", cli->path,
		       reason->why);
		return 0;
	}
	if (reason->target) {
		scoped_target struct target target = target_format("%s", "");
		buffer_add_text(&target.text, reason->target);
		scoped_json json_t *answer = api_get(cli, &target, &err);
		if (!answer)
			return cli_fail(cli, &err);
	}
	fprintf(stderr, "%s is not supported: %s\n", cli->path, reason->why);
	return 1;
}

const struct command unsupported = {
	.summary = "Not supported here",
	.usage = "",
	.most = -1,
	.plain = true,
	.run = run,
};

#define ENTRY(name)                                                                                \
	{                                                                                          \
		name, NULL, SECTION_OTHER, &unsupported                                            \
	}
#define LISTED(name, aliases)                                                                      \
	{                                                                                          \
		name, aliases, SECTION_OTHER, &unsupported                                         \
	}

static const struct command_entry swarm_entries[] = {
	ENTRY("ca"),	ENTRY("init"),	 ENTRY("join"),	      ENTRY("join-token"),
	ENTRY("leave"), ENTRY("unlock"), ENTRY("unlock-key"), ENTRY("update"),
};
static const struct command_entry service_entries[] = {
	ENTRY("create"),      ENTRY("inspect"), ENTRY("logs"),
	LISTED("ls", "list"), ENTRY("ps"),	LISTED("rm", "remove"),
	ENTRY("rollback"),    ENTRY("scale"),	ENTRY("update"),
};
static const struct command_entry stack_entries[] = {
	ENTRY("config"), LISTED("deploy", "up"),      LISTED("ls", "list"),
	ENTRY("ps"),	 LISTED("rm", "remove down"), ENTRY("services"),
};
static const struct command_entry node_entries[] = {
	ENTRY("demote"), ENTRY("inspect"),	 LISTED("ls", "list"), ENTRY("promote"),
	ENTRY("ps"),	 LISTED("rm", "remove"), ENTRY("update"),
};
static const struct command_entry secret_entries[] = {
	ENTRY("create"),
	ENTRY("inspect"),
	LISTED("ls", "list"),
	LISTED("rm", "remove"),
};
static const struct command_entry plugin_entries[] = {
	ENTRY("create"),  ENTRY("disable"),	  ENTRY("enable"),
	ENTRY("inspect"), ENTRY("install"),	  {"ls", "list", SECTION_OTHER, &plugin_list},
	ENTRY("push"),	  LISTED("rm", "remove"), ENTRY("set"),
	ENTRY("upgrade"),
};
static const struct command_entry checkpoint_entries[] = {
	ENTRY("create"),
	LISTED("ls", "list"),
	LISTED("rm", "remove"),
};
static const struct command_entry trust_entries[] = {
	ENTRY("inspect"), ENTRY("key"), ENTRY("revoke"), ENTRY("sign"), ENTRY("signer"),
};
static const struct command_entry manifest_entries[] = {
	ENTRY("annotate"), ENTRY("create"), {"inspect", NULL, SECTION_OTHER, &manifest_inspect},
	ENTRY("push"),	   ENTRY("rm"),
};

#define GROUP(variable, table, text)                                                               \
	const struct command variable = {                                                          \
		.summary = text, .usage = "COMMAND", COMMAND_ENTRIES(table)}

GROUP(swarm_group, swarm_entries, "Swarms: not supported");
GROUP(service_group, service_entries, "Services of a swarm: not supported");
GROUP(stack_group, stack_entries, "Stacks of a swarm: not supported");
GROUP(node_group, node_entries, "Nodes of a swarm: not supported");
GROUP(secret_group, secret_entries, "Secrets of a swarm: not supported");
GROUP(config_group, secret_entries, "Configurations of a swarm: not supported");
GROUP(plugin_group, plugin_entries, "Plugins: only listed");
GROUP(checkpoint_group, checkpoint_entries, "Checkpoints: not supported");
GROUP(trust_group, trust_entries, "Signatures: not supported");
GROUP(manifest_group, manifest_entries, "Manifests of images");
