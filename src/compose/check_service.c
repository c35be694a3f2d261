/* One service: attributes that contradict each other, and text with a grammar of its own. */
#include "compose/check.h"

#include "base/signal_name.h"
#include "compose/duration.h"
#include "format/port.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <string.h>

/* ---- the same said twice ---- */

static void check_same(const struct check *c, const char *key, const struct node *deployed,
		       const char *path)
{
	const struct node *plain = node_get(c->node, key);

	if (plain && deployed && !node_equal(plain, deployed))
		check_error(c, plain->place, key,
			    "can't set distinct values on '%s' and '%s': "
			    "%s and %s",
			    key, path, plain->text, deployed->text);
}

static void check_spellings(const struct check *c)
{
	static const struct {
		const char *key, *section, *member, *path;
	} pairs[] = {
		{"cpus", "limits", "cpus", "deploy.resources.limits.cpus"},
		{"mem_limit", "limits", "memory", "deploy.resources.limits.memory"},
		{"pids_limit", "limits", "pids", "deploy.resources.limits.pids"},
		{"mem_reservation", "reservations", "memory",
		 "deploy.resources.reservations.memory"},
	};
	const struct node *deploy = node_get(c->node, "deploy");
	const struct node *resources = node_get(deploy, "resources");

	if (!deploy)
		return;
	check_same(c, "scale", node_get(deploy, "replicas"), "deploy.replicas");
	for (size_t i = 0; resources && i < array_length(pairs); i++)
		check_same(c, pairs[i].key,
			   node_get(node_get(resources, pairs[i].section), pairs[i].member),
			   pairs[i].path);
}

/* ---- networks ---- */

static void check_network_mode(const struct check *c)
{
	const struct node *mode = check_text(c->node, "network_mode");
	const struct node_member *networks = node_find(c->node, "networks");
	const struct node_member *ports = node_find(c->node, "ports");

	if (!mode)
		return;
	if (networks && networks->value->count)
		check_error(c, networks->place, "networks",
			    "service \"%s\" declares mutually exclusive `network_mode` and "
			    "`networks`",
			    c->service->name);
	if (!ports || !ports->value->count)
		return;
	if (str_starts_with(mode->text, "service:") || str_starts_with(mode->text, "container:"))
		check_error(c, ports->place, "ports",
			    "ports are published by who owns the network, with network_mode %s",
			    mode->text);
	else if (strcmp(mode->text, "host") == 0)
		check_warn(c, ports->place, "ports",
			   "published ports are discarded when using host network mode");
}

static void check_address(const struct check *c, const struct node *map, const char *key,
			  int family, const char *path)
{
	const struct node *address = check_text(map, key);
	struct in6_addr binary;

	if (address && inet_pton(family, address->text, &binary) != 1)
		check_error(c, address->place, path, "\"%s\" is no %s address", address->text,
			    family == AF_INET ? "IPv4" : "IPv6");
}

static void check_endpoints(const struct check *c)
{
	node_each(member, node_get(c->node, "networks"))
	{
		scoped_free char *path = str_format("networks.%s", member->key);

		check_address(c, member->value, "ipv4_address", AF_INET, path);
		check_address(c, member->value, "ipv6_address", AF_INET6, path);
	}
}

static void check_port(const struct check *c, const struct node *port, const char *path)
{
	const struct node *published = check_text(port, "published");
	const struct node *host_ip = check_text(port, "host_ip");
	struct in6_addr binary;
	uint16_t first, last;
	struct error err;

	if (published && !port_range_parse(published->text, &first, &last, &err))
		check_error(c, published->place, path, "%s", err.text);
	if (host_ip && inet_pton(AF_INET, host_ip->text, &binary) != 1 &&
	    inet_pton(AF_INET6, host_ip->text, &binary) != 1)
		check_error(c, host_ip->place, path, "invalid IP address: %s", host_ip->text);
}

static void check_ports(const struct check *c)
{
	uint16_t first, last;
	struct error err;
	int protocol;
	size_t index = 0;

	node_each(member, node_get(c->node, "ports"))
	{
		scoped_free char *path = str_format("ports[%zu]", index++);

		check_port(c, member->value, path);
	}
	index = 0;
	node_each(member, node_get(c->node, "expose"))
	{
		scoped_free char *path = str_format("expose[%zu]", index++);

		if (!strchr(member->value->text, '$') &&
		    !port_spec_parse(member->value->text, &protocol, &first, &last, &err))
			check_error(c, member->value->place, path, "%s", err.text);
	}
}

/* ---- text with a grammar ---- */

