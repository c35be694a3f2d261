/* Making volumes: names and options as Docker judges them, the folder, the record. */
#include "volume/volume_inside.h"

#include "base/id.h"
#include "base/time.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#define ANONYMOUS_LABEL "com.docker.volume.anonymous"

static bool name_is_valid(const char *name)
{
	if (!isalnum((unsigned char)name[0]))
		return false;
	for (const char *c = name; *c; c++)
		if (!isalnum((unsigned char)*c) && !strchr("_.-", *c))
			return false;
	return true;
}

static bool check_name(const char *name, struct error *err)
{
	if (strlen(name) < 2)
		return error_set(
			err, ERROR_INVALID,
			"create %s: volume name is too short, names should be at least two "
			"alphanumeric characters",
			name);
	if (!name_is_valid(name))
		return error_set(err, ERROR_INVALID,
				 "create %s: \"%s\" includes invalid characters for a local volume "
				 "name, only \"[a-zA-Z0-9][a-zA-Z0-9_.-]\" are allowed. If you "
				 "intended to pass a host directory, use absolute path",
				 name, name);
	return true;
}

/* What each option needs beside it. */
static const struct {
	const char *name, *needs[2];
} known_options[] = {
	{"type", {"device"}},
	{"device", {"type"}},
	{"o", {"device", "type"}},
	{"size"},
};

static bool is_known_option(const char *name)
{
	for (size_t i = 0; i < array_length(known_options); i++)
		if (str_equal(known_options[i].name, name))
			return true;
	return false;
}

static bool check_needs(const char *name, const struct pairs *options, struct error *err)
{
	for (size_t i = 0; i < array_length(known_options); i++)
		for (size_t j = 0; j < 2 && known_options[i].needs[j]; j++)
			if (pairs_have(options, known_options[i].name) &&
			    !pairs_have(options, known_options[i].needs[j]))
				return error_set(err, ERROR_INVALID,
						 "create %s: missing required option: \"%s\"", name,
						 known_options[i].needs[j]);
	return true;
}

/* A quota of a folder, which only some filesystems could have; those that are mounted take theirs in
 * `o`. */
static bool check_size(const char *name, const struct pairs *options, struct error *err)
{
	return str_is_empty(pairs_get(options, "size")) ||
	       error_set(err, ERROR_INVALID, "create %s: quota size requested but no quota support",
			 name);
}

static bool check_options(const char *name, const struct pairs *options, struct error *err)
{
	for (size_t i = 0; options && i < options->count; i++)
		if (!is_known_option(options->items[i].name))
			return error_set(err, ERROR_INVALID, "create %s: invalid option: \"%s\"",
					 name, options->items[i].name);
	return !options || (check_needs(name, options, err) && check_size(name, options, err));
}

static bool check_driver(const struct volume *existing, const char *driver, const char *name,
			 struct error *err)
{
	if (!str_is_empty(driver) && !str_equal(driver, "local"))
		return existing ? error_set(err, ERROR_CONFLICT,
					    "create %s: conflict: volume name must be unique", name)
				: error_set(err, ERROR_NOT_FOUND,
					    "create %s: error looking up volume plugin %s: plugin "
					    "\"%s\" not found",
					    name, driver, driver);
	return true;
}

static bool make_folders(const struct volumes *volumes, const char *name, struct error *err)
{
	scoped_free char *data = str_format("%s/" VOLUME_DATA, name);

	/* A folder that stands there without a record is a leftover of a failure. */
	if (mkdirat(volumes->folder, name, 0701) < 0 && errno != EEXIST)
		return error_errno(err, "create %s: cannot make its folder", name);
	if (mkdirat(volumes->folder, data, 0755) < 0 && errno != EEXIST)
		return error_errno(err, "create %s: cannot make its folder", name);
	return true;
}

/* What only adds records leaves the rest of the disk to those that end something. */
static bool has_room(const struct volumes *volumes, const char *name, struct error *err)
{
	if (!store_disk_is_full(volumes->store))
		return true;
	error_set(err, ERROR_SYSTEM, "create %s", name);
	err->os = ENOSPC;
	return false;
}

static struct volume *make_volume(const struct volume_request *request, const char *name)
{
	bool anonymous = request->anonymous || str_is_empty(request->name);
	struct volume *volume = volume_new();

	volume->spec = (struct volume_spec){
		.name = str_dup(name),
		.driver = str_dup("local"),
		.created_ns = time_now_ns(),
		.anonymous = anonymous,
	};
	if (request->labels)
		volume->spec.labels = pairs_copy(request->labels);
	if (request->options)
		volume->spec.options = pairs_copy(request->options);
	if (anonymous)
		pairs_set(&volume->spec.labels, ANONYMOUS_LABEL, "");
	return volume;
}

static void on_recorded(void *data, const struct error *err)
{
	struct volume *volume = data;
	struct volumes *volumes = volume->volumes;
	volume_done *done = volume->created;
	void *done_data = volume->data;
	struct link later;

	list_init(&later);
	list_move(&later, &volume->later);
	volume->recording = false;
	if (!err)
		volume_tell(volume, "create");
	if (err) {
		volume_remove_folder(volumes, volume->spec.name);
		volume_forget(volume);
	}
	if (done)
		done(done_data, err ? NULL : volume, err);
	volumes_ask_again(volumes, &later);
}

static void save(struct volume *volume, volume_done *done, void *data)
{
	scoped_free char *key = str_format(VOLUME_RECORD_PREFIX "%s", volume->spec.name);
	scoped_buffer struct buffer value = {0};

	volume->recording = true;
	volume->created = done;
	volume->data = data;
	record_encode(&volume_spec_type, &volume->spec, &value);
	store_put(volume->volumes->store, key, value.data, value.size, STORE_SURVIVES_POWER_CUT,
		  on_recorded, volume);
}

static struct volume *refuse(volume_done *done, void *data, const struct error *err)
{
	if (done)
		done(data, NULL, err);
	return NULL;
}

struct volume *volume_create(struct volumes *volumes, const struct volume_request *request,
			     volume_done *done, void *data)
{
	char id[ID_SIZE];
	struct volume *volume;
	struct error err = {0};

	id_new(id);
	const char *name = str_is_empty(request->name) ? id : request->name;
	volume = volumes_look_up(volumes, name);
	if (!check_name(name, &err) || !check_driver(volume, request->driver, name, &err))
		return refuse(done, data, &err);
	if (volume && (volume->recording || volume->removing)) {
		volume_ask_later(volume, request, done, data);
		return NULL;
	}
	if (volume) {
		if (done)
			done(data, volume, NULL);
		return volume;
	}
	if (!check_options(name, request->options, &err) || !has_room(volumes, name, &err) ||
	    !make_folders(volumes, name, &err))
		return refuse(done, data, &err);
	volume = make_volume(request, name);
	volumes_insert(volumes, volume);
	save(volume, done, data);
	return volume;
}
