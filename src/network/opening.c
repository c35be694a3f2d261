/* Containers of such a bridge do not hear each other: its ports are isolated, and what passes the host from
 * one to another is dropped.  The host answers for all of their addresses (proxy_arp_pvlan), so what one
 * sends to another comes by the host, and goes on where an element of the set `linked` says so. */
#include "network/opening.h"

#include "base/log.h"
#include "network/network_elements.h"

static bool is_same(const struct opening *a, const struct opening *b)
{
	return a->protocol == b->protocol && a->port == b->port &&
	       address_equal(&a->from, &b->from) && address_equal(&a->to, &b->to);
}

bool openings_have(const struct openings *openings, const struct opening *opening)
{
	for (size_t i = 0; i < openings->count; i++)
		if (is_same(&openings->items[i], opening))
			return true;
	return false;
}

void openings_add(struct openings *openings, const struct opening *opening)
{
	if (!openings_have(openings, opening))
		vector_add(openings, *opening);
}

bool networks_keep_apart(const struct networks *n)
{
	return n->default_network && !n->default_network->spec.icc;
}

/* Those of `a` that `b` has not. */
static void change(struct networks *n, enum element_change how, const struct openings *a,
		   const struct openings *b)
{
	struct {
		struct element *items;
		size_t count, capacity;
	} elements = {0};
	struct error err;

	for (size_t i = 0; i < a->count; i++)
		if (!openings_have(b, &a->items[i]))
			vector_add(&elements, element_of_opening(&a->items[i]));
	if (!networks_change_elements(n, how, elements.items, elements.count, &err))
		log_error("cannot change who reaches linked containers", &err, "table=%s",
			  n->table);
	vector_fini(&elements);
}

void networks_open_between(struct networks *n, struct openings *openings)
{
	if (n->firewall) {
		change(n, ELEMENT_DELETE, &n->openings, openings);
		change(n, ELEMENT_ADD, openings, &n->openings);
	}
	vector_fini(&n->openings);
	n->openings = *openings;
	*openings = (struct openings){0};
}
