/* Making a link is the slowest part of a start, and each rtnetlink message takes the kernel's one RTNL
 * lock, for which 300 shims may queue: so there are few messages, and all that can ride on one does.
 *
 *	host's socket       one batch: the pair, whose outer end is born as a port of the bridge, and the
 *			    inner one in the container's namespace with its name and MAC; then the port's
 *			    flags, and no IPv6 address of its own
 *	container's socket  one batch: lo up; the inner end up, its addresses and routes
 *
 * Both ends have one queue: the kernel's default is one per processor and direction.  An IPv6 address is
 * given without duplicate detection, which would hold it back for a second and is pointless where the
 * daemon is the one that gives addresses. */
#include "network/endpoint.h"

#include "base/id.h"
#include "base/memory.h"
#include "os/netlink.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_addr.h>
#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define LOOPBACK_INDEX 1
#define MAC_SIZE       6
#define MTU_DEFAULT    1500
#define MTU_OF_IPV6    1280 /* the least that IPv6 runs on */
#define ADDR_GEN_NONE  1    /* IN6_ADDR_GEN_MODE_NONE of <linux/if_link.h>, an enum without a tag */
#define MAX_ENDPOINTS  64

#define LINK_LOCAL_PREFIX  16
#define LINK_LOCAL_PREFIX6 64

/* ---- the host's side ---- */

/* For a start message of a daemon that names none. */
static void random_link_name(char out[static IFNAMSIZ])
{
	unsigned char random[5];
	char hex[2 * sizeof(random) + 1];

	random_bytes(random, sizeof(random));
	hex_encode(random, sizeof(random), hex);
	snprintf(out, IFNAMSIZ, "veth%s", hex);
}

/* The index of a device in the socket's network namespace, without rtnetlink; 0: absent. */
static int device_index(int socket, const char *name)
{
	struct ifreq request = {0};

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	return ioctl(socket, SIOCGIFINDEX, &request) == 0 ? request.ifr_ifindex : 0;
}

static bool parse_mac(const char *text, unsigned char out[static MAC_SIZE])
{
	return sscanf(text, "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx", &out[0], &out[1], &out[2],
		      &out[3], &out[4], &out[5]) == MAC_SIZE;
}

static uint32_t mtu_of(const struct endpoint_spec *spec)
{
	return spec->mtu > 0 ? (uint32_t)spec->mtu : MTU_DEFAULT;
}

/* Where the kernel has no IPv6 for a link, it refuses to be told anything about it. */
static bool knows_ipv6(const struct endpoint_spec *spec)
{
	return mtu_of(spec) >= MTU_OF_IPV6 && access("/proc/sys/net/ipv6", F_OK) == 0;
}

static void add_common(struct netlink_batch *batch, const struct endpoint_spec *spec)
{
	netlink_add_u32(batch, IFLA_MTU, mtu_of(spec));
	netlink_add_u32(batch, IFLA_NUM_TX_QUEUES, 1);
	netlink_add_u32(batch, IFLA_NUM_RX_QUEUES, 1);
}

static void add_inner_end(struct netlink_batch *batch, const struct endpoint_spec *spec, int netns,
			  const unsigned char mac[static MAC_SIZE])
{
	struct ifinfomsg link = {0};
	size_t peer = netlink_nest(batch, VETH_INFO_PEER);

	netlink_header(batch, &link, sizeof(link));
	netlink_add_text(batch, IFLA_IFNAME, spec->name);
	netlink_add(batch, IFLA_ADDRESS, mac, MAC_SIZE);
	netlink_add_u32(batch, IFLA_NET_NS_FD, (uint32_t)netns);
	add_common(batch, spec);
	netlink_nest_end(batch, peer);
}

struct link {
	const struct endpoint_spec *spec;
	char outer[IFNAMSIZ];
	unsigned char mac[MAC_SIZE];
	int bridge; /* its index; of a macvlan its parent's */
};

