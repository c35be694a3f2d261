/* Order of precedence, lowest first: VolumesFrom, Binds, Mounts; a volume of the image is made only
 * where nothing else is mounted.  The same destination twice in Binds, Mounts and Tmpfs is an
 * error. */
#include "engine/mount_plan.h"

#include "base/memory.h"
#include "engine/mount_make.h"
#include "engine/mount_request.h"
#include "engine/tmpfs_options.h"
#include "format/bind_spec.h"

struct plan {
	const struct mount_plan_request *request;
	struct record_list mounts; /* struct mount_point */
	size_t inherited;	   /* the first so many came by VolumesFrom */
};

static struct mount_point *find_mount(struct plan *plan, const char *destination, size_t from)
{
	for (size_t i = from; i < plan->mounts.count; i++) {
		struct mount_point *mount = RECORD_AT(plan->mounts, struct mount_point, i);

		if (str_equal(mount->destination, destination))
			return mount;
	}
	return NULL;
}

/* Moves `mount` into the plan; one that came by VolumesFrom gives way. */
static bool add_mount(struct plan *plan, struct mount_point *mount, struct error *err)
{
	struct mount_point *at = find_mount(plan, mount->destination, plan->inherited);

	if (at) {
		error_set(err, ERROR_INVALID, "Duplicate mount point: %s", mount->destination);
		record_fini(&mount_point_type, mount);
		return false;
	}
	at = find_mount(plan, mount->destination, 0);
	if (at)
		record_fini(&mount_point_type, at);
	else
		at = record_list_add(&mount_point_type, &plan->mounts);
	*at = *mount;
	return true;
}

static void inherit_mount(const struct mount_point *theirs, bool read_only, struct mount_point *out)
{
	record_copy(&mount_point_type, theirs, out);
	out->anonymous = false; /* it goes with the container that made it */
	out->copy_up = false;
	out->rw = out->rw && !read_only;
}

/* A mode behind the container's name applies to all of its mounts. */
static bool inherit(struct plan *plan, const char *text, struct error *err)
{
	scoped_strings struct strings parts = strings_split(text, ':');
	const struct record_list *theirs;
	const char *mode = parts.count > 1 ? parts.items[1] : "rw";
	struct bind_mode parsed;

	if (parts.count > 2 || str_is_empty(parts.items[0]))
		return error_set(err, ERROR_INVALID, "malformed volumes-from specification: %s",
				 text);
	if (!bind_mode_parse(mode, &parsed, err) || *parsed.propagation)
		return error_set(err, ERROR_INVALID, "invalid mode for volumes-from: %s", mode);
	theirs = plan->request->mounts_of(plan->request->data, parts.items[0], err);
	if (!theirs) { /* a bad request: "not found" would have clients pull the image */
		err->kind = ERROR_INVALID;
		return false;
	}
	for (size_t i = 0; i < theirs->count; i++) {
		struct mount_point copy = {0};

		inherit_mount(RECORD_AT(*theirs, struct mount_point, i), parsed.read_only, &copy);
		if (!add_mount(plan, &copy, err))
			return false;
		plan->inherited = plan->mounts.count;
	}
	return true;
}

static bool add_volumes_from(struct plan *plan, struct error *err)
{
	const struct strings *from = &plan->request->host_config->volumes_from;

	for (size_t i = 0; i < from->count; i++)
		if (!inherit(plan, from->items[i], err))
			return false;
	return true;
}

/* ---- Binds ---- */

static bool plan_bind(const struct plan *plan, const char *text, struct mount_point *out,
		      struct error *err)
{
	scoped_bind_spec struct bind_spec spec = {0};

