/* wherry-worker network: a plan on stdin, a report on stdout (network/network_plan.h). */
#include "cmd/worker.h"
#include "network/network_work.h"
#include "os/fd.h"
#include "os/job.h"

#include <unistd.h>

static bool read_plan(struct network_plan *plan, struct error *err)
{
	scoped_buffer struct buffer input = {0};

	return job_read_input(&input, err) &&
	       record_decode(&network_plan_type, input.data, input.size, plan, err);
}

static bool write_report(const struct network_report *report, struct error *err)
{
	scoped_buffer struct buffer output = {0};

	record_encode(&network_report_type, report, &output);
	return fd_write_all(STDOUT_FILENO, output.data, output.size, err);
}

bool worker_network(int argc, char **argv, struct error *err)
{
	struct network_plan plan = {0};
	struct network_report report = {0};
	bool done = read_plan(&plan, err);

	if (done) {
		network_work(&plan, &report);
		done = write_report(&report, err);
	}
	record_fini(&network_plan_type, &plan);
	record_fini(&network_report_type, &report);
	return done;
}
