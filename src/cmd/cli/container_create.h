/* Creating a container from the options of `run` and `create`. */
#pragma once

#include "cmd/cli/cli.h"
#include "spec/spec.h"

/* The body, or why the options are wrong. */
json_t *container_body(const struct spec *spec, const struct strings *arguments, struct error *err);

/* Pulls the image when it is missing and may be pulled; warnings go to stderr. */
bool container_create_from(struct cli *cli, const struct spec *spec, const char *image,
			   const json_t *body, char **id, struct error *err);

/* Show what is wrong with the options; the exit status. */
int container_bad_options(const struct cli *cli, const struct error *err);
