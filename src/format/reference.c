/* The grammar is that of github.com/distribution/reference:
 *
 *	reference       name [":" tag] ["@" digest]
 *	name            domain "/" component {"/" component}
 *	domain          (label {"." label} | "[" hex and colons "]") [":" port]
 *	component       alphanumeric {separator alphanumeric}
 *	separator       "_" | "." | "__" | "-" {"-"}
 *
 * It is read from both ends: what follows the last "@" must be the digest, what follows the last
 * ":" behind the last "/" must be the tag, and the rest is split at its slashes. */
#include "format/reference.h"

#include "base/text.h"
#include "format/digest.h"

#include <ctype.h>

#define NAME_LENGTH_MAX 255
#define TAG_LENGTH_MAX	128
#define OFFICIAL	"library/"

void reference_fini(struct reference *ref)
{
	free(ref->domain);
	free(ref->path);
	free(ref->tag);
	free(ref->digest);
	*ref = (struct reference){0};
}

/* ---- the parts ---- */

static bool is_lower_alphanumeric(char c)
{
	return (c >= 'a' && c <= 'z') || isdigit((unsigned char)c);
}

/* Length of the separator at the front; 0: none. */
static size_t separator_length(const char *text)
{
	if (*text == '-')
		return strspn(text, "-");
	if (*text == '.')
		return 1;
	return *text == '_' ? 1 + (text[1] == '_') : 0;
}

static bool is_component(const char *text)
{
	for (;;) {
		if (!is_lower_alphanumeric(*text))
			return false;
		while (is_lower_alphanumeric(*text))
			text++;
		if (!*text)
			return true;
		size_t separator = separator_length(text);
		if (separator == 0)
			return false;
		text += separator;
	}
}

static bool is_path(const char *text)
{
	scoped_strings struct strings components = strings_split(text, '/');

	for (size_t i = 0; i < components.count; i++)
		if (!is_component(components.items[i]))
			return false;
	return true;
}

static bool is_port(const char *text)
{
	return *text && text[strspn(text, "0123456789")] == '\0';
}

static bool is_host_label(const char *text)
{
	size_t length = strlen(text);

	for (size_t i = 0; i < length; i++)
		if (!isalnum((unsigned char)text[i]) &&
		    (text[i] != '-' || i == 0 || i == length - 1))
			return false;
	return length > 0;
}

static bool is_host_name(const char *text)
{
	scoped_strings struct strings labels = strings_split(text, '.');

	for (size_t i = 0; i < labels.count; i++)
		if (!is_host_label(labels.items[i]))
			return false;
	return true;
}

static bool is_domain(const char *text)
{
	size_t address = *text == '[' ? strspn(text + 1, "0123456789abcdefABCDEF:") : 0;
	size_t host = address ? address + 2 : strcspn(text, ":");
	scoped_free char *name = str_dup_n(text, strnlen(text, host));

	if (address ? text[address + 1] != ']' : !is_host_name(name))
		return false;
	return !text[host] || (text[host] == ':' && is_port(text + host + 1));
}

