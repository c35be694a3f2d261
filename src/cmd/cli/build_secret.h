/* --secret and --ssh of `build`: what the steps may ask for, handed over beside the request and never in it. */
#pragma once

#include "base/error.h"
#include "base/text.h"

#include <jansson.h>

/* The header X-Wherry-Secrets from "id=NAME[,src=FILE|,env=VARIABLE]" texts: base64 of {"id": base64 of
 * its bytes}.  Without src and env it is the variable or the file that is called as the id is.  NULL and
 * INVALID when one cannot be had; `header` is the caller's, and secret.  `more` (NULL: none): others that are
 * in that form already. */
char *build_secrets_header(const struct strings *secrets, const json_t *more, struct error *err);

/* The header X-Wherry-Ssh from "ID[=SOCKET]" texts: base64 of {"id": path of an agent's socket}.  Without
 * SOCKET it is that of SSH_AUTH_SOCK.  NULL and INVALID when there is none. */
char *build_agents_header(const struct strings *agents, struct error *err);