bool endpoint_is_macvlan(const struct endpoint_spec *spec)
{
	return str_equal(spec->driver, "macvlan");
}

static uint32_t macvlan_mode(const char *mode)
{
	static const struct {
		const char *name;
		uint32_t mode;
	} modes[] = {
		{"private", MACVLAN_MODE_PRIVATE},
		{"vepa", MACVLAN_MODE_VEPA},
		{"passthru", MACVLAN_MODE_PASSTHRU},
	};

	for (size_t i = 0; i < array_length(modes); i++)
		if (str_equal(modes[i].name, mode))
			return modes[i].mode;
	return MACVLAN_MODE_BRIDGE;
}

/* One end only, born in the container's namespace with its final name. */
static void add_macvlan(struct netlink_batch *batch, const struct link *link, int netns)
{
	struct ifinfomsg header = {0};
	size_t info, data;

	netlink_begin(batch, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, "make a macvlan");
	netlink_header(batch, &header, sizeof(header));
	netlink_add_text(batch, IFLA_IFNAME, link->spec->name);
	netlink_add_u32(batch, IFLA_LINK, (uint32_t)link->bridge);
	netlink_add_u32(batch, IFLA_NET_NS_FD, (uint32_t)netns);
	if (!str_equal(link->spec->mode, "passthru")) /* which has its parent's */
		netlink_add(batch, IFLA_ADDRESS, link->mac, MAC_SIZE);
	if (link->spec->mtu > 0)
		netlink_add_u32(batch, IFLA_MTU, (uint32_t)link->spec->mtu);
	info = netlink_nest(batch, IFLA_LINKINFO);
	netlink_add(batch, IFLA_INFO_KIND, "macvlan", 7);
	data = netlink_nest(batch, IFLA_INFO_DATA);
	netlink_add_u32(batch, IFLA_MACVLAN_MODE, macvlan_mode(link->spec->mode));
	netlink_nest_end(batch, data);
	netlink_nest_end(batch, info);
	netlink_end(batch);
}

static void add_veth(struct netlink_batch *batch, const struct link *link, int netns)
{
	struct ifinfomsg header = {.ifi_flags = IFF_UP, .ifi_change = IFF_UP};
	size_t info, data;

	netlink_begin(batch, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, "make a link");
	netlink_header(batch, &header, sizeof(header));
	netlink_add_text(batch, IFLA_IFNAME, link->outer);
	netlink_add_u32(batch, IFLA_MASTER, (uint32_t)link->bridge);
	add_common(batch, link->spec);
	info = netlink_nest(batch, IFLA_LINKINFO);
	netlink_add(batch, IFLA_INFO_KIND, "veth", 4);
	data = netlink_nest(batch, IFLA_INFO_DATA);
	add_inner_end(batch, link->spec, netns, link->mac);
	netlink_nest_end(batch, data);
	netlink_nest_end(batch, info);
	netlink_end(batch);
}

static void add_no_autoconfiguration(struct netlink_batch *batch)
{
	size_t families = netlink_nest(batch, IFLA_AF_SPEC);
	size_t inet6 = netlink_nest(batch, AF_INET6);

	netlink_add_u8(batch, IFLA_INET6_ADDR_GEN_MODE, ADDR_GEN_NONE);
	netlink_nest_end(batch, inet6);
	netlink_nest_end(batch, families);
}

static void add_port_flags(struct netlink_batch *batch, const struct endpoint_spec *spec)
{
	size_t info = netlink_nest(batch, IFLA_LINKINFO), data;

	netlink_add(batch, IFLA_INFO_SLAVE_KIND, "bridge", 6);
	data = netlink_nest(batch, IFLA_INFO_SLAVE_DATA);
	netlink_add_u8(batch, IFLA_BRPORT_MODE, spec->hairpin);
	netlink_add_u8(batch, IFLA_BRPORT_ISOLATED, spec->isolated);
	netlink_nest_end(batch, data);
	netlink_nest_end(batch, info);
}

