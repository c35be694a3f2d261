/* One build: its context goes to the daemon, what it says comes back. */
#pragma once

#include "cmd/cli/build_context.h"
#include "cmd/cli/build_options.h"

struct build_run {
	const struct build *build;
	struct build_context *context; /* opened */
	struct http_client *client;    /* NULL: the call's own */
	const json_t *contexts; /* beside the first, where the daemon has the feature; NULL: none */
	const json_t *secrets;	/* beside those of `build`: id to base64 of its bytes; NULL: none */

	/* Each message of the daemon, its errors too; false ends it. */
	bool (*hear)(void *data, const json_t *message, struct error *err);
	void (*sent)(void *data, bool whole); /* more of the context was sent, or all of it; NULL */
	void *data;
};

bool build_run(struct cli *cli, const struct build_run *run, struct error *err);
