/* Lines of output as messages to a log server: syslog over UDP, TCP or a unix socket, or the systemd
 * journal.
 *
 * Nothing here ever holds the container up.  What cannot be sent at once waits in memory, at most
 * LOG_SENDER_ROOM bytes of it; what finds no room is lost, and counted.  A server that is not there is
 * looked for again after 1 s, then 2 s ... 30 s, as long as something waits for it; a stream that
 * broke is opened again, and a message that was not sent in full is sent again.  Names of hosts are
 * looked up by a worker. */
#pragma once

#include "format/stream_frame.h"
#include "shim/children.h"
#include "shim/loop.h"
#include "shim/shim_protocol.h"

#define LOG_SENDER_ROOM (256 << 10)

enum log_sender_state {
	LOG_SENDER_NONE, /* there is no server */
	LOG_SENDER_APART,
	LOG_SENDER_ASKING, /* for the address */
	LOG_SENDER_CONNECTING,
	LOG_SENDER_CONNECTED,
};

struct log_sender {
	struct loop *loop;
	struct children *children;
	struct shim_log_remote remote; /* owned */
	enum log_sender_state state;
	struct source source;	 /* the socket, owned; -1: none */
	bool is_stream;		 /* it has no borders of its own between messages */
	struct source answer;	 /* of who looks the name up, owned; -1 */
	struct buffer addresses; /* what it has said */
	struct deadline retry;
	int64_t pause; /* before the last retry */
	int64_t connected_ns;
	struct buffer partial[2];
	struct buffer queue;  /* messages, each behind its length (4 bytes) */
	size_t head;	      /* of the first one that is not sent */
	size_t sent;	      /* bytes of that one */
	int64_t lost;	      /* messages, not told yet */
	struct deadline last; /* no more will come; what waits has this long */
	bool ended;

	/* `lost` messages did not get there; may be NULL. */
	void (*told)(struct log_sender *sender, int64_t lost);
};

void log_sender_none(struct log_sender *sender);
/* Cannot fail: a server that is not there may come. */
void log_sender_open(struct log_sender *sender, const struct shim_log_remote *remote);

void log_sender_write(struct log_sender *sender, enum stream_kind stream, const char *data,
		      size_t size);

/* No more will come: what waits is sent within 2 s, or lost. */
void log_sender_end(struct log_sender *sender);
bool log_sender_is_busy(const struct log_sender *sender);

/* Give back memory that nothing is in. */
void log_sender_shrink(struct log_sender *sender);
