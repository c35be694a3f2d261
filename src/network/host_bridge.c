#include "network/host_bridge.h"

#include "network/address.h"
#include "network/host_facts.h"
#include "os/file.h"
#include "os/netlink.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <linux/veth.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define MAC_SIZE 6

/* ---- the device ---- */

static bool parse_mac(const char *text, unsigned char out[static MAC_SIZE])
{
	return text && sscanf(text, "%2hhx:%2hhx:%2hhx:%2hhx:%2hhx:%2hhx", &out[0], &out[1],
			      &out[2], &out[3], &out[4], &out[5]) == MAC_SIZE;
}

/* With a MAC of its own: else it would take that of its lowest port, and change with the containers
 * while their neighbour tables hold the old one. */
static void add_device(struct netlink_batch *batch, const struct plan_bridge *bridge)
{
	struct ifinfomsg header = {0};
	unsigned char mac[MAC_SIZE];
	size_t info;

	netlink_begin(batch, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, "make the bridge");
	netlink_header(batch, &header, sizeof(header));
	netlink_add_text(batch, IFLA_IFNAME, bridge->name);
	if (parse_mac(bridge->mac, mac))
		netlink_add(batch, IFLA_ADDRESS, mac, sizeof(mac));
	info = netlink_nest(batch, IFLA_LINKINFO);
	netlink_add(batch, IFLA_INFO_KIND, "bridge", 6);
	netlink_nest_end(batch, info);
	netlink_end(batch);
}

static bool make_device(int socket, const struct plan_bridge *bridge, struct error *err)
{
	scoped_netlink struct netlink_batch batch = {0};

	if (device_exists(bridge->name))
		return true;
	add_device(&batch, bridge);
	return netlink_send(socket, &batch, err) || err->os == EEXIST;
}

static bool check_device(int socket, const char *name, struct error *err)
{
	struct ethtool_drvinfo driver = {.cmd = ETHTOOL_GDRVINFO};
	struct ifreq request = {.ifr_data = (void *)&driver};

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	if (ioctl(socket, SIOCETHTOOL, &request) == 0 && str_equal(driver.driver, "bridge"))
		return true;
	return error_set(err, ERROR_CONFLICT, "the device '%s' is no bridge", name);
}

static bool set_up(int socket, const struct plan_bridge *bridge, struct error *err)
{
	scoped_netlink struct netlink_batch batch = {0};
	struct ifinfomsg header = {.ifi_index = (int)if_nametoindex(bridge->name),
				   .ifi_flags = IFF_UP,
				   .ifi_change = IFF_UP};

	netlink_begin(&batch, RTM_NEWLINK, 0, "set the bridge up");
	netlink_header(&batch, &header, sizeof(header));
	if (bridge->mtu > 0)
		netlink_add_u32(&batch, IFLA_MTU, (uint32_t)bridge->mtu);
	netlink_end(&batch);
	return netlink_send(socket, &batch, err);
}

/* ---- addresses ---- */

static bool change_address(int socket, unsigned index, const char *text, bool add,
			   struct error *err)
{
	scoped_netlink struct netlink_batch batch = {0};
	struct subnet subnet;
	struct address address;

	if (!subnet_parse(text, &subnet, &address))
		return error_set(err, ERROR_INVALID, "invalid address '%s'", text);
	struct ifaddrmsg header = {
		.ifa_family = (uint8_t)address.family,
		.ifa_prefixlen = (uint8_t)subnet.prefix,
		.ifa_flags = address.family == AF_INET6 ? IFA_F_NODAD : 0,
		.ifa_index = index,
	};

	netlink_begin(&batch, add ? RTM_NEWADDR : RTM_DELADDR, add ? NLM_F_CREATE | NLM_F_EXCL : 0,
		      add ? "give the bridge its address" : "take an old address from the bridge");
	netlink_header(&batch, &header, sizeof(header));
	netlink_add(&batch, IFA_LOCAL, address.bytes, address_size(&address));
	netlink_add(&batch, IFA_ADDRESS, address.bytes, address_size(&address));
	netlink_end(&batch);
	return netlink_send(socket, &batch, err) || (add && err->os == EEXIST);
}

static bool set_addresses(int socket, const struct plan_bridge *bridge, struct error *err)
{
	unsigned index = if_nametoindex(bridge->name);
	scoped_free char *old = device_address(bridge->name);

	if (old && bridge->addresses.count > 0 && !strings_contain(&bridge->addresses, old) &&
	    !change_address(socket, index, old, false, err))
		return false;
	for (size_t i = 0; i < bridge->dropped.count; i++)
		change_address(socket, index, bridge->dropped.items[i], false,
			       &(struct error){0}); /* it may be gone */
	for (size_t i = 0; i < bridge->addresses.count; i++)
		if (!change_address(socket, index, bridge->addresses.items[i], true, err))
			return false;
	return true;
}

