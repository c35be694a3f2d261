/* wherry-network change: a plan on stdin, a report on stdout (network/network_plan.h).  It reports when
 * everything is done for whoever looks, and ends when the kernel is done too. */
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
	if (!fd_write_all(STDOUT_FILENO, output.data, output.size, err))
		return false;
	close(STDOUT_FILENO); /* so it is read while we wait for the rest */
	return true;
}

bool worker_network(int argc, char **argv, struct error *err)
{
	struct network_plan plan = {0};
	struct network_report report = {0};
	struct network_rest rest = {0};
	bool done = read_plan(&plan, err);

	if (done) {
		plan.again = argc > 1 && str_equal(argv[1], JOB_AGAIN);
		network_work(&plan, &report, &rest);
		done = write_report(&report, err);
		network_rest_end(&rest);
	}
	record_fini(&network_plan_type, &plan);
	record_fini(&network_report_type, &report);
	return done;
}
