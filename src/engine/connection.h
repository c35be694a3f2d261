/* Clients' connections.  Only for this folder. */
#pragma once

#include "engine/engine_private.h"

/* Close the descriptor, free the early bytes. */
void connection_drop(struct engine_connection *connection);

/* A short answer that we write ourselves; then it is closed. */
void connection_answer(int fd, const char *text, bool chunked);
