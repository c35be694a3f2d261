/* Who reaches what is published: a worker looks at the host's rules. */
#include "network/network_ask.h"

#include "network/network_worker.h"

#include <stdlib.h>

struct ask_job {
	struct link link; /* to be cancelled */
	struct job *job;
	struct networks *networks;
	ports_answer *done;
	void *data;
};

static void on_asked(void *data, const struct buffer *answer, const struct error *job_error)
{
	struct ask_job *self = data;
	struct network_report report = {0};
	struct error err = {0};
	bool done = network_report_read(answer, job_error, &report, &err);

	list_remove(&self->link);
	self->done(self->data, &report, done ? NULL : &err);
	record_fini(&network_report_type, &report);
	free(self);
}

void networks_ask_ports(struct networks *n, const struct record_list *ports, ports_answer *done,
			void *data)
{
	struct ask_job *self = mem_new(struct ask_job);
	struct network_plan plan = {.list_host = true, .ports = *ports};
	struct network_report nothing = {0};
	struct error err;

	*self = (struct ask_job){.networks = n, .done = done, .data = data};
	for (size_t i = 0; i < networks_present_count(n); i++)
		if (networks_present(n, i)->driver->rules)
			networks_present(n, i)->driver->plan(networks_present(n, i), &plan);
	plan.nft = n->nft;
	plan.table = n->table;
	list_append(&n->asking, &self->link);
	self->job = network_worker_start(n, &plan, NULL,
					 &(struct worker_calls){NULL, on_asked, self}, &err);
	record_list_fini(&plan_bridge_type, &plan.bridges);
	if (self->job)
		return;
	list_remove(&self->link);
	free(self);
	done(data, &nothing, &err);
}

bool networks_respect_firewall(const struct networks *n)
{
	return !n->past_firewall;
}

void networks_cancel_asking(struct networks *n)
{
	list_each(item, &n->asking)
	{
		struct ask_job *self = container_of(item, struct ask_job, link);

		job_cancel(self->job);
		free(self);
	}
}
