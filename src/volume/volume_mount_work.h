/* What `wherry-worker volume-mount` is asked to do: mount what a volume is made of over its folder, or
 * unmount such folders.  Both may wait: for a name server, a file server, a disk.
 *
 * It holds a lock on each volume's folder while it works, and dies with the daemon that asked: what a
 * later daemon asks for begins when this has ended, so that no late unmount follows a new mount. */
#pragma once

#include "base/error.h"
#include "format/record.h"

struct mounting_plan {
	int64_t daemon; /* its pid */
	char *folder;	/* absolute: of all volumes */
	struct strings unmount;
	char *mount; /* the volume; NULL: only unmount */
	char *type, *device, *options;
};
extern const struct record_type mounting_plan_type;

struct mounting_report {
	int32_t error_kind, error_os;
	char *error; /* NULL: done.  What was mounted already is left as it is */
};
extern const struct record_type mounting_report_type;

void mounting_work(const struct mounting_plan *plan, struct mounting_report *report);
