/* The kinds of values that options have.  Errors carry the words that Docker's users see, so a
 * number that is none is reported in those of Go's strconv. */
#include "base/time.h"
#include "format/option.h"
#include "format/units.h"

#include <ctype.h>
#include <errno.h>

static bool not_a(const char *function, const char *text, const char *why, struct error *err)
{
	return error_set(err, ERROR_INVALID, "strconv.%s: parsing \"%s\": %s", function, text, why);
}

/* ---- switches ---- */

static bool parse_bool(const char *text, bool *out, struct error *err)
{
	static const char *const words[][6] = {
		{"0", "f", "F", "false", "FALSE", "False"},
		{"1", "t", "T", "true", "TRUE", "True"},
	};

	for (size_t i = 0; i < array_length(words[0]); i++)
		for (int value = 0; value <= 1; value++)
			if (strcmp(text, words[value][i]) == 0) {
				*out = value;
				return true;
			}
	return not_a("ParseBool", text, "invalid syntax", err);
}

static bool set_switch(void *field, const char *text, struct error *err)
{
	return parse_bool(text, field, err);
}

static bool set_choice(void *field, const char *text, struct error *err)
{
	bool value;

	if (!parse_bool(text, &value, err))
		return false;
	*(int8_t *)field = value ? 1 : -1;
	return true;
}

/* ---- numbers ---- */

/* Go's base 0: 0x, 0o, 0b and a bare 0 choose the base. */
static bool parse_integer(const char *text, int64_t *out, struct error *err)
{
	const char *digits = text + (*text == '-' || *text == '+');
	int base = 0;
	char *end;

	if (digits[0] == '0' && digits[1] && strchr("bBoO", digits[1])) {
		base = tolower((unsigned char)digits[1]) == 'b' ? 2 : 8;
		digits += 2;
	}
	if (!isxdigit((unsigned char)*digits))
		return not_a("ParseInt", text, "invalid syntax", err);
	errno = 0;
	long long value = strtoll(digits, &end, base);
	if (*end)
		return not_a("ParseInt", text, "invalid syntax", err);
	if (errno)
		return not_a("ParseInt", text, "value out of range", err);
	*out = *text == '-' ? -value : value;
	return true;
}

static bool set_number(void *field, const char *text, struct error *err)
{
	struct option_number *number = field;

	if (!parse_integer(text, &number->value, err))
		return false;
	return number->given = true;
}

static bool set_number16(void *field, const char *text, struct error *err)
{
	struct option_number *number = field;
	int64_t value;

	if (!parse_integer(text, &value, err))
		return false;
	if (value < 0 || value > UINT16_MAX)
		return not_a("ParseUint", text, "value out of range", err);
	*number = (struct option_number){true, value};
	return true;
}

static bool set_bytes(void *field, const char *text, struct error *err)
{
	struct option_number *number = field;

	if (!size_from_text(text, &number->value, err))
		return false;
	return number->given = true;
}

static bool set_swap(void *field, const char *text, struct error *err)
{
	if (strcmp(text, "-1") != 0)
		return set_bytes(field, text, err);
	*(struct option_number *)field = (struct option_number){true, -1};
	return true;
}

static bool set_duration(void *field, const char *text, struct error *err)
{
	struct option_number *number = field;

	if (!duration_from_text(text, &number->value, err))
		return false;
	return number->given = true;
}

/* Exact: a number of billionths, so "0.1" is no binary fraction on its way. */
static bool set_decimal(void *field, const char *text, struct error *err)
{
	struct option_number *number = field;
	size_t whole = strspn(text, "0123456789"), decimals = 0;
	int64_t value = 0;

	if (text[whole] == '.')
		decimals = strspn(text + whole + 1, "0123456789");
	if (whole + decimals == 0 || text[whole + (text[whole] == '.') + decimals] || whole > 9)
		return error_set(err, ERROR_INVALID, "failed to parse %s as a rational number",
				 text);
	while (decimals > 9 && text[whole + decimals] == '0')
		decimals--;
	if (decimals > 9)
		return error_set(err, ERROR_INVALID, "value is too precise");
	for (size_t i = 0; i < whole; i++)
		value = 10 * value + (text[i] - '0');
	for (size_t i = 1; i <= 9; i++)
		value = 10 * value + (i <= decimals ? text[whole + i] - '0' : 0);
	*number = (struct option_number){true, value};
	return true;
}

/* ---- texts ---- */

static bool set_string(void *field, const char *text, struct error *err)
{
	str_replace(field, text);
	return true;
}

static bool add_to_list(void *field, const char *text, struct error *err)
{
	strings_add(field, text);
	return true;
}

static bool add_words(void *field, const char *text, struct error *err)
{
	scoped_strings struct strings words = strings_split(text, ',');

	for (size_t i = 0; i < words.count; i++)
		strings_add(field, words.items[i]);
	return true;
}

static bool add_filter(void *field, const char *text, struct error *err)
{
	if (*text && !strchr(text, '='))
		return error_set(err, ERROR_INVALID, "bad format of filter (expected name=value)");
	if (*text)
		strings_add(field, text);
	return true;
}

static bool add_to_map(void *field, const char *text, struct error *err)
{
	size_t length = strcspn(text, "=");
	scoped_free char *name = str_dup_n(text, length);

	pairs_set(field, name, text[length] ? text + length + 1 : "");
	return true;
}

static void free_string(void *field)
{
	str_replace(field, NULL); /* two names may share a field */
}

void option_free_list(void *field)
{
	strings_fini(field);
}

void option_free_map(void *field)
{
	pairs_fini(field);
}

const struct option_kind option_switch = {"", set_switch, NULL, "true"};
const struct option_kind option_choice = {"", set_choice, NULL, "true"};
const struct option_kind option_string = {"string", set_string, free_string, NULL};
const struct option_kind option_number = {"int", set_number, NULL, NULL};
const struct option_kind option_number16 = {"uint16", set_number16, NULL, NULL};
const struct option_kind option_list = {"list", add_to_list, option_free_list, NULL};
const struct option_kind option_words = {"strings", add_words, option_free_list, NULL};
const struct option_kind option_filter = {"filter", add_filter, option_free_list, NULL};
const struct option_kind option_map = {"map", add_to_map, option_free_map, NULL};
const struct option_kind option_bytes = {"bytes", set_bytes, NULL, NULL};
const struct option_kind option_swap = {"bytes", set_swap, NULL, NULL};
const struct option_kind option_duration = {"duration", set_duration, NULL, NULL};
const struct option_kind option_decimal = {"decimal", set_decimal, NULL, NULL};
