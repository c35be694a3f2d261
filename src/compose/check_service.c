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
			    "can't set distinct values on '%s' and '%s': %s and %s", key, path,
			    plain->text, deployed->text);
}

static void check_devices(const struct check *c, const struct node *devices, const char *path)
{
	struct spot spot = {path};

	node_each(member, devices) {
		if (node_find(member->value, "count") && node_find(member->value, "device_ids"))
			check_error_at(c, member->value->place, &spot,
				       "\"count\" and \"device_ids\" exclude each other");
		spot.index++;
	}
}

static void check_deploy(const struct check *c, const struct node *deploy)
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
	const struct node *resources = node_get(deploy, "resources");

	check_same(c, "scale", node_get(deploy, "replicas"), "deploy.replicas");
	for (size_t i = 0; resources && i < array_length(pairs); i++)
		check_same(c, pairs[i].key,
			   node_get(node_get(resources, pairs[i].section), pairs[i].member),
			   pairs[i].path);
	check_devices(c, node_get(node_get(resources, "reservations"), "devices"),
		      "deploy.resources.reservations.devices");
}

/* ---- networks ---- */

static void check_network_mode(const struct check *c, const struct node *mode)
{
	const struct node_member *networks = node_find(c->node, "networks");
	const struct node_member *ports = node_find(c->node, "ports");

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

static void check_address(const struct check *c, const struct node_member *network, const char *key,
			  int family)
{
	const struct node *address = check_text(network->value, key);
	struct spot spot = {"networks", .name = network->key};
	struct in6_addr binary;

	if (address && inet_pton(family, address->text, &binary) != 1)
		check_error_at(c, address->place, &spot, "\"%s\" is no %s address", address->text,
			       family == AF_INET ? "IPv4" : "IPv6");
}

static void check_networks(const struct check *c, const struct node *networks)
{
	node_each(member, networks) {
		check_network(c, member);
		check_address(c, member, "ipv4_address", AF_INET);
		check_address(c, member, "ipv6_address", AF_INET6);
	}
}

static bool is_address(const char *text)
{
	struct in6_addr binary;

	return inet_pton(AF_INET, text, &binary) == 1 || inet_pton(AF_INET6, text, &binary) == 1;
}

static void check_port(const struct check *c, const struct node *port, const struct spot *spot)
{
	const struct node *published = check_text(port, "published");
	const struct node *host_ip = check_text(port, "host_ip");
	uint16_t first, last;
	struct error err;

	if (published && !port_range_parse(published->text, &first, &last, &err))
		check_error_at(c, published->place, spot, "%s", err.text);
	if (host_ip && !is_address(host_ip->text))
		check_error_at(c, host_ip->place, spot, "invalid IP address: %s", host_ip->text);
}

static void check_ports(const struct check *c, const struct node *ports)
{
	struct spot spot = {"ports"};

	node_each(member, ports) {
		check_port(c, member->value, &spot);
		spot.index++;
	}
}

static void check_expose(const struct check *c, const struct node *ports)
{
	struct spot spot = {"expose"};
	uint16_t first, last;
	struct error err;
	int protocol;

	node_each(member, ports) {
		if (!check_waits(member->value) &&
		    !port_spec_parse(member->value->text, &protocol, &first, &last, &err))
			check_error_at(c, member->value->place, &spot, "%s", err.text);
		spot.index++;
	}
}

/* ---- lists with a grammar ---- */

static void check_items(const struct check *c, const struct node *list, const char *path,
			bool (*is_good)(const char *text), const char *meant)
{
	struct spot spot = {path};

	node_each(member, list) {
		const struct node *item = member->value;

		if (item->kind == NODE_TEXT && !check_waits(item) && !is_good(item->text))
			check_error_at(c, item->place, &spot, "must be %s, not \"%.100s\"", meant,
				       item->text);
		spot.index++;
	}
}

/* NAME[:MODE], or container:NAME[:MODE] */
static bool is_volumes_from(const char *text)
{
	const char *name = str_starts_with(text, "container:") ? strchr(text, ':') + 1 : text;
	const char *mode = strchrnul(name, ':');

	return mode != name && *name &&
	       (!*mode || strcmp(mode, ":ro") == 0 || strcmp(mode, ":rw") == 0);
}

/* "c 1:3 rwm" */
static bool is_device_rule(const char *text)
{
	static const char digits[] = "0123456789*";
	size_t major, minor;

	if (!*text || !strchr("abc", *text) || text[1] != ' ')
		return false;
	text += 2;
	major = strspn(text, digits);
	if (!major || text[major] != ':')
		return false;
	text += major + 1;
	minor = strspn(text, digits);
	if (!minor || text[minor] != ' ')
		return false;
	text += minor + 1;
	return *text && strlen(text) <= 3 && strspn(text, "rwm") == strlen(text);
}

static void check_dns(const struct check *c, const struct node *list)
{
	check_items(c, list, "dns", is_address, "an address");
}

static void check_volumes_from(const struct check *c, const struct node *list)
{
	check_items(c, list, "volumes_from", is_volumes_from, "[container:]NAME[:ro|rw]");
}

static void check_device_rules(const struct check *c, const struct node *list)
{
	check_items(c, list, "device_cgroup_rules", is_device_rule, "like \"c 1:3 rwm\"");
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
	if (!isalnum((unsigned char)*text))
		return false;
	for (; *text; text++)
		if (!isalnum((unsigned char)*text) && !strchr("_.-", *text))
			return false;
	return true;
}

static bool is_mac(const char *text)
{
	for (size_t i = 0; i < 17; i++)
		if (i % 3 == 2 ? text[i] != ':' && text[i] != '-'
			       : !isxdigit((unsigned char)text[i]))
			return false;
	return !text[17];
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

/* ---- the rest ---- */

static void check_health(const struct check *c, const struct node *health)
{
	const struct node *test = node_get(health, "test");
	const char *first = test && test->count ? test->members[0].value->text : NULL;

	if (first && strcmp(first, "CMD") != 0 && strcmp(first, "CMD-SHELL") != 0 &&
	    strcmp(first, "NONE") != 0)
		check_error(c, test->members[0].value->place, "healthcheck.test[0]",
			    "must be CMD, CMD-SHELL or NONE, not \"%.100s\"", first);
}

static void check_ulimits(const struct check *c, const struct node *ulimits)
{
	node_each(member, ulimits) {
		int64_t soft = node_get_int(member->value, "soft", 0);
		int64_t hard = node_get_int(member->value, "hard", 0);
		struct spot spot = {"ulimits", .name = member->key};

		if (hard >= 0 && (soft > hard || soft < 0))
			check_error_at(c, member->value->place, &spot,
				       "the soft limit %lld is above the hard one, %lld",
				       (long long)soft, (long long)hard);
	}
}

static void check_gpus(const struct check *c, const struct node *gpus)
{
	check_devices(c, gpus, "gpus");
}

static void check_own_labels(const struct check *c, const struct node *labels)
{
	check_labels(c, "labels", labels);
}

/* ---- the table ---- */

static const struct row {
	const char *key;
	void (*check)(const struct check *c, const struct node *value);
	bool (*is_good)(const char *text); /* of text with a grammar of its own */
	const char *meant;
} rows[] = {
	/* sorted */
	{"build", check_build},
	{"cgroup", NULL, is_cgroup, "host or private"},
	{"configs", check_configs},
	{"container_name", NULL, is_container_name, "letters, digits and _ . -"},
	{"deploy", check_deploy},
	{"develop", check_develop},
	{"device_cgroup_rules", check_device_rules},
	{"dns", check_dns},
	{"expose", check_expose},
	{"gpus", check_gpus},
	{"healthcheck", check_health},
	{"image", check_image},
	{"labels", check_own_labels},
	{"mac_address", NULL, is_mac, "an address like 02:42:ac:11:00:02"},
	{"network_mode", check_network_mode},
	{"networks", check_networks},
	{"platform", check_platform},
	{"ports", check_ports},
	{"pull_policy", NULL, is_pull_policy,
	 "always, never, missing, build, daily, weekly or every_<duration>"},
	{"restart", NULL, is_restart, "no, always, unless-stopped or on-failure[:N]"},
	{"secrets", check_secrets},
	{"stop_signal", NULL, is_signal, "a signal"},
	{"ulimits", check_ulimits},
	{"uts", NULL, is_uts, "host"},
	{"volumes", check_mounts},
	{"volumes_from", check_volumes_from},
};

static int compare_row(const void *key, const void *row)
{
	return strcmp(key, ((const struct row *)row)->key);
}

static void check_member(const struct check *c, const struct node_member *member)
{
	const struct row *row =
		bsearch(member->key, rows, array_length(rows), sizeof(*rows), compare_row);

	if (!row || check_waits(member->value))
		return;
	if (row->check)
		row->check(c, member->value);
	else if (member->value->kind == NODE_TEXT && !row->is_good(member->value->text))
		check_error(c, member->value->place, row->key, "must be %s, not \"%.100s\"",
			    row->meant, member->value->text);
}

void check_service(const struct check *c)
{
	check_has_image(c);
	node_each(member, c->node)
		check_member(c, member);
	if (c->service->enabled)
		check_effects(c, &attributes_service);
}
