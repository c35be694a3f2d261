/* The connections that the daemon speaks through. */
#pragma once

#include "os/message.h"
#include "shim/acceptor.h"
#include "shim/shim_protocol.h"

struct control;

/* What a shim of some kind is asked: by the number of the message. */
struct control_handler {
	const struct record_type *type; /* NULL: no body */
	size_t fds;			/* at least */
	void (*handle)(struct control *c, const void *record, struct message *m);
};

struct control_requests {
	const struct control_handler *handlers;
	size_t handler_count;
	int reply; /* the message that control_reply() sends, a struct shim_failure */

	/* The connection that was told events has ended. */
	void (*daemon_gone)(void *owner);
};

struct controls {
	struct loop *loop;
	const struct control_requests *requests;
	void *owner;
	struct acceptor listener;
	struct control *first;
	struct control *daemon; /* the one that is told events; NULL: there is no daemon */
	size_t count;
};

/* Takes over both descriptors that a shim is born with. */
void controls_init(struct controls *controls, struct loop *loop,
		   const struct control_requests *requests, void *owner);
void controls_fini(struct controls *controls);

/* For handlers: the shim, an answer to who asks, and that it is the daemon from now on. */
void *control_owner(const struct control *c);
void control_reply(struct control *c, bool done, const struct error *err);
void control_is_daemon(struct control *c);

/* Tell the daemon, if there is one.  `type` NULL: no body. */
void controls_tell(struct controls *controls, int message, const struct record_type *type,
		   const void *record);
void controls_tell_with_fd(struct controls *controls, int message, const struct record_type *type,
			   const void *record, int fd);

void controls_tell_with_fds(struct controls *controls, int message, const struct record_type *type,
			    const void *record, const int *fds, size_t fd_count);

/* Nobody new is heard from now on. */
void controls_stop_listening(struct controls *controls);

/* Whether something that was told waits to be taken. */
bool controls_are_busy(const struct controls *controls);

/* How many messages the daemon has not taken yet. */
size_t controls_waiting(const struct controls *controls);

/* Give back memory of messages. */
void controls_shrink(struct controls *controls);
