/* What the command can do, as tables: groups of entries, entries of commands.  Help, completion and the
 * man pages are made from them, so that none of the three can say what the program does not do. */
#pragma once

#include "format/option.h"

struct cli;

enum arguments {
	ARGUMENTS_NONE, /* what completion offers for the first argument */
	ARGUMENTS_CONTAINERS,
	ARGUMENTS_RUNNING,
	ARGUMENTS_STOPPED,
	ARGUMENTS_IMAGES,
	ARGUMENTS_NETWORKS,
	ARGUMENTS_VOLUMES,
	ARGUMENTS_CONTEXTS,
	ARGUMENTS_FILES,
};

struct command {
	const char *summary; /* one line, in lists of commands */
	const char *details; /* more of it, in help; NULL: none */
	const char *usage;   /* what follows the name: "[OPTIONS] CONTAINER [CONTAINER...]" */
	int least, most;     /* arguments; most -1: any number */
	enum arguments arguments;
	bool options_first; /* the first argument ends the options */
	bool plain;	    /* it has no options at all, not even --help */
	void (*prepare)(struct strings *argv); /* before its options are read; NULL: nothing */
	int failure;	    /* exit status of failures before something ran; 0: 1 */
	size_t size;	    /* of the struct that the options fill */
	struct option_set options[OPTION_SETS];

	/* Do it, and return the exit status.  NULL, like `show`: a group, whose entries follow. */
	int (*run)(struct cli *cli, void *options, const struct strings *arguments);

	/* In place of `run`, of what only shows something: all of it into `out`, which is printed once
	 * nothing can fail any more. */
	bool (*show)(struct cli *cli, void *options, const struct strings *arguments,
		     struct buffer *out, struct error *err);

	/* Of a group: its options stand before the verb, and last until the verb is over.  NULL: it needs no
	 * more than the verb.  Not below 0: no verb is run, this is the exit status. */
	int (*enter)(struct cli *cli, void *options, const struct strings *words);
	void (*leave)(struct cli *cli, void *options); /* after enter, whatever it said; NULL: nothing */
	int (*unknown)(const struct cli *cli, const char *verb); /* say so; NULL: as everywhere */
	int misuse; /* exit status of wrong options here and below; 0: docker's 125 */

	const struct command_entry *entries;
	size_t entry_count;
};

enum section {
	SECTION_COMMON,
	SECTION_MANAGEMENT,
	SECTION_SWARM,
	SECTION_OTHER,
	SECTION_HIDDEN,
	SECTIONS
};

struct command_entry {
	const char *name;
	const char *aliases; /* further names, separated by blanks; NULL: none */
	enum section section;
	const struct command *command;
};

#define COMMAND_ENTRIES(table) .entries = table, .entry_count = array_length(table)

/* The entry of this name or alias in a group; NULL: none. */
const struct command_entry *command_find(const struct command *group, const char *name);

/* The lists of commands by file. */
extern const struct command container_attach, container_commit, container_copy, container_create,
	container_diff, container_exec, container_export, container_inspect, container_kill,
	container_list, container_logs, container_pause, container_port, container_prune,
	container_remove, container_rename, container_restart, container_run, container_start,
	container_stats, container_stop, container_top, container_unpause, container_update,
	container_wait;
extern const struct command image_build, image_history, image_import, image_inspect, image_list,
	image_load, image_prune, image_pull, image_push, image_remove, image_save, image_search,
	image_tag;
extern const struct command network_connect, network_create, network_disconnect, network_inspect,
	network_list, network_prune, network_remove;
extern const struct command published_ports; /* of ours, not of Docker's */
extern const struct command volume_create, volume_inspect, volume_list, volume_prune, volume_remove,
	volume_update;
extern const struct command unit_group, journal_show; /* of ours, too */
extern const struct command builder_prune, manifest_inspect, plugin_list;
extern const struct command system_df, system_events, system_info, system_login, system_logout,
	system_prune, system_version;
extern const struct command checkpoint_group, config_group, manifest_group, node_group,
	plugin_group, secret_group, service_group, stack_group, swarm_group, trust_group,
	unsupported; /* unsupported.c */
extern const struct command context_group;
extern const struct command inspect_any, completion_print, completion_words, manual_write;

/* Help for --format, where there is a table and where there is none. */
#define FORMAT_HELP	     "How to show it: 'table', 'table TEMPLATE', 'json', or a Go template on its own"
#define DOCUMENT_FORMAT_HELP "How to show it: 'json', or a Go template"

/* ---- help ---- */

/* Help of a command, as it was called (cli->path), `width` columns wide. */
void help_write(const struct cli *cli, const struct command *command, size_t width,
		struct buffer *out);

/* Text in lines of at most `width` columns; every line but the first is indented. */
void help_wrap(const char *text, size_t indent, size_t width, struct buffer *out);

/* All ways to call a command: "docker container ls, docker container list, docker ps". */
struct strings help_names(const struct cli *cli, const struct command *command);
