/* Building the image of one service: `build` of the file as a request of the builder. */
#include "cmd/cli/build_named.h"
#include "cmd/cli/build_run.h"
#include "cmd/cli/build_secret.h"
#include "cmd/cli/stream_progress.h"
#include "cmd/compose/body.h"
#include "cmd/compose/files.h"
#include "cmd/compose/images.h"
#include "cmd/compose/verbs.h"
#include "format/base64.h"
#include "format/json.h"
#include "format/path.h"
#include "format/units.h"

/* ---- what cannot be asked for ---- */

static bool refuse(const struct service *service, const struct node *at, const char *key,
		   const char *reason, struct error *err)
{
	if (!at->place.file)
		return error_set(err, ERROR_UNSUPPORTED, "services.%s.build.%s: %s", service->name,
				 key, reason);
	return error_set(err, ERROR_UNSUPPORTED, "%s:%u:%u: services.%s.build.%s: %s",
			 at->place.file, at->place.line, at->place.column, service->name, key,
			 reason);
}

static bool is_given(const struct node *node)
{
	switch (node ? node->kind : NODE_NULL) {
	case NODE_NULL:
		return false;
	case NODE_BOOL:
		return node->truth;
	case NODE_LIST:
	case NODE_MAP:
		return node->count > 0;
	case NODE_INT:
	case NODE_FLOAT:
	case NODE_TEXT:
		break;
	}
	return true;
}

bool image_check_build(const struct compose *compose, const struct service *service,
		       struct error *err)
{
	static const struct {
		const char *key, *reason;
		bool ours; /* wherryd has it */
	} rows[] = {
		{"cache_to", "the daemon's builder keeps its cache to itself", false},
		{"entitlements", "the daemon's builder grants none", false},
		{"privileged", "the daemon's builder grants no more rights", false},
		{"secrets", "the classic builder of this daemon has no secrets", true},
		{"ssh", "the classic builder of this daemon hands on no agents", true},
	};
	const struct node *build = node_get(service->node, "build");
	const struct node *platforms = node_get(build, "platforms");
	const struct node *contexts = node_get(build, "additional_contexts");

	for (size_t i = 0; i < array_length(rows); i++) {
		const struct node *value = node_get(build, rows[i].key);

		if (is_given(value) && !(rows[i].ours && compose->features.is_wherry))
			return refuse(service, value, rows[i].key, rows[i].reason, err);
	}
	if (is_given(contexts) && !compose->features.folders)
		return refuse(service, contexts, "additional_contexts",
			      "the classic builder of this daemon has one context", err);
	if (platforms && platforms->count > 1)
		return refuse(service, platforms, "platforms",
			      "the daemon's builder builds for one platform at a time", err);
	return true;
}

/* ---- the request ---- */

static void build_fini(struct build *build)
{
	const struct option_set sets[OPTION_SETS] = {{build_options, BUILD_OPTION_COUNT}};

	options_fini(sets, build);
}

static void add_texts(const struct node *list, struct strings *out)
{
	node_each (item, list)
		strings_add(out, item->value->text);
}

/* One that is not to be had makes a build slower, not another. */
static void add_caches(const struct image_job *job, const struct node *list, struct strings *out)
{
	struct error why;

	node_each (item, list)
		if (!build_add_cache(item->value->text, out, &why))
			compose_warn(job->compose, "services.%s.build.cache_from: %s",
				     job->service->name, why.text);
}

/* A name alone has the value that it has here; unset, the Dockerfile's default counts. */
static void add_arguments(const struct image_job *job, const struct node *args, struct strings *out)
{
	node_each (arg, args) {
		const char *value =
			arg->value->kind == NODE_NULL
				? pairs_get(&job->compose->project->environment, arg->key)
				: arg->value->text;

		if (value)
			strings_format(out, "%s=%s", arg->key, value);
		else
			strings_add(out, arg->key);
	}
	for (size_t i = 0; job->wishes->build_args && i < job->wishes->build_args->count; i++) {
		const char *text = job->wishes->build_args->items[i];
		const char *value = strchr(text, '=')
					    ? NULL
					    : pairs_get(&job->compose->project->environment, text);

		if (value)
			strings_format(out, "%s=%s", text, value);
		else
			strings_add(out, text);
	}
}

