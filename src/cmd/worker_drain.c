/* wherry-network drain: whom on stdin, how many connections are left on stdout (network/inbound.h). */
#include "cmd/worker.h"
#include "network/inbound.h"
#include "os/fd.h"
#include "os/job.h"

#include <unistd.h>

bool worker_drain(int argc, char **argv, struct error *err)
{
	scoped_buffer struct buffer input = {0}, output = {0};
	struct inbound_request request = {0};
	struct inbound_report report = {0};

	if (!job_read_input(&input, err) ||
	    !record_decode(&inbound_request_type, input.data, input.size, &request, err) ||
	    !inbound_wait(&request, &report, err))
		return false;
	record_encode(&inbound_report_type, &report, &output);
	return fd_write_all(STDOUT_FILENO, output.data, output.size, err);
}
