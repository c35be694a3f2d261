/* A container of the API's list, as a row of `ps` (and of `system df -v`). */
#pragma once

#include "cmd/cli/cli.h"
#include "cmd/cli/listing.h"

extern const struct listing container_listing;

json_t *container_row(const json_t *container, bool truncate);

/* "0.0.0.0:8080->80/tcp, 9000-9001/tcp", from the list's Ports. */
char *ports_to_text(const json_t *ports);