/* The outer end is up already, but without carrier as long as the inner one is down. */
static void add_port(struct netlink_batch *batch, const struct link *link)
{
	struct ifinfomsg header = {0};

	netlink_begin(batch, RTM_NEWLINK, 0, "set up a port of the bridge");
	netlink_header(batch, &header, sizeof(header));
	netlink_add_text(batch, IFLA_IFNAME, link->outer);
	if (link->spec->hairpin || link->spec->isolated)
		add_port_flags(batch, link->spec);
	if (knows_ipv6(link->spec))
		add_no_autoconfiguration(batch);
	netlink_end(batch);
}

static bool prepare_link(struct link *link, int socket, struct error *err)
{
	const struct endpoint_spec *spec = link->spec;

	if (!parse_mac(spec->mac, link->mac))
		return error_set(err, ERROR_INVALID, "invalid MAC address '%s'", spec->mac);
	link->bridge = device_index(socket, spec->bridge);
	if (link->bridge == 0) {
		error_set(err, ERROR_UNAVAILABLE, "bridge '%s' is gone", spec->bridge);
		err->os = ENODEV;
		return false;
	}
	if (spec->outer)
		snprintf(link->outer, sizeof(link->outer), "%s", spec->outer);
	else
		random_link_name(link->outer);
	return true;
}

static bool cut(int socket, const char *device, struct error *err)
{
	struct ifinfomsg header = {.ifi_change = IFF_UP};
	scoped_netlink struct netlink_batch batch = {0};

	netlink_begin(&batch, RTM_NEWLINK, 0, "set a link down");
	netlink_header(&batch, &header, sizeof(header));
	netlink_add_text(&batch, IFLA_IFNAME, device);
	netlink_end(&batch);
	return netlink_send(socket, &batch, err) || err->os == ENODEV;
}

/* What had its address must not be heard any more: it has the MAC, too, and the bridge would be in doubt. */
static bool cut_stale(int socket, const struct endpoint_spec *spec, struct error *err)
{
	for (size_t i = 0; i < spec->stale.count; i++)
		if (!cut(socket, spec->stale.items[i], err))
			return false;
	return true;
}

static bool make_links(const struct endpoint_spec *endpoints, size_t count, int netns,
		       struct error *err)
{
	scoped_netlink struct netlink_batch batch = {0};
	scoped_fd int socket = netlink_open(NETLINK_ROUTE, err);

	if (socket < 0)
		return false;
	for (size_t i = 0; i < count; i++) {
		struct link link = {.spec = &endpoints[i]};

		if (!prepare_link(&link, socket, err) || !cut_stale(socket, link.spec, err))
			return false;
		if (endpoint_is_macvlan(link.spec)) {
			add_macvlan(&batch, &link, netns);
			continue;
		}
		add_veth(&batch, &link, netns);
		add_port(&batch, &link);
	}
	return netlink_send(socket, &batch, err);
}

/* ---- the container's side ---- */

static void add_no_link_local(struct netlink_batch *batch, int index)
{
	struct ifinfomsg header = {.ifi_index = index};

	netlink_begin(batch, RTM_NEWLINK, 0, "switch IPv6 autoconfiguration off");
	netlink_header(batch, &header, sizeof(header));
	add_no_autoconfiguration(batch);
	netlink_end(batch);
}

static void add_up(struct netlink_batch *batch, int index)
{
	struct ifinfomsg header = {.ifi_index = index, .ifi_flags = IFF_UP, .ifi_change = IFF_UP};

	netlink_begin(batch, RTM_NEWLINK, 0, "set up a link of the container");
	netlink_header(batch, &header, sizeof(header));
	netlink_end(batch);
}

/* An address in binary form. */
struct binary_address {
	int family;
	size_t size;
	unsigned char bytes[16];
};

