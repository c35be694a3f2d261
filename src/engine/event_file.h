/* The past events in a file, so that a daemon that comes back still answers `since`.
 *
 * An event is appended with one write(), which survives a kill of the daemon.  The file lies in the
 * exec root, which is memory: the loop waits for no disk, and after a reboot there is no past.  Two
 * files of at most EVENT_FILE_MOST events, and of little more than EVENT_FILE_BYTES, each take turns: the older
 * one goes when the newer one is full. */
#pragma once

#include "base/error.h"

#include <stddef.h>

#define EVENT_FILE_MOST	 256
#define EVENT_FILE_BYTES ((size_t)8 << 20) /* labels and commands are as large as clients like */

struct engine_event;

struct event_file {
	int folder; /* owned; -1: nothing is kept */
	int fd;	    /* owned */
	size_t count, size; /* of the newer one */
	bool failed;	    /* said once */
};

/* The events that are there go to `each`, oldest first, borrowed for the call.  What was torn by a
 * crash ends there.  A failure leaves a file that keeps nothing. */
bool event_file_open(struct event_file *file, const char *folder,
		     void (*each)(void *data, const struct engine_event *event), void *data,
		     struct error *err);
void event_file_close(struct event_file *file);

/* A full disk loses events, nothing else. */
void event_file_add(struct event_file *file, const struct engine_event *event);
