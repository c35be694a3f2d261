/* `wherry-shim journal`: what somebody wants to read of the journal, sent to him.  A process of its own for each, so
 * that who follows outlives the daemon, and a costly pattern costs nobody else. */
#pragma once

#include "journal/request.h"

struct shim_journal {
	char *folder; /* absolute */
	bool chunked;
	struct journal_request request;
};
extern const struct record_type shim_journal_type;

/* The request, a message SHIM_JOURNAL with the connection, waits in descriptor 3.  The exit code. */
int journal_serve_main(void);
