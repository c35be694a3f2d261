/* A file is read line by line: the directives while there are some, then instructions.  An instruction
 * is one logical line, joined from continued ones, and behind it the bodies of the here-documents that it
 * announces; dockerfile_instruction.c knows what stands in the line. */
#include "format/dockerfile_line.h"

#include <ctype.h>
#include <strings.h>

struct reader {
	const char *at, *end;
	int line; /* number of the last line that was read */
	char escape;
	bool is_file; /* errors say the line */
	struct error *err;
};

struct raw_line {
	const char *text; /* inside the file */
	size_t length;	  /* without its end */
};

static bool say_where(struct reader *r, int line)
{
	return r->is_file && error_prefix(r->err, "dockerfile parse error on line %d", line);
}

static bool fail(struct reader *r, int line, const char *why)
{
	error_set(r->err, ERROR_INVALID, "%s", why);
	return say_where(r, line);
}

/* ---- lines ---- */

static bool read_line(struct reader *r, struct raw_line *out)
{
	const char *newline = memchr(r->at, '\n', (size_t)(r->end - r->at));
	const char *end = newline ? newline : r->end;

	r->line++;
	out->text = r->at;
	out->length = (size_t)(end - r->at);
	r->at = newline ? newline + 1 : r->end;
	if (out->length > 0 && out->text[out->length - 1] == '\r')
		out->length--;
	if (out->length > DOCKERFILE_LINE_LIMIT)
		return fail(r, r->line,
			    "dockerfile line greater than maximum allowed size of 65535");
	if (memchr(out->text, '\0', out->length))
		return fail(r, r->line, "a line holds a zero byte");
	return true;
}

static bool is_blank(char c)
{
	return isspace((unsigned char)c);
}

static void trim_front(struct raw_line *line)
{
	while (line->length > 0 && is_blank(*line->text)) {
		line->text++;
		line->length--;
	}
}

static void trim_back(struct raw_line *line)
{
	while (line->length > 0 && is_blank(line->text[line->length - 1]))
		line->length--;
}

static bool says_nothing(struct raw_line line)
{
	trim_front(&line);
	return line.length == 0 || *line.text == '#';
}

/* An escape at the end, blanks behind it allowed, goes on in the next line; two of them do not. */
static bool cut_continuation(const struct reader *r, struct raw_line *line)
{
	struct raw_line cut = *line;

	while (cut.length > 0 && strchr(" \t", cut.text[cut.length - 1]))
		cut.length--;
	if (cut.length == 0 || cut.text[cut.length - 1] != r->escape)
		return false;
	cut.length--;
	if (cut.length > 0 && cut.text[cut.length - 1] == r->escape)
		return false;
	*line = cut;
	return true;
}

/* The rest of a logical line whose beginning is `line`. */
static bool join_lines(struct reader *r, struct raw_line line, struct buffer *out)
{
	bool goes_on = cut_continuation(r, &line);

	buffer_add(out, line.text, line.length);
	while (goes_on && r->at < r->end) {
		if (!read_line(r, &line))
			return false;
		if (says_nothing(line))
			continue;
		goes_on = cut_continuation(r, &line);
		buffer_add(out, line.text, line.length);
	}
	return true;
}

static char *trimmed(const struct buffer *text)
{
	struct raw_line line = {text->data, text->size};

	trim_front(&line);
	trim_back(&line);
	return str_dup_n(line.length ? line.text : "", line.length);
}

/* ---- here-documents ---- */

static bool ends_document(const struct here_document *document, const struct raw_line *line)
{
	return strlen(document->name) == line->length &&
	       memcmp(document->name, line->text, line->length) == 0;
}

static bool read_document(struct reader *r, struct here_document *document)
{
	scoped_buffer struct buffer content = {0};
	int first = r->line;
	struct raw_line line;

	while (r->at < r->end) {
		if (!read_line(r, &line))
			return false;
		while (document->strip_tabs && line.length > 0 && *line.text == '\t') {
			line.text++;
			line.length--;
		}
		if (ends_document(document, &line)) {
			document->content = buffer_take(&content);
			return true;
		}
		buffer_add(&content, line.text, line.length);
		buffer_add_char(&content, '\n');
	}
	return fail(r, first, "unterminated heredoc");
}

