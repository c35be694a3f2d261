/* Order of precedence, lowest first: VolumesFrom, Binds, Mounts; a volume of the image is made only
 * where nothing else is mounted.  The same destination twice in Binds, Mounts and Tmpfs is an
 * error. */
#include "engine/mount_plan.h"

#include "base/id.h"
#include "base/memory.h"
#include "format/bind_spec.h"
#include "format/json.h"
#include "format/path.h"

struct plan {
	const struct mount_plan_request *request;
	struct record_list mounts; /* struct mount_point */
	size_t inherited;	   /* the first so many came by VolumesFrom */
};

/* ---- paths ---- */

static bool set_destination(struct mount_point *mount, const char *target, struct error *err)
{
	scoped_free char *clean = NULL;

	if (*target != '/')
		return error_set(err, ERROR_INVALID,
				 "invalid mount path: '%s' mount path must be absolute", target);
	clean = path_clean(target);
	if (str_equal(clean, "/"))
		return error_set(err, ERROR_INVALID,
				 "invalid specification: destination can't be '/'");
	free(mount->destination);
	mount->destination = take(clean);
	return true;
}

static void make_anonymous(struct mount_point *mount)
{
	char id[ID_SIZE];

	id_new(id);
	str_replace(&mount->name, id);
	mount->anonymous = true;
}

static void make_volume(struct mount_point *mount, const char *driver)
{
	str_replace(&mount->type, "volume");
	str_replace(&mount->driver, str_is_empty(driver) ? "local" : driver);
	str_replace(&mount->propagation, "");
	mount->copy_up = true;
	mount->rw = true;
}

static void make_bind(struct mount_point *mount, const char *source)
{
	free(mount->source);
	mount->source = path_clean(source);
	str_replace(&mount->type, "bind");
	str_replace(&mount->propagation, "rprivate");
	mount->recursive = true;
	mount->rw = true;
}

/* Since when clients may say, or expect, what; before, it is not there. */
#define NON_RECURSIVE_API	40
#define CREATE_MOUNTPOINT_API	42
#define RECURSIVE_READ_ONLY_API 44
#define SUBPATH_API		45

/* ---- Binds ---- */

static bool plan_bind(const struct plan *plan, const char *text, struct mount_point *out,
		      struct error *err)
{
	scoped_bind_spec struct bind_spec spec = {0};

	if (!bind_spec_parse(text, &spec, err))
		return false;
	if (spec.is_volume)
		make_volume(out, plan->request->host_config->volume_driver);
	else
		make_bind(out, spec.source);
	if (spec.is_volume && spec.source)
		str_replace(&out->name, spec.source);
	else if (spec.is_volume)
		make_anonymous(out);
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

/* ---- Mounts ---- */

static bool refuse(struct error *err, const char *field)
{
	return error_set(err, ERROR_INVALID, "field %s must not be specified", field);
}

static bool set_propagation(struct mount_point *mount, const char *text, struct error *err)
{
	struct bind_mode mode;

	if (str_is_empty(text))
		return true;
	if (!bind_mode_parse(text, &mode, err) || !str_equal(mode.propagation, text))
		return error_set(err, ERROR_INVALID, "invalid propagation mode: %s", text);
	str_replace(&mount->propagation, text);
	return true;
}

/* What is mounted below can always be made read-only on the kernels that we run on, so to force it asks
 * for nothing more. */
static bool apply_bind_options(const struct bind_options *options, int api_minor,
			       struct mount_point *out, struct error *err)
{
	bool shallow = api_minor >= RECURSIVE_READ_ONLY_API && options->read_only_non_recursive;

	if (shallow && options->read_only_force_recursive)
		return error_set(err, ERROR_INVALID,
				 "ReadOnlyForceRecursive and ReadOnlyNonRecursive are mutually "
				 "exclusive");
	out->recursive = api_minor < NON_RECURSIVE_API || !options->non_recursive;
	out->make_source = api_minor >= CREATE_MOUNTPOINT_API && options->create_mountpoint;
	out->read_only_recursive = out->read_only_recursive && out->recursive && !shallow;
	return set_propagation(out, options->propagation, err);
}

static bool plan_bind_mount(const struct mount_request *request, int api_minor,
			    struct mount_point *out, struct error *err)
{
	if (str_is_empty(request->source))
		return error_set(err, ERROR_INVALID, "field Source must not be empty");
	if (*request->source != '/')
		return error_set(err, ERROR_INVALID,
				 "invalid mount path: '%s' mount path must be absolute",
				 request->source);
	make_bind(out, request->source);
	out->rw = !request->read_only;
	out->read_only_recursive = request->read_only && api_minor >= RECURSIVE_READ_ONLY_API;
	return !request->bind_options ||
	       apply_bind_options(request->bind_options, api_minor, out, err);
}

/* By name only; where its links lead is seen when it is mounted. */
static bool take_subpath(const char *subpath, struct mount_point *out, struct error *err)
{
	scoped_strings struct strings parts = strings_split(subpath ? subpath : "", '/');
	int depth = 0;

	if (str_is_empty(subpath))
		return true;
	for (size_t i = 0; i < parts.count && depth >= 0; i++)
		if (str_equal(parts.items[i], ".."))
			depth--;
		else if (*parts.items[i] && !str_equal(parts.items[i], "."))
			depth++;
	if (depth < 0 || *subpath == '/')
		return error_set(err, ERROR_INVALID,
				 "subpath must be a relative path within the volume");
	str_replace(&out->subpath, subpath);
	return true;
}

static bool plan_volume_mount(const struct mount_request *request, int api_minor,
			      struct mount_point *out, struct error *err)
{
	const struct volume_options *options = request->volume_options;

