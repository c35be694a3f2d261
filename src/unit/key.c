#include "unit/key.h"

#include <pthread.h>

static const struct unit_key_table *const tables[] = {
	&unit_keys_of_unit,	   &unit_keys_of_service, &unit_keys_of_kill,
	&unit_keys_of_context,	   &unit_keys_of_sandbox, &unit_keys_of_limits,
	&unit_keys_of_triggers,	   &unit_keys_of_mount,	  &unit_keys_of_container,
	&unit_keys_without_effect,
};

static const struct {
	const char *name;
	uint16_t section;
} sections[] = {
	{"Unit", IN_UNIT},     {"Install", IN_INSTALL},	    {"Service", IN_SERVICE},
	{"Socket", IN_SOCKET}, {"Timer", IN_TIMER},	    {"Path", IN_PATH},
	{"Mount", IN_MOUNT},   {"Slice", IN_SLICE},	    {"Scope", IN_SCOPE},
	{"Swap", IN_SWAP},     {"Automount", IN_AUTOMOUNT}, {"Container", IN_CONTAINER},
};

static const uint16_t sections_of_type[UNIT_TYPES] = {
	[UNIT_SERVICE] = IN_SERVICE | IN_CONTAINER,
	[UNIT_SOCKET] = IN_SOCKET,
	[UNIT_TIMER] = IN_TIMER,
	[UNIT_PATH] = IN_PATH,
	[UNIT_MOUNT] = IN_MOUNT,
	[UNIT_SLICE] = IN_SLICE,
	[UNIT_SCOPE] = IN_SCOPE,
	[UNIT_AUTOMOUNT] = IN_AUTOMOUNT,
	[UNIT_SWAP] = IN_SWAP,
};

/* ---- finding ---- */

static const struct unit_key *
	*sorted; /* all keys by name; one name may have several, in several sections */
static size_t sorted_count;

static int compare_keys(const void *a, const void *b)
{
	const struct unit_key *const *first = a, *const *second = b;

	return strcmp((*first)->name, (*second)->name);
}

static void sort_keys(void)
{
	for (size_t i = 0; i < array_length(tables); i++)
		sorted_count += tables[i]->count;
	sorted = mem_zeroed(sorted_count, sizeof(*sorted));
	size_t at = 0;
	for (size_t i = 0; i < array_length(tables); i++)
		for (size_t k = 0; k < tables[i]->count; k++)
			sorted[at++] = &tables[i]->keys[k];
	qsort(sorted, sorted_count, sizeof(*sorted), compare_keys);
}

/* The first key that is not before `name`. */
static size_t lower_bound(const char *name)
{
	size_t low = 0, high = sorted_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(sorted[middle]->name, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static const struct unit_key *find_key(uint16_t section, const char *name)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, sort_keys);
	for (size_t i = lower_bound(name); i < sorted_count; i++) {
		if (!str_equal(sorted[i]->name, name))
			break;
		if (sorted[i]->sections & section)
			return sorted[i];
	}
	return NULL;
}

static uint16_t find_section(enum unit_type type, const char *name)
{
	uint16_t known = IN_UNIT | IN_INSTALL | sections_of_type[type];

	for (size_t i = 0; i < array_length(sections); i++)
		if (str_equal(sections[i].name, name))
			return sections[i].section & known;
	return 0;
}

/* ---- applying ---- */

static bool is_foreign(const char *name)
{
	return str_starts_with(name, "X-");
}

static void keep_foreign(struct unit_draft *draft, const struct unit_line *line)
{
	strings_format(&draft->config.foreign, "%s\n%s=%s", line->section, line->key, line->value);
}

static void apply_line(struct unit_draft *draft, uint16_t section, const struct unit_line *line)
{
	const struct unit_key *key = find_key(section, line->key);

	if (key)
		key->parse(draft, key, line->value);
	else
		unit_draft_warn(draft, "unknown key '%s' in section [%s], ignored", line->key,
				line->section);
}

static uint16_t enter_section(struct unit_draft *draft, const struct unit_section *header)
{
	uint16_t section =
		is_foreign(header->name) ? 0 : find_section(draft->config.type, header->name);

	draft->line = header->line;
	if (!section && !is_foreign(header->name))
		unit_draft_warn(draft, "unknown section [%s] in a %s, ignored", header->name,
				unit_type_name(draft->config.type));
	draft->container.given |= section == IN_CONTAINER;
	return section;
}

static void take_line(struct unit_draft *draft, uint16_t section, const struct unit_line *line)
{
	draft->line = line->line;
	if (is_foreign(line->section) || (section && is_foreign(line->key)))
		keep_foreign(draft, line);
	else if (section)
		apply_line(draft, section, line);
}

void unit_keys_apply(struct unit_draft *draft, const struct unit_text *text)
{
	size_t at = 0;

	for (size_t i = 0; i < text->sections.count; i++) {
		bool is_last = i + 1 == text->sections.count;
		uint32_t end = is_last ? UINT32_MAX : text->sections.items[i + 1].line;
		uint16_t section = enter_section(draft, &text->sections.items[i]);

		for (; at < text->count && text->lines[at].line < end; at++)
			take_line(draft, section, &text->lines[at]);
	}
}
