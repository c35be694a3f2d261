/* The parts of body_compare(). */
#pragma once

#include "cmd/compose/body.h"

struct comparison {
	const json_t *body, *host; /* what is wanted */
	const json_t *inspected;
	const json_t *config, *seen_host; /* of what is there */
	const json_t *image;		  /* Config of the image's document; NULL: not known */
	struct changes *changes;
};

void compare_mounts(const struct comparison *comparison);
/* A file of the host lies there, read-only. */
bool compare_is_bound(const struct comparison *comparison, const char *target);
void compare_networks(const struct comparison *comparison);

/* Without what means the same as nothing: null, false, 0, "", [], {}. */
json_t *compare_pruned(const json_t *value);

/* As a change shows it: texts bare, others as JSON, long ones as their digest; NULL or empty: NULL.  Owned. */
char *compare_text(const json_t *value);

/* Both as texts; a change when they differ. */
void compare_values(const struct comparison *comparison, const char *field, const json_t *old_value,
		    const json_t *new_value);

/* Maps of text: "FIELD.key" for each that differs. */
void compare_maps(const struct comparison *comparison, const char *field, const json_t *old_map,
		  const json_t *new_map);

/* The text of an item; "" where it is none. */
const char *compare_item(const json_t *item);

/* The items in one order: lists that are sets. */
json_t *compare_sorted(const json_t *list);
