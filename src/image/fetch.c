#include "image/fetch.h"

#include "format/json.h"
#include "format/reference.h"
#include "image/confine.h"
#include "image/content_hash.h"
#include "image/download.h"
#include "image/question.h"

#define LOGIN_SIZE_MAX (64 << 10)
#define TAGS_SIZE_MAX (4 << 20)
#define TAGS_MAX      10000
#define PAGES_MAX     1000

struct fetch {
	struct worker *worker;
	struct fetch_start start;
	struct registry *registry; /* owned */
	struct host_certificates certificates;
	struct registry_credentials credentials;
	struct registry_subject subject;
	struct platform platform;
	char *name;  /* short form, without tag */
	char *asked; /* short form, with the tag or digest that is fetched at present */
};

static void fetch_fini(struct fetch *f)
{
	registry_free(f->registry);
	host_certificates_fini(&f->certificates);
	registry_credentials_fini(&f->credentials);
	free(f->name);
	free(f->asked);
	if (f->start.auth)
		explicit_bzero(f->start.auth, strlen(f->start.auth));
	record_fini(&fetch_start_type, &f->start);
}

/* ---- documents, checked ---- */

static bool check_digest(const struct registry_document *document, const char *digest,
			 struct error *err)
{
	char found[CONTENT_DIGEST_SIZE];

	content_digest(document->bytes.data ? document->bytes.data : "", document->bytes.size,
		       found);
	if (!str_equal(found, digest))
		return error_set(err, ERROR_INVALID,
				 "the registry sent '%s' where '%s' was asked for", found, digest);
	return true;
}

static bool get_checked(struct fetch *f, const char *kind, const char *digest, size_t limit,
			struct registry_document *out, struct error *err)
{
	scoped_free char *what = str_format("%s/%s", kind, digest);

	if (!registry_get(f->registry, what, limit, out, err))
		return false;
	if (check_digest(out, digest, err))
		return true;
	registry_document_fini(out);
	return false;
}

/* ---- one image ---- */

/* What is being put together for FETCH_IMAGE. */
struct found {
	struct fetch_image image;
	struct manifest manifest;
	char *manifest_digest;
};

static void found_fini(struct found *found)
{
	record_fini(&fetch_image_type, &found->image);
	manifest_fini(&found->manifest);
	free(found->manifest_digest);
}

static bool take_manifest(struct fetch *f, const struct registry_document *document,
			  const char *digest, struct found *found, struct error *err)
{
	manifest_fini(&found->manifest);
	found->manifest = (struct manifest){0};
	strings_add(&found->image.documents, digest);
	return manifest_parse(document->bytes.data ? document->bytes.data : "",
			      document->bytes.size, document->media_type, &found->manifest, err) &&
	       worker_keep(f->worker, digest, &document->bytes, err);
}

/* The manifest of a tag, whose digest is what came, or of a digest, which it must have. */
static bool get_first(struct fetch *f, const char *tag, struct found *found, struct error *err)
{
	scoped_with(registry_document_fini) struct registry_document document = {0};
	scoped_free char *what =
		str_format("manifests/%s", f->start.digest ? f->start.digest : tag);
	char digest[CONTENT_DIGEST_SIZE];

	if (!registry_get(f->registry, what, MANIFEST_SIZE_MAX, &document, err))
		return false;
	if (f->start.digest && !check_digest(&document, f->start.digest, err))
		return false;
	content_digest(document.bytes.data ? document.bytes.data : "", document.bytes.size, digest);
	found->image.digest = str_dup(digest);
	return take_manifest(f, &document, digest, found, err);
}

/* From a list to the manifest for our platform. */
static bool get_chosen(struct fetch *f, struct found *found, struct error *err)
{
	scoped_with(registry_document_fini) struct registry_document document = {0};
	const struct descriptor *entry = manifest_choose(&found->manifest, &f->platform, err);
	scoped_free char *digest = entry ? str_dup(entry->digest) : NULL;

	if (!entry || !get_checked(f, "manifests", digest, MANIFEST_SIZE_MAX, &document, err) ||
	    !take_manifest(f, &document, digest, found, err))
		return false;
	if (found->manifest.is_list)
		return error_set(err, ERROR_INVALID, "bad manifest: a list within a list");
	return true;
}

