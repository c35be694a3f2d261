/* The output of the process: its pipes or its terminal are read, all of it goes to the log, then to
 * the clients that are attached. */
#pragma once

#include "shim/client.h"
#include "shim/journal_log.h"
#include "shim/log_sender.h"
#include "shim/log_writer.h"
#include "shim/loop.h"

struct outputs;

struct output {
	struct outputs *outputs;
	struct source source;
	enum stream_kind stream;
	int capacity;	     /* of its pipe; 0: it is none */
	int64_t read_ns;     /* when it was read last (monotonic) */
	int quick;	     /* reads in a row that came soon after the one before */
	struct deadline nap; /* set while it is not watched, but read then */
};

struct outputs {
	struct loop *loop;
	struct log_writer *log;
	struct log_sender *sender;
	struct journal_log *journal;
	struct clients *clients;
	struct output out, err;
	bool held;				/* a client is full */
	void (*ended)(struct outputs *outputs); /* both are at their end */
};

/* Takes the descriptors (non-blocking) over; -1: there is none. */
void outputs_start(struct outputs *outputs, int out, int err);

/* Do not read, or do. */
void outputs_hold(struct outputs *outputs, bool hold);

/* Read what is there and no more, also while held: the process has ended. */
void outputs_drain(struct outputs *outputs);
bool outputs_are_open(const struct outputs *outputs);
void outputs_close(struct outputs *outputs);

/* Nothing has come for a while: enlarged pipes get their usual size. */
void outputs_shrink(struct outputs *outputs);
