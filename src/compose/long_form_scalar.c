/* Scalars: the kind of a plain one follows what the model wants, and text that was made by a variable counts like
 * one that was typed. */
#include "compose/long_form.h"

#include "compose/duration.h"
#include "format/path.h"
#include "format/units.h"
#include "format/yaml.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static struct node *wrong_scalar(struct shaping *s, const struct trail *trail,
				 const struct node *value, const char *wanted)
{
	if (value->kind != NODE_TEXT)
		return shape_error(s, trail, value->place, "must be %s, not %s", wanted,
				   node_kind_name(value));
	return shape_error(s, trail, value->place, "must be %s, not \"%.100s\"", wanted,
			   value->text);
}

/* ---- text ---- */

/* A number as its text: the value, so 0777 is 511 and 1.0 is 1.  Version 1 kept what is no integer as it was. */
static const char *number_text(struct shaping *s, const struct node *value)
{
	bool v1 = s->rules->style == COMPOSE_V1;

	if (value->kind == NODE_INT)
		return v1 && strpbrk(value->text, "oO")
			       ? value->text
			       : arena_format(s->arena, "%lld", (long long)value->number);
	if (v1)
		return value->text;
	if (fabs(value->real) < 1e15 && value->real == floor(value->real))
		return arena_format(s->arena, "%lld", (long long)value->real);
	for (int digits = 1; digits < 17; digits++) { /* the shortest that is the same number */
		char text[40];

		snprintf(text, sizeof(text), "%.*g", digits, value->real);
		if (strtod(text, NULL) == value->real)
			return arena_text(s->arena, text);
	}
	return arena_format(s->arena, "%.17g", value->real);
}

static const char *scalar_text(struct shaping *s, const struct node *value,
			       const struct trail *trail)
{
	if (value->kind == NODE_NULL || value->kind == NODE_LIST || value->kind == NODE_MAP) {
		wrong_scalar(s, trail, value, "text");
		return NULL;
	}
	if (value->kind == NODE_TEXT)
		return value->text;
	if (value->kind == NODE_BOOL && s->rules->style == COMPOSE_V1) {
		shape_error(s, trail, value->place,
			    "contains %s, which is an invalid type, it should be a string; "
			    "write it in quotes",
			    value->text);
		return NULL;
	}
	const char *text = value->kind != NODE_BOOL ? number_text(s, value)
			   : value->truth	    ? "true"
						    : "false";
	if (strcmp(text, value->text) != 0)
		shape_warn(s, trail, value->place,
			   "%s is %s here; write it in quotes to keep it as it is", value->text,
			   text);
	return text;
}

static const char *word_at(const void *data, size_t index)
{
	return ((const struct strings *)data)->items[index];
}

static bool check_words(struct shaping *s, const char *words, const struct node *value,
			const struct trail *trail)
{
	scoped_strings struct strings list = strings_split(words, '|');

	if (strings_contain(&list, value->text) || shape_waits(s, value))
		return true;
	const char *nearest = spelling_nearest(value->text, word_at, &list, list.count);
	scoped_free char *all = strings_join(&list, ", ");
	return shape_error(s, trail, value->place, "\"%.100s\" is none of %s%s%s%s", value->text,
			   all, nearest ? "; did you mean '" : "", nearest ? nearest : "",
			   nearest ? "'?" : "");
}

/* Text as it was written is shared: nobody changes such a node. */
static struct node *with_text(struct shaping *s, const struct node *value, const char *text)
{
	if (value->kind == NODE_TEXT && value->text == text)
		return (struct node *)value;
	struct node *out = arena_new(s->arena, struct node);
	*out = (struct node){.kind = NODE_TEXT, .place = value->place, .text = text};
	return out;
}

static struct node *shape_text(struct shaping *s, const struct attribute *attribute,
			       const struct node *value, const struct trail *trail)
{
	const char *text = scalar_text(s, value, trail);

	if (!text)
		return NULL;
	struct node *out = with_text(s, value, text);
	if (attribute->words && !check_words(s, attribute->words, out, trail))
		return NULL;
	return out;
}

