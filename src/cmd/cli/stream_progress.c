#include "cmd/cli/stream_progress.h"

#include "base/text.h"
#include "base/time.h"
#include "cmd/cli/api.h"
#include "cmd/cli/terminal.h"
#include "format/units.h"

#include <unistd.h>

#define BAR_WIDTH    50
#define BAR_TERMINAL 110 /* columns below which there is no room for the bar */

struct stream_progress {
	int fd;
	bool terminal;
	struct strings ids; /* of the lines on the screen, from the top */
	struct buffer out;
};

struct stream_progress *stream_progress_new(int fd)
{
	struct stream_progress *progress = mem_new(struct stream_progress);

	progress->fd = fd;
	progress->terminal = isatty(fd);
	return progress;
}

void stream_progress_free(struct stream_progress *progress)
{
	if (!progress)
		return;
	strings_fini(&progress->ids);
	buffer_fini(&progress->out);
	free(progress);
}

/* ---- the bar ---- */

static void add_bar(struct buffer *out, double current, double total)
{
	int filled = (int)(current / total * BAR_WIDTH);

	if (filled > BAR_WIDTH)
		filled = BAR_WIDTH;
	buffer_add_char(out, '[');
	for (int i = 0; i < filled; i++)
		buffer_add_char(out, '=');
	if (filled < BAR_WIDTH)
		buffer_format(out, ">%*s", BAR_WIDTH - filled, "");
	buffer_add_text(out, "]  ");
}

static void add_progress(struct stream_progress *progress, const json_t *message)
{
	const json_t *detail = json_object_get(message, "progressDetail");
	double current = (double)doc_number(detail, "current");
	double total = (double)doc_number(detail, "total");
	scoped_free char *now = size_to_text_fine(current), *all = size_to_text_fine(total);

	if (current <= 0 && total <= 0)
		return;
	buffer_add_char(&progress->out, ' ');
	if (total > 0 && terminal_width(progress->fd, 80) > BAR_TERMINAL)
		add_bar(&progress->out, current, total);
	if (total > 0 && current <= total)
		buffer_format(&progress->out, "%8s/%s", now, all);
	else
		buffer_format(&progress->out, "%8s", now);
}

static bool moves(const json_t *message)
{
	const json_t *detail = json_object_get(message, "progressDetail");

	return doc_number(detail, "current") > 0 || doc_number(detail, "total") > 0;
}

/* ---- lines ---- */

static void add_line(struct stream_progress *progress, const json_t *message)
{
	const char *id = doc_text(message, "id");

	if (*id)
		buffer_format(&progress->out, "%s: ", id);
	buffer_add_text(&progress->out, doc_text(message, "status"));
	if (progress->terminal)
		add_progress(progress, message);
}

/* How many lines above the cursor the id's line is; a new id gets the line of the cursor. */
static size_t lines_up(struct stream_progress *progress, const char *id)
{
	for (size_t i = 0; i < progress->ids.count; i++)
		if (strcmp(progress->ids.items[i], id) == 0)
			return progress->ids.count - i;
	strings_add(&progress->ids, id);
	return 0;
}

static void redraw(struct stream_progress *progress, const json_t *message)
{
	size_t up = lines_up(progress, doc_text(message, "id"));

	if (up)
		buffer_format(&progress->out, "\033[%zuA\r\033[2K", up);
	add_line(progress, message);
	if (up)
		buffer_format(&progress->out, "\r\033[%zuB", up);
	else
		buffer_add_char(&progress->out, '\n');
}

static void add_message(struct stream_progress *progress, const json_t *message)
{
	const char *stream = doc_text(message, "stream");

	if (*stream) {
		buffer_add_text(&progress->out, stream);
	} else if (!*doc_text(message, "status")) {
		return;
	} else if (progress->terminal && *doc_text(message, "id")) {
		redraw(progress, message);
	} else if (progress->terminal || !moves(message)) {
		strings_fini(&progress->ids);
		add_line(progress, message);
		buffer_add_char(&progress->out, '\n');
	}
}

bool stream_progress_show(struct stream_progress *progress, const json_t *message,
			  struct error *err)
{
	const char *detail = doc_text(json_object_get(message, "errorDetail"), "message");
	const char *trouble = *detail ? detail : doc_text(message, "error");

	if (*trouble)
		return error_set(err, ERROR_SYSTEM, "%s", trouble);
	add_message(progress, message);
	if (progress->out.size && progress->fd >= 0 &&
	    write(progress->fd, progress->out.data, progress->out.size) < 0)
		return error_errno(err, "cannot show progress");
	buffer_clear(&progress->out);
	return true;
}
