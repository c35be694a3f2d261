/* Elements first, by a message of our own: what has come into a map harms nobody before the rules do.  Whatever
 * does not work that way (others change the same table just now) ends in a table that is made anew. */
#include "network/table_load.h"

#include "network/nft_child.h"
#include "network/ruleset.h"
#include "network/table_form.h"

#include <linux/netfilter.h>
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

bool table_load_wait(struct table_load *load, struct error *err)
{
	if (!load->nft || nft_load_wait(load->nft, err))
		return true;
	if (!give_up_changing(load))
		return false;
	nft_load_end(take(load->nft));
	return begin_nft(load, err) && nft_load_wait(load->nft, err);
}

void table_load_end(struct table_load *load)
{
	if (!load)
		return;
	nft_load_end(load->nft);
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
