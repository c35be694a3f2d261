/* Values as Go prints them: %v, Printf's verbs, and encoding/json. */
#include "cmd/cli/template_tree.h"
#include "format/json.h"

#include <ctype.h>
#include <math.h>

/* ---- floating point ---- */

/* The shortest digits that read back as the same number, in C's e notation: "-1.5e+02". */
static void shortest(double value, char *out, size_t size)
{
	for (int precision = 0; precision < 17; precision++) {
		snprintf(out, size, "%.*e", precision, value);
		if (strtod(out, NULL) == value)
			return;
	}
}

/* Sizes below `least` and from `most` on are written with an exponent. */
static void print_real(double value, double least, double most, struct buffer *out)
{
	char digits[32];
	double size = fabs(value);

	if (!isfinite(value)) {
		buffer_add_text(out, isnan(value) ? "NaN" : value < 0 ? "-Inf" : "+Inf");
		return;
	}
	shortest(value, digits, sizeof(digits));
	const char *exponent = strchr(digits, 'e'), *point = strchr(digits, '.');
	int decimals = point ? (int)(exponent - point) - 1 : 0;
	int places = decimals - (int)strtol(exponent + 1, NULL, 10);
	if (size && (size < least || size >= most))
		buffer_add_text(out, digits);
	else
		buffer_format(out, "%.*f", places < 0 ? 0 : places, value);
}

static void print_real_plain(double value, struct buffer *out)
{
	print_real(value, 1e-4, 1e6, out); /* Go's %v */
}

/* ---- %v ---- */

static void print_object(const struct value *value, struct buffer *out)
{
	bool is_struct = value_is_struct(value);
	scoped_strings struct strings names = value_names(value, !is_struct);

	buffer_add_text(out, is_struct ? "{" : "map[");
	for (size_t i = 0; i < names.count; i++) {
		struct value member = value_member(value, names.items[i]);

		if (i)
			buffer_add_char(out, ' ');
		if (!is_struct)
			buffer_format(out, "%s:", names.items[i]);
		value_print(&member, out);
	}
	buffer_add_char(out, is_struct ? '}' : ']');
}

static void print_array(const json_t *array, struct buffer *out)
{
	buffer_add_char(out, '[');
	for (size_t i = 0; i < json_array_size(array); i++) {
		struct value item = {json_array_get(array, i), SHAPE_PLAIN};

		if (i)
			buffer_add_char(out, ' ');
		value_print(&item, out);
	}
	buffer_add_char(out, ']');
}

static const char *empty_of_shape(enum shape shape)
{
	return shape == SHAPE_MAP ? "map[]" : shape == SHAPE_LIST ? "[]" : "<nil>";
}

void value_print(const struct value *value, struct buffer *out)
{
	const json_t *json = value->json;

	if (!json) {
		buffer_add_text(out, "<no value>");
		return;
	}
	switch (json_typeof(json)) {
	case JSON_OBJECT:
		print_object(value, out);
		break;
	case JSON_ARRAY:
		print_array(json, out);
		break;
	case JSON_STRING:
		buffer_add(out, json_string_value(json), json_string_length(json));
		break;
	case JSON_INTEGER:
		buffer_format(out, "%" JSON_INTEGER_FORMAT, json_integer_value(json));
		break;
	case JSON_REAL:
		print_real_plain(json_real_value(json), out);
		break;
	case JSON_TRUE:
	case JSON_FALSE:
		buffer_add_text(out, json_is_true(json) ? "true" : "false");
		break;
	case JSON_NULL:
		buffer_add_text(out, empty_of_shape(value->shape));
		break;
	}
}

/* ---- JSON ---- */

static void print_json_object(const struct value *value, bool html, struct buffer *out)
{
	scoped_strings struct strings names = value_names(value, value->shape == SHAPE_MAP);

	buffer_add_char(out, '{');
	for (size_t i = 0; i < names.count; i++) {
		struct value member = value_member(value, names.items[i]);

		if (i)
			buffer_add_char(out, ',');
		json_write_bytes(out, names.items[i], strlen(names.items[i]), html);
		buffer_add_char(out, ':');
		value_print_json(&member, html, out);
	}
	buffer_add_char(out, '}');
}

static void print_json_array(const json_t *array, bool html, struct buffer *out)
{
	buffer_add_char(out, '[');
	for (size_t i = 0; i < json_array_size(array); i++) {
		struct value item = {json_array_get(array, i), SHAPE_PLAIN};

		if (i)
			buffer_add_char(out, ',');
		value_print_json(&item, html, out);
	}
	buffer_add_char(out, ']');
}

