/* The tree of commands. */
#include "cmd/cli/cli.h"

static const struct command_entry container_entries[] = {
	{"attach", NULL, SECTION_OTHER, &container_attach},
	{"create", NULL, SECTION_OTHER, &container_create},
	{"exec", NULL, SECTION_OTHER, &container_exec},
	{"inspect", NULL, SECTION_OTHER, &container_inspect},
	{"kill", NULL, SECTION_OTHER, &container_kill},
	{"logs", NULL, SECTION_OTHER, &container_logs},
	{"ls", "list ps", SECTION_OTHER, &container_list},
	{"pause", NULL, SECTION_OTHER, &container_pause},
	{"port", NULL, SECTION_OTHER, &container_port},
	{"prune", NULL, SECTION_OTHER, &container_prune},
	{"rename", NULL, SECTION_OTHER, &container_rename},
	{"restart", NULL, SECTION_OTHER, &container_restart},
	{"rm", "remove", SECTION_OTHER, &container_remove},
	{"run", NULL, SECTION_OTHER, &container_run},
	{"start", NULL, SECTION_OTHER, &container_start},
	{"stats", NULL, SECTION_OTHER, &container_stats},
	{"stop", NULL, SECTION_OTHER, &container_stop},
	{"top", NULL, SECTION_OTHER, &container_top},
	{"unpause", NULL, SECTION_OTHER, &container_unpause},
	{"update", NULL, SECTION_OTHER, &container_update},
	{"wait", NULL, SECTION_OTHER, &container_wait},
};

static const struct command container_group = {
	.summary = "Manage containers",
	.usage = "COMMAND",
	COMMAND_ENTRIES(container_entries),
};

static const struct command_entry image_entries[] = {
	{"history", NULL, SECTION_OTHER, &image_history},
	{"import", NULL, SECTION_OTHER, &image_import},
	{"inspect", NULL, SECTION_OTHER, &image_inspect},
	{"load", NULL, SECTION_OTHER, &image_load},
	{"ls", "list", SECTION_OTHER, &image_list},
	{"prune", NULL, SECTION_OTHER, &image_prune},
	{"pull", NULL, SECTION_OTHER, &image_pull},
	{"rm", "remove", SECTION_OTHER, &image_remove},
	{"tag", NULL, SECTION_OTHER, &image_tag},
};

static const struct command image_group = {
	.summary = "Manage images",
	.usage = "COMMAND",
	COMMAND_ENTRIES(image_entries),
};

static const struct command_entry system_entries[] = {
	{"df", NULL, SECTION_OTHER, &system_df},
	{"events", NULL, SECTION_OTHER, &system_events},
	{"info", NULL, SECTION_OTHER, &system_info},
	{"prune", NULL, SECTION_OTHER, &system_prune},
};

static const struct command system_group = {
	.summary = "Manage the daemon",
	.usage = "COMMAND",
	COMMAND_ENTRIES(system_entries),
};

static const struct command_entry entries[] = {
	{"run", NULL, SECTION_COMMON, &container_run},
	{"exec", NULL, SECTION_COMMON, &container_exec},
	{"ps", NULL, SECTION_COMMON, &container_list},
	{"pull", NULL, SECTION_COMMON, &image_pull},
	{"images", NULL, SECTION_COMMON, &image_list},
	{"login", NULL, SECTION_COMMON, &system_login},
	{"logout", NULL, SECTION_COMMON, &system_logout},
	{"version", NULL, SECTION_COMMON, &system_version},
	{"info", NULL, SECTION_COMMON, &system_info},
	{"container", NULL, SECTION_MANAGEMENT, &container_group},
	{"image", NULL, SECTION_MANAGEMENT, &image_group},
	{"system", NULL, SECTION_MANAGEMENT, &system_group},
	{"attach", NULL, SECTION_OTHER, &container_attach},
	{"completion", NULL, SECTION_OTHER, &completion_print},
	{"create", NULL, SECTION_OTHER, &container_create},
	{"events", NULL, SECTION_OTHER, &system_events},
	{"history", NULL, SECTION_OTHER, &image_history},
	{"import", NULL, SECTION_OTHER, &image_import},
	{"inspect", NULL, SECTION_OTHER, &inspect_any},
	{"kill", NULL, SECTION_OTHER, &container_kill},
	{"load", NULL, SECTION_OTHER, &image_load},
	{"logs", NULL, SECTION_OTHER, &container_logs},
	{"pause", NULL, SECTION_OTHER, &container_pause},
	{"port", NULL, SECTION_OTHER, &container_port},
	{"rename", NULL, SECTION_OTHER, &container_rename},
	{"restart", NULL, SECTION_OTHER, &container_restart},
	{"rm", NULL, SECTION_OTHER, &container_remove},
	{"rmi", NULL, SECTION_OTHER, &image_remove},
	{"start", NULL, SECTION_OTHER, &container_start},
	{"stats", NULL, SECTION_OTHER, &container_stats},
	{"stop", NULL, SECTION_OTHER, &container_stop},
	{"tag", NULL, SECTION_OTHER, &image_tag},
	{"top", NULL, SECTION_OTHER, &container_top},
	{"unpause", NULL, SECTION_OTHER, &container_unpause},
	{"update", NULL, SECTION_OTHER, &container_update},
	{"wait", NULL, SECTION_OTHER, &container_wait},
	{"__complete", NULL, SECTION_HIDDEN, &completion_words},
	{"man", NULL, SECTION_HIDDEN, &manual_write},
};

/* What stands before the command's name. */
static const struct option global_options[] = {
	{0, "config", &option_string, offsetof(struct cli_options, config),
	 .help = "Directory of the client's settings (default ~/.docker)"},
	{'c', "context", &option_string, offsetof(struct cli_options, context),
	 .help = "Name of a context; only \"default\" exists"},
	{'D', "debug", &option_switch, offsetof(struct cli_options, debug), .help = "Tell more"},
	{'H', "host", &option_list, offsetof(struct cli_options, hosts),
	 .help = "Socket of the daemon: unix:///path or tcp://host:port"},
	{'l', "log-level", &option_string, offsetof(struct cli_options, log_level),
	 .initial = "info", .help = "How much to log: debug, info, warn, error, fatal"},
	{0, "tls", &option_switch, offsetof(struct cli_options, tls),
	 .help = "Use TLS; --tlsverify implies it"},
	{0, "tlscacert", &option_string, offsetof(struct cli_options, ca),
	 .help = "Trust only daemons whose certificate this CA signed (default ca.pem of the "
		 "settings)"},
	{0, "tlscert", &option_string, offsetof(struct cli_options, certificate),
	 .help = "Our certificate (default cert.pem of the settings)"},
	{0, "tlskey", &option_string, offsetof(struct cli_options, key),
	 .help = "Our key (default key.pem of the settings)"},
	{0, "tlsverify", &option_choice, offsetof(struct cli_options, tls_verify),
	 .help = "Use TLS and verify the daemon"},
	{'v', "version", &option_switch, offsetof(struct cli_options, version),
	 .help = "Print the version and end"},
};

const struct command top_command = {
	.summary = "Run containers, with the commands of Docker",
	.usage = "[OPTIONS] COMMAND",
	.options = {OPTION_SET(global_options)},
	COMMAND_ENTRIES(entries),
};
