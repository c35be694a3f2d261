/* What only the whole project shows: attributes that contradict each other, names that nothing declares. */
#include "compose/check.h"

#include "base/map.h"

#include <string.h>

static void say(const struct check *c, enum diagnostic_level level, struct place place,
		const char *path, const char *format, va_list args)
{
	scoped_free char *whole =
		c->service ? str_format("services.%s%s%s", c->service->name, *path ? "." : "", path)
			   : str_format("%s.%s%s%s", c->section, c->key, *path ? "." : "", path);
	scoped_buffer struct buffer text = {0};

	buffer_format_v(&text, format, args);
	if (level == DIAGNOSTIC_ERROR)
		diagnostics_error(c->diagnostics, place, whole, "%s", text.data);
	else
		diagnostics_warn(c->diagnostics, place, whole, "%s", text.data);
}

void check_error(const struct check *c, struct place place, const char *path, const char *format,
		 ...)
{
	va_list args;

	va_start(args, format);
	say(c, DIAGNOSTIC_ERROR, place, path, format, args);
	va_end(args);
}

void check_error_at(const struct check *c, struct place place, const struct spot *spot,
		    const char *format, ...)
{
	scoped_free char *path = spot->name ? str_format("%s.%s", spot->path, spot->name)
					    : str_format("%s[%zu]", spot->path, spot->index);
	va_list args;

	va_start(args, format);
	say(c, DIAGNOSTIC_ERROR, place, path, format, args);
	va_end(args);
}

void check_warn(const struct check *c, struct place place, const char *path, const char *format,
		...)
{
	va_list args;

	va_start(args, format);
	say(c, DIAGNOSTIC_WARNING, place, path, format, args);
	va_end(args);
}

bool check_is_spoilt(const struct check *c, const char *path, bool below)
{
	size_t length = strlen(path);

	for (size_t i = 0; i < c->diagnostics->count; i++) {
		const struct diagnostic *item = &c->diagnostics->items[i];

		if (item->level != DIAGNOSTIC_ERROR || !item->path ||
		    strncmp(item->path, path, length) != 0)
			continue;
		if (!item->path[length] || (below && strchr(".[", item->path[length])))
			return true;
	}
	return false;
}

bool check_waits(const struct node *value)
{
	return value->kind == NODE_TEXT && strchr(value->text, '$');
}

const struct node *check_text(const struct node *map, const char *key)
{
	const struct node *node = node_get(map, key);

	return node && node->kind == NODE_TEXT && !check_waits(node) ? node : NULL;
}

void check_labels(const struct check *c, const char *path, const struct node *labels)
{
	node_each(member, labels)
		if (str_starts_with(member->key, "com.docker.compose."))
			check_error(c, member->place, path,
				    "the label '%s' is one that compose sets itself", member->key);
}

/* ---- resources ---- */

static void check_external(const struct check *c)
{
	node_each(member, c->node)
		if (strcmp(member->key, "external") != 0 && strcmp(member->key, "name") != 0 &&
		    !str_starts_with(member->key, "x-"))
			check_error(c, member->place, member->key,
				    "conflicting parameters \"external\" and \"%s\" specified",
				    member->key);
}

/* A config or a secret comes from one place. */
static void check_origin(const struct check *c)
{
	static const char *const origins[] = {"external", "file", "environment", "content"};
	const struct node_member *first = NULL;
	size_t count = array_length(origins) - (strcmp(c->section, "secrets") == 0);

	for (size_t i = 0; i < count; i++) {
		const struct node_member *member = node_find(c->node, origins[i]);

		if (!member || (i == 0 && !node_get_bool(c->node, "external", false)))
			continue;
		if (first)
			check_error(c, member->place, member->key,
				    "\"%s\" and \"%s\" exclude each other", first->key,
				    member->key);
		else
			first = member;
	}
	scoped_free char *path = str_format("%s.%s", c->section, c->key);
	if (!first && !check_is_spoilt(c, path, true))
		check_error(c, c->node->place, "", "one of %s must be set",
			    count == 3 ? "file, environment and external"
				       : "file, environment, content and external");
}

static void check_resources(const struct project *project, const char *section,
			    const struct resources *resources, bool has_origin,
			    struct diagnostics *diagnostics)
{
	const struct attribute *row =
		attribute_child(attribute_child(&attributes_root, section), "x");

	for (size_t i = 0; i < resources->count; i++) {
		const struct resource *resource = &resources->items[i];
		struct check c = {project,	 NULL,		 section,
				  resource->key, resource->node, diagnostics};

		if (resource->external && !has_origin)
			check_external(&c);
		if (has_origin)
			check_origin(&c);
		check_labels(&c, "labels", node_get(resource->node, "labels"));
		check_effects(&c, row);
	}
}

/* ---- services side by side ---- */

static void check_container_names(const struct project *project, struct diagnostics *diagnostics)
{
	scoped_map struct map seen = {0};

	for (size_t i = 0; i < project->service_count; i++) {
		struct service *service = &project->services[i];
		struct check c = {.project = project,
				  .service = service,
				  .node = service->node,
				  .diagnostics = diagnostics};
		const struct node *name = check_text(service->node, "container_name");
		const struct service *other;

		if (!name || !service->enabled)
			continue;
		if ((other = map_put(&seen, name->text, service)) != NULL)
			check_error(&c, name->place, "container_name",
				    "service \"%s\" has the container name \"%s\", too",
				    other->name, name->text);
		if (service->scale > 1)
			check_error(&c, name->place, "container_name",
				    "one name is not enough for %u containers", service->scale);
	}
}

bool check_project(const struct project *project, struct diagnostics *diagnostics)
{
	size_t errors = diagnostics->errors;

	for (size_t i = 0; i < project->service_count; i++) {
		const struct service *service = &project->services[i];
		struct check c = {.project = project,
				  .service = service,
				  .node = service->node,
				  .diagnostics = diagnostics};

		check_service(&c);
	}
	check_container_names(project, diagnostics);
	check_resources(project, "networks", &project->networks, false, diagnostics);
	check_resources(project, "volumes", &project->volumes, false, diagnostics);
	check_resources(project, "configs", &project->configs, true, diagnostics);
	check_resources(project, "secrets", &project->secrets, true, diagnostics);
	return diagnostics->errors == errors;
}
