/* events: what happens to the containers of a project. */
#include "cmd/compose/verbs.h"

#include "base/time.h"
#include "cmd/cli/system_events.h"
#include "format/json.h"

#include <stdio.h>
#include <strings.h>
#include <time.h>

struct events {
	bool json;
	char *since, *until;
	const struct strings *services; /* borrowed; none: all */
};

static const struct option options[] = {
	{0, "json", &option_switch, offsetof(struct events, json),
	 .help = "One JSON object a line"},
	{0, "since", &option_string, offsetof(struct events, since),
	 .help = "Begin with events of this moment, or of so long ago"},
	{0, "until", &option_string, offsetof(struct events, until),
	 .help = "End with events of this moment"},
};

static void add_time(int64_t ns, char separator, struct buffer *out)
{
	time_t seconds = (time_t)(ns / NS_PER_SECOND);
	char text[40];
	struct tm tm;

	localtime_r(&seconds, &tm);
	strftime(text, sizeof(text), "%Y-%m-%d", &tm);
	buffer_format(out, "%s%c", text, separator);
	strftime(text, sizeof(text), "%H:%M:%S", &tm);
	buffer_format(out, "%s.%06lld", text, (long long)(ns % NS_PER_SECOND / 1000));
}

/* Without the labels that are compose's own. */
static json_t *own_attributes(const json_t *attributes)
{
	json_t *left = json_object();
	const char *name;
	json_t *value;

	json_object_foreach ((json_t *)attributes, name, value)
		if (!str_starts_with(name, "com.docker.compose.") &&
		    !str_starts_with(name, "wherry.compose."))
			json_object_set(left, name, value);
	return left;
}

static bool is_wanted(const struct events *events, const json_t *event)
{
	const json_t *attributes = json_object_get(json_object_get(event, "Actor"), "Attributes");

	return strcmp(doc_text(event, "Type"), "container") == 0 &&
	       strcasecmp(doc_text(attributes, "com.docker.compose.oneoff"), "true") != 0 &&
	       (!events->services->count ||
		strings_contain(events->services,
				doc_text(attributes, "com.docker.compose.service")));
}

static void add_json(const json_t *event, const json_t *attributes, int64_t ns, struct buffer *out)
{
	const json_t *actor = json_object_get(event, "Actor");
	scoped_buffer struct buffer moment = {0};

	add_time(ns, 'T', &moment);
	scoped_json json_t *line = json_pack(
		"{s:s, s:s, s:s, s:s, s:s, s:O}", "time", moment.data, "type", "container",
		"action", doc_text(event, "Action"), "id", doc_text(actor, "ID"), "service",
		doc_text(json_object_get(actor, "Attributes"), "com.docker.compose.service"),
		"attributes", attributes);
	scoped_free char *text = json_dumps(line, JSON_COMPACT);
	buffer_format(out, "%s\n", text);
}

static void add_line(const json_t *event, const json_t *attributes, int64_t ns, struct buffer *out)
{
	add_time(ns, ' ', out);
	buffer_format(out, " container %s %s", doc_text(event, "Action"),
		      doc_text(json_object_get(event, "Actor"), "ID"));
	event_add_attributes(attributes, out);
	buffer_add_char(out, '\n');
}

static bool show(void *data, const json_t *event, struct error *err)
{
	const struct events *events = data;
	scoped_buffer struct buffer out = {0};

	if (!is_wanted(events, event))
		return true;
	scoped_json json_t *attributes =
		own_attributes(json_object_get(json_object_get(event, "Actor"), "Attributes"));
	(events->json ? add_json : add_line)(event, attributes, doc_number(event, "timeNano"),
					     &out);
	return cli_print(&out) == 0 || error_set(err, ERROR_SYSTEM, "nobody reads the events");
}

static bool listen(struct compose *compose, struct events *events, struct error *err)
{
	scoped_target struct target target = target_format("/events");
	scoped_strings struct strings filters = {0};
	struct api_request request = {.method = "GET", .target = &target};

	strings_format(&filters, "label=com.docker.compose.project=%s", compose->project_name);
	target_add_filters(&target, &filters);
	return event_add_moment(&target, "since", events->since, err) &&
	       event_add_moment(&target, "until", events->until, err) &&
	       api_stream(compose->cli, &request, show, events, err);
}

static int run(struct cli *cli, void *fields, const struct strings *arguments)
{
	struct compose *compose = compose_of(cli);
	struct events *events = fields;
	struct error err;

	events->services = arguments;
	if (!compose_name(compose) || !compose_check_services(compose, arguments))
		return 1;
	return listen(compose, events, &err) ? 0 : compose_fail(compose, &err);
}

const struct command compose_events = {
	.summary = "Show what happens to a project's containers, as it happens",
	.usage = "[OPTIONS] [SERVICE...]",
	.most = -1,
	.size = sizeof(struct events),
	.options = {OPTION_SET(options)},
	.run = run,
};
