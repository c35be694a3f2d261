#include "archive/archive.h"

#include "archive/archive_message.h"
#include "image/worker_process.h"

struct archive_job {
	struct worker_process *process;
	struct archive_handlers handlers;
	void *data;
	bool stat;  /* found is all */
	bool given; /* the worker has the connection */
	bool done;
};

static void take_found(struct archive_job *job, const struct message *message)
{
	struct archive_found found = {0};
	struct error err;

	if (record_decode(&archive_found_type, message->data, message->size, &found, &err)) {
		job->done = job->stat;
		job->handlers.found(job->data, &found);
	}
	record_fini(&archive_found_type, &found);
}

static void on_message(void *data, struct message *message)
{
	struct archive_job *job = data;

	if (message->type == ARCHIVE_FOUND && !job->given)
		take_found(job, message);
	else if (message->type == ARCHIVE_DONE && !job->done) {
		job->done = true;
		job->handlers.done(job->data);
	}
}

static void on_end(void *data, const struct error *err)
{
	struct archive_job *job = data;
	struct error early;

	if (!err && !job->done) {
		error_set(&early, ERROR_SYSTEM, "the archive worker ended too early");
		err = &early;
	}
	job->handlers.ended(job->data, err);
	free(job);
}

struct archive_job *archive_job_start(uv_loop_t *loop, const char *worker,
				      const struct archive_request *request,
				      const struct archive_handlers *handlers, void *data,
				      struct error *err)
{
	static const struct worker_handlers process_handlers = {on_message, NULL, on_end};
	struct archive_job *job = mem_new(struct archive_job);

	job->handlers = *handlers;
	job->data = data;
	job->stat = request->kind == ARCHIVE_STAT;
	job->process = worker_process_start(loop, worker, "archive", &process_handlers, job, err);
	if (!job->process) {
		free(job);
		return NULL;
	}
	worker_process_send(job->process, WORKER_START, &archive_request_type, request, NULL, 0);
	return job;
}

void archive_job_give(struct archive_job *job, struct archive_stream *stream, int connection)
{
	job->given = true;
	worker_process_send(job->process, (enum worker_message)ARCHIVE_GO, &archive_stream_type,
			    stream, &connection, 1);
	close_fd(&connection);
	archive_stream_fini(stream);
}

void archive_job_kill(struct archive_job *job)
{
	if (!job)
		return;
	worker_process_kill(job->process);
	free(job);
}
