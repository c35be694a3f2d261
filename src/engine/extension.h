/* What a request to create a container may ask for beyond the Engine API (docs/compose-api.md): its member
 * `Wherry`.  Pure. */
#pragma once

#include "base/error.h"
#include "format/record.h"

/* Containers that share a name, and what of theirs is shared out among them. */
struct container_group {
	char *name;
	bool balance; /* host ports that several of them publish */
	bool vip;     /* an address on each network that their aliases lead to */
};

/* How a restart policy restarts: what is not given is as without it. */
struct container_restarts {
	struct optional_i64
		delay_ns; /* between an end and the next start, instead of growing ones */
	struct optional_i64
		window_ns; /* who ran that long has been restarted well: attempts count anew */
};
#define CONTAINER_RESTART_NS_MOST ((int64_t)30 * 24 * 3600 * 1000000000)

/* A file that is there in memory alone (sandbox/memory_files.h). */
struct container_file {
	char *target;  /* absolute, in its shortest form */
	char *content; /* base64 of what it holds in a request; afterwards the digest of that */
	int64_t uid, gid;
	struct optional_i64 mode; /* absent in a request: 0444 */
};
#define CONTAINER_FILES		  "files" /* below the container's folder: "0", "1" ... in their order */
#define CONTAINER_FILES_MOST	  256
#define CONTAINER_FILE_SIZE_MOST  ((size_t)1 << 20)
#define CONTAINER_FILES_SIZE_MOST ((size_t)16 << 20)

struct extension {
	bool hold; /* published ports and names are held back until a takeover gives them */
	struct container_group *group;	     /* owned; NULL: none */
	struct record_list files;	     /* struct container_file */
	struct container_restarts *restarts; /* owned; NULL: none */
	struct strings own_volumes; /* that it mounts by name, and that go with it as anonymous ones do */
};
extern const struct record_type container_group_type, container_restarts_type, container_file_type,
	extension_type;

/* ERROR_INVALID by the member's name; what files leave open is filled in.  NULL is fine: nothing was
 * asked for. */
bool extension_check(struct extension *extension, struct error *err);

/* What the files of a checked request hold, in their order, into as many buffers; the buffers are to be
 * freed after a failure, too.  Takes as long as hashing does: for another thread. */
bool container_files_decode(const struct record_list *files, struct buffer *contents,
			    struct error *err);
