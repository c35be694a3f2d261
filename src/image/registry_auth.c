#include "image/registry_auth.h"

#include "format/base64.h"
#include "format/json.h"
#include "format/percent.h"
#include "format/record.h"

#include <ctype.h>
#include <strings.h>

#define CLIENT_ID "wherry"

/* ---- credentials ---- */

struct auth_config {
	char *username, *password, *auth, *identity_token, *registry_token;
};
static const struct record_field auth_config_fields[] = {
	RECORD_FIELD(struct auth_config, 1, "username", RECORD_STRING, username),
	RECORD_FIELD(struct auth_config, 2, "password", RECORD_STRING, password),
	RECORD_FIELD(struct auth_config, 3, "auth", RECORD_STRING, auth),
	RECORD_FIELD(struct auth_config, 4, "identitytoken", RECORD_STRING, identity_token),
	RECORD_FIELD(struct auth_config, 5, "registrytoken", RECORD_STRING, registry_token),
};
static const struct record_type auth_config_type =
	RECORD_TYPE(struct auth_config, auth_config_fields);

void secret_free(char *secret)
{
	if (secret)
		explicit_bzero(secret, strlen(secret));
	free(secret);
}

/* "auth" is base64 of "username:password", as ~/.docker/config.json has it. */
static void split_auth(struct auth_config *config)
{
	scoped_buffer struct buffer pair = {0};
	char *colon;

	if (!config->auth || config->username ||
	    !base64_decode(config->auth, strlen(config->auth), &pair) || pair.size == 0)
		return;
	colon = strchr(pair.data, ':');
	if (colon) {
		secret_free(config->password);
		config->username = str_dup_n(pair.data, (size_t)(colon - pair.data));
		config->password = str_dup(colon + 1);
	}
	explicit_bzero(pair.data, pair.size);
}

static char *take_given(char **field)
{
	if (str_is_empty(*field))
		return NULL;
	return take(*field);
}

static void auth_config_fini(struct auth_config *config)
{
	secret_free(config->username);
	secret_free(config->password);
	secret_free(config->auth);
	secret_free(config->identity_token);
	secret_free(config->registry_token);
}

void registry_credentials_parse(const char *json, struct registry_credentials *out)
{
	scoped_with(auth_config_fini) struct auth_config config = {0};
	struct error ignored;

	*out = (struct registry_credentials){0};
	if (str_is_empty(json))
		return;
	scoped_json json_t *document = json_parse(json, strlen(json), &ignored);
	if (!document ||
	    !record_from_json(&auth_config_type, document, RECORD_FOR_API, &config, &ignored))
		return;
	split_auth(&config);
	out->username = take_given(&config.username);
	out->password = take_given(&config.password);
	out->identity_token = take_given(&config.identity_token);
	out->registry_token = take_given(&config.registry_token);
}

void registry_credentials_fini(struct registry_credentials *credentials)
{
	secret_free(credentials->username);
	secret_free(credentials->password);
	secret_free(credentials->identity_token);
	secret_free(credentials->registry_token);
	*credentials = (struct registry_credentials){0};
}

/* ---- WWW-Authenticate (RFC 9110, 11.6.1) ----
 *
 * Challenges and their parameters are both separated by commas; a word with "=" behind it is a
 * parameter of the challenge at hand, any other begins the next challenge. */

static const char *skip_blanks(const char *text)
{
	return text + strspn(text, " \t");
}

static size_t token_length(const char *text)
{
	return strcspn(text, " \t,=\"");
}

/* Read a token or a quoted string; NULL when there is none, else owned. */
static char *read_value(const char **text)
{
	scoped_buffer struct buffer value = {0};
	const char *at = *text;

	if (*at != '"') {
		size_t length = token_length(at);

		*text = at + length;
		return length > 0 ? str_dup_n(at, length) : NULL;
	}
	for (at++; *at && *at != '"'; at++) {
		if (*at == '\\' && at[1])
			at++;
		buffer_add_char(&value, *at);
	}
	if (*at != '"')
		return NULL;
	*text = at + 1;
	return buffer_take(&value);
}

static const struct {
	const char *name;
	enum auth_scheme scheme;
} schemes[] = {{"Basic", AUTH_BASIC}, {"Bearer", AUTH_BEARER}};

static enum auth_scheme find_scheme(const char *name, size_t length)
{
	for (size_t i = 0; i < array_length(schemes); i++)
		if (strlen(schemes[i].name) == length &&
		    !strncasecmp(schemes[i].name, name, length))
			return schemes[i].scheme;
	return AUTH_NONE;
}

static void keep_parameter(struct auth_challenge *challenge, const char *name, size_t length,
			   char *value)
{
	const struct {
		const char *name;
		char **field;
	} rows[] = {
		{"realm", &challenge->realm},
		{"service", &challenge->service},
		{"error", &challenge->error},
	};
	char **field = NULL;

	for (size_t i = 0; i < array_length(rows); i++)
		if (strlen(rows[i].name) == length && !strncasecmp(name, rows[i].name, length))
			field = rows[i].field;

	if (!field || *field) {
		free(value);
		return;
	}
	*field = value;
}

