/* Sending a log to a client, to the end or on and on: a process of its own, so that the shim never
 * waits for a reader.  It is forked by the container's shim, or is `wherry-shim logs` where there is
 * none. */
#pragma once

#include "shim/log_reader.h"
#include "shim/shim_protocol.h"

struct log_source {
	int folder;	      /* borrowed; -1: there is no log */
	const char *name;     /* borrowed */
	struct log_place end; /* of the log, when the client asked */
	int wake; /* a pipe that gets a byte when lines were added and ends with the container;
				  -1: nothing is added any more */
};

/* Returns when all is sent, or the client is gone. */
void log_serve(const struct shim_logs *request, const struct log_source *source, int connection);

/* `wherry-shim logs`: the request waits in descriptor 3.  Its exit code. */
int log_serve_main(void);
