/* A unit file's text for systemd, byte for byte but for single words.  It goes by physical lines, because what the
 * parser of unit files joins could not be written as it was. */
#include "format/unit_export.h"

#include <string.h>

enum line_kind {
	LINE_PLAIN,
	LINE_UNITS,	       /* names of units */
	LINE_COMMANDS,	       /* the first word is a program, also behind a `;` */
	LINE_ENVIRONMENT_FILE, /* one path */
};

static const struct {
	const char *section; /* NULL: any */
	const char *key;
	enum line_kind kind;
} keys[] = {
	{"Unit", "After", LINE_UNITS},
	{"Unit", "Before", LINE_UNITS},
	{"Unit", "BindsTo", LINE_UNITS},
	{"Unit", "PartOf", LINE_UNITS},
	{"Unit", "ReloadPropagatedFrom", LINE_UNITS},
	{"Unit", "Requires", LINE_UNITS},
	{"Unit", "Requisite", LINE_UNITS},
	{"Unit", "StopPropagatedFrom", LINE_UNITS},
	{"Unit", "Upholds", LINE_UNITS},
	{"Unit", "Wants", LINE_UNITS},
	{"Install", "RequiredBy", LINE_UNITS},
	{"Install", "WantedBy", LINE_UNITS},
	{"Service", "EnvironmentFile", LINE_ENVIRONMENT_FILE},
	{NULL, "ExecCondition", LINE_COMMANDS},
	{NULL, "ExecReload", LINE_COMMANDS},
	{NULL, "ExecStart", LINE_COMMANDS},
	{NULL, "ExecStartPost", LINE_COMMANDS},
	{NULL, "ExecStartPre", LINE_COMMANDS},
	{NULL, "ExecStop", LINE_COMMANDS},
	{NULL, "ExecStopPost", LINE_COMMANDS},
	{NULL, "ExecStopPre", LINE_COMMANDS},
};

static const struct {
	const char *name, *instead;
} builtins[] = {
	{"docker.service", "wherry.service"},
	{"docker.socket", "wherry.service"},
	{"containerd.service", "wherry.service"},
	{"etcd.service", ""},
	{"etcd2.service", ""},
	{"fleet.service", ""},
};

const char *unit_export_builtin(const char *name)
{
	for (size_t i = 0; i < array_length(builtins); i++)
		if (str_equal(builtins[i].name, name))
			return builtins[i].instead;
	return NULL;
}

struct rewriter {
	const struct unit_export_source *source;
	struct buffer *out;
	struct strings *notes;
	char *section;	     /* owned; NULL: before the first */
	enum line_kind kind; /* of the line that goes on */
	bool goes_on;	     /* the last line ended with a backslash */
	bool is_first;	     /* the next word is the first of the value, or of a command */
};

static void note(struct rewriter *r, const char *word, const char *instead)
{
	scoped_free char *text =
		*instead ? str_format("%s: %s is %s for systemd", r->source->name, word, instead)
			 : str_format("%s: %s is left out: systemd has no such unit",
				      r->source->name, word);

	if (!strings_contain(r->notes, text))
		strings_add(r->notes, text);
}

/* ---- words ---- */

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static char *without_quotes(const char *word)
{
	size_t size = strlen(word);

	if (size >= 2 && strchr("\"'", *word) && word[size - 1] == *word)
		return str_dup_n(word + 1, size - 2);
	return str_dup(word);
}

static void write_unit(struct rewriter *r, const char *word)
{
	scoped_free char *name = without_quotes(word);
	const char *instead = unit_export_builtin(name);

	if (instead)
		note(r, name, instead);
	buffer_add_text(r->out, instead ? instead : word);
}

static void write_program(struct rewriter *r, const char *word)
{
	const struct unit_export_source *source = r->source;
	size_t prefix = strspn(word, "@-:+!");
	bool replaced = r->is_first && source->docker_is_missing && source->command &&
			str_equal(word + prefix, "/usr/bin/docker");

	r->is_first = str_equal(word, ";") || (r->is_first && !word[prefix]);
	if (replaced)
		note(r, word + prefix, source->command);
	buffer_add(r->out, word, replaced ? prefix : strlen(word));
	if (replaced)
		buffer_add_text(r->out, source->command);
}

