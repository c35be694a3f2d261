/* Messages for a syslog server, and what log options say of one.  The layouts are those of the syslog
 * driver that people have their servers set up for. */
#pragma once

#include "base/error.h"
#include "base/text.h"
#include "format/stream_frame.h"

#include <stdint.h>

/* ---- where to ---- */

enum syslog_transport {
	SYSLOG_LOCAL, /* this host's own, wherever its socket is */
	SYSLOG_UDP,
	SYSLOG_TCP,
	SYSLOG_UNIX, /* a stream */
	SYSLOG_UNIXGRAM,
};

struct syslog_address {
	int32_t transport; /* enum syslog_transport */
	char *host;	   /* name or address; for the unix ones the path */
	int32_t port;
};

/* "udp://host:514", "tcp://[::1]:6514", "unix:///dev/log"; NULL and "": the local one.  ERROR_INVALID,
 * and ERROR_UNSUPPORTED for tcp+tls. */
bool syslog_address_parse(const char *text, struct syslog_address *out, struct error *err);
void syslog_address_fini(struct syslog_address *address);

/* ---- how ---- */

enum syslog_style { SYSLOG_BSD_LOCAL, SYSLOG_RFC3164, SYSLOG_RFC5424, SYSLOG_RFC5424_MICRO };

/* "", "rfc3164", "rfc5424", "rfc5424micro". */
bool syslog_style_from_name(const char *name, enum syslog_style *style);

/* "daemon", "local7", "3"; "": daemon. */
bool syslog_facility_from_name(const char *name, int32_t *facility);

struct syslog_head {
	int32_t style; /* enum syslog_style */
	int32_t facility;
	const char *hostname, *tag; /* borrowed */
	int64_t pid;
};

/* Append one message, with a newline at its end.  What comes from stderr is an error, all else is
 * information. */
void syslog_write(const struct syslog_head *head, enum stream_kind stream, int64_t time_ns,
		  const char *text, size_t size, struct buffer *out);
