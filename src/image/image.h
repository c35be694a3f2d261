/* Images of this host: what is there, how they come (pull, load, import) and how they go.
 *
 * Nouns.  An *image* is a configuration and an ordered list of layers; its id is the sha256 of the
 * configuration's bytes.  A *layer* is one folder with the files of one layer tar, in overlayfs
 * form (whiteouts are 0:0 character devices, opaque folders carry trusted.overlay.opaque); it is
 * known by its diff id, the sha256 of the uncompressed tar, and shared by all images that name it.
 * A *tag* is a name of an image, a *repo digest* is the name under which a registry gave it.
 *
 * Everything here lives in the daemon and in its memory, on one loop: lookups cost no disk. Foreign
 * bytes (registry answers, manifests, configurations, tars) are never read here: `wherry-worker
 * fetch`, `load` and `import` read and check them, one `wherry-worker unpack` per layer unpacks
 * them, and only checked records come over their control sockets (image/worker_protocol.h).
 *
 * Promises.  What a callback reports done survives a power cut: the layers are synced before they
 * are recorded, the image is recorded before anybody is told.  A layer folder without a record is
 * unfinished; it is removed when the store is opened.
 *
 * Records: image/<id>, layer/<diff id>, tag/<name>, digest/<name@digest> (image/image_record.h).
 *
 * Files below the data root: layers/<five letters>/ (a layer), recipes/<the same> (how its tar is
 * written again, image/recipe.h), blobs/sha256/<hex> (manifests and
 * configurations, byte by byte as they came), blobs/partial/<hex> (layers on their way). */
#pragma once

#include "base/error.h"
#include "base/text.h"
#include "http/http_server.h"
#include "image/image_config.h"
#include "image/manifest.h"
#include "store/store.h"

#include <uv.h>

#define IMAGE_ID_LENGTH 71 /* "sha256:" and 64 hex digits */

struct image_store;

/* ---- what is there ---- */

struct layer {
	char *diff_id; /* "sha256:..." */
	char *folder; /* its name below layers/, short enough for 500 in the options of one mount(2)
		       */
	int64_t size; /* bytes of its regular files */
	struct record_list blobs; /* struct layer_blob: where registries have it, newest last */
	unsigned users;		  /* images (each counted once) and running jobs that need it */
	bool missing; /* its folder was not found; the next pull of an image with it brings it back */
};

struct image {
	char *id; /* "sha256:..." */
	struct image_config config;
	struct layer **layers;	/* lowest first, as many as config.diff_ids */
	struct strings tags;	/* "busybox:latest", "127.0.0.1:5000/a/b:1": short form, sorted */
	struct strings digests; /* "busybox@sha256:...": short form, sorted */
	struct strings
		documents;  /* digests of the blobs it was told by: manifests, configuration */
	int64_t size;	    /* of all its layers */
	int64_t created_ns; /* what the configuration says; 0: nothing */
	int64_t tagged_ns;  /* last tagged, pulled or loaded on this host */
	char *parent;	    /* id of the image that it was made from here; NULL: none */
	char *step_key;	   /* what a build made of it, for the next build's cache; NULL: none did */
	unsigned children; /* images that have it as their parent, hidden ones not counted */
	unsigned leases;   /* image_lease minus image_release */
	bool hidden; /* removed while leased: in no lookup and no list, gone with the last lease */
};

/* ---- the store ---- */

struct image_limits {	     /* 0: the default */
	int64_t layer_size;  /* bytes of one unpacked layer, 64 GiB */
	int64_t layer_files; /* entries of one layer, 4 million */
	int64_t load_size;   /* bytes of one load or import, 256 GiB */
	int64_t stall_ms;    /* a transfer that moves nothing for so long is tried again, 30 s */
	int64_t retry_ms;    /* the first pause before another try, then twice, ... as long; 5 s */
	int32_t attempts;    /* tries of one download, 5 */
	int32_t downloads;   /* layers fetched side by side in one pull, 3 */
	int32_t unpackers; /* layers unpacked side by side on this host (who waits for a slow client does
				not count), packed for commits, and packed for pushes: one per
				processor, 2 to 8 */
};

struct image_settings {
	struct strings
		mirrors; /* URLs, for docker.io only, tried in order before docker.io itself */
	struct strings
		insecure; /* hosts, host:port or CIDR: bad certificates and plain HTTP are taken */
	const char *worker;	  /* path of wherry-worker */
	const char *certificates; /* folders "a:b" with HOST/{ca.crt,client.cert,client.key};
				     NULL: /etc/wherry/certs.d:/etc/docker/certs.d */
	const char *user_agent;
	struct image_limits limits;
};

