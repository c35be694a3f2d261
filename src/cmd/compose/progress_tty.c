/* Compose 2 on a terminal: a line for each thing, drawn again as it goes on. */
#include "base/time.h"
#include "cmd/cli/table.h"
#include "cmd/cli/terminal.h"
#include "cmd/compose/progress_driver.h"

struct line {
	char *subject, *word, *details;
	enum progress_state state;
	int64_t begun_ns, ended_ns;
};

struct screen {
	struct {
		struct line *items;
		size_t count, capacity;
	} lines;
	size_t drawn; /* rows that stand on the terminal */
	size_t turn;  /* of the spinner */
};

static void open_screen(struct progress *progress)
{
	progress->state = mem_new(struct screen);
}

static struct line *line_of(struct screen *screen, const char *subject)
{
	for (size_t i = 0; i < screen->lines.count; i++)
		if (strcmp(screen->lines.items[i].subject, subject) == 0)
			return &screen->lines.items[i];
	vector_add(&screen->lines,
		   ((struct line){.subject = str_dup(subject), .begun_ns = time_monotonic_ns()}));
	return &screen->lines.items[screen->lines.count - 1];
}

/* ---- drawing ---- */

static const char *mark_of(const struct screen *screen, const struct line *line)
{
	static const char *const spinner[] = {"⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"};

	if (line->state == PROGRESS_WORKING)
		return spinner[screen->turn % array_length(spinner)];
	return line->state == PROGRESS_OVER ? "\033[32m✔\033[0m" : "\033[31m✘\033[0m";
}

static void draw_line(struct progress *progress, const struct line *line, size_t widest,
		      size_t width)
{
	const struct screen *screen = progress->state;
	int64_t end = line->ended_ns ? line->ended_ns : time_monotonic_ns();
	const char *colour = line->state == PROGRESS_WENT_WRONG ? "\033[31m"
			     : line->state == PROGRESS_OVER	? "\033[32m"
								: "";
	scoped_free char *words = line->details ? str_format("%s %s", line->word, line->details)
						: str_dup(line->word);
	size_t room = width > widest + 14 ? width - widest - 14 : 1;

	fprintf(progress->out, "%s %s %-*s  %s%.*s%s  \033[34m%.1fs\033[0m \033[K\n",
		progress->prefix, mark_of(screen, line), (int)widest, line->subject, colour,
		(int)room, words, *colour ? "\033[0m" : "", (double)(end - line->begun_ns) / 1e9);
}

static size_t count_over(const struct screen *screen)
{
	size_t over = 0;

	for (size_t i = 0; i < screen->lines.count; i++)
		over += screen->lines.items[i].state != PROGRESS_WORKING;
	return over;
}

/* As much as the terminal has rows: those that are over scroll away first. */
static void draw(struct progress *progress)
{
	struct screen *screen = progress->state;
	unsigned rows = 0, columns = 0;
	size_t widest = 0, first = 0;

	if (!screen->lines.count)
		return;
	if (!terminal_size(fileno(progress->out), &rows, &columns) || !rows)
		rows = 24;
	columns = (unsigned)terminal_width(fileno(progress->out), 80);
	if (screen->lines.count + 2 > rows && rows > 2)
		first = screen->lines.count + 2 - rows;
	for (size_t i = first; i < screen->lines.count; i++)
		if (strlen(screen->lines.items[i].subject) > widest)
			widest = strlen(screen->lines.items[i].subject);
	if (screen->drawn)
		fprintf(progress->out, "\033[%zuA\r", screen->drawn);
	fprintf(progress->out, "%s[+] %s %zu/%zu\033[K\n", progress->prefix, progress->verb,
		count_over(screen), screen->lines.count);
	for (size_t i = first; i < screen->lines.count; i++)
		draw_line(progress, &screen->lines.items[i], widest, columns);
	screen->drawn = screen->lines.count - first + 1;
	fflush(progress->out);
}

static void set_line(struct progress *progress, const char *subject, const char *word,
		     const char *details, enum progress_state state)
{
	struct line *line = line_of(progress->state, subject);

	str_replace(&line->word, word);
	str_replace(&line->details, details);
	line->state = state;
	line->ended_ns = state == PROGRESS_WORKING ? 0 : time_monotonic_ns();
	draw(progress);
}

/* ---- events ---- */

static void tty_begin(struct progress *progress, const struct step *step)
{
	scoped_free char *subject = progress_subject(progress, step);

	if (subject && step->kind != STEP_KEEP)
		set_line(progress, subject, progress_word(progress, step, false), NULL,
			 PROGRESS_WORKING);
}

static void tty_done(struct progress *progress, const struct step *step)
{
	scoped_free char *subject = progress_subject(progress, step);

	if (subject)
		set_line(progress, subject, progress_word(progress, step, true), NULL,
			 PROGRESS_OVER);
}

static void tty_failed(struct progress *progress, const struct step *step, const char *text)
{
	scoped_free char *subject = progress_subject(progress, step);

	if (subject)
		set_line(progress, subject, step->optional ? "Warning" : "Error", text,
			 step->optional ? PROGRESS_OVER : PROGRESS_WENT_WRONG);
}

static void tty_detail(struct progress *progress, const struct step *step, const char *text)
{
	scoped_free char *subject = progress_subject(progress, step);

	if (subject)
		set_line(progress, subject, progress_word(progress, step, false), text,
			 PROGRESS_WORKING);
}

static void tty_note(struct progress *progress, const char *subject, const char *word, bool over)
{
	set_line(progress, subject, word, NULL, over ? PROGRESS_OVER : PROGRESS_WORKING);
}

static void tty_tick(struct progress *progress)
{
	struct screen *screen = progress->state;

	screen->turn++;
	draw(progress);
}

static void close_screen(struct progress *progress)
{
	struct screen *screen = progress->state;

	for (size_t i = 0; i < screen->lines.count; i++) {
		free(screen->lines.items[i].subject);
		free(screen->lines.items[i].word);
		free(screen->lines.items[i].details);
	}
	vector_fini(&screen->lines);
	free(screen);
}

const struct progress_driver progress_v2_tty = {
	.open = open_screen,
	.begin = tty_begin,
	.done = tty_done,
	.failed = tty_failed,
	.detail = tty_detail,
	.note = tty_note,
	.tick = tty_tick,
	.close = close_screen,
};
