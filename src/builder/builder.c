#include "builder/builder_private.h"
#include "builder/cache_folders.h"

#include "base/log.h"
#include "base/memory.h"
#include "format/platform.h"
#include "format/reference.h"
#include "os/file.h"
#include "os/job.h"
#include "volume/volume_work.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#define CONTEXT_LIMIT (INT64_C(64) << 30)
#define SLOTS_MAX     (BUILD_STAGES_LIMIT + 1)

/* ---- requests ---- */

void build_request_fini(struct build_request *r)
{
	char **texts[] = {&r->dockerfile,  &r->remote,	    &r->target,
			  &r->platform,	   &r->network,	    &r->cgroup_parent,
			  &r->cpuset_cpus, &r->cpuset_mems, &r->id};

	for (size_t i = 0; i < array_length(texts); i++)
		free(*texts[i]);
	strings_fini(&r->names);
	strings_fini(&r->cache_from);
	strings_fini(&r->extra_hosts);
	pairs_fini(&r->build_args);
	pairs_fini(&r->labels);
	pairs_fini(&r->contexts);
	pairs_fini(&r->credentials);
	pairs_fini(&r->secrets);
	pairs_fini(&r->agents);
	record_list_fini(&ulimit_type, &r->ulimits);
	*r = (struct build_request){0};
}

static bool check_name(const char *name, struct error *err)
{
	scoped_reference struct reference ref = {0};

	if (!reference_parse(name, &ref, err))
		return false;
	return !ref.digest || error_set(err, ERROR_INVALID, "build tag cannot contain a digest");
}

bool build_request_check(const struct build_request *request, struct error *err)
{
	struct platform platform;

	for (size_t i = 0; i < request->names.count; i++)
		if (!check_name(request->names.items[i], err))
			return false;
	for (size_t i = 0; i < request->agents.count; i++)
		if (request->agents.items[i].value[0] != '/')
			return error_set(err, ERROR_INVALID, "ssh %s: '%s' is no absolute path",
					 request->agents.items[i].name,
					 request->agents.items[i].value);
	return str_is_empty(request->platform) || platform_parse(request->platform, &platform, err);
}

/* ---- folders ---- */

static void on_removed(void *data, const struct buffer *answer, const struct error *err)
{
	(void)data;
	(void)answer;
	if (err)
		log_warning("cannot remove what a build left", err, "job=remove");
}

/* Names below a folder of the data root, by a worker: there may be millions of files. */
static void remove_folders(struct builder *builder, const char *where, const struct strings *names)
{
	scoped_free char *folder = str_format("%s/%s", builder->data_root, where);
	struct removal_plan plan = {.folder = folder, .names = *names};
	char job[] = "remove", program[] = "wherry-worker";
	char *args[] = {program, job, NULL};
	scoped_buffer struct buffer input = {0};
	struct error err;

	if (names->count == 0)
		return;
	record_encode(&removal_plan_type, &plan, &input);
	struct job_request request = {
		.program = builder->worker, .args = args, .input = input.data, .size = input.size};
	if (!job_start(builder->loop, &request, on_removed, NULL, &err))
		log_warning("cannot remove what a build left", &err, "job=remove");
}

/* The folder of a build that is over: by another thread, since a cached build is to cost no process. */
struct removal {
	uv_work_t work;
	int folder; /* owned */
	char *name;
	bool ok;
	struct error err;
};

static void remove_tree(uv_work_t *work)
{
	struct removal *removal = container_of(work, struct removal, work);

	removal->ok = tree_remove(removal->folder, removal->name, &removal->err);
}

static void after_removal(uv_work_t *work, int status)
{
	struct removal *removal = container_of(work, struct removal, work);

	(void)status;
	if (!removal->ok)
		log_warning("cannot remove what a build left", &removal->err, "");
	close_fd(&removal->folder);
	free(removal->name);
	free(removal);
}

static void remove_folder(const struct builder *builder, const char *name)
{
	struct removal *removal = mem_new(struct removal);

	removal->folder = fcntl(builder->folder, F_DUPFD_CLOEXEC, 0);
	removal->name = str_dup(name);
	uv_queue_work(builder->loop, &removal->work, remove_tree, after_removal);
}

