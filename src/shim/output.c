#include "shim/output.h"

#include "base/memory.h"
#include "shim/scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* A pipe that is found full was too small: the process waited for us.  It is enlarged while it is
 * busy, and only then: pipes of all containers are charged to one user, and beyond 64 MB in all
 * (pipe-user-pages-soft) the kernel gives new pipes of that user, those inside containers too, one
 * page. */
enum {
	PIPE_USUAL = 64 << 10,
	PIPE_BUSY = 256 << 10,
};

static void enlarge(struct output *o)
{
	if (!o->capacity && fcntl(o->source.fd, F_SETPIPE_SZ, PIPE_BUSY) > 0)
		o->capacity = PIPE_BUSY;
}

static void shrink(struct output *o)
{
	if (o->capacity && fcntl(o->source.fd, F_SETPIPE_SZ, PIPE_USUAL) > 0)
		o->capacity = 0;
}

static void close_output(struct output *o)
{
	loop_watch(o->outputs->loop, &o->source, 0);
	close_fd(&o->source.fd);
	o->capacity = 0;
}

static void deliver(struct output *o, const char *data, size_t size)
{
	log_write(o->outputs->log, o->stream, data, size);
	log_sender_write(o->outputs->sender, o->stream, data, size);
	journal_log_write(o->outputs->journal, o->stream, data, size);
	clients_output(o->outputs->clients, o->stream, data, size);
}

/* One read; how much it was, 0 at the end, negative when there is nothing.  A terminal whose other
 * side is closed says EIO. */
static ssize_t read_output(struct output *o)
{
	bool shared = !clients_are_gone(o->outputs->clients);
	char *data = scratch_area();
	ssize_t n = read(o->source.fd, data, shared ? CLIENT_CHUNK : SCRATCH_SIZE);

	if (n > 0)
		deliver(o, data, (size_t)n);
	if (n >= PIPE_USUAL)
		enlarge(o);
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		close_output(o);
	return n;
}

static void output_ready(struct source *source, uint32_t events)
{
	struct output *o = container_of(source, struct output, source);
	struct outputs *outputs = o->outputs;

	read_output(o);
	if (!outputs_are_open(outputs))
		outputs->ended(outputs);
}

static void watch(struct output *o)
{
	if (o->source.fd >= 0)
		loop_watch(o->outputs->loop, &o->source, o->outputs->held ? 0 : EPOLLIN);
}

static void start(struct outputs *outputs, struct output *o, enum stream_kind stream, int fd)
{
	*o = (struct output){
		.outputs = outputs, .source = {.fd = fd, .ready = output_ready}, .stream = stream};
	watch(o);
}

void outputs_start(struct outputs *outputs, int out, int err)
{
	start(outputs, &outputs->out, STREAM_STDOUT, out);
	start(outputs, &outputs->err, STREAM_STDERR, err);
}

void outputs_hold(struct outputs *outputs, bool hold)
{
	outputs->held = hold;
	watch(&outputs->out);
	watch(&outputs->err);
}

/* At most what a pipe can hold: somebody who was left over may write on and on. */
static void drain(struct output *o)
{
	for (ssize_t left = PIPE_BUSY; left > 0 && o->source.fd >= 0;) {
		ssize_t n = read_output(o);

		if (n <= 0)
			return;
		left -= n;
	}
}

void outputs_drain(struct outputs *outputs)
{
	drain(&outputs->out);
	drain(&outputs->err);
}

bool outputs_are_open(const struct outputs *outputs)
{
	return outputs->out.source.fd >= 0 || outputs->err.source.fd >= 0;
}

void outputs_close(struct outputs *outputs)
{
	close_output(&outputs->out);
	close_output(&outputs->err);
}

void outputs_shrink(struct outputs *outputs)
{
	shrink(&outputs->out);
	shrink(&outputs->err);
}