static char *clean_in_arena(struct shaping *s, const char *path)
{
	scoped_free char *clean = path_clean(path);

	return arena_text(s->arena, clean);
}

static struct node *shape_path_text(struct shaping *s, const struct attribute *attribute,
				    const struct node *value, const struct trail *trail)
{
	struct node *out = shape_text(s, attribute, value, trail);

	if (!out)
		return NULL;
	if (!*out->text)
		return shape_error(s, trail, value->place, "must be a path, not empty");
	if (attribute->kind == ATTRIBUTE_PATH)
		return with_text(s, out, shape_path(s, out->text));
	return shape_waits(s, out) ? out : with_text(s, out, clean_in_arena(s, out->text));
}

/* ---- true and false ---- */

static bool bool_from_text(const char *text, bool *truth, bool *is_odd)
{
	static const struct {
		const char *word;
		bool truth;
	} words[] = {{"true", true}, {"false", false}, {"yes", true}, {"no", false},
		     {"on", true},   {"off", false},   {"y", true},   {"n", false}};

	for (size_t i = 0; i < array_length(words); i++) {
		if (strcasecmp(text, words[i].word) != 0)
			continue;
		*truth = words[i].truth;
		*is_odd = i > 1;
		return true;
	}
	return false;
}

static struct node *shape_bool(struct shaping *s, const struct node *value,
			       const struct trail *trail)
{
	bool truth = value->truth, is_odd = false;

	if (value->kind != NODE_BOOL &&
	    (value->kind != NODE_TEXT || !bool_from_text(value->text, &truth, &is_odd)))
		return wrong_scalar(s, trail, value, "true or false");
	if (is_odd)
		shape_warn(s, trail, value->place, "\"%s\" is read as %s; write %s", value->text,
			   truth ? "true" : "false", truth ? "true" : "false");
	return node_new_bool(s->arena, truth, value->place);
}

/* ---- numbers ---- */

/* The number that text spells, as YAML has them; false: it is none. */
static bool number_from_scalar(const struct node *value, struct node *out)
{
	*out = *value;
	if (value->kind == NODE_TEXT)
		yaml_resolve(out, value->text);
	return out->kind == NODE_INT || (out->kind == NODE_FLOAT && isfinite(out->real));
}

static bool int_from_scalar(const struct node *value, int64_t *out)
{
	struct node number;

	if (!number_from_scalar(value, &number))
		return false;
	if (number.kind == NODE_INT) {
		*out = number.number;
		return true;
	}
	if (fabs(number.real) > 1e15 || number.real != floor(number.real))
		return false;
	*out = (int64_t)number.real;
	return true;
}

static struct node *in_range(struct shaping *s, const struct attribute *attribute,
			     struct node *number, double value, const struct trail *trail)
{
	if ((!attribute->least && !attribute->most) ||
	    (value >= (double)attribute->least && value <= (double)attribute->most))
		return number;
	if (attribute->most == INT64_MAX)
		return shape_error(s, trail, number->place, "must be %lld or more, not %s",
				   (long long)attribute->least, number->text);
	return shape_error(s, trail, number->place, "must be between %lld and %lld, not %s",
			   (long long)attribute->least, (long long)attribute->most, number->text);
}

static struct node *shape_int(struct shaping *s, const struct attribute *attribute,
			      const struct node *value, const struct trail *trail)
{
	int64_t number;

	if (!int_from_scalar(value, &number))
		return wrong_scalar(s, trail, value, "an integer");
	return in_range(s, attribute, node_new_int(s->arena, number, value->place), (double)number,
			trail);
}

static struct node *shape_float(struct shaping *s, const struct attribute *attribute,
				const struct node *value, const struct trail *trail)
{
	struct node number;

	if (!number_from_scalar(value, &number))
		return wrong_scalar(s, trail, value, "a number");
	double real = number.kind == NODE_INT ? (double)number.number : number.real;
	struct node *out = arena_new(s->arena, struct node);
	*out = (struct node){
		.kind = NODE_FLOAT, .place = value->place, .text = value->text, .real = real};
	return in_range(s, attribute, out, real, trail);
}

