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

/* Below the service or resource: "", "labels", {"ports", .index = 1}, {"networks", .name = "n"}.
 * It becomes text only when something is to be said. */
struct spot {
	const char *path;
	const char *name; /* of a member; NULL: an item of a list */
	size_t index;
};

void check_error_at(const struct check *c, struct place place, const struct spot *spot,
		    const char *format, ...) __attribute__((format(printf, 4, 5)));
void check_error(const struct check *c, struct place place, const char *path, const char *format,
		 ...) __attribute__((format(printf, 4, 5)));
void check_warn(const struct check *c, struct place place, const char *path, const char *format,
		...) __attribute__((format(printf, 4, 5)));

/* Was an error told of what is at this path (or below it)?  Then that something is missing there is no news. */
bool check_is_spoilt(const struct check *c, const char *path, bool below);

/* Text with a variable in it that waits to be replaced. */
bool check_waits(const struct node *value);
/* Text that is there and does not wait; else NULL. */
const struct node *check_text(const struct node *map, const char *key);

void check_service(const struct check *c); /* check_service.c */

/* Of one attribute each. */
void check_mounts(const struct check *c, const struct node *mounts); /* check_mounts.c */
void check_configs(const struct check *c, const struct node *configs);
void check_secrets(const struct check *c, const struct node *secrets);
void check_network(const struct check *c, const struct node_member *network);
void check_build(const struct check *c, const struct node *build); /* check_build.c */
void check_image(const struct check *c, const struct node *image);
void check_platform(const struct check *c, const struct node *platform);
void check_develop(const struct check *c, const struct node *develop);
void check_has_image(const struct check *c);

void check_effects(const struct check *c, const struct attribute *map); /* check_effects.c */
void check_labels(const struct check *c, const char *path, const struct node *labels);
void check_files(const struct check *c, const char *kind, const char *path,
		 const struct node *files, const struct resources *resources);