/* Reads all records and looks for their folders.  Images whose layer is missing stay listed and fail by
 * name when leased.  `data_root` is borrowed and stays open.  Settings are copied.  Nothing is written
 * before image_store_settle, so that others can still read the store. */
struct image_store *image_store_open(uv_loop_t *loop, struct store *store, int data_root,
				     const struct image_settings *settings, struct error *err);

/* From now on mirrors, insecure registries, attempts and downloads are those of `settings`; the rest of it is
 * not looked at.  Transfers that run go on with what they were told. */
void image_store_reload(struct image_store *images, const struct image_settings *settings);

/* Ends all jobs (their callbacks are not called any more) and frees everything. */
void image_store_close(struct image_store *images);

/* After all containers found at start have taken their leases: images that were removed while in
 * use and that nobody holds any more go now. */
void image_store_settle(struct image_store *images);

/* Who uses an image, for image_remove's refusals: call `found` for containers of `image` until it
 * returns false.  Set once by the engine; without it nobody uses anything. */
struct image_user {
	const char *id; /* of the container, 64 hex */
	bool running;
};
typedef void image_users(void *data, const struct image *image,
			 bool (*found)(void *to, const struct image_user *user), void *to);
void image_store_set_users(struct image_store *images, image_users *users, void *data);

/* ---- finding ---- */

/* Docker's rules: a name (with or without tag, or @digest) wins over an id, an id or its prefix
 * (with or without "sha256:") comes next.  NOT_FOUND "No such image: x:latest"; INVALID for what
 * cannot be a reference, and for a prefix of several ids. */
struct image *image_find(struct image_store *images, const char *reference, struct error *err);

/* By full id, hidden ones too (the image of a container that is already there); NULL: not there. */
struct image *image_by_id(struct image_store *images, const char *id);

/* All that are not hidden, newest first.  Valid until the next change. */
struct image *const *image_all(struct image_store *images, size_t *count);

bool image_is_dangling(const struct image *image); /* no tag, and no image was made from it */

/* A step of a build: lists show it only when asked for all. */
bool image_is_intermediate(const struct image *image); /* no name, but images made from it */

/* ---- using ---- */

/* A leased image keeps its layers, whoever removes it.  Fails by name when a layer's folder has
 * gone missing.  Leases live in memory: who keeps one across a restart takes it again before
 * image_store_settle. */
bool image_lease(struct image_store *images, struct image *image, struct error *err);
void image_release(struct image_store *images, struct image *image);

/* Names of the layers' folders below <data root>/layers, highest first as lowerdir= wants them; a
 * layer that is in the image twice stands once (overlayfs refuses the same folder twice, and the
 * lower one is fully covered by the higher).  The caller frees the list; an image without layers
 * gives none. */
struct strings image_rootfs(const struct image *image);
int image_layers_folder(const struct image_store *images); /* borrowed descriptor of layers/ */

/* sha256 over the diff ids up to layer `index`, as Docker names a layer in its place. */
void image_chain_id(const struct image *image, size_t index, char out[static IMAGE_ID_LENGTH + 1]);

struct image_history_line {
	const char *id; /* the image's for the newest line, else "<missing>" */
	int64_t created_ns;
	const char *created_by, *comment; /* never NULL */
	const struct strings *tags;	  /* NULL but for the newest line */
	int64_t size;
};
/* Newest first; the caller frees the array, the texts are the image's. */
struct image_history_line *image_history(const struct image *image, size_t *count);

int64_t image_layers_size(
	const struct image_store *images);	      /* all layers, each once: df LayersSize */
int64_t image_shared_size(const struct image *image); /* of its layers that other images have too */

/* ---- changing: memory changes at once, `done` is called when the disk has it ---- */

typedef void image_done(void *data, const struct error *err); /* err NULL: done */

/* A target that names another image moves to this one.  INVALID for a bad name or one with a
 * digest. */
bool image_tag(struct image_store *images, struct image *image, const char *name, image_done *done,
	       void *data, struct error *err);

struct image_change {
	bool deleted; /* else untagged */
	char *name;   /* "busybox:latest", "sha256:..." */
};
struct image_changes {
	struct image_change *items;
	size_t count, capacity;
	int64_t reclaimed; /* bytes of layers that went */
};
void image_changes_fini(struct image_changes *changes);

