#include "engine/mount_request.h"

#include "base/memory.h"
#include "engine/mount_make.h"
#include "format/bind_spec.h"
#include "format/json.h"

/* Since when clients may say, or expect, what; before, it is not there. */
#define NON_RECURSIVE_API     40
#define CREATE_MOUNTPOINT_API 42
#define STRICT_OPTIONS_API    42 /* before, options of another type were ignored */
#define SUBPATH_API	      45

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
	mount_make_bind(out, request->source);
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

	mount_make_volume(out,
			  options && options->driver_config ? options->driver_config->name : NULL);
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
	mount_make_anonymous(out);
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

static bool plan_kind(const struct mount_kind *kind, const struct mount_request *request,
		      int api_minor, struct mount_point *out, struct error *err)
{
	out->from_mounts = true;
	if (!kind)
		error_set(err, ERROR_INVALID, "mount type unknown");
	else if (str_is_empty(request->target))
		error_set(err, ERROR_INVALID, "field Target must not be empty");
	else if (mount_set_destination(out, request->target, err) &&
		 kind->plan(request, api_minor, out, err))
		return true;
	if (err->kind == ERROR_INVALID)
		error_prefix(err, "invalid mount config for type \"%s\"",
			     request->type ? request->type : "");
	return false;
}

bool mount_request_plan(const struct mount_request *request, int api_minor, struct mount_point *out,
			struct error *err)
{
	const struct mount_kind *kind = find_kind(request);

	if (kind && api_minor >= STRICT_OPTIONS_API && !check_options(kind, request, err))
		return false;
	return plan_kind(kind, request, api_minor, out, err);
}
