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
	const char *product; /* as messages call the daemon: "wherry", "Docker" */
	bool terse;	     /* a mistake in the call is one line and ends with 1 */
	char *path;	     /* owned: "wherry container ls", for messages */
	const struct command *command;
	struct cli_options options;
	char *address;		 /* owned: of the daemon; NULL until it is needed */
	char *tls_folder;	 /* owned: certificates of the context in force; NULL: none */
	bool skip_tls_verify;	 /* as that context says */
	struct http_client *api; /* owned: NULL until it is needed */
	char *api_version;	 /* owned: agreed with the daemon */
};

/* The program; `version` and `commit` say what was built.  Called as "docker", it calls itself so. */
int cli_main(int argc, const char *const *argv, const char *version, const char *commit);

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
