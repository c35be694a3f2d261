/* Credentials of registries, from the client's settings. */
#pragma once

#include "cmd/cli/cli.h"

#include <jansson.h>

#define DEFAULT_REGISTRY "https://index.docker.io/v1/"

/* The key under which the registry of this domain is kept ("docker.io" has an old one). */
const char *auth_key(const char *domain);

/* What X-Registry-Auth says for a registry: base64 of {username, password, serveraddress}, or of {}. */
char *auth_header(const struct cli *cli, const char *domain);

/* Credentials that are kept: username and password, or an identity token; empty: none. */
json_t *auth_read(const struct cli *cli, const char *key);

/* All credentials that are kept, by registry: what X-Registry-Config says. */
json_t *auth_read_all(const struct cli *cli);
bool auth_store(const struct cli *cli, const char *key, const char *username, const char *password,
		const char *token, struct error *err);

/* Whether these very credentials stand in the settings, in plain text. */
bool auth_is_in_file(const struct cli *cli, const char *key, const char *username,
		     const char *password);

/* What is not there is erased already. */
bool auth_erase(const struct cli *cli, const char *key, struct error *err);
