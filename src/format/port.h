/* Ports as Docker's clients write them: "80/tcp" in ExposedPorts, "8000-8010" in HostPort,
 * "127.0.0.1:8080:80/udp" behind -p.  Protocols are IPPROTO_TCP, IPPROTO_UDP and IPPROTO_SCTP. */
#pragma once

#include "base/error.h"
#include "base/text.h"

#include <netinet/in.h>

/* "80", "8000-8010" or "" (both 0) as they stand in HostPort; ERROR_INVALID `invalid port
 * specification: "x"`. */
bool port_range_parse(const char *text, uint16_t *first, uint16_t *last, struct error *err);

/* "80/tcp", "53/udp", "80" as they stand in ExposedPorts; also a range, "8000-8010/tcp". */
bool port_spec_parse(const char *text, int *protocol, uint16_t *first, uint16_t *last,
		     struct error *err);

const char *port_protocol_name(int protocol); /* "tcp", "udp", "sctp" */

/* One port of one -p. */
struct publish {
	char *host_ip;	 /* "" or an address without brackets */
	char *host_port; /* "", "8080", or "8000-8010": any of these */
	uint16_t port;
	int protocol;
};

struct publish_list {
	struct publish *items;
	size_t count, capacity;
};

/* "80", "8080:80/udp", "127.0.0.1::80", "[::1]:80-82:80-82", and "published=8080,target=80": added to
 * `out`, one item for each port of the container.  ERROR_INVALID in Docker's words; then nothing was
 * added. */
bool publish_parse(const char *text, struct publish_list *out, struct error *err);
void publish_list_fini(struct publish_list *list);

#define scoped_publish_list scoped_with(publish_list_fini)
