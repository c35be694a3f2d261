/* Removing volumes: first the record, then the folder is moved out of the way, then a worker empties
 * it. */
#include "volume/volume_inside.h"

#include "base/id.h"
#include "base/log.h"
#include "volume/volume_work.h"

#include <errno.h>
#include <stdio.h>

/* ---- removing trees ---- */

char *volume_throw_away(const struct volumes *volumes, const char *name)
{
	char random[16 + 1];
	unsigned char bytes[8];

	random_bytes(bytes, sizeof(bytes));
	hex_encode(bytes, sizeof(bytes), random);
	scoped_free char *trash = str_format(VOLUME_TRASH_PREFIX "%s", random);
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

struct job *volumes_empty_trash(struct volumes *volumes, const struct strings *names,
				job_done *done, void *data)
{
	struct removal_plan plan = {.folder = volumes->path, .names = *names};
	char *args[] = {"wherry-worker", "remove", NULL};
	scoped_buffer struct buffer input = {0};
	struct error err;
	struct job *job;

	record_encode(&removal_plan_type, &plan, &input);
	struct job_request request = {
		.program = volumes->worker, .args = args, .input = input.data, .size = input.size};
	job = job_start(volumes->loop, &request, done ? done : on_trash_removed, data, &err);
	if (!job)
		log_warning("cannot remove volumes", &err, "job=remove");
	return job;
}

void volume_remove_folder(struct volumes *volumes, const char *name)
{
	char *trash = volume_throw_away(volumes, name);
	scoped_strings struct strings names = {0};

	if (!trash)
		return;
	strings_take(&names, trash);
	volumes_empty_trash(volumes, &names, NULL, NULL);
}

/* ---- removing ---- */

static void on_record_removed(void *data, const struct error *err)
{
	struct volume *volume = data;
	struct volumes *volumes = volume->volumes;
	struct link later;

	list_init(&later);
	list_move(&later, &volume->later);
	volume->removing = false;
	volume->gone(volume, err);
	volumes_ask_again(volumes, &later);
}

static void remove_record(struct volume *volume,
			  void (*gone)(struct volume *volume, const struct error *err), void *data)
{
	scoped_free char *key = str_format(VOLUME_RECORD_PREFIX "%s", volume->spec.name);

	volume->removing = true;
	volume->gone = gone;
	volume->data = data;
	store_delete(volume->volumes->store, key, STORE_SURVIVES_POWER_CUT, on_record_removed,
		     volume);
}

static bool check_unused(const struct volume *volume, struct error *err)
{
	scoped_free char *users = strings_join(&volume->users, ", ");

	if (volume->removing || volume->recording)
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
		volume_tell(volume, "destroy");
		volume_remove_folder(volume->volumes, volume->spec.name);
		volume_forget(volume);
	}
	if (removed)
		removed(data, err);
}

void volume_remove(struct volumes *volumes, const char *name, bool force, volume_removed *done,
		   void *data)
{
	struct volume *volume = volumes_look_up(volumes, name);
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

struct pruning {
	struct volumes *volumes;
	struct volume_pruned pruned;
	struct strings trash;
	size_t pending;
	struct job *job;
	volume_prune_done *done;
	void *data;
};

static void pruning_free(struct pruning *p)
{
	if (!p)
		return;
	job_cancel(p->job);
	strings_fini(&p->pruned.names);
	strings_fini(&p->trash);
	free(p);
}

void volumes_stop_pruning(struct volumes *volumes)
{
	pruning_free(volumes->pruning);
}

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
		p->job = volumes_empty_trash(p->volumes, &p->trash, on_trash_emptied, p);
	if (!p->job)
		finish_pruning(p);
}

static void on_pruned(struct volume *volume, const struct error *err)
{
	struct pruning *p = volume->data;
	char *trash = err ? NULL : volume_throw_away(p->volumes, volume->spec.name);

	if (trash)
		strings_take(&p->trash, trash);
	if (err) {
		log_warning("cannot remove a volume", err, "name=%s", volume->spec.name);
	} else {
		strings_add(&p->pruned.names, volume->spec.name);
		volume_tell(volume, "destroy");
		volume_forget(volume);
	}
	one_is_done(p);
}

static bool may_be_pruned(const struct volume *volume)
{
	return !volume->removing && !volume->recording && volume->users.count == 0;
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
