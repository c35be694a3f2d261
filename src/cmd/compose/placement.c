#include "cmd/compose/placement.h"

#include "format/json.h"

#include <ctype.h>
#include <strings.h>

/* ---- one constraint ---- */

struct constraint {
	char *key, *value; /* owned */
	bool differs;	   /* != */
};

static void constraint_fini(struct constraint *constraint)
{
	free(constraint->key);
	free(constraint->value);
}

static char *trimmed(const char *text, size_t size)
{
	while (size && isspace((unsigned char)*text)) {
		text++;
		size--;
	}
	while (size && isspace((unsigned char)text[size - 1]))
		size--;
	return str_dup_n(text, size);
}

static bool parse(const char *text, struct constraint *out, struct error *err)
{
	const char *at = strpbrk(text, "!=");

	if (!at || at == text || at[1] != '=')
		return error_set(err, ERROR_INVALID,
				 "\"%s\" is no constraint: NAME==VALUE or NAME!=VALUE", text);
	out->key = trimmed(text, (size_t)(at - text));
	out->value = trimmed(at + 2, strlen(at + 2));
	out->differs = *at == '!';
	return true;
}

/* Labels of the daemon are "NAME=VALUE". */
static const char *engine_label(const json_t *info, const char *name)
{
	size_t length = strlen(name), i;
	json_t *label;

	json_array_foreach (json_object_get(info, "Labels"), i, label) {
		const char *text = json_string_value(label);

		if (text && strncmp(text, name, length) == 0 && text[length] == '=')
			return text + length + 1;
	}
	return "";
}

/* What this host is; NULL: nobody knows such a name.  It is a node of no cluster, so it has no
 * labels of one, and it leads itself. */
static const char *actual(const json_t *info, const char *key)
{
	const struct {
		const char *key, *value;
	} rows[] = {
		{"node.id", doc_text(json_object_get(info, "Swarm"), "NodeID")},
		{"node.hostname", doc_text(info, "Name")},
		{"node.role", "manager"},
		{"node.platform.os", doc_text(info, "OSType")},
		{"node.platform.arch", doc_text(info, "Architecture")},
	};

	if (str_starts_with(key, "node.labels."))
		return "";
	if (str_starts_with(key, "engine.labels."))
		return engine_label(info, key + strlen("engine.labels."));
	for (size_t i = 0; i < array_length(rows); i++)
		if (strcmp(rows[i].key, key) == 0)
			return rows[i].value;
	return NULL;
}

/* Architectures have two names. */
static bool is_same(const char *key, const char *a, const char *b)
{
	static const char *const names[][2] = {{"x86_64", "amd64"}, {"aarch64", "arm64"}};

	if (strcasecmp(a, b) == 0)
		return true;
	for (size_t i = 0; strcmp(key, "node.platform.arch") == 0 && i < array_length(names); i++)
		if ((strcmp(a, names[i][0]) == 0 && strcmp(b, names[i][1]) == 0) ||
		    (strcmp(a, names[i][1]) == 0 && strcmp(b, names[i][0]) == 0))
			return true;
	return false;
}

bool placement_holds(const char *text, const json_t *info, struct error *err)
{
	scoped_with(constraint_fini) struct constraint constraint = {0};
	const char *value;

	if (!parse(text, &constraint, err))
		return false;
	value = actual(info, constraint.key);
	if (!value)
		return error_set(err, ERROR_INVALID, "\"%s\" is nothing that a host has",
				 constraint.key);
	if (is_same(constraint.key, value, constraint.value) != constraint.differs)
		return true;
	return error_set(err, ERROR_INVALID, "does not hold for this host: %s is \"%s\"",
			 constraint.key, value);
}

/* ---- all of them ---- */

static bool refuse(const struct service *service, const struct node *at, const char *path,
		   const char *reason, struct error *err)
{
	if (!at->place.file)
		return error_set(err, ERROR_INVALID, "services.%s.deploy.placement.%s: %s",
				 service->name, path, reason);
	return error_set(err, ERROR_INVALID, "%s:%u:%u: services.%s.deploy.placement.%s: %s",
			 at->place.file, at->place.line, at->place.column, service->name, path,
			 reason);
}

static bool check_replicas(const struct service *service, const struct node *placement,
			   struct error *err)
{
	const struct node *most = node_get(placement, "max_replicas_per_node");

	if (!most || most->kind != NODE_INT || !most->number ||
	    (int64_t)service->scale <= most->number)
		return true;
	return refuse(service, most, "max_replicas_per_node", "all replicas run on this one host",
		      err);
}

static bool check_service(struct compose *compose, const struct service *service, json_t **info,
			  struct error *err)
{
	const struct node *placement = node_get(node_get(service->node, "deploy"), "placement");
	struct error reason;

	if (!check_replicas(service, placement, err))
		return false;
	node_each (item, node_get(placement, "constraints")) {
		scoped_target struct target target = target_format("/info");

		if (!*info && !(*info = api_get(compose->cli, &target, err)))
			return false;
		if (!placement_holds(item->value->text, *info, &reason))
			return refuse(service, item->value, "constraints", reason.text, err);
	}
	return true;
}

bool placement_check(struct compose *compose, struct error *err)
{
	const struct project *project = compose->project;
	scoped_json json_t *info = NULL;

	for (size_t i = 0; i < project->service_count; i++)
		if (project->services[i].enabled &&
		    !check_service(compose, &project->services[i], &info, err))
			return false;
	return true;
}
