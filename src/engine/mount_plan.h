/* Which mounts a container has: binds, mounts, volumes of the image, tmpfs and those of other
 * containers, as one list sorted by destination.  Pure: whether a host path exists, and making
 * volumes, is for the caller. */
#pragma once

#include "engine/container_config.h"

struct mount_plan_request {
	const struct container_config *config; /* merged: its volumes are the image's too */
	const struct host_config *host_config;
	int api_minor;

	/* Mounts of the container that VolumesFrom names (by id or name), borrowed; NULL with err
	 * set when there is none. */
	const struct record_list *(*mounts_of)(void *data, const char *container,
					       struct error *err);
	void *data;
};

/* `out`: struct mount_point; anonymous volumes have a new name and no source yet. */
bool mount_plan_make(const struct mount_plan_request *request, struct record_list *out,
		     struct error *err);
