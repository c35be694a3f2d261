#include "image/registry_error.h"

#include "format/json.h"
#include "format/record.h"

#include <ctype.h>

struct answer {
	char *code, *message;
};
static const struct record_field answer_fields[] = {
	RECORD_FIELD(struct answer, 1, "code", RECORD_STRING, code),
	RECORD_FIELD(struct answer, 2, "message", RECORD_STRING, message),
};
static const struct record_type answer_type = RECORD_TYPE(struct answer, answer_fields);

struct answers {
	struct record_list errors; /* struct answer */
};
static const struct record_field answers_fields[] = {
	RECORD_NESTED(struct answers, 1, "errors", RECORD_LIST, errors, 0, &answer_type),
};
static const struct record_type answers_type = RECORD_TYPE(struct answers, answers_fields);

static void answers_fini(struct answers *answers)
{
	record_fini(&answers_type, answers);
}

struct meaning {
	long status; /* what it means without a code; 0: only with it */
	const char *code, *message;
	enum error_kind kind;
	const char *before; /* with %N name, %R reference; NULL: the registry's words alone */
};

static const struct meaning meanings[] = {
	{401, "UNAUTHORIZED", "authentication required", ERROR_DENIED, NULL},
	{403, "DENIED", "requested access to the resource is denied", ERROR_NOT_FOUND,
	 "pull access denied for %N, repository does not exist or may require 'docker login'"},
	{404, "MANIFEST_UNKNOWN", "manifest unknown", ERROR_NOT_FOUND, "manifest for %R not found"},
	{0, "NAME_UNKNOWN", "repository name not known to registry", ERROR_NOT_FOUND,
	 "repository %N not found"},
	{0, "BLOB_UNKNOWN", "blob unknown to registry", ERROR_NOT_FOUND, NULL},
	{429, "TOOMANYREQUESTS", "too many requests", ERROR_UNAVAILABLE, NULL},
};

static const struct meaning *find_meaning(const struct answer *answer, long status)
{
	for (size_t i = 0; i < array_length(meanings); i++)
		if (answer && answer->code ? str_equal(meanings[i].code, answer->code)
					   : meanings[i].status == status)
			return &meanings[i];
	return NULL;
}

/* "MANIFEST_UNKNOWN" reads "manifest unknown". */
static void add_code(struct buffer *out, const char *code)
{
	for (; *code; code++)
		buffer_add_char(out, *code == '_' ? ' ' : (char)tolower((unsigned char)*code));
}

static void add_before(struct buffer *out, const char *before,
		       const struct registry_subject *subject)
{
	for (; *before; before++) {
		if (*before != '%')
			buffer_add_char(out, *before);
		else
			buffer_add_text(out, *++before == 'N' ? subject->name : subject->reference);
	}
	buffer_add_text(out, ": ");
}

static bool set_known(struct error *err, const struct meaning *meaning, const char *message,
		      const struct registry_subject *subject)
{
	scoped_buffer struct buffer text = {0};

	if (meaning->before && subject->name)
		add_before(&text, meaning->before, subject);
	add_code(&text, meaning->code);
	buffer_format(&text, ": %s", str_is_empty(message) ? meaning->message : message);
	return error_set(err, meaning->kind, "%s", text.data);
}

static bool set_unknown(struct error *err, const struct answer *answer, long status)
{
	scoped_buffer struct buffer text = {0};

	if (!answer || str_is_empty(answer->code))
		return error_set(err, ERROR_SYSTEM, "the registry answered with status %ld",
				 status);
	add_code(&text, answer->code);
	return error_set(err, ERROR_SYSTEM, "%s: %s", text.data,
			 answer->message ? answer->message : "");
}

bool registry_error_set(struct error *err, long status, const char *body, size_t size,
			const struct registry_subject *subject)
{
	scoped_with(answers_fini) struct answers answers = {0};
	const struct answer *answer = NULL;
	const struct meaning *meaning;
	struct error ignored;

	scoped_json json_t *json = json_parse(body ? body : "", size, &ignored);
	if (json)
		record_from_json(&answers_type, json, RECORD_FOR_API, &answers, &ignored);
	if (answers.errors.count > 0)
		answer = RECORD_AT(answers.errors, struct answer, 0);
	meaning = find_meaning(answer, status);
	if (!meaning)
		return set_unknown(err, answer, status);
	return set_known(err, meaning, answer ? answer->message : NULL, subject);
}
