/* The servers of one repository: which one to ask, with which proof, where redirects may lead, and what
 * to make of an answer.  Requests are made by the caller (blocking or side by side); this decides.
 *
 * A request goes to the first server of the plan that is not known dead.  A mirror that lacks something
 * or cannot be reached passes it on; plain HTTP is tried only when HTTPS could not even be begun.
 * Proof (a token, a password) goes only to the server that asked for it: never to a mirror's, never
 * along a redirect to another host. */
#pragma once

#include "image/registry_auth.h"
#include "image/registry_error.h"
#include "image/registry_plan.h"
#include "image/transfer.h"

struct registry_options {
	const char *domain, *path;		/* of the reference; path NULL: the registry itself */
	const struct registry_subject *subject; /* may change between requests */
	bool push;
	const struct strings *sources; /* of mounts, see struct auth_scope */
	struct registry_rules rules;
	struct registry_credentials credentials; /* borrowed, as all else */
	const struct host_certificates *certificates;
	struct transfer_settings transfer;
};

struct registry;

struct registry *registry_new(const struct registry_options *options);
void registry_free(struct registry *registry);
scoped_define(registry);

/* Something to get: "manifests/latest", "blobs/sha256:...", "tags/list?n=1000"; with a slash in front
 * anything else of the same host. */
struct registry_request {
	char *what; /* owned */
	char *url;  /* owned; where it is to be had now */
	size_t server;
	unsigned redirects;
	bool proven; /* proof was asked for and got on the way */
	bool changes; /* it does not only read: 201, 202 and 204 are answers, too */
	bool may_lack; /* and so is 404 */
};

void registry_request_init(const struct registry *registry, const char *what,
			   struct registry_request *request);
void registry_request_fini(struct registry_request *request);

/* Fill in all that the registry knows: url, proof, trust. */
void registry_prepare(const struct registry *registry, const struct registry_request *request,
		      struct transfer_request *transfer);

enum registry_verdict {
	REGISTRY_DONE,	 /* an answer 200 or 206 */
	REGISTRY_AGAIN,	 /* ask again, at once: the request has changed */
	REGISTRY_LATER,	 /* it may work later; err says why not now */
	REGISTRY_FAILED, /* err says why */
};

/* `failure` is the transfer's error when no whole answer came, else NULL.  May fetch a token, which
 * blocks. */
enum registry_verdict registry_judge(struct registry *registry, struct registry_request *request,
				     const struct transfer_answer *answer,
				     const struct error *failure, struct error *err);

/* One request that sends something, or asks what is there. */
struct registry_call {
	const char *method;
	const char *what; /* as in struct registry_request; or */
	const char *url;  /* where an earlier answer led */
	const char *content_type;
	const void *body;
	size_t size;
	int64_t offset; /* of the body in what is uploaded; -1: no part of it */
	bool may_lack;	/* 404 is an answer, too */
};
struct registry_reply {
	long status;
	char *location;	  /* in full; NULL: none */
	char *digest;	  /* NULL: not said */
	int64_t received; /* bytes of an upload that are there; -1: not said */
};
/* DONE (the caller frees the reply), or LATER or FAILED with err.  Waits. */
enum registry_verdict registry_send(struct registry *registry, const struct registry_call *call,
				    struct registry_reply *reply, struct error *err);
void registry_reply_fini(struct registry_reply *reply);

/* Get a document of at most `limit` bytes, waiting for it.  The caller frees the rest of the answer
 * with registry_document_fini. */
struct registry_document {
	struct buffer bytes;
	char *media_type; /* NULL: not said */
	char *next;	  /* what to get next, of a list in pages; NULL: that was all */
};
bool registry_get(struct registry *registry, const char *what, size_t limit,
		  struct registry_document *out, struct error *err);
void registry_document_fini(struct registry_document *document);
