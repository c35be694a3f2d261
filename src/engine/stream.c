/* Logs and stats: long answers, so the connection goes to a shim, or to a process that only reads a
 * log. */
#include "engine/connection.h"

#include "base/log.h"
#include "base/memory.h"
#include "engine/log_driver.h"
#include "engine/log_plan.h"
#include "format/json_write.h"
#include "shim/shim.h"

static struct shim_peer *peer_of(const struct container *c)
{
	return c->run && !c->run->ended ? c->run->peer : NULL;
}

/* ---- logs ---- */

bool engine_may_read_logs(struct engine *engine, struct container *c, struct error *err)
{
	const struct log_config *log = &c->host_config.log_config;

	(void)engine;
	if (log_driver_is_readable(log->type, &log->config))
		return true;
	return error_set(err, ERROR_UNSUPPORTED,
			 "configured logging driver does not support reading");
}

/* What the container has been through is all there is: nothing to follow. */
static void read_log(struct container *c, struct shim_logs *request,
		     struct engine_connection *connection)
{
	struct shim_process process;
	struct error err;

	request->follow = false;
	request->log_path = container_log_file(c);
	if (shim_spawn_logs(c->engine->shim, request, connection->fd, &process, &err))
		child_reap(c->engine, process.pidfd);
	else
		log_error("cannot read a log", &err, "id=%s", c->id);
	free(request->log_path);
}

void engine_logs(struct engine *engine, struct container *c, const struct shim_logs *options,
		 struct engine_connection *connection)
{
	struct shim_logs request = *options;
	scoped_free char *details = options->details ? log_details(c) : NULL;
	struct error unused;

	request.details_text = details;
	request.worker = c->engine->worker;
	if (peer_of(c))
		shim_peer_send(peer_of(c), SHIM_LOGS, &shim_logs_type, &request, &connection->fd,
			       1);
	else if (c->log_made && engine_may_read_logs(engine, c, &unused))
		read_log(c, &request, connection);
	else
		connection_answer(take_fd(connection->fd), "", options->chunked);
	connection_drop(connection);
}

/* ---- stats ---- */

static void write_zero_stats(const struct container *c, struct buffer *out)
{
	static const char cpu[] = "{\"cpu_usage\":{\"total_usage\":0,\"usage_in_kernelmode\":0,"
				  "\"usage_in_usermode\":0},\"throttling_data\":{\"periods\":0,"
				  "\"throttled_periods\":0,\"throttled_time\":0}}";
	static const char blkio[] =
		"{\"io_service_bytes_recursive\":null,\"io_serviced_recursive\":null,"
		"\"io_queue_recursive\":null,\"io_service_time_recursive\":null,"
		"\"io_wait_time_recursive\":null,\"io_merged_recursive\":null,"
		"\"io_time_recursive\":null,\"sectors_recursive\":null}";

	buffer_format(out,
		      "{\"read\":\"0001-01-01T00:00:00Z\",\"preread\":\"0001-01-01T00:00:00Z\","
		      "\"pids_stats\":{},\"blkio_stats\":%s,\"num_procs\":0,\"storage_stats\":{},"
		      "\"cpu_stats\":%s,\"precpu_stats\":%s,\"memory_stats\":{},\"name\":",
		      blkio, cpu, cpu);
	buffer_format(out, "\"/%s\",\"id\":\"%s\"}\n", c->name, c->id);
}

void engine_stats(struct engine *engine, struct container *c, const struct shim_stats *options,
		  struct engine_connection *connection)
{
	scoped_buffer struct buffer zero = {0};

	(void)engine;
	if (peer_of(c)) {
		shim_peer_send(peer_of(c), SHIM_STATS, &shim_stats_type, options, &connection->fd,
			       1);
	} else {
		write_zero_stats(c, &zero);
		connection_answer(take_fd(connection->fd), zero.data, options->chunked);
	}
	connection_drop(connection);
}
