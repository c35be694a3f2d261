/* One line per event on stderr: a fixed phrase, then pairs:
 *
 *	log_info("container started", "id=%s pid=%d", c->id, pid);
 *	log_error("container start failed", &err, "id=%s", c->id);
 *
 * Only the edges log (a request handler, a loop over containers, main), each error once; code below
 * returns its errors.  No secret ever stands in a log line. */
#pragma once

#include "base/error.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARNING, LOG_ERROR };

/* Nothing below `level` is written.  LOG_INFO at start. */
void log_set_level(enum log_level level);
void log_set_name(const char *name); /* borrowed; stands in front of each line */

void log_debug(const char *phrase, const char *pairs, ...) __attribute__((format(printf, 2, 3)));
void log_info(const char *phrase, const char *pairs, ...) __attribute__((format(printf, 2, 3)));
void log_warning(const char *phrase, const struct error *err, const char *pairs, ...)
	__attribute__((format(printf, 3, 4))); /* err may be NULL */
void log_error(const char *phrase, const struct error *err, const char *pairs, ...)
	__attribute__((format(printf, 3, 4))); /* err may be NULL */
