#include "network/network_worker.h"

#define WORKER_TIMEOUT_MS 60000

struct job *network_worker_start(struct networks *n, const struct network_plan *plan,
				 const int *netns, const struct worker_calls *calls,
				 struct error *err)
{
	char *args[] = {"wherry-network", "change", NULL};
	scoped_buffer struct buffer input = {0};

	record_encode(&network_plan_type, plan, &input);
	struct job_request request = {.program = n->worker,
				      .args = args,
				      .input = input.data,
				      .size = input.size,
				      .kept = netns,
				      .timeout_ms = WORKER_TIMEOUT_MS,
				      .answered = calls->answered,
				      .repeated = true};
	return job_start(n->loop, &request, calls->done, calls->data, err);
}

bool network_report_is_whole(const struct buffer *answer)
{
	struct network_report report = {0};
	struct error err;
	bool whole = record_decode(&network_report_type, answer->data, answer->size, &report, &err);

	record_fini(&network_report_type, &report);
	return whole;
}

bool network_report_read(const struct buffer *answer, const struct error *job_error,
			 struct network_report *report, struct error *err)
{
	if (job_error) {
		*err = *job_error;
		return false;
	}
	if (!record_decode(&network_report_type, answer->data, answer->size, report, err))
		return false;
	if (report->error_kind == ERROR_NONE)
		return true;
	error_set(err, (enum error_kind)report->error_kind, "%s", report->error);
	err->os = report->error_os;
	return false;
}
