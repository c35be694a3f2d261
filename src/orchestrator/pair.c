/* What an interrupted plan has left of a service.
 *
 * A new container is made as `<first 12 of the old one's id>_<name>` and renamed when the old one
 * is gone; version 1 of docker-compose renames the old one to `<first 12 of its own id>_<name>`
 * instead.  So of containers with the same number one may be the successor of the other.  Labels
 * stay when all is over: a successor without a predecessor is an ordinary container. */
#include "orchestrator/draft.h"

#include "format/digest.h"

enum { SHORT_ID = 12 };

bool name_is_temporary(const char *name)
{
	return name && strlen(name) > SHORT_ID + 1 && name[SHORT_ID] == '_' &&
	       hex_is_lower(name, SHORT_ID);
}

static bool has_short_id(const struct seen_container *container, const char *name)
{
	return name_is_temporary(name) && strncmp(name, container->id, SHORT_ID) == 0;
}

static bool is_named_by_label(const struct seen_container *container, const char *label)
{
	if (!label)
		return false;
	return str_equal(label, container->name) ||
	       (strlen(label) >= SHORT_ID && str_starts_with(container->id, label));
}

/* Was `a` made to take the place of `b`? */
static bool succeeds(const struct seen_container *a, const struct seen_container *b)
{
	if (a == b || a->number != b->number)
		return false;
	if (has_short_id(b, a->name))
		return true;
	if (has_short_id(b, b->name)) /* renamed by version 1 */
		return str_equal(a->name, b->name + SHORT_ID + 1);
	return is_named_by_label(b, a->replaces) && !has_short_id(a, b->name);
}

static int by_number(const void *a, const void *b)
{
	const struct seen_container *one = *(const struct seen_container *const *)a;
	const struct seen_container *two = *(const struct seen_container *const *)b;

	if (one->number != two->number)
		return one->number < two->number ? -1 : 1;
	if (one->created != two->created)
		return one->created < two->created ? -1 : 1;
	return strcmp(one->id, two->id);
}

static void discard(struct draft_service *service, const struct seen_container *container,
		    const char *reason)
{
	vector_add(&service->discarded, ((struct discard){container, reason, false}));
}

static bool is_successor(const struct seen_container *const *group, size_t count, size_t at)
{
	for (size_t i = 0; i < count; i++)
		if (succeeds(group[at], group[i]))
			return true;
	return false;
}

/* The better of two that have the same part: one that runs, else the newer. */
static const struct seen_container *better(struct draft_service *service,
					   const struct seen_container *a,
					   const struct seen_container *b)
{
	if (!a)
		return b;
	bool keep = container_is_active(a) && !container_is_active(b);
	discard(service, keep ? b : a, "there are two of this number");
	return keep ? a : b;
}

static void pair_group(struct draft_service *service, const struct seen_container *const *group,
		       size_t count)
{
	struct replica replica = {.number = group[0]->number};

	for (size_t i = 0; i < count; i++)
		if (is_successor(group, count, i))
			replica.next = better(service, replica.next, group[i]);
		else
			replica.old = better(service, replica.old, group[i]);
	if (!replica.old) /* nonsense: each is to replace another */
		replica.old = take(replica.next);
	vector_add(&service->replicas, replica);
}

void draft_pair(struct draft_service *service)
{
	const struct seen_container **sorted =
		mem_zeroed(service->containers.count, sizeof(*sorted));
	size_t count = 0;

	for (size_t i = 0; i < service->containers.count; i++)
		if (!service->containers.items[i]->one_off)
			sorted[count++] = service->containers.items[i];
	if (count)
		qsort(sorted, count, sizeof(*sorted), by_number);
	for (size_t first = 0, end; first < count; first = end) {
		for (end = first + 1; end < count && sorted[end]->number == sorted[first]->number;)
			end++;
		pair_group(service, sorted + first, end - first);
	}
	free(sorted);
}
