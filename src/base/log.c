#include "base/log.h"

#include "base/text.h"
#include "base/time.h"

#include <ctype.h>
#include <stdarg.h>
#include <unistd.h>

static enum log_level lowest = LOG_INFO;
static const char *program = "wherry";

static const char *const level_names[] = {
	[LOG_DEBUG] = "debug",
	[LOG_INFO] = "info",
	[LOG_WARNING] = "warning",
	[LOG_ERROR] = "error",
};

void log_set_level(enum log_level level)
{
	lowest = level;
}

void log_set_name(const char *name)
{
	program = name;
}

/* Names come from clients: a line break in one must not start a line of its own. */
static void blank_control_characters(struct buffer *line)
{
	for (size_t i = 0; i < line->size; i++)
		if (iscntrl((unsigned char)line->data[i]))
			line->data[i] = ' ';
}

static void write_line(enum log_level level, const char *phrase, const struct error *err,
		       const char *pairs, va_list args)
{
	char now[TIME_TEXT_SIZE], text[ERROR_TEXT_SIZE];
	scoped_buffer struct buffer line = {0};

	if (level < lowest)
		return;
	buffer_format(&line, "%s %s %s: %s", time_to_text_fixed(time_now_ns(), now), program,
		      level_names[level], phrase);
	if (*pairs) {
		buffer_add_char(&line, ' ');
		buffer_format_v(&line, pairs, args);
	}
	if (err)
		buffer_format(&line, " error=\"%s\"", error_text(err, text, sizeof(text)));
	blank_control_characters(&line);
	buffer_add_char(&line, '\n');
	if (write(STDERR_FILENO, line.data, line.size) < 0)
		return; /* nobody is left to tell */
}

void log_debug(const char *phrase, const char *pairs, ...)
{
	va_list args;

	va_start(args, pairs);
	write_line(LOG_DEBUG, phrase, NULL, pairs, args);
	va_end(args);
}

void log_info(const char *phrase, const char *pairs, ...)
{
	va_list args;

	va_start(args, pairs);
	write_line(LOG_INFO, phrase, NULL, pairs, args);
	va_end(args);
}

void log_warning(const char *phrase, const struct error *err, const char *pairs, ...)
{
	va_list args;

	va_start(args, pairs);
	write_line(LOG_WARNING, phrase, err, pairs, args);
	va_end(args);
}

void log_error(const char *phrase, const struct error *err, const char *pairs, ...)
{
	va_list args;

	va_start(args, pairs);
	write_line(LOG_ERROR, phrase, err, pairs, args);
	va_end(args);
}
