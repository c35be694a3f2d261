/* Whether a unit is enabled: what is-enabled and status say. */
#include "format/unit_name.h"
#include "unit/finish.h"
#include "unit/install.h"

const char *unit_file_state_name(enum unit_file_state state)
{
	static const char *const names[FILE_STATES] = {
		[FILE_ENABLED] = "enabled",
		[FILE_ENABLED_RUNTIME] = "enabled-runtime",
		[FILE_LINKED] = "linked",
		[FILE_LINKED_RUNTIME] = "linked-runtime",
		[FILE_ALIAS] = "alias",
		[FILE_MASKED] = "masked",
		[FILE_MASKED_RUNTIME] = "masked-runtime",
		[FILE_STATIC] = "static",
		[FILE_DISABLED] = "disabled",
		[FILE_INDIRECT] = "indirect",
		[FILE_GENERATED] = "generated",
		[FILE_TRANSIENT] = "transient",
		[FILE_BAD] = "bad",
		[FILE_NOT_FOUND] = "not-found",
	};

	return names[state];
}

/* Links to the unit in our folders; those for systemd alone do not count. */
struct enabling {
	const struct unit_listing *listing;
	const char *name;
	const char *default_name; /* a template's default instance */
	bool for_good, for_now, by_instance;
};

static void count_link(struct enabling *e, const char *link, size_t folder)
{
	scoped_free char *template = unit_name_template(link);

	if (str_equal(link, e->name) || str_equal(link, e->default_name)) {
		e->for_now |= folder == 1;
		e->for_good |= folder != 1;
	} else if (unit_name_is_template(e->name) && str_equal(template, e->name)) {
		e->by_instance = true;
	}
}

static bool count_entry(void *data, const char *key, const struct listing_entry *entry,
			struct error *err)
{
	struct enabling *e = data;
	bool is_arrow = str_ends_with(key, ".wants") || str_ends_with(key, ".requires");

	for (size_t i = 0; is_arrow && i < entry->member_count; i++)
		if (unit_listing_is_own(e->listing, entry->folder))
			count_link(e, entry->members[i].name, entry->folder);
	return true;
}

static bool is_runtime(const struct load_context *context, size_t folder)
{
	return context->paths->own > 1 && folder == 1;
}

/* An alias that [Install] asks for and that is there enables, too. */
static void count_aliases(struct enabling *e, const struct unit_draft *draft)
{
	const struct strings *present = unit_listing_aliases(e->listing, draft->config.name);

	for (size_t i = 0; present && i < draft->install.alias.count; i++) {
		const char *alias = draft->install.alias.items[i];
		const struct listing_entry *entry = unit_listing_find(e->listing, alias);

		if (entry && unit_listing_is_own(e->listing, entry->folder) &&
		    strings_contain(present, alias)) {
			e->for_now |= entry->folder == 1;
			e->for_good |= entry->folder != 1;
		}
	}
}

static enum unit_file_state state_of_section(const struct install_section *section)
{
	if (section->wanted_by.count || section->required_by.count || section->alias.count)
		return FILE_DISABLED;
	return section->also.count ? FILE_INDIRECT : FILE_STATIC;
}

static enum unit_file_state state_of_file(const struct load_context *context,
					  const struct unit_listing *listing,
					  const struct unit_source *source,
					  const struct unit_draft *draft)
{
	const char *instance = draft->install.default_instance;
	scoped_free char *default_name = instance && unit_name_is_template(source->name)
						 ? unit_name_with_instance(source->name, instance)
						 : NULL;
	struct enabling e = {listing, source->name, default_name};
	struct error err;
	bool runtime = is_runtime(context, source->folder);

	unit_listing_each(listing, count_entry, &e, &err);
	count_aliases(&e, draft);
	if (e.for_good)
		return FILE_ENABLED;
	if (e.for_now)
		return context->paths->own > 1 ? FILE_ENABLED_RUNTIME : FILE_ENABLED;
	if (source->link || runtime)
		return runtime ? FILE_LINKED_RUNTIME : FILE_LINKED;
	if (source->is_container)
		return FILE_GENERATED;
	return e.by_instance ? FILE_INDIRECT : state_of_section(&draft->install);
}

static enum unit_file_state state_of(const struct load_context *context,
				     const struct unit_listing *listing,
				     const struct unit_source *source,
				     const struct unit_draft *draft)
{
	switch ((enum load_state)draft->config.load) {
	case LOAD_MASKED:
		return is_runtime(context, source->folder) ? FILE_MASKED_RUNTIME : FILE_MASKED;
	case LOAD_NOT_FOUND:
		return FILE_NOT_FOUND;
	case LOAD_ERROR:
		return FILE_BAD;
	case LOAD_STUB:
	case LOAD_LOADED:
	case LOAD_BAD_SETTING:
	case LOAD_STATES:
		break;
	}
	if (!source->path) /* a slice */
		return FILE_STATIC;
	return source->is_alias ? FILE_ALIAS : state_of_file(context, listing, source, draft);
}

enum unit_file_state unit_file_state(const struct load_context *context, const char *name)
{
	scoped(unit_listing) struct unit_listing *own =
		context->listing ? NULL : unit_listing_read(context->paths);
	const struct unit_listing *listing = own ? own : context->listing;
	struct unit_source source;
	struct unit_draft draft;
	enum unit_file_state state;

	unit_source_find(listing, name, &source);
	unit_draft_load(&draft, context, listing, &source);
	state = state_of(context, listing, &source, &draft);
	unit_draft_fini(&draft);
	unit_source_fini(&source);
	return state;
}
