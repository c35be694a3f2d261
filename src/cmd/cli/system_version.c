/* version */
#include "base/time.h"
#include "cmd/cli/api.h"
#include "cmd/cli/context_store.h"
#include "cmd/cli/listing.h"
#include "format/json.h"
#include "format/platform.h"

#include <time.h>

struct version {
	char *format;
};

static const struct option options[] = {
	{'f', "format", &option_string, offsetof(struct version, format),
	 .help = DOCUMENT_FORMAT_HELP},
};

static json_t *client_document(const struct cli *cli)
{
	struct platform host = platform_host();
	scoped_free char *context = context_current(cli);

	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "Version", cli->version,
			 "ApiVersion", cli->api_version ? cli->api_version : CLI_API_VERSION,
			 "DefaultAPIVersion", CLI_API_VERSION, "GitCommit", cli->commit, "Os",
			 host.os, "Arch", host.architecture, "Context", context);
}

/* ---- for people ---- */

static void add_line(struct buffer *out, const char *indent, const char *name, const char *value)
{
	buffer_format(out, "%s%s:%*s%s\n", indent, name, (int)(17 - strlen(name)), "", value);
}

static void show_client(const json_t *client, struct buffer *out)
{
	scoped_free char *platform =
		str_format("%s/%s", doc_text(client, "Os"), doc_text(client, "Arch"));
	const char *used = doc_text(client, "ApiVersion");
	bool older = strcmp(used, CLI_API_VERSION) != 0;
	scoped_free char *api = older ? str_format("%s (downgraded from %s)", used, CLI_API_VERSION)
				      : str_dup(used);

	buffer_add_text(out, "Client:\n");
	add_line(out, " ", "Version", doc_text(client, "Version"));
	add_line(out, " ", "API version", api);
	add_line(out, " ", "Git commit", doc_text(client, "GitCommit"));
	add_line(out, " ", "OS/Arch", platform);
	add_line(out, " ", "Context", doc_text(client, "Context"));
}

/* "Wed Jan  1 00:00:00 2025", or the text as it is. */
static char *build_time(const char *text)
{
	char shown[32];
	int64_t ns;

	if (!time_from_text(text, &ns) || !ns)
		return str_dup(text);
	time_t seconds = (time_t)(ns / NS_PER_SECOND);
	struct tm tm;
	gmtime_r(&seconds, &tm);
	strftime(shown, sizeof(shown), "%a %b %e %H:%M:%S %Y", &tm);
	return str_dup(shown);
}

static void show_details(const json_t *details, struct buffer *out)
{
	scoped_free char *built = build_time(doc_text(details, "BuildTime"));
	scoped_free char *platform =
		str_format("%s/%s", doc_text(details, "Os"), doc_text(details, "Arch"));
	scoped_free char *api =
		str_format("%s (minimum version %s)", doc_text(details, "ApiVersion"),
			   doc_text(details, "MinAPIVersion"));

	add_line(out, "  ", "API version", api);
	add_line(out, "  ", "Go version", doc_text(details, "GoVersion"));
	add_line(out, "  ", "Git commit", doc_text(details, "GitCommit"));
	add_line(out, "  ", "Built", built);
	add_line(out, "  ", "OS/Arch", platform);
	add_line(out, "  ", "Experimental", doc_text(details, "Experimental"));
}

/* The engine's details have a fixed order; other components show what they have. */
static void show_component(const json_t *component, struct buffer *out)
{
	const json_t *details = json_object_get(component, "Details");
	const char *name = doc_text(component, "Name"), *key;
	json_t *value;

	buffer_format(out, " %s:\n", name);
	add_line(out, "  ", "Version", doc_text(component, "Version"));
	if (strcmp(name, "Engine") == 0) {
		show_details(details, out);
		return;
	}
	json_object_foreach ((json_t *)details, key, value)
		if (json_is_string(value))
			add_line(out, "  ", key, json_string_value(value));
}

static void show_server(const json_t *server, struct buffer *out)
{
	const char *platform = doc_text(json_object_get(server, "Platform"), "Name");
	size_t i;
	json_t *component;

	buffer_format(out, "\nServer:%s%s\n", *platform ? " " : "", platform);
	json_array_foreach (json_object_get(server, "Components"), i, component)
		show_component(component, out);
}

/* ---- the command ---- */

static bool write_document(const struct cli *cli, const char *format, const json_t *server,
			   struct buffer *out, struct error *err)
{
	scoped_json json_t *document =
		json_pack("{s:o, s:O?}", "Client", client_document(cli), "Server", server);

	return document_write(format, document, out, err);
}

static int run(struct cli *cli, void *fields, const struct strings *arguments)
{
	const struct version *version = fields;
	scoped_target struct target target = target_format("/version");
	scoped_buffer struct buffer out = {0};
	struct error err, format_err;
	scoped_json json_t *server = api_get(cli, &target, &err);
	scoped_json json_t *client = client_document(cli);

	if (str_is_empty(version->format)) {
		show_client(client, &out);
		if (server)
			show_server(server, &out);
	} else if (!write_document(cli, version->format, server, &out, &format_err)) {
		return cli_fail(cli, &format_err);
	}
	int status = cli_print(&out);
	return server ? status : cli_fail(cli, &err);
}

const struct command system_version = {
	.summary = "Show the version of the command and of the daemon",
	.usage = "[OPTIONS]",
	.size = sizeof(struct version),
	.options = {OPTION_SET(options)},
	.run = run,
};
