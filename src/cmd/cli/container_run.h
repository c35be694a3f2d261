/* A container that is there, started in the foreground. */
#pragma once

#include "cmd/cli/cli.h"

#include <jansson.h>

struct foreground {
	const char *id;
	const json_t *body; /* it was made from: which streams it has */
	bool remove;	    /* it goes away by itself: that is waited for */
	bool proxy;	    /* signals are passed on to it */
	const char *detach_keys; /* NULL: the usual ones */
};

/* Its streams are ours until it ends or the keys were typed; the exit status of `run`. */
int container_run_foreground(struct cli *cli, const struct foreground *foreground);
