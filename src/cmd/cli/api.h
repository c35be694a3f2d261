/* The Engine API, from the client's side.
 *
 * The first request of a call agrees on a version with the daemon: the older of its and ours, or what
 * DOCKER_API_VERSION says.  Errors that the daemon answers are "Error response from daemon: ...", their
 * kind tells the status. */
#pragma once

#include "cmd/cli/cli.h"

#include "spec/document.h"

#include <jansson.h>

/* ---- what is asked for ---- */

/* A path and its query: each %s of the format stands for a part that is escaped. */
struct target {
	struct buffer text;
	bool has_query;
};

void target_fini(struct target *target);
struct target target_format(const char *format, ...);
void target_add(struct target *target, const char *name, const char *value);
void target_add_number(struct target *target, const char *name, int64_t value);
void target_add_flag(struct target *target, const char *name, bool value); /* only when true: "1" */

/* filters={...} from the values of --filter (option_filter), if there are any. */
void target_add_filters(struct target *target, const struct strings *filters);

#define scoped_target scoped_with(target_fini)

struct api_request {
	struct http_client *client; /* NULL: the one that api_open returns */
	const char *method;
	const struct target *target;
	const json_t *body;		       /* NULL: none */
	const struct http_body_source *stream; /* instead of it, of `type` */
	const char *type;		       /* NULL: application/json */
	const struct pairs *headers;	       /* more of them; NULL: none */
};

/* ---- asking ---- */

/* A connection to the daemon, whose version is agreed on.  The caller frees what api_connect returns;
 * api_open's is shared by the call's plain requests. */
struct http_client *api_open(struct cli *cli, struct error *err);
struct http_client *api_connect(struct cli *cli, struct error *err);

/* Send, and read the answer's head; answers of 400 and more are errors.  Returns the connection, whose
 * body is to be read; NULL on failure. */
struct http_client *api_send(struct cli *cli, const struct api_request *request,
			     struct http_answer *answer, struct error *err);

/* One request whose whole answer is a JSON document (NULL where the daemon sends none). */
bool api_call(struct cli *cli, const struct api_request *request, json_t **answer,
	      struct error *err);

/* POST `body`, which may be NULL; what is answered is of no interest. */
bool api_post(struct cli *cli, const struct target *target, const json_t *body, struct error *err);

/* GET a document; NULL on failure. */
json_t *api_get(struct cli *cli, const struct target *target, struct error *err);

/* POST or DELETE something that answers nothing of interest; `client` may be NULL. */
bool api_do(struct cli *cli, struct http_client *client, const char *method,
	    const struct target *target, struct error *err);

/* The same as api_get, but the text as the daemon sent it. */
bool api_get_text(struct cli *cli, const struct target *target, struct buffer *out,
		  struct error *err);

/* ---- for who asks by other means (a loop over many connections) ---- */

char *api_path(const struct cli *cli, const struct target *target); /* with the agreed version */

/* One that is about to be sent, told where that is asked for. */
void api_trace(const struct cli *cli, const char *method, const char *path);

/* What an answer of 400 and more says, in the daemon's own words.  Always false. */
bool api_read_refusal(const struct target *target, int status, struct buffer *body,
		      struct error *err);

/* A failure to connect or send, in the words that scripts wait for.  Always false. */
bool api_cannot_connect(const struct cli *cli, struct error *err);

/* ---- streams of documents ---- */

/* `each` gets every document of the answer as it comes (borrowed) and returns whether to go on;
 * it sets *err when it stops because of a failure. */
bool api_stream(struct cli *cli, const struct api_request *request,
		bool (*each)(void *data, const json_t *document, struct error *err), void *data,
		struct error *err);

/* Whether the daemon's version is at least `version`, which must be agreed on already. */
bool api_at_least(const struct cli *cli, const char *version);
bool api_version_at_least(const char *have, const char *version); /* `have` NULL: ours */

/* The same as a condition for something that the user asked for: "--platform". */
bool api_requires(struct cli *cli, const char *what, const char *version, struct error *err);