static void sweep_folders(struct builder *builder)
{
	scoped_strings struct strings names = {0};
	scoped_list DIR *list = folder_list(builder->folder);

	if (!list)
		return;
	for (struct dirent *entry; (entry = folder_next(list));)
		if (entry->d_name[0] != '.')
			strings_add(&names, entry->d_name);
	remove_folders(builder, "builds", &names);
}

/* Caches whose removal was left half-way. */
static void sweep_caches(struct builder *builder)
{
	scoped_strings struct strings names = {0};
	scoped_list DIR *list = folder_list(builder->cache);

	if (!list)
		return;
	for (struct dirent *entry; (entry = folder_next(list));)
		if (str_ends_with(entry->d_name, CACHE_TRASH))
			strings_add(&names, entry->d_name);
	remove_folders(builder, "build-cache", &names);
}

/* Small files, in memory. */
static void sweep_secrets(const struct builder *builder)
{
	scoped_fd int run = -1;
	struct error err;

	run = folder_open(AT_FDCWD, builder->exec_root, &err);
	if (run >= 0 && !tree_remove(run, "build", &err))
		log_warning("cannot remove what a build left", &err, "");
}

char *build_path(const struct build *build, const char *name)
{
	return str_format("%s/builds/%s/%s", build->builder->data_root, build->id, name);
}

static bool make_folders(struct build *build, struct error *err)
{
	static const char *const names[] = {"in", "in/context", "in/extra"};
	int builds = build->builder->folder;

	if (mkdirat(builds, build->id, 0700) < 0)
		return error_errno(err, "cannot make a folder for the build");
	build->folder = folder_open(builds, build->id, err);
	for (size_t i = 0; build->folder >= 0 && i < array_length(names); i++)
		if (mkdirat(build->folder, names[i], 0755) < 0)
			return error_errno(err, "cannot make a folder for the build");
	build->inside = build->folder < 0 ? -1 : folder_open(build->folder, "in", err);
	return build->inside >= 0;
}

/* ---- answers ---- */

void slot_answer(struct build_slot *slot, enum build_message type,
		 const struct record_type *record_type, const void *record, const int *fds,
		 size_t fd_count)
{
	if (slot->build->worker)
		worker_process_send(slot->build->worker, (enum worker_message)type, record_type,
				    record, fds, fd_count);
}

void slot_fail(struct build_slot *slot, const struct error *err)
{
	struct build_failure failure = {slot->number, (int32_t)err->kind, err->os,
					(char *)(uintptr_t)err->text};

	slot_answer(slot, BUILD_FAILED, &build_failure_type, &failure, NULL, 0);
}

void slot_answer_image(struct build_slot *slot, const struct image *image, bool with_config)
{
	struct build_image answer = {.number = slot->number};

	if (image) {
		answer.id = image->id;
		answer.config =
			with_config ? (struct image_config *)(uintptr_t)&image->config : NULL;
	}
	slot_answer(slot, BUILD_IMAGE, &build_image_type, &answer, NULL, 0);
}

/* ---- leases ---- */

bool build_lease(struct build *build, struct image *image, struct error *err)
{
	for (size_t i = 0; i < build->leased.count; i++)
		if (build->leased.items[i] == image)
			return true;
	if (!image_lease(build->builder->images, image, err))
		return false;
	vector_add(&build->leased, image);
	return true;
}

struct image *build_image(struct build *build, const char *id, struct error *err)
{
	struct image *image = image_by_id(build->builder->images, id ? id : "");

	if (!image) {
		error_set(err, ERROR_NOT_FOUND, "No such image: %s", id ? id : "");
		return NULL;
	}
	return build_lease(build, image, err) ? image : NULL;
}

/* ---- slots ---- */

static void free_slot(struct build_slot *slot)
{
	if (slot->job)
		image_job_cancel(slot->job);
	worker_process_kill(slot->fetcher);
	if (slot->run)
		step_run_cancel(slot->run);
	free(slot->fetched);
	strings_fini(&slot->names);
	free(slot->layer);
	free(slot->reference);
	free(slot);
}

