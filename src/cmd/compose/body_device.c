/* Devices, GPUs and security options. */
#include "cmd/compose/body_part.h"
#include "format/json.h"
#include "format/path.h"
#include "format/units.h"

#include <ctype.h>

#define PROFILE_LIMIT (1u << 20)

/* ---- devices ---- */

/* "vendor.com/class=name", which the Container Device Interface resolves. */
static bool is_cdi_name(const char *text)
{
	const char *slash = strchr(text, '/'), *equals = strchr(text, '=');

	return isalpha((unsigned char)*text) && slash && equals && slash < equals &&
	       slash > text + 1 && equals[1];
}

static void add_device(const struct node *device, json_t *devices, json_t *cdi)
{
	const char *source = node_get_text(device, "source", "");

	if (is_cdi_name(source))
		json_array_append_new(cdi, json_string(source));
	else
		json_array_append_new(
			devices,
			json_pack("{s:s, s:s, s:s}", "PathOnHost", source, "PathInContainer",
				  node_get_text(device, "target", source), "CgroupPermissions",
				  node_get_text(device, "permissions", "rwm")));
}

/* ---- requests for devices of a driver ---- */

/* [[a, b]]: all of them on one device; `always` is one more. */
static json_t *capabilities_of(const struct node *request, const char *always)
{
	json_t *all = body_list(node_get(request, "capabilities"));
	bool there = !always;
	size_t i;
	json_t *item;

	json_array_foreach (all, i, item)
		there = there || strcmp(json_string_value(item), always) == 0;
	if (!there)
		json_array_append_new(all, json_string(always));
	return json_pack("[o]", all);
}

static bool add_request(struct body *body, const struct node *request, const char *always,
			json_t *requests, struct error *err)
{
	static const struct body_row rows[] = {
		{"driver", "Driver", BODY_TEXT, NULL},
		{"count", "Count", BODY_NUMBER, NULL},
		{"device_ids", "DeviceIDs", BODY_LIST, NULL},
		{"options", "Options", BODY_MAP, NULL},
	};
	json_t *json = json_object();
	bool counted = node_get(request, "count") || node_get(request, "device_ids");

	json_array_append_new(requests, json);
	if (!counted) /* nobody says how many: all */
		json_object_set_new(json, "Count", json_integer(-1));
	json_object_set_new(json, "Capabilities", capabilities_of(request, always));
	return body_set_rows(body, json, request, rows, array_length(rows), err);
}

static bool add_requests(struct body *body, json_t *requests, struct error *err)
{
	const struct node *resources = node_get(node_get(body->node, "deploy"), "resources");
	const struct node *reserved = node_get(node_get(resources, "reservations"), "devices");

	node_each (item, node_get(body->node, "gpus"))
		if (!add_request(body, item->value, "gpu", requests, err))
			return false;
	node_each (item, reserved)
		if (!add_request(body, item->value, NULL, requests, err))
			return false;
	return true;
}

bool body_set_devices(struct body *body, struct error *err)
{
	static const struct body_row rule = {"device_cgroup_rules", "DeviceCgroupRules", BODY_LIST,
					     NULL};
	json_t *devices = json_array(), *cdi = json_array(), *requests = json_array();
	bool good;

	node_each (item, node_get(body->node, "devices"))
		add_device(item->value, devices, cdi);
	good = add_requests(body, requests, err);
	if (json_array_size(cdi))
		json_array_append_new(requests,
				      json_pack("{s:s, s:O}", "Driver", "cdi", "DeviceIDs", cdi));
	json_decref(cdi);
	body_set_given(body->host, "Devices", devices);
	body_set_given(body->host, "DeviceRequests", requests);
	return good && body_set_rows(body, body->host, body->node, &rule, 1, err);
}

/* ---- security ---- */

/* The daemon gets the profile itself, on one line: it may not see our files. */
static char *read_profile(struct body *body, const struct node *option, const char *path,
			  struct error *err)
{
	const struct body_request *request = body->request;
	scoped_free char *whole = *path == '/'
					  ? str_dup(path)
					  : str_format("%s/%s", request->project->directory, path);
	scoped_free char *clean = path_clean(whole);
	scoped_buffer struct buffer text = {0};
	struct error reason;

