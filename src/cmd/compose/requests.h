/* Many requests of the API in flight at once, each on a connection of its own, in one poll loop.
 * Idle connections are used again; no more than `limit` are open. */
#pragma once

#include "cmd/cli/api.h"

struct requests;

struct requests *requests_new(struct cli *cli, size_t limit);
void requests_free(struct requests *requests);
scoped_define(requests)

	/* Called in requests_run when the answer is there: `answer` is borrowed (NULL: none, or no
	 * JSON); `err` is NULL when it went well.  It may send more. */
	typedef void requests_done(void *data, const json_t *answer, const struct error *err);

/* Queue one; path, body and stream are copied or kept until it is done.  Those beyond the limit wait their turn. */
void requests_send(struct requests *requests, const char *method, const struct target *target,
		   const json_t *body, requests_done *done, void *data);

/* A stream of documents: `each` for every one as it comes, `done` at its end.  requests_cancel ends it. */
struct request *requests_stream(struct requests *requests, const char *method,
				const struct target *target, const json_t *body,
				void (*each)(void *data, const json_t *document),
				requests_done *done, void *data);
void requests_cancel(struct requests *requests, struct request *request);

/* A stream of bytes: `each` gets them as they come, and the answer's content type. */
struct request *requests_bytes(struct requests *requests, const struct target *target,
			       void (*each)(void *data, const char *type, const char *bytes,
					    size_t size),
			       requests_done *done, void *data);

/* The descriptor of one that is in flight; -1: there is none. */
int requests_fd(const struct request *request);

/* Have `opened` called when the answer's header is there: from then on nothing is missed. */
void requests_on_open(struct request *request, void (*opened)(void *data));

/* In `done`: the answer's bytes, for what is no JSON.  Borrowed. */
const struct buffer *requests_text(const struct requests *requests);

/* Bytes up: a tar for PUT /containers/ID/archive. */
void requests_send_bytes(struct requests *requests, const char *method, const struct target *target,
			 const char *type, const struct buffer *bytes, requests_done *done,
			 void *data);

/* A call after a time, once; NULL data allowed. */
struct request *requests_timer(struct requests *requests, int64_t after_ms,
			       void (*fire)(void *data), void *data);

/* Descriptors and signals of others in the same loop. */
void requests_watch(struct requests *requests, int fd, short events,
		    void (*ready)(void *data, short events), void *data);
void requests_unwatch(struct requests *requests, int fd);

/* Until nothing is in flight or waiting (watched descriptors do not count), or requests_stop. */
void requests_run(struct requests *requests);
void requests_stop(struct requests *requests);