/* ---- sysctls ---- */

static bool set_sysctl(const char *path, const char *value, struct error *err)
{
	scoped_buffer struct buffer now = {0};

	if (file_read(AT_FDCWD, path, 64, &now, err) &&
	    strncmp(now.data, value, strlen(value)) == 0)
		return true;
	return file_write(AT_FDCWD, path, value, err) || error_prefix(err, "%s", path);
}

static bool set_device_sysctl(const char *family, const char *device, const char *name,
			      const char *value, struct error *err)
{
	scoped_free char *path = str_format("/proc/sys/net/%s/conf/%s/%s", family, device, name);

	return set_sysctl(path, value, err);
}

/* A device whose MTU is below 1280 has none, whatever the kernel has. */
static bool has_ipv6(const char *device)
{
	scoped_free char *folder = str_format("/proc/sys/net/ipv6/conf/%s", device);

	return access(folder, F_OK) == 0;
}

bool host_bridge_set_sysctls(const char *name, bool loopback, struct error *err)
{
	if (loopback && !set_device_sysctl("ipv4", name, "route_localnet", "1", err))
		return false;
	return !has_ipv6(name) || set_device_sysctl("ipv6", name, "accept_ra", "0", err);
}

bool host_bridge_answer_for_all(const char *name, struct error *err)
{
	scoped_free char *delay = str_format("/proc/sys/net/ipv4/neigh/%s/proxy_delay", name);

	return set_sysctl(delay, "0", err) &&
	       set_device_sysctl("ipv4", name, "proxy_arp_pvlan", "1", err);
}

static const char *forward_path(int family)
{
	return family == AF_INET ? "/proc/sys/net/ipv4/ip_forward"
				 : "/proc/sys/net/ipv6/conf/all/forwarding";
}

bool host_is_forwarding(int family)
{
	scoped_buffer struct buffer text = {0};
	struct error absent;

	return file_read(AT_FDCWD, forward_path(family), 16, &text, &absent) && text.data[0] == '1';
}

bool host_forward(int family, struct error *err)
{
	return set_sysctl(forward_path(family), "1", err);
}

/* IPv6 may be off by default on new devices; an address would be refused. */
static bool allow_ipv6(const struct plan_bridge *bridge, struct error *err)
{
	return bridge->addresses.count < 2 || !has_ipv6(bridge->name) ||
	       set_device_sysctl("ipv6", bridge->name, "disable_ipv6", "0", err);
}

bool host_bridge_make(const struct plan_bridge *bridge, struct error *err)
{
	scoped_fd int socket = netlink_open(NETLINK_ROUTE, err);

	if (socket < 0)
		return false;
	if (make_device(socket, bridge, err) && check_device(socket, bridge->name, err) &&
	    allow_ipv6(bridge, err) && set_addresses(socket, bridge, err) &&
	    set_up(socket, bridge, err))
		return true;
	return error_prefix(err, "bridge '%s'", bridge->name);
}

/* ---- other devices ---- */

/* The names of kinds that a kernel may lack, as its configuration calls them. */
static const struct {
	const char *kind, *what;
} kinds[] = {
	{"vlan", "VLAN devices (CONFIG_VLAN_8021Q)"},
	{"macvlan", "macvlan devices (CONFIG_MACVLAN)"},
	{"ipvlan", "ipvlan devices (CONFIG_IPVLAN)"},
};

static bool tell_missing_kind(const char *kind, struct error *err)
{
	for (size_t i = 0; i < array_length(kinds) && err->os == EOPNOTSUPP; i++)
		if (str_equal(kinds[i].kind, kind))
			return error_set(err, ERROR_UNSUPPORTED, "this kernel has no %s",
					 kinds[i].what);
	return false;
}

static bool remove_link(int socket, const char *name, struct error *err)
{
	scoped_netlink struct netlink_batch batch = {0};
	struct ifinfomsg header = {.ifi_index = (int)if_nametoindex(name)};

	if (header.ifi_index == 0)
		return true;
	netlink_begin(&batch, RTM_DELLINK, 0, "remove a device");
	netlink_header(&batch, &header, sizeof(header));
	netlink_end(&batch);
	return netlink_send(socket, &batch, err) || err->os == ENODEV;
}