static struct build_slot *slot_of(struct build *build, int32_t number, struct error *err)
{
	if (number < 0 || number >= SLOTS_MAX) {
		error_set(err, ERROR_SYSTEM, "the build worker says what makes no sense");
		return NULL;
	}
	while (build->slots.count <= (size_t)number) {
		struct build_slot *slot = mem_new(struct build_slot);

		slot->build = build;
		slot->number = (int32_t)build->slots.count;
		vector_add(&build->slots, slot);
	}
	return build->slots.items[number];
}

/* ---- the end ---- */

static void free_build(struct build *build)
{
	struct builder *builder = build->builder;

	list_remove(&build->link);
	worker_process_kill(build->worker);
	for (size_t i = 0; i < build->slots.count; i++)
		free_slot(build->slots.items[i]);
	vector_fini(&build->slots);
	mounter_stop(build);
	for (size_t i = 0; i < build->leased.count; i++)
		image_release(builder->images, build->leased.items[i]);
	vector_fini(&build->leased);
	if (build->folder >= 0)
		remove_folder(builder, build->id);
	close_fd(&build->folder);
	close_fd(&build->inside);
	build_request_fini(&build->request);
	free(build);
}

static bool take_end(struct build *build, const struct message *message, struct error *err)
{
	struct build_end end = {0};
	bool ok = record_decode(&build_end_type, message->data, message->size, &end, err);

	build->ended = true;
	if (ok && end.id)
		log_info("image built", "id=%s", end.id);
	else if (ok)
		log_info("build failed", "why=%s", end.text ? end.text : "");
	record_fini(&build_end_type, &end);
	return ok;
}

/* ---- the worker ---- */

static const struct {
	enum build_message type;
	build_service *serve;
} services[] = {
	{BUILD_RESOLVE, build_serve_resolve}, {BUILD_FIND, build_serve_find},
	{BUILD_TREE, build_serve_tree},	      {BUILD_RUN, build_serve_run},
	{BUILD_LAYER, build_serve_layer},     {BUILD_COMMIT, build_serve_commit},
	{BUILD_TAG, build_serve_tag},	      {BUILD_FETCH, build_serve_fetch},
};

/* RUN carries its number in the commit that it ends with. */
static bool number_of(const struct message *message, int32_t *number, struct error *err)
{
	struct build_run_request run = {0};
	struct build_number plain = {0};
	bool ok;

	if (message->type != BUILD_RUN) {
		ok = record_decode(&build_number_type, message->data, message->size, &plain, err);
		*number = plain.number;
		return ok;
	}
	ok = record_decode(&build_run_request_type, message->data, message->size, &run, err);
	*number = run.commit.number;
	record_fini(&build_run_request_type, &run);
	return ok;
}

static bool take_request(struct build *build, const struct message *message, struct error *err)
{
	struct build_slot *slot;
	struct error why;
	int32_t number;

	if (!number_of(message, &number, err))
		return false;
	slot = slot_of(build, number, err);
	if (!slot)
		return false;
	if (slot->job || slot->run || slot->fetcher || slot->mounting)
		return error_set(err, ERROR_SYSTEM, "the build worker asks twice at once");
	for (size_t i = 0; i < array_length(services); i++) {
		if (services[i].type != (enum build_message)message->type)
			continue;
		if (!services[i].serve(slot, message, &why))
			slot_fail(slot, &why);
		return true;
	}
	return error_set(err, ERROR_SYSTEM, "the build worker asks for message %u", message->type);
}

/* What it sends in a form that cannot be ends it; the client sees its connection closed. */
static void on_message(void *data, struct message *message)
{
	struct build *build = data;
	struct error err;
	bool ok = message->type == BUILD_END ? take_end(build, message, &err)
					     : take_request(build, message, &err);

	if (ok)
		return;
	log_error("build worker ended", &err, "build=%s", build->id);
	free_build(build);
}

static void on_end(void *data, const struct error *err)
{
	struct build *build = data;

	build->worker = NULL;
	if (!build->ended)
		log_info("build cancelled", "build=%s why=%s", build->id,
			 err ? err->text : "the client has gone");
	free_build(build);
}

/* ---- the beginning ---- */

static void fill_start(const struct build *build, const struct image_upload *upload,
		       struct build_start *start)
{
	const struct build_request *r = &build->request;