struct image_remove_options {
	bool force;
	bool no_prune; /* leave parents alone; else those without a name, a child and a user go, too */
};

/* By tag: untags, and deletes with the last tag.  By id: needs `force` with tags in several
 * repositories.  Refusals are CONFLICT in Docker's words.  `changes` is filled at once; `done`
 * follows. The layers' folders are removed by a worker afterwards. */
bool image_remove(struct image_store *images, const char *reference,
		  const struct image_remove_options *options, struct image_changes *changes,
		  image_done *done, void *data, struct error *err);

struct image_prune_filter {
	bool all; /* dangling=false: every image that no container uses */
	struct strings labels,
		labels_not; /* "name" or "name=value"; all must hold; who has all of these stays */
	int64_t until_ns;   /* 0: any age */
};
void image_prune(struct image_store *images, const struct image_prune_filter *filter,
		 struct image_changes *changes, image_done *done, void *data);

/* ---- coming: jobs ---- */

struct image_job; /* lives until on_done has been called or image_job_cancel */

struct image_result {
	const char *id; /* of the (last) image; NULL for a failed job */
	struct strings
		names; /* what was made or moved: "bb:latest", or the id where there is no tag */
};

struct image_job_handlers {
	/* One line of the answer's body: a JSON object and "\r\n".  NULL: not wanted. */
	void (*on_progress)(void *data, const char *line, size_t size);
	/* Last call; the job is freed when it returns.  `result` is borrowed, never NULL; `err` is
	 * NULL on success. */
	void (*on_done)(void *data, const struct image_result *result, const struct error *err);
};

struct image_pull_request {
	const char *reference; /* as typed; without tag and digest: latest, or every tag */
	bool all_tags;
	const char *platform; /* "linux/arm64/v8"; NULL or "": the host's */
	const char *auth;     /* the JSON inside X-Registry-Auth; NULL or bad JSON: none */
};

/* Errors that come before the first progress line are those that the client can still be told as a
 * status (NOT_FOUND, DENIED, INVALID).  NULL and err for a reference or platform that cannot be. */
struct image_job *image_pull(struct image_store *images, const struct image_pull_request *request,
			     const struct image_job_handlers *handlers, void *data,
			     struct error *err);

/* A client's connection whose request header was read: the worker reads the body and writes the
 * answer (so that neither passes through the daemon), but says nothing of an image that is not
 * recorded. */
struct image_upload {
	int connection;	     /* taken */
	struct buffer early; /* taken: bytes behind the header */
	enum http_framing framing;
	uint64_t length; /* HTTP_LENGTH */
	bool expects_continue;
	struct buffer head; /* taken: http_response_head of a 200 application/json */
	bool chunked;	    /* frame the answer so */
};

/* Get an upload out of a request (http_hijack).  For both calls below. */
void image_upload_take(struct http_request *request, struct image_upload *upload);
void image_upload_fini(struct image_upload *upload);

/* The whole answer, when no worker has begun: nobody but us has the connection yet. */
void image_upload_refuse(const struct image_upload *upload, const struct error *err);

/* docker-archive (manifest.json, or `repositories` of old) or OCI layout, plain or compressed
 * (gzip, zstd, bzip2, xz).  Failures are told in band by the worker; on_done tells the daemon the
 * same for its events.  Always takes the upload.  NULL when nothing could be started; on_done has
 * been called then. */
struct image_job *image_load(struct image_store *images, struct image_upload *upload, bool quiet,
			     const char *platform, const struct image_job_handlers *handlers,
			     void *data);

struct image_import_request {
	const char *name;	/* repo[:tag] of the new image, NULL or "": none */
	const char *source;	/* http or https; "-": what the client sends */
	const char *message;	/* comment; NULL or "": "Imported from SOURCE" */
	const char *platform;	/* NULL or "": the host's */
	struct strings changes; /* borrowed: Dockerfile instructions ("CMD [\"/sh\"]") */
};

/* Whether the request can be carried out, while the client can still be told by status. */
bool image_import_check(const struct image_import_request *request, struct error *err);

/* One tar, plain or compressed, becomes an image of one layer.  Takes the upload; the request must
 * have passed image_import_check. */
struct image_job *image_import(struct image_store *images, struct image_upload *upload,
			       const struct image_import_request *request,
			       const struct image_job_handlers *handlers, void *data);

/* ---- going out: jobs ---- */

/* A client's connection for an answer that a worker writes. */
struct image_answer {
	int connection;	    /* taken */
	struct buffer head; /* taken: http_response_head of a 200 */
	bool chunked;
};
void image_answer_fini(struct image_answer *answer);

