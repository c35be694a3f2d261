/* What the daemon and an image worker say to each other: os/message over a socketpair, whose end the
 * worker has as descriptor 3; every message is one record.  Both are of one build, so a message of
 * another version is refused.
 *
 * The daemon starts a worker with WORKER_START, whose record and descriptors depend on the command; the
 * worker ends by exiting with 0 when all is done or WORKER_FAILED is sent.  A worker whose daemon is gone
 * reads the end of the socket and exits: what it made is unfinished and nobody was told of it.
 *
 * fetch	START (struct fetch_start).  For each tag:
 *		WANT a document (manifest, list, configuration), GIVE with a file to write it to, or
 *		without one: it is there already; HAVE when it is written
 *		FETCH_IMAGE; then the daemon asks for layers as it needs them: FETCH_LAYER and a file,
 *		whose bytes so far are the layer's beginning; FETCH_PROGRESS while they come; at last
 *		FETCH_NEXT: all layers of this image are in place
 * unpack	START (struct unpack_start; the layer's empty folder, its bytes (a pipe or a file), its empty
 *		recipe).
 *		A file may still be growing: UNPACK_NEED when its end is reached, UNPACK_MORE when there
 *		is more.  Of a pipe: UNPACK_NEED when nothing has come for a while, UNPACK_AT when
 *		something has.  UNPACK_DONE
 * load, import	START (struct upload_start; the client's connection).  For each layer: UPLOAD_LAYER,
 *		UPLOAD_PIPE with a pipe to an unpacker, UPLOAD_UNPACKED with what that found.
 *		Documents as above.  UPLOAD_IMAGE for each image, then UPLOAD_END.  The daemon sends
 *		UPLOAD_SAY, lines of the answer, at any time, and UPLOAD_CLOSE as the last
 * save		START (struct save_start; the client's connection).  ASK for a layer (its folder and its
 *		recipe are given) or a document, as they are needed
 * push		START (struct push_start).  NEED for each layer that the registry lacks, PIPE with its
 *		bytes, PACKED when all are in it; TOLD of each layer, TAGGED for each image; ASK
 * pack		START (struct pack_start; descriptors as its mode says), PACK_AT, then PACK_DONE or
 *		WORKER_FAILED; any number of times
 * remove-layers	START (struct remove_start; two folders): removes what is named below them */
#pragma once

#include "format/record.h"
#include "image/image_config.h"
#include "image/manifest.h"

#define WORKER_PROTOCOL_VERSION 1
#define WORKER_CONTROL		3
#define UPLOAD_LAYERS_MAX	10000 /* of all images of an archive */

enum worker_message {
	/* daemon to worker */
	WORKER_START = 1,
	WORKER_GIVE = 2, /* struct worker_document, + 1 descriptor or none; in the order of WANTs */
	FETCH_LAYER = 3, /* struct worker_number + 1 descriptor, opened for reading and writing */
	FETCH_NEXT = 4,
	UNPACK_MORE = 5,     /* struct unpack_more */
	UPLOAD_PIPE = 6,     /* struct worker_number + 1 descriptor, for writing */
	UPLOAD_UNPACKED = 7, /* struct unpacked */
	UPLOAD_SAY = 8,	     /* struct worker_text */
	UPLOAD_CLOSE = 9,
	PUSH_PIPE = 10,	  /* struct worker_number + 1 descriptor, to be read: the layer, gzipped */
	PUSH_PACKED = 11, /* struct push_packed */

	/* worker to daemon */
	WORKER_FAILED = 32,  /* struct worker_failure */
	WORKER_WANT = 33,    /* struct worker_document */
	WORKER_HAVE = 34,    /* struct worker_document */
	FETCH_IMAGE = 35,    /* struct fetch_image */
	FETCH_PROGRESS = 36, /* struct fetch_progress */
	UNPACK_NEED = 37,    /* struct unpack_more: more than `available` */
	UNPACK_AT = 42,	     /* struct unpack_more: `available` bytes are read */
	UNPACK_DONE = 38,    /* struct unpacked */
	UPLOAD_LAYER = 39,   /* struct worker_number: the next one */
	UPLOAD_IMAGE = 40,   /* struct upload_image */
	UPLOAD_END = 41,
	PACK_DONE = 43,	   /* struct unpacked */
	PACK_AT = 44,	   /* struct unpack_more: `available` bytes are written */
	PUSH_NEED = 46,	   /* struct worker_document: bytes of the layer with this diff id */
	PUSH_TOLD = 47,	   /* struct push_told */
	PUSH_TAGGED = 48,  /* struct push_tagged */
	LOOK_FOUND = 49,   /* struct look_found */
	SEARCH_FOUND = 50, /* struct search_found */
	WORKER_ASK = 45,   /* struct worker_document, answered by WORKER_GIVE: to be read */
	SAVE_READ = 51,	   /* nothing more is asked for; answered by WORKER_GIVE, without anything */
};

struct worker_number {
	int32_t number;
};

struct worker_text {
	char *text;
};

struct worker_failure {
	int32_t kind, os; /* of struct error */
	char *text;
};

/* A manifest, list of manifests or configuration, kept byte by byte under its digest. */
struct worker_document {
	char *digest;
	bool is_config; /* WANT: the image that this is the configuration of will do as well */
	bool known;	/* GIVE: the document (or image) is there already; no descriptor */
};

