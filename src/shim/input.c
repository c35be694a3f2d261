#include "shim/input.h"

#include <errno.h>
#include <unistd.h>

/* How many bytes the process took; what cannot be written to it any more counts as taken. */
static size_t write_some(struct input *input, const char *data, size_t size)
{
	size_t done = 0;

	while (done < size) {
		ssize_t n = write(input->source.fd, data + done, size - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN ? done : size;
		done += (size_t)n;
	}
	return done;
}

static void close_now(struct input *input)
{
	loop_watch(input->loop, &input->source, 0);
	close_fd(&input->source.fd);
	buffer_fini(&input->queue);
	input->closing = true;
}

/* Pass on what waits; whether nothing waits any more. */
static bool flush(struct input *input)
{
	buffer_consume(&input->queue, write_some(input, input->queue.data, input->queue.size));
	if (input->queue.size) {
		loop_watch(input->loop, &input->source, EPOLLOUT);
		return false;
	}
	buffer_fini(&input->queue);
	loop_watch(input->loop, &input->source, 0);
	if (input->closing)
		close_now(input);
	return true;
}

static void input_ready(struct source *source, uint32_t events)
{
	struct input *input = container_of(source, struct input, source);

	if (flush(input))
		input->drained(input);
}

void input_init(struct input *input, struct loop *loop, void (*drained)(struct input *))
{
	*input = (struct input){
		.loop = loop, .source = {.fd = -1, .ready = input_ready}, .drained = drained};
}

void input_open(struct input *input, int fd)
{
	input->opened = true;
	input->source.fd = fd;
	if (fd < 0)
		close_now(input);
	else if (flush(input))
		input->drained(input);
}

bool input_write(struct input *input, const char *data, size_t size)
{
	size_t done;

	if (input->closing)
		return true;
	done = input->opened && !input->queue.size ? write_some(input, data, size) : 0;
	if (done == size)
		return true;
	buffer_add(&input->queue, data + done, size - done);
	if (input->opened)
		loop_watch(input->loop, &input->source, EPOLLOUT);
	return false;
}

void input_close(struct input *input)
{
	if (input->opened && !input->queue.size)
		close_now(input);
	input->closing = true;
}

void input_fini(struct input *input)
{
	close_now(input);
}
