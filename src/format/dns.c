#include "format/dns.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <string.h>

enum {
	FLAG_RESPONSE = 0x8000,
	FLAG_TRUNCATED = 0x0200,
	FLAG_RECURSION_DESIRED = 0x0100,
	FLAG_RECURSION_AVAILABLE = 0x0080,
	OPCODE_SHIFT = 11,
	CODE_MASK = 0x0f,

	LABEL_MOST = 63,
	POINTER = 0xc0,
	POINTER_TO_QUESTION = POINTER << 8 | DNS_HEADER_SIZE,
	RECORD_HEAD_SIZE = 10, /* type, class, ttl, length */
	OPT_SIZE = 1 + RECORD_HEAD_SIZE,
};

static uint16_t get16(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

static void put16(uint8_t *at, uint16_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static void put32(uint8_t *at, uint32_t value)
{
	put16(at, (uint16_t)(value >> 16));
	put16(at + 2, (uint16_t)value);
}

/* ---- names ---- */

/* A label as text, behind what stands in `out` already; its new length. */
static size_t add_label(const uint8_t *label, size_t size, char *out, size_t length)
{
	if (length > 0)
		out[length++] = '.';
	for (size_t i = 0; i < size; i++) {
		uint8_t c = label[i];

		if (c > ' ' && c < 0x7f && c != '.' && c != '\\') {
			out[length++] = (char)tolower(c);
			continue;
		}
		out[length++] = '\\';
		out[length++] = (char)('0' + c / 100);
		out[length++] = (char)('0' + c / 10 % 10);
		out[length++] = (char)('0' + c % 10);
	}
	return length;
}

/* `start` is where the present run of labels began: a pointer must lead in front of it, so that each
 * one followed leaves less that can be pointed at. */
bool dns_name_read(const void *data, size_t size, size_t *at, char out[static DNS_NAME_SIZE])
{
	const uint8_t *bytes = data;
	size_t here = *at, start = here, length = 0, wire = 1, end = 0;

	while (here < size && bytes[here] != 0) {
		uint8_t head = bytes[here];

		if (head >= POINTER) {
			size_t target = here + 1 < size ? get16(bytes + here) & 0x3fffu : size;

			end = end ? end : here + 2;
			if (target >= start || target < DNS_HEADER_SIZE)
				return false;
			here = start = target;
			continue;
		}
		wire += 1u + head;
		if (head > LABEL_MOST || here + 1 + head > size || wire > DNS_WIRE_NAME_MOST)
			return false;
		length = add_label(bytes + here + 1, head, out, length);
		here += 1u + head;
	}
	if (here >= size)
		return false;
	out[length] = '\0';
	*at = end ? end : here + 1;
	return true;
}

static size_t write_label(const char *label, size_t length, uint8_t *out, size_t limit)
{
	if (length == 0 || length > LABEL_MOST || length + 2 > limit)
		return 0;
	out[0] = (uint8_t)length;
	memcpy(out + 1, label, length);
	return length + 1;
}

/* Without compression and without escapes: names of ours have none.  0: does not fit. */
static size_t write_name(const char *name, uint8_t *out, size_t limit)
{
	size_t size = 0;

	if (limit > DNS_WIRE_NAME_MOST)
		limit = DNS_WIRE_NAME_MOST;
	while (*name) {
		size_t length = strcspn(name, "."),
		       wrote = write_label(name, length, out + size, limit - size);

		if (wrote == 0)
			return 0;
		size += wrote;
		name += length;
		name += *name == '.';
	}
	if (size >= limit)
		return 0;
	out[size] = 0;
	return size + 1;
}

/* ---- reading ---- */

static void take_opt(const uint8_t *head, struct dns_message *out)
{
	out->edns = true;
	out->edns_size = get16(head + 2);
	if (out->edns_size < DNS_UDP_SIZE)
		out->edns_size = DNS_UDP_SIZE;
	out->edns_version = head[5];
	out->code |= (uint16_t)(head[4] << 4);
}

static bool read_record(const uint8_t *data, size_t size, size_t *at, struct dns_message *out)
{
	char owner[DNS_NAME_SIZE];
	const uint8_t *head;
	size_t length;

	if (!dns_name_read(data, size, at, owner) || size - *at < RECORD_HEAD_SIZE)
		return false;
	head = data + *at;
	*at += RECORD_HEAD_SIZE;
	length = get16(head + 8);
	if (size - *at < length)
		return false;
	*at += length;
	if (get16(head) != DNS_TYPE_OPT)
		return true;
	if (out->edns || *owner) /* there is one at most, and it is the root's */
		return false;
	take_opt(head, out);
	return true;
}

static void read_header(const uint8_t *data, struct dns_message *out)
{
	uint16_t flags = get16(data + 2);

	out->id = get16(data);
	out->response = flags & FLAG_RESPONSE;
	out->truncated = flags & FLAG_TRUNCATED;
	out->recursion_desired = flags & FLAG_RECURSION_DESIRED;
	out->opcode = flags >> OPCODE_SHIFT & 0x0f;
	out->code = flags & CODE_MASK;
	out->answers = get16(data + 6);
}

static bool read_question(const uint8_t *data, size_t size, struct dns_message *out)
{
	size_t at = DNS_HEADER_SIZE;

	if (get16(data + 4) != 1 || !dns_name_read(data, size, &at, out->name) || size - at < 4)
		return false;
	out->type = get16(data + at);
	out->class = get16(data + at + 2);
	out->question_end = at + 4;
	return true;
}

enum dns_parsed dns_parse(const void *data, size_t size, struct dns_message *out)
{
	const uint8_t *bytes = data;
	size_t at, records;

	memset(out, 0, offsetof(struct dns_message, name));
	out->name[0] = '\0';
	out->type = out->class = out->edns_size = 0;
	out->question_end = DNS_HEADER_SIZE;
	out->edns = false;
	if (size < DNS_HEADER_SIZE)
		return DNS_NOTHING;
	read_header(bytes, out);
	if (!read_question(bytes, size, out))
		return DNS_MALFORMED;
	at = out->question_end;
	records = (size_t)get16(bytes + 6) + get16(bytes + 8) + get16(bytes + 10);
	for (size_t i = 0; i < records; i++)
		if (!read_record(bytes, size, &at, out)) {
			out->question_end = DNS_HEADER_SIZE;
			return DNS_MALFORMED;
		}
	return DNS_PARSED;
}

bool dns_answers(const struct dns_message *answer, const struct dns_message *query)
{
	return answer->response && answer->id == query->id && answer->opcode == query->opcode &&
	       answer->type == query->type && answer->class == query->class &&
	       strcmp(answer->name, query->name) == 0;
}

/* ---- reverse names ---- */

static size_t reverse_ipv4(const char *name, size_t length, uint8_t out[static 16])
{
	char text[INET_ADDRSTRLEN];
	uint8_t bytes[4];

	if (length == 0 || length >= sizeof(text))
		return 0;
	memcpy(text, name, length);
	text[length] = '\0';
	if (inet_pton(AF_INET, text, bytes) != 1)
		return 0;
	for (size_t i = 0; i < 4; i++)
		out[i] = bytes[3 - i];
	return 4;
}

static int nibble_of(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *found = c ? strchr(digits, c) : NULL;

	return found ? (int)(found - digits) : -1;
}

static size_t reverse_ipv6(const char *name, size_t length, uint8_t out[static 16])
{
	if (length != 63)
		return 0;
	memset(out, 0, 16);
	for (size_t i = 0; i < 32; i++) {
		int nibble = nibble_of(name[2 * i]);

		if (nibble < 0 || (i < 31 && name[2 * i + 1] != '.'))
			return 0;
		out[15 - i / 2] |= (uint8_t)(nibble << (i % 2 ? 4 : 0));
	}
	return 16;
}

size_t dns_reverse_address(const char *name, uint8_t out[static 16])
{
	static const struct {
		const char *suffix;
		size_t (*read)(const char *name, size_t length, uint8_t out[static 16]);
	} zones[] = {{".in-addr.arpa", reverse_ipv4}, {".ip6.arpa", reverse_ipv6}};
	size_t length = strlen(name);

	for (size_t i = 0; i < sizeof(zones) / sizeof(*zones); i++) {
		size_t suffix = strlen(zones[i].suffix);

		if (length > suffix && strcmp(name + length - suffix, zones[i].suffix) == 0)
			return zones[i].read(name, length - suffix, out);
	}
	return 0;
}

/* ---- writing an answer ---- */

size_t dns_udp_limit(const struct dns_message *query)
{
	return query->edns ? query->edns_size : DNS_UDP_SIZE;
}

void dns_reply_begin(struct dns_reply *reply, void *out, size_t limit, const void *query,
		     const struct dns_message *parsed)
{
	uint16_t flags = FLAG_RESPONSE | FLAG_RECURSION_AVAILABLE;

	*reply = (struct dns_reply){.data = out,
				    .size = parsed->question_end,
				    .limit = limit - (parsed->edns ? OPT_SIZE : 0),
				    .edns = parsed->edns};
	memset(out, 0, DNS_HEADER_SIZE);
	memcpy(reply->data + DNS_HEADER_SIZE, (const uint8_t *)query + DNS_HEADER_SIZE,
	       parsed->question_end - DNS_HEADER_SIZE);
	flags |= (uint16_t)(parsed->opcode << OPCODE_SHIFT);
	flags |= parsed->recursion_desired ? FLAG_RECURSION_DESIRED : 0;
	put16(reply->data, parsed->id);
	put16(reply->data + 2, flags);
	put16(reply->data + 4, parsed->question_end > DNS_HEADER_SIZE);
}

/* A record of the question's name; its data follows.  NULL: no room. */
static uint8_t *begin_record(struct dns_reply *reply, uint16_t type, size_t size, uint32_t ttl)
{
	uint8_t *at = reply->data + reply->size;

	if (reply->truncated || reply->limit - reply->size < 2 + RECORD_HEAD_SIZE + size) {
		reply->truncated = true;
		return NULL;
	}
	put16(at, POINTER_TO_QUESTION);
	put16(at + 2, type);
	put16(at + 4, DNS_CLASS_IN);
	put32(at + 6, ttl);
	put16(at + 10, (uint16_t)size);
	reply->size += 2 + RECORD_HEAD_SIZE + size;
	reply->answers++;
	return at + 2 + RECORD_HEAD_SIZE;
}

void dns_reply_address(struct dns_reply *reply, const uint8_t *address, size_t size, uint32_t ttl)
{
	uint8_t *at = begin_record(reply, size == 4 ? DNS_TYPE_A : DNS_TYPE_AAAA, size, ttl);

	if (at)
		memcpy(at, address, size);
}

void dns_reply_pointer(struct dns_reply *reply, const char *name, uint32_t ttl)
{
	uint8_t wire[DNS_WIRE_NAME_MOST];
	size_t size = write_name(name, wire, sizeof(wire));
	uint8_t *at = size ? begin_record(reply, DNS_TYPE_PTR, size, ttl) : NULL;

	if (at)
		memcpy(at, wire, size);
}

static void add_opt(uint8_t *at, uint16_t size, uint16_t code)
{
	memset(at, 0, OPT_SIZE);
	put16(at + 1, DNS_TYPE_OPT);
	put16(at + 3, size);
	at[5] = (uint8_t)(code >> 4);
}

size_t dns_reply_end(struct dns_reply *reply, enum dns_code code)
{
	uint16_t flags = get16(reply->data + 2) | (code & CODE_MASK);

	flags |= reply->truncated ? FLAG_TRUNCATED : 0;
	put16(reply->data + 2, flags);
	put16(reply->data + 6, reply->answers);
	if (reply->edns) {
		add_opt(reply->data + reply->size, DNS_EDNS_SIZE, (uint16_t)code);
		put16(reply->data + 10, 1);
		reply->size += OPT_SIZE;
	}
	return reply->size;
}

/* ---- writing a query ---- */

size_t dns_query_write(const struct dns_query *query, void *out, size_t limit)
{
	uint8_t *data = out;
	size_t size, opt = query->edns_size ? OPT_SIZE : 0;

	if (limit < DNS_HEADER_SIZE + 5 + opt)
		return 0;
	memset(data, 0, DNS_HEADER_SIZE);
	put16(data, query->id);
	put16(data + 2, FLAG_RECURSION_DESIRED);
	put16(data + 4, 1);
	size = write_name(query->name, data + DNS_HEADER_SIZE, limit - DNS_HEADER_SIZE - 4 - opt);
	if (size == 0)
		return 0;
	size += DNS_HEADER_SIZE;
	put16(data + size, query->type);
	put16(data + size + 2, DNS_CLASS_IN);
	size += 4;
	if (opt) {
		add_opt(data + size, query->edns_size, 0);
		put16(data + 10, 1);
	}
	return size + opt;
}