static bool parse_config(const struct registry_document *document, struct found *found,
			 struct error *err)
{
	found->image.config = mem_new(struct image_config);
	if (!image_config_parse(document->bytes.data ? document->bytes.data : "",
				document->bytes.size, found->image.config, err))
		return false;
	if (found->image.config->diff_ids.count != found->manifest.layers.count)
		return error_set(err, ERROR_INVALID,
				 "the manifest has %zu layers and the image's configuration %zu",
				 found->manifest.layers.count, found->image.config->diff_ids.count);
	return true;
}

static bool get_config(struct fetch *f, struct found *found, struct error *err)
{
	scoped_with(registry_document_fini) struct registry_document document = {0};
	const char *digest = found->manifest.config.digest;
	scoped_fd int file = -1;

	found->image.id = str_dup(digest);
	strings_add(&found->image.documents, digest);
	if (!worker_want(f->worker, digest, true, &file, err))
		return false;
	if (file < 0)
		return true;
	return get_checked(f, "blobs", digest, CONFIG_SIZE_MAX, &document, err) &&
	       parse_config(&document, found, err) &&
	       worker_have(f->worker, digest, file, &document.bytes, err);
}

static bool find_image(struct fetch *f, const char *tag, struct found *found, struct error *err)
{
	return get_first(f, tag, found, err) &&
	       (!found->manifest.is_list || get_chosen(f, found, err)) && get_config(f, found, err);
}

static bool fetch_one(struct fetch *f, const char *tag, struct error *err)
{
	scoped_with(found_fini) struct found found = {0};
	const struct fetch_start *start = &f->start;
	struct download_settings settings = {
		.transfer = {start->user_agent, start->stall_ms},
		.at_once = start->downloads,
		.attempts = start->attempts,
		.retry_ms = start->retry_ms,
	};

	if (!find_image(f, tag, &found, err))
		return false;
	found.image.tag = str_dup_or_null(tag);
	found.image.layers = found.manifest.layers;
	found.manifest.layers = (struct record_list){0};
	return worker_send(f->worker, FETCH_IMAGE, &fetch_image_type, &found.image, err) &&
	       download_layers(f->worker, f->registry, &found.image.layers, &settings, err);
}

/* ---- all tags ---- */

struct tags {
	struct strings tags;
};
static const struct record_field tags_fields[] = {
	RECORD_FIELD(struct tags, 1, "tags", RECORD_STRINGS, tags),
};
static const struct record_type tags_type = RECORD_TYPE(struct tags, tags_fields);

static bool take_tags(const struct registry_document *document, struct strings *out,
		      struct error *err)
{
	struct tags page = {0};
	scoped_json json_t *json = json_parse(document->bytes.data ? document->bytes.data : "",
					      document->bytes.size, err);
	bool ok = json && record_from_json(&tags_type, json, RECORD_FOR_API, &page, err);

	for (size_t i = 0; ok && i < page.tags.count; i++)
		if (reference_tag_is_valid(page.tags.items[i]) && out->count < TAGS_MAX)
			strings_add(out, page.tags.items[i]);
	record_fini(&tags_type, &page);
	return ok || error_prefix(err, "bad list of tags");
}

static bool list_tags(struct fetch *f, struct strings *out, struct error *err)
{
	scoped_free char *what = str_dup("tags/list");

	for (int page = 0; what && page < PAGES_MAX; page++) {
		scoped_with(registry_document_fini) struct registry_document document = {0};

		if (!registry_get(f->registry, what, TAGS_SIZE_MAX, &document, err) ||
		    !take_tags(&document, out, err))
			return false;
		free(what);
		what = take(document.next);
	}
	return true;
}

/* ---- the whole ---- */

static bool fetch_tag(struct fetch *f, const char *tag, struct error *err)
{
	free(f->asked);
	f->asked = str_format("%s:%s", f->name, tag);
	f->subject.reference = f->asked;
	return fetch_one(f, tag, err);
}

