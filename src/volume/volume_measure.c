/* How much volumes hold: counted by a worker, which may take long, and ends when nobody wants to know
 * any more. */
#include "volume/volume_inside.h"

#include "volume/volume_work.h"

struct volume_measuring {
	struct strings names; /* of the folders that are counted, in their order */
	struct pairs sizes;
	struct job *job;
	volumes_measured *done;
	void *data;
};

static void measuring_free(struct volume_measuring *m)
{
	strings_fini(&m->names);
	pairs_fini(&m->sizes);
	free(m);
}

void volumes_measure_cancel(struct volume_measuring *m)
{
	if (!m)
		return;
	job_cancel(m->job);
	measuring_free(m);
}

static bool read_report(struct volume_measuring *m, const struct buffer *answer, struct error *err)
{
	struct measuring_report report = {0};
	bool ok = record_decode(&measuring_report_type, answer->data, answer->size, &report, err);

	for (size_t i = 0; ok && i < m->names.count && i < report.bytes.count; i++)
		pairs_set(&m->sizes, m->names.items[i], report.bytes.items[i]);
	record_fini(&measuring_report_type, &report);
	return ok;
}

static void on_measured(void *data, const struct buffer *answer, const struct error *job_error)
{
	struct volume_measuring *m = data;
	struct error err;

	if (job_error)
		m->done(m->data, NULL, job_error);
	else if (read_report(m, answer, &err))
		m->done(m->data, &m->sizes, NULL);
	else
		m->done(m->data, NULL, &err);
	measuring_free(m);
}

struct volume_measuring *volumes_measure(struct volumes *volumes, volumes_measured *done,
					 void *data, struct error *err)
{
	struct volume_measuring *m = mem_new(struct volume_measuring);
	struct measuring_plan plan = {0};
	char *args[] = {"wherry-worker", "measure", NULL};
	scoped_buffer struct buffer input = {0};

	m->done = done;
	m->data = data;
	for (size_t i = 0; i < volumes->list.count; i++) {
		const struct volume *volume = volumes->list.items[i];

		if (volume_needs_mount(volume))
			continue;
		strings_add(&m->names, volume->spec.name);
		strings_add(&plan.folders, volume->path);
	}
	record_encode(&measuring_plan_type, &plan, &input);
	strings_fini(&plan.folders);
	struct job_request request = {
		.program = volumes->worker, .args = args, .input = input.data, .size = input.size};
	m->job = job_start(volumes->loop, &request, on_measured, m, err);
	if (m->job)
		return m;
	measuring_free(m);
	return NULL;
}
