#include "compose/shell_words.h"

#include <string.h>

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool take_single(const char **at, struct buffer *word)
{
	const char *end = strchr(*at, '\'');

	if (!end)
		return false;
	buffer_add(word, *at, (size_t)(end - *at));
	*at = end + 1;
	return true;
}

static bool take_double(const char **at, struct buffer *word)
{
	while (**at && **at != '"') {
		if (**at == '\\' && ((*at)[1] == '"' || (*at)[1] == '\\'))
			++*at;
		buffer_add_char(word, *(*at)++);
	}
	return *(*at)++ == '"';
}

static bool take_word(const char **at, struct buffer *word, struct error *err)
{
	while (**at && !is_blank(**at)) {
		char c = *(*at)++;

		if (c == '\'' && !take_single(at, word))
			return error_set(err, ERROR_INVALID, "a ' is not closed");
		if (c == '"' && !take_double(at, word))
			return error_set(err, ERROR_INVALID, "a \" is not closed");
		if (c == '\'' || c == '"')
			continue;
		if (c == '\\' && !**at)
			return error_set(err, ERROR_INVALID, "a \\ escapes nothing");
		buffer_add_char(word, c == '\\' ? *(*at)++ : c);
	}
	return true;
}

bool shell_words_split(const char *text, struct strings *out, struct error *err)
{
	for (const char *at = text;;) {
		scoped_buffer struct buffer word = {0};

		while (is_blank(*at))
			at++;
		if (!*at)
			return true;
		if (!take_word(&at, &word, err))
			return false;
		strings_take(out, buffer_take(&word));
	}
}

void shell_word_quote(const char *word, struct buffer *out)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				    "@%_-+=:,./";

	if (*word && word[strspn(word, plain)] == '\0') {
		buffer_add_text(out, word);
		return;
	}
	buffer_add_char(out, '\'');
	for (; *word; word++)
		if (*word == '\'')
			buffer_add_text(out, "'\"'\"'");
		else
			buffer_add_char(out, *word);
	buffer_add_char(out, '\'');
}
