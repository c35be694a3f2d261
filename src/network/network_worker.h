/* Asking wherry-network: a plan goes, a report comes.  A worker that is killed meanwhile is followed by others (job.h):
 * all that it is asked for can be done from any point at which the one before it was killed. */
#pragma once

#include "network/networks.h"

/* Who is told what: `done` alone, or `answered` first, and then `done` when the worker has ended. */
struct worker_calls {
	bool (*answered)(void *data, const struct buffer *answer); /* as of struct job_request */
	job_done *done;
	void *data;
};

/* NULL on failure; nobody is called then.  `netns` goes along; NULL: none. */
struct job *network_worker_start(struct networks *n, const struct network_plan *plan,
				 const int *netns, const struct worker_calls *calls,
				 struct error *err);

/* Was it written to its end? */
bool network_report_is_whole(const struct buffer *answer);

/* False: the worker's own failure, or one of what it was to do.  `report`, zeroed by the caller, is his to free
 * either way. */
bool network_report_read(const struct buffer *answer, const struct error *job_error,
			 struct network_report *report, struct error *err);
