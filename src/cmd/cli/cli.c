/* From argv to a command: global options, the path through the groups, the command's own options. */
#include "cmd/cli/cli.h"

#include "cmd/cli/terminal.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#define FAILED_FLAGS 125

/* ---- what commands share ---- */

int cli_complain(const struct error *err)
{
	char text[ERROR_TEXT_SIZE];

	fflush(stdout); /* what went well before stands before it */
	fprintf(stderr, "%s\n", error_text(err, text, sizeof(text)));
	return 1;
}

int cli_fail(const struct cli *cli, const struct error *err)
{
	char text[ERROR_TEXT_SIZE];

	if (!cli->command->failure)
		return cli_complain(err);
	fprintf(stderr, "%s: %s\n\nRun '%s --help' for more information\n", cli->program,
		error_text(err, text, sizeof(text)), cli->path);
	return cli->command->failure;
}

char *cli_config_directory(const struct cli *cli)
{
	const char *directory = getenv("DOCKER_CONFIG"), *home = getenv("HOME");

	if (cli->options.config)
		return str_dup(cli->options.config);
	if (!str_is_empty(directory))
		return str_dup(directory);
	return str_format("%s/.docker", home ? home : "");
}

bool cli_confirm(const char *question)
{
	char answer[16] = "";

	printf("%s [y/N] ", question);
	fflush(stdout);
	if (!fgets(answer, sizeof(answer), stdin))
		return false;
	answer[strcspn(answer, "\r\n")] = '\0';
	return strcmp(answer, "y") == 0 || strcmp(answer, "Y") == 0;
}

int cli_print(const struct buffer *text)
{
	if (fwrite(text->data ? text->data : "", 1, text->size, stdout) == text->size &&
	    fflush(stdout) == 0)
		return 0;
	if (errno != EPIPE)
		perror("cannot write to stdout");
	return 1;
}

/* ---- mistakes in the call ---- */

/* As systemd's commands tell them: a line. */
static __attribute__((format(printf, 1, 2))) int fail_tersely(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	return 1;
}

static char *usage_line(const char *path, const struct command *command)
{
	return str_format("%s%s%s", path, *command->usage ? " " : "", command->usage);
}

static int fail_options(const struct cli *cli, const struct command *command,
			const struct error *err)
{
	const char *usage = command == cli->top ? "[OPTIONS] COMMAND [ARG...]" : command->usage;
	const char *path = cli->path;

	if (cli->terse)
		return fail_tersely("%s: %s", cli->program, err->text);
	fprintf(stderr, "%s\n\nUsage:  %s%s%s\n\nRun '%s --help' for more information\n", err->text,
		path, *usage ? " " : "", usage, path);
	return cli->misuse ? cli->misuse : FAILED_FLAGS;
}

/* "requires at least 1 argument", or NULL when the number is right. */
static char *count_problem(const struct command *command, int count)
{
	int least = command->least, most = command->most;

	if (count >= least && (most < 0 || count <= most))
		return NULL;
	if (most == 0)
		return str_dup("accepts no arguments");
	if (most < 0)
		return str_format("requires at least %d argument%s", least, least == 1 ? "" : "s");
	if (least == most)
		return str_format("requires %d argument%s", least, least == 1 ? "" : "s");
	if (least == 0)
		return str_format("requires at most %d argument%s", most, most == 1 ? "" : "s");
	return str_format("requires at least %d and at most %d arguments", least, most);
}

static int fail_count(const struct cli *cli, int count, const char *problem)
{
	scoped_free char *usage = usage_line(cli->path, cli->command);

	if (cli->terse)
		return fail_tersely("Too %s arguments.",
				    count < cli->command->least ? "few" : "many");
	fprintf(stderr, "%s: '%s' %s\n\nUsage:  %s\n\n%s '%s --help' for more information\n",
		cli->program, cli->path, problem, usage, cli->command->most < 0 ? "See" : "Run",
		cli->path);
	return 1;
}

static int fail_unknown(const struct cli *cli, const struct command *group, const char *name)
{
	if (cli->terse)
		return fail_tersely("Unknown command verb %s.", name);
	fprintf(stderr, "%s: unknown command: %s %s\n\n", cli->program, cli->path, name);
	if (group != cli->top)
		fprintf(stderr, "Usage:  %s\n\n", cli->path);
	fprintf(stderr, "Run '%s --help' for more information\n", cli->path);
	return 1;
}

static int show_help(const struct cli *cli, const struct command *command)
{
	scoped_buffer struct buffer text = {0};

	help_write(cli, command, terminal_width(STDOUT_FILENO, 80), &text);
	return cli_print(&text);
}

/* ---- finding the command ---- */

static int run_show(struct cli *cli, void *fields, const struct strings *arguments)
{
	scoped_buffer struct buffer out = {0};
	struct error err;

	if (!cli->command->show(cli, fields, arguments, &out, &err))
		return cli_fail(cli, &err);
	return cli_print(&out);
}

static int run_parsed(struct cli *cli, void *fields, struct option_outcome *outcome)
{
	int count = (int)outcome->arguments.count;
	scoped_free char *problem = count_problem(cli->command, count);

	if (outcome->short_help)
		fprintf(stderr, "Flag shorthand -h has been deprecated, use --help\n");
	if (outcome->help)
		return show_help(cli, cli->command);
	if (problem)
		return fail_count(cli, count, problem);
	if (cli->command->show)
		return run_show(cli, fields, &outcome->arguments);
	return cli->command->run(cli, fields, &outcome->arguments);
}

