/* The body of a container's create.  Most attributes are members of the same meaning: tables say
 * which; the rest has a function each, in body_*.c.  Nothing is dropped: what this daemon cannot do
 * is refused or warned of with its place. */
#include "cmd/compose/body.h"

#include "cmd/compose/body_part.h"
#include "cmd/compose/verbs.h"
#include "format/json.h"
#include "format/units.h"

#define SECOND 1000000000

static const struct body_row config_rows[] = {
	{"hostname", "Hostname", BODY_TEXT, NULL},
	{"domainname", "Domainname", BODY_TEXT, NULL},
	{"user", "User", BODY_TEXT, NULL},
	{"tty", "Tty", BODY_FLAG, NULL},
	{"stdin_open", "OpenStdin", BODY_FLAG, NULL},
	{"working_dir", "WorkingDir", BODY_TEXT, NULL},
	{"stop_signal", "StopSignal", BODY_TEXT, NULL},
};

static const struct body_row host_rows[] = {
	{"annotations", "Annotations", BODY_MAP, "1.43"},
	{"cap_add", "CapAdd", BODY_LIST, NULL},
	{"cap_drop", "CapDrop", BODY_LIST, NULL},
	{"cgroup_parent", "CgroupParent", BODY_TEXT, NULL},
	{"dns", "Dns", BODY_LIST, NULL},
	{"dns_opt", "DnsOptions", BODY_LIST, NULL},
	{"dns_search", "DnsSearch", BODY_LIST, NULL},
	{"group_add", "GroupAdd", BODY_LIST, NULL},
	{"init", "Init", BODY_FLAG, "1.25"},
	{"privileged", "Privileged", BODY_FLAG, NULL},
	{"read_only", "ReadonlyRootfs", BODY_FLAG, NULL},
	{"runtime", "Runtime", BODY_TEXT, NULL},
	{"storage_opt", "StorageOpt", BODY_MAP, NULL},
	{"sysctls", "Sysctls", BODY_MAP, NULL},
	{"userns_mode", "UsernsMode", BODY_TEXT, NULL},
};

/* ---- labels ---- */

static const char *condition_name(enum dependency_condition condition)
{
	static const char *const names[] = {
		[DEPENDENCY_STARTED] = "service_started",
		[DEPENDENCY_HEALTHY] = "service_healthy",
		[DEPENDENCY_COMPLETED] = "service_completed_successfully",
	};

	return names[condition];
}

static char *dependencies_text(const struct service *service)
{
	scoped_strings struct strings list = {0};

	for (size_t i = 0; i < service->dependency_count; i++) {
		const struct dependency *d = &service->dependencies[i];

		strings_format(&list, "%s:%s:%s", d->service, condition_name(d->condition),
			       d->restart ? "true" : "false");
	}
	return strings_join(&list, ",");
}

static void set_label(json_t *labels, const char *name, const char *value)
{
	scoped_free char *key = str_format("com.docker.compose.%s", name);

	doc_set_text(labels, key, value);
}

/* Version 1 gives files as they were named, version 2 absolute; ours are absolute in both. */
static void set_project_labels(const struct body_request *request, json_t *labels)
{
	const struct project *project = request->project;
	scoped_free char *files = strings_join(&project->files, ",");
	scoped_free char *env_files = strings_join(&project->env_files, ",");

	set_label(labels, "project", project->name);
	set_label(labels, "version", compose_level(project->style));
	set_label(labels, "project.working_dir", project->directory);
	set_label(labels, "project.config_files", files);
	if (project->env_files.count)
		set_label(labels, "project.environment_file", env_files);
}

static void set_service_labels(const struct body_request *request, json_t *labels)
{
	char number[16];

	snprintf(number, sizeof(number), "%u", request->number);
	set_label(labels, "service", request->service->name);
	set_label(labels, "oneoff", request->number ? "False" : "True");
	if (request->number)
		set_label(labels, "container-number", number);
	else if (request->slug)
		set_label(labels, "slug", request->slug);
	if (request->hash) {
		set_label(labels, "config-hash", request->hash);
		doc_set_text(labels, CONTAINER_HASH_LABEL, request->hash);
	}
}

static void set_new_labels(const struct body_request *request, json_t *labels)
{
	scoped_free char *dependencies = dependencies_text(request->service);

	set_label(labels, "depends_on", dependencies);
	if (request->image_id)
		set_label(labels, "image", request->image_id);
}

bool body_set_labels(struct body *body, struct error *err)
{
	const struct body_request *request = body->request;
	json_t *labels = body_map(node_get(body->node, "labels"));

	json_object_set_new(body->config, "Labels", labels);
	set_project_labels(request, labels);
	set_service_labels(request, labels);
	if (request->project->style == COMPOSE_V2)
		set_new_labels(request, labels);
	if (request->replaces) /* in both styles: whoever goes on with a plan that was cut looks for it */
		set_label(labels, "replace", request->replaces->id);
	return true;
}

/* ---- what runs ---- */

static void set_environment(struct body *body)
{
	json_t *list = json_array();

	node_each(member, node_get(body->node, "environment"))
	{
		scoped_json json_t *holder = json_object();

		if (member->value->kind == NODE_NULL)
			continue; /* nobody gave it a value */
		doc_set_format(holder, "text", "%s=%s", member->key, member->value->text);
		json_array_append(list, json_object_get(holder, "text"));
	}
	body_set_given(body->config, "Env", list);
}

