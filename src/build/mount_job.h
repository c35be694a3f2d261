/* The roots of images as detached mounts, for a build's driver, which may not mount anything itself:
 * `wherry-worker build-mount` makes them one after the other and hands their descriptors to the daemon.  It
 * reads nothing but the daemon's messages.  A mount lives as long as somebody holds its descriptor. */
#pragma once

#include "build/build_protocol.h"

enum mount_message {
	MOUNT_MAKE = 16,   /* to the worker: struct mount_order */
	MOUNT_MADE = 80,   /* struct build_number + 1 descriptor */
	MOUNT_FAILED = 81, /* struct build_failure */
};

struct mount_order {
	int32_t number;
	char *layers_folder;   /* absolute */
	struct strings layers; /* topmost first; none: the writable folder alone */
	char *writable_folder; /* absolute; gets upper/ and work/ */
	bool read_only;
};
extern const struct record_type mount_order_type;

void mount_job_main(int control);
