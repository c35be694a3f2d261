/* The jobs of builds.  Their control socket is descriptor 3. */
#include "cmd/worker.h"

#include "build/driver.h"
#include "build/fetch_job.h"
#include "build/mount_job.h"

bool worker_build(int argc, char **argv, struct error *err)
{
	driver_main(BUILD_CONTROL);
	return true;
}

bool worker_build_fetch(int argc, char **argv, struct error *err)
{
	fetch_job_main(BUILD_CONTROL);
	return true;
}

bool worker_build_mount(int argc, char **argv, struct error *err)
{
	mount_job_main(BUILD_CONTROL);
	return true;
}
