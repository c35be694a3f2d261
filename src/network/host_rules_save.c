/* What iptables-save prints, of either kind: one line a rule, the options as they were typed. */
#include "network/host_rules.h"

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

/* ---- words ---- */

/* Blank-separated; "..." may hold blanks and \-escapes. */
static struct strings split_line(const char *line)
{
	struct strings words = {0};

	while (*line) {
		scoped_buffer struct buffer word = {0};
		bool quoted = false;

		line += strspn(line, " \t\r");
		if (!*line)
			break;
		for (; *line && (quoted || !strchr(" \t\r", *line)); line++) {
			if (*line == '"')
				quoted = !quoted;
			else if (*line == '\\' && quoted && line[1])
				buffer_add_char(&word, *++line);
			else
				buffer_add_char(&word, *line);
		}
		strings_take(&words, buffer_take(&word));
	}
	return words;
}

/* ---- options ---- */

struct option_call {
	struct host_rule *rule;
	const char *value;
	bool inverse;
};

/* Each returns false when it does not understand its value. */

static bool add_source(const struct option_call *call)
{
	call->rule->not_sources = call->inverse;
	return host_add_addresses(&call->rule->sources, call->value);
}

static bool add_destination(const struct option_call *call)
{
	call->rule->not_destinations = call->inverse;
	return host_add_addresses(&call->rule->destinations, call->value);
}

/* "eth+" are all that begin so. */
static bool add_device_to(struct strings *list, bool *inverse, const struct option_call *call)
{
	size_t length = strlen(call->value);
	scoped_free char *name = str_dup(call->value);

	if (str_equal(name, "+"))
		return !call->inverse;
	if (length > 0 && name[length - 1] == '+')
		name[length - 1] = '*';
	*inverse = call->inverse;
	return host_add_device(list, name);
}

static bool add_device(const struct option_call *call)
{
	return add_device_to(&call->rule->devices, &call->rule->not_devices, call);
}

static bool add_out(const struct option_call *call)
{
	return add_device_to(&call->rule->outs, &call->rule->not_outs, call);
}

static bool add_protocol(const struct option_call *call)
{
	bool tcp = str_equal(call->value, "tcp") || str_equal(call->value, "6");
	bool udp = str_equal(call->value, "udp") || str_equal(call->value, "17");
	bool all = str_equal(call->value, "all") || str_equal(call->value, "0");

	call->rule->tcp = all || tcp != call->inverse;
	call->rule->udp = all || udp != call->inverse;
	return true;
}

static bool add_ports(const struct option_call *call)
{
	scoped_strings struct strings parts = strings_split(call->value, ',');

	call->rule->not_ports = call->inverse;
	for (size_t i = 0; i < parts.count; i++) {
		unsigned first, last;
		int used = 0,
		    count = sscanf(parts.items[i], "%u%n:%u%n", &first, &used, &last, &used);
		struct host_port_range range;

		if (count < 1 || parts.items[i][used] || first > UINT16_MAX)
			return false;
		if (count == 1)
			last = first;
		if (last > UINT16_MAX || last < first)
			return false;
		range = (struct host_port_range){(uint16_t)first, (uint16_t)last};
		vector_add(&call->rule->ports, range);
	}
	return true;
}

/* All that comes to a published port for the first time is NEW; what is forwarded has been translated. */
static bool add_state(const struct option_call *call)
{
	scoped_strings struct strings states = strings_split(call->value, ',');
	bool new = strings_contain(&states, "NEW"), translated = strings_contain(&states, "DNAT");

	call->rule->never_at[HOST_INPUT] |= new == call->inverse;
	call->rule->never_at[HOST_FORWARD] |= (new || translated) == call->inverse;
	return true;
}

static bool add_destination_type(const struct option_call *call)
{
	scoped_strings struct strings types = strings_split(call->value, ',');

	call->rule->never_at[HOST_INPUT] |= strings_contain(&types, "LOCAL") == call->inverse;
	call->rule->never_at[HOST_FORWARD] |= strings_contain(&types, "UNICAST") == call->inverse;
	return true;
}

/* What begins a connection is a SYN and nothing else: MASK COMPARED. */
static bool add_flags(const struct option_call *call)
{
	scoped_strings struct strings parts = strings_split(call->value, ' ');
	scoped_strings struct strings mask = {0};
	bool fits;

	if (parts.count != 2)
		return false;
	mask = strings_split(parts.items[0], ',');
	fits = str_equal(parts.items[1],
			 strings_contain(&mask, "SYN") || strings_contain(&mask, "ALL") ? "SYN"
											: "NONE");
	call->rule->udp = false;
	call->rule->never |= fits == call->inverse;
	return true;
}

static bool add_syn(const struct option_call *call)
{
	call->rule->udp = false;
	call->rule->never |= call->inverse;
	return true;
}

/* Packets are put together before they come here. */
static bool add_fragment(const struct option_call *call)
{
	call->rule->never |= !call->inverse;
	return true;
}

/* IPv6's source routing, which nothing begins that is led to a container; every ufw asks for it first. */
static bool add_routing_header(const struct option_call *call)
{
	call->rule->never |= !call->inverse;
	return true;
}

static bool add_packet_type(const struct option_call *call)
{
	call->rule->never |= str_equal(call->value, "unicast") == call->inverse;
	return true;
}

