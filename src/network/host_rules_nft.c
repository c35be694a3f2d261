/* What `nft -j list table` tells of one table. */
#include "network/host_rules.h"

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

struct reader {
	const json_t *items; /* of the listing */
	struct host_table *table;
};

static const char *text_of(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text ? text : "";
}

/* ---- values ---- */

typedef bool add_value(struct host_rule *rule, const json_t *value);

static bool each_value(const struct reader *r, struct host_rule *rule, const json_t *value,
		       add_value *add);

static bool each_element(const struct reader *r, struct host_rule *rule, const json_t *list,
			 add_value *add)
{
	const json_t *element;
	size_t i;

	if (!json_is_array(list))
		return each_value(r, rule, list, add);
	json_array_foreach (list, i, element)
		if (!each_value(r, rule, element, add))
			return false;
	return true;
}

static const json_t *find_set(const struct reader *r, const char *name)
{
	const json_t *item;
	size_t i;

	json_array_foreach (r->items, i, item) {
		const json_t *set = json_object_get(item, "set");

		if (set && str_equal(text_of(set, "name"), name))
			return set;
	}
	return NULL;
}

/* One value, those of a set that stands there, or of one that has a name. */
static bool each_value(const struct reader *r, struct host_rule *rule, const json_t *value,
		       add_value *add)
{
	const json_t *set = json_object_get(value, "set");
	const json_t *elem = json_object_get(value, "elem");
	const char *text = json_string_value(value);

	if (set)
		return each_element(r, rule, set, add);
	if (elem)
		return each_value(r, rule, json_object_get(elem, "val"), add);
	if (text && text[0] == '@') {
		set = find_set(r, text + 1);
		elem = json_object_get(set, "elem");
		return set && elem && each_element(r, rule, elem, add);
	}
	return add(rule, value);
}

static bool add_port(struct host_rule *rule, const json_t *value)
{
	const json_t *range = json_object_get(value, "range");
	json_int_t first = json_integer_value(range ? json_array_get(range, 0) : value);
	json_int_t last = json_integer_value(range ? json_array_get(range, 1) : value);
	struct host_port_range out = {(uint16_t)first, (uint16_t)last};

	if (first < 1 || last > UINT16_MAX || last < first)
		return false;
	vector_add(&rule->ports, out);
	return true;
}

static bool add_addresses(struct host_addresses *list, const json_t *value)
{
	const json_t *prefix = json_object_get(value, "prefix");
	const json_t *range = json_object_get(value, "range");
	scoped_free char *text = NULL;

	if (prefix)
		text = str_format("%s/%lld", text_of(prefix, "addr"),
				  (long long)json_integer_value(json_object_get(prefix, "len")));
	else if (range && json_string_value(json_array_get(range, 0)) &&
		 json_string_value(json_array_get(range, 1)))
		text = str_format("%s-%s", json_string_value(json_array_get(range, 0)),
				  json_string_value(json_array_get(range, 1)));
	else
		text = str_dup_or_null(json_string_value(value));
	return text && host_add_addresses(list, text);
}

static bool add_source(struct host_rule *rule, const json_t *value)
{
	return add_addresses(&rule->sources, value);
}

static bool add_destination(struct host_rule *rule, const json_t *value)
{
	return add_addresses(&rule->destinations, value);
}

static bool add_device(struct host_rule *rule, const json_t *value)
{
	const char *name = json_string_value(value);

	return name && host_add_device(&rule->devices, name);
}

static bool add_out(struct host_rule *rule, const json_t *value)
{
	const char *name = json_string_value(value);

	return name && host_add_device(&rule->outs, name);
}

/* ---- matches ---- */

struct match {
	const char *operator;
	const json_t *left, *right;
};

static bool is_inverse(const struct match *m)
{
	return str_equal(m->operator, "!=");
}

