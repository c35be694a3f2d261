/* What an image says of itself: the configuration that its id is the digest of (OCI image
 * configuration; Docker's is the same). */
#pragma once

#include "format/record.h"

#define IMAGE_LAYERS_MAX 500 /* what one overlay mount takes */

struct image_healthcheck {
	struct strings test; /* none: inherit; NONE; CMD ...; CMD-SHELL ... */
	int64_t interval, timeout, start_period, start_interval; /* ns; 0: inherit or default */
	int64_t retries;
};

/* "config" of the image's configuration: the defaults of a container. */
struct image_defaults {
	char *user, *working_dir, *stop_signal;
	struct strings env, cmd, entrypoint, shell, on_build;
	struct strings exposed_ports; /* "80/tcp" */
	struct strings volumes;	      /* "/data" */
	struct pairs labels;
	struct image_healthcheck *healthcheck; /* owned; NULL: none */
	bool args_escaped;
};

struct image_history {
	char *created, *created_by, *author, *comment; /* created: RFC 3339 as it came */
	bool empty_layer;
};

/* The image's configuration, as far as somebody uses it. */
struct image_config {
	char *architecture, *os, *variant, *os_version; /* Go's names: "amd64", "linux", "v8" */
	char *created;					/* RFC 3339 as it came; NULL: not said */
	char *author, *comment, *docker_version;
	struct image_defaults defaults;
	struct strings diff_ids;    /* lowest layer first */
	struct record_list history; /* struct image_history, oldest first */
};

extern const struct record_type image_healthcheck_type, image_defaults_type, image_history_type,
	image_config_type;

/* Read a configuration's bytes, as they came from outside.  Refused by name: what is no JSON of this
 * form, no layers' list of sha256 digests, more layers than IMAGE_LAYERS_MAX. */
bool image_config_parse(const char *text, size_t size, struct image_config *out, struct error *err);

/* The bytes of a new configuration, of which the caller takes the digest. */
void image_config_write(const struct image_config *config, struct buffer *out);

static inline void image_config_fini(struct image_config *config)
{
	record_fini(&image_config_type, config);
}

#define scoped_image_config scoped_with(image_config_fini)
