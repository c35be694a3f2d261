/* What a build does, decided apart from doing it.  Pure: no file, no image store, no clock.
 *
 * A *plan* is made of a Dockerfile and the build's options: its *stages*, of which those that the target
 * does not need are left out, and what each of them waits for.  A *stage run* is one stage under way: it
 * begins when its base image is known, hands out *steps* one after the other, and is told what image each
 * step became.  Stages that do not wait for each other may run side by side.
 *
 *	plan = build_plan_new(&file, &options, err)
 *	for each stage that is needed, when all in `waits_for` are done:
 *		base: nothing (scratch), plan->stages[base_stage]'s result, or base_image resolved by the daemon
 *		run = stage_run_new(plan, stage, id, config, err)
 *		while (stage_run_next(run, err) && (step = run->step))
 *			COPY, ADD: resolve the sources, take their digest: stage_run_content(run, digest)
 *			look for step->key in the cache, else carry it out and commit step->config
 *			stage_run_done(run, image id)
 *		result of the stage: run->image, run->config
 *	result of the build: that of plan->target
 *
 * A step that changes nothing of the image (ARG) is a step all the same, as in the classic builder: it
 * commits an image with an empty layer. */
#pragma once

#include "build/run_mount.h"
#include "format/dockerfile.h"
#include "format/platform.h"
#include "image/image_config.h"

#define BUILD_STAGES_LIMIT 200

struct build_options {
	struct pairs build_args; /* a NULL value: named without one, which sets nothing */
	struct pairs contexts;	 /* names that stand for images or folders, before stages: to a
				    reference, or to what the driver calls a folder ("@c0") */
	struct pairs labels;	 /* of the result: one more step at the end of the target */
	char *target;		 /* name or number; NULL or "": the last stage */
	char *platform;		 /* of the result; NULL or "": the host's */
	struct platform host;	 /* BUILDPLATFORM */
};

/* ---- stages ---- */

struct build_source { /* where FROM, COPY --from and RUN --mount=from take files */
	int stage;    /* index in the plan, or -1 */
	char *image;  /* reference, or a folder's "@c0"; NULL: a stage, or neither: scratch */
};

/* It is one of the folders in build_options.contexts: no reference begins so. */
static inline bool build_source_is_folder(const char *image)
{
	return image && image[0] == '@';
}

struct build_stage {
	char *name; /* in lower case; NULL: none */
	int index;
	const struct instruction *from;
	const struct instruction *first; /* behind FROM */
	size_t count;
	struct build_source base;
	char *platform; /* of --platform, expanded; NULL: the build's */
	bool needed;
	int *waits_for; /* owned: indices of stages, each once, lower than its own */
	size_t wait_count;
	int step; /* number of FROM: Step 3/9 */
};

struct build_plan {
	const struct dockerfile *file; /* borrowed, as are the options */
	const struct build_options *options;
	struct build_stage *stages; /* owned */
	size_t count;
	struct platform platform; /* of the result */
	int target;
	int steps;	  /* in all: /9 */
	int global_steps; /* ARGs before the first FROM, numbered 1...: plan->file->items[0...] */
	struct strings global_args; /* "NAME=value" of those that have one: FROM, and ARG NAME */
	struct strings known_args;  /* every ARG met; the rest of build_args is warned of */
	struct instruction labels;  /* those of the options, as one more LABEL; no pairs: none */
};

/* INVALID: `no build stage in current context`, `target stage "x" could not be found`, a stage name or a
 * FROM that cannot be, all with their line where there is one. */
struct build_plan *build_plan_new(const struct dockerfile *file,
				  const struct build_options *options, struct error *err);
void build_plan_free(struct build_plan *plan);
scoped_define(build_plan)

	/* `[Warning] One or more build-args [X] were not consumed`: the names, sorted; none: no warning. */
	struct strings build_plan_unconsumed(const struct build_plan *plan);

/* ---- steps ---- */

enum build_step_kind {
	BUILD_STEP_CONFIG, /* only the configuration changes */
	BUILD_STEP_RUN,
	BUILD_STEP_COPY, /* also ADD */
	BUILD_STEP_FOLDER, /* WORKDIR: the folder is made where there is none, and a layer where it was */
};

