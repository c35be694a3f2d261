/* journal, alias journalctl: what units have said. */
#include "base/time.h"
#include "cmd/cli/api.h"
#include "cmd/cli/moment.h"
#include "cmd/cli/unit.h"
#include "format/json.h"
#include "format/time_span.h"
#include "format/units.h"
#include "os/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct journal {
	struct strings units, identifiers, output_fields;
	bool follow, reverse, utc, no_hostname, quiet, list_boots, disk_usage, no_tail, show_cursor,
		names, sync, rotate;
	char *lines, *since, *until, *priority, *boot, *grep, *output, *cursor, *after_cursor,
		*cursor_file, *values_of, *vacuum_size, *vacuum_time, *vacuum_files,
		*case_sensitive;
	bool ignored; /* of options that ask for what is so anyway */
	char *never;  /* of options that are refused; so is the next */
	bool never_alone;
};

#define NO_EFFECT(letter, name, words)                                                             \
	{                                                                                          \
		letter, name, &option_switch, AT(ignored), .help = "No effect: " words,            \
							   .hidden = true                          \
	}
#define REFUSED(letter, name, member, reason)                                                      \
	{                                                                                          \
		letter, name, &option_string, AT(member), .help = "Not supported",                 \
							  .refused = reason, .hidden = true        \
	}
#define REFUSED_SWITCH(letter, name, reason)                                                       \
	{                                                                                          \
		letter, name, &option_switch, AT(never_alone), .help = "Not supported",            \
							       .refused = reason, .hidden = true   \
	}
#define BY_THE_DAEMON "the daemon reads its own journal, and no other"
#define NO_CATALOG    "there is no catalog of messages"

