/* wherry-worker remove, measure, volume-mount: a plan on stdin, a report on stdout (volume/volume_work.h,
 * volume/volume_mount_work.h). */
#include "cmd/worker.h"
#include "os/fd.h"
#include "os/job.h"
#include "volume/volume_mount_work.h"
#include "volume/volume_work.h"

#include <unistd.h>

static bool read_plan(const struct record_type *type, void *plan, struct error *err)
{
	scoped_buffer struct buffer input = {0};

	return job_read_input(&input, err) &&
	       record_decode(type, input.data, input.size, plan, err);
}

static bool write_report(const struct record_type *type, const void *report, struct error *err)
{
	scoped_buffer struct buffer output = {0};

	record_encode(type, report, &output);
	return fd_write_all(STDOUT_FILENO, output.data, output.size, err);
}

bool worker_remove(int argc, char **argv, struct error *err)
{
	struct removal_plan plan = {0};
	struct removal_report report = {0};
	bool done = read_plan(&removal_plan_type, &plan, err);

	if (done) {
		removal_work(&plan, &report);
		done = write_report(&removal_report_type, &report, err);
	}
	record_fini(&removal_plan_type, &plan);
	record_fini(&removal_report_type, &report);
	return done;
}

bool worker_measure(int argc, char **argv, struct error *err)
{
	struct measuring_plan plan = {0};
	struct measuring_report report = {0};
	bool done = read_plan(&measuring_plan_type, &plan, err);

	if (done) {
		measuring_work(&plan, &report);
		done = write_report(&measuring_report_type, &report, err);
	}
	record_fini(&measuring_plan_type, &plan);
	record_fini(&measuring_report_type, &report);
	return done;
}

bool worker_volume_mount(int argc, char **argv, struct error *err)
{
	struct mounting_plan plan = {0};
	struct mounting_report report = {0};
	bool done = read_plan(&mounting_plan_type, &plan, err);

	if (done) {
		mounting_work(&plan, &report);
		done = write_report(&mounting_report_type, &report, err);
	}
	record_fini(&mounting_plan_type, &plan);
	record_fini(&mounting_report_type, &report);
	return done;
}
