/* Elements first, by a message of our own: what has come into a map harms nobody before the rules do.  Whatever
 * does not work that way (others change the same table just now) ends in a table that is made anew. */
#include "network/table_load.h"

#include "network/nft_child.h"
#include "network/ruleset.h"
#include "network/table_form.h"
#include "os/fd.h"

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdlib.h>

#define CHANGES_MAX 32768 /* what a socket has room for the answers of; nft takes more */

struct table_load {
	struct table_form forms[2];
	struct table_look looks[2];
	enum table_state states[2];
	struct buffer elements; /* of the first */
	char *rules;		/* owned */
	const struct network_plan *plan;
	struct nft_load *nft; /* NULL: it has nothing to do */
	bool in_force;
};

/* ---- elements ---- */

static bool list_wanted(const struct network_plan *plan, struct element_list *out,
			struct error *err)
{
	for (size_t i = 0; i < plan->maps.count; i++)
		if (!plan_map_read(RECORD_AT(plan->maps, struct plan_map, i), out))
			return error_set(err, ERROR_SYSTEM, "a map of the plan makes no sense");
	elements_sort(out);
	return true;
}

static bool list_present(const struct network_plan *plan, int socket, struct element_list *out,
			 struct error *err)
{
	for (size_t i = 0; i < plan->maps.count; i++) {
		struct element_list of_one = {0};
		bool done = table_look_into(socket, plan->table,
					    RECORD_AT(plan->maps, struct plan_map, i)->name,
					    &of_one, err);

		for (size_t j = 0; done && j < of_one.count; j++)
			vector_add(out, of_one.items[j]);
		vector_fini(&of_one);
		if (!done)
			return false;
	}
	elements_sort(out);
	return true;
}

static bool change_elements(const struct network_plan *plan, int socket,
			    const struct element_list *gone, const struct element_list *come,
			    struct error *err)
{
	scoped_netlink struct netlink_batch batch = {0};

	if (gone->count + come->count == 0)
		return true;
	if (gone->count + come->count > CHANGES_MAX)
		return error_set(err, ERROR_SYSTEM, "too much to change");
	element_transaction_begin(&batch);
	elements_message(&batch, plan->table, ELEMENT_DELETE, gone->items, gone->count);
	elements_message(&batch, plan->table, ELEMENT_ADD, come->items, come->count);
	element_transaction_end(&batch);
	return netlink_send(socket, &batch, err);
}

static bool set_elements(const struct table_load *load, int socket,
			 const struct element_list *wanted, struct error *err)
{
	struct element_list present = {0}, gone = {0}, come = {0};
	bool done = list_present(load->plan, socket, &present, err);

	if (done) {
		elements_compare(&present, wanted, &gone, &come);
		done = change_elements(load->plan, socket, &gone, &come, err);
	}
	vector_fini(&present);
	vector_fini(&gone);
	vector_fini(&come);
	return done;
}

/* ---- tables ---- */

/* The nft of a worker that was killed ended with it, but what it had sent may be under way still.  The kernel takes one
 * transaction after the other: when it has taken this one, which changes nothing, that one is done. */
static void wait_for_others(int socket)
{
	scoped_netlink struct netlink_batch nothing = {0};
	struct error ignored;

	element_transaction_begin(&nothing);
	element_transaction_end(&nothing);
	netlink_send(socket, &nothing, &ignored);
}

static void look(struct table_load *load, int socket)
{
	for (size_t i = 0; i < array_length(load->forms); i++) {
		const struct table_form *form = &load->forms[i];
		struct error unknown;

		load->states[i] =
			table_look(socket, form->family, form->name, &load->looks[i], &unknown)
				? table_judge(form, &load->looks[i])
			: form->base ? TABLE_ALTERED
				     : TABLE_ABSENT;
	}
}

static bool prepare(struct table_load *load, struct error *err)
{
	scoped_fd int socket = netlink_open(NETLINK_NETFILTER, err);
	struct element_list wanted = {0};
	struct error refused;
	bool done = socket >= 0 && list_wanted(load->plan, &wanted, err);

	if (done) {
		elements_render(load->plan->table, &wanted, &load->elements);
		wait_for_others(socket);
		look(load, socket);
		if (load->states[0] >= TABLE_OTHER &&
		    !set_elements(load, socket, &wanted, &refused))
			load->states[0] = TABLE_ALTERED;
	}
	vector_fini(&wanted);
	return done;
}