	make_volume(out, options && options->driver_config ? options->driver_config->name : NULL);
	out->rw = !request->read_only;
	if (options && api_minor >= SUBPATH_API && !take_subpath(options->subpath, out, err))
		return false;
	if (options) {
		out->copy_up = !options->no_copy;
		out->volume_labels = pairs_copy(&options->labels);
	}
	if (options && options->driver_config)
		out->volume_options = pairs_copy(&options->driver_config->options);
	if (!str_is_empty(request->source)) {
		str_replace(&out->name, request->source);
		return true;
	}
	if (request->read_only)
		return error_set(err, ERROR_INVALID,
				 "must not set ReadOnly mode when using anonymous volumes");
	make_anonymous(out);
	return true;
}

/* [["noexec"], ["size", "64m"]] as mount(8) writes them. */
static bool add_option_pairs(const char *text, struct strings *out, struct error *err)
{
	json_t *pairs = text ? json_parse(text, strlen(text), err) : json_array();
	size_t index;
	json_t *pair;

	if (!pairs)
		return false;
	json_array_foreach (pairs, index, pair) {
		const char *name = json_string_value(json_array_get(pair, 0));
		const char *value = json_string_value(json_array_get(pair, 1));

		if (name && value)
			strings_format(out, "%s=%s", name, value);
		else if (name)
			strings_add(out, name);
	}
	json_decref(pairs);
	return true;
}

static bool plan_tmpfs_mount(const struct mount_request *request, int api_minor,
			     struct mount_point *out, struct error *err)
{
	const struct tmpfs_options *options = request->tmpfs_options;
	scoped_strings struct strings words = {0};

	(void)api_minor;
	if (!str_is_empty(request->source))
		return refuse(err, "Source");
	str_replace(&out->type, "tmpfs");
	str_replace(&out->propagation, "");
	out->rw = !request->read_only;
	if (options && options->size_bytes < 0)
		return error_set(err, ERROR_INVALID, "tmpfs size must not be negative");
	if (options && options->size_bytes > 0)
		strings_format(&words, "size=%lld", (long long)options->size_bytes);
	if (options && options->mode > 0)
		strings_format(&words, "mode=%llo", (unsigned long long)options->mode);
	if (options && !add_option_pairs(options->options, &words, err))
		return false;
	if (words.count > 0)
		out->options = strings_join(&words, ",");
	return true;
}

static bool plan_layers_mount(const struct mount_request *request, int api_minor,
			      struct mount_point *out, struct error *err)
{
	(void)api_minor;
	(void)err;
	str_replace(&out->type, "layers");
	str_replace(&out->propagation, "");
	out->source = str_dup_or_null(request->source);
	out->subpath = str_dup_or_null(request->subpath);
	out->layers_folder = str_dup(request->layers_folder);
	out->layers = strings_copy(&request->layers);
	out->rw = !request->read_only;
	return true;
}

static const struct mount_kind {
	const char *type;
	bool (*plan)(const struct mount_request *request, int api_minor, struct mount_point *out,
		     struct error *err);
	bool bind_options, volume_options, tmpfs_options; /* what may be said */
} mount_kinds[] = {
	{"bind", plan_bind_mount, true, false, false},
	{"volume", plan_volume_mount, false, true, false},
	{"tmpfs", plan_tmpfs_mount, false, false, true},
	{"layers", plan_layers_mount, false, false, false},
};

/* Layers are named by a build of our own, never by a client. */
static const struct mount_kind *find_kind(const struct mount_request *request)
{
	for (size_t i = 0; i < array_length(mount_kinds); i++)
		if (str_equal(mount_kinds[i].type, request->type) &&
		    (request->layers_folder || !str_equal(request->type, "layers")))
			return &mount_kinds[i];
	return NULL;
}

#define STRICT_OPTIONS_API 42 /* before, options of another type were ignored */

static bool check_options(const struct mount_kind *kind, const struct mount_request *request,
			  struct error *err)
{
	const struct {
		const char *name;
		bool wrong;
	} options[] = {
		{"BindOptions", request->bind_options && !kind->bind_options},
		{"VolumeOptions", request->volume_options && !kind->volume_options},
		{"TmpfsOptions", request->tmpfs_options && !kind->tmpfs_options},
	};

