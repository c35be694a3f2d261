/* The clients that read stats: a document a second each, as long as they are there. */
#pragma once

#include "shim/loop.h"
#include "shim/shim_protocol.h"

struct stats_stream;

struct stats_streams {
	struct loop *loop;
	struct stats_stream *first;
	const char *cgroup_path; /* borrowed */
	pid_t pid;		 /* see stats_read() */
};

/* Takes the socket over; `request` is copied.  Ends at once when the container has. */
void stats_streams_add(struct stats_streams *streams, int socket, const struct shim_stats *request);

/* The container has ended. */
void stats_streams_end(struct stats_streams *streams);
