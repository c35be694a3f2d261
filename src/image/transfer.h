/* One HTTP request through libcurl: without redirects, cookies or decoding of its own, so that every
 * decision is the caller's (image/registry.h).  For the fetcher only. */
#pragma once

#include "base/error.h"
#include "base/text.h"
#include "image/host_certificates.h"

#include <curl/curl.h>

struct transfer_settings {
	const char *user_agent;
	int64_t stall_ms; /* a transfer that moves nothing for so long has failed */
};

struct transfer_request {
	const char *url;			    /* http or https */
	const char *authorization;		    /* a header line, or NULL */
	const char *accept;			    /* NULL: anything */
	const char *form;			    /* the body of a POST; NULL: a GET */
	int64_t from;				    /* the first byte that is wanted */

	const char *method; /* HEAD, POST, PUT, PATCH with this body; NULL: GET, or the form */
	const void *body;
	size_t body_size;
	const char *content_type, *content_range; /* NULL: none */

	bool insecure;				    /* any certificate will do */
	const struct host_certificate *certificate; /* NULL: the system's */

	/* The bytes of an answer 200 or 206, as they come.  False ends the transfer. */
	bool (*write)(void *data, const void *bytes, size_t size);
	void *data;
};

struct transfer_answer {
	long status; /* 0: none came */
	char *location, *content_type, *challenge, *link;
	char *range, *digest; /* Range, Docker-Content-Digest */
	int64_t from;	     /* of Content-Range; 0 otherwise */
	int64_t retry_after; /* seconds; 0: not said */
	struct buffer body;  /* of any other status, at most TRANSFER_BODY_MAX of it */
};

#define TRANSFER_BODY_MAX (64 * 1024)

struct transfer;

struct transfer *transfer_new(const struct transfer_settings *settings)
	__attribute__((returns_nonnull));
void transfer_free(struct transfer *transfer);
scoped_define(transfer);

/* Get ready; the handle is then run by the caller's multi handle.  What the request points to is
 * borrowed until the end. */
CURL *transfer_begin(struct transfer *transfer, const struct transfer_request *request);

/* The transfer that a handle belongs to. */
struct transfer *transfer_of(CURL *handle);

/* Its outcome, from libcurl's.  False when no whole answer came: UNAVAILABLE in libcurl's words. */
bool transfer_end(struct transfer *transfer, CURLcode code, struct error *err);

/* All three at once, waiting. */
bool transfer_run(struct transfer *transfer, const struct transfer_request *request,
		  struct error *err);

/* Valid after the end, until the next begin. */
const struct transfer_answer *transfer_answer(const struct transfer *transfer);
