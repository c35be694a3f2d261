#include "volume/volume.h"

#include "base/id.h"
#include "base/log.h"
#include "base/time.h"
#include "os/file.h"
#include "os/job.h"
#include "volume/volume_work.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define RECORD_PREFIX	"volume/"
#define FOLDER		"volumes"
#define TRASH_PREFIX	".trash-"
#define ANONYMOUS_LABEL "com.docker.volume.anonymous"
#define DATA		"_data"

struct volume {
	struct volume_spec spec;
	struct volumes *volumes; /* borrowed */
	char *path;
	struct strings users;

	/* While its record is being written or removed: */
	bool removing;
	volume_done *created;
	void (*gone)(struct volume *volume, const struct error *err);
	volume_removed *removed;
	void *data; /* of whichever is set */
};

struct volumes {
	uv_loop_t *loop;
	struct store *store; /* borrowed */
	char *worker, *path;
	int folder;
	struct {
		struct volume **items; /* owned, by name */
		size_t count, capacity;
	} list;
	struct pruning *pruning; /* owned; NULL: none is under way */
};

struct pruning {
	struct volumes *volumes;
	struct volume_pruned pruned;
	struct strings trash;
	size_t pending;
	struct job *job;
	volume_prune_done *done;
	void *data;
};

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
	record_fini(&volume_spec_type, &volume->spec);
	strings_fini(&volume->users);
	free(volume->path);
	free(volume);
}
scoped_define(volume);

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

static struct volume *find_volume(const struct volumes *volumes, const char *name)
{
	size_t place = find_place(volumes, name);

	if (place < volumes->list.count && str_equal(volumes->list.items[place]->spec.name, name))
		return volumes->list.items[place];
	return NULL;
}

static void insert(struct volumes *volumes, struct volume *volume)
{
	size_t place = find_place(volumes, volume->spec.name);

	vector_add(&volumes->list, volume);
	memmove(volumes->list.items + place + 1, volumes->list.items + place,
		(volumes->list.count - 1 - place) * sizeof(*volumes->list.items));
	volumes->list.items[place] = volume;
	volume->volumes = volumes;
	volume->path = str_format("%s/%s/" DATA, volumes->path, volume->spec.name);
}

static void forget(struct volume *volume)
{
	struct volumes *volumes = volume->volumes;

	vector_remove(&volumes->list, find_place(volumes, volume->spec.name));
	volume_free(volume);
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
	struct volume *volume = find_volume(volumes, name);

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

/* ---- removing trees ---- */

/* Moved out of the way, under a name that no volume can have; NULL: there was nothing, or it stays. */
static char *throw_away(const struct volumes *volumes, const char *name)
{
	char random[16 + 1];
	unsigned char bytes[8];

	random_bytes(bytes, sizeof(bytes));
	hex_encode(bytes, sizeof(bytes), random);
	scoped_free char *trash = str_format(TRASH_PREFIX "%s", random);
	if (renameat(volumes->folder, name, volumes->folder, trash) == 0)
		return take(trash);
	if (errno != ENOENT)
		log_warning("cannot remove a volume's folder", NULL, "name=%s errno=%d", name,
			    errno);
	return NULL;
}

static int64_t read_report(const struct buffer *answer, const struct error *job_error)
{
	struct removal_report report = {0};
	struct error err;
	int64_t bytes;

	if (job_error)
		log_warning("cannot remove volumes", job_error, "job=remove");
	else if (!record_decode(&removal_report_type, answer->data, answer->size, &report, &err))
		log_warning("cannot remove volumes", &err, "job=remove");
	else if (report.error)
		log_warning(report.error, NULL, "job=remove errno=%d", report.error_os);
	bytes = report.bytes;
	record_fini(&removal_report_type, &report);
	return bytes;
}

static void on_trash_removed(void *data, const struct buffer *answer, const struct error *job_error)
{
	read_report(answer, job_error);
}

/* What stays because of a failure is removed when the daemon starts the next time. */
static struct job *empty_trash(struct volumes *volumes, const struct strings *names, job_done *done,
			       void *data)
{
	struct removal_plan plan = {.folder = volumes->path, .names = *names};
	char *args[] = {"wherry-worker", "remove", NULL};
	scoped_buffer struct buffer input = {0};
	struct error err;
	struct job *job;

	record_encode(&removal_plan_type, &plan, &input);
	struct job_request request = {
		.program = volumes->worker, .args = args, .input = input.data, .size = input.size};
	job = job_start(volumes->loop, &request, done, data, &err);
	if (!job)
		log_warning("cannot remove volumes", &err, "job=remove");
	return job;
}

static void remove_folder(struct volumes *volumes, const char *name)
{
	char *trash = throw_away(volumes, name);
	scoped_strings struct strings names = {0};

	if (!trash)
		return;
	strings_take(&names, trash);
	empty_trash(volumes, &names, on_trash_removed, NULL);
}

/* ---- opening ---- */

static bool load(void *data, const char *key, const void *value, size_t size)
{
	struct volumes *volumes = data;
	scoped(volume) struct volume *volume = mem_new(struct volume);
	struct error err;

	if (record_decode(&volume_spec_type, value, size, &volume->spec, &err) && volume->spec.name)
		insert(volumes, take(volume));
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

		if (str_equal(name, ".") || str_equal(name, "..") || find_volume(volumes, name))
			continue;
		trash = str_starts_with(name, TRASH_PREFIX) ? str_dup(name)
							    : throw_away(volumes, name);
		if (trash)
			strings_take(&names, trash);
	}
	if (folder)
		closedir(folder);
	if (names.count > 0)
		empty_trash(volumes, &names, on_trash_removed, NULL);
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
	    !store_each(store, RECORD_PREFIX, load, volumes, err)) {
		volumes_close(volumes);
		return NULL;
	}
	remove_leftovers(volumes);
	return volumes;
}