#define AT(member) offsetof(struct journal, member)
static const struct option options[] = {
	{'u', "unit", &option_list, AT(units),
	 .help = "Entries of these units and about them (globs)"},
	{'t', "identifier", &option_list, AT(identifiers),
	 .help = "Entries with these identifiers"},
	{'f', "follow", &option_switch, AT(follow), .help = "Go on with what comes"},
	{'n', "lines", &option_string, AT(lines),
	 .help = "Only the last so many (default 10 with --follow); +N: the first; all"},
	{0, "no-tail", &option_switch, AT(no_tail),
	 .help = "All that is there, also with --follow"},
	{'r', "reverse", &option_switch, AT(reverse), .help = "The newest first"},
	{'S', "since", &option_string, AT(since),
	 .help = "Not older than this: 2026-11-21 07:47, today, yesterday, -1h, 2 min ago, "
		 "@SECONDS"},
	{'U', "until", &option_string, AT(until), .help = "Not newer than this"},
	{'p', "priority", &option_string, AT(priority),
	 .help = "So grave or graver: err, warning, 3; or a range: 3..4"},
	{'b', "boot", &option_string, AT(boot),
	 .help = "Of one boot: 0 this one, -1 the one before, or its id; all"},
	{'g', "grep", &option_string, AT(grep),
	 .help = "Whose text fits this extended regular expression"},
	{0, "case-sensitive", &option_string, AT(case_sensitive),
	 .help = "Whether upper and lower case differ for --grep (default: if it has upper case)"},
	{'o', "output", &option_string, AT(output),
	 .help = "short, short-precise, short-iso, short-iso-precise, short-full, short-unix, "
		 "short-monotonic, short-delta, with-unit, verbose, export, json, json-pretty, "
		 "json-sse, json-seq, cat"},
	{0, "output-fields", &option_words, AT(output_fields),
	 .help = "Only these fields, in outputs that show fields"},
	{0, "utc", &option_switch, AT(utc), .help = "Times in UTC"},
	{0, "no-hostname", &option_switch, AT(no_hostname), .help = "Without the host's name"},
	{'q', "quiet", &option_switch, AT(quiet), .help = "No words of its own"},
	{'c', "cursor", &option_string, AT(cursor), .help = "From this entry on"},
	{0, "after-cursor", &option_string, AT(after_cursor), .help = "Only behind this entry"},
	{0, "show-cursor", &option_switch, AT(show_cursor),
	 .help = "Say the last entry's cursor at the end"},
	{0, "cursor-file", &option_string, AT(cursor_file),
	 .help = "Go on behind the cursor that is in this file, and write the last one there"},
	{'F', "field", &option_string, AT(values_of),
	 .help = "The values of this field, once each"},
	{'N', "fields", &option_switch, AT(names), .help = "The names of all fields"},
	{0, "list-boots", &option_switch, AT(list_boots), .help = "List the boots that it knows"},
	{0, "disk-usage", &option_switch, AT(disk_usage), .help = "Say how large it is"},
	{0, "vacuum-size", &option_string, AT(vacuum_size),
	 .help = "Remove oldest files down to this size"},
	{0, "vacuum-time", &option_string, AT(vacuum_time),
	 .help = "Remove files older than this span"},
	{0, "vacuum-files", &option_string, AT(vacuum_files),
	 .help = "Remove oldest files down to this number"},
	{0, "sync", &option_switch, AT(sync), .help = "Have all that was written on the disk"},
	NO_EFFECT('a', "all", "nothing is cut"),
	NO_EFFECT('l', "full", "nothing is cut"),
	NO_EFFECT(0, "no-full", "nothing is cut"),
	NO_EFFECT('e', "pager-end", "there is no pager"),
	NO_EFFECT(0, "no-pager", "there is no pager"),
	NO_EFFECT('x', "catalog", NO_CATALOG),
	NO_EFFECT('m', "merge", "there is one journal"),
	NO_EFFECT(0, "system", "there are no others"),
	NO_EFFECT(0, "flush", "it is written where it stays"),
	NO_EFFECT(0, "relinquish-var", "it is written where it stays"),
	NO_EFFECT(0, "smart-relinquish-var", "it is written where it stays"),
	REFUSED_SWITCH('k', "dmesg", "the journal has no messages of the kernel: see dmesg"),
	{0, "rotate", &option_switch, AT(rotate),
	 .help = "Complete the present files: what comes begins others"},
	REFUSED_SWITCH(0, "verify", "readers check each entry, and leave out what is damaged"),
	REFUSED_SWITCH(0, "header", "see the folder's files"),
	REFUSED_SWITCH(0, "user",
		       "units belong to the host; there is no supervisor of a user's own"),
	REFUSED(0, "user-unit", never,
		"units belong to the host; there is no supervisor of a user's own"),
	REFUSED(0, "facility", never, "entries have no facility"),
	REFUSED('M', "machine", never, BY_THE_DAEMON),
	REFUSED('D', "directory", never, BY_THE_DAEMON),
	REFUSED('i', "file", never, BY_THE_DAEMON),
	REFUSED(0, "root", never, BY_THE_DAEMON),
	REFUSED(0, "image", never, BY_THE_DAEMON),
	REFUSED(0, "namespace", never, BY_THE_DAEMON),
	REFUSED_SWITCH(0, "list-catalog", NO_CATALOG),
	REFUSED_SWITCH(0, "dump-catalog", NO_CATALOG),
	REFUSED_SWITCH(0, "update-catalog", NO_CATALOG),
	REFUSED_SWITCH(0, "setup-keys", "files are not sealed"),
	REFUSED(0, "interval", never, "files are not sealed"),
	REFUSED(0, "verify-key", never, "files are not sealed"),
};

static bool add_moment(struct target *target, const char *name, const char *text, struct error *err)
{
	int64_t us;

	if (!text)
		return true;
	if (!time_stamp_parse(text, time_now_ns() / NS_PER_US, &us))
		return error_set(err, ERROR_INVALID, "Failed to parse timestamp: %s", text);
	target_add_number(target, name, us);
	return true;
}

static void add_if(struct target *target, const char *name, const char *value)
{
	if (value)
		target_add(target, name, value);
}

static void add_each(struct target *target, const char *name, const struct strings *values)
{
	for (size_t i = 0; i < values->count; i++)
		target_add(target, name, values->items[i]);
}

/* FIELD=VALUE; a path is the name of a process, as the kernel cuts it; + stands between two groups. */
static bool add_match(struct target *target, const char *text, struct error *err)
{
	enum { COMM_LENGTH = 15 };
	scoped_free char *match = NULL;

	if (*text == '/')
		match = str_format("_COMM=%.*s", COMM_LENGTH, strrchr(text, '/') + 1);
	else if (strchr(text, '=') || str_equal(text, "+"))
		match = str_dup(text);
	else
		return error_set(err, ERROR_INVALID, "'%s' is no FIELD=VALUE", text);
	target_add(target, "match", match);
	return true;
}

