#include "cmd/cli/listing.h"

#include "cmd/cli/api.h"
#include "cmd/cli/table.h"
#include "cmd/cli/template_tree.h"
#include "format/json.h"

#include <ctype.h>
#include <stdio.h>

/* In a format, \t and \n are written as they are typed in a shell. */
static char *unescape(const char *format)
{
	scoped_buffer struct buffer out = {0};

	for (; *format; format++) {
		bool tab = format[0] == '\\' && format[1] == 't';
		bool line = format[0] == '\\' && format[1] == 'n';

		buffer_add_char(&out, tab ? '\t' : line ? '\n' : *format);
		format += tab || line;
	}
	return buffer_take(&out);
}

static bool is_table_format(const char *format)
{
	return strncmp(format, "table", 5) == 0 && (!format[5] || format[5] == ' ');
}

/* The template that the user's format stands for. */
static char *choose_template(const struct view *view, const char *format, const char *table,
			     bool quiet)
{
	const struct listing *listing = view->listing;

	if (quiet)
		return str_format("{{.%s}}", listing->identity);
	if (!view->is_table && strcmp(format, "json") == 0)
		return str_dup("{{json .}}");
	if (!view->is_table && listing->raw && strcmp(format, "raw") == 0)
		return str_dup(listing->raw);
	if (!view->is_table)
		return unescape(format);
	while (format && *format && *format++ != ' ')
		;
	return unescape(str_is_empty(format) ? table : format);
}

static bool write_row(const struct view *view, const json_t *row, struct template_data data,
		      struct buffer *out, struct error *err)
{
	data.root = row;
	data.row_type = view->listing->row_type;
	if (!template_execute(view->template, &data, out, err))
		return error_prefix(err, "%s",
				    view->listing->failure ? view->listing->failure
							   : "template parsing error");
	buffer_add_char(out, '\n');
	return true;
}

/* On a row that has plenty of everything. */
static bool try_template(const struct view *view, struct error *err)
{
	static const char plenty[] =
		"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
	const struct listing *listing = view->listing;
	scoped_json json_t *row = json_object();
	scoped_buffer struct buffer unused = {0};

	for (size_t i = 0; i < listing->column_count; i++)
		json_object_set_new(row, listing->columns[i].name, json_string(plenty));
	return write_row(view, row, (struct template_data){.call = listing->call}, &unused, err);
}

bool view_open(struct view *view, const struct listing *listing, const char *format,
	       const char *table, bool quiet, struct error *err)
{
	bool custom = !str_is_empty(format);

	view->listing = listing;
	view->is_table = !quiet && (!custom || is_table_format(format));
	if (quiet && custom)
		fprintf(stderr,
			"WARNING: Ignoring custom format, because both --format and --quiet "
			"are set.\n");
	scoped_free char *text = choose_template(view, format, table, quiet);
	view->template = template_parse(text, err);
	if (!view->template)
		return error_prefix(err, "failed to parse template");
	return !listing->tried_first || !custom || quiet || try_template(view, err);
}

void view_close(struct view *view)
{
	template_free(view->template);
	view->template = NULL;
}

bool view_uses(const struct view *view, const char *member)
{
	return template_uses(view->template, member);
}

bool view_is_whole(const struct view *view)
{
	return template_is_whole(view->template);
}

/* {{.Label "name"}}: read back from the labels' text, which rows of every kind have. */
json_t *row_call_label(const json_t *row, const char *name, const json_t *arguments)
{
	const char *wanted = json_string_value(json_array_get(arguments, 0));
	scoped_strings struct strings labels = {0};

	if (strcmp(name, "Label") != 0 || !wanted || json_array_size(arguments) != 1)
		return NULL;
	labels = strings_split(doc_text(row, "Labels"), ',');
	for (size_t i = 0; i < labels.count; i++) {
		const char *equals = strchr(labels.items[i], '=');
		size_t length = equals ? (size_t)(equals - labels.items[i]) : 0;

		if (equals && strlen(wanted) == length &&
		    memcmp(labels.items[i], wanted, length) == 0)
			return json_string(equals + 1);
	}
	return json_string("");
}

static json_t *titles_of(const struct listing *listing)
{
	json_t *titles = json_object();

	for (size_t i = 0; i < listing->column_count; i++)
		json_object_set_new(titles, listing->columns[i].name,
				    json_string(listing->columns[i].title));
	return titles;
}