static bool begin_nft(struct table_load *load, struct error *err)
{
	static const struct buffer none;
	scoped_buffer struct buffer text = {0};

	for (size_t i = 0; i < array_length(load->forms); i++)
		table_render(&load->forms[i], &load->looks[i], load->states[i],
			     i == 0 ? &load->elements : &none, &text);
	if (text.size > 0)
		load->nft = nft_load_begin(load->plan->nft, &text, err);
	return text.size == 0 || load->nft;
}

/* ---- seals ---- */

static bool add_chain(const struct table_form *form, int socket, const char *name,
		      struct error *err)
{
	struct nfgenmsg header = {.nfgen_family = form->family, .version = NFNETLINK_V0};
	scoped_netlink struct netlink_batch batch = {0};

	element_transaction_begin(&batch);
	netlink_begin(&batch, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWCHAIN, NLM_F_CREATE,
		      "seal a table");
	netlink_header(&batch, &header, sizeof(header));
	netlink_add_text(&batch, NFTA_CHAIN_TABLE, form->name);
	netlink_add_text(&batch, NFTA_CHAIN_NAME, name);
	netlink_end(&batch);
	element_transaction_end(&batch);
	return netlink_send(socket, &batch, err);
}

static void seal(const struct table_form *form, int socket)
{
	struct table_look look = {0};
	char name[TABLE_MARK_SIZE];
	struct error ignored; /* the next worker does it */

	if (table_look(socket, form->family, form->name, &look, &ignored) &&
	    table_judge(form, &look) == TABLE_CURRENT && !table_is_sealed(&look)) {
		table_seal(&look, name);
		add_chain(form, socket, name, &ignored);
	}
	table_look_fini(&look);
}

static void seal_all(const struct table_load *load)
{
	struct error ignored;
	scoped_fd int socket = netlink_open(NETLINK_NETFILTER, &ignored);

	for (size_t i = 0; socket >= 0 && i < array_length(load->forms); i++)
		if (load->forms[i].base &&
		    !(load->states[i] == TABLE_CURRENT && table_is_sealed(&load->looks[i])))
			seal(&load->forms[i], socket);
}

/* ---- all of it ---- */

/* False: there was none that others rules were put into. */
static bool give_up_changing(struct table_load *load)
{
	bool changing = false;

	for (size_t i = 0; i < array_length(load->forms); i++) {
		changing |= load->states[i] == TABLE_OTHER;
		if (load->states[i] == TABLE_OTHER)
			load->states[i] = TABLE_ALTERED;
	}
	return changing;
}

struct table_load *table_load_begin(const struct network_plan *plan, const char *rules,
				    struct error *err)
{
	struct table_load *load = mem_new(struct table_load);

	*load = (struct table_load){.plan = plan, .rules = str_dup(rules)};
	load->forms[0] =
		(struct table_form){NFPROTO_INET, "inet", plan->table, plan->base, load->rules};
	load->forms[1] = (struct table_form){NFPROTO_BRIDGE, "bridge", plan->table, plan->lift_base,
					     plan->lift};
	if (prepare(load, err) && begin_nft(load, err))
		return load;
	table_load_end(load);
	return NULL;
}

static bool wait_or_make_anew(struct table_load *load, struct error *err)
{
	if (!load->nft || nft_load_wait(load->nft, err))
		return true;
	if (!give_up_changing(load))
		return false;
	nft_load_end(take(load->nft));
	return begin_nft(load, err) && nft_load_wait(load->nft, err);
}

bool table_load_wait(struct table_load *load, struct error *err)
{
	load->in_force = wait_or_make_anew(load, err);
	return load->in_force;
}

void table_load_end(struct table_load *load)
{
	if (!load)
		return;
	nft_load_end(load->nft);
	if (load->in_force)
		seal_all(load);
	for (size_t i = 0; i < array_length(load->looks); i++)
		table_look_fini(&load->looks[i]);
	buffer_fini(&load->elements);
	free(load->rules);
	free(load);
}

bool table_load(const struct network_plan *plan, const char *rules, struct error *err)
{
	struct table_load *load = table_load_begin(plan, rules, err);
	bool ok = load && table_load_wait(load, err);

	table_load_end(load);
	return ok;
}
