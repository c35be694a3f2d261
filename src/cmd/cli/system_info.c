/* info */
#include "cmd/cli/api.h"
#include "cmd/cli/context_store.h"
#include "cmd/cli/listing.h"
#include "format/json.h"
#include "format/platform.h"
#include "format/units.h"

#include <stdio.h>

struct info {
	char *format;
};

static const struct option options[] = {
	{'f', "format", &option_string, offsetof(struct info, format),
	 .help = DOCUMENT_FORMAT_HELP},
};

/* ---- lines ---- */

/* How a member is shown. */
enum line_kind {
	LINE_TEXT,  /* also when it is empty */
	LINE_GIVEN, /* a text that is left out when it is empty */
	LINE_NUMBER,
	LINE_FLAG,
	LINE_MEMORY,
	LINE_LIST,  /* one item a line, below a heading */
	LINE_OTHER, /* by a function of its own */
};

struct line {
	const char *label, *member;
	enum line_kind kind;
	void (*show)(const json_t *info, struct buffer *out);
};

static void show_list(const char *label, const json_t *list, struct buffer *out)
{
	size_t i;
	json_t *item;

	if (json_array_size(list))
		buffer_format(out, " %s:\n", label);
	json_array_foreach (list, i, item)
		buffer_format(out, "  %s\n", json_string_value(item));
}

static void show_line(const struct line *line, const json_t *info, struct buffer *out)
{
	const char *text = doc_text(info, line->member);
	int64_t number = doc_number(info, line->member);
	scoped_free char *memory = size_to_text_binary((double)number);

	switch (line->kind) {
	case LINE_TEXT:
		buffer_format(out, " %s: %s\n", line->label, text);
		break;
	case LINE_GIVEN:
		if (*text)
			buffer_format(out, " %s: %s\n", line->label, text);
		break;
	case LINE_NUMBER:
		buffer_format(out, " %s: %lld\n", line->label, (long long)number);
		break;
	case LINE_FLAG:
		buffer_format(out, " %s: %s\n", line->label,
			      doc_flag(info, line->member) ? "true" : "false");
		break;
	case LINE_MEMORY:
		buffer_format(out, " %s: %s\n", line->label, memory);
		break;
	case LINE_LIST:
		show_list(line->label, json_object_get(info, line->member), out);
		break;
	case LINE_OTHER:
		line->show(info, out);
		break;
	}
}

/* ---- what is more than a line ---- */

static void show_driver_status(const json_t *info, struct buffer *out)
{
	size_t i;
	json_t *pair;

	json_array_foreach (json_object_get(info, "DriverStatus"), i, pair)
		buffer_format(out, "  %s: %s\n", json_string_value(json_array_get(pair, 0)),
			      json_string_value(json_array_get(pair, 1)));
}

static void show_containers(const json_t *info, struct buffer *out)
{
	buffer_format(out, "  Running: %lld\n  Paused: %lld\n  Stopped: %lld\n",
		      (long long)doc_number(info, "ContainersRunning"),
		      (long long)doc_number(info, "ContainersPaused"),
		      (long long)doc_number(info, "ContainersStopped"));
}

static void show_words(const char *label, const json_t *list, struct buffer *out)
{
	size_t i;
	json_t *item;

	if (json_array_size(list))
		buffer_format(out, "%s:", label);
	json_array_foreach (list, i, item)
		buffer_format(out, " %s", json_string_value(item));
	if (json_array_size(list))
		buffer_add_char(out, '\n');
}

static void show_plugins(const json_t *info, struct buffer *out)
{
	const json_t *plugins = json_object_get(info, "Plugins");

	buffer_add_text(out, " Plugins:\n");
	show_words("  Volume", json_object_get(plugins, "Volume"), out);
	show_words("  Network", json_object_get(plugins, "Network"), out);
	show_words("  Authorization", json_object_get(plugins, "Authorization"), out);
	show_words("  Log", json_object_get(plugins, "Log"), out);
}

