/* network-online.target: done when the host has a global address on a link that is up and a default route,
 * or, with a warning, after two minutes.  The kernel tells that something about links, addresses or routes has
 * changed; a thread of the pool looks what there is. */
#include "unit/units_private.h"

#include "base/log.h"
#include "os/file.h"

#include <fcntl.h>
#include <ifaddrs.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#define PATIENCE_MS 120000

struct units_online {
	struct units *units; /* NULL: left */
	int fd;
	uv_poll_t poll;
	struct deadline *patience;
	struct work work;
	bool looking, again, online, closed;
};

/* ---- in the pool ---- */

static bool is_global(const struct sockaddr *address)
{
	if (address && address->sa_family == AF_INET) {
		uint32_t ip =
			ntohl(((const struct sockaddr_in *)(const void *)address)->sin_addr.s_addr);

		return ip >> 24 != 127 && ip >> 16 != 0xa9fe; /* 169.254: of the link */
	}
	return address && address->sa_family == AF_INET6 &&
	       !IN6_IS_ADDR_LINKLOCAL(
		       &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr) &&
	       !IN6_IS_ADDR_LOOPBACK(
		       &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr);
}

static bool has_address(void)
{
	struct ifaddrs *all = NULL;
	bool found = false;

	if (getifaddrs(&all) < 0)
		return false;
	for (const struct ifaddrs *one = all; one && !found; one = one->ifa_next)
		found = (one->ifa_flags & IFF_UP) && (one->ifa_flags & IFF_RUNNING) &&
			!(one->ifa_flags & IFF_LOOPBACK) && is_global(one->ifa_addr);
	freeifaddrs(all);
	return found;
}

/* Lines of /proc/net/route whose destination and mask are zero; of ipv6_route with a prefix of zero not on
 * the loopback. */
static bool has_line(const char *path, bool (*is_default)(const char *line))
{
	FILE *file = fopen(path, "re");
	char line[512];
	bool found = false;

	if (!file)
		return false;
	while (!found && fgets(line, sizeof(line), file))
		found = is_default(line);
	fclose(file);
	return found;
}

static bool is_default_ipv4(const char *line)
{
	char link[64], destination[16], mask[16];

	return sscanf(line, "%63s %15s %*s %*s %*s %*s %*s %15s", link, destination, mask) == 3 &&
	       str_equal(destination, "00000000") && str_equal(mask, "00000000");
}

static bool is_default_ipv6(const char *line)
{
	char destination[40], prefix[8], link[64];

	return sscanf(line, "%39s %7s %*s %*s %*s %*s %*s %*s %*s %63s", destination, prefix,
		      link) == 3 &&
	       str_equal(destination, "00000000000000000000000000000000") &&
	       str_equal(prefix, "00") && !str_equal(link, "lo");
}

static void look(struct work *work)
{
	struct units_online *online = container_of(work, struct units_online, work);

	online->online = has_address() && (has_line("/proc/net/route", is_default_ipv4) ||
					   has_line("/proc/net/ipv6_route", is_default_ipv6));
}

/* ---- in the loop ---- */

static void free_if_over(struct units_online *online)
{
	if (!online->closed || online->looking)
		return;
	close_fd(&online->fd);
	free(online);
}

static void on_closed(uv_handle_t *handle)
{
	struct units_online *online = handle->data;

	online->closed = true;
	free_if_over(online);
}

void online_leave(struct units *units)
{
	struct units_online *online = take(units->online);

	if (!online)
		return;
	online->units = NULL;
	deadline_cancel(&online->patience);
	uv_close((uv_handle_t *)&online->poll, on_closed);
}

static void be_online(struct units *units)
{
	struct unit *unit = unit_set_get(&units->set, "network-online.target");

	online_leave(units);
	unit_set_sub(units, unit, SUB_ACTIVE, RESULT_SUCCESS);
}

static void begin_look(struct units_online *online);

static void looked(struct work *work, bool closing)
{
	struct units_online *online = container_of(work, struct units_online, work);

	online->looking = false;
	if (closing || !online->units)
		free_if_over(online);
	else if (online->online)
		be_online(online->units);
	else if (online->again)
		begin_look(online);
}

static void begin_look(struct units_online *online)
{
	online->again = online->looking;
	if (online->looking)
		return;
	online->looking = true;
	work_begin(&online->work, online->units->engine, look, looked);
}

static void on_change(uv_poll_t *handle, int status, int events)
{
	struct units_online *online = handle->data;
	char bytes[8192];

	(void)status;
	(void)events;
	while (recv(online->fd, bytes, sizeof(bytes), MSG_DONTWAIT) > 0)
		;
	if (online->units)
		begin_look(online);
}

static void on_impatient(void *data)
{
	struct units_online *online = data;
	struct units *units = online->units;

	online->patience = NULL;
	units_say(units, unit_set_get(&units->set, "network-online.target"), 4,
		  "There is no global address with a default route; units go on without.");
	be_online(units);
}

static int open_changes(void)
{
	struct sockaddr_nl address = {.nl_family = AF_NETLINK,
				      .nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR |
						   RTMGRP_IPV6_IFADDR | RTMGRP_IPV4_ROUTE |
						   RTMGRP_IPV6_ROUTE};
	scoped_fd int fd =
		socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);

	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return -1;
	return take_fd(fd);
}

void online_wait(struct units *units)
{
	struct units_online *online;
	int fd;

	if (units->online)
		return;
	fd = open_changes();
	if (fd < 0) {
		be_online(units);
		return;
	}
	online = units->online = mem_new(struct units_online);
	online->units = units;
	online->fd = fd;
	online->patience = deadline_start(units->loop, PATIENCE_MS, on_impatient, online);
	uv_poll_init(units->loop, &online->poll, fd);
	online->poll.data = online;
	uv_poll_start(&online->poll, UV_READABLE, on_change);
	begin_look(online);
}