static bool add_limit(const struct option_call *call)
{
	static const char *const units[] = {"second", "minute", "hour", "day"};
	const char *slash = strchr(call->value, '/');
	unsigned rate;

	if (call->inverse || !slash || sscanf(call->value, "%u/", &rate) != 1)
		return false;
	for (size_t i = 0; i < array_length(units); i++) {
		if (!str_starts_with(units[i], slash + 1) || !slash[1])
			continue;
		free(call->rule->limit);
		call->rule->limit = str_format("limit rate %u/%s burst 5 packets", rate, units[i]);
		return true;
	}
	return false;
}

/* Comes behind --limit. */
static bool add_burst(const struct option_call *call)
{
	char *burst = call->rule->limit ? strstr(call->rule->limit, " burst") : NULL;
	unsigned count;
	char *whole;

	if (!burst || sscanf(call->value, "%u", &count) != 1)
		return false;
	*burst = 0;
	whole = str_format("%s burst %u packets", call->rule->limit, count);
	free(call->rule->limit);
	call->rule->limit = whole;
	return true;
}

static bool ignore(const struct option_call *call)
{
	(void)call;
	return true;
}

static const struct {
	const char *name;
	bool (*read)(const struct option_call *call);
} options[] = {
	{"-s", add_source},
	{"--src-range", add_source},
	{"-d", add_destination},
	{"--dst-range", add_destination},
	{"-i", add_device},
	{"-o", add_out},
	{"-p", add_protocol},
	{"--dport", add_ports},
	{"--dports", add_ports},
	{"--ctstate", add_state},
	{"--state", add_state},
	{"--dst-type", add_destination_type},
	{"--tcp-flags", add_flags},
	{"--syn", add_syn},
	{"-f", add_fragment},
	{"--pkt-type", add_packet_type},
	{"--rt-type", add_routing_header},
	{"--limit", add_limit},
	{"--limit-burst", add_burst},
	{"--comment", ignore},
	{"-m", ignore}, /* what a module asks for stands behind it */
};

static void read_option(struct host_rule *rule, const char *name, const char *value, bool inverse)
{
	struct option_call call = {rule, value, inverse};

	for (size_t i = 0; i < array_length(options); i++) {
		if (!str_equal(name, options[i].name))
			continue;
		if (!options[i].read(&call))
			rule->unknown = true;
		return;
	}
	rule->unknown = true;
}

/* ---- rules ---- */

static void read_target(struct host_table *table, struct host_rule *rule, const char *option,
			const char *name)
{
	static const struct {
		const char *name;
		enum host_verdict verdict;
	} verdicts[] = {
		{"ACCEPT", HOST_ACCEPT},
		{"DROP", HOST_DROP},
		{"REJECT", HOST_REJECT},
		{"RETURN", HOST_RETURN},
	};

	for (size_t i = 0; i < array_length(verdicts); i++)
		if (str_equal(name, verdicts[i].name))
			rule->verdict = verdicts[i].verdict;
	if (rule->verdict != HOST_CONTINUE)
		return;
	for (size_t i = 0; i < table->chains.count; i++) {
		if (!str_equal(table->chains.items[i].name, name))
			continue;
		rule->verdict = str_equal(option, "-g") ? HOST_GOTO : HOST_JUMP;
		rule->target = str_dup(name);
	}
}

/* words: -A CHAIN [!] OPTION [VALUE]... -j TARGET ... */
static void read_rule(struct host_table *table, const struct strings *words, const char *line,
		      int family)
{
	struct host_chain *chain = host_table_chain(table, words->items[1]);
	struct host_rule *rule = host_chain_add(chain);
	bool inverse = false;

	rule->family = family;
	rule->text = str_dup(line);
	for (size_t i = 2; i < words->count; i++) {
		const char *word = words->items[i];
		bool alone = i + 1 == words->count || words->items[i + 1][0] == '-' ||
			     str_equal(words->items[i + 1], "!");

		if (str_equal(word, "!")) {
			inverse = true;
			continue;
		}
		if ((str_equal(word, "-j") || str_equal(word, "-g")) && !alone) {
			read_target(table, rule, word, words->items[i + 1]);
			return; /* the rest is of the target */
		}
		scoped_buffer struct buffer value = {0};

		if (!alone)
			buffer_add_text(&value, words->items[++i]);
		while (i + 1 < words->count && words->items[i + 1][0] != '-' &&
		       !str_equal(words->items[i + 1], "!"))
			buffer_format(&value, " %s", words->items[++i]);
		read_option(rule, word, value.data ? value.data : "", inverse);
		inverse = false;
	}
}

/* ":INPUT DROP [0:0]", ":mine - [0:0]" */
static void read_chain(struct host_table *table, const struct strings *words)
{
	const char *name = words->items[0] + 1;
	struct host_chain *chain = host_table_chain(table, name);

	chain->at[HOST_INPUT] = str_equal(name, "INPUT");
	chain->at[HOST_FORWARD] = str_equal(name, "FORWARD");
	if (words->count > 1 && str_equal(words->items[1], "DROP"))
		chain->policy = HOST_DROP;
}

void host_rules_add_save(struct host_rules *rules, int family, const char *text, const char *title)
{
	scoped_strings struct strings lines = strings_split(text, '\n');
	struct host_table *table = NULL;

	for (size_t i = 0; i < lines.count; i++) {
		const char *line = lines.items[i];
		scoped_strings struct strings words = split_line(line);

		if (words.count == 0 || line[0] == '#')
			continue;
		if (line[0] == '*')
			table = host_rules_add_table(rules, family,
						     str_format("%s, table %s", title, line + 1));
		else if (table && line[0] == ':')
			read_chain(table, &words);
		else if (table && words.count > 1 && str_equal(words.items[0], "-A"))
			read_rule(table, &words, line, family);
	}
}
