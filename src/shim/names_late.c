#include "shim/names_late.h"

#include "base/log.h"
#include "os/file.h"
#include "os/job.h"
#include "os/process.h"
#include "shim/names_socket.h"
#include "shim/shim.h"

#include <fcntl.h>
#include <unistd.h>

/* The number of a process that has ended may be another's by now; the namespace that was opened before it
 * was found alive is its own. */
static int open_namespace(const struct shim_names_request *request, struct error *err)
{
	scoped_free char *path = str_format("/proc/%lld/ns/net", (long long)request->pid);
	scoped_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
	int64_t start_time;

	if (fd >= 0 && process_start_time((pid_t)request->pid, &start_time) &&
	    start_time == request->start_time)
		return take_fd(fd);
	error_set(err, ERROR_CONFLICT, "the container is not running");
	return -1;
}

static bool give(const struct shim_names_request *request, const struct names_sockets *sockets,
		 struct error *err)
{
	scoped_with(message_queue_fini) struct message_queue queue = {0};
	scoped_fd int folder = folder_open(AT_FDCWD, request->run_folder, err);
	scoped_fd int shim = folder >= 0 ? shim_connect(folder, err) : -1;

	return shim >= 0 &&
	       shim_send(&queue, SHIM_NAMES_SOCKETS, NULL, NULL,
			 (int[]){sockets->udp, sockets->tcp}, 2, err) &&
	       message_queue_flush(&queue, shim, err);
}

static bool open_and_give(const struct shim_names_request *request, struct error *err)
{
	struct names_sockets sockets = {-1, -1};
	scoped_fd int netns = open_namespace(request, err);
	bool ok = netns >= 0 && names_sockets_open(netns, &sockets, err) &&
		  give(request, &sockets, err);

	names_sockets_close(&sockets);
	return ok;
}

int names_late_main(void)
{
	scoped_buffer struct buffer input = {0};
	struct shim_names_request request = {0};
	struct error err;
	bool ok = job_read_input(&input, &err) &&
		  record_decode(&shim_names_request_type, input.data, input.size, &request, &err) &&
		  open_and_give(&request, &err);

	if (!ok)
		log_error("cannot answer for names", &err, "folder=%s",
			  request.run_folder ? request.run_folder : "");
	record_fini(&shim_names_request_type, &request);
	return ok ? 0 : 1;
}
