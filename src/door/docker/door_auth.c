/* POST /auth: are these credentials good?  Nothing is kept; the command stores what it was told. */
#include "door/docker/handlers.h"

struct auth_body {
	char *server; /* host or URL; NULL: Docker's own */

	/* Looked at here for their types alone. */
	char *username, *password, *auth, *identity_token, *registry_token;
};
static const struct record_field auth_body_fields[] = {
	RECORD_FIELD(struct auth_body, 1, "serveraddress", RECORD_STRING, server),
	RECORD_FIELD(struct auth_body, 2, "username", RECORD_STRING, username),
	RECORD_FIELD(struct auth_body, 3, "password", RECORD_STRING, password),
	RECORD_FIELD(struct auth_body, 4, "auth", RECORD_STRING, auth),
	RECORD_FIELD(struct auth_body, 5, "identitytoken", RECORD_STRING, identity_token),
	RECORD_FIELD(struct auth_body, 6, "registrytoken", RECORD_STRING, registry_token),
};
static const struct record_type auth_body_type = RECORD_TYPE(struct auth_body, auth_body_fields);

static void forget_secrets(struct auth_body *body)
{
	char *secrets[] = {body->password, body->auth, body->identity_token, body->registry_token};

	for (size_t i = 0; i < array_length(secrets); i++)
		if (secrets[i])
			explicit_bzero(secrets[i], strlen(secrets[i]));
	record_fini(&auth_body_type, body);
}

static void on_answer(void *data, const struct error *err)
{
	struct call *call = data;
	scoped_buffer struct buffer json = {0};

	buffer_add_text(&json, "{\"IdentityToken\":\"\",\"Status\":\"Login Succeeded\"}");
	if (call_is_open(call) && err)
		call_fail(call, err);
	else if (call_is_open(call))
		call_answer_json(call, 200, &json);
	call_drop(call);
}

/* The body has the members of X-Registry-Auth, so it goes to the worker as it came. */
void serve_auth(struct call *call)
{
	struct auth_body body = {0};
	struct error err;

	if (!call_read_body(call, &auth_body_type, &body, &err)) {
		call_fail(call, &err);
	} else {
		char *text = json_dumps(call->body, JSON_COMPACT);

		call_hold(call);
		if (!image_login(call_parts(call)->images, body.server, text, on_answer, call,
				 &err))
			on_answer(call, &err);
		explicit_bzero(text, strlen(text));
		free(text);
	}
	forget_secrets(&body);
}
