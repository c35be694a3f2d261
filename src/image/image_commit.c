#include "image/image_store.h"

#include "base/log.h"

/* A batch that is being written. */
struct image_commit {
	struct image_store *images;
	struct strings folders;
	image_done *done;
	void *data;
};

static void commit_free(struct image_commit *commit)
{
	strings_fini(&commit->folders);
	free(commit);
}

static void forget(struct image_store *images, const struct image_commit *commit)
{
	for (size_t i = 0; i < images->commits.count; i++)
		if (images->commits.items[i] == commit) {
			vector_remove(&images->commits, i);
			return;
		}
}

/* After a failure the records may name the folders still, so they stay; the next start sorts it out. */
static void on_written(void *data, const struct error *err)
{
	struct image_commit *commit = data;

	forget(commit->images, commit);
	if (err)
		log_error("image records not written", err, "folders=%zu", commit->folders.count);
	else
		layer_folders_remove(commit->images, &commit->folders);
	if (commit->done)
		commit->done(commit->data, err);
	commit_free(commit);
}

void images_commit(struct image_store *images, struct image_batch *batch, image_done *done,
		   void *data)
{
	struct image_commit *commit = mem_new(struct image_commit);

	*commit = (struct image_commit){images, batch->folders, done, data};
	batch->folders = (struct strings){0};
	vector_add(&images->commits, commit);
	store_commit(images->store, batch->items, batch->count, STORE_SURVIVES_POWER_CUT,
		     on_written, commit);
	image_batch_fini(batch);
}

void commits_forget(struct image_store *images, const void *data)
{
	for (size_t i = 0; i < images->commits.count; i++)
		if (images->commits.items[i]->data == data)
			images->commits.items[i]->done = NULL;
}

void commits_free(struct image_store *images)
{
	for (size_t i = 0; i < images->commits.count; i++)
		commit_free(images->commits.items[i]);
	vector_fini(&images->commits);
}
