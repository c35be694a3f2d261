/* One call of the command: where the daemon is, how answers and errors are shown. */
#pragma once

#include "cmd/cli/command.h"
#include "http/http_client.h"

struct cli_options {
	char *config;
	char *context;
	struct strings hosts;
	char *log_level;
	char *ca, *certificate, *key;
	bool debug, tls, version;
	int8_t tls_verify;
};

struct cli {
	const char *program; /* the name it was called by: "wherry", "docker" */
	const char *version, *commit;
	const struct command *top; /* all that it can do, whatever name it was called by */
	const char *product; /* as messages call the daemon: "wherry", "Docker" */
	bool terse;	     /* a mistake in the call is one line and ends with 1 */
	char *path;	     /* owned: "wherry container ls", for messages */
	int misuse;	     /* exit status of wrong options; 0: docker's own */
	const struct command *command;
	struct cli_options options;
	char *address;		 /* owned: of the daemon; NULL until it is needed */
	char *tls_folder;	 /* owned: certificates of the context in force; NULL: none */
	bool skip_tls_verify;	 /* as that context says */
	struct http_client *api; /* owned: NULL until it is needed */
	char *api_version;	 /* owned: agreed with the daemon */
	bool traces;		 /* tell each request on stderr */
	void *scope; /* what the verbs of a group share, between its enter and its leave */
};

/* Run the words behind the program's name: options of the top, a verb and what follows it.  `cli` has
 * program, product, version, commit, top and terse set; the exit status. */
int cli_run(struct cli *cli, const char *const *words, size_t count);

/* The same below `command`, for a program that answers to the name of somebody else's command: the
 * words begin with its verb, or its options where it has no verbs. */
int cli_run_below(struct cli *cli, const struct command *command, const char *const *words,
		  size_t count);

/* Show a failure on stderr, in the way of the command that runs (`run` puts the program's name before
 * it and a hint behind it); returns the exit status that goes with it. */
int cli_fail(const struct cli *cli, const struct error *err);

/* The same for one of many arguments: only the text; always 1. */
int cli_complain(const struct error *err);

/* Directory of config.json: --config, WHERRY_CONFIG, DOCKER_CONFIG, ~/.docker. */
char *cli_config_directory(const struct cli *cli);

/* Ask a question on the terminal; false: anything but y was answered, or nothing can be. */
bool cli_confirm(const char *question);

/* Text to stdout, and whether all of it was taken. */
int cli_print(const struct buffer *text);

#define CLI_API_VERSION "1.47"
