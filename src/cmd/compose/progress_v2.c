/* Compose 2's words, line after line; and the same for programs. */
#include "cmd/compose/progress_driver.h"

#include <jansson.h>

/* ---- plain ---- */

static void write_line(struct progress *progress, const char *subject, const char *word)
{
	fprintf(progress->out, "%s %s %s \n", progress->prefix, subject, word);
	fflush(progress->out);
}

static void plain_step(struct progress *progress, const struct step *step, bool over)
{
	scoped_free char *subject = progress_subject(progress, step);

	if (subject && (over || step->kind != STEP_KEEP))
		write_line(progress, subject, progress_word(progress, step, over));
}

static void plain_begin(struct progress *progress, const struct step *step)
{
	plain_step(progress, step, false);
}

static void plain_done(struct progress *progress, const struct step *step)
{
	plain_step(progress, step, true);
}

static void plain_failed(struct progress *progress, const struct step *step, const char *text)
{
	scoped_free char *subject = progress_subject(progress, step);
	scoped_free char *words = str_format("%s %s", step->optional ? "Warning" : "Error", text);

	if (subject)
		write_line(progress, subject, words);
}

static void plain_detail(struct progress *progress, const struct step *step, const char *text)
{
	scoped_free char *subject = progress_subject(progress, step);

	if (step->kind == STEP_BUILD)
		fprintf(progress->out, "%s%s\n", progress->prefix, text);
	else if (subject)
		write_line(progress, subject, text);
}

static void plain_note(struct progress *progress, const char *subject, const char *word, bool over)
{
	write_line(progress, subject, word);
}

const struct progress_driver progress_v2_plain = {
	.begin = plain_begin,
	.done = plain_done,
	.failed = plain_failed,
	.detail = plain_detail,
	.note = plain_note,
};

/* ---- JSON ---- */

static void write_document(struct progress *progress, const char *subject, const char *status,
			   const char *text, const char *details)
{
	json_t *document = json_pack("{s:s, s:s, s:s, s:s*}", "id", subject, "status", status,
				     "text", text, "details", details);
	scoped_free char *line = document ? json_dumps(document, JSON_COMPACT) : NULL;

	json_decref(document);
	if (!line)
		return;
	if (*progress->prefix)
		fprintf(progress->out, "{\"dry-run\":true,%s\n", line + 1);
	else
		fprintf(progress->out, "%s\n", line);
	fflush(progress->out);
}

static void json_step(struct progress *progress, const struct step *step, bool over)
{
	scoped_free char *subject = progress_subject(progress, step);

	if (subject && (over || step->kind != STEP_KEEP))
		write_document(progress, subject, over ? "Done" : "Working",
			       progress_word(progress, step, over), NULL);
}

static void json_begin(struct progress *progress, const struct step *step)
{
	json_step(progress, step, false);
}

static void json_done(struct progress *progress, const struct step *step)
{
	json_step(progress, step, true);
}

static void json_failed(struct progress *progress, const struct step *step, const char *text)
{
	scoped_free char *subject = progress_subject(progress, step);

	if (subject)
		write_document(progress, subject, step->optional ? "Warning" : "Error", "Error",
			       text);
}

static void json_detail(struct progress *progress, const struct step *step, const char *text)
{
	scoped_free char *subject = progress_subject(progress, step);

	if (subject)
		write_document(progress, subject, "Working", progress_word(progress, step, false),
			       text);
}

static void json_note(struct progress *progress, const char *subject, const char *word, bool over)
{
	write_document(progress, subject, over ? "Done" : "Working", word, NULL);
}

const struct progress_driver progress_json = {
	.begin = json_begin,
	.done = json_done,
	.failed = json_failed,
	.detail = json_detail,
	.note = json_note,
};
