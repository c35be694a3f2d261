/* The client's settings, ~/.docker/config.json: what other tools left there is kept. */
#pragma once

#include "cmd/cli/cli.h"

#include <jansson.h>

/* The document, or an empty object when there is none; what cannot be read is told on stderr. */
json_t *config_read(const struct cli *cli);

/* Replace the file in one step, mode 0600. */
bool config_write(const struct cli *cli, const json_t *config, struct error *err);

/* `option` when it was given, else the setting `name` (psFormat, ...); NULL: neither.  The caller's. */
char *config_format(const struct cli *cli, const char *option, const char *name);
