#include "format/unit_specifier.h"

#include "base/byte.h"
#include "format/unit_name.h"

/* ---- of a name ---- */

static const char *keep(struct strings *arena, char *made)
{
	strings_take(arena, made);
	return made;
}

/* NULL, so unknown in this unit, where the text is no escaped one. */
static const char *keep_unescaped(struct strings *arena, const char *text,
				  bool (*unescape)(const char *text, char **out))
{
	char *plain;

	return unescape(text, &plain) ? keep(arena, plain) : NULL;
}

void unit_specifiers_of_name(const char *name, struct unit_specifiers *out, struct strings *arena)
{
	const char *dot = strrchr(name, '.'), *prefix = keep(arena, unit_name_prefix(name));
	const char *dash = strrchr(prefix, '-'), *last = dash ? dash + 1 : prefix;
	char *instance = unit_name_instance(name);
	const char *of_path = instance ? instance : prefix;

	out->value['n'] = keep(arena, str_dup(name));
	out->value['N'] = keep(arena, str_dup_n(name, dot ? (size_t)(dot - name) : strlen(name)));
	out->value['p'] = prefix;
	out->value['P'] = keep_unescaped(arena, prefix, unit_name_unescape);
	out->value['j'] = last;
	out->value['J'] = keep_unescaped(arena, last, unit_name_unescape);
	out->value['f'] = keep_unescaped(arena, of_path, unit_name_unescape_path);
	out->value['i'] = instance ? keep(arena, instance) : "";
	out->value['I'] = keep_unescaped(arena, out->value['i'], unit_name_unescape);
}

/* ---- in a text ---- */

/* What stands behind a percent sign; returns what follows it, NULL: unknown.  Signs are left alone, so that
 * "100%" need not be doubled. */
static const char *add_specifier(struct buffer *out, const char *at,
				 const struct unit_specifiers *values)
{
	const char *value = *at & 0x80 ? NULL : values->value[(uint8_t)*at];

	if (*at == '%') {
		buffer_add_char(out, '%');
		return at + 1;
	}
	if (value) {
		buffer_add_text(out, value);
		return at + 1;
	}
	buffer_add_char(out, '%');
	return byte_is_letter(*at) || byte_is_digit(*at) ? NULL : at;
}

bool unit_specifiers_expand(const char *text, const struct unit_specifiers *values, char **out,
			    struct error *err)
{
	scoped_buffer struct buffer expanded = {0};

	for (const char *at = text;;) {
		const char *percent = strchrnul(at, '%');

		buffer_add(&expanded, at, (size_t)(percent - at));
		if (!*percent)
			break;
		at = add_specifier(&expanded, percent + 1, values);
		if (!at)
			return error_set(err, ERROR_INVALID, "an unknown specifier: '%%%c'",
					 percent[1]);
	}
	*out = buffer_take(&expanded);
	return true;
}