static void pruning_free(struct pruning *p)
{
	if (!p)
		return;
	job_cancel(p->job);
	strings_fini(&p->pruned.names);
	strings_fini(&p->trash);
	free(p);
}

void volumes_close(struct volumes *volumes)
{
	if (!volumes)
		return;
	for (size_t i = 0; i < volumes->list.count; i++)
		volume_free(volumes->list.items[i]);
	vector_fini(&volumes->list);
	pruning_free(volumes->pruning);
	close_fd(&volumes->folder);
	free(volumes->worker);
	free(volumes->path);
	free(volumes);
}

/* ---- making ---- */

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

static bool check_options(const char *name, const struct pairs *options, struct error *err)
{
	for (size_t i = 0; options && i < options->count; i++)
		if (!is_known_option(options->items[i].name))
			return error_set(err, ERROR_INVALID, "create %s: invalid option: \"%s\"",
					 name, options->items[i].name);
	if (!options || options->count == 0)
		return true;
	return check_needs(name, options, err) &&
	       error_set(err, ERROR_UNSUPPORTED,
			 "create %s: volumes with the option \"%s\" are not supported", name,
			 options->items[0].name);
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
	if (existing && existing->removing)
		return error_set(err, ERROR_CONFLICT, "create %s: volume is being removed", name);
	return true;
}

static bool make_folders(const struct volumes *volumes, const char *name, struct error *err)
{
	scoped_free char *data = str_format("%s/" DATA, name);

	/* A folder that stands there without a record is a leftover of a failure. */
	if (mkdirat(volumes->folder, name, 0701) < 0 && errno != EEXIST)
		return error_errno(err, "create %s: cannot make its folder", name);
	if (mkdirat(volumes->folder, data, 0755) < 0 && errno != EEXIST)
		return error_errno(err, "create %s: cannot make its folder", name);
	return true;
}

static struct volume *new_volume(const struct volume_request *request, const char *name)
{
	bool anonymous = request->anonymous || str_is_empty(request->name);
	struct volume *volume = mem_new(struct volume);

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
	volume_done *done = volume->created;
	void *done_data = volume->data;

	volume->created = NULL;
	if (err) {
		remove_folder(volume->volumes, volume->spec.name);
		forget(volume);
	}
	if (done)
		done(done_data, err ? NULL : volume, err);
}