/* A trigger is kept as text, so its documents go behind it again. */
static void append_documents(struct instruction *out)
{
	struct buffer text = {0};

	buffer_add_text(&text, out->text);
	for (size_t i = 0; i < out->document_count; i++)
		buffer_format(&text, "\n%s%s", out->documents[i].content, out->documents[i].name);
	free(out->text);
	out->text = buffer_take(&text);
}

static bool read_documents(struct reader *r, struct instruction *out)
{
	for (size_t i = 0; i < out->document_count; i++)
		if (!read_document(r, &out->documents[i]))
			return false;
	if (out->kind == INSTRUCTION_ONBUILD && out->document_count > 0)
		append_documents(out);
	return true;
}

/* ---- instructions ---- */

static bool read_instruction(struct reader *r, struct raw_line first, struct instruction *out)
{
	scoped_buffer struct buffer joined = {0};
	int line = r->line;

	trim_front(&first);
	if (!join_lines(r, first, &joined))
		return false;
	scoped_free char *text = trimmed(&joined);

	if (!instruction_from_line(text, r->escape, out, r->err))
		return say_where(r, line);
	out->line = line;
	if (!read_documents(r, out))
		return false;
	out->last_line = r->line;
	return true;
}

static bool add_instruction(struct reader *r, struct raw_line first, struct dockerfile *out)
{
	struct instruction instruction = {0};

	if (out->count == DOCKERFILE_INSTRUCTIONS_LIMIT)
		return fail(r, r->line, "too many instructions");
	if (!read_instruction(r, first, &instruction)) {
		instruction_fini(&instruction);
		return false;
	}
	vector_add(out, instruction);
	return true;
}

/* ---- directives ---- */

struct directive {
	struct raw_line name, value;
};

/* "# name = value" */
static bool split_directive(struct raw_line line, struct directive *out)
{
	const char *equals;

	if (line.length == 0 || *line.text != '#')
		return false;
	line.text++;
	line.length--;
	equals = memchr(line.text, '=', line.length);
	if (!equals)
		return false;
	out->name = (struct raw_line){line.text, (size_t)(equals - line.text)};
	out->value = (struct raw_line){equals + 1, line.length - out->name.length - 1};
	trim_front(&out->name);
	trim_back(&out->name);
	trim_front(&out->value);
	trim_back(&out->value);
	return out->value.length > 0;
}

static bool set_escape(struct reader *r, const char *value)
{
	if (strcmp(value, "\\") != 0 && strcmp(value, "`") != 0) {
		scoped_free char *why =
			str_format("invalid escape token '%.20s' does not match ` or \\", value);

		return fail(r, r->line, why);
	}
	r->escape = *value;
	return true;
}

enum directive_kind { DIRECTIVE_ESCAPE, DIRECTIVE_SYNTAX, DIRECTIVE_CHECK, DIRECTIVE_NONE };

static enum directive_kind directive_kind(const struct raw_line *name)
{
	static const char *const names[] = {"escape", "syntax", "check"};

	for (size_t i = 0; i < array_length(names); i++)
		if (strlen(names[i]) == name->length &&
		    strncasecmp(names[i], name->text, name->length) == 0)
			return (enum directive_kind)i;
	return DIRECTIVE_NONE;
}

struct directives {
	bool over;
	char *values[DIRECTIVE_NONE]; /* owned */
};

static bool read_directive(struct reader *r, const struct raw_line *line, struct directives *found)
{
	struct directive directive;
	enum directive_kind kind = DIRECTIVE_NONE;

	if (!found->over && split_directive(*line, &directive))
		kind = directive_kind(&directive.name);
	if (kind == DIRECTIVE_NONE) {
		found->over = true;
		return true;
	}
	if (found->values[kind])
		return fail(r, r->line, "only one of each parser directive can be used");
	found->values[kind] = str_dup_n(directive.value.text, directive.value.length);
	return kind != DIRECTIVE_ESCAPE || set_escape(r, found->values[kind]);
}

