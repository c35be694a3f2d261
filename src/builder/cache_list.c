/* What cache mounts hold: listed here, counted and removed by a worker, which may take long. */
#include "base/id.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/time.h"
#include "builder/cache_folders.h"
#include "os/file.h"
#include "os/job.h"
#include "volume/volume_work.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define ABOUT_LIMIT 4096

struct builder_job {
	struct builder *builder;
	struct job *job;
	struct builder_cache *caches; /* owned */
	size_t count;
	builder_measured *measured;
	builder_pruned *pruned;
	int64_t keep_bytes;
	void *data;
};

static void free_job(struct builder_job *b)
{
	for (size_t i = 0; i < b->count; i++) {
		free(b->caches[i].id);
		free(b->caches[i].about);
	}
	free(b->caches);
	free(b);
}

void builder_job_cancel(struct builder_job *b)
{
	if (!b)
		return;
	job_cancel(b->job);
	free_job(b);
}

/* ---- what is there ---- */

static int64_t ns_of(struct timespec t)
{
	return (int64_t)t.tv_sec * NS_PER_SECOND + t.tv_nsec;
}

/* NAME.id was written when the folder was made, and the folder is touched when it is used. */
static bool read_one(struct builder *builder, const char *name, struct builder_cache *out)
{
	scoped_free char *about = str_format("%s.id", name);
	scoped_buffer struct buffer text = {0};
	struct stat folder, made;
	struct error none;

	if (strchr(name, '.') || fstatat(builder->cache, name, &folder, AT_SYMLINK_NOFOLLOW) < 0 ||
	    !S_ISDIR(folder.st_mode))
		return false;
	*out = (struct builder_cache){.id = str_dup(name), .used_ns = ns_of(folder.st_mtim)};
	out->created_ns = fstatat(builder->cache, about, &made, AT_SYMLINK_NOFOLLOW) == 0
				  ? ns_of(made.st_mtim)
				  : out->used_ns;
	file_read(builder->cache, about, ABOUT_LIMIT, &text, &none);
	out->about = str_format("cached mount %s", text.data ? text.data : "");
	out->in_use = cache_folder_is_used(builder, name);
	return true;
}

static void read_all(struct builder_job *b)
{
	scoped_list DIR *list = folder_list(b->builder->cache);
	struct builder_cache cache;

	for (struct dirent *entry; (entry = folder_next(list));) {
		if (!read_one(b->builder, entry->d_name, &cache))
			continue;
		b->caches = mem_resize(b->caches, b->count + 1, sizeof(cache));
		b->caches[b->count++] = cache;
	}
}

static struct builder_job *new_job(struct builder *builder, void *data)
{
	struct builder_job *b = mem_new(struct builder_job);

	b->builder = builder;
	b->data = data;
	read_all(b);
	return b;
}

static bool start(struct builder_job *b, const char *command, const struct buffer *input,
		  job_done *done, struct error *err)
{
	char program[] = "wherry-worker";
	char *args[] = {program, (char *)(uintptr_t)command, NULL};
	struct job_request request = {.program = b->builder->worker,
				      .args = args,
				      .input = input->data,
				      .size = input->size};

	b->job = job_start(b->builder->loop, &request, done, b, err);
	return b->job != NULL;
}

/* ---- sizes ---- */

static bool take_sizes(struct builder_job *b, const struct buffer *answer, struct error *err)
{
	struct measuring_report report = {0};

	if (!record_decode(&measuring_report_type, answer->data, answer->size, &report, err))
		return false;
	for (size_t i = 0; i < b->count && i < report.bytes.count; i++)
		parse_i64(report.bytes.items[i], &b->caches[i].size);
	record_fini(&measuring_report_type, &report);
	return true;
}

static void on_measured(void *data, const struct buffer *answer, const struct error *err)
{
	struct builder_job *b = data;
	struct error why;

	if (!err && !take_sizes(b, answer, &why))
		err = &why;
	b->measured(b->data, b->caches, b->count, err);
	free_job(b);
}

static bool start_measuring(struct builder_job *b, job_done *done, struct error *err)
{
	struct measuring_plan plan = {0};
	scoped_buffer struct buffer input = {0};

	for (size_t i = 0; i < b->count; i++)
		strings_take(&plan.folders, cache_folder_path(b->builder, b->caches[i].id));
	record_encode(&measuring_plan_type, &plan, &input);
	strings_fini(&plan.folders);
	return start(b, "measure", &input, done, err);
}

