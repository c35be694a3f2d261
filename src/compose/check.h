/* Between the files of check_project(). */
#pragma once

#include "compose/attributes.h"

struct check {
	const struct project *project;
	const struct service *service; /* NULL: what is looked at is a resource of the top level */
	const char *section, *key;     /* of that one: "networks", "n" */
	const struct node *node;       /* of either */
	struct diagnostics *diagnostics;
};

/* `path` below the service or resource; "": it itself. */
void check_error(const struct check *c, struct place place, const char *path, const char *format,
		 ...) __attribute__((format(printf, 4, 5)));
void check_warn(const struct check *c, struct place place, const char *path, const char *format,
		...) __attribute__((format(printf, 4, 5)));

/* Text that is there and has no variable in it that waits to be replaced; else NULL. */
const struct node *check_text(const struct node *map, const char *key);

void check_service(const struct check *c); /* check_service.c */
void check_mounts(const struct check *c);  /* check_mounts.c */
void check_build(const struct check *c);   /* check_build.c */
void check_effects(const struct check *c, const struct attribute *map); /* check_effects.c */
void check_labels(const struct check *c, const char *path, const struct node *labels);
