/* The man pages, from the tables: `man FOLDER [SOURCES]` writes one for every command.  What tables do
 * not know (files, environment, examples) stands in SOURCES as NAME.roff and goes behind the rest. */
#include "format/manual.h"
#include "cmd/cli/cli.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

struct manual {
	const struct cli *cli;
	const char *folder, *sources;
	const char *version;
};

static void add_options(const struct command *command, struct buffer *out)
{
	size_t count;
	const struct option **sorted = options_sorted(command->options, &count);

	manual_add_options(sorted, count, out);
	free(sorted);
}

static void add_entries(const struct command *group, const char *page, struct buffer *out)
{
	if (group->entries)
		buffer_add_text(out, ".SH COMMANDS\n");
	for (size_t i = 0; i < group->entry_count; i++) {
		const struct command_entry *entry = &group->entries[i];

		if (entry->section == SECTION_HIDDEN)
			continue;
		buffer_add_text(out, ".TP\n.BR ");
		manual_add_text(page, out);
		buffer_add_text(out, "\\-");
		manual_add_text(entry->name, out);
		buffer_add_text(out, " (1)\n");
		manual_add_text(entry->command->summary, out);
		buffer_add_text(out, ".\n");
	}
}

static void add_names(const struct cli *cli, const struct command *command, struct buffer *out)
{
	scoped_strings struct strings names = help_names(cli, command);

	if (names.count < 2 || command->entries)
		return;
	buffer_add_text(out, ".SH ALIASES\n");
	for (size_t i = 0; i < names.count; i++) {
		buffer_add_text(out, ".br\n");
		manual_add_text(names.items[i], out);
		buffer_add_char(out, '\n');
	}
}

static void add_head(const struct manual *manual, const char *page, const char *path,
		     const struct command *command, struct buffer *out)
{
	const struct manual_head head = {
		.page = page,
		.section = 1,
		.version = manual->version,
		.summary = command->summary,
		.command = path,
		.usage = command->usage,
		.details = command->details,
	};

	manual_add_head(&head, out);
}

static void add_source(const struct manual *manual, const char *page, struct buffer *out)
{
	scoped_free char *path = str_format("%s/%s.roff", manual->sources, page);
	FILE *file = *manual->sources ? fopen(path, "re") : NULL;
	size_t got;

	if (!file)
		return;
	while ((got = fread(buffer_reserve(out, 4096), 1, 4096, file)) > 0)
		buffer_wrote(out, got);
	fclose(file);
}

static bool write_page(const struct manual *manual, const char *page, const struct buffer *text,
		       struct error *err)
{
	scoped_free char *path = str_format("%s/%s.1", manual->folder, page);
	FILE *file = fopen(path, "we");

	if (!file)
		return error_errno(err, "cannot write '%s'", path);
	size_t wrote = fwrite(text->data, 1, text->size, file);
	if (fclose(file) != 0 || wrote != text->size)
		return error_errno(err, "cannot write '%s'", path);
	return true;
}

static bool write_command(const struct manual *manual, const char *page, const char *path,
			  const struct command *command, struct error *err);

static bool write_entries(const struct manual *manual, const char *page, const char *path,
			  const struct command *group, struct error *err)
{
	for (size_t i = 0; i < group->entry_count; i++) {
		const struct command_entry *entry = &group->entries[i];
		scoped_free char *entry_page = str_format("%s-%s", page, entry->name);
		scoped_free char *entry_path = str_format("%s %s", path, entry->name);

		if (entry->section != SECTION_HIDDEN &&
		    !write_command(manual, entry_page, entry_path, entry->command, err))
			return false;
	}
	return true;
}

static bool write_command(const struct manual *manual, const char *page, const char *path,
			  const struct command *command, struct error *err)
{
	scoped_buffer struct buffer text = {0};

	add_head(manual, page, path, command, &text);
	add_entries(command, page, &text);
	add_options(command, &text);
	add_names(manual->cli, command, &text);
	add_source(manual, page, &text);
	if (command != manual->cli->top)
		buffer_add_text(&text, ".SH SEE ALSO\n.BR wherry (1)\n");
	return write_page(manual, page, &text, err) &&
	       write_entries(manual, page, path, command, err);
}

static int run(struct cli *cli, void *fields, const struct strings *arguments)
{
	struct manual manual = {
		.cli = cli,
		.folder = arguments->items[0],
		.sources = arguments->count > 1 ? arguments->items[1] : "",
		.version = cli->version,
	};
	struct error err;

	if (mkdir(manual.folder, 0755) < 0 && errno != EEXIST) {
		error_errno(&err, "cannot make '%s'", manual.folder);
		return cli_fail(cli, &err);
	}
	if (!write_command(&manual, "wherry", "wherry", cli->top, &err))
		return cli_fail(cli, &err);
	return 0;
}

const struct command manual_write = {
	.summary = "Write the man pages",
	.usage = "FOLDER [SOURCES]",
	.least = 1,
	.most = 2,
	.run = run,
};