static void show_swarm(const json_t *info, struct buffer *out)
{
	buffer_format(out, " Swarm: %s\n",
		      doc_text(json_object_get(info, "Swarm"), "LocalNodeState"));
}

static void show_runtimes(const json_t *info, struct buffer *out)
{
	const json_t *runtimes = json_object_get(info, "Runtimes");
	const char *name;
	json_t *runtime;

	if (!json_object_size(runtimes))
		return;
	buffer_add_text(out, " Runtimes:");
	json_object_foreach ((json_t *)runtimes, name, runtime)
		buffer_format(out, " %s", name);
	buffer_add_char(out, '\n');
}

static void show_commit(const json_t *info, const char *member, const char *label,
			struct buffer *out)
{
	buffer_format(out, " %s version: %s\n", label,
		      doc_text(json_object_get(info, member), "ID"));
}

static void show_commits(const json_t *info, struct buffer *out)
{
	show_commit(info, "ContainerdCommit", "containerd", out);
	show_commit(info, "RuncCommit", "runc", out);
	show_commit(info, "InitCommit", "init", out);
}

/* "name=seccomp,profile=builtin" is shown as the name with its options below. */
static void show_security(const json_t *info, struct buffer *out)
{
	const json_t *list = json_object_get(info, "SecurityOptions");
	size_t i;
	json_t *option;

	if (json_array_size(list))
		buffer_add_text(out, " Security Options:\n");
	json_array_foreach (list, i, option) {
		const char *text = json_string_value(option);
		scoped_strings struct strings parts = strings_split(text ? text : "", ',');

		for (size_t j = 0; j < parts.count; j++) {
			const char *part = parts.items[j];

			if (str_starts_with(part, "name="))
				buffer_format(out, "  %s\n", part + strlen("name="));
			else if (str_starts_with(part, "profile="))
				buffer_format(out, "   Profile: %s\n", part + strlen("profile="));
			else
				buffer_format(out, "   %s\n", part);
		}
	}
}

static void show_registries(const json_t *info, struct buffer *out)
{
	const json_t *config = json_object_get(info, "RegistryConfig");
	const json_t *indexes = json_object_get(config, "IndexConfigs");
	const json_t *ranges = json_object_get(config, "InsecureRegistryCIDRs");
	const char *name;
	size_t i;
	json_t *item;

	buffer_add_text(out, json_array_size(ranges) ? " Insecure Registries:\n" : "");
	json_object_foreach ((json_t *)indexes, name, item)
		if (!doc_flag(item, "Secure"))
			buffer_format(out, "  %s\n", name);
	json_array_foreach (ranges, i, item)
		buffer_format(out, "  %s\n", json_string_value(item));
	show_list("Registry Mirrors", json_object_get(config, "Mirrors"), out);
}

static void show_debug(const json_t *info, struct buffer *out)
{
	if (!doc_flag(info, "Debug"))
		return;
	buffer_format(out, "  File Descriptors: %lld\n  EventsListeners: %lld\n",
		      (long long)doc_number(info, "NFd"),
		      (long long)doc_number(info, "NEventsListener"));
}

