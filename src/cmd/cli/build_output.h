/* --output of `build`: where the files of the image go, besides the daemon's images. */
#pragma once

#include "cmd/cli/api.h"

enum build_output_kind {
	BUILD_OUTPUT_IMAGE, /* the daemon's images: nothing more is done */
	BUILD_OUTPUT_FOLDER,
	BUILD_OUTPUT_TAR,
};

struct build_output {
	enum build_output_kind kind;
	char *place; /* owned: the folder or file; NULL: an archive to stdout */
};
void build_output_fini(struct build_output *output);

/* "FOLDER", "-", or fields "type=local,dest=FOLDER", "type=tar,dest=FILE", "type=docker", "type=image".  INVALID
 * or UNSUPPORTED for what ends elsewhere. */
bool build_output_parse(const char *text, struct build_output *output, struct error *err);

/* Bring the image's files there.  A folder that is there keeps what the image does not have. */
bool build_output_write(struct cli *cli, const struct build_output *output, const char *image,
			struct error *err);