static int run_prepared(struct cli *cli, const char *const *argv, size_t count)
{
	const struct command *command = cli->command;
	void *fields = mem_zeroed(1, command->size);
	struct option_outcome outcome;
	struct error err;
	int status;

	if (command->plain) {
		outcome = (struct option_outcome){0};
		for (size_t i = 0; i < count; i++)
			strings_add(&outcome.arguments, argv[i]);
		status = run_parsed(cli, fields, &outcome);
	} else if (options_parse(command->options, fields, argv, count, command->options_first,
				 &outcome, &err))
		status = run_parsed(cli, fields, &outcome);
	else
		status = fail_options(cli, command, &err);
	option_outcome_fini(&outcome);
	options_fini(command->options, fields);
	free(fields);
	return status;
}

static int run_command(struct cli *cli, const char *const *argv, size_t count)
{
	scoped_strings struct strings words = {0};

	if (!cli->command->prepare)
		return run_prepared(cli, argv, count);
	for (size_t i = 0; i < count; i++)
		strings_add(&words, argv[i]);
	cli->command->prepare(&words);
	return run_prepared(cli, (const char *const *)words.items, words.count);
}

static void extend_path(struct cli *cli, const char *name)
{
	char *path = str_format("%s %s", cli->path, name);

	free(cli->path);
	cli->path = path;
}

static int run_group(struct cli *cli, const struct command *group, const char *const *argv,
		     size_t count);
static int run_verb(struct cli *cli, const struct command *group, const struct strings *words);

/* `help ps` is `ps --help`. */
static int run_help(struct cli *cli, const struct command *group, const struct strings *words)
{
	scoped_strings struct strings verb = {0};

	if (words->count < 2)
		return show_help(cli, group);
	for (size_t i = 1; i < words->count; i++)
		strings_add(&verb, words->items[i]);
	strings_add(&verb, "--help");
	return run_verb(cli, group, &verb);
}

/* The verb that the words behind a group's options begin with. */
static int run_verb(struct cli *cli, const struct command *group, const struct strings *words)
{
	const char *name = words->items[0];
	const struct command_entry *entry = command_find(group, name);

	if (!entry && strcmp(name, "help") == 0 && (group == cli->top || group->enter))
		return run_help(cli, group, words);
	if (!entry)
		return group->unknown ? group->unknown(cli, name) : fail_unknown(cli, group, name);
	extend_path(cli, entry->name);
	return run_group(cli, entry->command, (const char *const *)words->items + 1,
			 words->count - 1);
}

static int enter_group(struct cli *cli, const struct command *group, void *fields,
		       const struct option_outcome *outcome)
{
	int status = -1;

	if (outcome->help)
		return show_help(cli, group);
	if (group->enter)
		status = group->enter(cli, fields, &outcome->arguments);
	if (status < 0)
		status = outcome->arguments.count ? run_verb(cli, group, &outcome->arguments)
						  : show_help(cli, group);
	if (group->leave)
		group->leave(cli, fields);
	return status;
}

/* The first argument behind a group's options names what is in it. */
static int run_group(struct cli *cli, const struct command *group, const char *const *argv,
		     size_t count)
{
	scoped_with(option_outcome_fini) struct option_outcome outcome = {0};
	struct error err;
	int status;

	cli->command = group;
	if (group->misuse)
		cli->misuse = group->misuse;
	if (group->run || group->show)
		return run_command(cli, argv, count);
	void *fields = mem_zeroed(1, group->size);
	if (options_parse(group->options, fields, argv, count, true, &outcome, &err))
		status = enter_group(cli, group, fields, &outcome);
	else
		status = fail_options(cli, group, &err);
	options_fini(group->options, fields);
	free(fields);
	return status;
}

static int print_version(const struct cli *cli)
{
	printf("%s version %s, build %s\n", cli->product, cli->version, cli->commit);
	return 0;
}

static int run_top(struct cli *cli, struct option_outcome *outcome)
{
	struct strings *arguments = &outcome->arguments;

	if (cli->options.version)
		return print_version(cli);
	if (cli->options.context && cli->options.hosts.count) {
		fprintf(stderr, "conflicting options: cannot specify both --host and --context\n");
		return 1;
	}
	if (outcome->help || !arguments->count)
		return show_help(cli, cli->top);
	return run_verb(cli, cli->top, arguments);
}

static bool asks_for_version(const char *const *argv, size_t count)
{
	for (size_t i = 0; i < count && strcmp(argv[i], "--") != 0; i++)
		if (strcmp(argv[i], "--version") == 0)
			return true;
	return false;
}

static int run_options(struct cli *cli, const char *const *argv, size_t count)
{
	struct option_outcome outcome;
	struct error err;
	int status;

	if (options_parse(cli->top->options, &cli->options, argv, count, true, &outcome, &err))
		status = run_top(cli, &outcome);
	else
		status = fail_options(cli, cli->top, &err);
	option_outcome_fini(&outcome);
	options_fini(cli->top->options, &cli->options);
	return status;
}

static void begin(struct cli *cli)
{
	cli->command = cli->top;
	cli->path = str_dup(cli->program);
}

static int end(struct cli *cli, int status)
{
	http_client_free(cli->api);
	free(cli->address);
	free(cli->tls_folder);
	free(cli->api_version);
	free(cli->path);
	return status;
}

int cli_run(struct cli *cli, const char *const *words, size_t count)
{
	begin(cli);
	return end(cli, run_options(cli, words, count));
}

int cli_run_below(struct cli *cli, const struct command *command, const char *const *words,
		  size_t count)
{
	begin(cli);
	bool version = !command->enter && asks_for_version(words, count);
	return end(cli, version ? print_version(cli) : run_group(cli, command, words, count));
}