/* That file alone counts as empty here where it is missing. */
static void write_environment_file(struct rewriter *r, const char *word)
{
	if (r->is_first && str_equal(word, "/etc/environment"))
		buffer_add_char(r->out, '-');
	r->is_first = false;
	buffer_add_text(r->out, word);
}

static void (*const writers[])(struct rewriter *, const char *) = {
	[LINE_UNITS] = write_unit,
	[LINE_COMMANDS] = write_program,
	[LINE_ENVIRONMENT_FILE] = write_environment_file,
};

static void write_value(struct rewriter *r, const char *at, const char *end)
{
	const char *last = r->goes_on ? end - 1 : end; /* the backslash is no word */

	while (r->kind != LINE_PLAIN && at < last) {
		const char *from = at;

		if (is_blank(*at)) {
			buffer_add_char(r->out, *at++);
			continue;
		}
		while (at < last && !is_blank(*at))
			at++;
		scoped_free char *word = str_dup_n(from, (size_t)(at - from));
		writers[r->kind](r, word);
	}
	buffer_add(r->out, at, (size_t)(end - at));
}

/* ---- lines ---- */

static bool ends_with_backslash(const char *at, const char *end)
{
	size_t count = 0;

	while (end > at && end[-1] == '\\') {
		end--;
		count++;
	}
	return count % 2;
}

/* systemd takes [X-...] for somebody else's and says nothing. */
static void write_header(struct rewriter *r, const char *at, const char *end)
{
	const char *close = memchr(at, ']', (size_t)(end - at));

	const char *rest = close ? close : end;

	free(r->section);
	r->section = str_dup_n(at + 1, (size_t)(rest - at - 1));
	if (str_equal(r->section, "Container"))
		buffer_add_text(r->out, "[X-Container");
	else
		buffer_add(r->out, at, (size_t)(rest - at));
	buffer_add(r->out, rest, (size_t)(end - rest)); /* it may go on in the next line */
}

static enum line_kind kind_of(const struct rewriter *r, const char *at, size_t size)
{
	while (size && is_blank(at[size - 1]))
		size--;
	for (size_t i = 0; i < array_length(keys); i++)
		if (strlen(keys[i].key) == size && memcmp(keys[i].key, at, size) == 0 &&
		    (!keys[i].section || str_equal(keys[i].section, r->section)))
			return keys[i].kind;
	return LINE_PLAIN;
}

static void write_assignment(struct rewriter *r, const char *at, const char *end)
{
	const char *equals = memchr(at, '=', (size_t)(end - at));
	const char *value = equals ? equals + 1 : at;

	r->kind = equals ? kind_of(r, at, (size_t)(equals - at)) : LINE_PLAIN;
	r->is_first = true;
	buffer_add(r->out, at, (size_t)(value - at));
	write_value(r, value, end);
}

static void write_line(struct rewriter *r, const char *at, const char *end)
{
	bool went_on = r->goes_on;

	while (at < end && is_blank(*at))
		buffer_add_char(r->out, *at++);
	if (at < end && (*at == '#' || *at == ';')) { /* also between lines that go on */
		buffer_add(r->out, at, (size_t)(end - at));
		return;
	}
	r->goes_on = ends_with_backslash(at, end);
	if (went_on)
		write_value(r, at, end);
	else if (at < end && *at == '[')
		write_header(r, at, end);
	else
		write_assignment(r, at, end);
}

void unit_export_rewrite(const struct unit_export_source *source, const char *text,
			 struct buffer *out, struct strings *notes)
{
	struct rewriter r = {.source = source, .out = out, .notes = notes};

	if (str_starts_with(text, "\xef\xbb\xbf")) /* a byte order mark has to be the first */
		text += 3;
	while (*text) {
		size_t size = strcspn(text, "\n");

		write_line(&r, text, text + size);
		buffer_add_char(out, '\n');
		text += size + (text[size] == '\n');
	}
	free(r.section);
}
