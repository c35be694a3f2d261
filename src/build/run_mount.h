/* RUN --mount=...: text to a value.  Pure. */
#pragma once

#include "format/record.h"

enum run_mount_kind {
	RUN_MOUNT_BIND =
		1, /* of a stage, an image or (no `from`) the context; writes are dropped */
	RUN_MOUNT_CACHE,
	RUN_MOUNT_TMPFS,
	RUN_MOUNT_SECRET,
	RUN_MOUNT_SSH,
};

enum run_mount_sharing { RUN_MOUNT_SHARED, RUN_MOUNT_PRIVATE, RUN_MOUNT_LOCKED };

struct run_mount {
	int32_t kind; /* enum run_mount_kind */
	char *target; /* absolute once planned; NULL: none was given (secret, ssh) */
	char *source; /* bind, cache: below `from`; NULL: its root */
	char *from; /* bind, cache: name as written; once planned the id of an image, or "@c0": a
			    folder; NULL: the context (bind), nothing (cache) */
	char *id;	 /* cache, secret, ssh; never NULL for those */
	char *env;	 /* secret: into a variable of this name instead of (or beside) a file */
	int32_t sharing; /* cache: enum run_mount_sharing */
	bool read_only;
	bool required; /* secret, ssh: fails when there is none */
	int64_t size;  /* tmpfs: bytes, 0: no limit */
	int32_t mode;  /* cache 0755, secret 0400, ssh 0600 unless given */
	int32_t uid, gid;
};

extern const struct record_type run_mount_type;

/* The value of one --mount flag, variables expanded already.  INVALID by name in BuildKit's words:
 * "unsupported mount type \"x\"", "unexpected key 'x' in 'x=1'". */
bool run_mount_parse(const char *text, struct run_mount *out, struct error *err);

/* The value of `from=` alone, while variables are not expanded yet.  NULL: none.  Owned by the caller. */
char *run_mount_from(const char *text);

static inline void run_mount_fini(struct run_mount *mount)
{
	record_fini(&run_mount_type, mount);
}
