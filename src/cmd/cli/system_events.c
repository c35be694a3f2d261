/* events */
#include "cmd/cli/system_events.h"

#include "base/time.h"
#include "cmd/cli/api.h"
#include "cmd/cli/listing.h"
#include "cmd/cli/moment.h"
#include "format/json.h"

#include <stdio.h>
#include <time.h>

struct events {
	struct strings filters;
	char *format, *since, *until;
};

static const struct option options[] = {
	{'f', "filter", &option_filter, offsetof(struct events, filters),
	 .help = "Show only what fits: name=value"},
	{0, "format", &option_string, offsetof(struct events, format),
	 .help = DOCUMENT_FORMAT_HELP},
	{0, "since", &option_string, offsetof(struct events, since),
	 .help = "Begin with events of this moment, or of so long ago"},
	{0, "until", &option_string, offsetof(struct events, until),
	 .help = "End with events of this moment"},
};

/* ---- one event ---- */

/* Nine digits of fraction and the local offset. */
static void add_time(int64_t ns, struct buffer *out)
{
	time_t seconds = (time_t)(ns / NS_PER_SECOND);
	char text[40], offset[8];
	struct tm tm;

	localtime_r(&seconds, &tm);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
	strftime(offset, sizeof(offset), "%z", &tm);
	buffer_format(out, "%s.%09lld", text, (long long)(ns % NS_PER_SECOND));
	if (strcmp(offset, "+0000") == 0)
		buffer_add_char(out, 'Z');
	else
		buffer_format(out, "%.3s:%s", offset, offset + 3);
}

void event_add_attributes(const json_t *attributes, struct buffer *out)
{
	scoped_pairs struct pairs sorted = {0};
	const char *name;
	json_t *value;

	json_object_foreach ((json_t *)attributes, name, value)
		pairs_set(&sorted, name, json_string_value(value));
	pairs_sort(&sorted);
	for (size_t i = 0; i < sorted.count; i++)
		buffer_format(out, "%s%s=%s", i ? ", " : " (", sorted.items[i].name,
			      sorted.items[i].value ? sorted.items[i].value : "");
	if (sorted.count)
		buffer_add_char(out, ')');
}

static void add_event(const json_t *event, struct buffer *out)
{
	const json_t *actor = json_object_get(event, "Actor");
	int64_t ns = doc_number(event, "timeNano");

	add_time(ns ? ns : doc_number(event, "time") * NS_PER_SECOND, out);
	buffer_format(out, " %s %s %s", doc_text(event, "Type"), doc_text(event, "Action"),
		      doc_text(actor, "ID"));
	event_add_attributes(json_object_get(actor, "Attributes"), out);
	buffer_add_char(out, '\n');
}

/* The names that Go's struct has, which are not those of the JSON that `json` makes of it. */
static json_t *template_document(const json_t *event)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:O?, s:s, s:I, s:I}", "Status",
			 doc_text(event, "status"), "ID", doc_text(event, "id"), "From",
			 doc_text(event, "from"), "Type", doc_text(event, "Type"), "Action",
			 doc_text(event, "Action"), "Actor", json_object_get(event, "Actor"),
			 "Scope", doc_text(event, "scope"), "Time",
			 (json_int_t)doc_number(event, "time"), "TimeNano",
			 (json_int_t)doc_number(event, "timeNano"));
}

static bool write_event(const struct template *format, const json_t *event, struct buffer *out,
			struct error *err)
{
	scoped_json json_t *document = template_document(event);
	struct template_data data = {.root = template_is_whole(format) ? event : document};

	if (!template_execute(format, &data, out, err))
		return false;
	buffer_add_char(out, '\n');
	return true;
}

/* On an event that says nothing, as docker tries it: what fails is known before one comes. */
static bool try_format(const struct template *format, struct error *err)
{
	scoped_buffer struct buffer unused = {0};
	scoped_json json_t *event = json_pack("{s:{s:s, s:{}}}", "Actor", "ID", "", "Attributes");

	return write_event(format, event, &unused, err);
}

/* ---- the stream ---- */

static bool show_event(void *format, const json_t *event, struct error *err)
{
	scoped_buffer struct buffer out = {0};

	if (!format)
		add_event(event, &out);
	else if (!write_event(format, event, &out, err))
		return false;
	return cli_print(&out) == 0 || error_set(err, ERROR_SYSTEM, "nobody reads the events");
}

bool event_add_moment(struct target *target, const char *name, const char *text, struct error *err)
{
	if (str_is_empty(text))
		return true;
	scoped_free char *moment = moment_to_unix(text, err);
	if (!moment)
		return false;
	target_add(target, name, moment);
	return true;
}

static int show_events(struct cli *cli, const struct events *events, struct template *format)
{
	scoped_target struct target target = target_format("/events");
	struct api_request request = {.method = "GET", .target = &target};
	struct error err;

	target_add_filters(&target, &events->filters);
	if (event_add_moment(&target, "since", events->since, &err) &&
	    event_add_moment(&target, "until", events->until, &err) &&
	    api_stream(cli, &request, show_event, format, &err))
		return 0;
	return cli_fail(cli, &err);
}

static int run(struct cli *cli, void *fields, const struct strings *arguments)
{
	const struct events *events = fields;
	struct error err;

	if (str_is_empty(events->format))
		return show_events(cli, events, NULL);
	scoped(template) struct template *format = document_template(events->format, &err);
	if (format && try_format(format, &err))
		return show_events(cli, events, format);
	error_prefix(&err, "Error parsing format");
	cli_complain(&err);
	return 64; /* as docker does */
}

const struct command system_events = {
	.summary = "Show what happens, as it happens",
	.usage = "[OPTIONS]",
	.size = sizeof(struct events),
	.options = {OPTION_SET(options)},
	.run = run,
};
