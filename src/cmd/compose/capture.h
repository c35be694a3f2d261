/* For tests: what is written to a descriptor between the two calls. */
#pragma once

#include "base/text.h"

#include <stdio.h>
#include <unistd.h>

struct capture {
	FILE *file;
	int fd, before;
};

static inline struct capture capture_begin(int fd)
{
	struct capture c = {.file = tmpfile(), .fd = fd, .before = dup(fd)};

	fflush(NULL);
	dup2(fileno(c.file), fd);
	return c;
}

/* Owned. */
static inline char *capture_end(struct capture *c)
{
	struct buffer text = {0};
	size_t got;

	fflush(NULL);
	dup2(c->before, c->fd);
	close(c->before);
	rewind(c->file);
	while ((got = fread(buffer_reserve(&text, 4096), 1, 4096, c->file)) > 0)
		buffer_wrote(&text, got);
	fclose(c->file);
	return buffer_take(&text);
}
