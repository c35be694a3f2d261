#include "engine/create_private.h"

#include "base/memory.h"
#include "engine/mount_plan.h"

static const struct record_list *mounts_of(void *data, const char *reference, struct error *err)
{
	struct container *c = engine_find(data, reference, err);

	return c ? &c->mounts : NULL;
}

/* Two things cannot be at one place. */
static bool check_files(const struct container *c, struct error *err)
{
	const struct record_list *files = c->extension ? &c->extension->files : NULL;

	for (size_t i = 0; files && i < files->count; i++)
		for (size_t k = 0; k < c->mounts.count; k++) {
			const char *target = RECORD_AT(*files, struct container_file, i)->target;

			if (str_equal(RECORD_AT(c->mounts, struct mount_point, k)->destination,
				      target))
				return error_set(err, ERROR_INVALID, "Duplicate mount point: %s",
						 target);
		}
	return true;
}

/* As if it had made them. */
static void mark_own_volumes(struct container *c)
{
	for (size_t i = 0; c->extension && i < c->mounts.count; i++) {
		struct mount_point *mount = RECORD_AT(c->mounts, struct mount_point, i);

		if (str_equal(mount->type, "volume"))
			mount->anonymous |=
				strings_contain(&c->extension->own_volumes, mount->name);
	}
}

bool create_take_mounts(struct operation *op, struct error *err)
{
	struct create_operation *self = create_of(op);
	struct container *c = self->made;
	struct mount_plan_request request = {
		.config = &c->config,
		.host_config = &c->host_config,
		.api_minor = self->api_minor,
		.mounts_of = mounts_of,
		.data = op->engine,
	};

	if (!mount_plan_make(&request, &c->mounts, err) || !check_files(c, err))
		return false;
	mark_own_volumes(c);
	return true;
}

struct volume *container_make_volume(struct container *c, const struct mount_point *mount,
				     volume_done *done, void *data)
{
	struct volume_request request = {
		.name = mount->name,
		.driver = mount->driver,
		.labels = mount->volume_labels.count ? &mount->volume_labels : NULL,
		.options = mount->volume_options.count ? &mount->volume_options : NULL,
		.anonymous = mount->anonymous,
	};

	return volume_create(c->engine->parts.volumes, &request, done, data);
}
