/* What the daemon and `wherry-worker build` say to each other: os/message over a socketpair, whose end the
 * worker has as descriptor BUILD_CONTROL; every message is one record.  Both are of one build.  Numbers do not
 * meet those of image/worker_protocol.h, whose processes carry these messages.
 *
 * The worker holds the client's connection: it reads the context and the Dockerfile, plans
 * (build/plan.h), writes the answer.  The daemon does for it, and believes it nothing: images by
 * reference, cache, containers, layers, commits, tags; only what concerns this build.
 *
 *	START	(daemon) struct build_start; the connection, and the build's folder, with "context" and
 *		"extra" in it, which becomes the worker's root
 *	Each request has a number of the worker's, which its answers carry; requests run side by side, one
 *	of each number.
 *	RESOLVE	struct build_reference: pulled where it is not there, or asked for.
 *		PROGRESS ... then IMAGE
 *	FIND	struct build_find: a child of `parent` that was made with this key (or, of images named by
 *		--cache-from, has this line in its history on top of the parent's layers).
 *		IMAGE, its id NULL when there is none
 *	TREE	struct build_tree: the files of an image as one read-only folder (COPY --from, chown's
 *		passwd and group).  FOLDER + 1 descriptor
 *	RUN	struct build_run_request: a container of `parent` runs the command.  STARTED + 1 descriptor,
 *		what it says in stream frames; then EXITED, or IMAGE when the code was 0: committed by then
 *	LAYER	struct build_layer_request: a writable folder on top of `parent`'s files.  FOLDER + 1
 *		descriptor; the worker writes what COPY brings, closes it and says COMMIT
 *	COMMIT	struct build_commit, of the layer of the same number, or without one: only the
 *		configuration.  IMAGE
 *	FETCH	struct build_fetch: what is at a URL becomes a file (of a git repository, a folder) of that
 *		name in "extra".  FETCHED
 *	TAG	struct build_tag.  IMAGE
 *	FAILED	is every request's other answer
 *	END	the build is over: `id` is the result, or NULL and why; the worker exits then
 *
 * A worker that ends without END, a client that goes away: the daemon ends its containers and drops its
 * layers.  Images that were committed stay as cache. */
#pragma once

#include "build/plan.h"
#include "format/record.h"
#include "image/image_config.h"

#define BUILD_CONTROL 3

enum build_message {
	/* daemon to worker */
	BUILD_START = 1,    /* struct build_start + 2 descriptors */
	BUILD_IMAGE = 2,    /* struct build_image */
	BUILD_PROGRESS = 3, /* struct build_text: one JSON line */
	BUILD_STARTED = 4,  /* struct build_text: the container's id, + 1 descriptor */
	BUILD_EXITED = 5,   /* struct build_exit */
	BUILD_FOLDER = 6,   /* struct build_number + 1 descriptor */
	BUILD_FAILED = 7,   /* struct build_failure */

	BUILD_FETCHED = 8, /* struct build_text: the digest of a file */

	/* worker to daemon */
	BUILD_RESOLVE = 64, /* struct build_reference */
	BUILD_FIND = 65,    /* struct build_find */
	BUILD_TREE = 66,    /* struct build_tree */
	BUILD_RUN = 67,	    /* struct build_run_request */
	BUILD_LAYER = 68,   /* struct build_layer_request */
	BUILD_COMMIT = 69,  /* struct build_commit */
	BUILD_TAG = 70,	    /* struct build_tag */
	BUILD_END = 71,	    /* struct build_end */
	BUILD_FETCH = 72,   /* struct build_fetch */
};

struct build_number {
	int32_t number;
};

struct build_text {
	int32_t number;
	char *text;
};

struct build_exit {
	int32_t number, code;
	bool out_of_memory;
};

struct build_failure {
	int32_t number;
	int32_t kind, os; /* of struct error */
	char *text;
};

struct build_image {
	int32_t number;
	char *id;		     /* NULL: FIND found none */
	struct image_config *config; /* RESOLVE and FIND; else NULL */
};

/* The request as it came, and the answer's head. */
struct build_start {
	int32_t framing; /* enum http_framing */
	int64_t length;
	bool expects_continue;
	struct buffer early;
	struct buffer head;
	bool chunked;
	int64_t size_limit;	   /* of the context */
	char *dockerfile, *remote; /* NULL: "Dockerfile", the body */
	struct strings names;	   /* t= */
	bool quiet, no_cache, pull, keep_failed;
	struct pairs build_args, labels, contexts;
	char *target, *platform;
	bool remove; /* rm=1: containers of steps go */
};

struct build_reference {
	int32_t number;
	char *reference, *platform;
	bool pull;
};

struct build_tree {
	int32_t number;
	char *image;
};

/* What the new image says of itself, besides its parent's layers and history. */
struct build_commit {
	int32_t number;
	bool has_layer;
	char *parent; /* id or "" */
	char *key, *created_by, *author;
	char *os, *architecture, *variant; /* where there is no parent */
	struct image_defaults defaults;
};

struct build_find {
	int32_t number;
	struct build_commit commit; /* what the step would be committed as */
};

struct build_run_request {
	struct build_commit commit;
	struct strings command, env;
	char *user, *working_dir;
	struct record_list mounts; /* struct run_mount, `from` the id of an image */
	char *network;
	bool insecure;
	char *script, *script_path;
};

struct build_layer_request {
	int32_t number;
	char *parent;
};

struct build_tag {
	int32_t number;
	char *image;
	struct strings names;
};

struct build_fetch {
	int32_t number;
	char *url, *name;
	bool git; /* else a file by HTTP */
	bool keep_git_dir;
};

struct build_end {
	char *id;
	int32_t kind, os;
	char *text;
};

extern const struct record_type build_number_type, build_text_type, build_exit_type,
	build_failure_type, build_image_type, build_start_type, build_reference_type,
	build_find_type, build_tree_type, build_commit_type, build_run_request_type,
	build_layer_request_type, build_tag_type, build_fetch_type, build_end_type;
