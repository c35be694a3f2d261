/* Netlink messages built by hand, sent as one batch: no library, so that a static program has
 * it too.
 *
 *	scoped_netlink struct netlink_batch batch = {0};
 *
 *	netlink_begin(&batch, RTM_NEWLINK, NLM_F_CREATE, "make link");
 *	netlink_header(&batch, &(struct ifinfomsg){...}, sizeof(struct ifinfomsg));
 *	netlink_add_text(&batch, IFLA_IFNAME, "eth0");
 *	size_t info = netlink_nest(&batch, IFLA_LINKINFO);
 *	...
 *	netlink_nest_end(&batch, info);
 *	netlink_end(&batch);
 *	if (!netlink_send(socket, &batch, err)) ...
 *
 * Each message asks for an acknowledgement, and the kernel answers all within send(), so nothing
 * waits but for the kernel's own locks.  Some 200 acknowledgements fit a socket: keep batches below
 * that. */
#pragma once

#include "base/error.h"
#include "base/text.h"

#include <linux/netlink.h>
#include <stdint.h>

struct netlink_batch {
	struct buffer bytes;
	size_t message; /* where the present one starts */
	struct {
		const char **items; /* what each message is for, in the errors; borrowed */
		size_t count, capacity;
	} steps;
};

void netlink_batch_fini(struct netlink_batch *batch);
#define scoped_netlink scoped_with(netlink_batch_fini)

/* A message of `type`; NLM_F_REQUEST and NLM_F_ACK are added to `flags`. */
void netlink_begin(struct netlink_batch *batch, uint16_t type, uint16_t flags, const char *step);

/* The same without an acknowledgement, for the frame of an nfnetlink transaction. */
void netlink_begin_silent(struct netlink_batch *batch, uint16_t type, uint16_t flags);
void netlink_end(struct netlink_batch *batch);

/* The fixed part behind the header (struct ifinfomsg, nfgenmsg ...), also inside a nested
 * attribute. */
void netlink_header(struct netlink_batch *batch, const void *data, size_t size);

void netlink_add(struct netlink_batch *batch, uint16_t attribute, const void *data, size_t size);
void netlink_add_text(struct netlink_batch *batch, uint16_t attribute,
		      const char *text); /* with NUL */
void netlink_add_u8(struct netlink_batch *batch, uint16_t attribute, uint8_t value);
void netlink_add_u32(struct netlink_batch *batch, uint16_t attribute, uint32_t value);
void netlink_add_be32(struct netlink_batch *batch, uint16_t attribute, uint32_t value);

/* Opens an attribute that holds attributes; returns what netlink_nest_end takes. */
size_t netlink_nest(struct netlink_batch *batch, uint16_t attribute);
void netlink_nest_end(struct netlink_batch *batch, size_t nest);

/* A socket of `protocol` (NETLINK_ROUTE, NETLINK_NETFILTER) in the present network namespace; -1 on
 * failure. */
int netlink_open(int protocol, struct error *err);

/* Send the batch and collect its acknowledgements.  The first message that failed gives the error:
 * ERROR_SYSTEM, "cannot <step>" with its errno; the kernel has still tried those behind it (but in
 * an nfnetlink transaction, where nothing is done then). */
bool netlink_send(int socket, const struct netlink_batch *batch, struct error *err);

/* ---- reading ---- */

/* The next whole message of a packet; *at is 0 at first.  NULL: no more. */
const struct nlmsghdr *netlink_message(const void *packet, size_t size, size_t *at);

/* The attributes of a message's payload (or of a nested attribute) by number, up to `max`; absent
 * ones are NULL.  Malformed input ends the walk. */
void netlink_parse(const void *data, size_t size, const struct nlattr **attributes, size_t max);
const void *netlink_data(const struct nlattr *attribute);
size_t netlink_size(const struct nlattr *attribute);

/* Its text when it ends in a NUL, else NULL (also of an absent one). */
const char *netlink_text(const struct nlattr *attribute);
