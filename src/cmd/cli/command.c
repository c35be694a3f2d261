#include "cmd/cli/command.h"

static bool is_among(const char *names, const char *name)
{
	scoped_strings struct strings list = strings_split(names, ' ');

	return strings_contain(&list, name);
}

const struct command_entry *command_find(const struct command *group, const char *name)
{
	for (size_t i = 0; i < group->entry_count; i++) {
		const struct command_entry *entry = &group->entries[i];

		if (strcmp(entry->name, name) == 0 ||
		    (entry->aliases && is_among(entry->aliases, name)))
			return entry;
	}
	return NULL;
}
