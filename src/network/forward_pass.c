/* nftables' own chains get two rules, marked by a comment that says for which bridges they are.  Into a table
 * of iptables nothing may be written but by iptables itself, which would not read it any more: there a chain
 * of ours is filled, and a jump to it stands first. */
#include "network/forward_pass.h"

#include "format/json.h"
#include "format/sha256.h"
#include "network/nft_child.h"
#include "os/file.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>

#define CHAINS_MAX  64
#define NAMES_LIMIT 4096
#define WHY	    "lets-containers-pass"

static const char *text_of(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text ? text : "";
}

static size_t bridge_count(const struct forward_pass *pass)
{
	size_t count = 0;

	while (pass->bridges[count])
		count++;
	return count;
}

/* ---- nftables ---- */

static char *mark_of(const struct forward_pass *pass)
{
	return str_format("%s " WHY, pass->table);
}

static bool is_marked(const json_t *rule, const struct forward_pass *pass)
{
	scoped_free char *mark = mark_of(pass);

	return str_starts_with(text_of(rule, "comment"), mark);
}

/* With the bridges in it, so that other ones make another comment. */
static char *comment_of(const struct forward_pass *pass)
{
	scoped_buffer struct buffer names = {0};
	scoped_free char *mark = mark_of(pass);
	uint8_t hash[SHA256_SIZE];

	for (size_t i = 0; pass->bridges[i]; i++)
		buffer_format(&names, "%s\n", pass->bridges[i]);
	sha256(names.data ? names.data : "", names.size, hash);
	return str_format("%s %02x%02x%02x%02x", mark, hash[0], hash[1], hash[2], hash[3]);
}

struct chain_state {
	const json_t *chain;
	size_t rules, marked, right; /* of the right ones: those that stand first */
	const json_t *last;
};

static void look_at_rule(struct chain_state *state, const json_t *rule,
			 const struct forward_pass *pass, const char *comment)
{
	if (is_marked(rule, pass)) {
		state->marked++;
		state->right += state->rules < 2 && str_equal(text_of(rule, "comment"), comment);
	}
	state->rules++;
	state->last = rule;
}

static struct chain_state look_at_chain(const json_t *listing, const struct forward_pass *pass,
					const char *comment)
{
	struct chain_state state = {0};
	const json_t *item;
	size_t i;

	json_array_foreach (json_object_get(listing, "nftables"), i, item) {
		const json_t *rule = json_object_get(item, "rule");

		if (json_object_get(item, "chain"))
			state.chain = json_object_get(item, "chain");
		if (rule)
			look_at_rule(&state, rule, pass, comment);
	}
	return state;
}

static bool chain_drops(const struct chain_state *state)
{
	const json_t *statements = json_object_get(state->last, "expr"), *statement;
	bool drops = false;
	size_t i;

	if (str_equal(text_of(state->chain, "policy"), "drop"))
		return true;
	json_array_foreach (statements, i, statement) {
		if (json_object_get(statement, "drop") || json_object_get(statement, "reject"))
			drops = true;
		else if (!json_object_get(statement, "counter") &&
			 !json_object_get(statement, "log"))
			return false;
	}
	return drops;
}

static void delete_marked(const json_t *listing, const struct forward_pass *pass, const char *chain,
			  struct buffer *out)
{
	const json_t *item;
	size_t i;

	json_array_foreach (json_object_get(listing, "nftables"), i, item) {
		const json_t *rule = json_object_get(item, "rule");

		if (rule && is_marked(rule, pass))
			buffer_format(
				out, "delete rule %s handle %lld\n", chain,
				(long long)json_integer_value(json_object_get(rule, "handle")));
	}
}

static void insert_rule(const struct forward_pass *pass, const char *chain, const char *side,
			const char *comment, struct buffer *out)
{
	buffer_format(out, "insert rule %s %s { ", chain, side);
	for (size_t i = 0; pass->bridges[i]; i++)
		buffer_format(out, "%s\"%s\"", i ? ", " : "", pass->bridges[i]);
	buffer_format(out, " } counter accept comment \"%s\"\n", comment);
}

