/* hosts, hostname and resolv.conf of a container: what goes into them, as text.  Pure functions but
 * for the one that reads the host's file; the caller writes the result below the container's etc
 * folder. */
#pragma once

#include "base/error.h"
#include "base/text.h"

/* ---- resolv.conf ---- */

struct resolv_conf {
	struct strings servers, search, options;
};
void resolv_conf_fini(struct resolv_conf *conf);
#define scoped_resolv_conf scoped_with(resolv_conf_fini)

/* Lines that are not understood are skipped, as resolvers do; the last `search` or `domain` counts. */
void resolv_conf_parse(const char *text, size_t size, struct resolv_conf *out);

/* The host's: /etc/resolv.conf, or systemd-resolved's list of real servers where that file names
 * only its stub.  A missing file is an empty one. */
void resolv_conf_read_host(struct resolv_conf *out);

/* What the container asked for (--dns, --dns-search, --dns-opt, else the daemon's own settings); each
 * list that is not given comes from the host.  The host's servers on a loopback address are left out,
 * they are not the container's, and so are IPv6 ones without `ipv6`; none left: 8.8.8.8 and 8.8.4.4.
 * A search list of "." alone means none. */
void resolv_conf_render(const struct resolv_conf *host, const struct resolv_conf *asked, bool ipv6,
			struct buffer *out);

/* The same for a container whose shim answers at 127.0.0.11: that is its only server.  Names without a
 * point are asked for as they are (ndots:0), unless it asked otherwise. */
void resolv_conf_render_names(const struct resolv_conf *host, const struct resolv_conf *asked,
			      struct buffer *out);

/* Whom that shim asks for other names: the servers that were asked for, else those of the host's file, as
 * the shim asks from the host and so can use its loopback; else 8.8.8.8 and 8.8.4.4. */
void resolv_conf_servers(const struct resolv_conf *asked, struct strings *out);

/* ---- hosts and hostname ---- */

struct hosts_content {
	const char *hostname, *domainname; /* domainname may be NULL or "" */
	const char *address, *address6;	   /* own; NULL: no own line */
	const struct strings *others;	   /* its addresses on other networks; NULL: none */
	bool ipv6;			   /* with the lines of ::1 and its kin */
	const struct strings *extra;	   /* "name:address" of --add-host, in order; NULL: none */
	const char *host_gateway;  /* what "host-gateway" stands for; NULL: an error if asked for */
	const struct pairs *links; /* "alias id12 name" to address, of --link; NULL: none */
};

/* The error is that of extra_host_check, or that there is no host-gateway (ERROR_SYSTEM). */
bool hosts_render(const struct hosts_content *content, struct buffer *out, struct error *err);
/* `text`, a hosts file, with another address on the lines whose first name is `name`; NULL: without those
 * lines. */
void hosts_change_link(const char *text, const char *name, const char *address, struct buffer *out);

void hostname_render(const char *hostname, struct buffer *out);

/* "name:address" or "name:host-gateway", at create.  ERROR_INVALID `bad format for add-host: "x"`,
 * `invalid IP address in add-host: "x"`. */
bool extra_host_check(const char *text, struct error *err);
