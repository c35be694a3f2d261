#include "format/unit_name.h"

#include "base/byte.h"

#define NAME_BYTES                                                                                 \
	"0123456789"                                                                               \
	"abcdefghijklmnopqrstuvwxyz"                                                               \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZ"                                                               \
	":-_.\\"

static const char *const types[] = {"service", "socket", "target", "device", "mount", "automount",
				    "swap",    "timer",	 "path",   "slice",  "scope"};

static bool is_name_byte(char c)
{
	return c && strchr(NAME_BYTES, c);
}

/* ---- the parts of a name ---- */

/* Where they begin; `at` and `dot` are NULL where there is none. */
struct parts {
	const char *at, *dot;
};

static struct parts parts_of(const char *name)
{
	return (struct parts){.at = strchr(name, '@'), .dot = strrchr(name, '.')};
}

static bool has_type(const char *name)
{
	const char *dot = strrchr(name, '.');

	for (size_t i = 0; dot && dot > name && i < array_length(types); i++)
		if (strcmp(dot + 1, types[i]) == 0)
			return true;
	return false;
}

bool unit_name_is_valid(const char *name)
{
	return strlen(name) <= UNIT_NAME_LIMIT && has_type(name) && *name != '@' &&
	       !name[strspn(name, "@" NAME_BYTES)];
}

bool unit_name_is_template(const char *name)
{
	struct parts p = parts_of(name);

	return p.at && p.dot == p.at + 1 && unit_name_is_valid(name);
}

bool unit_name_is_instance(const char *name)
{
	struct parts p = parts_of(name);

	return p.at && p.dot > p.at + 1 && unit_name_is_valid(name);
}

char *unit_name_prefix(const char *name)
{
	struct parts p = parts_of(name);
	const char *end = p.at ? p.at : p.dot;

	return end ? str_dup_n(name, (size_t)(end - name)) : str_dup(name);
}

char *unit_name_instance(const char *name)
{
	struct parts p = parts_of(name);

	if (!p.at || p.dot < p.at)
		return NULL;
	return str_dup_n(p.at + 1, (size_t)(p.dot - p.at - 1));
}

char *unit_name_template(const char *name)
{
	return unit_name_with_instance(name, "");
}

char *unit_name_with_instance(const char *name, const char *instance)
{
	struct parts p = parts_of(name);

	if (!p.at || p.dot < p.at)
		return NULL;
	return str_format("%.*s@%s%s", (int)(p.at - name), name, instance, p.dot);
}

char *unit_name_with_type(const char *name, const char *type)
{
	struct parts p = parts_of(name);
	size_t length = p.dot ? (size_t)(p.dot - name) : strlen(name);

	return str_format("%.*s.%s", (int)length, name, type);
}

/* ---- any text in a name ---- */

static void add_escaped(struct buffer *out, char c)
{
	buffer_format(out, "\\x%02x", (uint8_t)c);
}

char *unit_name_escape(const char *text)
{
	scoped_buffer struct buffer out = {0};

	for (const char *at = text; *at; at++) {
		if (*at == '/')
			buffer_add_char(&out, '-');
		else if (*at == '-' || *at == '\\' || !is_name_byte(*at) ||
			 (*at == '.' && at == text))
			add_escaped(&out, *at);
		else
			buffer_add_char(&out, *at);
	}
	return buffer_take(&out);
}

/* The components of a path without empty ones and `.`, joined by `/`; NULL: there is a `..`. */
static char *simplify_path(const char *path)
{
	scoped_buffer struct buffer out = {0};
	size_t length;

	for (; *path; path += length) {
		path += strspn(path, "/");
		length = strcspn(path, "/");
		if (length == 2 && path[0] == '.' && path[1] == '.')
			return NULL;
		if (!length || (length == 1 && *path == '.'))
			continue;
		if (out.size)
			buffer_add_char(&out, '/');
		buffer_add(&out, path, length);
	}
	return buffer_take(&out);
}

char *unit_name_escape_path(const char *path)
{
	scoped_free char *simple = simplify_path(path);

	if (!simple)
		return NULL;
	return *simple ? unit_name_escape(simple) : str_dup("-");
}

/* Behind a backslash: `xHH`; 0: something else, or what no text can hold. */
static char read_escaped(const char *at)
{
	int high = *at == 'x' ? byte_hex_value(at[1]) : -1;
	int low = high < 0 ? -1 : byte_hex_value(at[2]);

	return low < 0 ? '\0' : (char)(high << 4 | low);
}

bool unit_name_unescape(const char *text, char **out)
{
	scoped_buffer struct buffer plain = {0};

	for (; *text; text++) {
		char c = *text == '-' ? '/' : *text;

		if (c == '\\') {
			if (!(c = read_escaped(text + 1)))
				return false;
			text += 3;
		}
		buffer_add_char(&plain, c);
	}
	*out = buffer_take(&plain);
	return true;
}

bool unit_name_unescape_path(const char *text, char **out)
{
	scoped_free char *plain = NULL, *simple = NULL;

	if (!*text || !unit_name_unescape(strcmp(text, "-") == 0 ? "" : text, &plain))
		return false;
	simple = simplify_path(plain);
	if (!simple || strcmp(simple, plain) != 0) /* no path is written like this */
		return false;
	*out = str_format("/%s", simple);
	return true;
}

/* ---- what somebody typed ---- */

static bool is_glob(const char *text)
{
	return strpbrk(text, "*?[") && !text[strspn(text, "@!]*?[" NAME_BYTES)];
}

/* Escapes only what cannot stand in a name, for the parts of one may have been typed. */
static char *escape_loosely(const char *typed)
{
	scoped_buffer struct buffer out = {0};

	for (; *typed; typed++) {
		if (*typed == '/')
			buffer_add_char(&out, '-');
		else if (*typed == '@' || is_name_byte(*typed))
			buffer_add_char(&out, *typed);
		else
			add_escaped(&out, *typed);
	}
	if (!has_type(out.data ? out.data : ""))
		buffer_add_text(&out, ".service");
	return buffer_take(&out);
}

/* "/mnt/x" or "/dev/x"; NULL: it leads up. */
static char *name_of_path(const char *path)
{
	scoped_free char *escaped = unit_name_escape_path(path);
	bool device = str_starts_with(path, "/dev/") || str_starts_with(path, "/sys/");

	return escaped ? str_format("%s.%s", escaped, device ? "device" : "mount") : NULL;
}

bool unit_name_from_argument(const char *typed, bool glob, char **name, struct error *err)
{
	scoped_free char *made = NULL;

	if (unit_name_is_valid(typed) || (glob && is_glob(typed)))
		made = str_dup(typed);
	else if (*typed == '/')
		made = name_of_path(typed);
	if (!made)
		made = escape_loosely(typed);
	if (!*typed || (!(glob && is_glob(made)) && !unit_name_is_valid(made)))
		return error_set(err, ERROR_INVALID, "no name of a unit: '%.80s'", typed);
	*name = take(made);
	return true;
}
