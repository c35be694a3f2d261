/* How a registry is convinced: what it asks for (WWW-Authenticate), what the client gave
 * (X-Registry-Auth), and what is sent.  Pure; no secret of it may stand in a log or an error. */
#pragma once

#include "base/error.h"
#include "base/text.h"

struct registry_credentials {
	char *username, *password;
	char *identity_token; /* a refresh token for the token server */
	char *registry_token; /* a bearer token as it is */
};

/* The JSON inside X-Registry-Auth.  NULL, bad JSON and unknown forms are no credentials, as Docker has
 * it. */
void registry_credentials_parse(const char *json, struct registry_credentials *out);
void registry_credentials_fini(struct registry_credentials *credentials); /* wipes them */

enum auth_scheme { AUTH_NONE, AUTH_BASIC, AUTH_BEARER };

struct auth_challenge {
	enum auth_scheme scheme;
	char *realm, *service; /* bearer: where tokens are had; service may be NULL */
	char *error; /* what was wrong with the token: "insufficient_scope"; NULL: it does not say */
};

/* Of the challenges in one header (there may be several, separated by commas) the one to answer:
 * bearer before basic.  AUTH_NONE when there is none that we know, or the header is malformed. */
void auth_challenge_parse(const char *header, struct auth_challenge *out);
void auth_challenge_fini(struct auth_challenge *challenge);

/* What a token is to allow. */
struct auth_scope {
	const char *repository; /* "library/busybox"; NULL: to be let in at all */
	bool push;
	const struct strings *sources; /* repositories to be mounted from; NULL: none */
};

/* The request for a token.  The scope is ours, never what the challenge says: a registry cannot make us ask
 * for more. */
char *auth_token_url(const struct auth_challenge *challenge, const struct auth_scope *scope,
		     const char *account);
/* The same for an identity token: the body of a POST to the realm. */
char *auth_token_form(const struct auth_challenge *challenge, const struct auth_scope *scope,
		      const char *identity_token);

/* The token in a token server's answer.  INVALID when there is none. */
bool auth_token_parse(const char *json, size_t size, char **token, struct error *err);

/* "Authorization: Basic ..." and "Authorization: Bearer ...", owned by the caller; NULL for a token
 * that no header can hold. */
char *auth_basic_header(const struct registry_credentials *credentials);
char *auth_bearer_header(const char *token);

/* Overwrite before freeing. */
void secret_free(char *secret);