struct new_device {
	const char *kind, *name;
	const char *lower; /* NULL: none */
	uint16_t vlan;
	const char *peer; /* of a veth */
};

static void add_details(struct netlink_batch *batch, const struct new_device *device)
{
	size_t data = netlink_nest(batch, IFLA_INFO_DATA);

	if (device->vlan)
		netlink_add(batch, IFLA_VLAN_ID, &device->vlan, sizeof(device->vlan));
	if (device->peer) {
		struct ifinfomsg peer = {0};
		size_t nest = netlink_nest(batch, VETH_INFO_PEER);

		netlink_header(batch, &peer, sizeof(peer));
		netlink_add_text(batch, IFLA_IFNAME, device->peer);
		netlink_nest_end(batch, nest);
	}
	netlink_nest_end(batch, data);
}

static bool add_new_device(int socket, const struct new_device *device, struct error *err)
{
	scoped_netlink struct netlink_batch batch = {0};
	struct ifinfomsg header = {.ifi_flags = IFF_UP, .ifi_change = IFF_UP};
	size_t info;

	netlink_begin(&batch, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, "make a device");
	netlink_header(&batch, &header, sizeof(header));
	netlink_add_text(&batch, IFLA_IFNAME, device->name);
	if (device->lower)
		netlink_add_u32(&batch, IFLA_LINK, if_nametoindex(device->lower));
	info = netlink_nest(&batch, IFLA_LINKINFO);
	netlink_add(&batch, IFLA_INFO_KIND, device->kind, strlen(device->kind));
	if (device->vlan || device->peer)
		add_details(&batch, device);
	netlink_nest_end(&batch, info);
	netlink_end(&batch);
	return netlink_send(socket, &batch, err) || err->os == EEXIST ||
	       tell_missing_kind(device->kind, err);
}

/* "eth0.10": VLAN 10 of eth0. */
static bool make_vlan(int socket, const char *name, struct error *err)
{
	const char *point = strrchr(name, '.');
	scoped_free char *lower = point ? str_dup_n(name, (size_t)(point - name)) : NULL;
	struct new_device device = {.kind = "vlan", .name = name, .lower = lower};
	uint64_t number = 0;

	if (!lower || !device_exists(lower) || !parse_u64(point + 1, &number) || number < 1 ||
	    number > 4094)
		return error_set(err, ERROR_INVALID, "invalid subinterface vlan name %s%s", name,
				 point ? ", example formatting is eth0.10"
				       : ": there is no such device on this host");
	device.vlan = (uint16_t)number;
	return add_new_device(socket, &device, err);
}

/* An end cannot be set up while it is being made. */
static bool set_peer_up(int socket, const char *name, struct error *err)
{
	struct plan_bridge peer = {.name = (char *)(uintptr_t)name};

	return set_up(socket, &peer, err);
}

/* A pair whose other end nobody has. */
static bool make_nowhere(int socket, const char *name, struct error *err)
{
	scoped_free char *peer = str_format("dp%s", name + 2);
	struct new_device device = {.kind = "veth", .name = name, .peer = peer};

	return add_new_device(socket, &device, err) && set_peer_up(socket, peer, err);
}

static bool make_parent(const char *name, struct error *err)
{
	scoped_fd int socket = netlink_open(NETLINK_ROUTE, err);

	if (socket < 0)
		return false;
	if (device_exists(name))
		return true;
	return str_starts_with(name, "dm-") ? make_nowhere(socket, name, err)
					    : make_vlan(socket, name, err);
}

/* Whether the kernel could: by making one on lo, which no kernel allows for another reason. */
static bool refuse_ipvlan(struct error *err)
{
	scoped_fd int socket = netlink_open(NETLINK_ROUTE, err);
	struct new_device device = {.kind = "ipvlan", .name = "wherry-probe", .lower = "lo"};

	if (socket < 0)
		return false;
	if (add_new_device(socket, &device, err))
		remove_link(socket, device.name, err);
	else if (err->kind == ERROR_UNSUPPORTED)
		return false;
	return error_set(err, ERROR_UNSUPPORTED,
			 "ipvlan networks are not supported by this version");
}

bool host_device_make(const struct plan_bridge *device, struct error *err)
{
	if (!device->kind)
		return host_bridge_make(device, err);
	if (str_equal(device->kind, "ipvlan"))
		return refuse_ipvlan(err);
	return make_parent(device->name, err) || error_prefix(err, "parent '%s'", device->name);
}