static const struct line lines[] = {
	{"Containers", "Containers", LINE_NUMBER},
	{.kind = LINE_OTHER, .show = show_containers},
	{"Images", "Images", LINE_NUMBER},
	{"Server Version", "ServerVersion", LINE_TEXT},
	{"Storage Driver", "Driver", LINE_TEXT},
	{.kind = LINE_OTHER, .show = show_driver_status},
	{"Logging Driver", "LoggingDriver", LINE_GIVEN},
	{"Cgroup Driver", "CgroupDriver", LINE_GIVEN},
	{"Cgroup Version", "CgroupVersion", LINE_GIVEN},
	{.kind = LINE_OTHER, .show = show_plugins},
	{.kind = LINE_OTHER, .show = show_swarm},
	{.kind = LINE_OTHER, .show = show_runtimes},
	{"Default Runtime", "DefaultRuntime", LINE_GIVEN},
	{"Init Binary", "InitBinary", LINE_TEXT},
	{.kind = LINE_OTHER, .show = show_commits},
	{.kind = LINE_OTHER, .show = show_security},
	{"Kernel Version", "KernelVersion", LINE_GIVEN},
	{"Operating System", "OperatingSystem", LINE_GIVEN},
	{"OSType", "OSType", LINE_GIVEN},
	{"Architecture", "Architecture", LINE_GIVEN},
	{"CPUs", "NCPU", LINE_NUMBER},
	{"Total Memory", "MemTotal", LINE_MEMORY},
	{"Name", "Name", LINE_GIVEN},
	{"ID", "ID", LINE_GIVEN},
	{"Docker Root Dir", "DockerRootDir", LINE_TEXT},
	{"Debug Mode", "Debug", LINE_FLAG},
	{.kind = LINE_OTHER, .show = show_debug},
	{"HTTP Proxy", "HttpProxy", LINE_GIVEN},
	{"HTTPS Proxy", "HttpsProxy", LINE_GIVEN},
	{"No Proxy", "NoProxy", LINE_GIVEN},
	{"Labels", "Labels", LINE_LIST},
	{"Experimental", "ExperimentalBuild", LINE_FLAG},
	{.kind = LINE_OTHER, .show = show_registries},
	{"Live Restore Enabled", "LiveRestoreEnabled", LINE_FLAG},
};

/* ---- the command ---- */

static json_t *client_document(const struct cli *cli)
{
	struct platform host = platform_host();
	scoped_free char *context = context_current(cli);

	return json_pack("{s:b, s:s, s:s, s:s, s:s, s:s, s:s, s:[], s:n}", "Debug",
			 (int)cli->options.debug, "Version", cli->version, "DefaultAPIVersion",
			 CLI_API_VERSION, "GitCommit", cli->commit, "Os", host.os, "Arch",
			 host.architecture, "Context", context, "Plugins", "Warnings");
}

static void show_client(const struct cli *cli, struct buffer *out)
{
	scoped_free char *context = context_current(cli);

	buffer_format(
		out, "Client:\n Version:    %s\n Context:    %s\n Debug Mode: %s\n\nServer:\n",
		cli->version, context, cli->options.debug ? "true" : "false");
}

static int show(struct cli *cli, const json_t *info, const struct error *err)
{
	scoped_buffer struct buffer out = {0};
	size_t i;
	json_t *warning;

	show_client(cli, &out);
	for (i = 0; info && i < array_length(lines); i++)
		show_line(&lines[i], info, &out);
	if (info)
		buffer_add_char(&out, '\n');
	int status = cli_print(&out);
	if (!info)
		return cli_fail(cli, err);
	json_array_foreach (json_object_get(info, "Warnings"), i, warning)
		fprintf(stderr, "%s\n", json_string_value(warning));
	return status;
}

static int run(struct cli *cli, void *fields, const struct strings *arguments)
{
	const struct info *options_given = fields;
	scoped_target struct target target = target_format("/info");
	scoped_buffer struct buffer out = {0};
	struct error err;
	scoped_json json_t *info = api_get(cli, &target, &err);

	if (str_is_empty(options_given->format))
		return show(cli, info, &err);
	if (!info)
		return cli_fail(cli, &err);
	json_object_set_new(info, "ClientInfo", client_document(cli));
	if (!document_write(options_given->format, info, &out, &err))
		return cli_fail(cli, &err);
	return cli_print(&out);
}

const struct command system_info = {
	.summary = "Show what the daemon is and runs on",
	.usage = "[OPTIONS]",
	.size = sizeof(struct info),
	.options = {OPTION_SET(options)},
	.run = run,
};
