/* What a container takes from its image: pure functions over both configurations. */
#pragma once

#include "engine/container_config.h"
#include "image/image.h"

/* Fill what `config` leaves open from the image: user, working folder, stop signal and each field of
 * the health check when absent; ports, volumes, labels and environment are merged, the request's
 * winning by name.  An entrypoint drops the image's command; [""] only clears the image's. */
void container_config_merge(struct container_config *config, const struct image_defaults *image);

/* Program and arguments out of entrypoint and command.  INVALID "no command specified". */
bool container_command(const struct container_config *config, char **path, struct strings *args,
		       struct error *err);

/* The environment of a process: PATH, HOSTNAME and, with a terminal, TERM, then the `env`s in order,
 * later ones replacing earlier ones by name; a name without "=" takes one away. */
struct environment_request {
	const char *hostname; /* NULL: none */
	bool terminal;
	const struct strings *links, *env, *more; /* later ones count; NULL: none */
};
struct strings container_environment(const struct environment_request *request);