	if (!bind_spec_parse(text, &spec, err))
		return false;
	if (spec.is_volume)
		mount_make_volume(out, plan->request->host_config->volume_driver);
	else
		mount_make_bind(out, spec.source);
	if (spec.is_volume && spec.source)
		str_replace(&out->name, spec.source);
	else if (spec.is_volume)
		mount_make_anonymous(out);
	out->make_source = !spec.is_volume;
	out->destination = take(spec.target);
	out->mode = take(spec.mode);
	out->rw = !spec.options.read_only;
	out->copy_up = out->copy_up && !spec.options.no_copy;
	out->read_only_recursive =
		!out->rw && !spec.is_volume && plan->request->api_minor >= RECURSIVE_READ_ONLY_API;
	if (*spec.options.propagation)
		str_replace(&out->propagation, spec.options.propagation);
	return true;
}

static bool add_binds(struct plan *plan, struct error *err)
{
	const struct strings *binds = &plan->request->host_config->binds;

	for (size_t i = 0; i < binds->count; i++) {
		struct mount_point mount = {0};

		if (!plan_bind(plan, binds->items[i], &mount, err)) {
			record_fini(&mount_point_type, &mount);
			return false;
		}
		if (!add_mount(plan, &mount, err))
			return false;
	}
	return true;
}

/* ---- Mounts ---- */

static bool add_requested(struct plan *plan, const struct mount_request *request, struct error *err)
{
	struct mount_point mount = {0};

	if (mount_request_plan(request, plan->request->api_minor, &mount, err))
		return add_mount(plan, &mount, err);
	record_fini(&mount_point_type, &mount);
	return false;
}

static bool add_mounts(struct plan *plan, struct error *err)
{
	const struct record_list *list = &plan->request->host_config->mounts;

	for (size_t i = 0; i < list->count; i++)
		if (!add_requested(plan, RECORD_AT(*list, struct mount_request, i), err))
			return false;
	return true;
}

/* ---- tmpfs ---- */

static bool add_tmpfs(struct plan *plan, struct error *err)
{
	const struct pairs *tmpfs = &plan->request->host_config->tmpfs;

	for (size_t i = 0; i < tmpfs->count; i++) {
		struct mount_point mount = {.type = str_dup("tmpfs"), .rw = true};
		struct tmpfs_flags flags;
		scoped_free char *options = NULL;

		mount.options = str_dup_or_null(tmpfs->items[i].value);
		if (!mount_set_destination(&mount, tmpfs->items[i].name, err) ||
		    !tmpfs_options_parse(mount.options, &options, &flags, err)) {
			record_fini(&mount_point_type, &mount);
			return false;
		}
		if (!add_mount(plan, &mount, err))
			return false;
	}
	return true;
}

/* ---- volumes of the image ---- */

static bool add_image_volumes(struct plan *plan, struct error *err)
{
	const struct strings *volumes = &plan->request->config->volumes;

	for (size_t i = 0; i < volumes->count; i++) {
		struct mount_point mount = {0};

		mount_make_volume(&mount, plan->request->host_config->volume_driver);
		mount_make_anonymous(&mount);
		if (!mount_set_destination(&mount, volumes->items[i], err)) {
			record_fini(&mount_point_type, &mount);
			return false;
		}
		if (find_mount(plan, mount.destination, 0))
			record_fini(&mount_point_type, &mount);
		else if (!add_mount(plan, &mount, err))
			return false;
	}
	return true;
}

/* ---- all ---- */

static int by_destination(const void *a, const void *b)
{
	const struct mount_point *left = a, *right = b;

	return strcmp(left->destination, right->destination);
}

bool mount_plan_make(const struct mount_plan_request *request, struct record_list *out,
		     struct error *err)
{
	struct plan plan = {.request = request};

	if (add_volumes_from(&plan, err) && add_binds(&plan, err) && add_tmpfs(&plan, err) &&
	    add_mounts(&plan, err) && add_image_volumes(&plan, err)) {
		if (plan.mounts.count > 1)
			qsort(plan.mounts.items, plan.mounts.count, sizeof(struct mount_point),
			      by_destination);
		*out = plan.mounts;
		return true;
	}
	record_list_fini(&mount_point_type, &plan.mounts);
	return false;
}
