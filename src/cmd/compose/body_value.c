/* Nodes to JSON, and what is said when that cannot be. */
#include "cmd/compose/body_part.h"
#include "format/json.h"
#include "format/units.h"

#include <math.h>

/* ---- messages ---- */

static void write_place(const struct body *body, const struct node *at, const char *path,
			struct buffer *out)
{
	const struct node *node = at ? at : body->node;

	if (node->place.file)
		buffer_format(out, "%s:%u:%u: ", node->place.file, node->place.line,
			      node->place.column);
	buffer_format(out, "services.%s.%s: ", body->request->service->name, path);
}

bool body_refuse(const struct body *body, const struct node *at, struct error *err,
		 const char *path, const char *format, ...)
{
	scoped_buffer struct buffer text = {0};
	va_list args;

	write_place(body, at, path, &text);
	va_start(args, format);
	buffer_format_v(&text, format, args);
	va_end(args);
	return error_set(err, ERROR_INVALID, "%s", text.data);
}

void body_warn(const struct body *body, const struct node *at, const char *path, const char *format,
	       ...)
{
	struct strings *warnings = body->request->warnings;
	scoped_buffer struct buffer text = {0};
	va_list args;

	if (!warnings)
		return;
	write_place(body, at, path, &text);
	va_start(args, format);
	buffer_format_v(&text, format, args);
	va_end(args);
	if (!strings_contain(warnings, text.data))
		strings_add(warnings, text.data);
}

bool body_api_has(const struct body *body, const char *version)
{
	return api_version_at_least(body->request->api_version, version);
}

/* ---- values ---- */

bool body_number(const struct node *node, int64_t *number)
{
	if (node->kind == NODE_INT)
		*number = node->number;
	else if (node->kind == NODE_FLOAT && fabs(node->real) < 9e18)
		*number = (int64_t)node->real;
	else
		return node->kind == NODE_TEXT && parse_i64(node->text, number);
	return true;
}

/* A decimal number exactly as people wrote it, and not as a double has it. */
static bool read_billionths(const struct node *node, int64_t *out)
{
	double value = node->kind == NODE_INT ? (double)node->number : node->real;

	if (node->kind == NODE_TEXT) {
		char *end;

		value = strtod(node->text, &end);
		if (end == node->text || *end)
			return false;
	} else if (node->kind != NODE_INT && node->kind != NODE_FLOAT) {
		return false;
	}
	if (!(fabs(value) < 1e9))
		return false;
	*out = llround(value * 1e9);
	return true;
}

static json_t *text_value(const char *text)
{
	scoped_json json_t *holder = json_object();

	doc_set_text(holder, "value", text);
	return json_incref(json_object_get(holder, "value"));
}

json_t *body_list(const struct node *list)
{
	json_t *out = json_array();

	node_each(item, list) json_array_append_new(out, text_value(item->value->text));
	return out;
}

json_t *body_map(const struct node *map)
{
	json_t *out = json_object();

	node_each(member, map) doc_set_text(out, member->key, member->value->text);
	return out;
}

bool body_duration(const struct body *body, const struct node *node, const char *path, int64_t *ns,
		   struct error *err)
{
	struct error reason;

	return duration_from_text(node->text, ns, &reason) ||
	       body_refuse(body, node, err, path, "%s", reason.text);
}

json_t *body_extension(struct body *body)
{
	if (!json_object_get(body->config, "Wherry"))
		json_object_set_new(body->config, "Wherry", json_object());
	return json_object_get(body->config, "Wherry");
}

void body_set_given(json_t *object, const char *name, json_t *value)
{
	bool empty = !value || (json_is_array(value) && !json_array_size(value)) ||
		     (json_is_object(value) && !json_object_size(value));

	if (!empty)
		json_object_set(object, name, value);
	json_decref(value);
}

/* ---- rows ---- */

static json_t *row_value(const struct node *value, enum body_kind kind)
{
	int64_t number;

	switch (kind) {
	case BODY_TEXT:
		return text_value(value->text);
	case BODY_FLAG:
		return json_boolean(value->kind == NODE_BOOL ? value->truth
							     : strcmp(value->text, "true") == 0);
	case BODY_NUMBER:
		return body_number(value, &number) ? json_integer(number) : NULL;
	case BODY_BILLIONTHS:
		return read_billionths(value, &number) ? json_integer(number) : NULL;
	case BODY_LIST:
		return body_list(value);
	case BODY_MAP:
		return body_map(value);
	}
	return NULL;
}

static bool set_row(struct body *body, json_t *object, const struct node *value,
		    const struct body_row *row, struct error *err)
{
	json_t *json = row_value(value, row->kind);

	if (!json)
		return body_refuse(body, value, err, row->attribute, "\"%s\" is no number",
				   value->text);
	if (row->since && !body_api_has(body, row->since)) {
		body_warn(body, value, row->attribute,
			  "is ignored: the daemon knows it from API version %s on", row->since);
		json_decref(json);
		return true;
	}
	body_set_given(object, row->member, json);
	return true;
}

bool body_set_rows(struct body *body, json_t *object, const struct node *node,
		   const struct body_row *rows, size_t count, struct error *err)
{
	for (size_t i = 0; i < count; i++) {
		const struct node *value = node_get(node, rows[i].attribute);

		if (value && value->kind != NODE_NULL &&
		    !set_row(body, object, value, &rows[i], err))
			return false;
	}
	return true;
}
