#include "network/host_facts.h"

#include "os/file.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define ROUTES_LIMIT (64u << 20)

/* ---- devices ---- */

bool device_name_is_sound(const char *name)
{
	size_t length = strlen(name);

	if (length == 0 || length >= IFNAMSIZ || name[0] == '.')
		return false;
	for (size_t i = 0; i < length; i++)
		if (!isalnum((unsigned char)name[i]) && !strchr("-_.", name[i]))
			return false;
	return true;
}

bool device_exists(const char *name)
{
	return if_nametoindex(name) != 0;
}

static bool ask_device(int socket, unsigned long question, const char *name, struct in_addr *out)
{
	struct ifreq request = {0};

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	request.ifr_addr.sa_family = AF_INET;
	if (ioctl(socket, question, &request) < 0)
		return false;
	*out = ((struct sockaddr_in *)(void *)&request.ifr_addr)->sin_addr;
	return true;
}

char *device_address(const char *name)
{
	scoped_fd int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct in_addr address, mask;
	char text[INET_ADDRSTRLEN];

	if (fd < 0 || !ask_device(fd, SIOCGIFADDR, name, &address) ||
	    !ask_device(fd, SIOCGIFNETMASK, name, &mask))
		return NULL;
	inet_ntop(AF_INET, &address, text, sizeof(text));
	return str_format("%s/%d", text, __builtin_popcount(mask.s_addr));
}

void ephemeral_range(uint16_t *first, uint16_t *last)
{
	scoped_buffer struct buffer text = {0};
	struct error ignored;

	*first = 32768;
	*last = 60999;
	if (file_read(AT_FDCWD, "/proc/sys/net/ipv4/ip_local_port_range", 64, &text, &ignored))
		sscanf(text.data, "%hu %hu", first, last);
}

/* ---- routes ---- */

static char *read_text(const char *path)
{
	struct buffer text = {0};
	struct error ignored;

	file_read(AT_FDCWD, path, ROUTES_LIMIT, &text, &ignored);
	return buffer_take(&text);
}

struct host_routes host_routes(void)
{
	return (struct host_routes){read_text("/proc/net/route"),
				    read_text("/proc/net/ipv6_route")};
}

void host_routes_fini(struct host_routes *routes)
{
	free(routes->four);
	free(routes->six);
}

/* One line of either text. */
struct route {
	struct subnet to;
	bool near; /* through no gateway */
	char device[IFNAMSIZ];
};

/* The kernel prints addresses as the number that the machine sees in their four bytes. */
static bool parse_route4(const char *line, struct route *out)
{
	uint32_t destination, gateway, mask;

	if (sscanf(line, "%15s %x %x %*x %*d %*d %*d %x", out->device, &destination, &gateway,
		   &mask) != 4)
		return false;
	out->to = (struct subnet){.base.family = AF_INET, .prefix = __builtin_popcount(mask)};
	memcpy(out->to.base.bytes, &destination, sizeof(destination));
	out->near = gateway == 0;
	return true;
}

static bool parse_hex_address(const char *text, struct address *out)
{
	*out = (struct address){.family = AF_INET6};
	for (size_t i = 0; i < 16; i++)
		if (sscanf(text + 2 * i, "%2hhx", &out->bytes[i]) != 1)
			return false;
	return true;
}

/* destination prefix source prefix gateway metric references uses flags device */
static bool parse_route6(const char *line, struct route *out)
{
	char destination[33], gateway[33];
	struct address via;
	unsigned prefix;

	if (sscanf(line, "%32s %x %*s %*x %32s %*x %*x %*x %*x %15s", destination, &prefix, gateway,
		   out->device) != 4 ||
	    strlen(destination) != 32 || strlen(gateway) != 32 || prefix > 128 ||
	    !parse_hex_address(destination, &out->to.base) || !parse_hex_address(gateway, &via))
		return false;
	out->to.prefix = (int)prefix;
	out->near = address_is_any(&via);
	return true;
}

/* Default routes say nothing; single addresses, links' own and multicast are there for every device. */
static bool is_of_interest(const struct route *route)
{
	const uint8_t *bytes = route->to.base.bytes;

	if (route->to.prefix == 0 || str_equal(route->device, "lo"))
		return false;
	return route->to.base.family == AF_INET ||
	       (route->to.prefix < 128 && bytes[0] != 0xff && bytes[0] != 0xfe);
}

