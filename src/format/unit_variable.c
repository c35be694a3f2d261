#include "format/unit_variable.h"

#include "base/byte.h"
#include "base/map.h"
#include "format/unit_words.h"
#include "format/utf8.h"

/* The kernel takes three quarters of its 8 MiB for a stack; a value of 1 MiB may be named a hundred thousand
 * times.  Past this the exec fails with E2BIG, so there is no need to be exact. */
enum { EXPANDED_LIMIT = 8 << 20 };

struct expansion {
	struct map values;   /* by name, borrowed from the environment */
	size_t size;	     /* of the words made so far */
	struct strings *out; /* borrowed */
};

/* ---- the environment ---- */

static void read_environment(const struct strings *environment, struct map *values)
{
	for (size_t i = 0; i < environment->count; i++) {
		char *item = environment->items[i], *equals = strchr(item, '=');

		if (!equals)
			continue;
		scoped_free char *name = str_dup_n(item, (size_t)(equals - item));
		map_put(values, name, equals + 1);
	}
}

bool unit_variable_is_valid_name(const char *name, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		bool digit = byte_is_digit(name[i]) && i > 0;

		if (!digit && !byte_is_letter(name[i]) && name[i] != '_')
			return false;
	}
	return length > 0;
}

bool unit_variable_is_valid_assignment(const char *text)
{
	const char *equals = strchr(text, '=');

	return equals && unit_variable_is_valid_name(text, (size_t)(equals - text)) &&
	       utf8_is_valid(equals + 1);
}

/* ---- words ---- */

static void add_word(struct expansion *e, char *word)
{
	e->size += strlen(word) + 1;
	strings_take(e->out, word);
}

static void add_words_of(struct expansion *e, const char *name)
{
	const char *at = map_get(&e->values, name);
	struct error never;
	char *word;

	while (at && e->size < EXPANDED_LIMIT &&
	       unit_word_next(&at, UNIT_WORDS_LENIENT, &word, NULL, &never) && word)
		add_word(e, word);
}

/* "${NAME}" at `at`; returns what follows it. */
static const char *add_value(const struct expansion *e, const char *at, struct buffer *out)
{
	const char *end = strchr(at, '}');

	if (!end) {
		buffer_add_text(out, at);
		return at + strlen(at);
	}
	scoped_free char *name = str_dup_n(at + 2, (size_t)(end - at - 2));
	const char *value = map_get(&e->values, name);
	if (value && e->size + out->size < EXPANDED_LIMIT)
		buffer_add_text(out, value);
	return end + 1;
}

/* What begins with a dollar at `at`; returns what follows it. */
static const char *add_dollar(const struct expansion *e, const char *at, struct buffer *out)
{
	if (at[1] == '{')
		return add_value(e, at, out);
	buffer_add_char(out, '$');
	return at + (at[1] == '$' ? 2 : 1);
}

static char *fill_in(const struct expansion *e, const char *word)
{
	scoped_buffer struct buffer filled = {0};

	while (*word) {
		size_t plain = strcspn(word, "$");

		buffer_add(&filled, word, plain);
		word += plain;
		if (*word)
			word = add_dollar(e, word, &filled);
	}
	return buffer_take(&filled);
}

void unit_variables_expand(const struct strings *args, const struct strings *environment,
			   struct strings *out)
{
	struct expansion e = {.out = out};

	read_environment(environment, &e.values);
	for (size_t i = 0; i < args->count; i++) {
		const char *word = args->items[i];

		if (i == 0)
			add_word(&e, str_dup(word));
		else if (word[0] == '$' && word[1] != '{' && word[1] != '$')
			add_words_of(&e, word + 1);
		else
			add_word(&e, fill_in(&e, word));
	}
	map_fini(&e.values);
}
