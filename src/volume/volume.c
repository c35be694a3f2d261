#include "volume/volume_inside.h"

#include "base/log.h"
#include "os/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FOLDER "volumes"

#define FIELD(tag, kind, member) RECORD_FIELD(struct volume_spec, tag, #member, kind, member)

static const struct record_field spec_fields[] = {
	FIELD(1, RECORD_STRING, name),	  FIELD(2, RECORD_STRING, driver),
	FIELD(3, RECORD_I64, created_ns), FIELD(4, RECORD_BOOL, anonymous),
	FIELD(5, RECORD_PAIRS, labels),	  FIELD(6, RECORD_PAIRS, options),
};
const struct record_type volume_spec_type = RECORD_TYPE(struct volume_spec, spec_fields);

static void volume_free(struct volume *volume)
{
	if (!volume)
		return;
	volume_stop_mounting(volume);
	volume_drop_later(volume);
	record_fini(&volume_spec_type, &volume->spec);
	strings_fini(&volume->users);
	free(volume->path);
	free(volume);
}
scoped_define(volume);

struct volume *volume_new(void)
{
	struct volume *volume = mem_new(struct volume);

	list_init(&volume->later);
	return volume;
}

/* ---- the list ---- */

/* Where a name stands or would stand. */
static size_t find_place(const struct volumes *volumes, const char *name)
{
	size_t low = 0, high = volumes->list.count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (strcmp(volumes->list.items[middle]->spec.name, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct volume *volumes_look_up(const struct volumes *volumes, const char *name)
{
	size_t place = find_place(volumes, name);

	if (place < volumes->list.count && str_equal(volumes->list.items[place]->spec.name, name))
		return volumes->list.items[place];
	return NULL;
}

void volumes_insert(struct volumes *volumes, struct volume *volume)
{
	size_t place = find_place(volumes, volume->spec.name);

	vector_add(&volumes->list, volume);
	memmove(volumes->list.items + place + 1, volumes->list.items + place,
		(volumes->list.count - 1 - place) * sizeof(*volumes->list.items));
	volumes->list.items[place] = volume;
	volume->volumes = volumes;
	volume->path = str_format("%s/%s/" VOLUME_DATA, volumes->path, volume->spec.name);
}

void volume_forget(struct volume *volume)
{
	struct volumes *volumes = volume->volumes;

	vector_remove(&volumes->list, find_place(volumes, volume->spec.name));
	volume_free(volume);
}

void volumes_listen(struct volumes *volumes,
		    void (*tell)(void *data, const char *action, const struct volume *volume),
		    void *data)
{
	volumes->tell = tell;
	volumes->tell_data = data;
}

void volume_tell(const struct volume *volume, const char *action)
{
	const struct volumes *volumes = volume->volumes;

	if (volumes->tell)
		volumes->tell(volumes->tell_data, action, volume);
}

size_t volumes_count(const struct volumes *volumes)
{
	return volumes->list.count;
}

struct volume *volumes_at(const struct volumes *volumes, size_t index)
{
	return volumes->list.items[index];
}

struct volume *volumes_find(struct volumes *volumes, const char *name, struct error *err)
{
	struct volume *volume = volumes_look_up(volumes, name);

	if (!volume)
		error_set(err, ERROR_NOT_FOUND, "get %s: no such volume", name);
	return volume;
}

const struct volume_spec *volume_get_spec(const struct volume *volume)
{
	return &volume->spec;
}

const char *volume_path(const struct volume *volume)
{
	return volume->path;
}

size_t volume_use_count(const struct volume *volume)
{
	return volume->users.count;
}

/* ---- opening ---- */

static bool load(void *data, const char *key, const void *value, size_t size)
{
	struct volumes *volumes = data;
	scoped(volume) struct volume *volume = volume_new();
	struct error err;

	if (record_decode(&volume_spec_type, value, size, &volume->spec, &err) && volume->spec.name)
		volumes_insert(volumes, take(volume));
	else
		log_error("a volume's record cannot be read", &err, "key=%s", key);
	return true;
}

/* Folders that a crash left between making and recording, or between forgetting and removing. */
static void remove_leftovers(struct volumes *volumes)
{
	scoped_strings struct strings names = {0};
	DIR *folder = fdopendir(dup(volumes->folder));

	for (struct dirent *entry; folder && (entry = readdir(folder));) {
		const char *name = entry->d_name;
		char *trash = NULL;

		if (str_equal(name, ".") || str_equal(name, "..") || volumes_look_up(volumes, name))
			continue;
		trash = str_starts_with(name, VOLUME_TRASH_PREFIX)
				? str_dup(name)
				: volume_throw_away(volumes, name);
		if (trash)
			strings_take(&names, trash);
	}
	if (folder)
		closedir(folder);
	if (names.count > 0)
		volumes_empty_trash(volumes, &names, NULL, NULL);
}

static bool open_folder(struct volumes *volumes, const char *data_root, struct error *err)
{
	scoped_free char *absolute = realpath(data_root, NULL);

	if (!absolute)
		return error_errno(err, "cannot find '%s'", data_root);
	volumes->path = str_format("%s/" FOLDER, absolute);
	if (mkdir(volumes->path, 0701) < 0 && errno != EEXIST)
		return error_errno(err, "cannot make '%s'", volumes->path);
	volumes->folder = folder_open(AT_FDCWD, volumes->path, err);
	return volumes->folder >= 0;
}

struct volumes *volumes_open(uv_loop_t *loop, struct store *store, const char *data_root,
			     const char *worker, struct error *err)
{
	struct volumes *volumes = mem_new(struct volumes);

	*volumes = (struct volumes){
		.loop = loop, .store = store, .worker = str_dup(worker), .folder = -1};
	if (!open_folder(volumes, data_root, err) ||
	    !store_each(store, VOLUME_RECORD_PREFIX, load, volumes, err)) {
		volumes_close(volumes);
		return NULL;
	}
	remove_leftovers(volumes);
	return volumes;
}

void volumes_close(struct volumes *volumes)
{
	if (!volumes)
		return;
	for (size_t i = 0; i < volumes->list.count; i++)
		volume_free(volumes->list.items[i]);
	vector_fini(&volumes->list);
	volumes_stop_pruning(volumes);
	close_fd(&volumes->folder);
	free(volumes->worker);
	free(volumes->path);
	free(volumes);
}

/* ---- using ---- */

static size_t find_user(const struct volume *volume, const char *user)
{
	size_t i = 0;

	while (i < volume->users.count && !str_equal(volume->users.items[i], user))
		i++;
	return i;
}

void volume_use(struct volume *volume, const char *user)
{
	if (find_user(volume, user) == volume->users.count)
		strings_add(&volume->users, user);
}

void volume_unuse(struct volume *volume, const char *user)
{
	size_t place = find_user(volume, user);

	if (place < volume->users.count)
		strings_remove(&volume->users, place);
}

bool volume_is_empty(const struct volume *volume)
{
	DIR *folder = opendir(volume->path);
	bool empty = folder;

	for (struct dirent *entry; empty && (entry = readdir(folder));)
		empty = str_equal(entry->d_name, ".") || str_equal(entry->d_name, "..");
	if (folder)
		closedir(folder);
	return empty;
}