struct builder_job *builder_measure(struct builder *builder, builder_measured *done, void *data,
				    struct error *err)
{
	struct builder_job *b = new_job(builder, data);

	b->measured = done;
	if (start_measuring(b, on_measured, err))
		return b;
	free_job(b);
	return NULL;
}

/* ---- removing ---- */

static void on_pruned(void *data, const struct buffer *answer, const struct error *err)
{
	struct builder_job *b = data;
	struct removal_report report = {0};
	scoped_strings struct strings ids = {0};
	struct error why;

	if (!err && !record_decode(&removal_report_type, answer->data, answer->size, &report, &why))
		err = &why;
	for (size_t i = 0; i < b->count; i++)
		if (!b->caches[i].in_use)
			strings_add(&ids, b->caches[i].id);
	b->pruned(b->data, &ids, report.bytes, err);
	record_fini(&removal_report_type, &report);
	free_job(b);
}

/* Out of the way first: a step that begins now makes a new one.  Under a name of its own, since an earlier
 * removal of the same may be going on, or have been left half-way. */
static void move_away(const struct builder *builder, const char *name, struct strings *names)
{
	scoped_free char *about = str_format("%s.id", name), *trash = NULL;
	char id[ID_SIZE];

	id_new(id);
	trash = str_format("%s.%s" CACHE_TRASH, name, id);
	if (renameat(builder->cache, name, builder->cache, trash) == 0)
		strings_add(names, trash);
	unlinkat(builder->cache, about, 0);
}

static bool start_removing(struct builder_job *b, struct error *err)
{
	scoped_free char *folder = str_format("%s/build-cache", b->builder->data_root);
	struct removal_plan plan = {.folder = folder};
	scoped_buffer struct buffer input = {0};

	for (size_t i = 0; i < b->count; i++)
		if (!b->caches[i].in_use)
			move_away(b->builder, b->caches[i].id, &plan.names);
	record_encode(&removal_plan_type, &plan, &input);
	strings_fini(&plan.names);
	return start(b, "remove", &input, on_pruned, err);
}

static int compare_use(const void *a, const void *b)
{
	const struct builder_cache *x = a, *y = b;

	return (x->used_ns > y->used_ns) - (x->used_ns < y->used_ns);
}

/* Those that may stay do: what is marked as in use is not removed. */
static void spare(struct builder_job *b)
{
	int64_t total = 0;

	for (size_t i = 0; i < b->count; i++)
		total += b->caches[i].size;
	qsort(b->caches, b->count, sizeof(*b->caches), compare_use);
	for (size_t i = 0; i < b->count; i++) {
		if (!b->caches[i].in_use && total > b->keep_bytes)
			total -= b->caches[i].size;
		else
			b->caches[i].in_use = true;
	}
}

/* By steps that have begun since they were listed. */
static void note_used(struct builder_job *b)
{
	for (size_t i = 0; i < b->count; i++)
		b->caches[i].in_use |= cache_folder_is_used(b->builder, b->caches[i].id);
}

static void on_measured_to_prune(void *data, const struct buffer *answer, const struct error *err)
{
	struct builder_job *b = data;
	scoped_strings struct strings none = {0};
	struct error why;

	b->job = NULL;
	if (!err && !take_sizes(b, answer, &why))
		err = &why;
	if (!err) {
		note_used(b);
		spare(b);
		if (start_removing(b, &why))
			return;
		err = &why;
	}
	b->pruned(b->data, &none, 0, err);
	free_job(b);
}

static bool is_wished(const struct builder_prune_wish *wish, const struct builder_cache *cache)
{
	if (wish->nothing || (wish->until_ns && cache->used_ns >= wish->until_ns))
		return false;
	return !wish->ids || wish->ids->count == 0 || strings_contain(wish->ids, cache->id);
}

struct builder_job *builder_prune(struct builder *builder, const struct builder_prune_wish *wish,
				  builder_pruned *done, void *data, struct error *err)
{
	struct builder_job *b = new_job(builder, data);

	b->pruned = done;
	b->keep_bytes = wish->keep_bytes;
	for (size_t i = 0; i < b->count; i++)
		b->caches[i].in_use |= !is_wished(wish, &b->caches[i]);
	if (wish->keep_bytes > 0 ? start_measuring(b, on_measured_to_prune, err)
				 : start_removing(b, err))
		return b;
	free_job(b);
	return NULL;
}
