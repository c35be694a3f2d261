/* Loop devices: a file as a block device.
 *
 * One file has one device, whoever mounts it: by the device the kernel knows that a filesystem is mounted
 * already, and by nothing else.  Two devices would be two filesystems that write to one file.  So a
 * container may be started anew while what the last one had mounted has not ended yet: it may be held
 * by who copies files, and the kernel itself takes its time. */
#pragma once

#include "base/error.h"

#define LOOP_PATH_SIZE 32

/* The device of the file, which goes by itself with its last user; -1 on failure. */
int loop_device_open(const char *file, bool read_only, char path[static LOOP_PATH_SIZE],
		     struct error *err);