static bool fetch_all(struct fetch *f, struct error *err)
{
	scoped_strings struct strings tags = {0};

	if (!list_tags(f, &tags, err))
		return false;
	for (size_t i = 0; i < tags.count; i++)
		if (!fetch_tag(f, tags.items[i], err))
			return false;
	return true;
}

static bool fetch_wanted(struct fetch *f, struct error *err)
{
	if (f->start.digest) {
		f->asked = str_format("%s@%s", f->name, f->start.digest);
		f->subject.reference = f->asked;
		return fetch_one(f, NULL, err);
	}
	return f->start.tag ? fetch_tag(f, f->start.tag, err) : fetch_all(f, err);
}

/* Without a path nothing is fetched: the question is whether the registry takes the credentials. */
static bool log_in(struct fetch *f, struct error *err)
{
	scoped_with(registry_document_fini) struct registry_document document = {0};

	if (registry_get(f->registry, "", LOGIN_SIZE_MAX, &document, err))
		return true;
	if (err->kind == ERROR_DENIED)
		return error_set(err, ERROR_DENIED,
				 "unauthorized: incorrect username or password");
	return err->kind == ERROR_NOT_FOUND
		       ? error_set(err, ERROR_DENIED, "login attempt to '%s' failed", f->name)
		       : false;
}

/* ---- questions ---- */

static bool answer_look(struct fetch *f, struct error *err)
{
	const char *what = f->start.digest ? f->start.digest : f->start.tag;
	struct look_found found = {0};
	bool ok;

	f->asked = str_format("%s%c%s", f->name, f->start.digest ? '@' : ':', what);
	f->subject.reference = f->asked;
	ok = question_look(f->registry, what, &found, err) &&
	     worker_send(f->worker, LOOK_FOUND, &look_found_type, &found, err);
	record_fini(&look_found_type, &found);
	return ok;
}

static bool answer_search(struct fetch *f, struct error *err)
{
	struct search_found found = {0};
	bool ok = question_search(f->registry, f->start.domain, &f->start, &found, err) &&
		  worker_send(f->worker, SEARCH_FOUND, &search_found_type, &found, err);

	record_fini(&search_found_type, &found);
	return ok;
}

static bool answer_pull(struct fetch *f, struct error *err)
{
	return f->start.path ? fetch_wanted(f, err) : log_in(f, err);
}

static bool (*const answers[])(struct fetch *f, struct error *err) = {
	[FETCH_PULL] = answer_pull,
	[FETCH_LOOK] = answer_look,
	[FETCH_SEARCH] = answer_search,
};

static void open_registry(struct fetch *f)
{
	const struct fetch_start *start = &f->start;
	struct reference reference = {.domain = start->domain, .path = start->path};

	f->name = start->path ? reference_familiar_name(&reference) : str_dup(start->domain);
	f->subject = (struct registry_subject){f->name, f->name};
	f->platform = platform_of(start->os, start->architecture, start->variant);
	registry_credentials_parse(start->auth, &f->credentials);
	f->registry = registry_new(&(struct registry_options){
		.domain = start->domain,
		.path = start->path,
		.subject = &f->subject,
		.rules = {&start->mirrors, &start->insecure},
		.credentials = f->credentials,
		.certificates = &f->certificates,
		.transfer = {start->user_agent, start->stall_ms},
	});
}

/* What is private to root is read, then root is given up, then the network is used. */
static bool fetch(struct fetch *f, struct error *err)
{
	struct message *message;

	if (!worker_expect(f->worker, WORKER_START, &fetch_start_type, &f->start, &message, err) ||
	    !host_certificates_load(f->start.certificates, &f->certificates, err))
		return false;
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != 0)
		return error_set(err, ERROR_SYSTEM, "cannot start libcurl");
	if (!confine_to_network(err))
		return false;
	open_registry(f);
	if (f->start.purpose < 0 || (size_t)f->start.purpose >= array_length(answers))
		return error_set(err, ERROR_SYSTEM, "nobody knows what is asked");
	return answers[f->start.purpose](f, err);
}

void fetch_main(int control)
{
	scoped_with(worker_fini) struct worker worker = {.control = control};
	scoped_with(fetch_fini) struct fetch f = {.worker = &worker};
	struct error err = {0};

	if (!fetch(&f, &err))
		worker_fail(&worker, &err);
}
