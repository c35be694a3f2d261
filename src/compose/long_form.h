/* Between the files of the long form: one tree is walked along with its rows (long_form.c), scalars
 * take the kind that their row wants (long_form_scalar.c), short forms become long ones
 * (long_form_short.c, long_form_item.c). */
#pragma once

#include "compose/attributes.h"
#include "compose/trail.h"

struct shaping {
	struct arena *arena;
	const struct long_form_rules *rules;
	struct diagnostics *diagnostics;
	size_t ports; /* that short forms were so far */
	bool full;    /* the limit of memory was told */
};

enum { SHAPE_COMMAND_LIMIT = 1 << 20 }; /* bytes of a command in one text, whose words are far more */
enum { SHAPE_PORTS_LIMIT = 1 << 17 }; /* of a file: a range of a few letters is thousands of them */

/* Always NULL, so that failing is one line. */
struct node *shape_error(struct shaping *s, const struct trail *trail, struct place place,
			 const char *format, ...) __attribute__((format(printf, 4, 5)));
void shape_warn(struct shaping *s, const struct trail *trail, struct place place,
		const char *format, ...) __attribute__((format(printf, 4, 5)));

/* "a list", "text" ... */
const char *node_kind_name(const struct node *node);
bool node_is_scalar(const struct node *node); /* null is none */

/* A value with its variables unreplaced, which has no meaning yet (config --no-interpolate). */
bool shape_waits(const struct shaping *s, const struct node *value);

/* `value` in the long form of its row.  NULL: an error was added. */
struct node *shape(struct shaping *s, const struct attribute *attribute, const struct node *value,
		   const struct trail *trail);
struct node *shape_scalar(struct shaping *s, const struct attribute *attribute,
			  const struct node *value, const struct trail *trail);

/* A whole value in short form as one that its row's kind describes; others are returned as they are. */
struct node *shape_short(struct shaping *s, const struct attribute *attribute,
			 const struct node *value, const struct trail *trail);

/* An item in short form added to `list`, in long form; a range of ports is several items. */
bool shape_item(struct shaping *s, const struct attribute *item, const struct node *value,
		struct node *list, const struct trail *trail);

/* Absolute and clean, by the file's folder and home; what is no path of this host (a URL) stays.  In the arena. */
const char *shape_path(struct shaping *s, const char *path);
