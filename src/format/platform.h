/* What an image is made for: operating system, architecture and its variant, in Go's words. */
#pragma once

#include "base/error.h"

struct platform {
	char os[24];	       /* "linux" */
	char architecture[24]; /* "amd64", "arm64", "arm" */
	char variant[24];      /* "" or "v7" */
};

/* What this program was built for. */
struct platform platform_host(void);

/* "os/architecture[/variant]", or one of the two, the other being the host's.  Other spellings are
 * normalised (x86_64 is amd64, aarch64 is arm64, armhf is arm/v7).  ERROR_INVALID in containerd's
 * words. */
bool platform_parse(const char *text, struct platform *out, struct error *err);

/* Normalise what a manifest or a configuration says; NULL counts as "". */
struct platform platform_of(const char *os, const char *architecture, const char *variant);

#define PLATFORM_TEXT_SIZE 76
const char *platform_text(const struct platform *platform, char out[static PLATFORM_TEXT_SIZE]);

/* How well a machine of `wanted` runs what was made for `offered`: 0 not at all, higher is better.
 * amd64 runs 386; arm runs all lower variants, and arm64 runs arm. */
int platform_match(const struct platform *wanted, const struct platform *offered);
