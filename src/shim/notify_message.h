/* What a service says by sd_notify: one datagram of NAME=value lines.  Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A moment that far ahead can still be told in nanoseconds: 73 years. */
#define NOTIFY_SPAN_LIMIT_US (INT64_MAX / 4000)

enum { NOTIFY_LIMIT = 4096, NOTIFY_STATUS_LIMIT = 1024, NOTIFY_NAME_LIMIT = 256 };

struct notify_message {
	bool ready, reloading, stopping, barrier, watchdog, watchdog_trigger;
	bool store, remove, no_poll; /* FDSTORE=1, FDSTOREREMOVE=1, FDPOLL=0 */
	bool has_status, has_errno;
	int64_t main_pid, extend_us, watchdog_us; /* 0: not said */
	int32_t error;				  /* ERRNO= */
	char status[NOTIFY_STATUS_LIMIT];	  /* cut at a whole character */
	char name[NOTIFY_NAME_LIMIT];		  /* FDNAME=; "" */
};

/* Lines that are unknown or malformed are skipped, as if they had not been there. */
void notify_message_parse(const char *data, size_t size, struct notify_message *out);
