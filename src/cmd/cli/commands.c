/* The tree of commands. */
#include "cmd/cli/cli.h"

static const struct command_entry container_entries[] = {
	{"inspect", NULL, SECTION_OTHER, &container_inspect},
	{"ls", "list ps", SECTION_OTHER, &container_list},
};

static const struct command container_group = {
	.summary = "Manage containers",
	.usage = "COMMAND",
	COMMAND_ENTRIES(container_entries),
};

static const struct command_entry image_entries[] = {
	{"inspect", NULL, SECTION_OTHER, &image_inspect},
	{"ls", "list", SECTION_OTHER, &image_list},
};

static const struct command image_group = {
	.summary = "Manage images",
	.usage = "COMMAND",
	COMMAND_ENTRIES(image_entries),
};

static const struct command_entry system_entries[] = {
	{"info", NULL, SECTION_OTHER, &system_info},
};

static const struct command system_group = {
	.summary = "Manage the daemon",
	.usage = "COMMAND",
	COMMAND_ENTRIES(system_entries),
};

static const struct command_entry entries[] = {
	{"ps", NULL, SECTION_COMMON, &container_list},
	{"images", NULL, SECTION_COMMON, &image_list},
	{"version", NULL, SECTION_COMMON, &system_version},
	{"info", NULL, SECTION_COMMON, &system_info},
	{"container", NULL, SECTION_MANAGEMENT, &container_group},
	{"image", NULL, SECTION_MANAGEMENT, &image_group},
	{"system", NULL, SECTION_MANAGEMENT, &system_group},
	{"inspect", NULL, SECTION_OTHER, &inspect_any},
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
