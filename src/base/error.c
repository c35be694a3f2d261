#include "base/error.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void error_write(struct error *err, enum error_kind kind, const char *format, ...)
{
	va_list args;

	err->kind = kind;
	err->os = 0;
	va_start(args, format);
	vsnprintf(err->text, sizeof(err->text), format, args);
	va_end(args);
}

void error_write_errno(struct error *err, const char *format, ...)
{
	int os = errno;
	va_list args;

	err->kind = ERROR_SYSTEM;
	err->os = os;
	va_start(args, format);
	vsnprintf(err->text, sizeof(err->text), format, args);
	va_end(args);
}

void error_write_prefix(struct error *err, const char *format, ...)
{
	char text[sizeof(err->text)];
	va_list args;
	int used;

	va_start(args, format);
	used = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (used < 0 || (size_t)used >= sizeof(text))
		return; /* the prefix alone fills the room: the cause matters more */
	snprintf(text + used, sizeof(text) - (size_t)used, ": %s", err->text);
	memcpy(err->text, text, sizeof(text));
}

/* In lower case, as the rest of the text is and as clients written in Go know these words ("no such
 * file or directory" is how `docker run` tells 127); names like "RPC ..." stay. */
static void lower_first(char *words)
{
	if (isupper((unsigned char)words[0]) && !isupper((unsigned char)words[1]))
		words[0] = (char)tolower((unsigned char)words[0]);
}

const char *error_text(const struct error *err, char *out, size_t size)
{
	int used = snprintf(out, size, "%s: ", err->text);

	if (err->os && used > 0 && (size_t)used < size) {
		snprintf(out + used, size - (size_t)used, "%s", strerror(err->os));
		lower_first(out + used);
	} else {
		snprintf(out, size, "%s", err->text);
	}
	return out;
}
