/* What the files of a create share.  In order of its steps: create.c is the operation, create_identity.c,
 * create_mounts.c and create_networks.c fill in what was left open, create_folders.c makes its folders,
 * create_record.c records it, create_fill.c fills its volumes. */
#pragma once

#include "engine/engine_private.h"

struct create_operation {
	struct operation op;
	struct container *made; /* owned until it is in the maps; then op->container is it */
	struct networking_config networking;
	char *name, *platform;
	int api_minor;
	bool has_config;
	size_t volumes_pending;
	struct strings volumes_made; /* names of those that were not there before */
	struct archive_job *filling; /* owned; NULL: no volume is being filled */
	struct link filling_link;    /* in engine->filling meanwhile */
	bool filled;
	struct error failure;
};

static inline struct create_operation *create_of(struct operation *op)
{
	return (struct create_operation *)op;
}

/* ---- what it will be: `made` is filled in, or the request was wrong ---- */

bool create_take_image(struct operation *op, struct error *err); /* leased */
bool create_take_name(struct operation *op, struct error *err);
bool create_take_modes(struct operation *op, struct error *err);
bool create_take_mounts(struct operation *op, struct error *err);
bool create_take_networks(struct operation *op, struct error *err);
bool create_take_links(struct operation *op, struct error *err);

/* ---- making it: op->container holds its name, hidden ---- */

/* Calls create_record, or ends the operation. */
void create_begin_folders(struct operation *op);

/* Its record and its volumes, then create_go_on. */
void create_record(struct operation *op);

/* When all that is under way has come back: the next step, or the end of the operation. */
void create_go_on(struct operation *op);

/* Its volumes are being filled, or somebody else fills one of them: create_go_on is called when that is
 * over.  False: there is nothing to fill. */
bool create_must_fill(struct operation *op);

/* Nobody has heard of it, and nobody will. */
void create_undo(struct operation *op);
