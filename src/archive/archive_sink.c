#include "archive/archive_work.h"
#include "http/http_chunk.h"

#define HOLD_SIZE (128 * 1024)

static bool flush(struct archive_sink *sink, struct error *err)
{
	bool ok = http_chunk_write(sink->connection, sink->chunked,
				   sink->held.data ? sink->held.data : "", sink->held.size, err);

	buffer_clear(&sink->held);
	return ok;
}

bool archive_sink_write(struct archive_sink *sink, const void *data, size_t size, struct error *err)
{
	if (sink->held.size + size > HOLD_SIZE && !flush(sink, err))
		return false;
	if (size > HOLD_SIZE / 2)
		return (sink->held.size == 0 || flush(sink, err)) &&
		       http_chunk_write(sink->connection, sink->chunked, data, size, err);
	buffer_add(&sink->held, data, size);
	return true;
}

bool archive_sink_finish(struct archive_sink *sink, struct error *err)
{
	return flush(sink, err) && http_chunk_finish(sink->connection, sink->chunked, err);
}

void archive_sink_fini(struct archive_sink *sink)
{
	buffer_fini(&sink->held);
}
