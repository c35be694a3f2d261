/* Names in a layer's tar: where they lead, and what the marks among them mean.  Pure. */
#pragma once

#include "base/error.h"

#include <limits.h>

enum layer_name {
	LAYER_ROOT,	/* "./": the layer's folder itself */
	LAYER_ENTRY,	/* a file, folder, link or device */
	LAYER_WHITEOUT, /* .wh.NAME: what lower layers have as NAME is gone; path says NAME */
	LAYER_OPAQUE,	/* .wh..wh..opq: lower layers have nothing in this folder; path says the
			   folder */
	LAYER_MARK, /* any other .wh..wh.: housekeeping of an old storage driver, nothing to see */
};

/* A path below the layer's root: no leading slash, no empty, "." or ".." parts. */
struct layer_path {
	enum layer_name kind;
	char text[PATH_MAX];
	size_t base; /* where the last part begins */
};

/* Absolute names lead below the root, as everywhere in this field (some builders write only such);
 * ".." is taken out by name.  One that climbs above the root, is too long, or marks nothing is
 * INVALID. */
bool layer_path_parse(const char *name, struct layer_path *out, struct error *err);

/* The same of a tar that is no layer: no name in it means anything, so none is a mark. */
bool layer_path_parse_plain(const char *name, struct layer_path *out, struct error *err);

/* The same path below `folder` ("" or a path of this form); INVALID when it becomes too long. */
bool layer_path_move(struct layer_path *path, const char *folder, struct error *err);

/* The folder that holds it, "" for the root; `out` has PATH_MAX. */
void layer_path_parent(const struct layer_path *path, char *out);
