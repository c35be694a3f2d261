#include "spec/document.h"

#include "format/json.h"

const char *doc_text(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text ? text : "";
}

int64_t doc_number(const json_t *object, const char *name)
{
	const json_t *value = json_object_get(object, name);

	return json_is_real(value) ? (int64_t)json_real_value(value) : json_integer_value(value);
}

bool doc_flag(const json_t *object, const char *name)
{
	return json_is_true(json_object_get(object, name));
}

void doc_set_text(json_t *object, const char *name, const char *text)
{
	json_t *value = json_string(text);

	if (!value) { /* what comes from a command line or a file may be in any encoding */
		scoped_buffer struct buffer quoted = {0};

		json_write_string(&quoted, text);
		value = json_loads(quoted.data, JSON_DECODE_ANY, NULL);
	}
	json_object_set_new(object, name, value);
}

void doc_set_format(json_t *object, const char *name, const char *format, ...)
{
	scoped_buffer struct buffer text = {0};
	va_list args;

	va_start(args, format);
	buffer_format_v(&text, format, args);
	va_end(args);
	doc_set_text(object, name, text.data ? text.data : "");
}

void doc_set_list(json_t *object, const char *name, const struct strings *list, bool always)
{
	json_t *array = json_array();

	for (size_t i = 0; i < list->count; i++)
		json_array_append_new(array, json_string(list->items[i]));
	if (list->count || always)
		json_object_set(object, name, array);
	json_decref(array);
}

void doc_set_map(json_t *object, const char *name, const struct pairs *map, bool always)
{
	json_t *members = json_object();

	for (size_t i = 0; i < map->count; i++)
		doc_set_text(members, map->items[i].name, map->items[i].value);
	if (map->count || always)
		json_object_set(object, name, members);
	json_decref(members);
}

void doc_set_labels(json_t *object, const struct strings *labels)
{
	json_t *members = json_object();

	for (size_t i = 0; i < labels->count; i++) {
		const char *label = labels->items[i];
		size_t length = strcspn(label, "=");
		scoped_free char *name = str_dup_n(label, length);

		doc_set_text(members, name, label + length + (label[length] != '\0'));
	}
	json_object_set_new(object, "Labels", members);
}
