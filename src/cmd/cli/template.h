/* Go's text/template, as far as --format uses it, over a JSON tree.
 *
 * Actions: {{.Field.Sub}} {{$x := ...}} {{$x = ...}} {{if}} {{else if}} {{else}} {{with}} {{range}}
 * (with {{break}} and {{continue}}) {{end}}, pipelines, parentheses, comments, trim markers.
 * Functions: Go's (and or not eq ne lt le gt ge len index slice print printf println html js
 * urlquery) and Docker's (json split join lower upper title pad truncate).
 * Not there: define, template, block.
 *
 * A JSON tree does not say which Go type a value had, and that decides how it is printed and what a
 * missing member means; the names of the Engine API's members do (template_shape.c). */
#pragma once

#include "base/error.h"
#include "base/text.h"

#include <jansson.h>

struct template;

/* Errors are in Go's words: "template: :1: unclosed action". */
struct template *template_parse(const char *text, struct error *err);
void template_free(struct template *t);
scoped_define(template);

struct template_data {
	const json_t *root; /* what . is at first */

	/* A member that an object lacks, or a call with arguments ({{.Label "key"}}): a new
	 * reference, or NULL when there is no such thing.  May be NULL itself. */
	json_t *(*call)(const json_t *object, const char *name, const json_t *arguments);

	/* The root holds the headers of a table: functions leave them as they are. */
	bool headers;

	/* How a missing member is called: Go's type name of a row of a table; NULL: the tree is
	 * what the daemon sent, whose objects are maps. */
	const char *row_type;
};

/* Text is added to `out` also before an error. */
bool template_execute(const struct template *t, const struct template_data *data,
		      struct buffer *out, struct error *err);

/* Whether a member of this name is read anywhere (such as .Size, which costs the daemon work). */
bool template_uses(const struct template *t, const char *member);

/* Whether it is the document as JSON and nothing else: "{{json .}}". */
bool template_is_whole(const struct template *t);
