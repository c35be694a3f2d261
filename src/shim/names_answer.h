/* What a query of a container is answered: a function of the zones of its networks, without I/O. */
#pragma once

#include "base/text.h"
#include "format/dns.h"
#include "format/zone.h"

/* Clients may cache for so many seconds: short, so that none goes on with an address that is gone. */
#define NAMES_TTL 5

struct names_view {
	const struct zone *zones; /* of its networks, in order */
	size_t zone_count;
	const struct pairs *links; /* names of its own, to names in the zones */
	uint32_t random;	   /* in which order several addresses are told */
};

enum names_verdict {
	NAMES_ANSWERED,
	NAMES_IGNORED, /* not a query */
	NAMES_FOREIGN, /* nobody here has that name */
};

struct names_query {
	const void *data;
	size_t size;
	bool tcp;
	struct dns_message *message; /* where what was parsed goes */
};

/* `out` has room for DNS_MESSAGE_MOST bytes; *size is set with NAMES_ANSWERED. */
enum names_verdict names_answer(const struct names_view *view, const struct names_query *query,
				void *out, size_t *size);

/* How large an answer may be, once the query was parsed. */
size_t names_limit(const struct names_query *query);

/* An answer of nothing but a code; `truncated`: ask again, by TCP.  Returns its size. */
size_t names_refuse(const struct names_query *query, enum dns_code code, bool truncated, void *out);
