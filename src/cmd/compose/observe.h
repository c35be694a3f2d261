/* What the daemon has of a project: one list each of containers, networks, volumes, one inspect for each
 * distinct image, on one connection; and for containers whose hash is not the wanted one, an inspect whose fields
 * are compared, so that a plan can name them. */
#pragma once

#include "cmd/compose/compose.h"

struct observe_request {
	const struct wanted *wanted; /* NULL: by labels alone, nothing is compared */
	bool images;		     /* ids of the images that services name */
	bool all_networks;	     /* external ones too */
};

bool observe(struct compose *compose, const struct observe_request *request, struct seen *seen,
	     struct error *err);

/* Read configs and secrets (files, environment, content) and make the services' hashes. */
bool observe_wanted(struct compose *compose, struct wanted *wanted, struct error *err);
