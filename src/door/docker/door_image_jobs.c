/* Images on their way: pull, push, import, load, save.  A pull's progress is written as it comes; the bodies of
 * import and load go to a worker together with the connection. */
#include "door/docker/handlers.h"
#include "door/docker/image_events.h"
#include "format/reference.h"
#include "image/progress.h"

/* ---- pull ---- */

struct pull {
	struct call *call;
	struct image_job *job; /* NULL: it is over */
	char *reference;       /* as it was asked for, in its short form */
};

static void pull_free(void *data)
{
	struct pull *pull = data;

	free(pull->reference);
	free(pull);
}

/* The answer has begun with 200, whatever came of it. */
static void end_in_band(struct call *call, const struct error *err)
{
	scoped_buffer struct buffer line = {0};

	call_begin_stream(call);
	if (err) {
		progress_error(&line, err);
		call_write(call, line.data, line.size);
	}
	call_end_stream(call);
}

/* Docker ends a pull when nobody waits for it any more; what was downloaded is kept for the next. */
static void on_gone(struct call *call)
{
	struct pull *pull = call->state;

	if (pull->job) {
		image_job_cancel(take(pull->job));
		call_drop(call);
	}
}

static void on_progress(void *data, const char *line, size_t size)
{
	struct call *call = ((struct pull *)data)->call;

	if (!call_is_open(call))
		return;
	engine_owner_waits_for_pull(call_engine(call), http_client_process(call->request)->cgroup);
	call_begin_stream(call);
	call_write(call, line, size);
}

/* A registry that wants credentials is no 401 of ours: clients would ask their user for a password to us. */
static void fail_pull(struct call *call, const struct error *err)
{
	struct error failure = *err;

	if (failure.kind == ERROR_DENIED)
		failure.kind = ERROR_SYSTEM;
	call_fail(call, &failure);
}

static void on_pulled(void *data, const struct image_result *result, const struct error *err)
{
	struct pull *pull = data;
	struct call *call = pull->call;

	pull->job = NULL;
	if (!err)
		image_event_publish(call_engine(call), "pull", pull->reference, pull->reference);
	if (call_is_open(call) && err) {
		fail_pull(call, err);
	} else if (call_is_open(call)) {
		call_begin_stream(call);
		call_end_stream(call);
	}
	call_drop(call);
}

/* What fromImage and tag mean together; a digest may stand in tag. */
static char *pull_name(const char *image, const char *tag)
{
	if (str_is_empty(tag))
		return str_dup(image);
	return str_format("%s%s%s", image, strchr(tag, ':') ? "@" : ":", tag);
}

static char *short_name(const char *name)
{
	scoped_reference struct reference ref = {0};
	struct error ignored;

	return reference_parse(name, &ref, &ignored) ? reference_familiar(&ref) : str_dup(name);
}

static bool has_tag(const char *name)
{
	const char *slash = strrchr(name, '/');

	return strchr(slash ? slash : name, ':');
}

static void serve_pull(struct call *call, const char *image)
{
	static const struct image_job_handlers handlers = {on_progress, on_pulled};
	const char *tag = call_query(call, "tag");
	scoped_free char *name = pull_name(image, tag);
	scoped_free char *auth = call_registry_auth(call);
	struct pull *pull = mem_new(struct pull);
	struct image_pull_request request = {
		.reference = name,
		.all_tags = !strchr(name, '@') && str_is_empty(tag) && !has_tag(name),
		.platform = call_query(call, "platform"),
		.auth = auth,
	};
	struct error err;

	*pull = (struct pull){.call = call_hold(call), .reference = short_name(name)};
	call->state = pull;
	call->fini = pull_free;
	call->on_gone = on_gone;
	pull->job = image_pull(call_parts(call)->images, &request, &handlers, pull, &err);
	if (!pull->job) {
		call_fail(call, &err);
		call_drop(call);
	}
}

/* ---- push ---- */

static void on_pushed(void *data, const struct image_result *result, const struct error *err)
{
	struct pull *push = data;
	struct call *call = push->call;

	push->job = NULL;
	for (size_t i = 0; i < result->names.count; i++)
		image_event_publish(call_engine(call), "push", result->names.items[i],
				    result->names.items[i]);
	if (call_is_open(call))
		end_in_band(call, err);
	call_drop(call);
}

