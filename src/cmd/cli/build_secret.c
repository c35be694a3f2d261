#include "cmd/cli/build_secret.h"

#include "cmd/cli/api.h"
#include "format/base64.h"
#include "format/json.h"
#include "format/mount_option.h"
#include "os/file.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#define SECRET_LIMIT ((size_t)500 * 1024)
#define ALL_LIMIT    ((size_t)32 * 1024) /* the daemon's limit for a request's head is twice that */

struct secret {
	char *id, *source, *variable; /* owned */
};

static void secret_fini(struct secret *secret)
{
	free(secret->id);
	free(secret->source);
	free(secret->variable);
}

static bool set_field(struct secret *secret, const char *field, struct error *err)
{
	const struct {
		const char *name;
		char **at;
	} fields[] = {
		{"id=", &secret->id},
		{"src=", &secret->source},
		{"source=", &secret->source},
		{"env=", &secret->variable},
		{"type=", NULL},
	};

	for (size_t i = 0; i < array_length(fields); i++)
		if (str_starts_with(field, fields[i].name)) {
			if (fields[i].at)
				str_replace(fields[i].at, field + strlen(fields[i].name));
			return true;
		}
	return error_set(err, ERROR_INVALID, "unexpected key '%.*s' in '%s'",
			 (int)strcspn(field, "="), field, field);
}

static bool parse(const char *text, struct secret *secret, struct error *err)
{
	scoped_strings struct strings fields = {0};

	if (!csv_split(text, &fields, err))
		return false;
	for (size_t i = 0; i < fields.count; i++)
		if (!set_field(secret, fields.items[i], err))
			return false;
	if (!secret->id)
		return error_set(err, ERROR_INVALID, "secret missing required field 'id'");
	if (!secret->source && !secret->variable)
		str_replace(getenv(secret->id) ? &secret->variable : &secret->source, secret->id);
	return true;
}

static bool read_secret(const struct secret *secret, struct buffer *out, struct error *err)
{
	const char *value = secret->variable ? getenv(secret->variable) : NULL;

	if (!secret->variable)
		return file_read(AT_FDCWD, secret->source, SECRET_LIMIT, out, err) ||
		       error_prefix(err, "secret '%s'", secret->id);
	if (!value)
		return error_set(err, ERROR_INVALID, "secret '%s': variable '%s' is not set",
				 secret->id, secret->variable);
	buffer_add_text(out, value);
	return true;
}

static bool add_secret(json_t *all, const char *text, struct error *err)
{
	scoped_with(secret_fini) struct secret secret = {0};
	scoped_buffer struct buffer bytes = {0}, encoded = {0};

	if (!parse(text, &secret, err) || !read_secret(&secret, &bytes, err))
		return false;
	base64_encode(bytes.data ? bytes.data : "", bytes.size, &encoded);
	doc_set_text(all, secret.id, encoded.data ? encoded.data : "");
	return true;
}

/* base64 of the object, which `more` is a part of; NULL when one of them could not be added. */
static char *make_header(const struct strings *texts, const json_t *more,
			 bool (*add)(json_t *all, const char *text, struct error *err),
			 struct error *err)
{
	scoped_json json_t *all = more ? json_copy((json_t *)more) : json_object();
	scoped_buffer struct buffer header = {0};

	for (size_t i = 0; i < texts->count; i++)
		if (!add(all, texts->items[i], err))
			return NULL;
	scoped_free char *text = json_dumps(all, JSON_COMPACT);
	if (strlen(text) > ALL_LIMIT) {
		error_set(err, ERROR_INVALID,
			  "what is handed to the steps is larger than %zu bytes", ALL_LIMIT);
		return NULL;
	}
	base64_encode(text, strlen(text), &header);
	return buffer_take(&header);
}

char *build_secrets_header(const struct strings *secrets, const json_t *more, struct error *err)
{
	return make_header(secrets, more, add_secret, err);
}

/* ---- agents ---- */

static bool add_agent(json_t *all, const char *text, struct error *err)
{
	const char *equals = strchr(text, '=');
	scoped_free char *id = str_dup_n(text, strcspn(text, "="));
	const char *path = equals ? equals + 1 : getenv("SSH_AUTH_SOCK");
	scoped_free char *real = str_is_empty(path) ? NULL : realpath(path, NULL);
	struct stat st;

	if (str_is_empty(path))
		return error_set(err, ERROR_INVALID, "ssh '%s': SSH_AUTH_SOCK is not set", id);
	if (!real || stat(real, &st) < 0)
		return error_errno(err, "ssh '%s': '%s'", id, path);
	if (!S_ISSOCK(st.st_mode))
		return error_set(
			err, ERROR_INVALID,
			"ssh '%s': '%s' is no agent's socket; keys are not read from files", id,
			path);
	doc_set_text(all, *id ? id : "default", real);
	return true;
}

char *build_agents_header(const struct strings *agents, struct error *err)
{
	return make_header(agents, NULL, add_agent, err);
}