static void add_labels(const struct image_job *job, const struct node *labels, struct strings *out)
{
	const struct project *project = job->compose->project;

	node_each (label, labels)
		strings_format(out, "%s=%s", label->key, label->value->text);
	strings_format(out, "com.docker.compose.project=%s", project->name);
	strings_format(out, "com.docker.compose.service=%s", job->service->name);
	strings_format(out, "com.docker.compose.version=%s", compose_level(project->style));
}

static void add_addresses(const struct node_member *host, struct strings *out)
{
	node_each (address, host->value)
		strings_format(out, "%s:%s", host->key, address->value->text);
}

static json_t *ulimits_of(const struct node *limits)
{
	json_t *list = json_array();

	node_each (limit, limits) {
		bool pair = limit->value->kind == NODE_MAP;
		int64_t soft = pair ? node_get_int(limit->value, "soft", 0) : limit->value->number;
		int64_t hard = pair ? node_get_int(limit->value, "hard", 0) : limit->value->number;

		json_array_append_new(list, json_pack("{s:s, s:I, s:I}", "Name", limit->key, "Soft",
						      (json_int_t)soft, "Hard", (json_int_t)hard));
	}
	return list;
}

static bool read_size(const char *text, struct option_number *number, struct error *err)
{
	if (str_is_empty(text))
		return true;
	number->given = true;
	return size_from_text(text, &number->value, err);
}

static const char *platform_of(const struct service *service, const struct node *build)
{
	const struct node *platforms = node_get(build, "platforms");

	return platforms && platforms->count ? platforms->members[0].value->text
					     : image_platform(service);
}

static bool make_build(const struct image_job *job, struct build *build, struct error *err)
{
	const struct node *node = node_get(job->service->node, "build");
	const struct image_wishes *wishes = job->wishes;

	strings_add(&build->tags, job->service->image);
	add_texts(node_get(node, "tags"), &build->tags);
	add_caches(job, node_get(node, "cache_from"), &build->cache_from);
	add_texts(node_get(node, "ssh"), &build->ssh);
	for (size_t i = 0; wishes->ssh && i < wishes->ssh->count; i++)
		strings_add(&build->ssh, wishes->ssh->items[i]);
	add_arguments(job, node_get(node, "args"), &build->build_args);
	add_labels(job, node_get(node, "labels"), &build->labels);
	node_each (host, node_get(node, "extra_hosts"))
		add_addresses(host, &build->add_host);
	build->network = str_dup(node_get_text(node, "network", "default"));
	build->target = str_dup(node_get_text(node, "target", ""));
	build->platform = str_dup(platform_of(job->service, node));
	build->ulimits = ulimits_of(node_get(node, "ulimits"));
	build->no_cache = wishes->no_cache || node_get_bool(node, "no_cache", false);
	build->pull = wishes->pull || node_get_bool(node, "pull", false);
	build->remove = !wishes->keep;
	build->force_remove = wishes->force_remove;
	return read_size(node_get_text(node, "shm_size", ""), &build->shm_size, err) &&
	       read_size(wishes->memory, &build->memory, err);
}

/* ---- its secrets ---- */

static bool add_secret(const struct image_job *job, const struct node *use, json_t *all,
		       struct error *err)
{
	const char *source = node_get_text(use, "source", "");
	const char *id = node_get_text(use, "target", source), *slash = strrchr(id, '/');
	const struct resource *secret = resources_get(&job->compose->project->secrets, source);
	scoped_buffer struct buffer content = {0}, encoded = {0};

	if (!secret)
		return error_set(err, ERROR_INVALID,
				 "services.%s.build.secrets: undefined secret %s",
				 job->service->name, source);
	if (!body_content(job->compose->project, "secrets", secret, &host_files, &content, err))
		return false;
	base64_encode(content.data ? content.data : "", content.size, &encoded);
	doc_set_text(all, slash ? slash + 1 : id, encoded.data ? encoded.data : "");
	return true;
}

static bool add_secrets(const struct image_job *job, json_t *all, struct error *err)
{
	node_each (use, node_get(node_get(job->service->node, "build"), "secrets"))
		if (!add_secret(job, use->value, all, err))
			return false;
	return true;
}

/* ---- further contexts ---- */