static bool is_restart(const char *text)
{
	static const char *const words[] = {"", "no", "always", "unless-stopped", "on-failure"};
	uint64_t count;

	for (size_t i = 0; i < array_length(words); i++)
		if (strcmp(text, words[i]) == 0)
			return true;
	return str_starts_with(text, "on-failure:") && parse_u64(strchr(text, ':') + 1, &count);
}

static bool is_pull_policy(const char *text)
{
	static const char *const words[] = {"always", "never", "missing", "if_not_present",
					    "build",  "daily", "weekly"};
	struct error err;
	int64_t ns;

	for (size_t i = 0; i < array_length(words); i++)
		if (strcmp(text, words[i]) == 0)
			return true;
	return str_starts_with(text, "every_") &&
	       compose_duration_parse(text + strlen("every_"), &ns, &err);
}

static bool is_signal(const char *text)
{
	return signal_from_name(text) > 0;
}

static bool is_container_name(const char *text)
{
	if (!isalnum((unsigned char)*text) || !text[1])
		return false;
	for (; *text; text++)
		if (!isalnum((unsigned char)*text) && !strchr("_.-", *text))
			return false;
	return true;
}

static bool is_cgroup(const char *text)
{
	return strcmp(text, "host") == 0 || strcmp(text, "private") == 0 ||
	       str_starts_with(text, "service:");
}

static bool is_uts(const char *text)
{
	return !*text || strcmp(text, "host") == 0 || str_starts_with(text, "service:");
}

static void check_texts(const struct check *c)
{
	static const struct {
		const char *key;
		bool (*is_good)(const char *text);
		const char *meant;
	} rows[] = {
		{"restart", is_restart, "no, always, unless-stopped or on-failure[:N]"},
		{"pull_policy", is_pull_policy,
		 "always, never, missing, build, daily, weekly or every_<duration>"},
		{"stop_signal", is_signal, "a signal"},
		{"container_name", is_container_name, "letters, digits and _ . -"},
		{"cgroup", is_cgroup, "host or private"},
		{"uts", is_uts, "host"},
	};

	for (size_t i = 0; i < array_length(rows); i++) {
		const struct node *text = check_text(c->node, rows[i].key);

		if (text && !rows[i].is_good(text->text))
			check_error(c, text->place, rows[i].key, "must be %s, not \"%.100s\"",
				    rows[i].meant, text->text);
	}
}

/* ---- the rest ---- */

static void check_health(const struct check *c)
{
	const struct node *test = node_get(node_get(c->node, "healthcheck"), "test");
	const char *first = test && test->count ? test->members[0].value->text : NULL;

	if (first && strcmp(first, "CMD") != 0 && strcmp(first, "CMD-SHELL") != 0 &&
	    strcmp(first, "NONE") != 0)
		check_error(c, test->members[0].value->place, "healthcheck.test[0]",
			    "must be CMD, CMD-SHELL or NONE, not \"%.100s\"", first);
}

static void check_ulimits(const struct check *c)
{
	node_each(member, node_get(c->node, "ulimits"))
	{
		int64_t soft = node_get_int(member->value, "soft", 0);
		int64_t hard = node_get_int(member->value, "hard", 0);
		scoped_free char *path = str_format("ulimits.%s", member->key);

		if (hard >= 0 && (soft > hard || soft < 0))
			check_error(c, member->value->place, path,
				    "the soft limit %lld is above the hard one, %lld",
				    (long long)soft, (long long)hard);
	}
}

static void check_devices(const struct check *c, const struct node *devices, const char *path)
{
	size_t index = 0;

	node_each(member, devices)
	{
		scoped_free char *here = str_format("%s[%zu]", path, index++);

		if (node_find(member->value, "count") && node_find(member->value, "device_ids"))
			check_error(c, member->value->place, here,
				    "\"count\" and \"device_ids\" exclude each other");
	}
}

void check_service(const struct check *c)
{
	const struct node *resources = node_get(node_get(c->node, "deploy"), "resources");
	const struct node *reserved = node_get(node_get(resources, "reservations"), "devices");

	check_build(c);
	check_mounts(c);
	check_spellings(c);
	check_network_mode(c);
	check_endpoints(c);
	check_ports(c);
	check_texts(c);
	check_health(c);
	check_ulimits(c);
	check_devices(c, node_get(c->node, "gpus"), "gpus");
	check_devices(c, reserved, "deploy.resources.reservations.devices");
	check_labels(c, "labels", node_get(c->node, "labels"));
	if (c->service->enabled)
		check_effects(c, &attributes_service);
}
