/* Whoever writes many small pieces would pay for being watched: the kernel calls who polls a pipe at each
 * write to it, and wakes us for a line at a time.  So when reads have followed one another quickly for a
 * while, the pipe is not watched but read again after a nap, in which it gets half full at most; a nap
 * that brings nothing is the last. */
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
	PIPE_MOST = 16 << 20, /* only with CAP_SYS_RESOURCE one may be larger than 1 MB */
	TURN = 2 << 20,
	QUICK_READS = 16,
};

#define QUICK	    (100 * NS_PER_US)
#define NAP_LONGEST (500 * NS_PER_US)
#define NAP_LEAST   (100 * NS_PER_US) /* not worth its timer, else */

static void set_capacity(struct output *o, int capacity)
{
	if (o->capacity && fcntl(o->source.fd, F_SETPIPE_SZ, capacity) > 0)
		o->capacity = capacity;
}

static void enlarge(struct output *o)
{
	if (o->capacity < PIPE_BUSY)
		set_capacity(o, PIPE_BUSY);
}

static void shrink(struct output *o)
{
	if (o->capacity > PIPE_USUAL)
		set_capacity(o, PIPE_USUAL);
}

/* Watched while it is neither held nor napping. */
static void watch(struct output *o)
{
	if (o->source.fd >= 0)
		loop_watch(o->outputs->loop, &o->source,
			   o->outputs->held || o->nap.at ? 0 : EPOLLIN);
}

static void set_nap(struct output *o, int64_t at)
{
	loop_set_deadline(o->outputs->loop, &o->nap, at);
	watch(o);
}

static void close_output(struct output *o)
{
	loop_watch(o->outputs->loop, &o->source, 0);
	loop_set_deadline(o->outputs->loop, &o->nap, 0);
	close_fd(&o->source.fd);
	o->capacity = 0;
}

static bool is_shared(const struct output *o)
{
	return !clients_are_gone(o->outputs->clients);
}

static size_t read_size(const struct output *o)
{
	return is_shared(o) ? CLIENT_CHUNK : SCRATCH_SIZE;
}

/* What clients get is in the log already: who comes between reads it there. */
static void deliver(struct output *o, const char *data, size_t size)
{
	log_write(o->outputs->log, o->stream, data, size);
	if (is_shared(o))
		log_flush(o->outputs->log);
	log_sender_write(o->outputs->sender, o->stream, data, size);
	journal_log_write(o->outputs->journal, o->stream, data, size);
	clients_output(o->outputs->clients, o->stream, data, size);
}

/* One read; how much it was, 0 at the end, negative when there is nothing.  A terminal whose other
 * side is closed says EIO. */
static ssize_t read_output(struct output *o)
{
	char *data = scratch_area();
	ssize_t n = read(o->source.fd, data, read_size(o));

	if (n > 0)
		deliver(o, data, (size_t)n);
	if (n >= PIPE_USUAL)
		enlarge(o);
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		close_output(o);
	return n;
}

/* What is read before others are attended to; how much it was. */
static size_t read_turn(struct output *o, bool *emptied)
{
	size_t turn = is_shared(o) ? CLIENT_CHUNK : TURN, done = 0;

	*emptied = false;
	while (done < turn && !*emptied && o->source.fd >= 0 && !o->outputs->held) {
		size_t asked = read_size(o);
		ssize_t n = read_output(o);

		*emptied = n < (ssize_t)asked;
		done += n > 0 ? (size_t)n : 0;
	}
	log_flush(o->outputs->log);
	return done;
}

/* How long it takes to fill half of the pipe at the pace of now; 0: too short for a nap. */
static int64_t nap_length(struct output *o, size_t size, int64_t elapsed_ns)
{
	int64_t half = size ? elapsed_ns * (o->capacity / 2) / (int64_t)size : 0;

	if (half && half < NAP_LONGEST)
		enlarge(o);
	return half < NAP_LEAST ? 0 : half < NAP_LONGEST ? half : NAP_LONGEST;
}

/* After a turn: watch for what comes next, or sleep over it. */
static void pace(struct output *o, size_t size, bool emptied, bool napped)
{
	int64_t now = time_monotonic_ns(), elapsed = now - o->read_ns, nap = 0;

	o->read_ns = now;
	if (elapsed >= QUICK && !napped)
		o->quick = 0;
	else if (o->quick < QUICK_READS)
		o->quick++;
	if (emptied && o->quick >= QUICK_READS && !o->outputs->held)
		nap = nap_length(o, size, elapsed);
	if (napped && !nap)
		o->quick = 0;
	set_nap(o, nap ? now + nap : 0);
}

static void take_turn(struct output *o, bool napped)
{
	struct outputs *outputs = o->outputs;
	bool emptied;
	size_t size = read_turn(o, &emptied);

	if (o->source.fd >= 0)
		pace(o, size, emptied, napped);
	if (!outputs_are_open(outputs))
		outputs->ended(outputs);
}

static void output_ready(struct source *source, uint32_t events)
{
	take_turn(container_of(source, struct output, source), false);
}

static void nap_over(struct deadline *deadline)
{
	take_turn(container_of(deadline, struct output, nap), true);
}

static void start(struct outputs *outputs, struct output *o, enum stream_kind stream, int fd)
{
	int capacity = fcntl(fd, F_GETPIPE_SZ);

	*o = (struct output){.outputs = outputs,
			     .source = {.fd = fd, .ready = output_ready},
			     .stream = stream,
			     .capacity = capacity > 0 ? capacity : 0,
			     .nap.passed = nap_over};
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
	set_nap(&outputs->out, 0);
	set_nap(&outputs->err, 0);
}

/* At most what a pipe can hold: somebody who was left over may write on and on.  The process may have made
 * it larger than we did. */
static ssize_t most_to_drain(const struct output *o)
{
	int capacity = fcntl(o->source.fd, F_GETPIPE_SZ);

	return capacity < PIPE_BUSY ? PIPE_BUSY : capacity < PIPE_MOST ? capacity : PIPE_MOST;
}

static void drain(struct output *o)
{
	for (ssize_t left = most_to_drain(o); left > 0 && o->source.fd >= 0;) {
		ssize_t n = read_output(o);

		if (n <= 0)
			break;
		left -= n;
	}
	log_flush(o->outputs->log);
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
