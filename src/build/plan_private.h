/* What the files of `plan` share. */
#pragma once

#include "build/plan.h"

/* Put "line N: " before the error, N being the instruction's.  Always false. */
bool fail_at(struct error *err, const struct instruction *instruction);

/* ---- ARGs (plan_args.c) ---- */

/* "NAME=value" of what every build knows: BUILDPLATFORM, TARGETARCH, ... */
struct strings platform_args(const struct build_plan *plan);

/* The value in a list of "NAME=value"; NULL: not there. */
const char *environment_get(const struct strings *env, const char *name);

/* HTTP_PROXY and the like: given to commands without an ARG, and no part of histories and keys. */
bool is_proxy_arg(const char *name);

/* One NAME[=default] of an ARG, expanded from `env`: its value goes to `args`, the words to `said`.  The
 * build's own value counts first, then the default, then that of the ARGs before the first FROM. */
bool declare_arg(struct build_plan *plan, const struct pair *pair, const struct strings *env,
		 struct strings *args, struct buffer *said, struct error *err);

/* ---- sources (plan.c) ---- */

/* What `from` names in the stage: a context, an earlier stage by name or number, else an image. */
bool find_source(const struct build_plan *plan, int stage, const char *from,
		 struct build_source *out, struct error *err);

/* ---- steps (stage_step.c) ---- */

/* From what variables are expanded now: the image's environment, then ARGs that it does not have. */
struct strings stage_environment(const struct stage_run *run);

/* Fill run->step and run->said. */
bool stage_make_run(struct stage_run *run, const struct instruction *i, struct error *err);
bool stage_make_copy(struct stage_run *run, const struct instruction *i, struct error *err);

void build_step_free(struct build_step *step);
scoped_define(build_step)
