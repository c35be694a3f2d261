/* Folders for COPY: a worker mounts them (build/mount_job.h), started with the first one. */
#include "builder/builder_private.h"

#include "base/memory.h"

void mounter_stop(struct build *build)
{
	worker_process_kill(take(build->mounter));
}

static struct build_slot *slot_at(const struct build *build, int32_t number)
{
	return number >= 0 && (size_t)number < build->slots.count ? build->slots.items[number]
								  : NULL;
}

static void take_made(struct build *build, struct message *message)
{
	struct build_number number = {0};
	struct build_slot *slot;
	struct error err;

	if (!record_decode(&build_number_type, message->data, message->size, &number, &err) ||
	    message->fd_count != 1)
		return;
	slot = slot_at(build, number.number);
	if (slot) {
		slot->mounting = false;
		slot_answer(slot, BUILD_FOLDER, &build_number_type, &number, message->fds, 1);
	}
	close_fd(&message->fds[0]); /* the mount is to go with the worker's descriptor */
}

static void take_failed(struct build *build, const struct message *message)
{
	struct build_failure failure = {0};
	struct build_slot *slot;
	struct error err;

	if (!record_decode(&build_failure_type, message->data, message->size, &failure, &err))
		return;
	slot = slot_at(build, failure.number);
	if (slot) {
		slot->mounting = false;
		slot_answer(slot, BUILD_FAILED, &build_failure_type, &failure, NULL, 0);
	}
	record_fini(&build_failure_type, &failure);
}

static void on_message(void *data, struct message *message)
{
	if (message->type == MOUNT_MADE)
		take_made(data, message);
	else if (message->type == MOUNT_FAILED)
		take_failed(data, message);
}

/* Whoever waits for it waits no more. */
static void on_end(void *data, const struct error *err)
{
	struct build *build = data;
	struct error why;

	build->mounter = NULL;
	if (err)
		why = *err;
	else
		error_set(&why, ERROR_SYSTEM, "the mounter has ended");
	for (size_t i = 0; i < build->slots.count; i++)
		if (build->slots.items[i]->mounting) {
			build->slots.items[i]->mounting = false;
			slot_fail(build->slots.items[i], &why);
		}
}

static bool start_mounter(struct build *build, struct error *err)
{
	static const struct worker_handlers handlers = {on_message, NULL, on_end};

	if (!build->mounter)
		build->mounter = worker_process_start(build->builder->loop, build->builder->worker,
						      "build-mount", &handlers, build, err);
	return build->mounter != NULL;
}

/* `id` "": nothing below. */
static bool mount_image(struct build_slot *slot, const char *id, bool read_only, struct error *err)
{
	struct build *build = slot->build;
	scoped_free char *layers = str_format("%s/layers", build->builder->data_root);
	scoped_free char *name = str_format("l%u", ++build->folders);
	scoped_free char *path = build_path(build, name);
	struct mount_order order = {.number = slot->number,
				    .layers_folder = layers,
				    .writable_folder = path,
				    .read_only = read_only};
	struct image *image = NULL;

	if (!str_is_empty(id) && !(image = build_image(build, id, err)))
		return false;
	if (!start_mounter(build, err))
		return false;
	if (image)
		order.layers = image_rootfs(image);
	slot->mounting = true;
	worker_process_send(build->mounter, (enum worker_message)MOUNT_MAKE, &mount_order_type,
			    &order, NULL, 0);
	strings_fini(&order.layers);
	if (!read_only)
		str_replace(&slot->layer, name);
	return true;
}

bool build_serve_tree(struct build_slot *slot, const struct message *message, struct error *err)
{
	struct build_tree asked = {0};
	bool ok = record_decode(&build_tree_type, message->data, message->size, &asked, err) &&
		  mount_image(slot, asked.image, true, err);

	record_fini(&build_tree_type, &asked);
	return ok;
}

bool build_serve_layer(struct build_slot *slot, const struct message *message, struct error *err)
{
	struct build_layer_request asked = {0};
	bool ok = record_decode(&build_layer_request_type, message->data, message->size, &asked,
				err) &&
		  mount_image(slot, asked.parent, false, err);

	record_fini(&build_layer_request_type, &asked);
	return ok;
}
