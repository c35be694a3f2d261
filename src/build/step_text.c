/* What people read of a step that failed. */
#include "build/plan.h"

#define LINES_AROUND 2

void build_step_failed(const struct build_step *step, int code, struct error *err)
{
	scoped_free char *command = strings_join(&step->run.command, " ");

	error_set(err, ERROR_INVALID, "The command '%.400s' returned a non-zero code: %d", command,
		  code);
}

static void add_line(const struct instruction *i, int number, const char *text, size_t size,
		     struct buffer *out)
{
	bool inside = number >= i->line && number <= i->last_line;

	if (size > 0 && text[size - 1] == '\r')
		size--;
	buffer_format(out, "%4d | %s ", number, inside ? ">>>" : "   ");
	buffer_add(out, text, size);
	buffer_add_char(out, '\n');
}

char *build_step_excerpt(const struct build_step *step, const char *file_name, const char *text,
			 size_t size)
{
	static const char rule[] = "--------------------\n";
	const struct instruction *i = step->instruction;
	const char *end = text + size;
	struct buffer out = {0};

	buffer_format(&out, "%s:%d\n%s", file_name, i->line, rule);
	for (int number = 1; text < end && number <= i->last_line + LINES_AROUND; number++) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		const char *stop = newline ? newline : end;

		if (number >= i->line - LINES_AROUND)
			add_line(i, number, text, (size_t)(stop - text), &out);
		text = stop + 1;
	}
	buffer_add_text(&out, rule);
	return buffer_take(&out);
}
