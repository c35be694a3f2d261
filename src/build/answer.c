#include "build/answer.h"

#include "base/memory.h"
#include "format/json_write.h"
#include "http/http_chunk.h"
#include "http/http_status.h"
#include "os/fd.h"

#include <stdarg.h>
#include <stdio.h>

/* ---- lines ---- */

void line_stream(struct buffer *out, const char *text, size_t size)
{
	buffer_add_text(out, "{\"stream\":");
	json_write_bytes(out, text, size, true);
	buffer_add_text(out, "}\r\n");
}

void line_stream_format(struct buffer *out, const char *format, ...)
{
	scoped_buffer struct buffer text = {0};
	va_list args;

	va_start(args, format);
	buffer_format_v(&text, format, args);
	va_end(args);
	line_stream(out, text.data, text.size);
}

void line_error_output(struct buffer *out, const char *text, size_t size)
{
	scoped_buffer struct buffer red = {0};

	buffer_add_text(&red, "\x1b[91m");
	buffer_add(&red, text, size);
	buffer_add_text(&red, "\x1b[0m");
	line_stream(out, red.data, red.size);
}

void line_image(struct buffer *out, const char *id)
{
	buffer_add_text(out, "{\"aux\":{\"ID\":");
	json_write_string(out, id);
	buffer_add_text(out, "}}\r\n");
}

static void line_failure(struct buffer *out, const char *text, int code)
{
	buffer_add_text(out, "{\"errorDetail\":{");
	if (code)
		buffer_format(out, "\"code\":%d,", code);
	buffer_add_text(out, "\"message\":");
	json_write_bytes(out, text, strlen(text), true);
	buffer_add_text(out, "},\"error\":");
	json_write_bytes(out, text, strlen(text), true);
	buffer_add_text(out, "}\r\n");
}

/* ---- the answer ---- */

void answer_fini(struct answer *a)
{
	buffer_fini(&a->held);
}

/* The head of another status differs in its first line alone. */
static void begin(struct answer *a, int status)
{
	scoped_buffer struct buffer head = {0};
	const char *rest = a->head.data ? strstr(a->head.data, "\r\n") : NULL;
	const char *version = a->head.data ? a->head.data : "";
	struct error gone;

	if (a->begun)
		return;
	a->begun = true;
	buffer_format(&head, "%.*s %d %s%s", (int)strcspn(version, " "), version, status,
		      http_status_text(status), rest ? rest : "\r\n\r\n");
	fd_write_all(a->connection, head.data, head.size, &gone);
}

static void write_body(struct answer *a, const struct buffer *bytes)
{
	struct error gone;

	if (bytes->size > 0)
		http_chunk_write(a->connection, a->chunked, bytes->data, bytes->size, &gone);
}

void answer_loud(struct answer *a, const struct buffer *lines)
{
	if (lines->size == 0)
		return;
	begin(a, 200);
	write_body(a, lines);
}

void answer_lines(struct answer *a, const struct buffer *lines)
{
	if (a->quiet)
		buffer_add(&a->held, lines->size ? lines->data : "", lines->size);
	else
		answer_loud(a, lines);
}

void answer_end(struct answer *a)
{
	struct error gone;

	begin(a, 200);
	http_chunk_finish(a->connection, a->chunked, &gone);
}

void answer_fail(struct answer *a, const struct error *err, int code)
{
	scoped_buffer struct buffer line = {0};
	char text[ERROR_TEXT_SIZE];

	error_text(err, text, sizeof(text));
	answer_loud(a, &a->held);
	if (a->begun) {
		line_failure(&line, text, code);
	} else {
		begin(a, http_status_of_error(err->kind));
		buffer_add_text(&line, "{\"message\":");
		json_write_string(&line, text);
		buffer_add_text(&line, "}\n");
	}
	write_body(a, &line);
	answer_end(a);
}
