/* Plain scalars.  What compose files need of YAML 1.1 and 1.2: see yaml.h. */
#include "format/yaml.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>

static bool is_one_of(const char *text, const char *const *words)
{
	for (; *words; words++)
		if (strcmp(text, *words) == 0)
			return true;
	return false;
}

static bool is_null(const char *text)
{
	static const char *const words[] = {"", "~", "null", "Null", "NULL", NULL};

	return is_one_of(text, words);
}

static bool is_bool(const char *text, bool *truth)
{
	static const char *const true_words[] = {"true", "True", "TRUE", NULL};
	static const char *const false_words[] = {"false", "False", "FALSE", NULL};

	*truth = is_one_of(text, true_words);
	return *truth || is_one_of(text, false_words);
}

/* The base that the digits' beginning says, and where they begin. */
static int base_of(const char **digits)
{
	static const struct {
		const char *prefix;
		int base;
	} bases[] = {{"0x", 16}, {"0X", 16}, {"0b", 2}, {"0B", 2}, {"0o", 8}, {"0O", 8}};

	for (size_t i = 0; i < array_length(bases); i++) {
		if (str_starts_with(*digits, bases[i].prefix)) {
			*digits += 2;
			return bases[i].base;
		}
	}
	return (*digits)[0] == '0' && (*digits)[1] ? 8 : 10;
}

enum { DIGITS_LIMIT = 70 }; /* 64 of base 2, and a sign */

static bool is_int(const char *text, int64_t *number)
{
	const char *digits = text + (*text == '-' || *text == '+');
	int base = base_of(&digits);
	char clean[DIGITS_LIMIT + 2], *end;
	size_t size = 0;

	if (!isxdigit((unsigned char)*digits))
		return false;
	if (*text == '-')
		clean[size++] = '-';
	for (; *digits; digits++) {
		if (*digits == '_')
			continue;
		if (!isxdigit((unsigned char)*digits) || size == DIGITS_LIMIT)
			return false;
		clean[size++] = *digits;
	}
	clean[size] = '\0';
	errno = 0;
	*number = strtoll(clean, &end, base);
	return *end == '\0' && errno == 0;
}

static const char *skip_digits(const char *text)
{
	while (isdigit((unsigned char)*text))
		text++;
	return text;
}

static bool is_float(const char *text, double *real)
{
	const char *at = text + (*text == '-' || *text == '+'), *whole = skip_digits(at);
	const char *fraction = *whole == '.' ? skip_digits(whole + 1) : whole;

	if (fraction - at - (*whole == '.') < 1)
		return false;
	if (*fraction == 'e' || *fraction == 'E') {
		const char *exponent = fraction + 1 + (fraction[1] == '-' || fraction[1] == '+');

		fraction = skip_digits(exponent);
		if (fraction == exponent)
			return false;
	}
	if (*fraction)
		return false;
	*real = strtod(text, NULL);
	return isfinite(*real);
}

void yaml_resolve(struct node *node, const char *text)
{
	node->text = text;
	if (is_null(text)) {
		node->kind = NODE_NULL;
		node->text = "";
	} else if (is_bool(text, &node->truth)) {
		node->kind = NODE_BOOL;
	} else if (is_int(text, &node->number)) {
		node->kind = NODE_INT;
	} else if (is_float(text, &node->real)) {
		node->kind = NODE_FLOAT;
	} else {
		node->kind = NODE_TEXT;
	}
}
