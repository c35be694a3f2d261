/* A volume in listings: `volume ls`, `system df -v`. */
#pragma once

#include "cmd/cli/listing.h"

extern const struct listing volume_listing;

json_t *volume_row(const json_t *volume);
