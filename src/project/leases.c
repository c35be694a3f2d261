#include "project/leases.h"

#include "base/list.h"
#include "base/text.h"

struct lease {
	struct leases *leases; /* borrowed */
	struct link link;
	char *project, *holder;
	bool is_held;
	void (*held)(void *data);
	void *data;
};

struct leases {
	struct link all; /* of all projects, in the order of their turns */
};

struct leases *leases_new(void)
{
	struct leases *leases = mem_new(struct leases);

	list_init(&leases->all);
	return leases;
}

void leases_free(struct leases *leases)
{
	free(leases);
}

static struct lease *find(const struct leases *leases, const char *project, bool is_held)
{
	for (struct link *link = leases->all.next; link != &leases->all; link = link->next) {
		struct lease *lease = container_of(link, struct lease, link);

		if (lease->is_held == is_held && strcmp(lease->project, project) == 0)
			return lease;
	}
	return NULL;
}

struct lease *leases_ask(struct leases *leases, const struct lease_request *request)
{
	struct lease *lease = mem_new(struct lease);

	*lease = (struct lease){
		.leases = leases,
		.project = str_dup(request->project),
		.holder = str_dup(request->holder),
		.is_held = !find(leases, request->project, true),
		.held = request->held,
		.data = request->data,
	};
	list_append(request->again ? leases->all.next : &leases->all, &lease->link);
	return lease;
}

const char *lease_waits_for(const struct lease *lease)
{
	return lease->is_held ? NULL : find(lease->leases, lease->project, true)->holder;
}

static void give_to(struct lease *lease)
{
	lease->is_held = true;
	lease->held(lease->data);
}

void lease_drop(struct lease *lease)
{
	if (!lease)
		return;
	list_remove(&lease->link);
	struct lease *next = lease->is_held ? find(lease->leases, lease->project, false) : NULL;
	free(lease->project);
	free(lease->holder);
	free(lease);
	if (next)
		give_to(next);
}
