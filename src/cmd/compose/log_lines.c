#include "cmd/compose/log_lines.h"

#include "base/time.h"
#include "format/stream_frame.h"

#include <stdio.h>
#include <unistd.h>

/* What comes without an end of line is shown in pieces of this size: memory has a bound. */
enum { LINE_MOST = 1 << 20 };

/* Bytes to lines, and frames off. */
struct splitter {
	bool known, framed; /* whether there are frames */
	uint8_t header[STREAM_FRAME_HEADER];
	size_t header_size;
	enum stream_kind kind;
	uint32_t left;
};

struct log_source {
	struct log_lines *lines;
	char *name; /* as shown, without the project */
	size_t place;
	struct splitter splitter;
	struct buffer partial[STREAM_SYSTEM + 1];
};

struct log_lines {
	const struct compose *compose;
	bool colour, no_prefix;
	size_t width;
	struct {
		struct log_source **items;
		size_t count, capacity;
	} sources;
};

struct log_lines *log_lines_new(const struct compose *compose, const struct log_wishes *wishes)
{
	struct log_lines *lines = mem_new(struct log_lines);

	lines->compose = compose;
	lines->colour = !wishes->no_colour && compose_is_fancy(compose, STDOUT_FILENO);
	lines->no_prefix = wishes->no_prefix;
	return lines;
}

void log_lines_free(struct log_lines *lines)
{
	if (!lines)
		return;
	for (size_t i = 0; i < lines->sources.count; i++) {
		struct log_source *source = lines->sources.items[i];

		for (size_t k = 0; k < array_length(source->partial); k++)
			buffer_fini(&source->partial[k]);
		free(source->name);
		free(source);
	}
	vector_fini(&lines->sources);
	free(lines);
}

/* Version 1 leaves room for the number behind the longest service, version 2 takes the names as they are. */
struct log_source *log_lines_add(struct log_lines *lines, const char *name, const char *service)
{
	bool v1 = lines->compose->style == COMPOSE_V1;
	const char *shown = compose_short_name(lines->compose, name);
	size_t width = v1 && service ? strlen(service) + 3 : strlen(shown) + 1;
	struct log_source *source = mem_new(struct log_source);

	source->lines = lines;
	source->name = str_dup(shown);
	source->place = lines->sources.count;
	if (width > lines->width)
		lines->width = width;
	vector_add(&lines->sources, source);
	return source;
}

/* ---- lines ---- */

char *log_source_prefix(const struct log_source *source)
{
	static const int colours[] = {36, 33, 32, 35, 34};
	const struct log_lines *lines = source->lines;
	size_t turn = source->place % (2 * array_length(colours));
	const char *bold = turn >= array_length(colours) ? ";1" : "";

	if (lines->no_prefix)
		return str_dup("");
	if (!lines->colour)
		return str_format("%-*s | ", (int)lines->width, source->name);
	return str_format("\033[%d%sm%-*s |\033[0m ", colours[turn % array_length(colours)], bold,
			  (int)lines->width, source->name);
}

static void write_line(struct log_source *source, enum stream_kind kind, const char *line,
		       size_t size)
{
	bool to_stderr = kind >= STREAM_STDERR && source->lines->compose->style == COMPOSE_V2;
	FILE *out = to_stderr ? stderr : stdout;
	scoped_free char *prefix = log_source_prefix(source);

	if (to_stderr) /* both may be one terminal: what was written before stands before it */
		fflush(stdout);
	if (size && line[size - 1] == '\r')
		size--;
	fprintf(out, "%s", prefix);
	fwrite(line, 1, size, out);
	fputc('\n', out);
}

void log_source_say(struct log_source *source, const char *text)
{
	write_line(source, STREAM_STDOUT, text, strlen(text));
	fflush(stdout);
}

static void take_text(void *data, enum stream_kind kind, const char *text, size_t size)
{
	struct log_source *source = data;
	struct buffer *partial = &source->partial[kind];
	const char *end;

	while ((end = memchr(text, '\n', size))) {
		size_t length = (size_t)(end - text);

		if (partial->size) {
			buffer_add(partial, text, length);
			write_line(source, kind, partial->data, partial->size);
			buffer_clear(partial);
		} else {
			write_line(source, kind, text, length);
		}
		text += length + 1;
		size -= length + 1;
	}
	if (size)
		buffer_add(partial, text, size);
	if (partial->size >= LINE_MOST) {
		write_line(source, kind, partial->data, partial->size);
		buffer_clear(partial);
	}
}

void log_source_flush(struct log_source *source)
{
	for (size_t kind = 0; kind < array_length(source->partial); kind++) {
		struct buffer *partial = &source->partial[kind];

		if (partial->size)
			write_line(source, (enum stream_kind)kind, partial->data, partial->size);
		buffer_clear(partial);
	}
	source->splitter = (struct splitter){0};
	fflush(stdout);
}

/* ---- frames ---- */

typedef void take_bytes(void *data, enum stream_kind kind, const char *text, size_t size);

static void find_out(struct splitter *splitter, const char *type, const char *bytes, size_t size)
{
	enum stream_kind kind;
	uint32_t length;

	splitter->known = true;
	if (type && strstr(type, "multiplexed-stream"))
		splitter->framed = true;
	else
		splitter->framed = size >= STREAM_FRAME_HEADER &&
				   stream_frame_read((const uint8_t *)bytes, &kind, &length);
}

/* Bytes of the next header; false: what comes is no frame, and is taken as it is. */
static bool take_header(struct splitter *splitter, const char **bytes, size_t *size)
{
	size_t room = STREAM_FRAME_HEADER - splitter->header_size;
	size_t part = *size < room ? *size : room;

	memcpy(splitter->header + splitter->header_size, *bytes, part);
	splitter->header_size += part;
	*bytes += part;
	*size -= part;
	if (splitter->header_size < STREAM_FRAME_HEADER)
		return true;
	splitter->header_size = 0;
	return stream_frame_read(splitter->header, &splitter->kind, &splitter->left);
}

static void split(struct splitter *splitter, const char *type, const char *bytes, size_t size,
		  take_bytes *each, void *data)
{
	if (!splitter->known && size)
		find_out(splitter, type, bytes, size);
	while (size && splitter->framed) {
		size_t part = size < splitter->left ? size : splitter->left;

		if (part) {
			each(data, splitter->kind, bytes, part);
			splitter->left -= (uint32_t)part;
			bytes += part;
			size -= part;
		} else if (!take_header(splitter, &bytes, &size)) {
			splitter->framed = false;
		}
	}
	if (size)
		each(data, STREAM_STDOUT, bytes, size);
}

void log_source_take(struct log_source *source, const char *type, const char *bytes, size_t size)
{
	split(&source->splitter, type, bytes, size, take_text, source);
	fflush(stdout);
}

void log_add_since(struct target *target, int64_t ns)
{
	scoped_free char *text = str_format("%lld.%09lld", (long long)(ns / NS_PER_SECOND),
					    (long long)(ns % NS_PER_SECOND));

	target_add(target, "since", text);
}

static void add_text(void *data, enum stream_kind kind, const char *text, size_t size)
{
	(void)kind;
	buffer_add(data, text, size);
}

char *log_text(const struct buffer *bytes)
{
	struct splitter splitter = {0};
	struct buffer text = {0};

	split(&splitter, NULL, bytes->data, bytes->size, add_text, &text);
	return buffer_take(&text);
}