struct build_run {
	struct strings command; /* argv */
	struct strings env;	/* the image's, and the ARGs behind that it does not have */
	struct record_list
		mounts; /* struct run_mount; `from` is a stage's number ("#2"), image or folder */
	char *network;	/* default, none, host; NULL: the build's */
	bool insecure;	/* --security=insecure */
	char *script;	/* #! here-document: a file to be at script_path, 0755, in the container */
	char *script_path;
};

struct build_copy {
	bool is_add;
	struct strings sources; /* expanded; of ADD also URLs */
	char *destination; /* absolute, with its final '/' where one was written: it is a folder then */
	struct build_source from; /* stage -1 and no image: the context */
	char *chown;		  /* expanded; NULL: root */
	int32_t chmod;		  /* -1: as it was */
	char *chmod_text;	  /* symbolic mode ("u=rwX,go=rX"), else NULL */
	char *checksum;		  /* ADD of one URL; NULL: none */
	struct strings exclude;
	bool link, parents, keep_git_dir;
	int8_t unpack; /* of ADD: 1 also URLs, -1 not even local archives, 0 as ever */
	struct record_list documents; /* struct build_document, besides the sources */
};

struct build_document {
	char *name, *content; /* expanded where it is to be; 0644 */
};
extern const struct record_type build_document_type;

struct build_step {
	enum build_step_kind kind;
	const struct instruction *instruction; /* of the file, or a trigger's: run owns that */
	int number;	     /* Step 3/9; 0: a trigger's, which has no line of its own */
	int triggers_before; /* `# Executing 2 build triggers` comes first */
	/* Both NULL for COPY and ADD until stage_run_content.  created_by says nothing of what mounts of a
	   RUN hold, and neither does the key; proxy ARGs are in none of them. */
	char *created_by;
	char *key; /* "sha256:...": equal parent, instruction, mounts' texts, args and content */
	struct image_defaults
		*config;    /* borrowed from the run: as the image has it after the step */
	const char *author; /* borrowed; NULL: none */
	struct build_run run;
	struct build_copy copy;
	char *folder; /* BUILD_STEP_FOLDER: absolute */
};

struct stage_run {
	struct build_plan *plan;
	const struct build_stage *stage;
	char *image;		    /* the step's parent: id, or "" on scratch */
	struct image_config config; /* of it; diff_ids and history stay the base's */
	struct build_step *step;    /* owned; the present one, NULL: none */

	/* the rest is plan's own */
	struct strings args;	    /* "NAME=value" of the ARGs so far that have one */
	struct dockerfile triggers; /* of the base image */
	size_t at, trigger_at;
	bool cmd_set;	    /* CMD stood in this stage: ENTRYPOINT leaves it */
	struct buffer said; /* the present step as histories have it, without who carries it out */
	char *said_behind;  /* COPY, ADD: what comes behind the digest */
};

/* `config` (NULL on scratch) is copied.  INVALID for a trigger of the base image that cannot be. */
struct stage_run *stage_run_new(struct build_plan *plan, const struct build_stage *stage,
				const char *image, const struct image_config *config,
				struct error *err);
void stage_run_free(struct stage_run *run);

/* Before its first step: the stage that it is based on has declared ARGs, which it has, too. */
void stage_run_inherit(struct stage_run *run, const struct stage_run *base);
scoped_define(stage_run)

	/* To the next step: run->step, NULL behind the last.  INVALID with the instruction's line. */
	bool stage_run_next(struct stage_run *run, struct error *err);

/* What COPY and ADD bring: "file:<hex>", "dir:<hex>" or "multi:<hex>", over names, modes, owners and
 * bytes.  Sets created_by and key. */
void stage_run_content(struct stage_run *run, const char *digest);

/* The present step became this image (found in the cache, or committed). */
void stage_run_done(struct stage_run *run, const char *image);

/* ---- for error messages of steps that fail ---- */

/* "The command '/bin/sh -c exit 3' returned a non-zero code: 3" */
void build_step_failed(const struct build_step *step, int code, struct error *err);

/* The file's lines of the step, for people: "Dockerfile:12" and the lines with their numbers, the
 * instruction's marked ">>>".  Owned by the caller. */
char *build_step_excerpt(const struct build_step *step, const char *file_name, const char *text,
			 size_t size);
