/* What the host is, as `docker info` shows it: read afresh for each request, a few small files of
 * /proc and /etc. */
#pragma once

#include "base/text.h"

struct host_info {
	char *name, *kernel, *machine;	     /* uname: "debian", "6.1.0", "x86_64" */
	char *operating_system, *os_version; /* os-release: "Debian GNU/Linux 12", "12" */
	const char *filesystem;		     /* of the data root, as Docker calls it */
	int64_t processors, memory;	     /* bytes */
	bool ipv4_forwarding, bridge_nf, bridge_nf6;
};

void host_info_read(const char *data_root, struct host_info *out);
void host_info_fini(struct host_info *info);

/* A value of os-release(5), without its quotes; NULL: not there. */
char *os_release_value(const char *text, const char *name);
