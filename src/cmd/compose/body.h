/* Services, networks and volumes of a project as bodies of the Engine API: pure. */
#pragma once

#include "cmd/compose/compose.h"

struct body_request {
	const struct project *project;
	const struct service *service;
	unsigned number;	   /* 0: a one-off container, with a name of its own */
	const char *name;
	const char *hash, *image_id;
	const struct seen_container *replaces; /* whose anonymous volumes it takes over; NULL */
	const json_t *replaced;	   /* its inspect document; NULL */
	const struct compose_features *features;
	const char *api_version;
	bool held, use_aliases, publish; /* the last two are true but for one-off containers */
	/* A container that a namespace or volumes come from: its id by service; NULL: not known */
	const char *(*container_of)(void *data, const char *service);
	void *data;
	struct strings *warnings; /* what the daemon cannot do: each once; NULL: nobody wants them */
};

/* POST /containers/create.  NULL: err says which attribute, with its place. */
json_t *body_of_container(const struct body_request *request, struct error *err);

/* Networks beyond the first, for daemons that take one at create (API before 1.44): name and endpoint settings. */
json_t *body_of_connections(const struct body_request *request, struct error *err);

json_t *body_of_network(const struct project *project, const struct resource *network,
			struct error *err);
json_t *body_of_volume(const struct project *project, const struct resource *volume,
		       struct error *err);

/* Configs and secrets that are files on this host become binds; the others a tar, put in before the start where the
 * daemon has no `files`.  False: nothing to put in. */
bool body_files_tar(struct compose *compose, const struct service *service, struct buffer *tar,
		    struct error *err);

/* What differs between the wanted body and an inspect document, with what the image brings taken off. */
void body_compare(const json_t *body, const json_t *inspected, const json_t *image,
		  struct changes *changes);
