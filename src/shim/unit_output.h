/* Output of a unit's processes: one stream socket per command, so that each line knows its writer, read
 * into the journal.  Whoever inherits the socket may go on to write when the command has ended. */
#pragma once

#include "shim/loop.h"
#include "shim/unit_journal.h"

struct unit_outputs {
	struct loop *loop;
	struct unit_journal *journal;
	struct unit_output *first;
};

/* The end for a process, the caller's; -1 on failure.  `identifier` is copied. */
int unit_outputs_open(struct unit_outputs *outputs, const char *identifier, struct error *err);

/* What waits in the sockets is read now. */
void unit_outputs_drain(struct unit_outputs *outputs);
void unit_outputs_shrink(struct unit_outputs *outputs);
