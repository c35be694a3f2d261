/* Credentials lie in config.json under "auths": {"host": {"auth": base64 of user:password}}, or, where
 * "credsStore" or "credHelpers" name a helper, in what `docker-credential-NAME` keeps. */
#include "cmd/cli/auth.h"

#include "cmd/cli/api.h"
#include "cmd/cli/config.h"
#include "cmd/cli/helper.h"
#include "format/base64.h"
#include "format/json.h"

const char *auth_key(const char *domain)
{
	return strcmp(domain, "docker.io") == 0 || strcmp(domain, "index.docker.io") == 0
		       ? DEFAULT_REGISTRY
		       : domain;
}

/* The helper for a registry; "": none. */
static const char *helper_of(const json_t *config, const char *key)
{
	const char *special = doc_text(json_object_get(config, "credHelpers"), key);

	return *special ? special : doc_text(config, "credsStore");
}

static json_t *credentials(const char *username, const char *password, const char *token)
{
	json_t *json = json_object();

	if (*username)
		doc_set_text(json, "username", username);
	if (*password)
		doc_set_text(json, "password", password);
	if (*token)
		doc_set_text(json, "identitytoken", token);
	return json;
}

static json_t *read_entry(const json_t *entry)
{
	const char *encoded = doc_text(entry, "auth");
	scoped_buffer struct buffer plain = {0};

	if (!base64_decode(encoded, strlen(encoded), &plain) || !plain.size)
		return credentials("", "", doc_text(entry, "identitytoken"));
	char *colon = strchr(plain.data, ':');
	if (colon)
		*colon = '\0';
	return credentials(plain.data, colon ? colon + 1 : "", doc_text(entry, "identitytoken"));
}

/* Helpers answer {"Username", "Secret"}; the user "<token>" means that the secret is a token. */
static json_t *ask_helper(const char *helper, const char *key)
{
	scoped_buffer struct buffer answer = {0};
	struct error err;

	if (!helper_run(helper, "get", key, &answer, &err))
		return json_object();
	scoped_json json_t *json = json_parse(answer.data ? answer.data : "", answer.size, &err);
	const char *username = doc_text(json, "Username"), *secret = doc_text(json, "Secret");
	bool token = strcmp(username, "<token>") == 0;
	return credentials(token ? "" : username, token ? "" : secret, token ? secret : "");
}

json_t *auth_read(const struct cli *cli, const char *key)
{
	scoped_json json_t *config = config_read(cli);
	const char *helper = helper_of(config, key);
	json_t *auths = json_object_get(config, "auths");
	json_t *entry = json_object_get(auths, key);
	scoped_free char *old = str_format("https://%s", key); /* as it was once written */

	if (*helper)
		return ask_helper(helper, key);
	return read_entry(entry ? entry : json_object_get(auths, old));
}

json_t *auth_read_all(const struct cli *cli)
{
	static const char *const sections[] = {"auths", "credHelpers"};
	scoped_json json_t *config = config_read(cli);
	json_t *all = json_object(), *ignored;
	const char *key;

	for (size_t i = 0; i < array_length(sections); i++)
		json_object_foreach (json_object_get(config, sections[i]), key, ignored) {
			json_t *auth = auth_read(cli, key);

			if (json_object_size(auth)) {
				doc_set_text(auth, "serveraddress", key);
				json_object_set(all, key, auth);
			}
			json_decref(auth);
		}
	return all;
}

char *auth_header(const struct cli *cli, const char *domain)
{
	const char *key = auth_key(domain);
	scoped_json json_t *auth = auth_read(cli, key);
	scoped_buffer struct buffer encoded = {0};

	if (json_object_size(auth))
		doc_set_text(auth, "serveraddress", key);
	scoped_free char *text = json_dumps(auth, JSON_COMPACT);
	base64_encode(text, strlen(text), &encoded);
	for (size_t i = 0; i < encoded.size; i++) /* the alphabet of URLs */
		encoded.data[i] = encoded.data[i] == '+'   ? '-'
				  : encoded.data[i] == '/' ? '_'
							   : encoded.data[i];
	return buffer_take(&encoded);
}

static bool store_with_helper(const char *helper, const char *key, const char *username,
			      const char *password, const char *token, struct error *err)
{
	scoped_buffer struct buffer ignored = {0};
	scoped_json json_t *entry =
		json_pack("{s:s, s:s, s:s}", "ServerURL", key, "Username",
			  *token ? "<token>" : username, "Secret", *token ? token : password);
	scoped_free char *text = json_dumps(entry, JSON_COMPACT);

	return helper_run(helper, "store", text, &ignored, err);
}

static json_t *entry_of(const char *username, const char *password, const char *token)
{
	scoped_free char *plain = str_format("%s:%s", username, *token ? "" : password);
	scoped_buffer struct buffer encoded = {0};
	json_t *entry = json_object();

	base64_encode(plain, strlen(plain), &encoded);
	doc_set_text(entry, "auth", encoded.data);
	if (*token)
		doc_set_text(entry, "identitytoken", token);
	return entry;
}

bool auth_store(const struct cli *cli, const char *key, const char *username, const char *password,
		const char *token, struct error *err)
{
	scoped_json json_t *config = config_read(cli);
	const char *helper = helper_of(config, key);
	json_t *auths = json_object_get(config, "auths");

	if (*helper && !store_with_helper(helper, key, username, password, token, err))
		return false;
	if (!auths)
		json_object_set_new(config, "auths", auths = json_object());
	json_object_set_new(auths, key,
			    *helper ? json_object() : entry_of(username, password, token));
	return config_write(cli, config, err);
}

bool auth_is_in_file(const struct cli *cli, const char *key, const char *username,
		     const char *password)
{
	scoped_json json_t *config = config_read(cli);
	scoped_json json_t *kept =
		read_entry(json_object_get(json_object_get(config, "auths"), key));

	return str_equal(doc_text(kept, "username"), username) &&
	       str_equal(doc_text(kept, "password"), password);
}

bool auth_erase(const struct cli *cli, const char *key, struct error *err)
{
	scoped_json json_t *config = config_read(cli);
	const char *helper = helper_of(config, key);
	json_t *auths = json_object_get(config, "auths");
	scoped_buffer struct buffer ignored = {0};

	if (!json_object_get(auths, key))
		return true;
	if (*helper && !helper_run(helper, "erase", key, &ignored, err))
		return false;
	json_object_del(auths, key);
	return config_write(cli, config, err);
}
