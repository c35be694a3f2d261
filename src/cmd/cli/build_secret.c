#include "cmd/cli/build_secret.h"

#include "cmd/cli/api.h"
#include "format/base64.h"
#include "format/mount_option.h"
#include "os/file.h"

#include <fcntl.h>

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

char *build_secrets_header(const struct strings *secrets, struct error *err)
{
	json_t *all = json_object();
	scoped_buffer struct buffer header = {0};
	bool good = true;

	for (size_t i = 0; good && i < secrets->count; i++)
		good = add_secret(all, secrets->items[i], err);
	scoped_free char *text = json_dumps(all, JSON_COMPACT);
	json_decref(all);
	if (good && strlen(text) > ALL_LIMIT)
		good = error_set(err, ERROR_INVALID, "the secrets are larger than %zu bytes",
				 ALL_LIMIT);
	if (!good)
		return NULL;
	base64_encode(text, strlen(text), &header);
	return buffer_take(&header);
}