	if (!request->files ||
	    !request->files->read(request->files->data, clean, PROFILE_LIMIT, &text, &reason)) {
		body_refuse(body, option, err, "security_opt", "cannot read seccomp profile %s%s%s",
			    clean, request->files ? ": " : "", request->files ? reason.text : "");
		return NULL;
	}
	scoped_json json_t *json = json_parse(text.data ? text.data : "", text.size, &reason);
	if (!json) {
		body_refuse(body, option, err, "security_opt", "seccomp profile %s: %s", clean,
			    reason.text);
		return NULL;
	}
	scoped_free char *compact = json_dumps(json, JSON_COMPACT);
	return str_format("seccomp=%s", compact);
}

/* The part behind the name, after = or, as it was once written, a colon. */
static const char *option_value(const char *text, const char *name)
{
	size_t length = strlen(name);

	if (strncmp(text, name, length) != 0 || !text[length] || !strchr("=:", text[length]))
		return NULL;
	return text + length + 1;
}

static bool add_option(struct body *body, const struct node *option, json_t *options,
		       struct error *err)
{
	const char *profile = option_value(option->text, "seccomp");
	bool is_file = profile && strcmp(profile, "unconfined") != 0 &&
		       strcmp(profile, "builtin") != 0 && *profile != '{';
	scoped_free char *text = NULL;

	if (strcmp(option->text, "systempaths=unconfined") == 0) {
		json_object_set_new(body->host, "MaskedPaths", json_array());
		json_object_set_new(body->host, "ReadonlyPaths", json_array());
		return true;
	}
	text = is_file ? read_profile(body, option, profile, err) : str_dup(option->text);
	if (!text)
		return false;
	json_array_append_new(options, json_string(text));
	return true;
}

bool body_set_security(struct body *body, struct error *err)
{
	json_t *options = json_array();
	bool good = true;

	node_each (item, node_get(body->node, "security_opt"))
		good = good && add_option(body, item->value, options, err);
	body_set_given(body->host, "SecurityOpt", options);
	return good;
}

/* ---- what goes beyond the Engine API ---- */

/* One host port over all replicas, if each of them wants the same. */
static bool publishes(const struct body *body)
{
	const struct node *ports = node_get(body->node, "ports");

	return body->request->publish && ports && ports->count;
}

/* Has it a network of its own, that others could find it on? */
static bool is_reachable(const struct body *body)
{
	const char *mode = doc_text(body->host, "NetworkMode");

	return strcmp(mode, "host") != 0 && strcmp(mode, "none") != 0 &&
	       !str_starts_with(mode, "container:");
}

static bool wants_shared_address(const struct body *body)
{
	const struct node *deploy = node_get(body->node, "deploy");

	return strcmp(node_get_text(deploy, "endpoint_mode", "dnsrr"), "vip") == 0;
}

bool body_shares_address(const struct body *body)
{
	return body->request->features->group && body->request->number &&
	       wants_shared_address(body);
}

/* Delay and window of the policy, in nanoseconds as everywhere in a body. */
static void set_restarts(const struct body *body, json_t *extension)
{
	static const char *const names[][2] = {{"delay", "Delay"}, {"window", "Window"}};
	const struct node *policy = node_get(node_get(body->node, "deploy"), "restart_policy");
	json_t *restarts = json_object();

	for (size_t i = 0; i < array_length(names); i++) {
		const char *text = node_get_text(policy, names[i][0], NULL);
		struct error ignored; /* the file was checked */
		int64_t ns;

		if (body->request->features->restarts && body->request->number && text &&
		    duration_from_text(text, &ns, &ignored))
			json_object_set_new(restarts, names[i][1], json_integer((json_int_t)ns));
	}
	body_set_given(extension, "Restarts", restarts);
}

bool body_set_extension(struct body *body, struct error *err)
{
	const struct body_request *request = body->request;
	bool vip = wants_shared_address(body);
	json_t *extension = json_object_get(body->config, "Wherry");

	extension = extension ? json_incref(extension) : json_object();
	if (request->held && request->features->hold)
		json_object_set_new(extension, "Hold", json_true());
	if (request->features->group && request->number && is_reachable(body) &&
	    (vip || publishes(body))) {
		scoped_free char *name =
			str_format("%s/%s", request->project->name, request->service->name);

		json_object_set_new(extension, "Group",
				    json_pack("{s:s, s:b, s:b}", "Name", name, "Balance",
					      (int)publishes(body), "Vip", (int)vip));
	}
	set_restarts(body, extension);
	body_set_given(body->config, "Wherry", extension);
	return true;
}