/* The one at hand is complete: keep the better one. */
static void keep_better(struct auth_challenge *best, struct auth_challenge *next)
{
	bool usable = next->scheme == AUTH_BASIC ||
		      (next->scheme == AUTH_BEARER && !str_is_empty(next->realm));

	if (!usable || next->scheme <= best->scheme) {
		auth_challenge_fini(next);
		return;
	}
	auth_challenge_fini(best);
	*best = *next;
	*next = (struct auth_challenge){0};
}

/* One word and what belongs to it; false at the end or at what cannot be read. */
static bool read_word(const char **text, struct auth_challenge *best, struct auth_challenge *next)
{
	const char *word = *text += strspn(*text, " \t,");
	size_t length = token_length(word);
	const char *behind = skip_blanks(word + length);
	char *value;

	if (length == 0)
		return false;
	if (*behind != '=') {
		keep_better(best, next);
		next->scheme = find_scheme(word, length);
		*text = behind;
		return true;
	}
	*text = skip_blanks(behind + 1);
	value = read_value(text);
	if (value)
		keep_parameter(next, word, length, value);
	return value != NULL;
}

void auth_challenge_parse(const char *header, struct auth_challenge *out)
{
	struct auth_challenge next = {0};

	*out = (struct auth_challenge){0};
	while (header && read_word(&header, out, &next))
		;
	keep_better(out, &next);
}

void auth_challenge_fini(struct auth_challenge *challenge)
{
	free(challenge->realm);
	free(challenge->service);
	free(challenge->error);
	*challenge = (struct auth_challenge){0};
}

/* ---- asking for a token ---- */

static void add_parameter(struct buffer *out, const char *name, const char *value)
{
	if (str_is_empty(value))
		return;
	if (out->size > 0 && out->data[out->size - 1] != '?')
		buffer_add_char(out, '&');
	buffer_format(out, "%s=", name);
	percent_encode(out, value);
}

static void add_right(struct buffer *out, const char *repository, const char *rights)
{
	scoped_free char *scope =
		repository ? str_format("repository:%s:%s", repository, rights) : NULL;

	add_parameter(out, "scope", scope);
}

static void add_scope(struct buffer *out, const struct auth_scope *scope)
{
	add_right(out, scope->repository, scope->push ? "pull,push" : "pull");
	for (size_t i = 0; scope->sources && i < scope->sources->count; i++)
		add_right(out, scope->sources->items[i], "pull");
}

char *auth_token_url(const struct auth_challenge *challenge, const struct auth_scope *scope,
		     const char *account)
{
	struct buffer url = {0};

	buffer_add(&url, challenge->realm, strcspn(challenge->realm, "#"));
	if (!strchr(url.data, '?'))
		buffer_add_char(&url, '?');
	add_parameter(&url, "service", challenge->service);
	add_scope(&url, scope);
	add_parameter(&url, "account", account);
	return buffer_take(&url);
}

char *auth_token_form(const struct auth_challenge *challenge, const struct auth_scope *scope,
		      const char *identity_token)
{
	struct buffer form = {0};

	add_parameter(&form, "grant_type", "refresh_token");
	add_parameter(&form, "service", challenge->service);
	add_parameter(&form, "client_id", CLIENT_ID);
	add_scope(&form, scope);
	add_parameter(&form, "refresh_token", identity_token);
	return buffer_take(&form);
}

struct token_answer {
	char *token, *access_token;
};
static const struct record_field token_answer_fields[] = {
	RECORD_FIELD(struct token_answer, 1, "token", RECORD_STRING, token),
	RECORD_FIELD(struct token_answer, 2, "access_token", RECORD_STRING, access_token),
};
static const struct record_type token_answer_type =
	RECORD_TYPE(struct token_answer, token_answer_fields);

bool auth_token_parse(const char *json, size_t size, char **token, struct error *err)
{
	struct token_answer answer = {0};
	struct error why;

	scoped_json json_t *document = json_parse(json, size, &why);
	if (document)
		record_from_json(&token_answer_type, document, RECORD_FOR_API, &answer, &why);
	*token = take_given(&answer.token);
	if (!*token)
		*token = take_given(&answer.access_token);
	secret_free(answer.token);
	secret_free(answer.access_token);
	return *token || error_set(err, ERROR_INVALID, "the token server's answer holds no token");
}

/* ---- headers ---- */

/* A line break would begin another header. */
static bool fits_header(const char *text)
{
	for (; *text; text++)
		if (iscntrl((unsigned char)*text))
			return false;
	return true;
}

char *auth_basic_header(const struct registry_credentials *credentials)
{
	char *pair = str_format("%s:%s", credentials->username ? credentials->username : "",
				credentials->password ? credentials->password : "");
	struct buffer header = {0};

	buffer_add_text(&header, "Authorization: Basic ");
	base64_encode(pair, strlen(pair), &header);
	secret_free(pair);
	return buffer_take(&header);
}

char *auth_bearer_header(const char *token)
{
	return fits_header(token) ? str_format("Authorization: Bearer %s", token) : NULL;
}
