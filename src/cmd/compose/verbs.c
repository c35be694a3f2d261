/* The list of verbs, and the options that stand before them. */
#include "cmd/compose/verbs.h"

#include <stdio.h>

#define HERE(field) offsetof(struct compose, options.field)

static const struct option options[] = {
	{'f', "file", &option_list, HERE(files),
	 .help = "A compose file; several are merged in order; - is standard input"},
	{'p', "project-name", &option_string, HERE(project_name), .help = "Name of the project"},
	{0, "profile", &option_list, HERE(profiles),
	 .help = "Enable the services of a profile, too ('*': of all)"},
	{0, "env-file", &option_list, HERE(env_files),
	 .help = "A file of variables, instead of .env; later ones win"},
	{0, "project-directory", &option_string, HERE(project_directory),
	 .help = "What relative paths start from (default: where the first file is)"},
	{0, "workdir", &option_string, HERE(project_directory), .hidden = true,
	 .help = "The same as --project-directory"},
	{0, "all-resources", &option_switch, HERE(all_resources),
	 .help = "Include what no service uses"},
	{0, "ansi", &option_string, HERE(ansi),
	 .help = "When to colour and rewrite lines: never, always, auto"},
	{0, "no-ansi", &option_switch, HERE(no_ansi), .hidden = true,
	 .help = "The same as --ansi never"},
	{0, "compatibility", &option_switch, HERE(compatibility),
	 .help = "Name things with _ as docker-compose 1 did"},
	{0, "dry-run", &option_switch, HERE(dry_run), .help = "Show what would be done, and do nothing"},
	{0, "parallel", &option_number, HERE(parallel),
	 .help = "Requests in flight at once (default 32; -1: no limit)"},
	{0, "progress", &option_string, HERE(progress),
	 .help = "How to show what is done: auto, tty, plain, json, quiet"},
	{0, "verbose", &option_switch, HERE(verbose), .help = "Tell each request to the daemon"},
	{'v', "version", &option_switch, HERE(version), .help = "Print the version and end"},
};

/* docker-compose 1 is called without anything before it that says where the daemon is. */
static const struct option daemon_options[] = {
	{'H', "host", &option_list, HERE(hosts),
	 .help = "Socket of the daemon: unix:///path or tcp://host:port"},
	{'c', "context", &option_string, HERE(context),
	 .help = "Name of the context whose daemon to use"},
	{0, "log-level", &option_string, HERE(log_level), .help = "What to say: DEBUG, INFO, WARNING, ERROR, CRITICAL"},
	{0, "tls", &option_switch, HERE(tls), .help = "Use TLS; --tlsverify implies it"},
	{0, "tlscacert", &option_string, HERE(ca),
	 .help = "Trust only daemons whose certificate this CA signed"},
	{0, "tlscert", &option_string, HERE(certificate), .help = "Our certificate"},
	{0, "tlskey", &option_string, HERE(key), .help = "Our key"},
	{0, "tlsverify", &option_switch, HERE(tls_verify), .help = "Use TLS and verify the daemon"},
	{0, "skip-hostname-check", &option_switch, HERE(skip_hostname_check),
	 .help = "Do not compare the daemon's name with its certificate"},
};

static const struct command_entry entries[] = {
	{"alpha", NULL, SECTION_HIDDEN, &compose_refused},
	{"attach", NULL, SECTION_OTHER, &compose_attach},
	{"bridge", NULL, SECTION_HIDDEN, &compose_refused},
	{"build", NULL, SECTION_COMMON, &compose_build},
	{"commit", NULL, SECTION_OTHER, &compose_commit},
	{"config", "convert", SECTION_COMMON, &compose_config},
	{"cp", NULL, SECTION_OTHER, &compose_copy},
	{"create", NULL, SECTION_OTHER, &compose_create},
	{"diff", NULL, SECTION_OTHER, &compose_diff},
	{"down", NULL, SECTION_COMMON, &compose_down},
	{"events", NULL, SECTION_OTHER, &compose_events},
	{"exec", NULL, SECTION_OTHER, &compose_exec},
	{"export", NULL, SECTION_OTHER, &compose_export},
	{"images", NULL, SECTION_OTHER, &compose_images},
	{"kill", NULL, SECTION_OTHER, &compose_kill},
	{"logs", NULL, SECTION_OTHER, &compose_logs},
	{"ls", NULL, SECTION_COMMON, &compose_list},
	{"pause", NULL, SECTION_OTHER, &compose_pause},
	{"plan", NULL, SECTION_COMMON, &compose_plan},
	{"port", NULL, SECTION_OTHER, &compose_port},
	{"ps", NULL, SECTION_COMMON, &compose_ps},
	{"publish", NULL, SECTION_HIDDEN, &compose_refused},
	{"pull", NULL, SECTION_COMMON, &compose_pull},
	{"push", NULL, SECTION_COMMON, &compose_push},
	{"restart", NULL, SECTION_OTHER, &compose_restart},
	{"rm", NULL, SECTION_OTHER, &compose_remove},
	{"rollback", NULL, SECTION_OTHER, &compose_rollback},
	{"run", NULL, SECTION_COMMON, &compose_run},
	{"scale", NULL, SECTION_OTHER, &compose_scale},
	{"start", NULL, SECTION_OTHER, &compose_start},
	{"stats", NULL, SECTION_OTHER, &compose_stats},
	{"stop", NULL, SECTION_OTHER, &compose_stop},
	{"top", NULL, SECTION_OTHER, &compose_top},
	{"unpause", NULL, SECTION_OTHER, &compose_unpause},
	{"up", NULL, SECTION_COMMON, &compose_up},
	{"version", NULL, SECTION_OTHER, &compose_version},
	{"viz", NULL, SECTION_OTHER, &compose_viz},
	{"volumes", NULL, SECTION_OTHER, &compose_volumes},
	{"wait", NULL, SECTION_OTHER, &compose_wait},
	{"watch", NULL, SECTION_OTHER, &compose_watch},
};

static int unknown(const struct cli *cli, const char *verb)
{
	if (compose_of(cli)->style == COMPOSE_V1)
		fprintf(stderr, "No such command: %s\n", verb);
	else
		fprintf(stderr, "unknown docker command: \"compose %s\"\n", verb);
	fprintf(stderr, "\nRun '%s --help' for the list of commands\n", cli->path);
	return 1;
}

const struct command compose_group = {
	.summary = "Run applications of several containers",
	.usage = "[OPTIONS] COMMAND",
	.size = sizeof(struct compose),
	.options = {OPTION_SET(options), OPTION_SET(daemon_options)},
	.enter = compose_enter,
	.leave = compose_leave,
	.unknown = unknown,
	.misuse = 1,
	COMMAND_ENTRIES(entries),
};