/* Is the word among the values?  One of a set that has a name is not looked for. */
static bool names(const json_t *value, const char *word)
{
	const json_t *list = json_object_get(value, "set"), *element;
	size_t i;

	if (!list && json_is_array(value))
		list = value;
	if (!list)
		return str_equal(json_string_value(value), word);
	json_array_foreach (list, i, element)
		if (str_equal(json_string_value(element), word))
			return true;
	return false;
}

static bool read_protocol(struct host_rule *rule, const struct match *m)
{
	rule->tcp &= names(m->right, "tcp") != is_inverse(m);
	rule->udp &= names(m->right, "udp") != is_inverse(m);
	return true;
}

static bool read_payload(const struct reader *r, struct host_rule *rule, const struct match *m,
			 const json_t *payload)
{
	const char *protocol = text_of(payload, "protocol"), *field = text_of(payload, "field");
	bool tcp = str_equal(protocol, "tcp"), udp = str_equal(protocol, "udp");
	bool ip = str_equal(protocol, "ip"), ip6 = str_equal(protocol, "ip6");

	if (ip || ip6)
		rule->family = ip ? AF_INET : AF_INET6;
	if ((ip && str_equal(field, "protocol")) || (ip6 && str_equal(field, "nexthdr")))
		return read_protocol(rule, m);
	if ((ip || ip6) && str_equal(field, "saddr")) {
		rule->not_sources = is_inverse(m);
		return each_value(r, rule, m->right, add_source);
	}
	if ((ip || ip6) && str_equal(field, "daddr")) {
		rule->not_destinations = is_inverse(m);
		return each_value(r, rule, m->right, add_destination);
	}
	if (!tcp && !udp && !str_equal(protocol, "th")) {
		rule->never |= !ip && !ip6; /* of a protocol that nobody publishes */
		return !ip && !ip6;
	}
	rule->tcp &= !udp;
	rule->udp &= !tcp;
	if (!str_equal(field, "dport"))
		return false;
	rule->not_ports = is_inverse(m);
	return each_value(r, rule, m->right, add_port);
}

static bool read_meta(const struct reader *r, struct host_rule *rule, const struct match *m,
		      const char *key)
{
	if (str_equal(key, "l4proto"))
		return read_protocol(rule, m);
	if (str_equal(key, "iifname") || str_equal(key, "iif")) {
		rule->not_devices = is_inverse(m);
		return each_value(r, rule, m->right, add_device);
	}
	if (str_equal(key, "oifname") || str_equal(key, "oif")) {
		rule->not_outs = is_inverse(m);
		return each_value(r, rule, m->right, add_out);
	}
	if (str_equal(key, "pkttype")) {
		rule->never |=
			(names(m->right, "host") || names(m->right, "unicast")) == is_inverse(m);
		return true;
	}
	if (str_equal(key, "nfproto") || str_equal(key, "protocol")) {
		bool four = names(m->right, "ipv4") || names(m->right, "ip");

		rule->family = four != is_inverse(m) ? AF_INET : AF_INET6;
		return !json_object_get(m->right, "set");
	}
	return false;
}

/* A number whose bits are the flags' names. */
static unsigned flags_of(const json_t *value)
{
	static const char *const flag_names[] = {"fin", "syn", "rst", "psh",
						 "ack", "urg", "ecn", "cwr"};
	const json_t *list = json_object_get(value, "|"), *element;
	unsigned out = (unsigned)json_integer_value(value);
	size_t i;

	for (i = 0; i < array_length(flag_names); i++)
		if (str_equal(json_string_value(value), flag_names[i]))
			out |= 1u << i;
	json_array_foreach (list ? list : value, i, element)
		out |= flags_of(element);
	return out;
}

/* What begins a connection is a SYN and nothing else. */
static bool read_flags(struct host_rule *rule, const struct match *m, const json_t *mask)
{
	unsigned syn = 2, kept = mask ? syn & flags_of(mask) : syn, wanted = flags_of(m->right);
	bool fits = str_equal(m->operator, "in") ? (kept & wanted) != 0 : kept == wanted;

	rule->udp = false;
	rule->never |= fits == is_inverse(m);
	return !json_object_get(m->right, "set");
}

