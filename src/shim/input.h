/* The input of the process: a pipe or a terminal that is written without ever waiting. */
#pragma once

#include "base/text.h"
#include "shim/loop.h"

struct input {
	struct loop *loop;
	struct source source;
	struct buffer queue; /* what waits for room, or for the process to be there */
	void (*drained)(struct input *input); /* nothing waits any more */
	bool opened;
	bool closing; /* once nothing waits */
};

/* Until it is opened, all that is written waits. */
void input_init(struct input *input, struct loop *loop, void (*drained)(struct input *));

/* Takes `fd` (non-blocking) over; -1: there is no input, what is written is dropped. */
void input_open(struct input *input, int fd);

/* Takes all of it; false: not all could be passed on, write no more until `drained`. */
bool input_write(struct input *input, const char *data, size_t size);

/* The end of the input, behind what waits. */
void input_close(struct input *input);

/* Whatever waits is dropped. */
void input_fini(struct input *input);