void forward_pass_nft(const json_t *listing, const struct forward_pass *pass, struct buffer *out)
{
	scoped_free char *comment = comment_of(pass), *chain = NULL;
	struct chain_state state = look_at_chain(listing, pass, comment);
	bool wanted = state.chain && bridge_count(pass) > 0 && chain_drops(&state);

	if (!state.chain || (wanted && state.marked == 2 && state.right == 2))
		return;
	chain = str_format("%s %s %s", text_of(state.chain, "family"),
			   text_of(state.chain, "table"), text_of(state.chain, "name"));
	delete_marked(listing, pass, chain, out);
	if (!wanted)
		return;
	insert_rule(pass, chain, "oifname", comment, out);
	insert_rule(pass, chain, "iifname", comment, out);
}

/* ---- iptables ---- */

/* As iptables-save writes it, but for the quotes that it may put around the comment. */
static void write_jump(const struct forward_pass *pass, const char *how, struct buffer *out)
{
	buffer_format(out, "%s FORWARD -m comment --comment " WHY " -j %s\n", how, pass->table);
}

static void write_rules(const struct forward_pass *pass, struct buffer *out)
{
	for (size_t i = 0; pass->bridges[i]; i++)
		buffer_format(out, "-A %s -i %s -j ACCEPT\n-A %s -o %s -j ACCEPT\n", pass->table,
			      pass->bridges[i], pass->table, pass->bridges[i]);
}

struct save_state {
	bool chain, drops, first; /* ours is there; FORWARD drops; our jump stands first in it */
	size_t jumps, rules;
	struct buffer own; /* our chain's rules */
};

/* Of FORWARD. */
static void look_at_forward(struct save_state *state, const char *line, const char *jump)
{
	if (str_equal(line, jump)) {
		state->first = state->rules == 0;
		state->jumps++;
	}
	state->rules++;
	state->drops |= str_equal(line, "-A FORWARD -j DROP") ||
			str_starts_with(line, "-A FORWARD -j REJECT");
}

static void drop_quotes(char *line)
{
	char *to = line;

	for (const char *from = line; *from; from++)
		if (*from != '"')
			*to++ = *from;
	*to = 0;
}

static void look_at_line(struct save_state *state, const struct forward_pass *pass, char *line)
{
	scoped_free char *chain = str_format(":%s ", pass->table);
	scoped_free char *rule = str_format("-A %s ", pass->table);
	scoped_buffer struct buffer jump = {0};

	drop_quotes(line);
	write_jump(pass, "-A", &jump);
	jump.data[jump.size - 1] = 0;
	state->chain |= str_starts_with(line, chain);
	state->drops |= str_starts_with(line, ":FORWARD DROP ");
	if (str_starts_with(line, rule))
		buffer_format(&state->own, "%s\n", line);
	if (str_starts_with(line, "-A FORWARD "))
		look_at_forward(state, line, jump.data);
}

static void change_table(const struct forward_pass *pass, const struct save_state *state,
			 bool wanted, struct buffer *out)
{
	buffer_format(out, "*filter\n:%s - [0:0]\n", pass->table);
	for (size_t i = 0; i < state->jumps; i++)
		write_jump(pass, "-D", out);
	if (wanted) {
		write_rules(pass, out);
		write_jump(pass, "-I", out);
	} else {
		buffer_format(out, "-X %s\n", pass->table);
	}
	buffer_add_text(out, "COMMIT\n");
}

void forward_pass_save(const char *save, const struct forward_pass *pass, struct buffer *out)
{
	scoped_strings struct strings lines = strings_split(save, '\n');
	scoped_buffer struct buffer rules = {0};
	struct save_state state = {0};
	bool wanted, right;

	for (size_t i = 0; i < lines.count; i++)
		look_at_line(&state, pass, lines.items[i]);
	wanted = bridge_count(pass) > 0 && state.drops;
	write_rules(pass, &rules);
	right = state.chain && state.first && state.jumps == 1 &&
		str_equal(state.own.data,
			  rules.data); /* nothing of it where there are no bridges */
	if (wanted ? !right : state.chain || state.jumps > 0)
		change_table(pass, &state, wanted, out);
	buffer_fini(&state.own);
}

/* ---- doing it ---- */

static void warn(struct strings *warnings, const char *chain, const struct error *err)
{
	strings_format(warnings, "containers' packets may not pass the firewall chain %s: %s",
		       chain, err->text);
}