/* Images as one archive: Docker's and an OCI layout at once.  A name without a tag is its whole
 * repository; an id has no name.  NULL and err when one of them is not there, or has a layer that cannot be
 * written as it came (image/recipe.h).  The job begins with image_save_to, in the same turn of the loop;
 * what fails later ends the answer in the middle.  The result's names are the ids. */
struct image_job *image_save(struct image_store *images, const struct strings *names,
			     const struct image_job_handlers *handlers, void *data,
			     struct error *err);
void image_save_to(struct image_job *job, struct image_answer *answer);

struct image_push_request {
	const char *reference; /* as typed; without tag: every tag of the repository */
	const char *auth;      /* as of a pull */
};

/* Progress in Docker's lines.  NULL and err, NOT_FOUND "An image does not exist locally with the tag: x",
 * before the first of them.  Layers that the registry has, here or in another repository, are not sent; those
 * that are must have a recipe. */
struct image_job *image_push(struct image_store *images, const struct image_push_request *request,
			     const struct image_job_handlers *handlers, void *data,
			     struct error *err);

/* ---- made here ---- */

struct image_commit_request {
	struct image *base; /* leased by the caller, until on_done; NULL: none */

	/* Of the new image, complete but for the layer that `changes` gives: with the base's diff ids
	 * and history.  Borrowed for the call. */
	const struct image_config *config;

	/* The new line of the history; its empty_layer is set by what `changes` says.  Borrowed. */
	const struct image_history *line;

	const char *name; /* repo[:tag]; NULL or "": untagged */

	const char *step_key; /* of a build's step; NULL: none */

	/* An overlay's upper folder below the data root ("containers/<id>/upper"), whose files become
	 * the new layer; NULL: no new layer.  It must not change meanwhile. */
	const char *changes;
	const char *layer; /* instead of it: a layer that is there; NULL: none */
	bool take; /* the folder itself becomes the layer, gone from its place at once; else a copy */
};

/* A new image of what is there on this host.  Its parent is `base`.  The same configuration gives the
 * same image: then that one is named and handed out.  Without `changes` no worker is needed.  INVALID for
 * a bad name and for more layers than there may be, at once; on_done is always called later, never from
 * within.  A layer's worker reads every byte once, and copies (by reflink where that works) unless the
 * folder is taken. */
struct image_job *image_commit(struct image_store *images,
			       const struct image_commit_request *request,
			       const struct image_job_handlers *handlers, void *data,
			       struct error *err);

/* Images that were made from this one, newest first, hidden ones not; NULL: made from nothing.  The
 * caller frees the array. */
struct image **image_children(struct image_store *images, const struct image *parent,
			      size_t *count);

/* End the job; on_done is not called.  What it has unpacked so far goes, unless others need it. */
void image_job_cancel(struct image_job *job);

/* ---- questions to registries: `answered` is called once, not after image_store_close ---- */

struct look_found;
struct image_answered_by {
	const struct look_found *found;	   /* image_look_up: image/worker_protocol.h */
	const struct record_list *results; /* image_search: struct search_result */
};
typedef void image_answered(void *data, const struct image_answered_by *answer,
			    const struct error *err); /* err NULL: it was answered */

/* What a name stands for in its registry, without pulling it. */
bool image_look_up(struct image_store *images, const char *reference, const char *auth,
		   image_answered *answered, void *data, struct error *err);

struct image_search_request {
	const char *term; /* "term", or "host:port/term" */
	const char *auth;
	int64_t limit; /* 1 to 100 */
};
/* Only registries that have Docker's first API can be searched; NOT_FOUND says so of others. */
bool image_search(struct image_store *images, const struct image_search_request *request,
		  image_answered *answered, void *data, struct error *err);

/* ---- credentials ---- */

/* Whether a registry takes them: `server` is its host, a URL of it, or NULL, "" and Docker's own
 * "https://index.docker.io/v1/" for docker.io; `auth` is the JSON of X-Registry-Auth.  `done` is called
 * once, DENIED where they are refused; not after image_store_close. */
bool image_login(struct image_store *images, const char *server, const char *auth, image_done *done,
		 void *data, struct error *err);

/* Apply Dockerfile instructions to an image's defaults: import's and commit's `changes`.  INVALID
 * "x is not a valid change command". */
bool image_apply_changes(const struct strings *changes, struct image_config *config,
			 struct error *err);