static void save(struct volume *volume, volume_done *done, void *data)
{
	scoped_free char *key = str_format(RECORD_PREFIX "%s", volume->spec.name);
	scoped_buffer struct buffer value = {0};

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
	volume = find_volume(volumes, name);
	if (!check_name(name, &err) || !check_driver(volume, request->driver, name, &err))
		return refuse(done, data, &err);
	if (volume) {
		if (done)
			done(data, volume, NULL);
		return volume;
	}
	if (!check_options(name, request->options, &err) || !make_folders(volumes, name, &err))
		return refuse(done, data, &err);
	volume = new_volume(request, name);
	insert(volumes, volume);
	save(volume, done, data);
	return volume;
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

bool volume_mount(struct volume *volume, struct error *err)
{
	struct stat info;

	if (stat(volume->path, &info) == 0 && S_ISDIR(info.st_mode))
		return true;
	return error_errno(err, "the folder of volume '%s' is missing", volume->spec.name);
}

/* ---- removing ---- */

static void on_record_removed(void *data, const struct error *err)
{
	struct volume *volume = data;

	volume->removing = false;
	volume->gone(volume, err);
}

static void remove_record(struct volume *volume,
			  void (*gone)(struct volume *volume, const struct error *err), void *data)
{
	scoped_free char *key = str_format(RECORD_PREFIX "%s", volume->spec.name);

	volume->removing = true;
	volume->gone = gone;
	volume->data = data;
	store_delete(volume->volumes->store, key, STORE_SURVIVES_POWER_CUT, on_record_removed,
		     volume);
}

static bool check_unused(const struct volume *volume, struct error *err)
{
	scoped_free char *users = strings_join(&volume->users, ", ");

	if (volume->removing || volume->created)
		return error_set(err, ERROR_CONFLICT, "remove %s: volume is being %s",
				 volume->spec.name, volume->removing ? "removed" : "created");
	return volume->users.count == 0 ||
	       error_set(err, ERROR_CONFLICT, "remove %s: volume is in use - [%s]",
			 volume->spec.name, users);
}

static void on_gone(struct volume *volume, const struct error *err)
{
	volume_removed *removed = volume->removed;
	void *data = volume->data;

	if (!err) {
		remove_folder(volume->volumes, volume->spec.name);
		forget(volume);
	}
	if (removed)
		removed(data, err);
}

void volume_remove(struct volumes *volumes, const char *name, bool force, volume_removed *done,
		   void *data)
{
	struct volume *volume = find_volume(volumes, name);
	struct error err;
	bool settled = !volume && force;

	if (!volume && !force)
		error_set(&err, ERROR_NOT_FOUND, "get %s: no such volume", name);
	if (!volume || !check_unused(volume, &err)) {
		if (done)
			done(data, settled ? NULL : &err);
		return;
	}
	volume->removed = done;
	remove_record(volume, on_gone, data);
}

/* ---- pruning ---- */

static void finish_pruning(struct pruning *p)
{
	p->job = NULL;
	p->volumes->pruning = NULL;
	p->done(p->data, &p->pruned, NULL);
	pruning_free(p);
}

static void on_trash_emptied(void *data, const struct buffer *answer, const struct error *job_error)
{
	struct pruning *p = data;

	p->pruned.bytes = (uint64_t)read_report(answer, job_error);
	finish_pruning(p);
}

static void one_is_done(struct pruning *p)
{
	if (--p->pending > 0)
		return;
	if (p->trash.count > 0)
		p->job = empty_trash(p->volumes, &p->trash, on_trash_emptied, p);
	if (!p->job)
		finish_pruning(p);
}

static void on_pruned(struct volume *volume, const struct error *err)
{
	struct pruning *p = volume->data;
	char *trash = err ? NULL : throw_away(p->volumes, volume->spec.name);

	if (trash)
		strings_take(&p->trash, trash);
	if (err) {
		log_warning("cannot remove a volume", err, "name=%s", volume->spec.name);
	} else {
		strings_add(&p->pruned.names, volume->spec.name);
		forget(volume);
	}
	one_is_done(p);
}

static bool may_be_pruned(const struct volume *volume)
{
	return !volume->removing && !volume->created && volume->users.count == 0;
}

void volumes_prune(struct volumes *volumes, bool (*match)(void *data, const struct volume *volume),
		   volume_prune_done *done, void *data)
{
	struct pruning *p = mem_new(struct pruning);
	struct error err;

	if (volumes->pruning) {
		error_set(&err, ERROR_CONFLICT, "a prune operation is already running");
		done(data, &p->pruned, &err);
		free(p);
		return;
	}
	volumes->pruning = p;
	*p = (struct pruning){.volumes = volumes, .pending = 1, .done = done, .data = data};
	for (size_t i = 0; i < volumes->list.count; i++) {
		struct volume *volume = volumes->list.items[i];

		if (!may_be_pruned(volume) || (match && !match(data, volume)))
			continue;
		p->pending++;
		remove_record(volume, on_pruned, p);
	}
	one_is_done(p);
}
