#include "network/host_rules_read.h"

#include "format/json.h"
#include "network/nft_child.h"
#include "os/file.h"

#include <fcntl.h>
#include <netinet/in.h>

#define NAMES_LIMIT 4096

static const char *text_of(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text ? text : "";
}

/* ---- iptables ---- */

static const struct {
	int family;
	const char *title, *names; /* the file that tells the tables of the older kind */
	const char *newer[2], *older;
} kinds[] = {
	{AF_INET,
	 "iptables",
	 "/proc/net/ip_tables_names",
	 {"iptables-nft-save", "iptables-save"},
	 "iptables-legacy-save"},
	{AF_INET6,
	 "ip6tables",
	 "/proc/net/ip6_tables_names",
	 {"ip6tables-nft-save", "ip6tables-save"},
	 "ip6tables-legacy-save"},
};

static bool read_save(const char *program, int family, const char *table, const char *title,
		      struct host_rules *rules)
{
	const char *const args[] = {"-t", table, NULL};
	scoped_buffer struct buffer out = {0};
	struct error ignored;

	if (!nft_run(program, args, NULL, &out, &ignored) || !out.data)
		return false;
	host_rules_add_save(rules, family, out.data, title);
	return true;
}

static bool read_newer(const char *family, const char *table, struct host_rules *rules)
{
	size_t kind = str_equal(family, "ip6");

	for (size_t i = 0; i < array_length(kinds[kind].newer); i++)
		if (read_save(kinds[kind].newer[i], kinds[kind].family, table, kinds[kind].title,
			      rules))
			return true;
	return false;
}

/* Asking for a table of the older kind makes it; so only for those that are there. */
static void read_older(struct host_rules *rules)
{
	static const char *const tables[] = {"filter", "mangle", "security"};

	for (size_t i = 0; i < array_length(kinds); i++) {
		scoped_buffer struct buffer names = {0};
		scoped_strings struct strings lines = {0};
		struct error absent;

		if (!file_read(AT_FDCWD, kinds[i].names, NAMES_LIMIT, &names, &absent) ||
		    !names.data)
			continue;
		lines = strings_split(names.data, '\n');
		for (size_t t = 0; t < array_length(tables); t++)
			if (strings_contain(&lines, tables[t]))
				read_save(kinds[i].older, kinds[i].family, tables[t],
					  kinds[i].family == AF_INET ? "iptables-legacy"
								     : "ip6tables-legacy",
					  rules);
	}
}

bool host_rules_are_silent(void)
{
	for (size_t i = 0; i < array_length(kinds); i++) {
		scoped_buffer struct buffer names = {0};
		struct error absent;

		if (file_read(AT_FDCWD, kinds[i].names, NAMES_LIMIT, &names, &absent) &&
		    names.size > 0)
			return true;
	}
	return false;
}

/* ---- nft ---- */

static void read_table(const char *nft, const char *family, const char *name,
		       struct host_rules *rules)
{
	const char *const args[] = {"-j", "list", "table", family, name, NULL};
	json_t *listing = nft_list(nft, args);

	if (!listing)
		return;
	if (!host_rules_are_foreign(listing) || str_equal(family, "inet") ||
	    !read_newer(family, name, rules))
		host_rules_add_nft(rules, listing);
	json_decref(listing);
}

static bool is_hooked(const json_t *chain, enum host_hook last)
{
	const char *hook = text_of(chain, "hook");

	return str_equal(hook, "input") || (last == HOST_FORWARD && str_equal(hook, "forward"));
}

static bool decides(const json_t *chain, const char *own, enum host_hook last)
{
	const char *family = text_of(chain, "family"), *table = text_of(chain, "table");

	return is_hooked(chain, last) &&
	       (str_equal(family, "inet") || str_equal(family, "ip") || str_equal(family, "ip6")) &&
	       !str_equal(table, own) && !str_starts_with(table, "wherry");
}

void host_rules_read(const char *nft, const char *own, enum host_hook last,
		     struct host_rules *rules)
{
	static const char *const args[] = {"-j", "list", "chains", NULL};
	json_t *listing = nft_list(nft, args);
	scoped_strings struct strings seen = {0};
	const json_t *item;
	size_t i;

	json_array_foreach (json_object_get(listing, "nftables"), i, item) {
		const json_t *chain = json_object_get(item, "chain");
		scoped_free char *key = NULL;

		if (!chain || !decides(chain, own, last))
			continue;
		key = str_format("%s %s", text_of(chain, "family"), text_of(chain, "table"));
		if (strings_contain(&seen, key))
			continue;
		strings_add(&seen, key);
		read_table(nft, text_of(chain, "family"), text_of(chain, "table"), rules);
	}
	json_decref(listing);
	read_older(rules);
}