void value_print_json(const struct value *value, bool html, struct buffer *out)
{
	const json_t *json = value->json;

	if (!json || json_is_null(json))
		buffer_add_text(out, "null");
	else if (json_is_object(json))
		print_json_object(value, html, out);
	else if (json_is_array(json))
		print_json_array(json, html, out);
	else if (json_is_string(json))
		json_write_bytes(out, json_string_value(json), json_string_length(json), html);
	else if (json_is_real(json))
		print_real(json_real_value(json), 1e-6, 1e21, out);
	else
		value_print(value, out);
}

/* ---- Printf ---- */

struct verb {
	bool minus, plus, zero, space, sharp;
	int width, precision; /* -1: not given */
	char letter;
};

#define FIELD_LIMIT 4096 /* of widths and precisions: they come from users */

static int read_count(const char **at, const struct value *arguments, size_t count, size_t *used)
{
	long value = 0;

	if (**at == '*') {
		++*at;
		if (*used < count)
			value = (long)json_integer_value(arguments[(*used)++].json);
	}
	for (; isdigit((unsigned char)**at); ++*at)
		value = value > FIELD_LIMIT ? value : 10 * value + (**at - '0');
	return (int)(value > FIELD_LIMIT    ? FIELD_LIMIT
		     : value < -FIELD_LIMIT ? -FIELD_LIMIT
					    : value);
}

static struct verb read_verb(const char **at, const struct value *arguments, size_t count,
			     size_t *used)
{
	struct verb verb = {.width = -1, .precision = -1};

	for (;; ++*at) {
		if (**at == '-')
			verb.minus = true;
		else if (**at == '+')
			verb.plus = true;
		else if (**at == '0')
			verb.zero = true;
		else if (**at == ' ')
			verb.space = true;
		else if (**at == '#')
			verb.sharp = true;
		else
			break;
	}
	if (**at == '*' || isdigit((unsigned char)**at))
		verb.width = read_count(at, arguments, count, used);
	if (**at == '.') {
		++*at;
		verb.precision = read_count(at, arguments, count, used);
	}
	if (verb.width < -1) {
		verb.minus = true;
		verb.width = -verb.width;
	}
	verb.letter = **at;
	*at += **at != '\0';
	return verb;
}

/* `text` in the verb's width; zeros go behind a sign. */
static void pad(const struct verb *verb, const char *text, bool number, struct buffer *out)
{
	size_t length = strlen(text), width = 0, fill;

	for (size_t i = 0; i < length; i++)
		width += ((unsigned char)text[i] & 0xc0) != 0x80;
	fill = verb->width > (int)width ? (size_t)verb->width - width : 0;
	bool zeros = verb->zero && !verb->minus && number;
	size_t sign = zeros && (*text == '-' || *text == '+') ? 1 : 0;
	buffer_add(out, text, sign);
	for (size_t i = 0; !verb->minus && i < fill; i++)
		buffer_add_char(out, zeros ? '0' : ' ');
	buffer_add_text(out, text + sign);
	for (size_t i = 0; verb->minus && i < fill; i++)
		buffer_add_char(out, ' ');
}

static const char *type_name(const json_t *json)
{
	switch (json ? json_typeof(json) : JSON_NULL) {
	case JSON_STRING:
		return "string";
	case JSON_INTEGER:
		return "int";
	case JSON_REAL:
		return "float64";
	case JSON_TRUE:
	case JSON_FALSE:
		return "bool";
	case JSON_ARRAY:
		return "[]interface {}";
	case JSON_OBJECT:
		return "map[string]interface {}";
	case JSON_NULL:
		break;
	}
	return "<nil>";
}

static void print_bits(uint64_t value, unsigned base, bool upper, struct buffer *out)
{
	const char *digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";
	char text[65];
	size_t at = sizeof(text) - 1;

	text[at] = '\0';
	do
		text[--at] = digits[value % base];
	while (value /= base);
	buffer_add_text(out, text + at);
}

static bool format_integer(const struct verb *verb, int64_t value, struct buffer *out)
{
	static const char letters[] = "dboxX";
	static const unsigned bases[] = {10, 2, 8, 16, 16};
	const char *letter = strchr(letters, verb->letter == 'v' ? 'd' : verb->letter);
	uint64_t size = value < 0 ? -(uint64_t)value : (uint64_t)value;

	if (verb->letter == 'U')
		buffer_format(out, "U+%04llX", (unsigned long long)value);
	else if (verb->letter == 'c')
		token_add_utf8(out, value > 0 && value <= 0x10ffff ? (unsigned long)value : 0xfffd);
	if (!letter)
		return verb->letter == 'U' || verb->letter == 'c';
	if (value < 0 || verb->plus || verb->space)
		buffer_add_char(out, value < 0 ? '-' : verb->plus ? '+' : ' ');
	if (verb->sharp && *letter != 'd' && *letter != 'b')
		buffer_add_text(out, *letter == 'o' ? "0" : *letter == 'x' ? "0x" : "0X");
	print_bits(size, bases[letter - letters], verb->letter == 'X', out);
	return true;
}

