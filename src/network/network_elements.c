#include "network/network_elements.h"

#include "network/network_host.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- what waits for the table ---- */

static int compare_deferred(const void *a, const void *b)
{
	const struct deferred_change *const *x = a, *const *y = b;
	int order = strcmp((*x)->element.map, (*y)->element.map);

	if (order == 0)
		order = memcmp((*x)->element.key, (*y)->element.key, sizeof((*x)->element.key));
	return order ? order : (*x > *y) - (*x < *y);
}

static bool is_same_key(const struct deferred_change *a, const struct deferred_change *b)
{
	return str_equal(a->element.map, b->element.map) &&
	       memcmp(a->element.key, b->element.key, sizeof(a->element.key)) == 0;
}

/* Of each key what came last. */
static void sum_up_deferred(const struct networks *n, struct element_list *gone,
			    struct element_list *come)
{
	size_t count = n->deferred.count;
	scoped_free const struct deferred_change **sorted = mem_zeroed(count, sizeof(*sorted));

	for (size_t i = 0; i < count; i++)
		sorted[i] = &n->deferred.items[i];
	qsort(sorted, count, sizeof(*sorted), compare_deferred);
	for (size_t i = 0; i < count; i++) {
		if (i + 1 < count && is_same_key(sorted[i], sorted[i + 1]))
			continue;
		if (sorted[i]->change == ELEMENT_ADD)
			vector_add(come, sorted[i]->element);
		else
			vector_add(gone, sorted[i]->element);
	}
}

/* In one transaction: a port that is shared has many elements, and nobody is to see half of them. */
void networks_make_deferred(struct networks *n)
{
	struct element_list gone = {0}, come = {0};
	struct error err;

	if (n->ready && n->firewall && n->deferred.count > 0) {
		sum_up_deferred(n, &gone, &come);
		if (!firewall_replace(n->firewall, gone.items, gone.count, come.items, come.count,
				      &err))
			networks_make_anew(n, &err);
	}
	vector_fini(&gone);
	vector_fini(&come);
	vector_fini(&n->deferred);
}

/* ---- now or later ---- */

static void defer(struct networks *n, enum element_change change, const struct element *elements,
		  size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct deferred_change later = {change, elements[i]};

		vector_add(&n->deferred, later);
	}
}

/* No table and none to come. */
static bool refuse(const struct networks *n, struct error *err)
{
	if (n->failure.kind == ERROR_NONE)
		return error_set(err, ERROR_SYSTEM, "the kernel has no nf_tables");
	*err = n->failure;
	return false;
}

static bool add_elements(struct networks *n, const struct element *elements, size_t count,
			 struct error *err)
{
	if (!n->ready || !n->firewall)
		return refuse(n, err);
	if (firewall_add(n->firewall, elements, count, err))
		return true;
	if (err->os != ENOENT)
		return false;
	networks_lose_table(
		n); /* seen before its notice came; the new table will have the elements */
	return true;
}

bool networks_change_elements(struct networks *n, enum element_change change,
			      const struct element *elements, size_t count, struct error *err)
{
	if (!n->firewall_on || count == 0)
		return true;
	if (networks_are_pending(n)) {
		defer(n, change, elements, count);
		return true;
	}
	if (change == ELEMENT_ADD)
		return add_elements(n, elements, count, err);
	return !n->ready || !n->firewall || firewall_remove(n->firewall, elements, count, err);
}

bool networks_replace_elements(struct networks *n, const struct element *gone, size_t gone_count,
			       const struct element *come, size_t come_count, struct error *err)
{
	if (!n->firewall_on || !n->firewall || gone_count + come_count == 0)
		return true;
	if (networks_are_pending(n)) {
		defer(n, ELEMENT_ADD, come, come_count);
		defer(n, ELEMENT_DELETE, gone, gone_count);
		return true;
	}
	if (!n->ready)
		return refuse(n, err);
	if (!firewall_replace(n->firewall, gone, gone_count, come, come_count, err))
		networks_make_anew(n, err); /* which will have them */
	return true;
}
