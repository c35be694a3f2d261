/* What the scenarios of the shim share: a shim in a scratch folder, and this process as its daemon.
 *
 * Everything waits for events, at most WAIT_MS; what does not come in that time ends the scenario
 * with a message. */
#pragma once

#include "base/text.h"
#include "shim/shim.h"

#include <stdbool.h>

enum { WAIT_MS = 20000 };

struct driver {
	char folder[64]; /* scratch, absolute; holds run/ and log/ */
	int run_folder, log_folder;
	struct shim_process shim;
	struct message_reader reader;
	struct shim_start start; /* filled with defaults */
	int64_t pid, start_time; /* of the process, once it is started */

	/* An end that comes while something else is read is answered by RECORDED, and kept. */
	bool records_late; /* no: only when the scenario says so */
	struct message early;
	struct buffer early_data;
};

#define fail(...) fail_at(__FILE__, __LINE__, __VA_ARGS__)
void fail_at(const char *file, int line, const char *format, ...)
	__attribute__((format(printf, 3, 4), noreturn));
#define expect(condition)                                                                          \
	do {                                                                                       \
		if (!(condition))                                                                  \
			fail("expected %s", #condition);                                           \
	} while (0)
#define expect_equal(a, b) expect_equal_at(__FILE__, __LINE__, #a, a, b)
void expect_equal_at(const char *file, int line, const char *what, long long a, long long b);

char *driver_program(void); /* the wherry-shim under test; owned */

/* Scratch folder, shim, and a start message for `sh -c script`. */
void driver_begin(struct driver *d, const char *script);
void driver_begin_keeper(
	struct driver *d);	   /* the shim is one in its mode `keep`: it is sent nothing else */
void driver_end(struct driver *d); /* the shim and its process end now, if they have not */

void driver_send(struct driver *d, enum shim_message message, const struct record_type *type,
		 const void *record);
void driver_send_fd(struct driver *d, enum shim_message message, const struct record_type *type,
		    const void *record, int fd);
void driver_start(struct driver *d); /* START, and STARTED */

/* The next message of the shim, which must be this one, decoded into `record`; its descriptor, or
 * -1. */
int driver_expect(struct driver *d, enum shim_message message, const struct record_type *type,
		  void *record);
void driver_expect_exit(struct driver *d, int code); /* EXITED */
void driver_release(struct driver *d, bool removed);
void driver_expect_end(struct driver *d);	/* the shim's process is gone */
void driver_finish(struct driver *d, int code); /* EXITED, RELEASE, the end, and what `end` does */
bool driver_shim_lives(struct driver *d);

/* The daemon dies; another one comes back. */
void driver_disconnect(struct driver *d);
void driver_reconnect(struct driver *d);

/* Our end of a new connection whose other end goes to the shim. */
int driver_attach(struct driver *d, const struct shim_attach *attach);
int driver_wait(struct driver *d, const struct shim_wait *wait);
int driver_logs(struct driver *d, const struct shim_logs *logs);
int driver_stats(struct driver *d, const struct shim_stats *stats);

/* Read until the other side ends, or `until` was seen (NULL: the end).  Owned. */
char *read_text(int fd, const char *until);
void expect_text(int fd, const char *expected); /* all of it, to the end; closes */
void write_text(int fd, const char *text);
bool is_readable(int fd, int timeout_ms);

long private_kilobytes(pid_t pid); /* memory that is a process's alone */

/* All that the log holds, as `logs` shows it; owned. */
char *driver_log(struct driver *d, bool out, bool err);
void expect_log(struct driver *d, bool out, bool err, const char *expected);

/* Input from a client that comes, writes and goes. */
void driver_write_stdin(struct driver *d, const char *text);

extern const struct shim_attach attach_output; /* out and err, live, plain */
extern const struct shim_attach attach_all;    /* with input */