static bool parse_address(const char *text, int family, struct binary_address *out,
			  struct error *err)
{
	out->family = family;
	out->size = family == AF_INET ? 4 : 16;
	if (inet_pton(family, text, out->bytes) == 1)
		return true;
	return error_set(err, ERROR_INVALID, "invalid address '%s'", text);
}

static bool add_address(struct netlink_batch *batch, int index, const char *text, int family,
			int32_t prefix, struct error *err)
{
	struct ifaddrmsg header = {.ifa_family = (uint8_t)family,
				   .ifa_prefixlen = (uint8_t)prefix,
				   .ifa_flags = family == AF_INET6 ? IFA_F_NODAD : 0,
				   .ifa_index = (uint32_t)index};
	struct binary_address address;

	if (!parse_address(text, family, &address, err))
		return false;
	netlink_begin(batch, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL,
		      "give the container its address");
	netlink_header(batch, &header, sizeof(header));
	netlink_add(batch, IFA_LOCAL, address.bytes, address.size);
	netlink_add(batch, IFA_ADDRESS, address.bytes, address.size);
	if (family == AF_INET && prefix < 31) {
		uint32_t host = prefix == 0 ? UINT32_MAX : (1u << (32 - prefix)) - 1;
		uint32_t broadcast = *(uint32_t *)(void *)address.bytes | htonl(host);

		netlink_add_u32(batch, IFA_BROADCAST, broadcast);
	}
	netlink_end(batch);
	return true;
}

static bool add_default_route(struct netlink_batch *batch, int index, const char *gateway,
			      int family, uint16_t flags, struct error *err)
{
	struct rtmsg header = {.rtm_family = (uint8_t)family,
			       .rtm_table = RT_TABLE_MAIN,
			       .rtm_protocol = RTPROT_BOOT,
			       .rtm_scope = RT_SCOPE_UNIVERSE,
			       .rtm_type = RTN_UNICAST};
	struct binary_address address;

	if (!parse_address(gateway, family, &address, err))
		return false;
	netlink_begin(batch, RTM_NEWROUTE, NLM_F_CREATE | flags, "give the container its route");
	netlink_header(batch, &header, sizeof(header));
	netlink_add(batch, RTA_GATEWAY, address.bytes, address.size);
	netlink_add_u32(batch, RTA_OIF, (uint32_t)index);
	netlink_end(batch);
	return true;
}

static bool add_family(struct netlink_batch *batch, int index, const struct endpoint_spec *spec,
		       int family, struct error *err)
{
	bool inet = family == AF_INET;
	const char *address = inet ? spec->address : spec->address6;
	const char *gateway = inet ? spec->gateway : spec->gateway6;
	int32_t prefix = inet ? spec->prefix : spec->prefix6;
	bool elsewhere = inet ? spec->no_route : spec->no_route6;

	if (address && !add_address(batch, index, address, family, prefix, err))
		return false;
	return !gateway || elsewhere ||
	       add_default_route(batch, index, gateway, family, NLM_F_EXCL, err);
}

/* Addresses that the container is to have besides, of a link's own range. */
static bool add_link_local(struct netlink_batch *batch, int index, const struct endpoint_spec *spec,
			   struct error *err)
{
	for (size_t i = 0; i < spec->link_local.count; i++) {
		const char *text = spec->link_local.items[i];
		bool six = strchr(text, ':');

		if (!add_address(batch, index, text, six ? AF_INET6 : AF_INET,
				 six ? LINK_LOCAL_PREFIX6 : LINK_LOCAL_PREFIX, err))
			return false;
	}
	return true;
}

