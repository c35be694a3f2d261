#include "shim/journal_log.h"

#include "base/log.h"
#include "os/process.h"

enum { STDOUT_PRIORITY = 6, STDERR_PRIORITY = 3 };

bool journal_log_open(struct journal_log *log, const struct shim_journal_log *options,
		      struct error *err)
{
	const struct journal_origin origin = {.unit = options->unit,
					      .invocation_id = options->invocation_id,
					      .cgroup = options->cgroup,
					      .hostname = options->hostname,
					      .boot_id = process_boot_id(),
					      .container = options->container,
					      .extra = options->extra};
	const struct journal_bounds bounds = {.folder_bytes = options->max_bytes};
	struct error failure;

	log->writer = journal_writer_open(options->folder, &bounds, err);
	if (!log->writer)
		return false;
	if (options->exported && !journal_writer_export(log->writer, NULL, &failure))
		log_warning("cannot export the journal", &failure, "container=%s",
			    options->container);
	journal_writer_set_origin(log->writer, &origin);
	log->identifier = str_dup_or_null(options->identifier);
	return true;
}

/* How much of it was whole lines. */
static size_t write_lines(struct journal_log *log, enum stream_kind stream, const char *data,
			  size_t size)
{
	const struct journal_entry entry = {.priority = stream == STREAM_STDERR ? STDERR_PRIORITY
										: STDOUT_PRIORITY,
					    .transport = JOURNAL_STDOUT,
					    .pid = log->pid,
					    .uid = -1,
					    .gid = -1,
					    .identifier = log->identifier};

	return journal_write_lines(log->writer, &entry, data, size, false);
}

void journal_log_write(struct journal_log *log, enum stream_kind stream, const char *data,
		       size_t size)
{
	struct buffer *partial = &log->partial[stream == STREAM_STDERR];
	struct error ignored; /* what is lost the journal counts and tells itself */
	size_t taken;

	if (!log->writer)
		return;
	if (partial->size) {
		buffer_add(partial, data, size);
		buffer_consume(partial, write_lines(log, stream, partial->data, partial->size));
	} else {
		taken = write_lines(log, stream, data, size);
		buffer_add(partial, data + taken, size - taken);
	}
	journal_flush(log->writer, &ignored);
}

void journal_log_end(struct journal_log *log)
{
	for (enum stream_kind stream = STREAM_STDOUT; stream <= STREAM_STDERR; stream++) {
		struct buffer *partial = &log->partial[stream == STREAM_STDERR];

		if (partial->size)
			journal_log_write(log, stream, "\n", 1);
		buffer_fini(partial);
	}
	journal_writer_free(take(log->writer));
	free(take(log->identifier));
}

void journal_log_shrink(struct journal_log *log)
{
	if (log->writer)
		journal_writer_shrink(log->writer);
	for (size_t i = 0; i < array_length(log->partial); i++)
		if (log->partial[i].size == 0)
			buffer_fini(&log->partial[i]);
}
