/* The worker's side of load and import: a client's connection, from which the body is read and to which
 * the answer is written, and pipes to unpackers for the layers in it (image/worker_protocol.h).
 * Confined to its descriptors (image/confine.h). */
#pragma once

#include "http/http_body.h"
#include "image/byte_source.h"
#include "image/worker.h"

struct upload {
	struct worker *worker;
	struct upload_start start;
	int connection;
	struct http_body *body;
	int64_t count; /* bytes of the body so far */
	unsigned char *block;
	struct {
		struct unpacked *items; /* by number; diff_id NULL: not unpacked yet */
		size_t count, capacity;
	} layers;
	int pipe;	/* of UPLOAD_PIPE, until it is taken; -1 */
	int document;	/* of WORKER_GIVE; -1: it is there already */
	bool given;	/* WORKER_GIVE has come */
	bool head_sent; /* of the answer */
	bool closed;	/* UPLOAD_CLOSE has come: the answer is complete */
};

/* Take the start message and the connection, and give up all rights; where something is to be fetched, all
 * but the network. */
bool upload_open(struct upload *upload, struct worker *worker, struct error *err);
void upload_fini(struct upload *upload);

/* The body, at most as long as the limit says.  Ends with an error when the daemon has closed the
 * answer meanwhile. */
struct byte_source upload_source(struct upload *upload);

/* A pipe to the unpacker of the next layer, whose number is upload->layers.count - 1 afterwards. */
bool upload_begin_layer(struct upload *upload, int *pipe, struct error *err);

/* Write to such a pipe.  When the unpacker has failed, the daemon says why, not this. */
bool upload_write(struct upload *upload, int pipe, const void *data, size_t size,
		  struct error *err);

/* Wait until everything that was sent has been unpacked. */
bool upload_wait_layers(struct upload *upload, struct error *err);

/* Hand a document over unless the daemon has it. */
bool upload_keep(struct upload *upload, const char *digest, const struct buffer *bytes,
		 struct error *err);

/* Hand an image over: its configuration's bytes are kept as a document under the image's id. */
bool upload_image(struct upload *upload, const struct image_config *config,
		  const struct buffer *bytes, const struct strings *names,
		  const struct strings *documents, struct error *err);

/* Say that all is told, or what went wrong, and write the daemon's answer to its end; what the client
 * still sends is read, so that it sees the answer. */
void upload_end(struct upload *upload, const struct error *err);