static bool format_real(const struct verb *verb, double value, struct buffer *out)
{
	char format[] = {'%', verb->plus ? '+' : '-', '.', '*', verb->letter, '\0'};

	if (verb->letter == 'v' || (verb->letter == 'g' && verb->precision < 0)) {
		print_real_plain(value, out);
		return true;
	}
	if (!strchr("eEfFgG", verb->letter))
		return false;
	char *room = buffer_reserve(out, FIELD_LIMIT + 512);
	int precision = verb->precision < 0 ? 6 : verb->precision;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	buffer_wrote(out, (size_t)snprintf(room, FIELD_LIMIT + 512, format, precision, value));
#pragma GCC diagnostic pop
	return true;
}

/* Only the first `precision` characters count. */
static size_t cut_length(const char *text, int precision)
{
	size_t at = 0;

	for (int seen = 0; text[at]; at++) {
		if (((unsigned char)text[at] & 0xc0) == 0x80)
			continue;
		if (precision >= 0 && seen++ == precision)
			break;
	}
	return at;
}

static bool format_text(const struct verb *verb, const char *text, struct buffer *out)
{
	scoped_free char *cut = str_dup_n(text, cut_length(text, verb->precision));

	if (verb->letter == 's' || verb->letter == 'v') {
		buffer_add_text(out, cut);
	} else if (verb->letter == 'q') {
		json_write_string(out, cut);
	} else if (verb->letter == 'x' || verb->letter == 'X') {
		for (const char *at = cut; *at; at++)
			buffer_format(out, verb->letter == 'x' ? "%02x" : "%02X",
				      (unsigned)(unsigned char)*at);
	} else {
		return false;
	}
	return true;
}

static void bad_verb(const struct verb *verb, const struct value *value, struct buffer *out)
{
	if (json_is_null(value->json) || !value->json) {
		buffer_format(out, "%%!%c(<nil>)", verb->letter);
		return;
	}
	buffer_format(out, "%%!%c(%s=", verb->letter, type_name(value->json));
	value_print(value, out);
	buffer_add_char(out, ')');
}

/* Lists and maps are printed with the verb applied to what is inside; only the usual verbs are. */
static bool format_value(const struct verb *verb, const struct value *value, struct buffer *out)
{
	const json_t *json = value->json;

	if (json_is_integer(json))
		return format_integer(verb, json_integer_value(json), out);
	if (json_is_real(json))
		return format_real(verb, json_real_value(json), out);
	if (json_is_string(json))
		return format_text(verb, json_string_value(json), out);
	if (json_is_boolean(json) && verb->letter != 't' && verb->letter != 'v')
		return false;
	if (!json_is_boolean(json) && !strchr("vs", verb->letter))
		return false;
	value_print(value, out);
	return true;
}

static void print_verb(const struct verb *verb, const struct value *value, struct buffer *out)
{
	scoped_buffer struct buffer text = {0};

	if (verb->letter == 'T')
		buffer_add_text(&text, type_name(value->json));
	else if (!format_value(verb, value, &text))
		bad_verb(verb, value, &text);
	pad(verb, text.data ? text.data : "", json_is_number(value->json), out);
}

static void print_extra(const struct value *arguments, size_t count, struct buffer *out)
{
	buffer_add_text(out, "%!(EXTRA ");
	for (size_t i = 0; i < count; i++) {
		buffer_format(out, "%s%s=", i ? ", " : "", type_name(arguments[i].json));
		value_print(&arguments[i], out);
	}
	buffer_add_char(out, ')');
}

void value_printf(const char *format, const struct value *arguments, size_t count,
		  struct buffer *out)
{
	size_t used = 0;

	while (*format) {
		size_t plain = strcspn(format, "%");

		buffer_add(out, format, plain);
		format += plain;
		if (!*format)
			break;
		format++;
		struct verb verb = read_verb(&format, arguments, count, &used);
		if (!verb.letter)
			buffer_add_text(out, "%!(NOVERB)");
		else if (verb.letter == '%')
			buffer_add_char(out, '%');
		else if (used >= count)
			buffer_format(out, "%%!%c(MISSING)", verb.letter);
		else
			print_verb(&verb, &arguments[used++], out);
	}
	if (used < count)
		print_extra(arguments + used, count - used, out);
}
