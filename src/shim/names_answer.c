#include "shim/names_answer.h"

/* ---- addresses ---- */

static size_t greatest_divisor(size_t a, size_t b)
{
	while (b) {
		size_t rest = a % b;

		a = b;
		b = rest;
	}
	return a;
}

/* A walk over 0 ... count - 1 that begins anywhere and takes steps of a size that shares no divisor
 * with the count, so that it meets each once: a shuffle that needs no memory. */
struct shuffle {
	size_t count, at, step;
};

static struct shuffle shuffle_of(size_t count, uint32_t random)
{
	struct shuffle s = {
		.count = count, .at = random % count, .step = 1 + random / count % count};

	while (greatest_divisor(s.step, count) != 1)
		s.step++;
	return s;
}

static size_t shuffle_next(struct shuffle *s)
{
	size_t at = s->at;

	s->at = (s->at + s->step) % s->count;
	return at;
}

static bool is_wanted(const struct zone_address *address, uint16_t type)
{
	return type == DNS_TYPE_ANY || (type == DNS_TYPE_A && address->size == 4) ||
	       (type == DNS_TYPE_AAAA && address->size == 16);
}

struct found {
	const struct zone *zone;
	size_t first, count;
};

static void add_addresses(struct dns_reply *reply, const struct found *found, uint16_t type,
			  uint32_t random)
{
	struct shuffle order = shuffle_of(found->count, random);

	for (size_t i = 0; i < found->count; i++) {
		const struct zone_address *address =
			zone_at(found->zone, found->first + shuffle_next(&order));

		if (is_wanted(address, type))
			dns_reply_address(reply, address->bytes, address->size, NAMES_TTL);
	}
}

static bool find_name(const struct names_view *view, const char *name, struct found *out)
{
	const char *linked = pairs_get(view->links, name);

	for (size_t i = 0; i < view->zone_count; i++) {
		out->zone = &view->zones[i];
		out->count = zone_find(out->zone, linked ? linked : name, &out->first);
		if (out->count > 0)
			return true;
	}
	return false;
}

/* ---- names of addresses ---- */

static bool add_pointer(const struct names_view *view, const char *question,
			struct dns_reply *reply)
{
	uint8_t address[16];
	size_t size = dns_reverse_address(question, address);

	for (size_t i = 0; size > 0 && i < view->zone_count; i++) {
		const char *name = zone_reverse(&view->zones[i], address, size);
		char full[DNS_NAME_SIZE];

		if (!name)
			continue;
		snprintf(full, sizeof(full), "%s.%s", name, zone_network(&view->zones[i]));
		dns_reply_pointer(reply, full, NAMES_TTL);
		return true;
	}
	return false;
}

/* ---- the whole ---- */

size_t names_limit(const struct names_query *query)
{
	return query->tcp ? DNS_MESSAGE_MOST : dns_udp_limit(query->message);
}

static enum dns_code fault_of(const struct dns_message *m, enum dns_parsed parsed)
{
	if (parsed == DNS_MALFORMED)
		return DNS_FORMAT_ERROR;
	if (m->opcode != 0)
		return DNS_NOT_IMPLEMENTED;
	return m->edns && m->edns_version > 0 ? DNS_BAD_VERSION : DNS_NO_ERROR;
}

size_t names_refuse(const struct names_query *query, enum dns_code code, bool truncated, void *out)
{
	struct dns_reply reply;

	dns_reply_begin(&reply, out, names_limit(query), query->data, query->message);
	reply.truncated = truncated;
	return dns_reply_end(&reply, code);
}

/* A name that is ours has no other records than addresses, and that is an answer too. */
static bool add_records(const struct names_view *view, const struct dns_message *m,
			struct dns_reply *reply)
{
	struct found found;

	if (m->class != DNS_CLASS_IN)
		return false;
	if (m->type == DNS_TYPE_PTR && add_pointer(view, m->name, reply))
		return true;
	if (!find_name(view, m->name, &found))
		return false;
	add_addresses(reply, &found, m->type, view->random);
	return true;
}

enum names_verdict names_answer(const struct names_view *view, const struct names_query *query,
				void *out, size_t *size)
{
	struct dns_message *m = query->message;
	enum dns_parsed parsed = dns_parse(query->data, query->size, m);
	struct dns_reply reply;
	enum dns_code fault;

	if (parsed == DNS_NOTHING || m->response)
		return NAMES_IGNORED;
	fault = fault_of(m, parsed);
	if (fault != DNS_NO_ERROR) {
		*size = names_refuse(query, fault, false, out);
		return NAMES_ANSWERED;
	}
	dns_reply_begin(&reply, out, names_limit(query), query->data, m);
	if (!add_records(view, m, &reply))
		return NAMES_FOREIGN;
	*size = dns_reply_end(&reply, DNS_NO_ERROR);
	return NAMES_ANSWERED;
}
