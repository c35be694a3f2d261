#include "format/port.h"

#include <arpa/inet.h>

static const struct protocol {
	const char *name;
	int number;
} protocols[] = {{"tcp", IPPROTO_TCP}, {"udp", IPPROTO_UDP}, {"sctp", IPPROTO_SCTP}};

const char *port_protocol_name(int protocol)
{
	for (size_t i = 0; i < array_length(protocols); i++)
		if (protocols[i].number == protocol)
			return protocols[i].name;
	return "";
}

/* The number of a protocol in any case; "" is tcp; -1: unknown. */
static int protocol_from_name(const char *name)
{
	if (!*name)
		return IPPROTO_TCP;
	for (size_t i = 0; i < array_length(protocols); i++)
		if (strcasecmp(protocols[i].name, name) == 0)
			return protocols[i].number;
	return -1;
}

static bool parse_port(const char *text, uint16_t *port)
{
	uint64_t value;

	if (!parse_u64(text, &value) || value > UINT16_MAX)
		return false;
	*port = (uint16_t)value;
	return true;
}

/* "8000" or "8000-8010". */
static bool parse_range(const char *text, uint16_t *first, uint16_t *last)
{
	const char *dash = strchrnul(text, '-');
	scoped_free char *start = str_dup_n(text, (size_t)(dash - text));

	if (!parse_port(start, first) || !parse_port(*dash ? dash + 1 : text, last))
		return false;
	return *first <= *last;
}

static bool invalid_specification(const char *text, struct error *err)
{
	return error_set(err, ERROR_INVALID, "invalid port specification: \"%s\"", text);
}

bool port_range_parse(const char *text, uint16_t *first, uint16_t *last, struct error *err)
{
	uint16_t from = 0, to = 0;

	if (*text && !parse_range(text, &from, &to))
		return invalid_specification(text, err);
	*first = from;
	*last = to;
	return true;
}

bool port_spec_parse(const char *text, int *protocol, uint16_t *first, uint16_t *last,
		     struct error *err)
{
	const char *slash = strchrnul(text, '/');
	scoped_free char *range = str_dup_n(text, (size_t)(slash - text));
	int number = protocol_from_name(*slash ? slash + 1 : "");
	uint16_t from, to;

	if (number < 0 || (*slash && !slash[1]) || !parse_range(range, &from, &to))
		return invalid_specification(text, err);
	*protocol = number;
	*first = from;
	*last = to;
	return true;
}

/* ---- -p ---- */

/* ip:host:container/protocol, taken apart; the texts are pieces of a copy. */
struct publish_parts {
	const char *ip, *host, *container, *protocol;
};

static void split_parts(char *text, struct publish_parts *parts)
{
	char *slash = strchr(text, '/'), *colon;

	*parts = (struct publish_parts){.ip = "", .host = "", .container = text, .protocol = ""};
	if (slash) {
		*slash = '\0';
		parts->protocol = slash + 1;
	}
	if ((colon = strrchr(text, ':')) == NULL)
		return;
	*colon = '\0';
	parts->container = colon + 1;
	parts->host = text;
	if ((colon = strrchr(text, ':')) == NULL)
		return;
	*colon = '\0';
	parts->host = colon + 1;
	parts->ip = text;
}

/* "" or an address, which loses its brackets. */
static char *host_address(const char *text, struct error *err)
{
	size_t length = strlen(text);
	bool bracketed = length > 1 && *text == '[' && text[length - 1] == ']';
	scoped_free char *address =
		bracketed ? str_dup_n(text + 1, length - 2) : str_dup_n(text, length);
	struct in6_addr binary;

	if (!*text || (!bracketed && inet_pton(AF_INET, address, &binary) == 1) ||
	    inet_pton(AF_INET6, address, &binary) == 1)
		return take(address);
	error_set(err, ERROR_INVALID, "invalid IP address: %s", text);
	return NULL;
}

/* What is in the parts as numbers. */
struct publish_ranges {
	uint16_t first, last;		/* of the container */
	uint16_t host_first, host_last; /* both 0: not given */
	int protocol;
};

static bool read_ranges(const struct publish_parts *parts, const char *text,
			struct publish_ranges *out, struct error *err)
{
	*out = (struct publish_ranges){.protocol = protocol_from_name(parts->protocol)};
	if (!*parts->container)
		return error_set(err, ERROR_INVALID, "no port specified: %s<empty>", text);
	if (!parse_range(parts->container, &out->first, &out->last))
		return error_set(err, ERROR_INVALID, "invalid containerPort: %s", parts->container);
	if (*parts->host && !parse_range(parts->host, &out->host_first, &out->host_last))
		return error_set(err, ERROR_INVALID, "invalid hostPort: %s", parts->host);
	bool same_length = out->last - out->first == out->host_last - out->host_first;
	if (*parts->host && !same_length && out->first != out->last)
		return error_set(err, ERROR_INVALID,
				 "invalid ranges specified for container and host Ports: %s and %s",
				 parts->container, parts->host);
	return out->protocol >= 0 ||
	       error_set(err, ERROR_INVALID, "invalid proto: %s", parts->protocol);
}

/* What stands in HostPort for the port that is `index` behind the first: its own, or the whole range
 * to choose from when the container has only one. */
static char *host_port(const struct publish_parts *parts, const struct publish_ranges *ranges,
		       int index)
{
	if (!*parts->host)
		return str_dup("");
	if (ranges->first == ranges->last && ranges->host_first != ranges->host_last)
		return str_format("%d-%d", ranges->host_first, ranges->host_last);
	return str_format("%d", ranges->host_first + index);
}

static bool parse_short(const char *text, struct publish_list *out, struct error *err)
{
	scoped_free char *copy = str_dup(text);
	struct publish_parts parts;
	struct publish_ranges ranges;

	split_parts(copy, &parts);
	scoped_free char *ip = host_address(parts.ip, err);
	if (!ip || !read_ranges(&parts, text, &ranges, err))
		return false;
	for (int i = 0; i <= ranges.last - ranges.first; i++) {
		struct publish item = {
			.host_ip = str_dup(ip),
			.host_port = host_port(&parts, &ranges, i),
			.port = (uint16_t)(ranges.first + i),
			.protocol = ranges.protocol,
		};
		vector_add(out, item);
	}
	return true;
}

/* "published=8080,target=80,protocol=udp": the same in other words. */
static bool parse_long(const char *text, struct publish_list *out, struct error *err)
{
	scoped_strings struct strings options = strings_split(text, ',');
	scoped_pairs struct pairs values = {0};

	pairs_set(&values, "published", "");
	pairs_set(&values, "target", "");
	pairs_set(&values, "protocol", "tcp");
	for (size_t i = 0; i < options.count; i++) {
		char *equals = strchr(options.items[i], '=');

		if (!equals || equals == options.items[i])
			return error_set(err, ERROR_INVALID,
					 "invalid publish opts format (should be name=value but "
					 "got '%s')",
					 options.items[i]);
		*equals = '\0';
		pairs_set(&values, options.items[i], equals + 1);
	}
	scoped_free char *standard =
		str_format("%s:%s/%s", pairs_get(&values, "published"),
			   pairs_get(&values, "target"), pairs_get(&values, "protocol"));
	return parse_short(standard, out, err);
}

bool publish_parse(const char *text, struct publish_list *out, struct error *err)
{
	return strchr(text, '=') ? parse_long(text, out, err) : parse_short(text, out, err);
}

void publish_list_fini(struct publish_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		free(list->items[i].host_ip);
		free(list->items[i].host_port);
	}
	vector_fini(list);
}
