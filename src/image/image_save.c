/* Save, as the daemon sees it: images are found and leased, then a worker has the client's connection and
 * asks for one layer after the other. */
#include "image/image_store.h"

#include "format/reference.h"
#include "http/http_chunk.h"
#include "image/source_job.h"

struct save_job {
	struct image_job job; /* first */
	struct worker_process *worker;
	struct leased_images leased;
	struct record_list images; /* struct save_image */
	struct image_result result;
	bool failed;
	struct error failure;
};

static void free_save(struct image_job *job)
{
	struct save_job *s = (struct save_job *)job;

	worker_process_kill(s->worker);
	leased_images_fini(&s->leased);
	record_list_fini(&save_image_type, &s->images);
	strings_fini(&s->result.names);
	free(s);
}

/* ---- which images, under which names ---- */

static struct save_image *find_or_add(struct save_job *s, const struct image *image)
{
	struct save_image *item;

	for (size_t i = 0; i < s->images.count; i++) {
		item = RECORD_AT(s->images, struct save_image, i);
		if (str_equal(item->id, image->id))
			return item;
	}
	item = record_list_add(&save_image_type, &s->images);
	item->id = str_dup(image->id);
	item->diff_ids = strings_copy(&image->config.diff_ids);
	image_made_config(image, &item->config);
	strings_add(&s->result.names, image->id);
	return item;
}

static bool add(struct save_job *s, struct image *image, const char *tag, struct error *err)
{
	struct save_image *item;

	if (!leased_images_add(&s->leased, image, err))
		return false;
	item = find_or_add(s, image);
	if (tag && !strings_contain(&item->tags, tag))
		strings_add(&item->tags, tag);
	return true;
}

/* Every tag of a repository; *found when there is one. */
static bool add_repository(struct save_job *s, const struct reference *ref, bool *found,
			   struct error *err)
{
	scoped_free char *name = reference_familiar_name(ref);
	size_t count, length = strlen(name);
	struct image *const *all = image_all(s->job.images, &count);

	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < all[i]->tags.count; j++) {
			const char *tag = all[i]->tags.items[j];

			if (strncmp(tag, name, length) != 0 || tag[length] != ':' ||
			    strchr(tag + length, '/'))
				continue;
			*found = true;
			if (!add(s, all[i], tag, err))
				return false;
		}
	return true;
}

/* A name without a tag is the whole repository; what is an id has no name. */
static bool add_named(struct save_job *s, const char *name, struct error *err)
{
	scoped_reference struct reference ref = {0};
	struct error ignored;
	bool parsed = reference_parse(name, &ref, &ignored), found = false;
	scoped_free char *familiar = NULL;
	struct image *image;

	if (parsed && !ref.tag && !ref.digest && !add_repository(s, &ref, &found, err))
		return false;
	if (found)
		return true;
	image = image_find(s->job.images, name, err);
	if (!image)
		return false;
	familiar = parsed ? reference_familiar(&ref) : NULL;
	return add(s, image, familiar && strings_contain(&image->tags, familiar) ? familiar : NULL,
		   err);
}

static bool add_all(struct save_job *s, const struct strings *names, struct error *err)
{
	for (size_t i = 0; i < names->count; i++)
		if (!add_named(s, names->items[i], err))
			return false;
	return s->images.count > 0 || error_set(err, ERROR_INVALID, "no image was named");
}

/* ---- the worker ---- */

static void on_message(void *data, struct message *message)
{
	struct save_job *s = data;

	if (s->failed)
		return;
	if (message->type == SAVE_READ)
		leased_images_fini(&s->leased);
	else if (message->type != WORKER_ASK ||
		 leased_images_give(&s->leased, s->worker, message, &s->failure))
		return;
	else
		s->failed = true;
	worker_process_send(s->worker, WORKER_GIVE, NULL, NULL, NULL, 0); /* ends it, if it has failed */
}

static void on_end(void *data, const struct error *err)
{
	struct save_job *s = data;
	struct image_result nothing = {0};
	struct error why;

	s->worker = NULL;
	if (!err && !s->failed) {
		image_job_end(&s->job, &s->result, NULL);
		return;
	}
	why = s->failed ? s->failure : *err;
	image_job_end(&s->job, &nothing, &why);
}

/* ---- the job ---- */

static struct save_job *new_save(struct image_store *images,
				 const struct image_job_handlers *handlers, void *data)
{
	struct save_job *s = mem_new(struct save_job);

	image_job_init(&s->job, images, handlers, data);
	s->job.free = free_save;
	s->leased.images = images;
	return s;
}

struct image_job *image_save(struct image_store *images, const struct strings *names,
			     const struct image_job_handlers *handlers, void *data,
			     struct error *err)
{
	static const struct worker_handlers worker_handlers = {on_message, NULL, on_end};
	struct save_job *s = new_save(images, handlers, data);

	if (add_all(s, names, err))
		s->worker = worker_process_start(images->loop, images->worker, "save",
						 &worker_handlers, s, err);
	if (s->worker)
		return &s->job;
	image_job_cancel(&s->job);
	return NULL;
}

void image_save_to(struct image_job *job, struct image_answer *answer)
{
	struct save_job *s = (struct save_job *)job;
	struct save_start start = {
		.head = answer->head, .chunked = answer->chunked, .images = s->images};

	worker_process_send(s->worker, WORKER_START, &save_start_type, &start, &answer->connection,
			    1);
	image_answer_fini(answer);
}

void image_answer_fini(struct image_answer *answer)
{
	close_fd(&answer->connection);
	buffer_fini(&answer->head);
}
