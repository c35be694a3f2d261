#include "format/interpolate.h"

#include <ctype.h>

struct interpolation {
	const struct interpolate_rules *rules;
	struct buffer *out;
	struct error *err;
	unsigned depth;
};

static bool expand(struct interpolation *in, const char *text, size_t size);

static bool starts_name(char c)
{
	return isalpha((unsigned char)c) || c == '_';
}

static size_t name_size(const char *text, size_t size)
{
	size_t length = 0;

	if (!size || !starts_name(*text))
		return 0;
	while (length < size && (starts_name(text[length]) || isdigit((unsigned char)text[length])))
		length++;
	return length;
}

static bool add(struct interpolation *in, const char *text, size_t size)
{
	buffer_add(in->out, text, size);
	return in->out->size <= INTERPOLATE_SIZE_LIMIT ||
	       error_set(in->err, ERROR_INVALID, "more than %d bytes with its variables",
			 INTERPOLATE_SIZE_LIMIT);
}

/* ---- one variable ---- */

struct variable {
	char *name;    /* owned */
	char operator; /* '-', '+', '?' or 0 */
	bool or_empty; /* a colon before it */
	const char *word;
	size_t word_size;
};

static const char *value_of(struct interpolation *in, const struct variable *variable)
{
	const struct interpolate_rules *rules = in->rules;
	const char *value = rules->get(rules->data, variable->name);

	if (rules->used) {
		scoped_free char *word =
			variable->operator? str_dup_n(variable->word, variable->word_size) : NULL;

		rules->used(rules->data, variable->name, variable->operator, word);
	}
	return value;
}

/* The word behind ? with its variables, as the reason. */
static bool fail_required(struct interpolation *in, const struct variable *variable)
{
	scoped_buffer struct buffer word = {0};
	struct interpolation inner = *in;

	inner.out = &word;
	if (!expand(&inner, variable->word, variable->word_size))
		return false;
	return error_set(in->err, ERROR_INVALID, "required variable %s is missing a value%s%s",
			 variable->name, word.size ? ": " : "", word.size ? word.data : "");
}

static bool add_variable(struct interpolation *in, const struct variable *variable)
{
	const char *value = value_of(in, variable);
	bool is_set = value && (*value || !variable->or_empty);

	switch (variable->operator) {
	case '-':
		return is_set ? add(in, value, strlen(value))
			      : expand(in, variable->word, variable->word_size);
	case '+':
		return !is_set || expand(in, variable->word, variable->word_size);
	case '?':
		return is_set ? add(in, value, strlen(value)) : fail_required(in, variable);
	default:
		if (!value && in->rules->unset)
			in->rules->unset(in->rules->data, variable->name);
		return !value || add(in, value, strlen(value));
	}
}

/* ---- ${...} ---- */

/* How many bytes stand before the brace that closes; `size` when none does. */
static size_t find_end(const char *text, size_t size)
{
	size_t depth = 0;

	for (size_t i = 0; i < size; i++) {
		if (text[i] == '$' && i + 1 < size && text[i + 1] == '$') {
			i++;
		} else if (text[i] == '$' && i + 1 < size && text[i + 1] == '{') {
			depth++;
			i++;
		} else if (text[i] == '}' && depth-- == 0) {
			return i;
		}
	}
	return size;
}

static bool read_braced(const char *text, size_t size, struct variable *variable)
{
	size_t at = name_size(text, size);

	if (!at)
		return false;
	variable->name = str_dup_n(text, at);
	if (at == size)
		return true;
	variable->or_empty = text[at] == ':';
	at += variable->or_empty;
	if (at == size || !strchr("-+?", text[at]))
		return false;
	variable->operator= text[at++];
	variable->word = text + at;
	variable->word_size = size - at;
	return true;
}

static bool fail_format(struct interpolation *in, const char *text, size_t size)
{
	return error_set(in->err, ERROR_INVALID,
			 "invalid interpolation format: '%.*s'; $ on its own is written $$",
			 size > 60 ? 60 : (int)size, text);
}

/* At "${": what it stands for; *used bytes of the text. */
static bool add_braced(struct interpolation *in, const char *text, size_t size, size_t *used)
{
	size_t inside = find_end(text + 2, size - 2);
	struct variable variable = {0};

	if (inside == size - 2)
		return fail_format(in, text, size);
	*used = inside + 3;
	bool good = read_braced(text + 2, inside, &variable) ? add_variable(in, &variable)
							     : fail_format(in, text, *used);
	free(variable.name);
	return good;
}

/* ---- a text ---- */

/* At a dollar. */
static bool add_dollar(struct interpolation *in, const char *text, size_t size, size_t *used)
{
	size_t length = name_size(text + 1, size - 1);

	if (size > 1 && text[1] == '{')
		return add_braced(in, text, size, used);
	if (length) {
		struct variable variable = {.name = str_dup_n(text + 1, length)};
		bool good = add_variable(in, &variable);

		free(variable.name);
		*used = length + 1;
		return good;
	}
	*used = size > 1 && text[1] == '$' ? 2 : 1;
	return add(in, "$", 1);
}

static bool expand_pieces(struct interpolation *in, const char *text, size_t size)
{
	while (size) {
		const char *dollar = memchr(text, '$', size);
		size_t plain = dollar ? (size_t)(dollar - text) : size, used = 0;

		if (!add(in, text, plain))
			return false;
		if (!dollar)
			return true;
		if (!add_dollar(in, dollar, size - plain, &used))
			return false;
		text = dollar + used;
		size -= plain + used;
	}
	return true;
}

static bool expand(struct interpolation *in, const char *text, size_t size)
{
	if (in->depth == INTERPOLATE_DEPTH_LIMIT)
		return error_set(in->err, ERROR_INVALID,
				 "variables stand more than %d deep in one another",
				 INTERPOLATE_DEPTH_LIMIT);
	in->depth++;
	bool good = expand_pieces(in, text, size);
	in->depth--;
	return good;
}

char *interpolate(const char *text, const struct interpolate_rules *rules, struct error *err)
{
	scoped_buffer struct buffer out = {0};
	struct interpolation in = {.rules = rules, .out = &out, .err = err};

	return expand(&in, text, strlen(text)) ? buffer_take(&out) : NULL;
}