static bool add_matches(struct target *target, const struct strings *arguments, struct error *err)
{
	for (size_t i = 0; i < arguments->count; i++)
		if (!add_match(target, arguments->items[i], err))
			return false;
	return true;
}

static void add_places(struct target *target, const struct journal *j)
{
	add_if(target, "boot", str_equal(j->boot, "all") ? NULL : j->boot);
	add_if(target, "from_cursor", j->cursor);
	add_if(target, "cursor", j->after_cursor);
	if (j->lines)
		target_add(target, "lines", j->lines);
	else if (j->follow && !j->no_tail)
		target_add_number(target, "lines", 10);
	target_add_flag(target, "follow", j->follow);
	target_add_flag(target, "reverse", j->reverse);
}

static void add_looks(struct target *target, const struct journal *j)
{
	scoped_free char *fields = strings_join(&j->output_fields, ",");

	add_if(target, "output", j->output);
	if (*fields)
		target_add(target, "output_fields", fields);
	add_if(target, "values", j->values_of);
	target_add_flag(target, "names", j->names);
	target_add_flag(target, "utc", j->utc);
	target_add_flag(target, "no_hostname", j->no_hostname);
	target_add_flag(target, "bare", j->quiet);
	target_add_flag(target, "show_cursor", j->show_cursor || j->cursor_file);
}

static bool add_query(struct target *target, const struct journal *j,
		      const struct strings *arguments, struct error *err)
{
	scoped_strings struct strings units = {0};

	if (!unit_patterns(&j->units, &units, err) || !add_moment(target, "since", j->since, err) ||
	    !add_moment(target, "until", j->until, err) || !add_matches(target, arguments, err))
		return false;
	add_each(target, "unit", &units);
	add_each(target, "identifier", &j->identifiers);
	add_if(target, "priority", j->priority);
	add_if(target, "case_sensitive", j->case_sensitive);
	add_if(target, "grep", j->grep);
	add_places(target, j);
	add_looks(target, j);
	return true;
}

/* ---- what comes ---- */

/* The text on its way to the terminal.  The last line is held back until more comes or it ends: it
 * may be the reader's reason to end, or the cursor that goes into a file. */
struct text {
	struct buffer held; /* owned */
	bool follows, gone; /* `follows`: nothing is held; `gone`: nobody reads any more */
};

static void text_fini(struct text *text)
{
	buffer_fini(&text->held);
}

static const char why[] = "Failed to read the journal: ", cursor_line[] = "-- cursor: ";

static void write_out(struct text *text, size_t size)
{
	text->gone =
		text->gone || fwrite(text->held.data, 1, size, stdout) != size || fflush(stdout);
	memmove(text->held.data, text->held.data + size, text->held.size - size);
	text->held.size -= size;
}

static size_t begin_of_last_line(const struct buffer *held)
{
	size_t begin = held->size ? held->size - 1 : 0;

	while (begin && held->data[begin - 1] != '\n')
		begin--;
	return begin;
}

static bool begins_with(const struct buffer *held, const char *words)
{
	return held->size >= strlen(words) && memcmp(held->data, words, strlen(words)) == 0;
}

static bool copy_all(struct http_client *client, struct text *text, struct error *err)
{
	char piece[65536];
	ssize_t got = 0;

	while (!text->gone && (got = http_client_read(client, piece, sizeof(piece), err)) > 0) {
		buffer_add(&text->held, piece, (size_t)got);
		write_out(text, text->follows ? text->held.size : begin_of_last_line(&text->held));
	}
	return text->gone || got == 0;
}

static bool save_cursor(const char *path, const struct buffer *held, struct error *err)
{
	const struct file_content content = {.data = held->data + strlen(cursor_line),
					     .size = held->size - strlen(cursor_line),
					     .mode = 0644};

	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	scoped_free char *folder = slash ? str_dup_n(path, (size_t)(name - path)) : str_dup(".");
	scoped_fd int in = folder_open(AT_FDCWD, folder, err);

	return (in >= 0 && file_replace(in, name, &content, err)) ||
	       error_prefix(err, "Failed to write cursor file %s", path);
}

