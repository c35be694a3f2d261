#include "network/host_facts.h"

#include "os/file.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define ROUTES_LIMIT (64u << 20)

/* ---- devices ---- */

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

char *host_routes(void)
{
	struct buffer text = {0};
	struct error ignored;

	file_read(AT_FDCWD, "/proc/net/route", ROUTES_LIMIT, &text, &ignored);
	return buffer_take(&text);
}

/* The kernel prints addresses as the number that the machine sees in their four bytes. */
static struct subnet subnet_of_numbers(uint32_t destination, uint32_t mask)
{
	struct subnet out = {.base.family = AF_INET, .prefix = __builtin_popcount(mask)};

	memcpy(out.base.bytes, &destination, sizeof(destination));
	return out;
}

static bool line_overlaps(const char *line, const struct subnet *subnet)
{
	uint32_t destination, mask;
	struct subnet route;

	if (sscanf(line, "%*s %x %*x %*x %*d %*d %*d %x", &destination, &mask) != 2 || mask == 0)
		return false;
	route = subnet_of_numbers(destination, mask);
	return subnet_overlaps(&route, subnet);
}

bool routes_overlap(const char *routes, const struct subnet *subnet)
{
	for (const char *line = routes; line && *line;) {
		const char *newline = strchr(line, '\n');

		if (line_overlaps(line, subnet))
			return true;
		line = newline ? newline + 1 : NULL;
	}
	return false;
}

/* ---- pools ---- */

/* Networks choose IPv4 subnets; IPv6 ones are always named. */
static bool template_is_sound(const struct pool_template *t)
{
	return t->base.base.family == AF_INET && t->size >= t->base.prefix && t->size <= 30 &&
	       t->size - t->base.prefix <= 24;
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
	struct subnet out = {.prefix = t->size};

	out.base = subnet_at(&t->base, t->size == 0 ? 0 : index << (32 - t->size));
	return out;
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
	for (uint32_t i = 0; i < UINT32_C(1) << (t->size - t->base.prefix); i++) {
		*out = nth_subnet(t, i);
		if (is_free(choice, out))
			return true;
	}
	return false;
}

bool pool_choose(const struct pool_choice *choice, struct subnet *out, struct error *err)
{
	for (size_t i = 0; i < choice->template_count; i++)
		if (choose_from(choice, &choice->templates[i], out))
			return true;
	for (size_t i = 0; choice->template_count == 0 && i < array_length(docker_pools); i++) {
		struct pool_template t;

		if (pool_template_parse(docker_pools[i], &t, err) && choose_from(choice, &t, out))
			return true;
	}
	return error_set(err, ERROR_SYSTEM,
			 "could not find an available, non-overlapping IPv4 address pool among the "
			 "defaults to assign to the network");
}