static struct node *shape_bytes(struct shaping *s, const struct attribute *attribute,
				const struct node *value, const struct trail *trail)
{
	struct error err;
	int64_t bytes;

	if (value->kind == NODE_INT && value->number >= -1)
		bytes = value->number;
	else if (value->kind == NODE_TEXT && strcmp(value->text, "-1") == 0)
		bytes = -1;
	else if (value->kind == NODE_TEXT || value->kind == NODE_FLOAT) {
		if (!size_from_text(value->text, &bytes, &err))
			return shape_error(s, trail, value->place, "%s", err.text);
	} else
		return wrong_scalar(s, trail, value, "a size, like 512m");
	struct node *out = node_new_int(s->arena, bytes, value->place);
	out->kind = attribute->kind == ATTRIBUTE_SIZE ? NODE_INT : NODE_TEXT;
	return out;
}

/* ---- time ---- */

static struct node *shape_duration(struct shaping *s, const struct node *value,
				   const struct trail *trail)
{
	struct error err;
	int64_t ns;

	if (value->kind == NODE_INT && value->number == 0)
		return node_new_text(s->arena, "0s", value->place);
	if (value->kind == NODE_INT || value->kind == NODE_FLOAT)
		return shape_error(s, trail, value->place, "has no unit: write %ss, %sm or %sh",
				   value->text, value->text, value->text);
	if (value->kind != NODE_TEXT)
		return wrong_scalar(s, trail, value, "a duration, like 1m30s");
	if (!compose_duration_parse(value->text, &ns, &err))
		return shape_error(s, trail, value->place, "%s", err.text);
	scoped_free char *text = duration_to_text(ns);
	return node_new_text(s->arena, text, value->place);
}

static struct node *shape_microseconds(struct shaping *s, const struct attribute *attribute,
				       const struct node *value, const struct trail *trail)
{
	struct error err;
	int64_t number;

	if (!int_from_scalar(value, &number)) {
		if (value->kind != NODE_TEXT)
			return wrong_scalar(s, trail, value,
					    "microseconds, or a duration like 50ms");
		if (!compose_duration_parse(value->text, &number, &err))
			return shape_error(s, trail, value->place, "%s", err.text);
		number /= 1000;
	}
	return in_range(s, attribute, node_new_int(s->arena, number, value->place), (double)number,
			trail);
}

/* ---- any ---- */

struct node *shape_scalar(struct shaping *s, const struct attribute *attribute,
			  const struct node *value, const struct trail *trail)
{
	bool is_text = attribute->kind == ATTRIBUTE_TEXT || attribute->kind == ATTRIBUTE_PATH ||
		       attribute->kind == ATTRIBUTE_TARGET;

	if (!is_text && shape_waits(s, value))
		return node_copy(s->arena, value);
	switch (attribute->kind) {
	case ATTRIBUTE_BOOL:
		return shape_bool(s, value, trail);
	case ATTRIBUTE_INT:
		return shape_int(s, attribute, value, trail);
	case ATTRIBUTE_FLOAT:
		return shape_float(s, attribute, value, trail);
	case ATTRIBUTE_BYTES:
	case ATTRIBUTE_SIZE:
		return shape_bytes(s, attribute, value, trail);
	case ATTRIBUTE_DURATION:
		return shape_duration(s, value, trail);
	case ATTRIBUTE_MICROSECONDS:
		return shape_microseconds(s, attribute, value, trail);
	case ATTRIBUTE_PATH:
	case ATTRIBUTE_TARGET:
		return shape_path_text(s, attribute, value, trail);
	case ATTRIBUTE_TEXT:
	case ATTRIBUTE_ANY:
	case ATTRIBUTE_MAP:
	case ATTRIBUTE_NAMES:
	case ATTRIBUTE_LIST:
		break;
	}
	return shape_text(s, attribute, value, trail);
}
