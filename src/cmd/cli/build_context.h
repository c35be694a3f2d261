/* What a build is made from: a folder with its .dockerignore, an archive or a Dockerfile on stdin, or an
 * address that the daemon fetches. */
#pragma once

#include "cmd/cli/tar_walk.h"
#include "format/dockerignore.h"

struct build_context {
	char *dockerfile; /* owned: its name in the context; NULL: the daemon knows */
	char *remote;	  /* owned: an address; NULL: bytes are sent */

	/* What is read first, then either a walk or stdin. */
	struct buffer head;
	struct tar_walk *walk;
	bool from_stdin;

	struct dockerignore ignore;
	bool ignore_sent; /* not the folder's own */

	/* Contexts beside it, which are sent first. */
	struct {
		struct build_folder **items;
		size_t count, capacity;
	} folders;
	size_t folder_at;
	int64_t sent;
};

/* `place` is PATH, URL or "-"; `file` is --file or NULL. */
bool build_context_open(struct build_context *context, const char *place, const char *file,
			struct error *err);

/* The same of a folder, whose Dockerfile is this text and lies in no file. */
bool build_context_open_inline(struct build_context *context, const char *folder,
			       const char *dockerfile, struct error *err);

/* Another folder, without what its .dockerignore says, goes along in the same archive.  Returns what it is
 * called there, which nothing else is; the caller frees.  NULL when it cannot be sent: there is no folder,
 * or no archive that it could be a part of. */
char *build_context_add(struct build_context *context, const char *folder, struct error *err);

/* A place that the daemon fetches itself. */
bool build_context_is_address(const char *place);
void build_context_fini(struct build_context *context);
#define scoped_build_context scoped_with(build_context_fini)

/* The next bytes to send. */
ssize_t build_context_read(struct build_context *context, void *out, size_t size,
			   struct error *err);
