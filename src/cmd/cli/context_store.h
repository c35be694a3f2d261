/* Contexts: daemons that have a name, kept in the client's settings as Docker's command keeps them, one
 * folder each: contexts/meta/SHA256-OF-NAME/meta.json, and contexts/tls/... for their certificates. */
#pragma once

#include "cmd/cli/cli.h"

#include <jansson.h>

#define CONTEXT_DEFAULT "default"

/* The name in force: --context, DOCKER_CONTEXT, or the settings' currentContext; "default" when a host is
 * given by --host, WHERRY_HOST or DOCKER_HOST, or when nothing says otherwise.  The caller's. */
char *context_current(const struct cli *cli);

/* When the context in force is not "default": its address and certificates become the call's. */
bool context_enter(struct cli *cli, struct error *err);

/* The document of a context: {"Name", "Metadata": {"Description"}, "Endpoints": {"docker": {"Host",
 * "SkipTLSVerify"}}}.  NULL: there is none, in Docker's words. */
json_t *context_read(const struct cli *cli, const char *name, struct error *err);

/* All of them but "default", by name. */
json_t *context_read_all(const struct cli *cli);

bool context_write(const struct cli *cli, const json_t *context, struct error *err);
bool context_remove(const struct cli *cli, const char *name, struct error *err);

/* Of its files: the folder of meta.json, of the endpoint's certificates.  The caller's. */
char *context_meta_folder(const struct cli *cli, const char *name);
char *context_tls_folder(const struct cli *cli, const char *name);

/* The address that a context's endpoint names; "" when it names none. */
const char *context_host(const json_t *context);

bool context_name_is_valid(const char *name, struct error *err);