bool reference_tag_is_valid(const char *tag)
{
	size_t length = strlen(tag);

	return length > 0 && length <= TAG_LENGTH_MAX && *tag != '.' && *tag != '-' &&
	       strspn(tag, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-") ==
		       length;
}

/* ---- the whole ---- */

static bool invalid_format(struct error *err)
{
	return error_set(err, ERROR_INVALID, "invalid reference format");
}

static bool has_upper(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (isupper((unsigned char)text[i]))
			return true;
	return false;
}

/* Whether what stands before the first slash is a domain and not the first part of a path. */
static bool names_domain(const char *text, size_t length)
{
	return memchr(text, '.', length) || memchr(text, ':', length) || has_upper(text, length) ||
	       (length == 9 && memcmp(text, "localhost", 9) == 0);
}

/* The domain goes to ref; returns the rest, with "library/" where it belongs. */
static char *split_domain(const char *text, struct reference *ref)
{
	const char *slash = strchr(text, '/');
	bool given = slash && names_domain(text, (size_t)(slash - text));

	ref->domain =
		given ? str_dup_n(text, (size_t)(slash - text)) : str_dup(REFERENCE_DEFAULT_DOMAIN);
	if (str_equal(ref->domain, "index.docker.io"))
		str_replace(&ref->domain, REFERENCE_DEFAULT_DOMAIN);
	const char *rest = given ? slash + 1 : text;
	bool official = str_equal(ref->domain, REFERENCE_DEFAULT_DOMAIN) && !strchr(rest, '/');
	return str_format("%s%s", official ? OFFICIAL : "", rest);
}

/* Cut "@digest" off. */
static bool split_digest(char *rest, struct reference *ref, struct error *err)
{
	char *at = strchr(rest, '@');

	if (!at)
		return true;
	*at = '\0';
	ref->digest = str_dup(at + 1);
	if (!strchr(ref->digest, ':'))
		return invalid_format(err);
	return digest_check(ref->digest, err);
}

/* Cut ":tag" off. */
static bool split_tag(char *rest, struct reference *ref, struct error *err)
{
	char *colon = strchr(rest, ':');

	if (!colon)
		return true;
	*colon = '\0';
	ref->tag = str_dup(colon + 1);
	return reference_tag_is_valid(ref->tag) || invalid_format(err);
}

static bool check_name(const struct reference *ref, struct error *err)
{
	if (has_upper(ref->path, strlen(ref->path)))
		return error_set(err, ERROR_INVALID,
				 "invalid reference format: repository name (%s) must be lowercase",
				 ref->path);
	if (!is_domain(ref->domain) || !is_path(ref->path))
		return invalid_format(err);
	if (strlen(ref->domain) + 1 + strlen(ref->path) > NAME_LENGTH_MAX)
		return error_set(err, ERROR_INVALID,
				 "repository name must not be more than %d characters",
				 NAME_LENGTH_MAX);
	return true;
}

static bool parse(const char *text, struct reference *ref, struct error *err)
{
	ref->path = split_domain(text, ref);
	bool split = split_digest(ref->path, ref, err) && split_tag(ref->path, ref, err);
	struct error name_error;

	/* An upper-case name is told first, whatever else is wrong with the rest. */
	if (!check_name(ref, &name_error)) {
		*err = name_error;
		return false;
	}
	return split;
}

static bool is_id(const char *text)
{
	return strlen(text) == DIGEST_HEX_LENGTH && hex_is_lower(text, DIGEST_HEX_LENGTH);
}

bool reference_parse(const char *text, struct reference *out, struct error *err)
{
	struct reference ref = {0};

	if (is_id(text))
		return error_set(err, ERROR_INVALID,
				 "invalid repository name (%s), cannot specify 64-byte hexadecimal "
				 "strings",
				 text);
	if (!parse(text, &ref, err)) {
		reference_fini(&ref);
		return false;
	}
	*out = ref;
	return true;
}

void reference_add_default_tag(struct reference *ref)
{
	if (!ref->tag && !ref->digest)
		ref->tag = str_dup(REFERENCE_DEFAULT_TAG);
}

/* ---- back to text ---- */

static char *with_tag_and_digest(char *name, const struct reference *ref)
{
	scoped_free char *owned = name;

	return str_format("%s%s%s%s%s", owned, ref->tag ? ":" : "", ref->tag ? ref->tag : "",
			  ref->digest ? "@" : "", ref->digest ? ref->digest : "");
}

char *reference_name(const struct reference *ref)
{
	return str_format("%s/%s", ref->domain, ref->path);
}

char *reference_text(const struct reference *ref)
{
	return with_tag_and_digest(reference_name(ref), ref);
}

/* Whether a path of docker.io would be taken for something else when it stands alone. */
static bool is_ambiguous(const char *path)
{
	const char *slash = strchr(path, '/');

	return slash ? names_domain(path, (size_t)(slash - path)) : is_id(path);
}

char *reference_familiar_name(const struct reference *ref)
{
	const char *path = ref->path;

	if (str_starts_with(path, OFFICIAL) && !strchr(path + strlen(OFFICIAL), '/'))
		path += strlen(OFFICIAL);
	if (!str_equal(ref->domain, REFERENCE_DEFAULT_DOMAIN) || is_ambiguous(path))
		return reference_name(ref);
	return str_dup(path);
}

char *reference_familiar(const struct reference *ref)
{
	return with_tag_and_digest(reference_familiar_name(ref), ref);
}

char *reference_shown(const char *name)
{
	scoped_reference struct reference ref = {0};
	struct error none;

	if (!reference_parse(name, &ref, &none))
		return str_dup(name);
	reference_add_default_tag(&ref);
	return reference_familiar(&ref);
}
