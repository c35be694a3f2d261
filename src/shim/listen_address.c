#include "shim/listen_address.h"

#include "base/text.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stddef.h>
#include <sys/un.h>

static bool is_too_long(const char *text, struct error *err)
{
	return error_set(err, ERROR_INVALID, "'%s' is too long for a socket", text);
}

static bool parse_unix(const char *text, struct listen_address *out, struct error *err)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	size_t size = strlen(text);
	bool abstract = *text == '@';

	if (size >= sizeof(address.sun_path))
		return is_too_long(text, err);
	memcpy(address.sun_path, text, size);
	if (abstract)
		address.sun_path[0] = '\0';
	memcpy(&out->storage, &address, sizeof(address));
	out->size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + size + (abstract ? 0 : 1));
	out->path = abstract ? NULL : text;
	return true;
}

static bool parse_port(const char *text, in_port_t *out)
{
	uint64_t port;

	if (!parse_u64(text, &port) || port == 0 || port > 65535)
		return false;
	*out = htons((uint16_t)port);
	return true;
}

static void set_ipv6(const struct in6_addr *host, in_port_t port, struct listen_address *out)
{
	struct sockaddr_in6 address = {
		.sin6_family = AF_INET6, .sin6_port = port, .sin6_addr = *host};

	memcpy(&out->storage, &address, sizeof(address));
	out->size = sizeof(address);
}

static void set_ipv4(struct in_addr host, in_port_t port, struct listen_address *out)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = port, .sin_addr = host};

	memcpy(&out->storage, &address, sizeof(address));
	out->size = sizeof(address);
}

static bool parse_ipv6(const char *host, in_port_t port, struct listen_address *out)
{
	struct in6_addr address;

	if (inet_pton(AF_INET6, host, &address) != 1)
		return false;
	set_ipv6(&address, port, out);
	return true;
}

static bool parse_ipv4(const char *host, in_port_t port, struct listen_address *out)
{
	struct in_addr address;

	if (inet_pton(AF_INET, host, &address) != 1)
		return false;
	set_ipv4(address, port, out);
	return true;
}

static bool parse_host(const char *text, struct listen_address *out)
{
	const char *colon = strrchr(text, ':');
	bool bracket = *text == '[';
	scoped_free char *host = NULL;
	in_port_t port;

	if (!colon || !parse_port(colon + 1, &port))
		return false;
	if (bracket && (colon < text + 2 || colon[-1] != ']'))
		return false;
	host = bracket ? str_dup_n(text + 1, (size_t)(colon - text) - 2)
		       : str_dup_n(text, (size_t)(colon - text));
	return bracket ? parse_ipv6(host, port, out) : parse_ipv4(host, port, out);
}

bool listen_address_parse(const char *text, bool has_ipv6, struct listen_address *out,
			  struct error *err)
{
	in_port_t port;

	*out = (struct listen_address){0};
	if (str_is_empty(text))
		return error_set(err, ERROR_INVALID, "no address is given");
	if (*text == '/' || *text == '@')
		return parse_unix(text, out, err);
	if (parse_port(text, &port)) {
		if (has_ipv6)
			set_ipv6(&in6addr_any, port, out);
		else
			set_ipv4((struct in_addr){INADDR_ANY}, port, out);
		return true;
	}
	return parse_host(text, out) ||
	       error_set(err, ERROR_INVALID, "'%s' is no address to listen on", text);
}
