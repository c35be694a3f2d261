#include "network/foreign_rules.h"

#include "format/json.h"
#include "network/nft_child.h"
#include "os/file.h"

#include <netinet/in.h> /* before the kernel's own */

#include <fcntl.h>
#include <linux/netfilter.h>
#include <linux/netfilter_ipv4/ip_tables.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CHAINS_MAX 64

static const char *text_of(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text ? text : "";
}

/* ---- rules ---- */

/* A statement that neither matches nor decides. */
static bool is_neutral(const char *name)
{
	return str_equal(name, "counter") || str_equal(name, "log");
}

static bool is_xt_drop(const json_t *xt)
{
	const char *name = text_of(xt, "name");

	return str_equal(text_of(xt, "type"), "target") &&
	       (str_equal(name, "REJECT") || str_equal(name, "DROP"));
}

/* Does the rule drop every packet that comes to it? */
static bool drops_everything(const json_t *rule)
{
	const json_t *statements = json_object_get(rule, "expr");
	const json_t *statement, *value;
	const char *name;
	bool drops = false;
	size_t i;

	json_array_foreach (statements, i, statement) {
		json_object_foreach ((json_t *)statement, name, value) {
			if (str_equal(name, "drop") || str_equal(name, "reject") ||
			    (str_equal(name, "xt") && is_xt_drop(value)))
				drops = true;
			else if (!is_neutral(name))
				return false;
		}
	}
	return drops;
}

static bool is_rule_of(const json_t *rule, const json_t *chain, const char *name)
{
	return rule && str_equal(text_of(rule, "family"), text_of(chain, "family")) &&
	       str_equal(text_of(rule, "table"), text_of(chain, "table")) &&
	       str_equal(text_of(rule, "chain"), name);
}

/* Where the rule may send a packet; NULL: nowhere. */
static const char *target_of(const json_t *rule)
{
	static const char *const ways[] = {"jump", "goto"};
	const json_t *statement;
	size_t i;

	json_array_foreach (json_object_get(rule, "expr"), i, statement)
		for (size_t way = 0; way < array_length(ways); way++) {
			const json_t *jump = json_object_get(statement, ways[way]);

			if (jump)
				return json_string_value(json_object_get(jump, "target"));
		}
	return NULL;
}

static bool names_a_bridge(const json_t *rule, const char *const *bridges)
{
	scoped_free char *text = json_dumps(rule, JSON_COMPACT);

	for (; text && *bridges; bridges++) {
		scoped_free char *quoted = str_format("\"%s\"", *bridges);

		if (strstr(text, quoted))
			return true;
	}
	return false;
}

struct chain_view {
	const json_t *last_rule;
	bool knows_us;
};

/* The rules of names[n]; where they lead is added to the names. */
static void look_at_rules(const json_t *listing, const json_t *chain, const struct own_rules *own,
			  size_t n, struct strings *names, struct chain_view *view)
{
	const json_t *item;
	size_t i;

	json_array_foreach (json_object_get(listing, "nftables"), i, item) {
		const json_t *rule = json_object_get(item, "rule");
		const char *target;

		if (!is_rule_of(rule, chain, names->items[n]))
			continue;
		if (n == 0)
			view->last_rule = rule;
		view->knows_us |= names_a_bridge(rule, own->bridges);
		target = target_of(rule);
		if (target && !strings_contain(names, target))
			strings_add(names, target);
	}
}

static struct chain_view look_at_chain(const json_t *listing, const json_t *chain,
				       const struct own_rules *own)
{
	scoped_strings struct strings names = {0};
	struct chain_view view = {0};

	strings_add(&names, text_of(chain, "name"));
	for (size_t n = 0; n < names.count && n < CHAINS_MAX; n++)
		look_at_rules(listing, chain, own, n, &names, &view);
	return view;
}

/* ---- chains ---- */

enum harm { HARM_NONE, HARM_FORWARD, HARM_RELAY };

/* What it would do to us if this chain dropped. */
static enum harm possible_harm(const json_t *chain, const struct own_rules *own)
{
	const char *family = text_of(chain, "family"), *hook = text_of(chain, "hook");
	bool inet = str_equal(family, "inet"), four = inet || str_equal(family, "ip");
	bool six = inet || str_equal(family, "ip6");

	if (str_equal(text_of(chain, "table"), own->table) && inet)
		return HARM_NONE;
	if (str_equal(hook, "forward") && (four || (six && own->ipv6)))
		return HARM_FORWARD;
	if (str_equal(hook, "input") && (six || (four && own->relays4)))
		return HARM_RELAY;
	return HARM_NONE;
}

static void warn(enum harm harm, const char *chain, const char *how, const struct own_rules *own,
		 struct strings *warnings)
{
	const char *bridge = own->bridges[0] ? own->bridges[0] : "our bridges";

	if (harm == HARM_FORWARD)
		strings_format(warnings,
			       "%s %s: containers may not be reached, nor reach others, until it "
			       "accepts what goes to and comes from '%s' (which the daemon's "
			       "--published-ports-bypass-firewall sees to)",
			       chain, how, bridge);
	else
		strings_format(
			warnings,
			"%s %s: ports published on [::] for containers without IPv6 are served "
			"by this host itself and may not be reached until it accepts them",
			chain, how);
}