	*start = (struct build_start){
		.framing = (int32_t)upload->framing,
		.length = (int64_t)upload->length,
		.expects_continue = upload->expects_continue,
		.early = upload->early,
		.head = upload->head,
		.chunked = upload->chunked,
		.size_limit = CONTEXT_LIMIT,
		.dockerfile = r->dockerfile,
		.remote = r->remote,
		.names = r->names,
		.quiet = r->quiet,
		.no_cache = r->no_cache,
		.pull = r->pull,
		.keep_failed = !r->remove && !r->force_remove,
		.build_args = r->build_args,
		.labels = r->labels,
		.contexts = r->contexts,
		.target = r->target,
		.platform = r->platform,
		.remove = r->remove,
	};
}

static bool start_worker(struct build *build, const struct image_upload *upload, struct error *err)
{
	static const struct worker_handlers handlers = {on_message, NULL, on_end};
	struct build_start start;
	int fds[] = {upload->connection, build->inside};

	build->worker = worker_process_start(build->builder->loop, build->builder->worker, "build",
					     &handlers, build, err);
	if (!build->worker)
		return false;
	fill_start(build, upload, &start);
	worker_process_send(build->worker, (enum worker_message)BUILD_START, &build_start_type,
			    &start, fds, array_length(fds));
	return true;
}

void builder_start(struct builder *builder, struct build_request *request,
		   struct image_upload *upload)
{
	struct build *build = mem_new(struct build);
	struct error err;

	build->builder = builder;
	build->request = *request;
	*request = (struct build_request){0};
	build->folder = build->inside = -1;
	id_new(build->id);
	list_append(&builder->builds, &build->link);
	if (!make_folders(build, &err) || !start_worker(build, upload, &err)) {
		log_error("cannot start a build", &err, "");
		image_upload_refuse(upload, &err);
		free_build(build);
	}
	image_upload_fini(upload);
}

bool builder_cancel(struct builder *builder, const char *id, struct error *err)
{
	list_each(item, &builder->builds)
	{
		struct build *build = container_of(item, struct build, link);

		if (!build->request.id || !str_equal(build->request.id, id))
			continue;
		log_info("build cancelled", "build=%s", build->id);
		free_build(build);
		return true;
	}
	return error_set(err, ERROR_NOT_FOUND, "no such build: %s", id);
}

/* ---- opening ---- */

static void on_ready(void *data)
{
	step_runs_sweep(data);
}

struct builder *builder_open(struct engine *engine, const struct builder_settings *settings,
			     struct error *err)
{
	struct builder *builder = mem_new(struct builder);
	const struct engine_parts *parts = engine_get_parts(engine);
	scoped_free char *path = str_format("%s/builds", settings->data_root);
	scoped_free char *cache = str_format("%s/build-cache", settings->data_root);

	builder->engine = engine;
	builder->images = parts->images;
	builder->loop = parts->loop;
	builder->data_root = str_dup(settings->data_root);
	builder->exec_root = str_dup(settings->exec_root);
	builder->worker = str_dup(settings->worker);
	builder->folder = -1;
	list_init(&builder->builds);
	list_init(&builder->runs);
	builder->cache = -1;
	if (folder_make(AT_FDCWD, path, 0700, err) && folder_make(AT_FDCWD, cache, 0700, err)) {
		builder->folder = folder_open(AT_FDCWD, path, err);
		builder->cache = folder_open(AT_FDCWD, cache, err);
	}
	if (builder->folder < 0 || builder->cache < 0) {
		builder_close(builder);
		return NULL;
	}
	sweep_folders(builder);
	sweep_caches(builder);
	sweep_secrets(builder);
	builder->events = engine_subscribe(engine, step_runs_hear, builder);
	engine_when_ready(engine, on_ready, builder);
	return builder;
}

void builder_close(struct builder *builder)
{
	if (!builder)
		return;
	while (!list_is_empty(&builder->builds))
		free_build(list_first(&builder->builds, struct build, link));
	engine_unsubscribe(builder->events);
	cache_folders_fini(builder);
	close_fd(&builder->folder);
	close_fd(&builder->cache);
	free(builder->data_root);
	free(builder->exec_root);
	free(builder->worker);
	free(builder);
}