static bool is_flags(const json_t *left)
{
	const json_t *payload = json_object_get(left, "payload");

	return str_equal(text_of(payload, "protocol"), "tcp") &&
	       str_equal(text_of(payload, "field"), "flags");
}

/* All that comes to a published port for the first time is new; what is forwarded has been translated. */
static bool read_connection(struct host_rule *rule, const struct match *m, const char *key)
{
	if (str_equal(key, "state")) {
		rule->never |= names(m->right, "new") == is_inverse(m);
		return true;
	}
	if (!str_equal(key, "status") || !names(m->right, "dnat"))
		return false;
	rule->never_at[is_inverse(m) ? HOST_FORWARD : HOST_INPUT] = true;
	return true;
}

static bool read_destination_type(struct host_rule *rule, const struct match *m)
{
	rule->never_at[HOST_INPUT] |= names(m->right, "local") == is_inverse(m);
	rule->never_at[HOST_FORWARD] |= names(m->right, "unicast") == is_inverse(m);
	return true;
}

static bool read_match(const struct reader *r, struct host_rule *rule, const struct match *m)
{
	const json_t *payload = json_object_get(m->left, "payload");
	const json_t *meta = json_object_get(m->left, "meta");
	const json_t *ct = json_object_get(m->left, "ct");
	const json_t *fib = json_object_get(m->left, "fib");
	const json_t *masked = json_object_get(m->left, "&");

	if (!str_equal(m->operator, "==") && !str_equal(m->operator, "in") && !is_inverse(m))
		return false;
	if (is_flags(m->left))
		return read_flags(rule, m, NULL);
	if (is_flags(json_array_get(masked, 0)))
		return read_flags(rule, m, json_array_get(masked, 1));
	if (payload)
		return read_payload(r, rule, m, payload);
	if (meta)
		return read_meta(r, rule, m, text_of(meta, "key"));
	if (ct)
		return read_connection(rule, m, text_of(ct, "key"));
	return fib && str_equal(text_of(fib, "result"), "type") &&
	       names(json_object_get(fib, "flags"), "daddr") && read_destination_type(rule, m);
}

/* ---- statements ---- */

static bool read_verdict(struct host_rule *rule, const json_t *statement)
{
	static const struct {
		const char *name;
		enum host_verdict verdict;
	} verdicts[] = {
		{"accept", HOST_ACCEPT}, {"drop", HOST_DROP}, {"reject", HOST_REJECT},
		{"return", HOST_RETURN}, {"jump", HOST_JUMP}, {"goto", HOST_GOTO},
	};

	for (size_t i = 0; i < array_length(verdicts); i++) {
		const json_t *value = json_object_get(statement, verdicts[i].name);

		if (!value)
			continue;
		rule->verdict = verdicts[i].verdict;
		if (rule->verdict == HOST_JUMP || rule->verdict == HOST_GOTO)
			str_replace(&rule->target, text_of(value, "target"));
		return true;
	}
	return false;
}

static bool read_limit(struct host_rule *rule, const json_t *limit)
{
	static const char *const units[] = {"second", "minute", "hour", "day", "week"};
	long long rate = (long long)json_integer_value(json_object_get(limit, "rate"));
	long long burst = (long long)json_integer_value(json_object_get(limit, "burst"));

	for (size_t i = 0; i < array_length(units); i++) {
		if (!str_equal(text_of(limit, "per"), units[i]))
			continue;
		if (json_object_get(limit, "rate_unit"))
			return false; /* of bytes */
		free(rule->limit);
		rule->limit = str_format("limit rate %s%lld/%s burst %lld packets",
					 json_is_true(json_object_get(limit, "inv")) ? "over " : "",
					 rate, units[i], burst > 0 ? burst : 5);
		return rate > 0;
	}
	return false;
}

/* What changes or notes something, and decides nothing. */
static bool is_neutral(const json_t *statement)
{
	static const char *const names_[] = {"counter", "log", "mangle", "set", "quota", "notrack"};

	for (size_t i = 0; i < array_length(names_); i++)
		if (json_object_get(statement, names_[i]))
			return true;
	return false;
}

