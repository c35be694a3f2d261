/* Who holds a volume, and the worker that mounts or unmounts what it is made of.  At most one works at a
 * time for a volume; when it is done, what is wanted by then is compared with what it did. */
#include "volume/volume_inside.h"

#include "base/log.h"
#include "os/file.h"
#include "volume/volume_mount_work.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define MOUNT_TIMEOUT_MS 120000 /* a file server that does not answer */

struct waiting_holder {
	struct waiting_holder *next;
	char *name; /* owned */
	volume_mounted *done;
	void *data;
};

bool volume_needs_mount(const struct volume *volume)
{
	return pairs_have(&volume->spec.options, "device");
}

/* ---- holders ---- */

static size_t find_holder(const struct volume *volume, const char *holder)
{
	size_t i = 0;

	while (i < volume->holders.count && !str_equal(volume->holders.items[i], holder))
		i++;
	return i;
}

static void add_holder(struct volume *volume, const char *holder)
{
	if (find_holder(volume, holder) == volume->holders.count)
		strings_add(&volume->holders, holder);
}

static bool remove_holder(struct volume *volume, const char *holder)
{
	size_t place = find_holder(volume, holder);

	if (place == volume->holders.count)
		return false;
	strings_remove(&volume->holders, place);
	return true;
}

static void free_waiting(struct waiting_holder *waiting)
{
	free(waiting->name);
	free(waiting);
}

static void forget_waiting(struct volume *volume, const char *holder)
{
	for (struct waiting_holder **at = &volume->waiting; *at;) {
		struct waiting_holder *waiting = *at;

		if (!str_equal(waiting->name, holder)) {
			at = &waiting->next;
			continue;
		}
		*at = waiting->next;
		free_waiting(waiting);
	}
}

static void wait_for_mount(struct volume *volume, const char *holder, volume_mounted *done,
			   void *data)
{
	struct waiting_holder *waiting = mem_new(struct waiting_holder);
	struct waiting_holder **at = &volume->waiting;

	*waiting = (struct waiting_holder){.name = str_dup(holder), .done = done, .data = data};
	while (*at)
		at = &(*at)->next;
	*at = waiting;
}

/* Each may do anything with the volume but free it: a holder that failed is none. */
static void answer_waiting(struct volume *volume, const struct error *err)
{
	struct waiting_holder *waiting = volume->waiting;

	volume->waiting = NULL;
	for (struct waiting_holder *w = waiting; err && w; w = w->next)
		remove_holder(volume, w->name);
	while (waiting) {
		struct waiting_holder *next = waiting->next;

		waiting->done(waiting->data, err);
		free_waiting(waiting);
		waiting = next;
	}
}

void volume_stop_mounting(struct volume *volume)
{
	job_cancel(volume->mounting);
	while (volume->waiting) {
		struct waiting_holder *next = volume->waiting->next;

		free_waiting(volume->waiting);
		volume->waiting = next;
	}
	strings_fini(&volume->holders);
}

/* ---- the worker ---- */

static struct job *start_worker(struct volumes *volumes, struct mounting_plan *plan, job_done *done,
				void *data, struct error *err)
{
	char *args[] = {"wherry-worker", "volume-mount", NULL};
	scoped_buffer struct buffer input = {0};

	plan->daemon = getpid();
	plan->folder = volumes->path;
	record_encode(&mounting_plan_type, plan, &input);
	struct job_request request = {
		.program = volumes->worker,
		.args = args,
		.input = input.data,
		.size = input.size,
		.timeout_ms = MOUNT_TIMEOUT_MS,
	};
	return job_start(volumes->loop, &request, done, data, err);
}

static bool read_report(const struct buffer *answer, const struct error *job_error,
			struct error *err)
{
	struct mounting_report report = {0};
	bool ok = false;

	if (job_error)
		*err = *job_error;
	else
		ok = record_decode(&mounting_report_type, answer->data, answer->size, &report, err);
	if (ok && report.error) {
		ok = error_set(err, (enum error_kind)report.error_kind, "%s", report.error);
		err->os = report.error_os;
	}
	record_fini(&mounting_report_type, &report);
	return ok;
}

static void catch_up(struct volume *volume);

