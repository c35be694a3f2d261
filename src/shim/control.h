/* The connections that the daemon speaks through. */
#pragma once

#include "os/message.h"
#include "shim/loop.h"
#include "shim/shim_protocol.h"

struct shim;
struct control;

struct controls {
	struct shim *shim;
	struct source listener;
	struct control *first;
	struct control *daemon; /* the one that is told events; NULL: there is no daemon */
	size_t count;
};

/* Takes both descriptors over. */
void controls_init(struct controls *controls, struct shim *shim, int control, int listener);
void controls_fini(struct controls *controls);

/* Tell the daemon, if there is one.  `type` NULL: no body. */
void controls_tell(struct controls *controls, enum shim_message message,
		   const struct record_type *type, const void *record);
void controls_tell_with_fd(struct controls *controls, enum shim_message message,
			   const struct record_type *type, const void *record, int fd);

/* Nobody new is heard from now on. */
void controls_stop_listening(struct controls *controls);

/* Whether something that was told waits to be taken. */
bool controls_are_busy(const struct controls *controls);

/* Give back memory of messages. */
void controls_shrink(struct controls *controls);
