#include "format/yaml.h"

#include "format/json_write.h"

#include <ctype.h>
#include <stdio.h>

struct writer {
	struct buffer *out;
	bool indent_lists;
};

/* ---- scalars ---- */

/* What readers of YAML 1.1 take for something else than text. */
static bool is_old_word(const char *text)
{
	static const char *const words[] = {"y", "n", "yes", "no", "on", "off", "=", "<<"};

	for (size_t i = 0; i < array_length(words); i++)
		if (strcasecmp(text, words[i]) == 0)
			return true;
	return false;
}

/* Numbers of base 60, dates, and all else that begins like a number. */
static bool begins_like_a_number(const char *text)
{
	text += *text == '-' || *text == '+';
	text += *text == '.';
	return isdigit((unsigned char)*text);
}

static bool has_only_number_marks(const char *text)
{
	return text[strspn(text, "0123456789abcdefABCDEFxXoO_.,:+-TtZz ")] == '\0';
}

static bool is_plain(const char *text)
{
	struct node read = {0};

	yaml_resolve(&read, text);
	if (read.kind != NODE_TEXT || is_old_word(text) ||
	    strchr("-?:,[]{}#&*!|>'\"%@` .=~", *text))
		return false;
	if (begins_like_a_number(text) && has_only_number_marks(text))
		return false;
	for (const char *at = text; *at; at++) {
		unsigned char byte = (unsigned char)*at;

		if (byte < 0x20 || byte >= 0x7f || strchr("[]{},\"'`", byte))
			return false;
		if ((byte == ':' && (at[1] == ' ' || !at[1])) || (byte == '#' && at[-1] == ' '))
			return false;
	}
	return text[strlen(text) - 1] != ' ';
}

/* Characters that JSON lets stand and YAML does not, or takes for the end of a line. */
static const struct {
	const char *bytes, *escape;
} unfit[] = {
	{"\x7f", "\\x7F"},	     {"\xe2\x80\xa8", "\\u2028"}, {"\xe2\x80\xa9", "\\u2029"},
	{"\xef\xbb\xbf", "\\uFEFF"}, {"\xef\xbf\xbe", "\\uFFFE"}, {"\xef\xbf\xbf", "\\uFFFF"},
};

/* How many bytes were written as an escape; 0: they can stand. */
static size_t write_unfit(const char *text, struct buffer *out)
{
	for (size_t i = 0; i < array_length(unfit); i++) {
		if (!str_starts_with(text, unfit[i].bytes))
			continue;
		buffer_add_text(out, unfit[i].escape);
		return strlen(unfit[i].bytes);
	}
	unsigned char second = (unsigned char)text[1];
	if ((unsigned char)text[0] != 0xc2 || second < 0x80 || second > 0x9f)
		return 0;
	buffer_format(out, "\\x%02X", second);
	return 2;
}

/* JSON's escapes are YAML's, too. */
static void write_quoted(const char *text, struct buffer *out)
{
	scoped_buffer struct buffer json = {0};

	json_write_string(&json, text);
	for (const char *at = json.data; *at;) {
		size_t size = write_unfit(at, out);

		if (!size)
			buffer_add_char(out, *at++);
		at += size;
	}
}

static void write_text(const char *text, struct buffer *out)
{
	if (is_plain(text))
		buffer_add_text(out, text);
	else
		write_quoted(text, out);
}

/* Lines that can stand as they are below a `|`. */
static bool is_block(const char *text)
{
	if (!strchr(text, '\n') || strchr(" \t\n", *text))
		return false;
	for (; *text; text++) {
		unsigned char byte = (unsigned char)*text;

		if ((byte < 0x20 && byte != '\n' && byte != '\t') || byte >= 0x7f)
			return false;
	}
	return true;
}

static void write_block(const char *text, size_t indent, struct buffer *out)
{
	size_t size = strlen(text), body = size;

	while (body && text[body - 1] == '\n')
		body--;
	buffer_add_text(out, size == body ? "|-\n" : size == body + 1 ? "|\n" : "|+\n");
	for (const char *line = text; line < text + size;) {
		const char *feed = strchr(line, '\n');
		size_t length = feed ? (size_t)(feed - line) : strlen(line);

		if (length)
			buffer_format(out, "%*s%.*s", (int)indent, "", (int)length, line);
		buffer_add_char(out, '\n');
		line += length + 1;
	}
}

/* The shortest that reads back as the same number. */
static void write_real(double real, struct buffer *out)
{
	char text[32];

	for (int digits = 1; digits <= 17; digits++) {
		snprintf(text, sizeof(text), "%.*g", digits, real);
		if (strtod(text, NULL) == real)
			break;
	}
	buffer_add_text(out, text);
	if (!strpbrk(text, ".e"))
		buffer_add_text(out, ".0"); /* else it were an integer */
}

/* ---- collections ---- */

static void write_node(struct writer *writer, const struct node *node, size_t indent);

static bool is_filled(const struct node *node)
{
	return node->kind >= NODE_LIST && node->count;
}

static void write_indent(struct writer *writer, size_t indent)
{
	buffer_format(writer->out, "%*s", (int)indent, "");
}

/* Behind "key:", the cursor at the end of that line. */
static void write_value(struct writer *writer, const struct node *value, size_t indent)
{
	if (!is_filled(value)) {
		buffer_add_char(writer->out, ' ');
		write_node(writer, value, indent + 2);
		return;
	}
	bool inner = value->kind == NODE_MAP || writer->indent_lists;
	size_t further = inner ? indent + 2 : indent;

	buffer_add_char(writer->out, '\n');
	write_indent(writer, further);
	write_node(writer, value, further);
}

/* The cursor stands at `indent` already: the first member needs none. */
static void write_map(struct writer *writer, const struct node *map, size_t indent)
{
	for (size_t i = 0; i < map->count; i++) {
		if (i)
			write_indent(writer, indent);
		write_text(map->members[i].key, writer->out);
		buffer_add_char(writer->out, ':');
		write_value(writer, map->members[i].value, indent);
	}
}

static void write_list(struct writer *writer, const struct node *list, size_t indent)
{
	for (size_t i = 0; i < list->count; i++) {
		if (i)
			write_indent(writer, indent);
		buffer_add_text(writer->out, "- ");
		write_node(writer, list->members[i].value, indent + 2);
	}
}

static void write_scalar(struct writer *writer, const struct node *node, size_t indent)
{
	if (node->kind == NODE_TEXT && is_block(node->text)) {
		write_block(node->text, indent ? indent : 2, writer->out); /* a whole document */
		return;
	}
	if (node->kind == NODE_TEXT)
		write_text(node->text, writer->out);
	else if (node->kind == NODE_FLOAT)
		write_real(node->real, writer->out);
	else
		node_write_json(node, writer->out);
	buffer_add_char(writer->out, '\n');
}

static void write_node(struct writer *writer, const struct node *node, size_t indent)
{
	if (node->kind < NODE_LIST)
		write_scalar(writer, node, indent);
	else if (!node->count)
		buffer_add_text(writer->out, node->kind == NODE_LIST ? "[]\n" : "{}\n");
	else if (node->kind == NODE_LIST)
		write_list(writer, node, indent);
	else
		write_map(writer, node, indent);
}

void yaml_write(const struct node *node, bool indent_lists, struct buffer *out)
{
	struct writer writer = {out, indent_lists};

	write_node(&writer, node, 0);
}
