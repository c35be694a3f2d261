#include "engine/prune_filter.h"

static bool has_label(const struct pairs *labels, const char *label)
{
	const char *equals = strchr(label, '=');
	scoped_free char *name = NULL;

	if (!equals)
		return pairs_have(labels, label);
	name = str_dup_n(label, (size_t)(equals - label));
	return str_equal(pairs_get(labels, name), equals + 1);
}

static bool has_all(const struct pairs *labels, const struct strings *wanted)
{
	for (size_t i = 0; i < wanted->count; i++)
		if (!has_label(labels, wanted->items[i]))
			return false;
	return true;
}

bool container_filter_matches(const struct container_filter *filter, const struct pairs *labels,
			      int64_t created_ns)
{
	if (filter->until_ns && created_ns >= filter->until_ns)
		return false;
	if (filter->labels_not.count > 0 && has_all(labels, &filter->labels_not))
		return false;
	return has_all(labels, &filter->labels);
}