/* The exit status.  A reader that fails after its header was sent says why in the text. */
static int copy_out(struct cli *cli, const struct journal *j, struct http_client *client)
{
	scoped_with(text_fini) struct text text = {.follows = j->follow};
	struct error err;
	bool whole = copy_all(client, &text, &err), said = begins_with(&text.held, why);
	bool has_cursor = whole && j->cursor_file && begins_with(&text.held, cursor_line);

	if (has_cursor && !save_cursor(j->cursor_file, &text.held, &err))
		return cli_fail(cli, &err);
	if (!has_cursor || j->show_cursor)
		write_out(&text, text.held.size);
	if (whole)
		return 0;
	return said ? 1 : cli_fail(cli, &err);
}

static int show_entries(struct cli *cli, const struct journal *j, const struct strings *arguments)
{
	scoped_with(http_answer_fini) struct http_answer answer = {0};
	scoped_target struct target target = target_format("/wherry/v1/journal");
	struct api_request request = {.method = "GET", .target = &target};
	struct error err;

	if (!add_query(&target, j, arguments, &err))
		return cli_fail(cli, &err);
	struct http_client *client = api_send(cli, &request, &answer, &err);
	return client ? copy_out(cli, j, client) : cli_fail(cli, &err);
}

/* The cursor that an earlier call has left; a file that is not there yet is none. */
static bool take_cursor_file(struct journal *j, struct error *err)
{
	enum { LIMIT = 4096 };
	scoped_buffer struct buffer content = {0};

	if (!j->cursor_file)
		return true;
	if (j->follow || j->cursor || j->after_cursor)
		return error_set(
			err, ERROR_INVALID,
			"--cursor-file goes with none of --follow, --cursor, --after-cursor");
	if (access(j->cursor_file, F_OK) < 0 && errno == ENOENT)
		return true;
	if (!file_read(AT_FDCWD, j->cursor_file, LIMIT, &content, err))
		return error_prefix(err, "Failed to read cursor file %s", j->cursor_file);
	if (content.size)
		j->after_cursor = str_dup_n(content.data, strcspn(content.data, "\n"));
	return true;
}

/* ---- about the journal itself ---- */

static int list_boots(struct cli *cli)
{
	scoped_target struct target target = target_format("/wherry/v1/journal/boots");
	scoped_buffer struct buffer out = {0};
	struct error err;
	size_t i;
	json_t *boot;

	scoped_json json_t *boots = api_get(cli, &target, &err);
	if (!boots)
		return cli_fail(cli, &err);
	buffer_add_text(
		&out,
		"IDX BOOT ID                          FIRST ENTRY                 LAST ENTRY\n");
	json_array_foreach (boots, i, boot) {
		scoped_free char *first = time_stamp_format(doc_number(boot, "First_us"));
		scoped_free char *last = time_stamp_format(doc_number(boot, "Last_us"));

		buffer_format(&out, "%3d %s %s %s\n", (int)i + 1 - (int)json_array_size(boots),
			      doc_text(boot, "Id"), first, last);
	}
	return cli_print(&out);
}

static int show_usage(struct cli *cli)
{
	scoped_target struct target target = target_format("/wherry/v1/journal/usage");
	struct error err;

	scoped_json json_t *usage = api_get(cli, &target, &err);
	if (!usage)
		return cli_fail(cli, &err);
	printf("Archived and active journals take up %.1fM in the file system.\n",
	       (double)doc_number(usage, "Bytes") / (1 << 20));
	return 0;
}

/* Each bound of a vacuum, as the API takes it. */
static bool read_size(const char *text, int64_t *value)
{
	struct error ignored;

	return size_from_text(text, value, &ignored);
}

static bool read_age(const char *text, int64_t *value)
{
	int64_t span;

	if (!time_span_parse(text, 1000000, &span))
		return false;
	*value = time_now_ns() / NS_PER_US - span;
	return true;
}

static const struct bound {
	const char *what, *member;
	size_t offset;
	bool (*read)(const char *text, int64_t *value);
} bounds[] = {
	{"size", "Bytes", AT(vacuum_size), read_size},
	{"time", "Before_us", AT(vacuum_time), read_age},
	{"files", "Files", AT(vacuum_files), parse_i64},
};

static const char *text_of(const struct journal *j, const struct bound *bound)
{
	return *(char *const *)((const char *)j + bound->offset);
}

static bool wants_vacuum(const struct journal *j)
{
	for (size_t i = 0; i < array_length(bounds); i++)
		if (text_of(j, &bounds[i]))
			return true;
	return false;
}

