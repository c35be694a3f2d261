/* Services, networks and volumes of a project as bodies of the Engine API: pure; files are read through callbacks. */
#pragma once

#include "cmd/compose/compose.h"

struct body_request {
	const struct project *project;
	const struct service *service;
	unsigned number; /* 0: a one-off container, with a name of its own */
	const char *name;
	const char *final_name; /* what it is called when it has taken another's place; NULL: `name` */
	const char *slug; /* of a one-off container: 64 hex digits */
	const char *hash, *image_id;
	const json_t *image;		       /* its inspect document; NULL: not known */
	const struct seen_container *replaces; /* whose anonymous volumes it takes over; NULL */
	const json_t
		*replaced; /* its inspect document; NULL (as -V wants it): nothing is taken over */
	const struct compose_features *features;
	const char *api_version;	 /* NULL: ours */
	bool held, use_aliases, publish; /* the last two are true but for one-off containers */
	/* A container that a namespace or volumes come from: its id by service; NULL: not known */
	const char *(*id_of)(void *data, const char *service);
	/* Names of a linked service's containers; NULL, or it adds none: those it has by its scale */
	void (*names_of)(void *data, const char *service, struct strings *names);
	void *data;
	const struct compose_files *files; /* seccomp profiles, configs, secrets */
	struct strings
		*warnings; /* what the daemon cannot do: each once; NULL: nobody wants them */
};

/* POST /containers/create; name and platform are parameters of that request: body_target().  NULL: err says which
 * attribute, with its place. */
json_t *body_of_container(const struct body_request *request, struct error *err);
struct target body_target(const struct body_request *request);

/* Networks beyond the first, for daemons that take one at create (API before 1.44): name to endpoint settings, for
 * POST /networks/NAME/connect {Container, EndpointConfig}.  An empty object: there are none. */
json_t *body_of_connections(const struct body_request *request, struct error *err);

/* Labels of ours: what a container, and a network or volume, was made from.  The second begins as
 * it does since docker-compose 1.29 warns of labels of networks that are not in its file, but for
 * those. */
#define CONTAINER_HASH_LABEL "wherry.compose.hash"
#define RESOURCE_HASH_LABEL  "com.docker.compose.wherry-hash"

/* POST /networks/create and /volumes/create. */
json_t *body_of_network(const struct project *project, const struct resource *network,
			struct error *err);
json_t *body_of_volume(const struct project *project, const struct resource *volume,
		       struct error *err);

/* Configs and secrets that are files on this host become binds; the others a tar, put in at / before the start where
 * the daemon has no `files`.  *tar stays empty: nothing to put in.  False: it cannot be done, err says why. */
bool body_files_tar(const struct body_request *request, struct buffer *tar, struct error *err);

/* What a config or secret holds.  A missing file or variable is an error with its place. */
bool body_content(const struct project *project, const char *kind, const struct resource *resource,
		  const struct compose_files *files, struct buffer *out, struct error *err);

/* Is its file too large to be held in memory, or a folder?  Then it is bound, and this tells
 * whether it changed; owned.  NULL: it is not. */
char *body_large_file(const struct resource *resource, const struct compose_files *files);

/* What differs between the wanted body and an inspect document, with what the image brings (its
 * inspect document; NULL: nothing is known) taken off: "image", "environment.DEBUG", "ports",
 * "mounts./data", "files./run/secrets/s" (as digests). */
void body_compare(const json_t *body, const json_t *inspected, const json_t *image,
		  struct changes *changes);
