/* The driver of a build: `wherry-worker build`.  It has the client's connection, reads the context and the
 * Dockerfile, plans (build/plan.h), writes the answer, and asks the daemon for what it may not do itself
 * (build/build_protocol.h).  Its root is the build's own folder.
 *
 * One thread, one loop: each stage waits for one answer at a time, whose number is the stage's index, and
 * goes on in `then`.  Stages that wait for each other run one after the other, the others side by side;
 * what they say comes out in their order, that of the first unfinished one at once. */
#pragma once

#include "build/answer.h"
#include "build/build_protocol.h"
#include "build/copy_source.h"
#include "http/http_body.h"
#include "image/worker.h"

struct driver;
struct stage_work;

/* What a stage waited for has come.  False: the build has failed. */
typedef bool stage_then(struct stage_work *s, struct message *message, struct error *err);

enum stage_state { STAGE_UNNEEDED, STAGE_WAITING, STAGE_ACTIVE, STAGE_DONE };

/* The output of a step's container. */
struct step_output {
	int stream; /* owned; -1: none, or over */
	uint8_t header[8];
	size_t header_size;
	uint32_t left; /* of the present frame */
	bool is_error;
};

struct stage_work {
	struct driver *driver;
	const struct build_stage *stage;
	struct stage_run *run; /* owned; NULL: not begun */
	enum stage_state state;
	struct buffer held; /* lines that are not this stage's turn yet */
	stage_then *then;   /* NULL: waits for nothing */
	bool missed;	    /* the cache is of no use any more */

	/* of the present step */
	size_t at; /* of the sources, or mounts, that are being got together */
	struct copy_order order;
	struct copy_matches matches;
	int tree; /* borrowed from driver->trees, or the context; where the sources are */
	bool is_context;
	struct buffer extra_key; /* what the key does not know: images and files that are mounted */
	struct step_output output;
	char *container, *made; /* owned; made: the image, while output is still on its way */
	int exit_code;
	bool exited;
	char *fetched_name; /* owned */
};

struct tree {
	char *image; /* owned; "@c0": a context beside the first, the folder "c0" of `extra` */
	int folder;  /* owned */
};

struct driver {
	struct worker worker;
	struct build_start start;
	int connection; /* owned */
	int folder;	/* owned: the build's, as it came */
	int context, extra;
	struct answer answer;
	struct http_body *body;
	char *block; /* of the body */
	int64_t count;
	char *file_name; /* owned: of the Dockerfile, in the context */
	struct buffer text;
	struct dockerfile file;
	struct dockerignore ignore;
	struct build_options options;
	struct build_plan *plan;
	struct stage_work *stages; /* as many as the plan has */
	struct {
		struct tree *items;
		size_t count, capacity;
	} trees;
	unsigned extras; /* names in `extra` so far */
	bool over;
};

void driver_main(int control);

/* ---- context (driver_context.c) ---- */

/* The body, or what is at `remote`, unpacked; the Dockerfile and .dockerignore read. */
bool driver_read_context(struct driver *d, struct error *err);

/* ---- asking ---- */

/* Send a request of the stage, whose answer `then` takes. */
bool stage_ask(struct stage_work *s, enum build_message type, const struct record_type *record_type,
	       const void *record, stage_then *then, struct error *err);

/* The answer that was waited for: of this type, decoded. */
bool stage_take(const struct message *message, enum build_message type,
		const struct record_type *record_type, void *record, struct error *err);

int32_t stage_number(const struct stage_work *s);

/* ---- saying ---- */

void stage_say(struct stage_work *s, const struct buffer *lines);
void stage_say_format(struct stage_work *s, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void stage_say_image(struct stage_work *s, const char *id); /* " ---> id12" */

/* ---- stages (driver_stage.c) ---- */

/* Begin every stage that waits for nobody any more. */
bool driver_begin_stages(struct driver *d, struct error *err);
bool driver_end(struct driver *d, struct error *err);

/* The present step: look into the cache, then `carry_out`; commit what it made; go on. */
bool stage_find(struct stage_work *s, struct error *err);
bool stage_commit(struct stage_work *s, bool has_layer, struct error *err);
bool stage_step_done(struct stage_work *s, const char *image, struct error *err);

void stage_fill_commit(const struct stage_work *s, bool has_layer, struct build_commit *commit);

/* The id of a stage's result, or of an image's reference, asked for: then(s, NULL) with s->... */
const char *driver_stage_image(const struct driver *d, int stage);

/* ---- COPY, ADD, WORKDIR (driver_copy.c) ---- */

bool stage_begin_copy(struct stage_work *s, struct error *err);
bool stage_write_copy(struct stage_work *s, struct error *err);
bool stage_make_folder(struct stage_work *s, struct error *err);
void stage_end_copy(struct stage_work *s);
int driver_tree(const struct driver *d, const char *image); /* -1: not here yet */

/* ---- RUN (driver_run.c) ---- */

bool stage_begin_run(struct stage_work *s, struct error *err);
bool stage_run_command(struct stage_work *s, struct error *err);
bool stage_read_output(struct stage_work *s, struct error *err);
void stage_end_run(struct stage_work *s);