static bool add_inner_addresses(struct netlink_batch *batch, int socket,
				const struct endpoint_spec *spec, struct error *err)
{
	int index = device_index(socket, spec->name);

	if (index == 0)
		return error_errno(err, "the link '%s' is not in the container", spec->name);
	if (!spec->address6 && knows_ipv6(spec))
		add_no_link_local(batch, index);
	add_up(batch, index);
	return add_family(batch, index, spec, AF_INET, err) &&
	       add_family(batch, index, spec, AF_INET6, err) &&
	       add_link_local(batch, index, spec, err);
}

/* A host may switch IPv6 off by default, which new devices inherit; addresses are refused then.
 * /proc/sys/net shows the namespace of whoever looks.  A kernel without IPv6 has no such file, and
 * refuses the address by itself. */
static void allow_ipv6(const char *device)
{
	char path[128];
	scoped_fd int file = -1;

	snprintf(path, sizeof(path), "/proc/sys/net/ipv6/conf/%s/disable_ipv6", device);
	file = open(path, O_WRONLY | O_CLOEXEC);
	if (file >= 0 && write(file, "0", 1) != 1)
		return;
}

/* What has to be done by a member of the container's network namespace. */
static int enter_and_open_socket(const struct endpoint_spec *endpoints, size_t count, int netns,
				 struct error *err)
{
	scoped_fd int home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	int socket;

	if (home < 0 || setns(netns, CLONE_NEWNET) < 0) {
		error_errno(err, "cannot enter the container's network namespace");
		return -1;
	}
	socket = netlink_open(NETLINK_ROUTE, err);
	for (size_t i = 0; i < count; i++)
		if (endpoints[i].address6)
			allow_ipv6(endpoints[i].name);
	if (setns(home, CLONE_NEWNET) < 0) {
		error_errno(err, "cannot leave the container's network namespace");
		close_at(&socket);
		return -1;
	}
	return socket;
}

static bool configure_inside(const struct endpoint_spec *endpoints, size_t count, int netns,
			     struct error *err)
{
	scoped_netlink struct netlink_batch batch = {0};
	scoped_fd int socket = enter_and_open_socket(endpoints, count, netns, err);

	if (socket < 0)
		return false;
	add_up(&batch, LOOPBACK_INDEX);
	for (size_t i = 0; i < count; i++)
		if (!add_inner_addresses(&batch, socket, &endpoints[i], err))
			return false;
	return netlink_send(socket, &batch, err);
}

bool endpoint_attach(const struct endpoint_spec *endpoints, size_t count, int netns,
		     struct error *err)
{
	if (count > MAX_ENDPOINTS)
		return error_set(err, ERROR_INVALID, "more than %d networks", MAX_ENDPOINTS);
	if (count > 0 && !make_links(endpoints, count, netns, err))
		return false;
	return configure_inside(endpoints, count, netns, err);
}

/* ---- the end ---- */

bool endpoint_cut(const struct endpoint_spec *endpoints, size_t count, int netns, struct error *err)
{
	scoped_fd int socket = enter_and_open_socket(NULL, 0, netns, err);
	bool ok = socket >= 0;

	for (size_t i = 0; socket >= 0 && i < count; i++)
		if (endpoint_is_macvlan(&endpoints[i]))
			ok = cut(socket, endpoints[i].name, err) && ok;
	return ok;
}

/* ---- changes while the container runs ---- */

bool endpoint_set_route(int netns, const char *device, const char *gateway, struct error *err)
{
	scoped_netlink struct netlink_batch batch = {0};
	scoped_fd int socket = enter_and_open_socket(NULL, 0, netns, err);
	int index = socket < 0 ? 0 : device_index(socket, device);

	if (socket < 0)
		return false;
	if (index == 0)
		return error_errno(err, "the link '%s' is not in the container", device);
	return add_default_route(&batch, index, gateway, strchr(gateway, ':') ? AF_INET6 : AF_INET,
				 NLM_F_REPLACE, err) &&
	       netlink_send(socket, &batch, err);
}

bool endpoint_loopback(int netns, struct error *err)
{
	return configure_inside(NULL, 0, netns, err);
}
