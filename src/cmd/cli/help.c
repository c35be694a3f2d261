/* Help as Docker's users know it: usage, what it does, other names, options in two columns. */
#include "cmd/cli/cli.h"
#include "cmd/cli/table.h"

/* ---- wrapping ---- */

static size_t next_break(const char *text)
{
	return strcspn(text, " \n");
}

void help_wrap(const char *text, size_t indent, size_t width, struct buffer *out)
{
	size_t column = indent;

	while (*text) {
		size_t length = next_break(text), columns = text_width(text, length);

		if (column > indent && column + 1 + columns > width) {
			buffer_format(out, "\n%*s", (int)indent, "");
			column = indent;
		}
		if (column > indent) {
			buffer_add_char(out, ' ');
			column++;
		}
		buffer_add(out, text, length);
		column += columns;
		text += length;
		if (*text == '\n') {
			buffer_format(out, "\n%*s", (int)indent, "");
			column = indent;
		}
		text += *text != '\0';
	}
}

/* ---- options ---- */

/* "-e, --env list" */
static char *option_label(const struct option *option)
{
	const char *value = option->kind->value_name, *blank = *value ? " " : "";

	if (!option->shorthand)
		return str_format("    --%s%s%s", option->name, blank, value);
	return str_format("-%c, --%s%s%s", option->shorthand, option->name, blank, value);
}

static char *option_text(const struct option *option)
{
	bool quoted = option->kind == &option_string;

	if (str_is_empty(option->initial))
		return str_dup(option->help);
	return str_format(quoted ? "%s (default \"%s\")" : "%s (default %s)", option->help,
			  option->initial);
}

static void write_options(const struct command *command, const char *title, size_t width,
			  struct buffer *out)
{
	size_t count, widest = 0;
	const struct option **sorted = options_sorted(command->options, &count);

	for (size_t i = 0; i < count; i++) {
		scoped_free char *label = option_label(sorted[i]);

		if (!sorted[i]->hidden && strlen(label) > widest)
			widest = strlen(label);
	}
	if (widest)
		buffer_format(out, "\n%s:\n", title);
	for (size_t i = 0; i < count; i++) {
		scoped_free char *label = option_label(sorted[i]), *text = option_text(sorted[i]);

		if (sorted[i]->hidden)
			continue;
		buffer_format(out, "  %-*s   ", (int)widest, label);
		help_wrap(text, widest + 5, width, out);
		buffer_add_char(out, '\n');
	}
	free(sorted);
}

/* ---- commands ---- */

/* The column of the summaries, which is the same in all groups whose names are short. */
static int summary_column(const struct command *group)
{
	size_t widest = 11;

	for (size_t i = 0; i < group->entry_count; i++)
		if (group->entries[i].section != SECTION_HIDDEN &&
		    strlen(group->entries[i].name) > widest)
			widest = strlen(group->entries[i].name);
	return (int)widest + 1;
}

static void write_section(const struct command *group, enum section section, const char *title,
			  struct buffer *out)
{
	int column = summary_column(group);
	bool any = false;

	for (size_t i = 0; i < group->entry_count; i++) {
		const struct command_entry *entry = &group->entries[i];

		if (entry->section != section)
			continue;
		if (!any)
			buffer_format(out, "\n%s:\n", title);
		buffer_format(out, "  %-*s%s\n", column, entry->name, entry->command->summary);
		any = true;
	}
}

static void write_entries(const struct command *group, struct buffer *out)
{
	static const char *const titles[] = {
		[SECTION_COMMON] = "Common Commands",
		[SECTION_MANAGEMENT] = "Management Commands",
		[SECTION_SWARM] = "Swarm Commands",
		[SECTION_OTHER] = "Commands",
	};

	for (size_t i = 0; i < array_length(titles); i++)
		write_section(group, i, titles[i], out);
}

/* ---- other names ---- */

static void add_names(const char *prefix, const struct command *group,
		      const struct command *command, struct strings *names)
{
	for (size_t i = 0; i < group->entry_count; i++) {
		const struct command_entry *entry = &group->entries[i];
		scoped_free char *path = str_format("%s %s", prefix, entry->name);

		if (entry->command->entries)
			add_names(path, entry->command, command, names);
		if (entry->command != command || entry->section == SECTION_HIDDEN)
			continue;
		strings_add(names, path);
		scoped_strings struct strings aliases =
			strings_split(entry->aliases ? entry->aliases : "", ' ');
		for (size_t j = 0; entry->aliases && j < aliases.count; j++)
			strings_format(names, "%s %s", prefix, aliases.items[j]);
	}
}

struct strings help_names(const struct cli *cli, const struct command *command)
{
	struct strings names = {0};

	add_names(cli->program, cli->top, command, &names);
	return names;
}

static void write_names(const struct cli *cli, const struct command *command, struct buffer *out)
{
	scoped_strings struct strings names = help_names(cli, command);
	scoped_free char *list = strings_join(&names, ", ");

	if (names.count > 1 && !command->entries)
		buffer_format(out, "\nAliases:\n  %s\n", list);
}

void help_write(const struct cli *cli, const struct command *command, size_t width,
		struct buffer *out)
{
	bool top = command == cli->top;
	const char *path = cli->path;

	buffer_format(out, "Usage:  %s%s%s\n\n", path, *command->usage ? " " : "", command->usage);
	help_wrap(command->details ? command->details : command->summary, 0, width, out);
	buffer_add_char(out, '\n');
	write_names(cli, command, out);
	if (!top)
		write_options(command, "Options", width, out);
	write_entries(command, out);
	if (top)
		write_options(command, "Global Options", width, out);
	if (command->entries)
		buffer_format(out, "\nRun '%s COMMAND --help' for more information on a command.\n",
			      path);
}
