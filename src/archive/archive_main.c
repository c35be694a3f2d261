#include "archive/archive_message.h"
#include "archive/archive_work.h"
#include "base/memory.h"
#include "image/content_hash.h"

#include <errno.h>
#include <locale.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct {
	enum archive_kind kind;
	bool (*run)(struct archive_work *work, struct error *err);
} kinds[] = {
	{ARCHIVE_STAT, archive_stat},	    {ARCHIVE_GET, archive_get},
	{ARCHIVE_PUT, archive_put},	    {ARCHIVE_EXPORT, archive_export},
	{ARCHIVE_CHANGES, archive_changes},
};

static bool run(struct archive_work *work, struct error *err)
{
	for (size_t i = 0; i < array_length(kinds); i++)
		if (kinds[i].kind == (enum archive_kind)work->request.kind)
			return kinds[i].run(work, err);
	return error_set(err, ERROR_SYSTEM, "unknown kind of archive job %d", work->request.kind);
}

bool archive_not_found(const struct archive_work *work, struct error *err)
{
	return error_set(err, ERROR_NOT_FOUND, "Could not find the file %s in container %s",
			 work->request.path, work->request.container);
}

bool archive_wait_stream(struct archive_work *work, const struct archive_found *found,
			 struct error *err)
{
	static const struct archive_found nothing;
	struct message *message;

	if (!worker_send(&work->worker, (enum worker_message)ARCHIVE_FOUND, &archive_found_type,
			 found ? found : &nothing, err) ||
	    !worker_expect(&work->worker, (enum worker_message)ARCHIVE_GO, &archive_stream_type,
			   &work->stream, &message, err))
		return false;
	if (message->fd_count != 1)
		return error_set(err, ERROR_SYSTEM, "the worker got no connection");
	work->connection = take_fd(message->fds[0]);
	return true;
}

/* Who writes does not outlive the daemon: a later one would not know of it, and start the container. */
static bool die_with_daemon(const struct archive_request *request, struct error *err)
{
	if (request->kind != ARCHIVE_PUT)
		return true;
	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	return getppid() == request->daemon ||
	       error_set(err, ERROR_UNAVAILABLE, "the daemon is gone");
}

/* Libraries read their settings when they are first used; that must be the host's files. */
static void prepare_libraries(void)
{
	setlocale(LC_CTYPE, "C.UTF-8");
	content_hash_prepare();
	umask(0);
}

static bool run_all(struct archive_work *work, struct error *err)
{
	if (work->request.kind == ARCHIVE_FILL)
		return archive_root_fill(&work->request, err) &&
		       worker_send(&work->worker, (enum worker_message)ARCHIVE_DONE, NULL, NULL,
				   err);
	return archive_root_enter(&work->request, &work->root, err) && run(work, err);
}

static bool take_request(struct archive_work *work, struct error *err)
{
	struct message *message;

	return worker_expect(&work->worker, WORKER_START, &archive_request_type, &work->request,
			     &message, err);
}

static void work_fini(struct archive_work *work)
{
	close_fd(&work->connection);
	archive_stream_fini(&work->stream);
	archive_root_leave(&work->root);
	record_fini(&archive_request_type, &work->request);
	worker_fini(&work->worker);
}

void archive_main(int control)
{
	scoped_with(work_fini) struct archive_work work = {
		.worker = {.control = control}, .root = {-1, -1, -1}, .connection = -1};
	struct error err;

	prepare_libraries();
	if (take_request(&work, &err) && die_with_daemon(&work.request, &err) &&
	    run_all(&work, &err))
		return;
	worker_fail(&work.worker, &err);
}
