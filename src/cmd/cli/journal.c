/* journal, alias journalctl: what units have said. */
#include "base/time.h"
#include "cmd/cli/api.h"
#include "cmd/cli/moment.h"
#include "cmd/cli/unit.h"
#include "format/json.h"
#include "format/time_span.h"
#include "format/units.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct journal {
	struct strings units, identifiers;
	bool follow, reverse, utc, no_hostname, quiet, list_boots, disk_usage, no_tail, all, end;
	struct option_number lines;
	char *since, *until, *priority, *boot, *grep, *output, *cursor, *vacuum_size, *vacuum_time,
		*case_sensitive;
	bool dmesg, ignored;
};

#define AT(member) offsetof(struct journal, member)
static const struct option options[] = {
	{'u', "unit", &option_list, AT(units),
	 .help = "Entries of these units and about them (globs)"},
	{'t', "identifier", &option_list, AT(identifiers),
	 .help = "Entries with these identifiers"},
	{'f', "follow", &option_switch, AT(follow), .help = "Go on with what comes"},
	{'n', "lines", &option_number, AT(lines),
	 .help = "Only the last so many (default 10 with --follow)"},
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
	 .help = "Of one boot: 0 this one, -1 the one before, or its id"},
	{'g', "grep", &option_string, AT(grep),
	 .help = "Whose text fits this extended regular expression"},
	{'o', "output", &option_string, AT(output),
	 .help = "short, short-iso, short-full, with-unit, verbose, json, cat"},
	{0, "utc", &option_switch, AT(utc), .help = "Times in UTC"},
	{0, "no-hostname", &option_switch, AT(no_hostname), .help = "Without the host's name"},
	{'q', "quiet", &option_switch, AT(quiet), .help = "No words of its own"},
	{'c', "cursor", &option_string, AT(cursor), .help = "Only behind this entry"},
	{0, "list-boots", &option_switch, AT(list_boots), .help = "List the boots that it knows"},
	{0, "disk-usage", &option_switch, AT(disk_usage), .help = "Say how large it is"},
	{0, "vacuum-size", &option_string, AT(vacuum_size),
	 .help = "Remove oldest files down to this size"},
	{0, "vacuum-time", &option_string, AT(vacuum_time),
	 .help = "Remove files older than this span"},
	{'a', "all", &option_switch, AT(all), .help = "No effect: nothing is cut", .hidden = true},
	{'e', "pager-end", &option_switch, AT(end), .help = "No effect: there is no pager",
	 .hidden = true},
	{'x', "catalog", &option_switch, AT(ignored), .help = "No effect", .hidden = true},
	{0, "no-pager", &option_switch, AT(ignored), .help = "No effect: there is no pager",
	 .hidden = true},
	{0, "no-full", &option_switch, AT(ignored), .help = "No effect", .hidden = true},
	{0, "system", &option_switch, AT(ignored), .help = "No effect: there are no others",
	 .hidden = true},
	{'k', "dmesg", &option_switch, AT(dmesg), .help = "Messages of the kernel",
	 .refused = "the journal has no messages of the kernel: see dmesg"},
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

/* FIELD=VALUE */
static bool add_matches(struct target *target, const struct strings *arguments, struct error *err)
{
	for (size_t i = 0; i < arguments->count; i++) {
		if (!strchr(arguments->items[i], '='))
			return error_set(err, ERROR_INVALID, "'%s' is no FIELD=VALUE",
					 arguments->items[i]);
		target_add(target, "match", arguments->items[i]);
	}
	return true;
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
	if (j->lines.given)
		target_add_number(target, "lines", j->lines.value);
	else if (j->follow && !j->no_tail)
		target_add_number(target, "lines", 10);
	target_add_flag(target, "follow", j->follow);
	target_add_flag(target, "reverse", j->reverse);
	target_add_flag(target, "utc", j->utc);
	target_add_flag(target, "no_hostname", j->no_hostname);
	target_add_flag(target, "bare", j->quiet);
	add_if(target, "priority", j->priority);
	add_if(target, "boot", j->boot);
	add_if(target, "grep", j->grep);
	add_if(target, "output", j->output);
	add_if(target, "cursor", j->cursor);
	return true;
}

