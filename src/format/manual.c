#include "format/manual.h"

/* Dashes are typed, not hyphens; a dot or quote in front would be a request. */
void manual_add_text(const char *text, struct buffer *out)
{
	if (*text == '.' || *text == '\'')
		buffer_add_text(out, "\\&");
	for (; *text; text++) {
		if (*text == '-' || *text == '\\')
			buffer_add_char(out, '\\');
		buffer_add_char(out, *text);
	}
}

static void add_title(const struct manual_head *head, struct buffer *out)
{
	buffer_add_text(out, ".TH \"");
	for (const char *at = head->page; *at; at++)
		buffer_add_char(out, (char)(*at >= 'a' && *at <= 'z' ? *at - 32 : *at));
	buffer_format(out, "\" %d \"\" \"wherry %s\"\n", head->section, head->version);
}

void manual_add_head(const struct manual_head *head, struct buffer *out)
{
	add_title(head, out);
	buffer_add_text(out, ".SH NAME\n");
	manual_add_text(head->page, out);
	buffer_add_text(out, " \\- ");
	manual_add_text(head->summary, out);
	buffer_add_text(out, "\n.SH SYNOPSIS\n.B ");
	manual_add_text(head->command, out);
	buffer_add_char(out, '\n');
	manual_add_text(head->usage, out);
	buffer_add_text(out, "\n.SH DESCRIPTION\n");
	manual_add_text(head->details ? head->details : head->summary, out);
	buffer_add_text(out, ".\n");
}

static void add_option(const struct option *option, struct buffer *out)
{
	const char *value = option->kind->value_name;

	buffer_add_text(out, ".TP\n\\fB");
	if (option->shorthand)
		buffer_format(out, "\\-%c\\fR, \\fB", option->shorthand);
	buffer_add_text(out, "\\-\\-");
	manual_add_text(option->name, out);
	buffer_add_text(out, "\\fR");
	if (*value) {
		buffer_add_text(out, " \\fI");
		manual_add_text(value, out);
		buffer_add_text(out, "\\fR");
	}
	buffer_add_char(out, '\n');
	manual_add_text(option->help, out);
	if (!str_is_empty(option->initial)) {
		buffer_add_text(out, " (default ");
		manual_add_text(option->initial, out);
		buffer_add_char(out, ')');
	}
	buffer_add_text(out, ".\n");
}

void manual_add_options(const struct option *const *sorted, size_t count, struct buffer *out)
{
	if (count)
		buffer_add_text(out, ".SH OPTIONS\n");
	for (size_t i = 0; i < count; i++)
		if (!sorted[i]->hidden)
			add_option(sorted[i], out);
}