static void judge_chain(const json_t *listing, const json_t *chain, const struct own_rules *own,
			struct strings *warnings)
{
	enum harm harm = possible_harm(chain, own);
	struct chain_view view;
	const char *how;

	if (harm == HARM_NONE)
		return;
	view = look_at_chain(listing, chain, own);
	if (str_equal(text_of(chain, "policy"), "drop"))
		how = "drops what none of its rules accepts (policy drop)";
	else if (view.last_rule && drops_everything(view.last_rule))
		how = "ends in a rule that drops or rejects everything";
	else
		return;
	if (view.knows_us)
		return;
	scoped_free char *name =
		str_format("the firewall chain '%s' in table '%s %s'", text_of(chain, "name"),
			   text_of(chain, "family"), text_of(chain, "table"));
	warn(harm, name, how, own, warnings);
}

void foreign_rules_judge(const json_t *listing, const struct own_rules *own,
			 struct strings *warnings)
{
	const json_t *items = json_object_get(listing, "nftables"), *item;
	size_t i;

	json_array_foreach (items, i, item) {
		const json_t *chain = json_object_get(item, "chain");

		if (chain)
			judge_chain(listing, chain, own, warnings);
	}
}

/* ---- asking nft ---- */

static void add_targets(const json_t *items, struct strings *names)
{
	const json_t *item;
	size_t i;

	json_array_foreach (items, i, item) {
		const char *target = target_of(json_object_get(item, "rule"));

		if (target && !strings_contain(names, target))
			strings_add(names, target);
	}
}

/* The rules of the chain and of those it leads to, and no others: a whole ruleset may be many megabytes. */
static void find_in_chain(const char *nft, const json_t *chain, const struct own_rules *own,
			  struct strings *warnings)
{
	scoped_strings struct strings names = {0};
	json_t *all = json_array(), *listing = json_object();

	json_object_set_new(listing, "nftables", all);
	strings_add(&names, text_of(chain, "name"));
	for (size_t i = 0; i < names.count && i < CHAINS_MAX; i++) {
		const char *const args[] = {"-j",
					    "list",
					    "chain",
					    text_of(chain, "family"),
					    text_of(chain, "table"),
					    names.items[i],
					    NULL};
		json_t *one = nft_list(nft, args);

		json_array_extend(all, json_object_get(one, "nftables"));
		add_targets(json_object_get(one, "nftables"), &names);
		json_decref(one);
	}
	foreign_rules_judge(listing, own, warnings);
	json_decref(listing);
}

static void find_in_nftables(const char *nft, const struct own_rules *own, struct strings *warnings)
{
	static const char *const args[] = {"-j", "list", "chains", NULL};
	json_t *listing = nft_list(nft, args);
	const json_t *item;
	size_t i, seen = 0;

	json_array_foreach (json_object_get(listing, "nftables"), i, item) {
		const json_t *chain = json_object_get(item, "chain");

		if (chain && possible_harm(chain, own) != HARM_NONE && seen++ < CHAINS_MAX)
			find_in_chain(nft, chain, own, warnings);
	}
	json_decref(listing);
}

/* ---- asking iptables-legacy ---- */

/* Asking for a table makes it; so only when it is there. */
static bool legacy_filter_exists(void)
{
	scoped_buffer struct buffer names = {0};
	struct error absent;

	return file_read(AT_FDCWD, "/proc/net/ip_tables_names", 4096, &names, &absent) &&
	       strstr(names.data, "filter\n");
}

static struct ipt_get_entries *read_entries(int socket, struct ipt_getinfo *info)
{
	socklen_t size = sizeof(*info);
	struct ipt_get_entries *entries;

	memcpy(info->name, "filter", 7);
	if (getsockopt(socket, IPPROTO_IP, IPT_SO_GET_INFO, info, &size) < 0)
		return NULL;
	size = (socklen_t)(sizeof(*entries) + info->size);
	entries = mem_zeroed(1, size);
	memcpy(entries->name, "filter", 7);
	entries->size = info->size;
	if (getsockopt(socket, IPPROTO_IP, IPT_SO_GET_ENTRIES, entries, &size) == 0)
		return entries;
	free(entries);
	return NULL;
}

/* A chain's policy is the verdict of its last entry, the underflow. */
static bool policy_is_drop(const struct ipt_get_entries *entries, uint32_t offset)
{
	const struct ipt_entry *entry = (const void *)((const char *)entries->entrytable + offset);
	const struct xt_standard_target *target =
		(const void *)((const char *)entry + entry->target_offset);

	return target->verdict == -NF_DROP - 1;
}

static void find_in_legacy(const struct own_rules *own, struct strings *warnings)
{
	scoped_fd int fd = -1;
	scoped_free struct ipt_get_entries *entries = NULL;
	struct ipt_getinfo info = {0};

	if (!legacy_filter_exists())
		return;
	fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
	entries = fd >= 0 ? read_entries(fd, &info) : NULL;
	if (entries && policy_is_drop(entries, info.underflow[NF_INET_FORWARD]))
		warn(HARM_FORWARD, "the chain 'FORWARD' of iptables-legacy",
		     "drops what none of its rules accepts (policy drop)", own, warnings);
}

void foreign_rules_find(const char *nft, const struct own_rules *own, struct strings *warnings)
{
	find_in_nftables(nft, own, warnings);
	find_in_legacy(own, warnings);
}
