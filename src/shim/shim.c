#include "shim/shim.h"

#include "os/fd.h"
#include "os/file.h"
#include "os/process.h"
#include "os/socket.h"

#include <unistd.h>

enum { RECORD_FILE_LIMIT = 1 << 20 };

/* ---- starting ---- */

static bool spawn(const char *program, const char *mode, const int *keep, size_t keep_count,
		  struct shim_process *out, struct error *err)
{
	char *args[] = {(char *)(uintptr_t)program, (char *)(uintptr_t)mode, NULL};
	struct spawn how = {.path = program,
			    .args = args,
			    .keep = keep,
			    .keep_count = keep_count,
			    .in = -1,
			    .out = -1,
			    .err = STDERR_FILENO,
			    .new_session = true,
			    .read_only = true};

	return process_spawn(&how, &out->pid, &out->pidfd, err);
}

static bool spawn_listening(const char *program, const char *mode, int folder,
			    struct shim_process *out, struct error *err)
{
	scoped_fd int listener = socket_listen(folder, SHIM_SOCKET, 0600, err);
	scoped_fd int ours = -1;
	scoped_fd int its = -1;
	int pair[2];

	if (listener < 0 || !socket_pair(pair, err))
		return false;
	ours = pair[0];
	its = pair[1];
	if (!fd_set_nonblocking(ours, true, err))
		return false;
	if (!spawn(program, mode, (int[]){its, listener}, 2, out, err))
		return error_prefix(err, "cannot start a shim");
	out->control = take_fd(ours);
	return true;
}

bool shim_spawn(const char *program, int run_folder, struct shim_process *out, struct error *err)
{
	return spawn_listening(program, "run", run_folder, out, err);
}

bool shim_spawn_keeper(const char *program, int folder, struct shim_process *out, struct error *err)
{
	return spawn_listening(program, "keep", folder, out, err);
}

bool shim_spawn_unit(const char *program, int run_folder, struct shim_process *out,
		     struct error *err)
{
	return spawn_listening(program, "unit", run_folder, out, err);
}

int shim_connect(int run_folder, struct error *err)
{
	scoped_fd int fd = socket_connect(run_folder, SHIM_SOCKET, err);

	if (fd < 0 || !fd_set_nonblocking(fd, true, err))
		return -1;
	return take_fd(fd);
}

struct reader_request {
	enum shim_message message;
	const struct record_type *type;
	const void *record;
	int connection;
};

/* The request waits in the socket when the program starts. */
static bool spawn_reader(const char *program, const char *mode,
			 const struct reader_request *request, struct shim_process *out,
			 struct error *err)
{
	scoped_with(message_queue_fini) struct message_queue queue = {0};
	scoped_fd int ours = -1;
	scoped_fd int its = -1;
	int pair[2];

	if (!socket_pair(pair, err))
		return false;
	ours = pair[0];
	its = pair[1];
	out->control = -1;
	return shim_send(&queue, request->message, request->type, request->record,
			 &request->connection, 1, err) &&
	       message_queue_flush(&queue, ours, err) && spawn(program, mode, &its, 1, out, err);
}

bool shim_spawn_logs(const char *program, const struct shim_logs *request, int connection,
		     struct shim_process *out, struct error *err)
{
	const struct reader_request reader = {SHIM_LOGS, &shim_logs_type, request, connection};

	return spawn_reader(program, "logs", &reader, out, err) ||
	       error_prefix(err, "cannot start the reader of a log");
}

bool shim_spawn_journal(const char *program, const struct shim_journal *request, int connection,
			struct shim_process *out, struct error *err)
{
	const struct reader_request reader = {SHIM_JOURNAL, &shim_journal_type, request,
					      connection};

	return spawn_reader(program, "journal", &reader, out, err) ||
	       error_prefix(err, "cannot start the reader of the journal");
}

/* ---- messages ---- */

bool shim_send(struct message_queue *queue, enum shim_message message,
	       const struct record_type *type, const void *record, const int *fds, size_t fd_count,
	       struct error *err)
{
	scoped_buffer struct buffer body = {0};
	struct message m = {.type = (uint16_t)message, .version = SHIM_PROTOCOL_VERSION};

	if (fd_count > MESSAGE_FDS)
		return error_set(err, ERROR_INVALID, "too many descriptors for one message");
	if (type)
		record_encode(type, record, &body);
	m.data = body.data;
	m.size = body.size;
	for (; m.fd_count < fd_count; m.fd_count++)
		m.fds[m.fd_count] = fds[m.fd_count];
	return message_queue_add(queue, &m, err);
}

/* ---- what it left ---- */

static bool read_record(int run_folder, const char *name, const struct record_type *type, void *out,
			struct error *err)
{
	scoped_buffer struct buffer bytes = {0};

	if (!file_read(run_folder, name, RECORD_FILE_LIMIT, &bytes, err))
		return false;
	if (record_decode(type, bytes.data, bytes.size, out, err))
		return true;
	record_fini(type, out);
	return error_prefix(err, "cannot understand '%s'", name);
}

bool shim_read_state(int run_folder, struct shim_state *out, struct error *err)
{
	return read_record(run_folder, SHIM_STATE, &shim_state_type, out, err);
}

bool shim_read_exit(int run_folder, struct shim_exit *out, struct error *err)
{
	return read_record(run_folder, SHIM_EXIT, &shim_exit_type, out, err);
}