/* What another service builds, by its id: that is nowhere to be pulled. */
static bool add_built(const struct image_job *job, struct http_client *client, const char *name,
		      const char *image, json_t *all, struct error *err)
{
	scoped_target struct target target = target_format("/images/%s/json", image);
	struct api_request request = {.client = client, .method = "GET", .target = &target};
	json_t *document = NULL;

	if (!api_call(job->compose->cli, &request, &document, err))
		return error_prefix(err, "services.%s.build.additional_contexts.%s",
				    job->service->name, name);
	doc_set_text(all, name, doc_text(document, "Id"));
	json_decref(document);
	return true;
}

static bool add_context(const struct image_job *job, struct http_client *client,
			struct build_context *context, const struct node_member *named, json_t *all,
			struct error *err)
{
	static const char of_service[] = "service:";
	const char *text = named->value->text;
	const struct service *other =
		str_starts_with(text, of_service)
			? project_service(job->compose->project, text + strlen(of_service))
			: NULL;

	if (other)
		return add_built(job, client, named->key, other->image, all, err);
	if (build_named_add(context, named->key, text, all, err))
		return true;
	struct error why = *err;
	refuse(job->service, named->value, "additional_contexts", why.text, err);
	err->os = why.os;
	return false;
}

static bool add_contexts(const struct image_job *job, struct http_client *client,
			 struct build_context *context, json_t *all, struct error *err)
{
	node_each (named, node_get(node_get(job->service->node, "build"), "additional_contexts"))
		if (!add_context(job, client, context, named, all, err))
			return false;
	return true;
}

/* ---- the build ---- */

static bool open_context(const struct image_job *job, struct build_context *context,
			 struct error *err)
{
	const struct node *build = node_get(job->service->node, "build");
	const char *folder = node_get_text(build, "context", job->compose->project->directory);
	const char *file = node_get_text(build, "dockerfile", "Dockerfile");
	const char *text = node_get_text(build, "dockerfile_inline", "");
	bool usual = strcmp(file, "Dockerfile") == 0, local = *folder == '/';
	scoped_free char *joined =
		local && *file != '/' ? str_format("%s/%s", folder, file) : str_dup(file);
	scoped_free char *clean = local ? path_clean(joined) : str_dup(joined);

	if (*text)
		return build_context_open_inline(context, folder, text, err);
	return build_context_open(context, folder, usual ? NULL : clean, err);
}

struct hearing {
	const struct image_job *job;
	struct build_context *context;
	struct stream_progress *errors; /* shows nothing, but knows them */
};

static bool hear(void *data, const json_t *message, struct error *err)
{
	struct hearing *hearing = data;

	if (hearing->job->tell)
		hearing->job->tell(hearing->job->data, message);
	return stream_progress_show(hearing->errors, message, err);
}

/* As the daemon would tell it, if it were its own matter. */
static void tell_sent(void *data, bool whole)
{
	struct hearing *hearing = data;
	scoped_json json_t *message = NULL;
	scoped_free char *size = NULL;

	if (!whole || !hearing->job->tell)
		return;
	size = size_to_text_fine((double)hearing->context->sent);
	message = json_object();
	doc_set_format(message, "stream", "Sending build context to %s daemon %8s\n",
		       hearing->job->compose->cli->product, size);
	hearing->job->tell(hearing->job->data, message);
}

static bool run(const struct image_job *job, struct http_client *client, struct error *err)
{
	scoped_with(build_fini) struct build build = {0};
	scoped_build_context struct build_context context = {0};
	scoped_with(stream_progress_free_at) struct stream_progress *errors =
		stream_progress_new(-1);
	scoped_json json_t *secrets = json_object(), *contexts = json_object();
	struct hearing hearing = {job, &context, errors};
	struct build_run how = {
		.build = &build,
		.context = &context,
		.client = client,
		.contexts = contexts,
		.secrets = secrets,
		.hear = hear,
		.sent = tell_sent,
		.data = &hearing,
	};

	return make_build(job, &build, err) && add_secrets(job, secrets, err) &&
	       open_context(job, &context, err) &&
	       add_contexts(job, client, &context, contexts, err) &&
	       build_run(job->compose->cli, &how, err);
}

bool image_build_service(const struct image_job *job, struct error *err)
{
	struct http_client *client;

	if (!image_check_build(job->compose, job->service, err) ||
	    !(client = api_connect(job->compose->cli, err)))
		return false;
	bool good = run(job, client, err);
	http_client_free(client);
	return good;
}
