/* What running containers are connected to, changed by workers. */
#include "network/network_links.h"

#include "network/network_worker.h"

#include <stdlib.h>

struct link_job {
	struct link link;
	struct networks *networks;
	struct job *job;
	network_done *done; /* NULL: called */
	void *data;
};

static void tell_linked(struct link_job *self, const struct buffer *answer,
			const struct error *job_error)
{
	struct network_report report = {0};
	struct error err = {0};
	bool ok = network_report_read(answer, job_error, &report, &err);
	network_done *done = take(self->done);

	record_fini(&network_report_type, &report);
	if (done)
		done(self->data, ok ? NULL : &err);
}

static bool on_link_answered(void *data, const struct buffer *answer)
{
	if (!network_report_is_whole(answer))
		return false;
	tell_linked(data, answer, NULL);
	return true;
}

static void on_linked(void *data, const struct buffer *answer, const struct error *job_error)
{
	struct link_job *self = data;

	list_remove(&self->link);
	if (self->done)
		tell_linked(self, answer, job_error);
	free(self);
}

static void begin_linking(struct networks *n, const struct plan_links *change, const int *netns,
			  network_done *done, void *data)
{
	struct link_job *self = mem_new(struct link_job);
	struct network_plan plan = {.links = (struct plan_links *)(uintptr_t)change};
	struct error err;

	*self = (struct link_job){.networks = n, .done = done, .data = data};
	list_append(&n->linking, &self->link);
	self->job = network_worker_start(
		n, &plan, netns, &(struct worker_calls){on_link_answered, on_linked, self}, &err);
	if (self->job)
		return;
	list_remove(&self->link);
	free(self);
	done(data, &err);
}

void networks_change_links(struct networks *n, const struct plan_links *change, network_done *done,
			   void *data)
{
	begin_linking(n, change, NULL, done, data);
}

void networks_cut_links(struct networks *n, const struct record_list *endpoints, int netns,
			network_done *done, void *data)
{
	struct plan_links change = {.ended = true, .removed = *endpoints};

	begin_linking(n, &change, &netns, done, data);
}

void networks_cancel_links(struct networks *n)
{
	list_each(item, &n->linking)
	{
		struct link_job *self = container_of(item, struct link_job, link);

		job_cancel(self->job);
		free(self);
	}
}