/* Is the last line of this the reader's reason to end? */
static bool says_why(const char *text, size_t size)
{
	static const char why[] = "Failed to read the journal: ";
	size_t begin = size;

	while (begin && (begin == size || text[begin - 1] != '\n'))
		begin--;
	return size - begin >= strlen(why) && memcmp(text + begin, why, strlen(why)) == 0;
}

/* The exit status.  A reader that fails after its header was sent says why in the text. */
static int copy_out(struct cli *cli, struct http_client *client)
{
	char piece[65536];
	bool said = false;
	struct error err;
	ssize_t got;

	while ((got = http_client_read(client, piece, sizeof(piece), &err)) > 0) {
		said = says_why(piece, (size_t)got);
		if (fwrite(piece, 1, (size_t)got, stdout) != (size_t)got || fflush(stdout))
			return 0; /* nobody reads any more */
	}
	if (got == 0)
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
	return client ? copy_out(cli, client) : cli_fail(cli, &err);
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

static int vacuum(struct cli *cli, const struct journal *j)
{
	scoped_target struct target target = target_format("/wherry/v1/journal/vacuum");
	scoped_json json_t *body = json_object();
	struct api_request request = {.method = "POST", .target = &target, .body = body};
	json_t *answered = NULL;
	int64_t span, bytes;
	struct error err;

	if (j->vacuum_size && !size_from_text(j->vacuum_size, &bytes, &err)) {
		fprintf(stderr, "Failed to parse vacuum size: %s\n", j->vacuum_size);
		return 1;
	}
	if (j->vacuum_size)
		json_object_set_new(body, "Bytes", json_integer(bytes));
	if (j->vacuum_time && !time_span_parse(j->vacuum_time, 1000000, &span)) {
		fprintf(stderr, "Failed to parse vacuum time: %s\n", j->vacuum_time);
		return 1;
	}
	if (j->vacuum_time)
		json_object_set_new(body, "Before_us",
				    json_integer(time_now_ns() / NS_PER_US - span));
	if (!api_call(cli, &request, &answered, &err))
		return cli_fail(cli, &err);
	scoped_json json_t *answer = answered;
	printf("Vacuuming done, freed %.1fM of archived journals.\n",
	       (double)doc_number(answer, "Freed") / (1 << 20));
	return 0;
}

static int run(struct cli *cli, void *fields, const struct strings *arguments)
{
	const struct journal *j = fields;

	if (j->list_boots)
		return list_boots(cli);
	if (j->disk_usage)
		return show_usage(cli);
	if (j->vacuum_size || j->vacuum_time)
		return vacuum(cli, j);
	return show_entries(cli, j, arguments);
}

/* "-b -1" is one word. */
static bool is_boot(const char *word)
{
	size_t sign = strspn(word, "+-") <= 1 ? strspn(word, "+-") : 0;
	size_t digits = strspn(word + sign, "0123456789abcdef");

	return digits && !word[sign + digits] &&
	       (digits == 32 || strspn(word + sign, "0123456789") == digits);
}

static bool is_count(const char *word)
{
	return strcmp(word, "all") == 0 || (*word && !word[strspn(word, "0123456789")]);
}

/* Values that stand behind their option or are left out. */
static const struct {
	const char *shorthand, *name;
	bool (*fits)(const char *word);
	const char *without;
} loose[] = {
	{"-b", "--boot", is_boot, "0"},
	{"-n", "--lines", is_count, "10"},
};

static void join(struct strings *argv, size_t at, size_t option)
{
	const char *next = at + 1 < argv->count ? argv->items[at + 1] : "";
	bool alone = !loose[option].fits(next);
	const char *value = alone ? loose[option].without : next;
	char *word = strcmp(value, "all") == 0 ? str_dup("--no-tail")
					       : str_format("%s=%s", loose[option].name, value);

	free(argv->items[at]);
	argv->items[at] = word;
	if (!alone)
		strings_remove(argv, at + 1);
}

static void join_values(struct strings *argv)
{
	for (size_t i = 0; i < argv->count; i++)
		for (size_t o = 0; o < array_length(loose); o++)
			if (strcmp(argv->items[i], loose[o].shorthand) == 0 ||
			    strcmp(argv->items[i], loose[o].name) == 0) {
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
