#include "door/docker/event_view.h"

#include "base/time.h"
#include "format/json.h"

/* ---- writing ---- */

static void write_member(struct buffer *json, const char *name, const char *value)
{
	json_write_name(json, name);
	json_write_string(json, value ? value : "");
}

/* What clients of 2014 read still; only containers and images have it. */
static void write_legacy(const struct engine_event *event, struct buffer *json)
{
	const char *from = pairs_get(&event->attributes, "image");

	if (event->type != EVENT_CONTAINER && event->type != EVENT_IMAGE)
		return;
	write_member(json, "status", event->action);
	write_member(json, "id", event->actor);
	if (event->type == EVENT_CONTAINER && from)
		write_member(json, "from", from);
}

static void write_actor(const struct engine_event *event, struct buffer *json)
{
	json_write_name(json, "Actor");
	buffer_add_char(json, '{');
	write_member(json, "ID", event->actor);
	json_write_name(json, "Attributes");
	buffer_add_char(json, '{');
	for (size_t i = 0; i < event->attributes.count; i++)
		write_member(json, event->attributes.items[i].name,
			     event->attributes.items[i].value);
	buffer_add_text(json, "}}");
}

void event_write(const struct engine_event *event, struct buffer *json)
{
	buffer_add_char(json, '{');
	write_legacy(event, json);
	write_member(json, "Type", event_type_name(event->type));
	write_member(json, "Action", event->action);
	write_actor(event, json);
	write_member(json, "scope", "local");
	json_write_name(json, "time");
	json_write_i64(json, event->time_ns / NS_PER_SECOND);
	json_write_name(json, "timeNano");
	json_write_i64(json, event->time_ns);
	buffer_add_char(json, '}');
}

/* ---- matching ---- */

/* "exec_create: ls" is asked for as exec_create, "health_status: healthy" as health_status. */
static bool matches_action(const struct engine_event *event, const struct filters *filters)
{
	const char *colon = strstr(event->action, ": ");

	if (filters_exact(filters, "event", event->action))
		return true;
	if (!colon)
		return false;
	scoped_free char *kind = str_dup_n(event->action, (size_t)(colon - event->action));
	return filters_exact(filters, "event", kind);
}

/* container=x, volume=x, network=x: by the front of the id or of the name.  Events of other kinds do not
 * pass, unless an attribute tells that they are about the same thing. */
static bool matches_actor(const struct engine_event *event, const struct filters *filters)
{
	static const char *const kinds[] = {"container", "volume", "network", "daemon"};
	const char *type = event_type_name(event->type);
	const char *name = pairs_get(&event->attributes, "name");

	for (size_t i = 0; i < array_length(kinds); i++) {
		const struct strings *values = filters_values(filters, kinds[i]);

		if (!values || !values->count)
			continue;
		if (strcmp(type, kinds[i]) != 0)
			return false;
		if (!filters_prefix(filters, kinds[i], event->actor) &&
		    !(name && filters_prefix(filters, kinds[i], name)))
			return false;
	}
	return true;
}

/* A name with and without its tag. */
static bool matches_image_name(const char *name, const struct filters *filters)
{
	if (!name)
		return false;
	const char *slash = strrchr(name, '/');
	const char *colon = strchr(slash ? slash : name, ':');
	scoped_free char *bare = colon ? str_dup_n(name, (size_t)(colon - name)) : str_dup(name);
	return filters_exact(filters, "image", name) || filters_exact(filters, "image", bare);
}

static bool matches_image(const struct engine_event *event, const struct filters *filters)
{
	const char *attribute = event->type == EVENT_IMAGE ? "name" : "image";

	return matches_image_name(event->actor, filters) ||
	       matches_image_name(pairs_get(&event->attributes, attribute), filters);
}

bool event_matches(const struct engine_event *event, const struct filters *filters)
{
	if (!filters->count)
		return true;
	return filters_exact(filters, "type", event_type_name(event->type)) &&
	       filters_exact(filters, "scope", "local") && matches_action(event, filters) &&
	       matches_actor(event, filters) && matches_image(event, filters) &&
	       filters_labels(filters, "label", &event->attributes);
}
