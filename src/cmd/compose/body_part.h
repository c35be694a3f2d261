/* The parts of a container's body, one file each, and what they share. */
#pragma once

#include "cmd/compose/body.h"

struct body {
	const struct body_request *request;
	const struct node *node; /* of the service, in long form */
	json_t *config;		 /* the body as a whole */
	json_t *host;		 /* its HostConfig */
};

/* ---- the parts: false: err says which attribute, with its place ---- */

bool body_set_labels(struct body *body, struct error *err);
bool body_set_command(struct body *body, struct error *err);
bool body_set_health(struct body *body, struct error *err);
bool body_set_namespaces(struct body *body, struct error *err);
bool body_set_networks(struct body *body, struct error *err);
bool body_set_ports(struct body *body, struct error *err);
bool body_set_volumes(struct body *body, struct error *err);
bool body_set_files(struct body *body, struct error *err); /* configs and secrets */
bool body_set_resources(struct body *body, struct error *err);
bool body_set_devices(struct body *body, struct error *err);
bool body_set_restart(struct body *body, struct error *err);
bool body_set_security(struct body *body, struct error *err);
bool body_set_extension(struct body *body, struct error *err); /* `Wherry` */

/* Do its aliases lead to an address that it has together with others? */
bool body_shares_address(const struct body *body);

/* ---- members ---- */

enum body_kind {
	BODY_TEXT,
	BODY_FLAG,
	BODY_NUMBER,
	BODY_BILLIONTHS, /* 1.5: 1500000000 */
	BODY_LIST,	 /* of text */
	BODY_MAP,	 /* of text */
};

/* An attribute that is a member as it is. */
struct body_row {
	const char *attribute, *member;
	enum body_kind kind;
	const char *since; /* version of the API; NULL: all */
};

bool body_set_rows(struct body *body, json_t *object, const struct node *node,
		   const struct body_row *rows, size_t count, struct error *err);

/* Lists and maps of text as JSON; NULL node: NULL. */
json_t *body_list(const struct node *list);
json_t *body_map(const struct node *map);

/* A number: an integer, a decimal fraction (cut) or text of digits.  False: it is none. */
bool body_number(const struct node *node, int64_t *number);

/* A duration in Go's notation as ns. */
bool body_duration(const struct body *body, const struct node *node, const char *path, int64_t *ns,
		   struct error *err);

/* Set, but leave the object as it is when the value is NULL or empty. */
void body_set_given(json_t *object, const char *name, json_t *value);

/* What is asked for beyond the Engine API, made if it is missing; borrowed. */
json_t *body_extension(struct body *body);

/* ---- what cannot be done ---- */

/* "file:3:5: services.web.PATH: reason"; always false. */
bool body_refuse(const struct body *body, const struct node *at, struct error *err,
		 const char *path, const char *format, ...) __attribute__((format(printf, 5, 6)));
void body_warn(const struct body *body, const struct node *at, const char *path, const char *format,
	       ...) __attribute__((format(printf, 4, 5)));

bool body_api_has(const struct body *body, const char *version);

/* The resource that a key of the file names. */
const struct resource *body_resource(const struct resources *resources, const char *key);
