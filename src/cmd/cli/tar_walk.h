/* A tree of files as an archive, read piece by piece: the body of a request. */
#pragma once

#include "cmd/cli/tar.h"
#include "http/http_client.h"

struct tar_walk;

enum tar_verdict {
	TAR_TAKE,
	TAR_LEAVE, /* the folder itself has no member, what is below it may have */
	TAR_PRUNE, /* neither it nor what is below it */
};

struct tar_walk_rules {
	/* What becomes of a path below the start; NULL: everything is taken. */
	enum tar_verdict (*judge)(void *data, const char *path, bool folder);
	void *data;
	bool whole_seconds; /* times have no fraction, which would take a second head */
	bool of_root;	    /* everything belongs to root in the archive */
	bool with_start;    /* the start has a member of its own */
	bool goes_on;	    /* more follows: the archive's end is not written */
};

/* What is at `start` below the folder (which is duplicated), under the name `name` in the archive, where
 * "" is the top: members "a", "b/"; "." gives "./", "./a". */
struct tar_walk *tar_walk_new(int folder, const char *start, const char *name,
			      const struct tar_walk_rules *rules);
void tar_walk_free(struct tar_walk *walk);
scoped_define(tar_walk)

	/* A file that is in the archive only, before all others. */
	void tar_walk_add(struct tar_walk *walk, const char *name, const void *data, size_t size);

/* The source's `read`: what is gone or cannot be read meanwhile is an error. */
ssize_t tar_walk_read(void *walk, void *out, size_t size, struct error *err);

/* How much was read so far. */
int64_t tar_walk_position(const struct tar_walk *walk);
