/* Entries of conntrack that lead where nobody is any more: a worker deletes them, and what comes meanwhile
 * goes to the next one. */
#include "network/network_flows.h"

#include "base/log.h"
#include "network/network_worker.h"

static void forget_some(struct networks *n);

static void on_forgotten(void *data, const struct buffer *answer, const struct error *job_error)
{
	struct networks *n = data;
	struct network_report report = {0};
	struct error err = {0};

	n->forgetting = NULL;
	if (!network_report_read(answer, job_error, &report, &err))
		log_warning("cannot delete conntrack entries", &err, "table=%s", n->table);
	record_fini(&network_report_type, &report);
	forget_some(n);
}

static void forget_some(struct networks *n)
{
	struct network_plan plan = {.flows = n->to_forget};
	struct error err;

	if (n->forgetting || n->to_forget.count == 0)
		return;
	n->to_forget = (struct record_list){0};
	n->forgetting = network_worker_start(n, &plan, NULL,
					     &(struct worker_calls){NULL, on_forgotten, n}, &err);
	if (!n->forgetting)
		log_warning("cannot delete conntrack entries", &err, "table=%s", n->table);
	record_fini(&network_plan_type, &plan);
}

void networks_forget_flows(struct networks *n, const char *address, uint16_t port)
{
	struct plan_flow *flow = record_list_add(&plan_flow_type, &n->to_forget);

	flow->address = str_dup_or_null(address);
	flow->port = port;
	forget_some(n);
}