static bool read_statement(const struct reader *r, struct host_rule *rule, const json_t *statement)
{
	const json_t *match = json_object_get(statement, "match");
	const json_t *limit = json_object_get(statement, "limit");

	if (match) {
		struct match m = {text_of(match, "op"), json_object_get(match, "left"),
				  json_object_get(match, "right")};

		return read_match(r, rule, &m);
	}
	if (limit)
		return read_limit(rule, limit);
	return read_verdict(rule, statement) || is_neutral(statement);
}

static const json_t *find_map(const json_t *statements)
{
	const json_t *statement;
	size_t i;

	json_array_foreach (statements, i, statement)
		if (json_object_get(statement, "vmap"))
			return json_object_get(statement, "vmap");
	return NULL;
}

/* `pair` is one entry of the rule's verdict map; NULL: it has none. */
static void read_rule(const struct reader *r, const json_t *rule, const json_t *map,
		      const json_t *pair)
{
	struct host_chain *chain = host_table_chain(r->table, text_of(rule, "chain"));
	struct host_rule *out = host_chain_add(chain);
	const json_t *statement;
	size_t i;

	json_array_foreach (json_object_get(rule, "expr"), i, statement)
		if (!json_object_get(statement, "vmap") && !read_statement(r, out, statement))
			out->unknown = true;
	if (pair) {
		struct match m = {"==", json_object_get(map, "key"), json_array_get(pair, 0)};

		if (!read_match(r, out, &m))
			out->unknown = true;
		read_verdict(out, json_array_get(pair, 1));
	}
}

static void read_rules(const struct reader *r, const json_t *rule)
{
	const json_t *map = find_map(json_object_get(rule, "expr"));
	const json_t *data = json_object_get(map, "data"), *pair;
	size_t i;

	if (!map) {
		read_rule(r, rule, NULL, NULL);
		return;
	}
	if (json_is_string(data))
		data = json_object_get(find_set(r, json_string_value(data) + 1), "elem");
	else
		data = json_object_get(data, "set");
	json_array_foreach (data, i, pair)
		read_rule(r, rule, map, pair);
}

static void read_chain(const struct reader *r, const json_t *chain)
{
	struct host_chain *out = host_table_chain(r->table, text_of(chain, "name"));

	out->at[HOST_INPUT] = str_equal(text_of(chain, "hook"), "input");
	out->at[HOST_FORWARD] = str_equal(text_of(chain, "hook"), "forward");
	if (str_equal(text_of(chain, "policy"), "drop"))
		out->policy = HOST_DROP;
}

bool host_rules_are_foreign(const json_t *listing)
{
	const json_t *items = json_object_get(listing, "nftables"), *item, *statement;
	size_t i, j;

	json_array_foreach (items, i, item)
		json_array_foreach (json_object_get(json_object_get(item, "rule"), "expr"), j,
				    statement)
			if (json_object_get(statement, "xt"))
				return true;
	return false;
}

static int family_of(const char *name)
{
	return str_equal(name, "ip") ? AF_INET : str_equal(name, "ip6") ? AF_INET6 : 0;
}

void host_rules_add_nft(struct host_rules *rules, const json_t *listing)
{
	const json_t *items = json_object_get(listing, "nftables"), *item;
	const char *family = "", *name = "";
	size_t i;

	json_array_foreach (items, i, item) {
		const json_t *table = json_object_get(item, "table");

		if (table) {
			family = text_of(table, "family");
			name = text_of(table, "name");
		}
	}
	struct reader r = {items, host_rules_add_table(rules, family_of(family),
						       str_format("table %s %s", family, name))};

	json_array_foreach (items, i, item)
		if (json_object_get(item, "chain"))
			read_chain(&r, json_object_get(item, "chain"));
	json_array_foreach (items, i, item)
		if (json_object_get(item, "rule"))
			read_rules(&r, json_object_get(item, "rule"));
}
