/* The tree of commands. */
#include "cmd/top/personality.h"

#include "cmd/compose/compose.h"

static const struct command_entry container_entries[] = {
	{"attach", NULL, SECTION_OTHER, &container_attach},
	{"commit", NULL, SECTION_OTHER, &container_commit},
	{"cp", NULL, SECTION_OTHER, &container_copy},
	{"create", NULL, SECTION_OTHER, &container_create},
	{"diff", NULL, SECTION_OTHER, &container_diff},
	{"exec", NULL, SECTION_OTHER, &container_exec},
	{"export", NULL, SECTION_OTHER, &container_export},
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
	{"build", NULL, SECTION_OTHER, &image_build},
	{"history", NULL, SECTION_OTHER, &image_history},
	{"import", NULL, SECTION_OTHER, &image_import},
	{"inspect", NULL, SECTION_OTHER, &image_inspect},
	{"load", NULL, SECTION_OTHER, &image_load},
	{"ls", "list", SECTION_OTHER, &image_list},
	{"prune", NULL, SECTION_OTHER, &image_prune},
	{"pull", NULL, SECTION_OTHER, &image_pull},
	{"push", NULL, SECTION_OTHER, &image_push},
	{"rm", "remove", SECTION_OTHER, &image_remove},
	{"save", NULL, SECTION_OTHER, &image_save},
	{"tag", NULL, SECTION_OTHER, &image_tag},
};

static const struct command image_group = {
	.summary = "Manage images",
	.usage = "COMMAND",
	COMMAND_ENTRIES(image_entries),
};

static const struct command_entry network_entries[] = {
	{"connect", NULL, SECTION_OTHER, &network_connect},
	{"create", NULL, SECTION_OTHER, &network_create},
	{"disconnect", NULL, SECTION_OTHER, &network_disconnect},
	{"inspect", NULL, SECTION_OTHER, &network_inspect},
	{"ls", "list", SECTION_OTHER, &network_list},
	{"prune", NULL, SECTION_OTHER, &network_prune},
	{"rm", "remove", SECTION_OTHER, &network_remove},
};

static const struct command network_group = {
	.summary = "Manage networks",
	.usage = "COMMAND",
	COMMAND_ENTRIES(network_entries),
};

static const struct command_entry volume_entries[] = {
	{"create", NULL, SECTION_OTHER, &volume_create},
	{"inspect", NULL, SECTION_OTHER, &volume_inspect},
	{"ls", "list", SECTION_OTHER, &volume_list},
	{"prune", NULL, SECTION_OTHER, &volume_prune},
	{"rm", "remove", SECTION_OTHER, &volume_remove},
	{"update", NULL, SECTION_OTHER, &volume_update},
};

static const struct command volume_group = {
	.summary = "Manage volumes",
	.usage = "COMMAND",
	COMMAND_ENTRIES(volume_entries),
};

static const struct command_entry builder_entries[] = {
	{"build", NULL, SECTION_OTHER, &image_build},
	{"prune", NULL, SECTION_OTHER, &builder_prune},
};

static const struct command builder_group = {
	.summary = "Manage builds",
	.usage = "COMMAND",
	COMMAND_ENTRIES(builder_entries),
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
	{"build", NULL, SECTION_COMMON, &image_build},
	{"pull", NULL, SECTION_COMMON, &image_pull},
	{"push", NULL, SECTION_COMMON, &image_push},
	{"images", NULL, SECTION_COMMON, &image_list},
	{"login", NULL, SECTION_COMMON, &system_login},
	{"logout", NULL, SECTION_COMMON, &system_logout},
	{"search", NULL, SECTION_COMMON, &image_search},
	{"version", NULL, SECTION_COMMON, &system_version},
	{"info", NULL, SECTION_COMMON, &system_info},
	{"builder", NULL, SECTION_MANAGEMENT, &builder_group},
	{"checkpoint", NULL, SECTION_MANAGEMENT, &checkpoint_group},
	{"compose", NULL, SECTION_MANAGEMENT, &compose_group},
	{"container", NULL, SECTION_MANAGEMENT, &container_group},
	{"context", NULL, SECTION_MANAGEMENT, &context_group},
	{"image", NULL, SECTION_MANAGEMENT, &image_group},
	{"manifest", NULL, SECTION_MANAGEMENT, &manifest_group},
	{"network", NULL, SECTION_MANAGEMENT, &network_group},
	{"plugin", NULL, SECTION_MANAGEMENT, &plugin_group},
	{"system", NULL, SECTION_MANAGEMENT, &system_group},
	{"trust", NULL, SECTION_MANAGEMENT, &trust_group},
	{"unit", NULL, SECTION_MANAGEMENT, &unit_group},
	{"volume", NULL, SECTION_MANAGEMENT, &volume_group},
	{"config", NULL, SECTION_SWARM, &config_group},
	{"node", NULL, SECTION_SWARM, &node_group},
	{"secret", NULL, SECTION_SWARM, &secret_group},
	{"service", NULL, SECTION_SWARM, &service_group},
	{"stack", NULL, SECTION_SWARM, &stack_group},
	{"swarm", NULL, SECTION_SWARM, &swarm_group},
	{"attach", NULL, SECTION_OTHER, &container_attach},
	{"completion", NULL, SECTION_OTHER, &completion_print},
	{"commit", NULL, SECTION_OTHER, &container_commit},
	{"cp", NULL, SECTION_OTHER, &container_copy},
	{"create", NULL, SECTION_OTHER, &container_create},
	{"diff", NULL, SECTION_OTHER, &container_diff},
	{"events", NULL, SECTION_OTHER, &system_events},
	{"export", NULL, SECTION_OTHER, &container_export},
	{"history", NULL, SECTION_OTHER, &image_history},
	{"import", NULL, SECTION_OTHER, &image_import},
	{"inspect", NULL, SECTION_OTHER, &inspect_any},
	{"journal", NULL, SECTION_OTHER, &journal_show},
	{"kill", NULL, SECTION_OTHER, &container_kill},
	{"load", NULL, SECTION_OTHER, &image_load},
	{"logs", NULL, SECTION_OTHER, &container_logs},
	{"pause", NULL, SECTION_OTHER, &container_pause},
	{"port", NULL, SECTION_OTHER, &container_port},
	{"ports", NULL, SECTION_OTHER, &published_ports},
	{"rename", NULL, SECTION_OTHER, &container_rename},
	{"restart", NULL, SECTION_OTHER, &container_restart},
	{"rm", NULL, SECTION_OTHER, &container_remove},
	{"rmi", NULL, SECTION_OTHER, &image_remove},
	{"save", NULL, SECTION_OTHER, &image_save},
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
	 .help = "Name of the context whose daemon to use"},
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
