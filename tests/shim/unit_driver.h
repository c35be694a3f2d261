/* A unit's shim in a scratch folder, and this process as its daemon. */
#pragma once

#include "driver.h"
#include "shim/unit_protocol.h"

#include <sys/types.h>

struct unit_driver {
	char folder[64]; /* scratch, absolute; the commands' working folder, with "rec" */
	int run_folder;
	struct shim_process shim;
	struct message_reader reader;
	struct unit_start start;
	struct execution_status status; /* the last one */
};

/* A service of `type` without commands; each command is `sh -c script`. */
void unit_begin(struct unit_driver *d, enum service_type type);
struct execution_command *unit_add(struct unit_driver *d, enum execution_phase phase,
				   const char *script);
/* The same with `shim_scenarios helper words` (unit_helper.h). */
struct execution_command *unit_add_helper(struct unit_driver *d, enum execution_phase phase,
					  const char *words);
char *unit_program(void); /* shim_scenarios, for scripts; owned */
void unit_set(struct unit_driver *d, const char *variable, const char *value);

void unit_send(struct unit_driver *d, enum unit_message message, const struct record_type *type,
	       const void *record);
void unit_send_fds(struct unit_driver *d, enum unit_message message, const struct record_type *type,
		   const void *record, const int *fds, size_t count);
void unit_start(struct unit_driver *d); /* UNIT_START */
void unit_stop(struct unit_driver *d, bool restarting);
void unit_run(struct unit_driver *d);  /* start it, until it runs */
void unit_halt(struct unit_driver *d); /* stop it, until it has ended as it should */

/* Read messages until the unit is in this state.  Any other end of the unit is a failure. */
void unit_await(struct unit_driver *d, enum sub_state sub);
void unit_await_over(struct unit_driver *d, enum sub_state sub, enum execution_result result);
void unit_await_status(struct unit_driver *d); /* one more */

/* The next message, which must be this one; statuses are taken on the way. */
void unit_expect(struct unit_driver *d, enum unit_message message, const struct record_type *type,
		 void *record, int *fds, size_t fd_count);
void unit_expect_reply(struct unit_driver *d, int kind);

void unit_reconnect(struct unit_driver *d);
void unit_end(struct unit_driver *d); /* RELEASE where possible, and nothing is left */
char *unit_path(struct unit_driver *d, const char *name); /* in the folder; owned */

/* What the commands have written to a file of the folder; "" when there is none.  Owned. */
char *unit_file(struct unit_driver *d, const char *name);
void unit_expect_file(struct unit_driver *d, const char *name, const char *text);
void unit_await_file(struct unit_driver *d, const char *name, const char *text); /* part of it */
pid_t unit_pid(struct unit_driver *d, const char *name); /* that a file holds */

/* An empty file, for which a command waits. */
void unit_make_file(struct unit_driver *d, const char *name);

/* Messages of the journal, a line each; owned. */
char *unit_journal_text(struct unit_driver *d);
void unit_expect_journal(struct unit_driver *d, const char *text);