/* The name comes without a tag: `tag` says which, or all are meant. */
void serve_image_push(struct call *call)
{
	static const struct image_job_handlers handlers = {on_progress, on_pushed};
	scoped_free char *name = pull_name(call->arguments[0], call_query(call, "tag"));
	scoped_free char *auth = call_registry_auth(call);
	struct image_push_request request = {.reference = name, .auth = auth};
	struct pull *push;
	struct error err;

	if (!http_header(call->request, "x-registry-auth")) {
		error_set(&err, ERROR_INVALID, "bad parameters and missing X-Registry-Auth: EOF");
		call_fail(call, &err);
		return;
	}
	push = mem_new(struct pull);
	*push = (struct pull){.call = call_hold(call)};
	call->state = push;
	call->fini = pull_free;
	call->on_gone = on_gone;
	push->job = image_push(call_parts(call)->images, &request, &handlers, push, &err);
	if (push->job)
		return;
	if (err.kind == ERROR_INVALID)
		call_fail(call, &err);
	else
		end_in_band(call, &err);
	call_drop(call);
}

/* ---- import and load: the connection goes to the worker ---- */

/* The call is over long before the job: what remains is to tell about it. */
static void publish_each(struct engine *engine, const char *action,
			 const struct image_result *result)
{
	for (size_t i = 0; i < result->names.count; i++)
		image_event_publish(engine, action,
				    result->id ? result->id : result->names.items[i],
				    result->names.items[i]);
}

static void on_imported(void *data, const struct image_result *result, const struct error *err)
{
	if (!err)
		publish_each(data, "import", result);
}

static void on_loaded(void *data, const struct image_result *result, const struct error *err)
{
	if (!err)
		publish_each(data, "load", result);
}

/* `changes` may stand several times, once for each instruction. */
static void serve_import(struct call *call, const char *source)
{
	static const struct image_job_handlers handlers = {NULL, on_imported};
	struct image_store *images = call_parts(call)->images;
	struct engine *engine = call_engine(call);
	const char *repository = call_query(call, "repo"), *tag = call_query(call, "tag");
	scoped_free char *name = pull_name(repository ? repository : "", tag);
	scoped_free char *platform = str_dup_or_null(call_query(call, "platform"));
	scoped_free char *message = str_dup_or_null(call_query(call, "message"));
	scoped_free char *from = str_equal(source, "-") || strstr(source, "://")
					 ? str_dup(source)
					 : str_format("http://%s", source);
	struct image_import_request request = {
		.source = from,
		.name = name,
		.message = message,
		.platform = platform,
		.changes = http_query_values(call->request, "changes"),
	};
	struct image_upload body;
	struct error err;

	if (image_import_check(&request, &err)) {
		call_take_upload(call, &body);
		image_import(images, &body, &request, &handlers, engine);
	} else {
		call_fail(call, &err);
	}
	strings_fini(&request.changes);
}

void serve_image_create(struct call *call)
{
	const char *image = call_query(call, "fromImage"), *source = call_query(call, "fromSrc");
	struct error err;

	if (!str_is_empty(image)) {
		serve_pull(call, image);
	} else if (!str_is_empty(source)) {
		serve_import(call, source);
	} else {
		error_set(&err, ERROR_INVALID, "fromImage or fromSrc is needed");
		call_fail(call, &err);
	}
}

void serve_image_load(struct call *call)
{
	static const struct image_job_handlers handlers = {NULL, on_loaded};
	struct image_store *images = call_parts(call)->images;
	struct engine *engine = call_engine(call);
	const char *quiet = call_query(call, "quiet");
	bool is_quiet = !quiet || call_query_bool(call, "quiet");
	scoped_free char *platform = str_dup_or_null(call_query(call, "platform"));
	struct image_upload body;

	call_take_upload(call, &body);
	image_load(images, &body, is_quiet, platform, &handlers, engine);
}

/* ---- save ---- */

static void on_saved(void *data, const struct image_result *result, const struct error *err)
{
	struct engine *engine = data;

	for (size_t i = 0; !err && i < result->names.count; i++)
		image_event_publish(engine, "save", result->names.items[i], result->names.items[i]);
}

/* One by the path, or several by `names`. */
void serve_image_save(struct call *call)
{
	static const struct image_job_handlers handlers = {NULL, on_saved};
	scoped_strings struct strings names = http_query_values(call->request, "names");
	struct image_answer answer;
	struct image_job *job;
	struct error err;

	if (call->arguments[0]) {
		strings_fini(&names);
		strings_add(&names, call->arguments[0]);
	}
	job = image_save(call_parts(call)->images, &names, &handlers, call_engine(call), &err);
	if (!job) {
		call_fail(call, &err);
		return;
	}
	call_take_answer(call, "application/x-tar", &answer);
	image_save_to(job, &answer);
}
