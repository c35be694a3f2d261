/* Certificates for single hosts, as dockerd's users lay them out: FOLDER/HOST[:PORT]/ with *.crt (CAs,
 * besides the system's) and NAME.cert + NAME.key (ours).  All are read at once, before the fetcher gives
 * up the rights to read them. */
#pragma once

#include "base/error.h"
#include "base/text.h"

struct host_certificate {
	char *host;			/* the folder's name */
	struct buffer ca;		/* PEM, all of them; empty: only the system's */
	struct buffer certificate, key; /* PEM; empty: none */
};

struct host_certificates {
	struct host_certificate *items;
	size_t count, capacity;
};

/* `folders` is "a:b"; an earlier folder wins.  What is not there is no failure, what is there and cannot
 * be read is. */
bool host_certificates_load(const char *folders, struct host_certificates *out, struct error *err);
void host_certificates_fini(struct host_certificates *certificates);

/* NULL: the system's will do. */
const struct host_certificate *host_certificates_find(const struct host_certificates *certificates,
						      const char *host);
