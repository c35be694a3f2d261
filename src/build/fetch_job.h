/* What a build wants from elsewhere, by `wherry-worker build-fetch`: it has the network, nobody's rights, and
 * one place that it can write to: a file (HTTP), or a folder (a git repository, by the host's own git). */
#pragma once

#include "build/build_protocol.h"

/* With one descriptor: of the file, or of the folder, which is empty and nobody's. */
enum fetch_message {
	FETCH_BEGIN = 17, /* to the worker: struct build_fetch */
	FETCH_DONE = 82,  /* struct build_text: the file's digest */
};

#define FETCH_NOBODY 65534

void fetch_job_main(int control);

/* The repository at `url` ("ADDRESS#REF:FOLDER") into the present folder. */
bool fetch_git(const char *url, bool keep_git_dir, struct error *err);
