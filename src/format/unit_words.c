#include "format/unit_words.h"

#include "base/byte.h"
#include "format/utf8.h"

/* ---- escapes ---- */

/* Exactly `count` digits at `text`; 0, which nobody may write, also when they are not there. */
static uint32_t read_number(const char *text, size_t count, int base)
{
	uint32_t number = 0;

	for (size_t i = 0; i < count; i++) {
		int digit = byte_hex_value(text[i]);

		if (digit < 0 || digit >= base)
			return 0;
		number = number * (uint32_t)base + (uint32_t)digit;
	}
	return number;
}

static const char letters[128] = {
	['a'] = '\a', ['b'] = '\b', ['f'] = '\f', ['n'] = '\n',	 ['r'] = '\r', ['t'] = '\t',
	['v'] = '\v', ['s'] = ' ',  ['"'] = '"',  ['\''] = '\'', ['\\'] = '\\'};

/* What stands behind the backslash, as up to 4 bytes at `to`; returns how much was read, 0: unknown. */
static size_t read_escape(const char *at, char *to, size_t *written)
{
	size_t digits = *at == 'x' ? 2 : *at == 'u' ? 4 : *at == 'U' ? 8 : 0;
	bool octal = *at >= '0' && *at <= '7';
	uint32_t code = octal	 ? read_number(at, 3, 8)
			: digits ? read_number(at + 1, digits, 16)
				 : 0;
	uint32_t limit = digits > 2 ? 0x10ffff : 0xff;

	*written = 1;
	if (!octal && !digits) {
		*to = *at & 0x80 ? '\0' : letters[(uint8_t)*at];
		return *to ? 1 : 0;
	}
	if (!code || code > limit || (digits > 2 && code >= 0xd800 && code <= 0xdfff))
		return 0;
	if (digits > 2)
		*written = (size_t)(utf8_put(to, code) - to);
	else
		*to = (char)code; /* a byte, perhaps one of several that make a character */
	return octal ? 3 : 1 + digits;
}

/* ---- words ---- */

struct word {
	const char *at;
	unsigned flags;
	struct buffer text; /* owned */
	size_t kept;	    /* unknown escapes that stay as written */
};

static void keep_escape(struct word *w)
{
	buffer_add_char(&w->text, '\\');
	if (*w->at)
		buffer_add_char(&w->text, *w->at++);
	w->kept++;
}

/* Behind a backslash. */
static bool add_escape(struct word *w, struct error *err)
{
	char bytes[4];
	size_t written, length;

	if (w->flags & UNIT_WORDS_LENIENT) {
		if (*w->at)
			buffer_add_char(&w->text, *w->at++);
		return true;
	}
	if ((length = read_escape(w->at, bytes, &written))) {
		buffer_add(&w->text, bytes, written);
		w->at += length;
		return true;
	}
	if (!(w->flags & UNIT_WORDS_KEEP_ESCAPES))
		return error_set(err, ERROR_INVALID, "an unknown escape: '\\%.8s'", w->at);
	keep_escape(w);
	return true;
}

/* What needs no thought, in one go. */
static void add_plain(struct word *w, char quote)
{
	const char *stops = w->flags & UNIT_WORDS_RAW ? " \t\n\r'\"" : " \t\n\r'\"\\";
	char in_quote[3] = {quote, w->flags & UNIT_WORDS_RAW ? '\0' : '\\'};
	size_t length = strcspn(w->at, quote ? in_quote : stops);

	buffer_add(&w->text, w->at, length);
	w->at += length;
}

static bool read_word(struct word *w, struct error *err)
{
	char quote = '\0';

	for (;;) {
		add_plain(w, quote);
		if (!*w->at || (!quote && byte_is_blank(*w->at)))
			break;
		if (*w->at == '\\') {
			w->at++;
			if (!add_escape(w, err))
				return false;
		} else { /* a quote opens or ends */
			quote = quote ? '\0' : *w->at;
			w->at++;
		}
	}
	if (quote && !(w->flags & UNIT_WORDS_LENIENT))
		return error_set(err, ERROR_INVALID, "an open quote: %c", quote);
	return true;
}

static const char *skip_blanks(const char *at)
{
	while (byte_is_blank(*at))
		at++;
	return at;
}

bool unit_word_next(const char **at, unsigned flags, char **word, struct strings *warnings,
		    struct error *err)
{
	struct word w = {.at = skip_blanks(*at), .flags = flags};

	if (!*w.at) {
		*at = w.at;
		*word = NULL;
		return true;
	}
	if (!read_word(&w, err)) {
		buffer_fini(&w.text);
		return false;
	}
	*word = buffer_take(&w.text);
	if (w.kept && warnings)
		strings_format(warnings, "an unknown escape stays as written: '%.80s'", *word);
	*at = skip_blanks(w.at);
	return true;
}

bool unit_words_split(const char *value, unsigned flags, struct strings *words,
		      struct strings *warnings, struct error *err)
{
	scoped_strings struct strings split = {0};
	char *word;

	do {
		if (!unit_word_next(&value, flags, &word, warnings, err))
			return false;
		if (word)
			strings_take(&split, word);
	} while (word);
	*words = split;
	split = (struct strings){0};
	return true;
}

/* ---- back ---- */

static char escape_letter(char c)
{
	for (size_t i = 0; i < array_length(letters); i++)
		if (letters[i] == c && c != ' ' && c != '\'')
			return (char)i;
	return '\0';
}

/* What is at `at`: a character as it is, or escaped.  Returns its length. */
static size_t quote_one(struct buffer *out, const char *at)
{
	uint8_t c = (uint8_t)*at;
	char letter = c < 0x80 ? escape_letter(*at) : '\0';
	size_t length = c < 0x80 ? 1 : utf8_length((const uint8_t *)at, strlen(at));

	if (letter)
		buffer_format(out, "\\%c", letter);
	else if (!length || c < 0x20 || c == 0x7f)
		buffer_format(out, "\\x%02x", c);
	else
		buffer_add(out, at, length);
	return length ? length : 1;
}

/* A plain `;` would end a command, `#` at the front a line, and a blank a word. */
static bool is_plain(const char *word)
{
	if (!*word || *word == '#' || *word == ';' || !utf8_is_valid(word))
		return false;
	for (; *word; word++)
		if (((uint8_t)*word < 0x20) || *word == 0x7f || strchr(" '\"\\", *word))
			return false;
	return true;
}

char *unit_word_quote(const char *word)
{
	scoped_buffer struct buffer out = {0};

	if (is_plain(word))
		return str_dup(word);
	buffer_add_char(&out, '"');
	while (*word)
		word += quote_one(&out, word);
	buffer_add_char(&out, '"');
	return buffer_take(&out);
}
