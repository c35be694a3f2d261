/* In the worker: bridges and sysctls of the host.  Waits for the kernel's RTNL lock as long as it takes. */
#pragma once

#include "network/network_plan.h"

/* Make it where it is missing, give it the addresses it lacks, set it up.  An IPv4 address that it has
 * and that is not planned is taken away: the setting has changed. */
bool host_bridge_make(const struct plan_bridge *bridge, struct error *err);

/* The same for any kind of device that a network stands on: a bridge, or a macvlan's parent (which is
 * made where its name says how: a VLAN "eth0.10", or "dm-..." which leads nowhere).  What this kernel
 * has no devices for is refused by name. */
bool host_device_make(const struct plan_bridge *device, struct error *err);

/* What lets a bridge's containers be reached on 127.0.0.1 (safe only together with the rules of the
 * chain `raw`), and keeps a container from becoming the host's IPv6 router. */
bool host_bridge_set_sysctls(const char *name, bool loopback, struct error *err);

/* Who is on it gets the host's own answer when it asks for another's link address, so that what they say to
 * each other is routed here (safe only together with the rules of the chain `into`). */
bool host_bridge_answer_for_all(const char *name, struct error *err);

/* Is forwarding on?  And switch it on. */
bool host_is_forwarding(int family);
bool host_forward(int family, struct error *err);
