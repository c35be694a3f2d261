/* version */
#include "cmd/compose/verbs.h"

#include <stdio.h>

struct version {
	char *format;
	bool brief;
};

static const struct option options[] = {
	{'f', "format", &option_string, offsetof(struct version, format), .initial = "pretty",
	 .help = "How to show it: 'pretty' or 'json'"},
	{0, "short", &option_switch, offsetof(struct version, brief),
	 .help = "Show the number alone"},
};

const char *compose_level(enum compose_style style)
{
	return style == COMPOSE_V1 ? "1.29.2" : "2.40.0";
}

int compose_print_version(const struct cli *cli, enum compose_style style)
{
	scoped_buffer struct buffer text = {0};

	if (style == COMPOSE_V1)
		buffer_format(&text, "docker-compose version %s, build %s\n", compose_level(style),
			      cli->commit);
	else
		buffer_format(&text, "Docker Compose version v%s\n", compose_level(style));
	return cli_print(&text);
}

static int run(struct cli *cli, void *fields, const struct strings *arguments)
{
	enum compose_style style = compose_of(cli)->style;
	const struct version *version = fields;
	const char *mark = style == COMPOSE_V1 ? "" : "v";
	scoped_buffer struct buffer text = {0};

	if (version->brief)
		buffer_format(&text, "%s\n", compose_level(style));
	else if (strcmp(version->format, "json") == 0)
		buffer_format(&text, "{\"version\":\"%s%s\"}\n", mark, compose_level(style));
	else
		return compose_print_version(cli, style);
	return cli_print(&text);
}

const struct command compose_version = {
	.summary = "Show the level of compose that this command is at",
	.usage = "[OPTIONS]",
	.size = sizeof(struct version),
	.options = {OPTION_SET(options)},
	.run = run,
};