static bool find_route(const struct host_routes *routes, const struct subnet *subnet,
		       bool (*wanted)(const struct route *route, const void *data),
		       const void *data)
{
	bool four = subnet->base.family == AF_INET;

	for (const char *line = four ? routes->four : routes->six; line && *line;) {
		const char *newline = strchr(line, '\n');
		struct route route;

		if ((four ? parse_route4 : parse_route6)(line, &route) && is_of_interest(&route) &&
		    wanted(&route, data) && subnet_overlaps(&route.to, subnet))
			return true;
		line = newline ? newline + 1 : NULL;
	}
	return false;
}

static bool is_any_route(const struct route *route, const void *data)
{
	(void)route;
	(void)data;
	return true;
}

static bool is_near_route(const struct route *route, const void *except)
{
	return route->near && !str_equal(route->device, except);
}

bool routes_overlap(const struct host_routes *routes, const struct subnet *subnet)
{
	return find_route(routes, subnet, is_any_route, NULL);
}

bool routes_are_near(const struct host_routes *routes, const struct subnet *subnet,
		     const char *except)
{
	return find_route(routes, subnet, is_near_route, except);
}

/* ---- pools ---- */

#define SUBNETS_MAX (UINT32_C(1) << 24) /* of one template that are looked at */

static bool template_is_sound(const struct pool_template *t)
{
	if (t->base.base.family == AF_INET)
		return t->size >= t->base.prefix && t->size <= 30 && t->size - t->base.prefix <= 24;
	return t->base.base.family == AF_INET6 && t->size >= t->base.prefix && t->size <= 126;
}

/* "base=10.10.0.0/16,size=24": two fields in any order. */
bool pool_template_parse(const char *text, struct pool_template *out, struct error *err)
{
	scoped_strings struct strings fields = strings_split(text, ',');
	bool have_base = false, have_size = false;
	uint64_t size;

	for (size_t i = 0; i < fields.count; i++) {
		const char *field = fields.items[i];

		if (str_starts_with(field, "base="))
			have_base = subnet_parse(field + 5, &out->base, NULL);
		else if (str_starts_with(field, "size="))
			have_size = parse_u64(field + 5, &size) && size <= 128;
		else
			have_base = false;
	}
	out->size = have_size ? (int)size : -1;
	if (have_base && have_size && fields.count == 2 && template_is_sound(out))
		return true;
	return error_set(err, ERROR_INVALID, "invalid --default-address-pool '%s'", text);
}

static const char *const docker_pools[] = {
	"base=172.17.0.0/16,size=16",  "base=172.18.0.0/16,size=16", "base=172.19.0.0/16,size=16",
	"base=172.20.0.0/14,size=16",  "base=172.24.0.0/14,size=16", "base=172.28.0.0/14,size=16",
	"base=192.168.0.0/16,size=20",
};

static struct subnet nth_subnet(const struct pool_template *t, uint32_t index)
{
	struct subnet out = {.base = t->base.base, .prefix = t->size};

	for (int bit = t->size - 1; index; bit--, index >>= 1)
		out.base.bytes[bit / 8] |= (uint8_t)((index & 1) << (7 - bit % 8));
	return out;
}

static uint32_t subnet_count(const struct pool_template *t)
{
	int bits = t->size - t->base.prefix;

	return bits < 24 ? UINT32_C(1) << bits : SUBNETS_MAX;
}

static bool is_free(const struct pool_choice *choice, const struct subnet *subnet)
{
	for (size_t i = 0; i < choice->taken_count; i++)
		if (subnet_overlaps(&choice->taken[i], subnet))
			return false;
	return !routes_overlap(choice->routes, subnet);
}

static bool choose_from(const struct pool_choice *choice, const struct pool_template *t,
			struct subnet *out)
{
	for (uint32_t i = 0; i < subnet_count(t); i++) {
		*out = nth_subnet(t, i);
		if (is_free(choice, out))
			return true;
	}
	return false;
}

static bool choose_from_own(const struct pool_choice *choice, struct subnet *out)
{
	struct pool_template t = {.size = 64};
	struct error ignored;

	if (choice->family == AF_INET6) {
		if (!choice->ula)
			return false;
		t.base = *choice->ula;
		return choose_from(choice, &t, out);
	}
	for (size_t i = 0; i < array_length(docker_pools); i++)
		if (pool_template_parse(docker_pools[i], &t, &ignored) &&
		    choose_from(choice, &t, out))
			return true;
	return false;
}

bool pool_choose(const struct pool_choice *choice, struct subnet *out, struct error *err)
{
	bool given = false;

	for (size_t i = 0; i < choice->template_count; i++) {
		if (choice->templates[i].base.base.family != choice->family)
			continue;
		given = true;
		if (choose_from(choice, &choice->templates[i], out))
			return true;
	}
	if (!given && choose_from_own(choice, out))
		return true;
	return error_set(err, ERROR_INVALID,
			 "all predefined address pools have been fully subnetted");
}
