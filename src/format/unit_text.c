/* The file is copied once and taken apart in the copy: what is joined is never longer than what it was
 * joined from.  Whether a line continues depends on its own backslashes alone, since those of the lines
 * before it became blanks; so each byte is looked at a fixed number of times, however the file is made. */
#include "format/unit_text.h"

#include "base/byte.h"
#include "format/utf8.h"

struct parser {
	char *at, *end;	      /* not read yet */
	uint32_t line;	      /* of what was read last */
	const char *file;     /* borrowed */
	const char *section;  /* in the text; NULL: none yet */
	struct unit_text out; /* owned */
};

static void warn(struct parser *p, uint32_t line, const char *what)
{
	strings_format(&p->out.warnings, "%s:%u: %s", p->file, line, what);
}

static bool fail(const struct parser *p, uint32_t line, const char *what, struct error *err)
{
	return error_set(err, ERROR_INVALID, "%s:%u: %s", p->file, line, what);
}

/* ---- lines of the file ---- */

/* The next line without its indentation and line end, from *start to what is returned. */
static char *read_line(struct parser *p, char **start)
{
	char *end = memchr(p->at, '\n', (size_t)(p->end - p->at)), *next = end ? end + 1 : p->end;

	if (!end)
		end = p->end;
	else if (end > p->at && end[-1] == '\r')
		end--;
	for (*start = p->at; *start < end && byte_is_blank(**start); ++*start)
		;
	p->at = next;
	p->line++;
	return end;
}

static bool is_comment(const char *start, const char *end)
{
	return start < end && (*start == '#' || *start == ';');
}

static bool continues(const char *start, const char *end)
{
	size_t backslashes = 0;

	while (end - backslashes > start && end[-1 - (ptrdiff_t)backslashes] == '\\')
		backslashes++;
	return backslashes & 1;
}

/* ---- lines as they were meant ---- */

/* The next line with what continues it, without white space at its ends and with a NUL behind; NULL:
 * nothing is left. */
static char *read_joined(struct parser *p, uint32_t *line, char **end)
{
	char *text = NULL, *to = NULL;
	bool more = true;

	while (more && p->at < p->end) {
		char *whole = p->at, *start, *stop = read_line(p, &start);

		if (is_comment(start, stop))
			continue;
		if (text) /* the blanks before it are in the middle now, maybe within quotes */
			start = whole;
		if (!text) {
			text = to = start;
			*line = p->line;
		}
		more = continues(start, stop); /* before it is written over */
		memmove(to, start, (size_t)(stop - start));
		to += stop - start;
		if (more)
			to[-1] = ' ';
	}
	if (!text)
		return NULL;
	while (to > text && byte_is_blank(to[-1]))
		to--;
	*to = '\0';
	while (byte_is_blank(*text)) /* where the first line was but a backslash */
		text++;
	*end = to;
	return text;
}

static bool add_section(struct parser *p, uint32_t line, char *text, char *end, struct error *err)
{
	struct unit_section section = {.name = text + 1, .line = line};

	if (end[-1] != ']')
		return fail(p, line, "a section header without ']'", err);
	end[-1] = '\0';
	p->section = section.name;
	vector_add(&p->out.sections, section);
	return true;
}

static void add_line(struct parser *p, const struct unit_line *line)
{
	struct unit_text *out = &p->out;

	if (out->count == out->capacity) {
		out->capacity = out->capacity ? 2 * out->capacity : 64;
		out->lines = mem_resize(out->lines, out->capacity, sizeof(*out->lines));
	}
	out->lines[out->count++] = *line;
}

static void add_assignment(struct parser *p, uint32_t line, char *text)
{
	char *value = strchr(text, '='), *key_end = value;

	if (!value || value == text) {
		warn(p, line, value ? "a line without a key" : "a line without '='");
		return;
	}
	if (!p->section) {
		warn(p, line, "an assignment before the first section");
		return;
	}
	while (byte_is_blank(key_end[-1])) /* the first byte is none */
		key_end--;
	*key_end = '\0';
	for (value++; byte_is_blank(*value); value++)
		;
	add_line(p, &(struct unit_line){p->section, text, value, line});
}

static bool parse_lines(struct parser *p, struct error *err)
{
	uint32_t line = 0;
	char *text, *end = NULL;

	while ((text = read_joined(p, &line, &end))) {
		if (*text == '[') {
			if (!add_section(p, line, text, end, err))
				return false;
		} else if (*text) {
			add_assignment(p, line, text);
		}
	}
	return true;
}

/* ---- the file ---- */

static uint32_t line_of(const char *data, size_t offset)
{
	uint32_t line = 1;

	for (size_t i = 0; i < offset; i++)
		line += data[i] == '\n';
	return line;
}

static bool check_bytes(const struct parser *p, const char *data, size_t size, struct error *err)
{
	const char *nul = size ? memchr(data, '\0', size) : NULL;

	if (size > UNIT_TEXT_LIMIT)
		return error_set(err, ERROR_INVALID, "%s: larger than %d bytes", p->file,
				 UNIT_TEXT_LIMIT);
	if (nul)
		return fail(p, line_of(data, (size_t)(nul - data)), "a NUL byte", err);
	size_t valid = utf8_valid_length(data, size);
	if (valid < size)
		return fail(p, line_of(data, valid), "not UTF-8", err);
	return true;
}

bool unit_text_parse(const char *data, size_t size, const char *file, struct unit_text *out,
		     struct error *err)
{
	static const char mark[] = "\xef\xbb\xbf"; /* of the byte order */
	struct parser p = {.file = file};

	if (!check_bytes(&p, data, size, err))
		return false;
	if (size >= 3 && memcmp(data, mark, 3) == 0) {
		data += 3;
		size -= 3;
	}
	p.out.text = p.at = size ? str_dup_n(data, size) : str_dup("");
	p.end = p.at + size;
	if (!parse_lines(&p, err)) {
		unit_text_fini(&p.out);
		return false;
	}
	*out = p.out;
	return true;
}

void unit_text_fini(struct unit_text *text)
{
	free(text->text);
	free(text->lines);
	vector_fini(&text->sections);
	strings_fini(&text->warnings);
	*text = (struct unit_text){0};
}
