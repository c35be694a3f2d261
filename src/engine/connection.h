/* Clients' connections.  Only for this folder. */
#pragma once

#include "engine/engine_private.h"

/* Close the descriptor, free the early bytes. */
void connection_drop(struct engine_connection *connection);

/* A short answer that we write ourselves; then it is closed. */
void connection_answer(int fd, const char *text, bool chunked);
void connection_answer_wait(int fd, int64_t code, bool chunked);

/* Waits that a keeper has shown (engine/keeper.h), or holds no more. */
void pending_take_kept(struct container *c, const struct shim_kept *what, int fd);
void pending_keep_again(struct container *c);