static json_t *title_of_call(const json_t *row, const char *name, const json_t *arguments)
{
	return json_incref(json_array_get(arguments, 0)); /* {{.Label "x"}} heads a column x */
}

/* {{json .}} shows the members by name; a row is handed to the template in that order. */
json_t *row_sorted(const json_t *row)
{
	scoped_strings struct strings names = {0};
	json_t *sorted = json_object(), *member;
	const char *name;

	json_object_foreach ((json_t *)row, name, member)
		strings_add(&names, name);
	strings_sort(&names);
	for (size_t i = 0; i < names.count; i++)
		json_object_set(sorted, names.items[i], json_object_get(row, names.items[i]));
	return sorted;
}

/* ---- the order of rows ---- */

/* Runs of digits compare by value; of equal values the shorter run, with fewer zeros, comes first. */
static int compare_digits(const char **a, const char **b)
{
	size_t zeros_a = strspn(*a, "0"), zeros_b = strspn(*b, "0");
	size_t length_a = strspn(*a + zeros_a, "0123456789");
	size_t length_b = strspn(*b + zeros_b, "0123456789");

	if (length_a != length_b)
		return length_a < length_b ? -1 : 1;
	int order = strncmp(*a + zeros_a, *b + zeros_b, length_a);
	if (order)
		return order;
	*a += zeros_a + length_a;
	*b += zeros_b + length_b;
	return zeros_a == zeros_b ? 0 : zeros_a < zeros_b ? -1 : 1;
}

static int compare_natural(const char *a, const char *b)
{
	while (*a && *b) {
		int order = isdigit((unsigned char)*a) && isdigit((unsigned char)*b)
				    ? compare_digits(&a, &b)
				    : (unsigned char)*a++ - (unsigned char)*b++;
		if (order)
			return order;
	}
	return (unsigned char)*a - (unsigned char)*b;
}

struct keyed {
	const char *key;
	json_t *row;
};

static int by_key(const void *a, const void *b)
{
	return compare_natural(((const struct keyed *)a)->key, ((const struct keyed *)b)->key);
}

json_t *rows_sort(const json_t *rows, const char *member)
{
	size_t count = json_array_size(rows);
	struct keyed *keyed = mem_zeroed(count, sizeof(*keyed));
	json_t *sorted = json_array();

	for (size_t i = 0; i < count; i++) {
		json_t *row = json_array_get(rows, i);
		const char *key = json_string_value(json_object_get(row, member));

		keyed[i] = (struct keyed){key ? key : "", row};
	}
	qsort(keyed, count, sizeof(*keyed), by_key);
	for (size_t i = 0; i < count; i++)
		json_array_append(sorted, keyed[i].row);
	free(keyed);
	return sorted;
}

bool view_write(const struct view *view, const json_t *rows, struct buffer *out, struct error *err)
{
	struct template_data data = {.call = view->listing->call};
	struct template_data head = {.call = title_of_call, .headers = true};
	scoped_buffer struct buffer text = {0};
	scoped_json json_t *titles = titles_of(view->listing);
	size_t i;
	json_t *row;

	if (view->is_table && !write_row(view, titles, head, &text, err))
		return false;
	json_array_foreach (rows, i, row) {
		scoped_json json_t *sorted = row_sorted(row);

		if (!write_row(view, sorted, data, &text, err))
			return false;
	}
	if (view->is_table)
		table_align(text.data, &table_listing, out);
	else if (text.size)
		buffer_add(out, text.data, text.size);
	return true;
}

struct template *document_template(const char *format, struct error *err)
{
	bool json = strcmp(format, "json") == 0;
	scoped_free char *text = json ? str_dup("{{json .}}") : unescape(format);

	return template_parse(text, err);
}

bool document_write(const char *format, const json_t *document, struct buffer *out,
		    struct error *err)
{
	scoped(template) struct template *t = document_template(format, err);
	struct template_data data = {.root = document};

	if (!t)
		return error_prefix(err, "template parsing error");
	size_t before = out->size;
	if (!template_execute(t, &data, out, err)) {
		out->size = before; /* half a document is none */
		return false;
	}
	buffer_add_char(out, '\n');
	return true;
}
