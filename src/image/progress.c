#include "image/progress.h"

#include "format/json_write.h"
#include "format/units.h"

#define BAR_WIDTH 50

static void begin(struct buffer *out)
{
	buffer_add_char(out, '{');
}

static void end(struct buffer *out)
{
	buffer_add_text(out, "}\r\n");
}

static void add(struct buffer *out, const char *name, const char *value)
{
	if (!value)
		return;
	json_write_name(out, name);
	buffer_add_char(out, '"');
	json_write_escaped(out, value, strlen(value), true);
	buffer_add_char(out, '"');
}

void progress_message(struct buffer *out, const char *id, const char *status)
{
	begin(out);
	add(out, "status", status);
	add(out, "id", id);
	end(out);
}

void progress_step(struct buffer *out, const char *id, const char *status)
{
	begin(out);
	add(out, "status", status);
	buffer_add_text(out, ",\"progressDetail\":{}");
	add(out, "id", id);
	end(out);
}

/* "[=====>     ]  1.2MB/3.4MB" */
static char *draw_bar(int64_t current, int64_t total)
{
	struct buffer bar = {0};
	scoped_free char *now = size_to_text_fine((double)current);
	scoped_free char *all = size_to_text_fine((double)total);
	int done = total > 0 ? (int)((double)current / (double)total * BAR_WIDTH) : 0;

	if (total <= 0) {
		buffer_format(&bar, "%8s", now);
		return buffer_take(&bar);
	}
	if (done > BAR_WIDTH)
		done = BAR_WIDTH;
	buffer_add_char(&bar, '[');
	for (int i = 0; i < done; i++)
		buffer_add_char(&bar, '=');
	buffer_format(&bar, ">%*s] %8s/%s", BAR_WIDTH - done, "", now, all);
	return buffer_take(&bar);
}

static void add_detail(struct buffer *out, int64_t current, int64_t total)
{
	json_write_name(out, "progressDetail");
	begin(out);
	json_write_name(out, "current");
	json_write_i64(out, current);
	if (total > 0) {
		json_write_name(out, "total");
		json_write_i64(out, total);
	}
	buffer_add_char(out, '}');
}

void progress_bytes(struct buffer *out, const char *id, const char *status, int64_t current,
		    int64_t total)
{
	scoped_free char *bar = draw_bar(current, total);

	begin(out);
	add(out, "status", status);
	add_detail(out, current, total);
	add(out, "progress", bar);
	add(out, "id", id);
	end(out);
}

void progress_stream(struct buffer *out, const char *text)
{
	begin(out);
	add(out, "stream", text);
	end(out);
}

void progress_error(struct buffer *out, const struct error *err)
{
	char text[ERROR_TEXT_SIZE];

	error_text(err, text, sizeof(text));
	begin(out);
	json_write_name(out, "errorDetail");
	begin(out);
	add(out, "message", text);
	buffer_add_char(out, '}');
	add(out, "error", text);
	end(out);
}
