/* The worker's side of image/worker_protocol.h: blocking, one socket. */
#pragma once

#include "image/worker_protocol.h"
#include "os/message.h"

struct worker {
	int control; /* the socket to the daemon; borrowed */
	struct message_reader reader;
};

void worker_fini(struct worker *worker);

/* The next message of the daemon, waiting for it.  The daemon's end is a failure too. */
bool worker_receive(struct worker *worker, struct message **message, struct error *err);

/* The same without waiting: *message is NULL while none has come whole. */
bool worker_try_receive(struct worker *worker, struct message **message, struct error *err);

/* Decode a message into an empty record, if it is of that type. */
bool worker_decode(const struct message *message, enum worker_message type,
		   const struct record_type *record_type, void *record, struct error *err);

/* Both at once: the next message has to be of that type.  *message is for its descriptors. */
bool worker_expect(struct worker *worker, enum worker_message type,
		   const struct record_type *record_type, void *record, struct message **message,
		   struct error *err);

/* `record_type` may be NULL: no body. */
bool worker_send(struct worker *worker, enum worker_message type,
		 const struct record_type *record_type, const void *record, struct error *err);

/* Tell the daemon why, if it is still there. */
void worker_fail(struct worker *worker, const struct error *err);

/* Where a document is to be written; -1: the daemon has it, or (is_config) the image that it is the
 * configuration of.  The caller owns the file. */
bool worker_want(struct worker *worker, const char *digest, bool is_config, int *file,
		 struct error *err);

/* Write it, to the disk, and say so. */
bool worker_have(struct worker *worker, const char *digest, int file, const struct buffer *bytes,
		 struct error *err);

/* Both: hand a document over unless the daemon has it. */
bool worker_keep(struct worker *worker, const char *digest, const struct buffer *bytes,
		 struct error *err);
