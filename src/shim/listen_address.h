/* Addresses of ListenStream= and its kin.  Pure. */
#pragma once

#include "base/error.h"

#include <sys/socket.h>

struct listen_address {
	union {
		struct sockaddr any;
		struct sockaddr_storage storage;
	};
	socklen_t size;
	const char *path; /* a socket in the file system: borrowed from the text; else NULL */
};

/* "/run/x.sock", "@abstract", "8080" (of IPv6, which takes IPv4 too, or of IPv4 where there is no IPv6),
 * "127.0.0.1:8080", "[::1]:80". */
bool listen_address_parse(const char *text, bool has_ipv6, struct listen_address *out,
			  struct error *err);
