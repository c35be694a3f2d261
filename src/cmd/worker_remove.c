/* wherry-worker remove: trees that may be large (volume/volume_work.h). */
#include "cmd/worker.h"
#include "os/fd.h"
#include "os/job.h"
#include "volume/volume_work.h"

#include <unistd.h>

static bool write_report(const struct removal_report *report, struct error *err)
{
	scoped_buffer struct buffer output = {0};

	record_encode(&removal_report_type, report, &output);
	return fd_write_all(STDOUT_FILENO, output.data, output.size, err);
}

bool worker_remove(int argc, char **argv, struct error *err)
{
	scoped_buffer struct buffer input = {0};
	struct removal_plan plan = {0};
	struct removal_report report = {0};
	bool done = job_read_input(&input, err) &&
		    record_decode(&removal_plan_type, input.data, input.size, &plan, err);

	if (done) {
		removal_work(&plan, &report);
		done = write_report(&report, err);
	}
	record_fini(&removal_plan_type, &plan);
	record_fini(&removal_report_type, &report);
	return done;
}