	for (size_t i = 0; i < array_length(options); i++)
		if (options[i].wrong)
			return error_set(err, ERROR_INVALID,
					 "%s must not be specified on mount type \"%s\"",
					 options[i].name, kind->type);
	return true;
}

static bool plan_mount(const struct mount_request *request, int api_minor, struct mount_point *out,
		       struct error *err)
{
	const struct mount_kind *kind = find_kind(request);

	out->from_mounts = true;
	if (!kind)
		error_set(err, ERROR_INVALID, "mount type unknown");
	else if (str_is_empty(request->target))
		error_set(err, ERROR_INVALID, "field Target must not be empty");
	else if (set_destination(out, request->target, err) &&
		 kind->plan(request, api_minor, out, err))
		return true;
	if (err->kind == ERROR_INVALID)
		error_prefix(err, "invalid mount config for type \"%s\"",
			     request->type ? request->type : "");
	return false;
}

/* ---- tmpfs ---- */

static bool takes_value(const char *option)
{
	static const char *const names[] = {
		"size=", "mode=", "uid=", "gid=", "nr_inodes=", "nr_blocks=", "mpol=", "huge="};

	for (size_t i = 0; i < array_length(names); i++)
		if (str_starts_with(option, names[i]))
			return true;
	return false;
}

static bool set_flag(const char *option, struct tmpfs_flags *flags)
{
	const struct {
		const char *name;
		bool *flag; /* NULL: nothing to do */
		bool value;
	} known[] = {
		{"ro", &flags->read_only, true},  {"rw", &flags->read_only, false},
		{"nosuid", &flags->nosuid, true}, {"suid", &flags->nosuid, false},
		{"nodev", &flags->nodev, true},	  {"dev", &flags->nodev, false},
		{"noexec", &flags->noexec, true}, {"exec", &flags->noexec, false},
		{"defaults", NULL, false},	  {"noatime", NULL, false},
		{"atime", NULL, false},		  {"relatime", NULL, false},
		{"nodiratime", NULL, false},	  {"strictatime", NULL, false},
		{"async", NULL, false},		  {"sync", NULL, false},
	};

	for (size_t i = 0; i < array_length(known); i++) {
		if (!str_equal(known[i].name, option))
			continue;
		if (known[i].flag)
			*known[i].flag = known[i].value;
		return true;
	}
	return false;
}

bool tmpfs_options_parse(const char *text, char **options, struct tmpfs_flags *flags,
			 struct error *err)
{
	scoped_strings struct strings words = strings_split(text ? text : "", ','), kept = {0};
	struct tmpfs_flags read = {.nosuid = true, .nodev = true, .noexec = true};

	for (size_t i = 0; i < words.count; i++) {
		const char *word = words.items[i];

		if (takes_value(word))
			strings_add(&kept, word);
		else if (*word && !set_flag(word, &read))
			return error_set(err, ERROR_INVALID, "invalid tmpfs option [\"%s\"]", word);
	}
	*options = strings_join(&kept, ",");
	*flags = read;
	return true;
}

/* ---- the plan ---- */

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

		record_copy(&mount_point_type, RECORD_AT(*theirs, struct mount_point, i), &copy);
		copy.anonymous = false; /* it goes with the container that made it */
		copy.copy_up = false;
		copy.rw = copy.rw && !parsed.read_only;
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

static bool add_requested(struct plan *plan, const struct mount_request *request, struct error *err)
{
	struct mount_point mount = {0};
	const struct mount_kind *kind = find_kind(request);

	if (kind && plan->request->api_minor >= STRICT_OPTIONS_API &&
	    !check_options(kind, request, err))
		return false;
	if (plan_mount(request, plan->request->api_minor, &mount, err))
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

static bool add_tmpfs(struct plan *plan, struct error *err)
{
	const struct pairs *tmpfs = &plan->request->host_config->tmpfs;

	for (size_t i = 0; i < tmpfs->count; i++) {
		struct mount_point mount = {.type = str_dup("tmpfs"), .rw = true};
		struct tmpfs_flags flags;
		scoped_free char *options = NULL;

		mount.options = str_dup_or_null(tmpfs->items[i].value);
		if (!set_destination(&mount, tmpfs->items[i].name, err) ||
		    !tmpfs_options_parse(mount.options, &options, &flags, err)) {
			record_fini(&mount_point_type, &mount);
			return false;
		}
		if (!add_mount(plan, &mount, err))
			return false;
	}
	return true;
}

static bool add_image_volumes(struct plan *plan, struct error *err)
{
	const struct strings *volumes = &plan->request->config->volumes;

	for (size_t i = 0; i < volumes->count; i++) {
		struct mount_point mount = {0};

		make_volume(&mount, plan->request->host_config->volume_driver);
		make_anonymous(&mount);
		if (!set_destination(&mount, volumes->items[i], err)) {
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