static void set_in_nft(const struct forward_pass *pass, const json_t *chain,
		       struct strings *warnings)
{
	const char *family = text_of(chain, "family"), *table = text_of(chain, "table");
	const char *name = text_of(chain, "name");
	const char *const args[] = {"-j", "-a", "list", "chain", family, table, name, NULL};
	static const char *const load[] = {"-f", "-", NULL};
	scoped_buffer struct buffer out = {0}, change = {0};
	scoped_free char *where = str_format("'%s' of table '%s %s'", name, family, table);
	struct error err;
	json_t *listing = NULL;

	if (nft_run(pass->nft, args, NULL, &out, &err))
		listing = json_parse(out.data, out.size, &err);
	if (listing)
		forward_pass_nft(listing, pass, &change);
	if (!listing || (change.size > 0 && !nft_run(pass->nft, load, &change, NULL, &err)))
		warn(warnings, where, &err);
	json_decref(listing);
}

static bool set_in_iptables(const struct forward_pass *pass, const char *program, struct error *err)
{
	static const char *const args[] = {"-t", "filter", NULL};
	static const char *const restore_args[] = {"--noflush", "-w", "5", NULL};
	scoped_free char *save = str_format("%s-save", program);
	scoped_free char *restore = str_format("%s-restore", program);
	scoped_buffer struct buffer out = {0}, change = {0};

	if (!nft_run(save, args, NULL, &out, err))
		return false;
	if (out.data)
		forward_pass_save(out.data, pass, &change);
	return change.size == 0 || nft_run(restore, restore_args, &change, NULL, err);
}

static const struct {
	const char *family, *newer, *older,
		*names; /* the file that tells the older kind's tables */
} kinds[] = {
	{"ip", "iptables-nft", "iptables-legacy", "/proc/net/ip_tables_names"},
	{"ip6", "ip6tables-nft", "ip6tables-legacy", "/proc/net/ip6_tables_names"},
};

static const char *newer_iptables(const json_t *chain)
{
	for (size_t i = 0; i < array_length(kinds); i++)
		if (str_equal(text_of(chain, "family"), kinds[i].family) &&
		    str_equal(text_of(chain, "table"), "filter") &&
		    str_equal(text_of(chain, "name"), "FORWARD"))
			return kinds[i].newer;
	return NULL;
}

static void set_in_chain(const struct forward_pass *pass, const json_t *chain,
			 struct strings *warnings)
{
	const char *iptables = newer_iptables(chain);
	struct error err;

	if (!iptables)
		set_in_nft(pass, chain, warnings);
	else if (!set_in_iptables(pass, iptables, &err))
		warn(warnings, iptables, &err);
}

static bool is_forward_of_others(const json_t *chain)
{
	const char *family = text_of(chain, "family");

	return str_equal(text_of(chain, "hook"), "forward") &&
	       !str_starts_with(text_of(chain, "table"), "wherry") &&
	       (str_equal(family, "inet") || str_equal(family, "ip") || str_equal(family, "ip6"));
}

static void set_in_nftables(const struct forward_pass *pass, struct strings *warnings)
{
	static const char *const args[] = {"-j", "list", "chains", NULL};
	scoped_buffer struct buffer out = {0};
	json_t *listing = NULL;
	const json_t *item;
	struct error err;
	size_t i, seen = 0;

	if (nft_run(pass->nft, args, NULL, &out, &err))
		listing = json_parse(out.data, out.size, &err);
	json_array_foreach (json_object_get(listing, "nftables"), i, item) {
		const json_t *chain = json_object_get(item, "chain");

		if (chain && is_forward_of_others(chain) && seen++ < CHAINS_MAX)
			set_in_chain(pass, chain, warnings);
	}
	json_decref(listing);
}

/* Asking for a table of the older kind makes it; so only when it is there. */
static bool older_has_filter(const char *file)
{
	scoped_buffer struct buffer names = {0};
	scoped_strings struct strings lines = {0};
	struct error absent;

	if (!file_read(AT_FDCWD, file, NAMES_LIMIT, &names, &absent) || !names.data)
		return false;
	lines = strings_split(names.data, '\n');
	return strings_contain(&lines, "filter");
}

void forward_pass_set(const struct forward_pass *pass, struct strings *warnings)
{
	struct error err;

	set_in_nftables(pass, warnings);
	for (size_t i = 0; i < array_length(kinds); i++)
		if (older_has_filter(kinds[i].names) &&
		    !set_in_iptables(pass, kinds[i].older, &err))
			warn(warnings, kinds[i].older, &err);
}
