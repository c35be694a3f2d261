/* Pulling and pushing one reference, for the commands of that name, for `run` and `create` of an image that is not
 * there, and for compose. */
#pragma once

#include "cmd/cli/api.h"
#include "format/reference.h"

/* What becomes of the daemon's messages: progress is shown, or somebody gets each of them. */
struct image_stream {
	struct http_client *client;			 /* NULL: the call's own */
	int fd;						 /* where progress is shown; -1: nowhere */
	void (*each)(void *data, const json_t *message); /* NULL: nobody */
	void *data;
};

struct pull {
	const char *platform; /* NULL or "": the daemon's own */
	bool all_tags;
	struct image_stream stream;
};

bool image_pull_reference(struct cli *cli, const struct reference *reference,
			  const struct pull *pull, struct error *err);

/* `platform` may be NULL or "". */
bool image_push_reference(struct cli *cli, const struct reference *reference, bool all_tags,
			  const char *platform, const struct image_stream *stream,
			  struct error *err);

/* One request whose answer is such messages; an error among them is the result. */
bool image_stream_run(struct cli *cli, struct api_request *request,
		      const struct image_stream *stream, struct error *err);