/* ---- the whole ---- */

static bool read_file(struct reader *r, struct directives *directives, struct dockerfile *out)
{
	struct raw_line line;

	while (r->at < r->end) {
		if (!read_line(r, &line) || !read_directive(r, &line, directives))
			return false;
		if (!says_nothing(line) && !add_instruction(r, line, out))
			return false;
	}
	return out->count > 0 || error_set(r->err, ERROR_INVALID, "file with no instructions");
}

static void skip_byte_order_mark(struct reader *r)
{
	if (r->end - r->at >= 3 && memcmp(r->at, "\xef\xbb\xbf", 3) == 0)
		r->at += 3;
}

bool dockerfile_parse(const char *text, size_t size, struct dockerfile *out, struct error *err)
{
	struct reader r = {
		.at = text, .end = text + size, .escape = '\\', .is_file = true, .err = err};
	struct directives directives = {0};
	struct dockerfile file = {0};
	bool ok;

	if (size > DOCKERFILE_SIZE_LIMIT)
		return error_set(err, ERROR_INVALID, "the Dockerfile is larger than %u bytes",
				 DOCKERFILE_SIZE_LIMIT);
	skip_byte_order_mark(&r);
	ok = read_file(&r, &directives, &file);
	free(directives.values[DIRECTIVE_ESCAPE]);
	file.syntax = directives.values[DIRECTIVE_SYNTAX];
	file.check = directives.values[DIRECTIVE_CHECK];
	file.escape = r.escape;
	if (!ok) {
		dockerfile_fini(&file);
		return false;
	}
	*out = file;
	return true;
}

static bool expect_end(struct reader *r)
{
	struct raw_line line;

	while (r->at < r->end) {
		if (!read_line(r, &line))
			return false;
		if (!says_nothing(line))
			return fail(r, r->line, "more than one instruction");
	}
	return true;
}

bool instruction_parse(const char *text, size_t size, char escape, struct instruction *out,
		       struct error *err)
{
	struct reader r = {.at = text, .end = text + size, .escape = escape, .err = err};
	struct instruction instruction = {0};
	struct raw_line line = {"", 0};

	if (size > DOCKERFILE_SIZE_LIMIT)
		return error_set(err, ERROR_INVALID, "an instruction is larger than %u bytes",
				 DOCKERFILE_SIZE_LIMIT);
	while (r.at < r.end && says_nothing(line))
		if (!read_line(&r, &line))
			return false;
	if (says_nothing(line))
		return error_set(err, ERROR_INVALID, "file with no instructions");
	if (!read_instruction(&r, line, &instruction) || !expect_end(&r)) {
		instruction_fini(&instruction);
		return false;
	}
	*out = instruction;
	return true;
}

void instruction_fini(struct instruction *instruction)
{
	free(instruction->original);
	free(instruction->text);
	strings_fini(&instruction->words);
	for (size_t i = 0; i < instruction->pair_count; i++) {
		free(instruction->pairs[i].name);
		free(instruction->pairs[i].value);
	}
	free(instruction->pairs);
	for (size_t i = 0; i < instruction->flag_count; i++) {
		free(instruction->flags[i].name);
		free(instruction->flags[i].value);
	}
	free(instruction->flags);
	for (size_t i = 0; i < instruction->document_count; i++) {
		free(instruction->documents[i].name);
		free(instruction->documents[i].content);
	}
	free(instruction->documents);
	*instruction = (struct instruction){0};
}

void dockerfile_fini(struct dockerfile *file)
{
	for (size_t i = 0; i < file->count; i++)
		instruction_fini(&file->items[i]);
	free(file->items);
	free(file->syntax);
	free(file->check);
	*file = (struct dockerfile){0};
}