/* An empty Cmd means the image's, unless an entrypoint is given: so the image's own is. */
static bool empty_command(struct body *body, struct error *err)
{
	const json_t *image = json_object_get(body->request->image, "Config");
	json_t *entrypoint = json_object_get(image, "Entrypoint");

	json_object_set_new(body->config, "Cmd", json_array());
	if (json_object_get(body->config, "Entrypoint"))
		return true;
	if (json_array_size(entrypoint)) {
		json_object_set(body->config, "Entrypoint", entrypoint);
		return true;
	}
	if (json_array_size(json_object_get(image, "Cmd")))
		return body_refuse(body, node_get(body->node, "command"), err, "command",
				   "nothing is left to run: the image has no entrypoint");
	return true;
}

bool body_set_command(struct body *body, struct error *err)
{
	const struct node *command = node_get(body->node, "command");
	const struct node *entrypoint = node_get(body->node, "entrypoint");

	set_environment(body);
	doc_set_text(body->config, "Image", body->request->service->image);
	if (entrypoint && entrypoint->kind == NODE_LIST)
		json_object_set_new(body->config, "Entrypoint",
				    entrypoint->count ? body_list(entrypoint)
						      : json_pack("[s]", ""));
	if (!command || command->kind != NODE_LIST)
		return true;
	if (!command->count)
		return empty_command(body, err);
	json_object_set_new(body->config, "Cmd", body_list(command));
	return true;
}

/* ---- health ---- */

static bool set_health_times(struct body *body, const struct node *check, json_t *health,
			     struct error *err)
{
	static const struct {
		const char *attribute, *path, *member, *since;
	} rows[] = {
		{"interval", "healthcheck.interval", "Interval", NULL},
		{"timeout", "healthcheck.timeout", "Timeout", NULL},
		{"start_period", "healthcheck.start_period", "StartPeriod", NULL},
		{"start_interval", "healthcheck.start_interval", "StartInterval", "1.44"},
	};

	for (size_t i = 0; i < array_length(rows); i++) {
		const struct node *value = node_get(check, rows[i].attribute);
		int64_t ns;

		if (!value || value->kind == NODE_NULL)
			continue;
		if (!body_duration(body, value, rows[i].path, &ns, err))
			return false;
		if (rows[i].since && !body_api_has(body, rows[i].since))
			body_warn(body, value, rows[i].path,
				  "is ignored: the daemon knows it from API version %s on",
				  rows[i].since);
		else
			json_object_set_new(health, rows[i].member, json_integer(ns));
	}
	return true;
}

bool body_set_health(struct body *body, struct error *err)
{
	static const struct body_row rows[] = {{"retries", "Retries", BODY_NUMBER, NULL}};
	const struct node *check = node_get(body->node, "healthcheck");
	json_t *health;

	if (!check || check->kind != NODE_MAP)
		return true;
	json_object_set_new(body->config, "Healthcheck", health = json_object());
	if (node_get_bool(check, "disable", false)) {
		json_object_set_new(health, "Test", json_pack("[s]", "NONE"));
		return true;
	}
	body_set_given(health, "Test", body_list(node_get(check, "test")));
	return set_health_times(body, check, health, err) &&
	       body_set_rows(body, health, check, rows, array_length(rows), err);
}

/* ---- the rest of Config and HostConfig ---- */

/* Whole seconds; what is shorter counts as one. */
static bool set_stop_timeout(struct body *body, struct error *err)
{
	const struct node *period = node_get(body->node, "stop_grace_period");
	int64_t ns;

	if (!period || period->kind == NODE_NULL)
		return true;
	if (!body_duration(body, period, "stop_grace_period", &ns, err))
		return false;
	json_object_set_new(body->config, "StopTimeout", json_integer((ns + SECOND - 1) / SECOND));
	return true;
}

static void set_logging(struct body *body)
{
	const struct node *logging = node_get(body->node, "logging");

	if (logging && logging->kind == NODE_MAP)
		json_object_set_new(body->host, "LogConfig",
				    json_pack("{s:s, s:o}", "Type",
					      node_get_text(logging, "driver", ""), "Config",
					      body_map(node_get(logging, "options"))));
}

static bool set_plain(struct body *body, struct error *err)
{
	set_logging(body);
	return body_set_rows(body, body->config, body->node, config_rows, array_length(config_rows),
			     err) &&
	       body_set_rows(body, body->host, body->node, host_rows, array_length(host_rows),
			     err) &&
	       set_stop_timeout(body, err);
}

/* ---- the whole ---- */

json_t *body_of_container(const struct body_request *request, struct error *err)
{
	static bool (*const parts[])(struct body * body, struct error * err) = {
		set_plain,	     body_set_labels,	 body_set_command, body_set_health,
		body_set_namespaces, body_set_networks,	 body_set_ports,   body_set_volumes,
		body_set_files,	     body_set_resources, body_set_devices, body_set_restart,
		body_set_security,   body_set_extension,
	};
	scoped_json json_t *config = json_object();
	struct body body = {
		.request = request,
		.node = request->service->node,
		.config = config,
		.host = json_object(),
	};

	json_object_set_new(config, "HostConfig", body.host);
	for (size_t i = 0; i < array_length(parts); i++)
		if (!parts[i](&body, err))
			return NULL;
	return take(config);
}

struct target body_target(const struct body_request *request)
{
	struct target target = target_format("/containers/create");
	const char *platform = node_get_text(request->service->node, "platform", "");

	target_add(&target, "name", request->name);
	if (*platform)
		target_add(&target, "platform", platform);
	return target;
}