static json_t *vacuum_body(const struct journal *j, struct error *err)
{
	scoped_json json_t *body = json_object();
	int64_t value;

	for (size_t i = 0; i < array_length(bounds); i++) {
		const char *text = text_of(j, &bounds[i]);

		if (text && !bounds[i].read(text, &value)) {
			error_set(err, ERROR_INVALID, "Failed to parse vacuum %s: %s",
				  bounds[i].what, text);
			return NULL;
		}
		if (text)
			json_object_set_new(body, bounds[i].member, json_integer(value));
	}
	return take(body);
}

static int vacuum(struct cli *cli, const struct journal *j)
{
	scoped_target struct target target = target_format("/wherry/v1/journal/vacuum");
	struct error err;
	scoped_json json_t *body = vacuum_body(j, &err);
	struct api_request request = {.method = "POST", .target = &target, .body = body};
	json_t *answered = NULL;

	if (!body || !api_call(cli, &request, &answered, &err))
		return cli_fail(cli, &err);
	scoped_json json_t *answer = answered;
	printf("Vacuuming done, freed %.1fM of archived journals.\n",
	       (double)doc_number(answer, "Freed") / (1 << 20));
	return 0;
}

static bool rotate(struct cli *cli, struct error *err)
{
	scoped_target struct target target = target_format("/wherry/v1/journal/rotate");

	return api_post(cli, &target, NULL, err);
}

static int have_on_disk(struct cli *cli)
{
	scoped_target struct target target = target_format("/wherry/v1/journal/sync");
	struct error err;

	return api_post(cli, &target, NULL, &err) ? 0 : cli_fail(cli, &err);
}

static int run(struct cli *cli, void *fields, const struct strings *arguments)
{
	struct journal *j = fields;
	struct error err;

	if (j->list_boots)
		return list_boots(cli);
	if (j->disk_usage)
		return show_usage(cli);
	if (j->rotate && !rotate(cli, &err))
		return cli_fail(cli, &err);
	if (wants_vacuum(j))
		return vacuum(cli, j);
	if (j->rotate)
		return 0;
	if (j->sync)
		return have_on_disk(cli);
	if (!take_cursor_file(j, &err))
		return cli_fail(cli, &err);
	return show_entries(cli, j, arguments);
}

/* "-b -1" is one word. */
static bool is_boot(const char *word)
{
	size_t sign = strspn(word, "+-") <= 1 ? strspn(word, "+-") : 0;
	size_t digits = strspn(word + sign, "0123456789abcdef");

	if (str_equal(word, "all"))
		return true;
	return digits && !word[sign + digits] &&
	       (digits == 32 || strspn(word + sign, "0123456789") == digits);
}

static bool is_count(const char *word)
{
	const char *digits = word + (*word == '+');

	return strcmp(word, "all") == 0 || (*digits && !digits[strspn(digits, "0123456789")]);
}

/* Needs an equals sign. */
static bool is_nothing(const char *word)
{
	(void)word;
	return false;
}

/* Values that stand behind their option or are left out. */
static const struct {
	const char *shorthand, *name;
	bool (*fits)(const char *word);
	const char *without;
} loose[] = {
	{"-b", "--boot", is_boot, "0"},
	{"-n", "--lines", is_count, "10"},
	{NULL, "--case-sensitive", is_nothing, "true"},
};

static void join(struct strings *argv, size_t at, size_t option)
{
	const char *next = at + 1 < argv->count ? argv->items[at + 1] : "";
	bool alone = !loose[option].fits(next);
	const char *value = alone ? loose[option].without : next;
	char *word = str_format("%s=%s", loose[option].name, value);

	free(argv->items[at]);
	argv->items[at] = word;
	if (!alone)
		strings_remove(argv, at + 1);
}

static void join_values(struct strings *argv)
{
	for (size_t i = 0; i < argv->count; i++)
		for (size_t o = 0; o < array_length(loose); o++)
			if (str_equal(argv->items[i], loose[o].shorthand) ||
			    str_equal(argv->items[i], loose[o].name)) {
				join(argv, i, o);
				break;
			}
}

const struct command journal_show = {
	.summary = "Show what units have said",
	.usage = "[OPTIONS] [FIELD=VALUE...]",
	.most = -1,
	.size = sizeof(struct journal),
	.options = {OPTION_SET(options)},
	.prepare = join_values,
	.run = run,
};