/* ---- fetch ---- */

enum fetch_purpose {
	FETCH_PULL,   /* or, without a path, to log in */
	FETCH_LOOK,   /* LOOK_FOUND is all that is wanted */
	FETCH_SEARCH, /* SEARCH_FOUND, of `query` */
};

struct fetch_start {
	char *domain, *path, *tag, *digest; /* of the reference; neither tag nor digest: all tags;
						no path: only log in */
	char *os, *architecture, *variant;
	char *auth; /* JSON of X-Registry-Auth */
	struct strings mirrors, insecure;
	char *certificates, *user_agent;
	int64_t stall_ms, retry_ms;
	int32_t attempts, downloads;
	int32_t purpose; /* enum fetch_purpose */
	char *query;
	int32_t limit; /* of results */
};

/* What a name stands for. */
struct look_found {
	char *media_type, *digest;
	int64_t size;
	struct record_list platforms; /* struct descriptor_platform */
};

struct search_result {
	char *name, *description;
	int64_t stars;
	bool official, automated;
};

struct search_found {
	struct record_list results; /* struct search_result */
};

struct fetch_image {
	char *tag;    /* NULL: asked for by digest */
	char *digest; /* under which the registry has it: the list's where there is one */
	char *id;     /* digest of the configuration */
	struct image_config *config; /* NULL: known, see struct worker_document */
	struct record_list layers;   /* struct descriptor, lowest first */
	struct strings documents;    /* digests of those it was told by, the configuration's last */
};

enum fetch_state {
	FETCH_RUNNING, /* `current` bytes are in the file */
	FETCH_WAITING, /* next try in `seconds` */
	FETCH_AGAIN,   /* from the first byte: what was in the file was wrong */
	FETCH_COMPLETE /* and its digest is right */
};

struct fetch_progress {
	int32_t layer, state;
	int64_t current;
	int32_t seconds;
};

/* ---- unpack ---- */

struct unpack_start {
	int64_t size_limit, files_limit;
	bool growing; /* the bytes are in a file of which `available` are there */
	int64_t available;
};

struct unpack_more {
	int64_t available;
	bool complete; /* there will be no more */
};

struct unpacked {
	int32_t number; /* UPLOAD_UNPACKED only */
	char *diff_id;
	int64_t size;
	bool recipe; /* it is good */
};

/* ---- load, import ---- */

struct upload_start {
	int32_t framing; /* enum http_framing */
	int64_t length;
	bool expects_continue;
	struct buffer early;
	struct buffer head; /* of the answer */
	bool chunked;
	int64_t size_limit;
	bool quiet;
	char *os, *architecture, *variant; /* load: which of several; import: what it is for */
	struct image_config *import;	   /* import: all but the layer */
	char *url; /* import: the tar is there; NULL: it comes from the client */
};

struct upload_image {
	char *id;
	struct image_config *config;
	struct strings names;	  /* references */
	struct strings documents; /* as in fetch_image */
};

/* ---- pack ---- */

enum pack_mode {
	PACK_TAR,     /* folder, pipe: the tar of what an overlay has there */
	PACK_MEASURE, /* folder, recipe to be written: it is to be a layer; its diff id */
	PACK_BLOB,    /* folder, pipe, recipe: the layer's own tar, gzipped */
};

struct pack_start {
	int32_t mode;  /* enum pack_mode */
	char *diff_id; /* PACK_BLOB: what the tar must be */
};

/* ---- save ---- */

struct save_image {
	char *id;
	struct buffer config; /* empty: a document has it */
	struct strings tags, diff_ids;
};

struct save_start {
	struct buffer head; /* of the answer */
	bool chunked;
	struct record_list images; /* struct save_image */
};

/* ---- push ---- */

struct push_layer {
	char *diff_id;
	struct record_list blobs; /* struct layer_blob: where registries have it */
};

struct push_image {
	char *tag, *id;
	struct buffer config; /* empty: a document has it */
	struct strings diff_ids;
};

struct push_start {
	struct fetch_start registry; /* domain and path, proof, limits */
	struct record_list images;   /* struct push_image */
	struct record_list layers;   /* struct push_layer: of all of them, each once */
};

struct push_packed {
	int32_t number; /* of the pipe */
	char *failure;	/* NULL: what came through it is the layer */
};

enum push_state {
	PUSH_EXISTS,
	PUSH_MOUNTED, /* from the repository `from` */
	PUSH_SENT,
	PUSH_RETRIES, /* in `seconds` */
	PUSH_STANDS,  /* after one of the first three: as `blob` */
};

struct push_told {
	char *diff_id;
	int32_t state, seconds;
	char *from;
	struct descriptor blob;
};

struct push_tagged {
	char *tag, *id, *digest;
	int64_t size; /* of the manifest */
};

/* ---- remove ---- */

struct remove_start {
	struct strings names;
};

extern const struct record_type worker_number_type, worker_text_type, worker_failure_type,
	worker_document_type, fetch_start_type, fetch_image_type, fetch_progress_type,
	unpack_start_type, look_found_type, search_result_type, search_found_type, unpack_more_type,
	unpacked_type, upload_start_type, upload_image_type, pack_start_type, push_layer_type,
	push_image_type, push_start_type, push_packed_type, push_told_type, push_tagged_type,
	save_image_type, save_start_type, remove_start_type;
