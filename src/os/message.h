/* Messages between our own programs over a unix stream socket: {u32 size, u16 type, u16 version},
 * `size` bytes (a record in its binary form, as a rule), and descriptors beside them.
 *
 * A reader never takes bytes beyond the present message, so descriptors always belong to the
 * message that they were sent with, and what follows the last message (a raw stream) is still in
 * the socket when the socket is given away.  Numbers are in host order: both ends are on one
 * machine. */
#pragma once

#include "base/error.h"
#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MESSAGE_FDS   32
#define MESSAGE_LIMIT (16u << 20) /* bytes of one message's payload */

struct message {
	uint16_t type;
	uint16_t version; /* of the sender's protocol */
	const void *data; /* borrowed */
	size_t size;
	int fds[MESSAGE_FDS]; /* sending: borrowed; received: owned by whoever takes them */
	size_t fd_count;
};

/* ---- blocking: for a shim's start, workers, tools ---- */

/* Sends all of it, waiting for room at most `timeout_ms` (-1: for ever).  After a failure the
 * stream is of no more use. */
bool message_send(int socket, const struct message *message, int timeout_ms, struct error *err);

/* ---- incremental: for event loops; also the blocking receiver ---- */

struct message_reader {
	uint32_t limit; /* of a payload; 0: MESSAGE_LIMIT */
	uint8_t header[8];
	size_t header_size;
	struct buffer data;
	struct message message; /* its descriptors collect here */
};

void message_reader_fini(struct message_reader *reader); /* closes descriptors not taken */

enum message_state {
	MESSAGE_READY,	 /* reader->message is whole, valid until the next call */
	MESSAGE_PARTIAL, /* nothing more for now; call again when readable */
	MESSAGE_END,	 /* the other end closed between two messages, whether or not it read ours */
	MESSAGE_FAILED,	 /* err says why; close the connection */
};

/* One message from a socket that is readable; never waits.  Descriptors that the caller wants to
 * keep are taken out by take_fd(reader->message.fds[i]); the rest is closed by the next call. */
enum message_state message_read(struct message_reader *reader, int socket, struct error *err);

/* After MESSAGE_PARTIAL: nothing of a next message has arrived, so that the reader may be given up. */
bool message_reader_is_between(const struct message_reader *reader);

/* The same as message_read, waiting at most `timeout_ms` (-1: for ever) for the whole message; an end is
 * ERROR_UNAVAILABLE here. */
bool message_receive(struct message_reader *reader, int socket, int timeout_ms, struct error *err);

/* ---- sending from an event loop: a queue that is written when there is room ---- */

struct message_queue {
	struct queued_message *items; /* owned */
	size_t count, capacity;
};

void message_queue_fini(struct message_queue *queue);

/* Copies the payload and duplicates the descriptors. */
bool message_queue_add(struct message_queue *queue, const struct message *message,
		       struct error *err);

/* Send what the socket takes now.  True: go on, `queue->count` says whether something waits for
 * room.  An empty queue holds no memory. */
bool message_queue_flush(struct message_queue *queue, int socket, struct error *err);
