#include "image/registry_plan.h"

#include "format/reference.h"

#include <arpa/inet.h>
#include <strings.h>

#define DOCKER_HUB "registry-1.docker.io"

/* ---- addresses ---- */

struct address {
	int family;
	unsigned char bytes[16];
};

static bool parse_address(const char *text, struct address *out)
{
	for (size_t i = 0; i < 2; i++) {
		out->family = i == 0 ? AF_INET : AF_INET6;
		if (inet_pton(out->family, text, out->bytes) == 1)
			return true;
	}
	return false;
}

static unsigned bits_of(const struct address *address)
{
	return address->family == AF_INET ? 32 : 128;
}

static bool in_network(const struct address *address, const struct address *network, unsigned bits)
{
	unsigned whole = bits / 8, rest = bits % 8;

	return address->family == network->family &&
	       memcmp(address->bytes, network->bytes, whole) == 0 &&
	       (rest == 0 || (address->bytes[whole] ^ network->bytes[whole]) >> (8 - rest) == 0);
}

/* "10.0.0.0/8" and an address that lies in it. */
static bool matches_network(const struct address *address, const char *rule)
{
	const char *slash = strchr(rule, '/');
	struct address network;
	uint64_t bits;

	if (!slash || !parse_u64(slash + 1, &bits))
		return false;
	scoped_free char *base = str_dup_n(rule, (size_t)(slash - rule));
	return parse_address(base, &network) && bits <= bits_of(&network) &&
	       in_network(address, &network, (unsigned)bits);
}

/* "host" of "host", "host:port", "[v6]:port"; owned. */
static char *host_name(const char *host)
{
	if (*host == '[')
		return str_dup_n(host + 1, strcspn(host + 1, "]"));
	return str_dup_n(host, strcspn(host, ":"));
}

/* ---- rules ---- */

static const char *without_scheme(const char *rule)
{
	static const char *const schemes[] = {"http://", "https://"};

	for (size_t i = 0; i < array_length(schemes); i++)
		if (strncasecmp(rule, schemes[i], strlen(schemes[i])) == 0)
			return rule + strlen(schemes[i]);
	return rule;
}

static bool is_network(const char *rule)
{
	const char *slash = strchr(rule, '/');
	scoped_free char *base = slash ? str_dup_n(rule, (size_t)(slash - rule)) : NULL;
	struct address address;
	uint64_t bits;

	return slash && parse_address(base, &address) && parse_u64(slash + 1, &bits) &&
	       bits <= bits_of(&address);
}

static bool is_name(const char *name)
{
	static const char characters[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._";

	return *name && *name != '-' && *name != '.' && !name[strspn(name, characters)];
}

/* What stands behind the host: nothing, or a port. */
static bool is_port(const char *rest)
{
	uint64_t port;

	return !*rest || (*rest == ':' && parse_u64(rest + 1, &port) && port <= UINT16_MAX);
}

static bool is_host(const char *rule)
{
	scoped_free char *name = host_name(rule);
	size_t length = strlen(name) + (*rule == '[' ? 2 : 0);
	struct address address;

	if (parse_address(rule, &address))
		return true;
	if (*rule == '[')
		return parse_address(name, &address) && strlen(rule) >= length &&
		       rule[length - 1] == ']' && is_port(rule + length);
	return is_name(name) && is_port(rule + length);
}

bool registry_rule_is_valid(const char *rule)
{
	rule = without_scheme(rule);
	return is_network(rule) || is_host(rule);
}

/* ---- insecure ---- */

static const char *const always_insecure[] = {"127.0.0.0/8", "::1/128"};

static bool matches(const char *host, const char *name, const struct address *address,
		    const char *rule)
{
	return strcasecmp(host, rule) == 0 || strcasecmp(name, rule) == 0 ||
	       (address && matches_network(address, rule));
}

bool registry_is_insecure(const char *host, const struct strings *insecure)
{
	scoped_free char *name = host_name(host);
	struct address parsed;
	const struct address *address = parse_address(name, &parsed) ? &parsed : NULL;

	if (strcasecmp(name, "localhost") == 0)
		return true;
	for (size_t i = 0; i < array_length(always_insecure); i++)
		if (matches(host, name, address, always_insecure[i]))
			return true;
	for (size_t i = 0; insecure && i < insecure->count; i++)
		if (matches(host, name, address, without_scheme(insecure->items[i])))
			return true;
	return false;
}

/* ---- the plan ---- */

static void add(struct registry_plan *plan, const char *scheme, const char *rest, bool insecure)
{
	struct registry_endpoint endpoint = {
		.url = str_format("%s://%s", scheme, rest),
		.host = str_dup_n(rest, strcspn(rest, "/")),
		.insecure = insecure,
	};

	vector_add(plan, endpoint);
}

static void add_host(struct registry_plan *plan, const char *host, bool insecure)
{
	add(plan, "https", host, insecure);
	if (!insecure)
		return;
	add(plan, "http", host, true);
	plan->items[plan->count - 1].fallback = true;
}

/* A mirror's URL says itself whether it is plain HTTP. */
static void add_mirror(struct registry_plan *plan, const char *url, const struct strings *insecure)
{
	scoped_free char *copy = str_dup(url);
	size_t length = strlen(copy);
	char *rest;

	while (length > 0 && copy[length - 1] == '/')
		copy[--length] = '\0';
	rest = strstr(copy, "://");
	if (!rest)
		return;
	*rest = '\0';
	rest += strlen("://");
	scoped_free char *host = str_dup_n(rest, strcspn(rest, "/"));
	add(plan, copy, rest, str_equal(copy, "http") || registry_is_insecure(host, insecure));
	plan->items[plan->count - 1].mirror = true;
}

void registry_plan_make(const char *domain, const struct registry_rules *rules,
			struct registry_plan *out)
{
	*out = (struct registry_plan){0};
	if (!str_equal(domain, REFERENCE_DEFAULT_DOMAIN)) {
		add_host(out, domain, registry_is_insecure(domain, rules->insecure));
		return;
	}
	for (size_t i = 0; rules->mirrors && i < rules->mirrors->count; i++)
		add_mirror(out, rules->mirrors->items[i], rules->insecure);
	add_host(out, DOCKER_HUB, false);
}

void registry_plan_fini(struct registry_plan *plan)
{
	for (size_t i = 0; i < plan->count; i++) {
		free(plan->items[i].url);
		free(plan->items[i].host);
	}
	vector_fini(plan);
}
