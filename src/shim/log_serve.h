/* Sending a log to a client, to the end or on and on: a process of its own, so that the shim never
 * waits for a reader.  It is forked by the container's shim, or is `wherry-shim logs` where there is
 * none. */
#pragma once

#include "shim/shim_protocol.h"

/* Returns when all is sent, or the client is gone.  `wake`: a pipe that gets a byte when lines were
 * added and ends with the container; -1: nothing is added any more. */
void log_serve(const struct shim_logs *request, int folder, const char *name, int connection,
	       int wake);

/* `wherry-shim logs`: the request waits in descriptor 3.  Its exit code. */
int log_serve_main(void);