static void on_mounted(void *data, const struct buffer *answer, const struct error *job_error)
{
	struct volume *volume = data;
	struct error err;

	volume->mounting = NULL;
	volume->mounted = read_report(answer, job_error, &err);
	volume->unsure = job_error; /* it was ended, perhaps behind the mount */
	if (!volume->mounted)
		error_prefix(&err, "error while mounting volume '%s'", volume->spec.name);
	answer_waiting(volume, volume->mounted ? NULL : &err);
	catch_up(volume);
}

static void on_unmounted(void *data, const struct buffer *answer, const struct error *job_error)
{
	struct volume *volume = data;
	struct error err;

	volume->mounting = NULL;
	volume->mounted = volume->unsure = false;
	if (!read_report(answer, job_error, &err))
		log_warning("cannot unmount a volume", &err, "name=%s", volume->spec.name);
	catch_up(volume);
}

static void begin_mount(struct volume *volume)
{
	const struct pairs *options = &volume->spec.options;
	struct mounting_plan plan = {
		.mount = volume->spec.name,
		.type = (char *)(uintptr_t)pairs_get(options, "type"),
		.device = (char *)(uintptr_t)pairs_get(options, "device"),
		.options = (char *)(uintptr_t)pairs_get(options, "o"),
	};
	struct error err;

	volume->mounting = start_worker(volume->volumes, &plan, on_mounted, volume, &err);
	if (!volume->mounting)
		answer_waiting(volume, &err);
}

static void begin_unmount(struct volume *volume)
{
	struct mounting_plan plan = {.unmount = {&volume->spec.name, 1}};
	struct error err;

	volume->mounting = start_worker(volume->volumes, &plan, on_unmounted, volume, &err);
	if (volume->mounting)
		return;
	log_warning("cannot unmount a volume", &err, "name=%s", volume->spec.name);
	volume->mounted = false;
	volume->unsure = true;
}

static void catch_up(struct volume *volume)
{
	if (volume->mounting)
		return;
	if (volume->waiting)
		begin_mount(volume);
	else if ((volume->mounted || volume->unsure) && volume->holders.count == 0)
		begin_unmount(volume);
}

/* ---- for callers ---- */

static void check_folder(const struct volume *volume, volume_mounted *done, void *data)
{
	struct stat info;
	struct error err;

	if (stat(volume->path, &info) == 0 && S_ISDIR(info.st_mode)) {
		done(data, NULL);
		return;
	}
	error_errno(&err, "the folder of volume '%s' is missing", volume->spec.name);
	done(data, &err);
}

void volume_mount(struct volume *volume, const char *holder, volume_mounted *done, void *data)
{
	if (!volume_needs_mount(volume)) {
		check_folder(volume, done, data);
		return;
	}
	add_holder(volume, holder);
	if (volume->mounted && !volume->mounting) {
		done(data, NULL);
		return;
	}
	wait_for_mount(volume, holder, done, data);
	catch_up(volume);
}

void volume_unmount(struct volume *volume, const char *holder)
{
	forget_waiting(volume, holder);
	if (remove_holder(volume, holder))
		catch_up(volume);
}

/* Mounted or not: whoever comes next asks the worker, which finds out. */
void volume_adopt(struct volume *volume, const char *holder)
{
	if (!volume_needs_mount(volume))
		return;
	volume->unsure = true;
	add_holder(volume, holder);
}

/* ---- after the start ---- */

#define MOUNTS_LIMIT (16u << 20)

/* By the end of its path: the worker looks closer. */
static bool seems_mounted(const struct volume *volume, const char *mounts)
{
	scoped_free char *end = str_format("/%s/" VOLUME_DATA " ", volume->spec.name);

	return strstr(mounts, end);
}

void volumes_settle(struct volumes *volumes)
{
	scoped_buffer struct buffer mounts = {0};
	struct error err;

	if (!file_read(AT_FDCWD, "/proc/self/mountinfo", MOUNTS_LIMIT, &mounts, &err)) {
		log_warning("cannot look for mounted volumes", &err, "");
		return;
	}
	for (size_t i = 0; i < volumes->list.count; i++) {
		struct volume *volume = volumes->list.items[i];

		if (volume_needs_mount(volume) && volume->holders.count == 0 && mounts.data &&
		    seems_mounted(volume, mounts.data)) {
			volume->unsure = true;
			catch_up(volume);
		}
	}
}
