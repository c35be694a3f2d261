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

static bool is_runtime(const struct load_context *context, size_t folder)
{
	return context->paths->own > 1 && folder == 1;
}

/* Folders of ours, as bits, that have a link to the unit; those for systemd alone do not count. */
static uint64_t own_folders(const struct load_context *context)
{
	return listing_bit(context->paths->own) - 1;
}

/* An alias that [Install] asks for and that is there enables, too. */
static uint64_t alias_links(const struct unit_listing *listing, const struct unit_draft *draft)
{
	const struct strings *present = unit_listing_aliases(listing, draft->config.name);
	uint64_t folders = 0;

	for (size_t i = 0; present && i < draft->install.alias.count; i++) {
		const char *alias = draft->install.alias.items[i];
		const struct listing_entry *entry = unit_listing_find(listing, alias);

		if (entry && strings_contain(present, alias))
			folders |= listing_bit(entry->folder);
	}
	return folders;
}

/* A bare template is enabled as its default instance. */
static uint64_t links_to(const struct unit_listing *listing, const struct unit_draft *draft)
{
	const char *name = draft->config.name, *instance = draft->install.default_instance;
	uint64_t folders = unit_listing_links(listing, name) | alias_links(listing, draft);

	if (instance && unit_name_is_template(name)) {
		scoped_free char *full = unit_name_with_instance(name, instance);

		folders |= unit_listing_links(listing, full);
	}
	return folders;
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
	uint64_t own = own_folders(context), links = links_to(listing, draft) & own;
	uint64_t runtime_bit = context->paths->own > 1 ? listing_bit(1) : 0;
	bool runtime = is_runtime(context, source->folder);

	if (links & ~runtime_bit)
		return FILE_ENABLED;
	if (links)
		return FILE_ENABLED_RUNTIME;
	if (source->link || runtime)
		return runtime ? FILE_LINKED_RUNTIME : FILE_LINKED;
	if (source->is_container)
		return FILE_GENERATED;
	if (unit_listing_instance_links(listing, source->name) & own)
		return FILE_INDIRECT;
	return state_of_section(&draft->install);
}

static enum unit_file_state state_of(const struct load_context *context,
				     const struct unit_listing *listing,
				     const struct unit_source *source,
				     const struct unit_draft *draft)
{
	if (load_is_builtin(context, source->name))
		return draft->config.type == UNIT_SERVICE ? FILE_ENABLED : FILE_STATIC;
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
