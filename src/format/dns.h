/* DNS messages (RFC 1035, EDNS0 of RFC 6891): reading a query or an answer, writing an answer.  No I/O,
 * no allocation.  Every byte read may come from a liar.
 *
 * Names are text without the last point, "" being the root; letters are lower case.  A point, a
 * backslash or anything that is not printable within a label is written \DDD, so that no such name
 * equals one of ours. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DNS_NAME_SIZE (4 * 255) /* of the text, with its NUL */

enum {
	DNS_HEADER_SIZE = 12,
	DNS_UDP_SIZE = 512,   /* what everybody takes */
	DNS_EDNS_SIZE = 1232, /* what we say that we take */
	DNS_MESSAGE_MOST = 65535,
	DNS_WIRE_NAME_MOST = 255,
};

enum dns_type {
	DNS_TYPE_A = 1,
	DNS_TYPE_PTR = 12,
	DNS_TYPE_AAAA = 28,
	DNS_TYPE_OPT = 41,
	DNS_TYPE_ANY = 255,
};

enum { DNS_CLASS_IN = 1 };

enum dns_code {
	DNS_NO_ERROR = 0,
	DNS_FORMAT_ERROR = 1,
	DNS_SERVER_FAILURE = 2,
	DNS_NO_NAME = 3,
	DNS_NOT_IMPLEMENTED = 4,
	DNS_REFUSED = 5,
	DNS_BAD_VERSION = 16, /* needs EDNS */
};

struct dns_message {
	uint16_t id;
	bool response, truncated, recursion_desired;
	uint8_t opcode; /* 0: a query */
	uint16_t code;	/* enum dns_code */
	char name[DNS_NAME_SIZE];
	uint16_t type, class;
	size_t question_end; /* where the bytes of the question end */
	uint16_t answers;
	bool edns; /* has an OPT record: */
	uint8_t edns_version;
	uint16_t edns_size; /* what its sender takes, at least DNS_UDP_SIZE */
};

enum dns_parsed {
	DNS_PARSED,
	DNS_MALFORMED, /* the header was read: id, opcode and flags can be answered */
	DNS_NOTHING,   /* not even a header */
};

/* The whole message with one question: every record is walked through, every owner's name is
 * expanded. */
enum dns_parsed dns_parse(const void *data, size_t size, struct dns_message *out);

/* The name that starts at *at of a message, which then is behind it.  Compression may only point
 * backwards, so no name is endless. */
bool dns_name_read(const void *data, size_t size, size_t *at, char out[static DNS_NAME_SIZE]);

/* Does `answer` answer `query`: same id, same question? */
bool dns_answers(const struct dns_message *answer, const struct dns_message *query);

/* "4.3.2.1.in-addr.arpa" and the nibbles of ip6.arpa to 4 or 16 bytes; returns how many, 0: neither. */
size_t dns_reverse_address(const char *name, uint8_t out[static 16]);

/* ---- writing an answer ---- */

struct dns_reply {
	uint8_t *data;
	size_t size, limit; /* with the room of the OPT record taken off */
	uint16_t answers;
	bool truncated, edns;
	uint16_t code;
};

/* Begin to answer `query` (its bytes, and what was parsed of them) in `out`, which holds `limit` bytes,
 * at least DNS_UDP_SIZE.  A malformed query is answered without its question. */
void dns_reply_begin(struct dns_reply *reply, void *out, size_t limit, const void *query,
		     const struct dns_message *parsed);

/* A record that belongs to the name of the question: an address of 4 or 16 bytes, a name. */
void dns_reply_address(struct dns_reply *reply, const uint8_t *address, size_t size, uint32_t ttl);
void dns_reply_pointer(struct dns_reply *reply, const char *name, uint32_t ttl);

/* The answer's size.  Where not all records did fit, it says so and holds those that did. */
size_t dns_reply_end(struct dns_reply *reply, enum dns_code code);

/* How many bytes the sender of this query takes by UDP. */
size_t dns_udp_limit(const struct dns_message *query);

/* ---- writing a query ---- */

struct dns_query {
	uint16_t id, type;
	const char *name;
	uint16_t edns_size; /* 0: no OPT record */
};

/* Returns its size, 0: the name is no name or does not fit. */
size_t dns_query_write(const struct dns_query *query, void *out, size_t limit);
