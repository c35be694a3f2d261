/* Keeping the host as the model says: bridges, sysctls and the whole table by a worker, single ports by
 * messages of our own.
 *
 * While a worker runs, the table it makes is the one that was rendered when it started.  Changes that
 * come meanwhile are kept and made when it has ended; adding an element that is there already, or
 * removing one that is not, does no harm.  The table may be lost at any time (`nft flush ruleset`, as
 * firewalls do when they are reloaded): then the kernel tells, and it is made again, at most once a
 * second, in case somebody insists. */
#include "network/networks.h"

#include "base/log.h"
#include "base/time.h"
#include "os/file.h"
#include "os/process.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#define WORKER_TIMEOUT_MS 60000
#define REBUILD_PAUSE_MS  1000
#define FOREIGN_PAUSE_MS  100
#define BRIDGE_NETFILTER  "/proc/sys/net/bridge/bridge-nf-call-iptables"

/* ---- asking a worker ---- */

/* Who is told what: `done` alone, or `answered` first, and then `done` when the worker has ended. */
struct worker_calls {
	void (*answered)(void *data, const struct buffer *answer);
	job_done *done;
	void *data;
};

/* `netns`: goes along; NULL: none. */
static struct job *start_worker_with(struct networks *n, const struct network_plan *plan,
				     const int *netns, const struct worker_calls *calls,
				     struct error *err)
{
	char *args[] = {"wherry-network", "change", NULL};
	scoped_buffer struct buffer input = {0};

	record_encode(&network_plan_type, plan, &input);
	struct job_request request = {.program = n->worker,
				      .args = args,
				      .input = input.data,
				      .size = input.size,
				      .kept = netns,
				      .timeout_ms = WORKER_TIMEOUT_MS,
				      .answered = calls->answered};
	return job_start(n->loop, &request, calls->done, calls->data, err);
}

static struct job *start_worker(struct networks *n, const struct network_plan *plan,
				const struct worker_calls *calls, struct error *err)
{
	return start_worker_with(n, plan, NULL, calls, err);
}

/* The worker's own failure, or one of what it was to do. */
static bool read_report(const struct buffer *answer, const struct error *job_error,
			struct network_report *report, struct error *err)
{
	if (job_error) {
		*err = *job_error;
		return false;
	}
	if (!record_decode(&network_report_type, answer->data, answer->size, report, err))
		return false;
	if (report->error_kind == ERROR_NONE)
		return true;
	error_set(err, (enum error_kind)report->error_kind, "%s", report->error);
	err->os = report->error_os;
	return false;
}

/* ---- the whole ---- */

static bool read_bridge_netfilter(void)
{
	scoped_buffer struct buffer text = {0};
	struct error absent;

	return file_read(AT_FDCWD, BRIDGE_NETFILTER, 16, &text, &absent) && text.data[0] == '1';
}

static bool is_used(const struct networks *n, const char *device)
{
	for (size_t i = 0; i < networks_present_count(n); i++)
		if (str_equal(networks_present(n, i)->spec.bridge, device))
			return true;
	return false;
}

/* Devices of networks that go, but for those that somebody else stands on (a parent). */
static void plan_removals(const struct networks *n, struct network_plan *plan)
{
	for (size_t i = 0; i < n->leaving.count; i++) {
		const struct network_spec *spec = &n->leaving.items[i]->spec;

		if (spec->made && spec->bridge && !is_used(n, spec->bridge))
			strings_add(&plan->removed, spec->bridge);
	}
}

static void make_plan(struct networks *n, struct network_plan *plan)
{
	for (size_t i = 0; i < networks_present_count(n); i++)
		if (networks_present(n, i)->driver->plan)
			networks_present(n, i)->driver->plan(networks_present(n, i), plan);
	plan_removals(n, plan);
	plan->forward = n->forward;
	plan->forward6 = plan->forward6 && n->forward;
	plan->guard = n->guarded;
	plan->may_guard = !n->forward_no_drop;
	plan->look = n->look;
	plan->ask_host = !n->past_firewall;
	plan->no_turns = n->no_turns;
	plan->pass = n->firewall && n->past_firewall;
	plan->pass_off = n->passes && !plan->pass;
	plan->only_others = n->only_host && plan->pass;
	plan->host_seen = str_dup_or_null(n->only_host ? n->host : NULL);
	plan->host_known = str_dup_or_null(n->look ? NULL : n->host);
	plan->nft = str_dup(n->nft);
	plan->table = str_dup(n->table);
	n->bridge_netfilter = read_bridge_netfilter();
	if (n->firewall)
		networks_plan_table(n, plan);
}

static bool is_pending(const struct networks *n)
{
	return n->job || uv_is_active((const uv_handle_t *)&n->retry);
}

/* All, or those for whom the host's state is enough. */
static void call_waiters(struct networks *n, bool all)
{
	const struct error *err = n->failure.kind == ERROR_NONE ? NULL : &n->failure;
	size_t count = n->waiters.count;
	struct network_waiter *items = take(n->waiters.items);

	n->waiters.count = n->waiters.capacity = 0;
	for (size_t i = 0; i < count; i++)
		if (!all && items[i].settled)
			vector_add(&n->waiters, items[i]);
	for (size_t i = 0; i < count; i++)
		if (all || !items[i].settled)
			items[i].done(items[i].data, err);
	free(items);
}

static int compare_deferred(const void *a, const void *b)
{
	const struct deferred_change *const *x = a, *const *y = b;
	int order = strcmp((*x)->element.map, (*y)->element.map);

	if (order == 0)
		order = memcmp((*x)->element.key, (*y)->element.key, sizeof((*x)->element.key));
	return order ? order : (*x > *y) - (*x < *y);
}

static bool is_same_key(const struct deferred_change *a, const struct deferred_change *b)
{
	return str_equal(a->element.map, b->element.map) &&
	       memcmp(a->element.key, b->element.key, sizeof(a->element.key)) == 0;
}

/* Of each key what came last. */
static void sum_up_deferred(const struct networks *n, struct element_list *gone,
			    struct element_list *come)
{
	size_t count = n->deferred.count;
	scoped_free const struct deferred_change **sorted = mem_zeroed(count, sizeof(*sorted));

	for (size_t i = 0; i < count; i++)
		sorted[i] = &n->deferred.items[i];
	qsort(sorted, count, sizeof(*sorted), compare_deferred);
	for (size_t i = 0; i < count; i++) {
		if (i + 1 < count && is_same_key(sorted[i], sorted[i + 1]))
			continue;
		if (sorted[i]->change == ELEMENT_ADD)
			vector_add(come, sorted[i]->element);
		else
			vector_add(gone, sorted[i]->element);
	}
}

static void start_build(struct networks *n);

static void on_retry(uv_timer_t *timer)
{
	start_build(timer->data);
}

/* At once, or when a second has gone since the last time. */
static void make_again(struct networks *n)
{
	int64_t age_ms = (time_monotonic_ns() - n->built_ns) / NS_PER_MS;

	n->ready = false;
	n->look = true;
	uv_timer_start(&n->retry, on_retry,
		       age_ms < REBUILD_PAUSE_MS ? (uint64_t)(REBUILD_PAUSE_MS - age_ms) : 0, 0);
}

/* The kernel did not take a change: what stands there may be anything. */
static void make_anew(struct networks *n, const struct error *err)
{
	log_error("cannot change the firewall; making it anew", err, "table=%s", n->table);
	make_again(n);
}

/* In one transaction: a port that is shared has many elements, and nobody is to see half of them. */
static void make_deferred_changes(struct networks *n)
{
	struct element_list gone = {0}, come = {0};
	struct error err;

	if (n->ready && n->firewall && n->deferred.count > 0) {
		sum_up_deferred(n, &gone, &come);
		if (!firewall_replace(n->firewall, gone.items, gone.count, come.items, come.count,
				      &err))
			make_anew(n, &err);
	}
	vector_fini(&gone);
	vector_fini(&come);
	vector_fini(&n->deferred);
}

static void remember_for_this_boot(struct networks *n, const char *key)
{
	const char *boot = process_boot_id();

	store_put(n->store, key, boot, strlen(boot), STORE_SURVIVES_KILL, NULL, NULL);
}

static void remember_guard(struct networks *n)
{
	n->guarded = true;
	remember_for_this_boot(n, NETWORK_GUARD_KEY);
}

/* The table is loaded once more, without. */
static void do_without_turns(struct networks *n)
{
	n->no_turns = n->again = n->look = true;
	networks_drop_all_shared(n);
	remember_for_this_boot(n, NETWORK_TURNS_KEY);
}

/* Written before they are made, and taken back when they are gone. */
static void remember_pass(struct networks *n, bool passes)
{
	n->passes = passes;
	if (passes)
		store_put(n->store, NETWORK_PASS_KEY, "1", 1, STORE_SURVIVES_POWER_CUT, NULL, NULL);
	else
		store_delete(n->store, NETWORK_PASS_KEY, STORE_SURVIVES_KILL, NULL, NULL);
}

static void note_failure(struct network *network, const struct network_report *report)
{
	network->failure = (struct error){0};
	for (size_t i = 0; i < report->failed.count; i++) {
		const struct failed_device *failed =
			RECORD_AT(report->failed, struct failed_device, i);

		if (!network->spec.bridge || !str_equal(failed->name, network->spec.bridge))
			continue;
		error_set(&network->failure, (enum error_kind)failed->error_kind, "%s",
			  failed->error ? failed->error : "");
		network->failure.os = failed->error_os;
	}
}

/* A device that cannot be made is its network's trouble alone; but nobody would look for the default
 * network's. */
static void note_failures(struct networks *n, const struct network_report *report)
{
	for (size_t i = 0; i < networks_present_count(n); i++)
		note_failure(networks_present(n, i), report);
	for (size_t i = 0; i < n->leaving.count; i++)
		note_failure(n->leaving.items[i], report);
	if (n->failure.kind == ERROR_NONE && n->default_network)
		n->failure = n->default_network->failure;
}

static void take_warnings(struct networks *n, struct network_report *report)
{
	for (size_t i = 0; i < report->warnings.count; i++)
		if (!strings_contain(&n->warnings, report->warnings.items[i]))
			log_warning(report->warnings.items[i], NULL, "table=%s", n->table);
	strings_fini(&n->warnings);
	n->warnings = report->warnings;
	report->warnings = (struct strings){0};
}

static void take_report(struct networks *n, const struct buffer *answer,
			const struct error *job_error)
{
	struct network_report report = {0};
	struct error err = {0};

	n->ready = read_report(answer, job_error, &report, &err);
	n->failure = err;
	if (!report.unchanged)
		note_failures(n, &report);
	if (n->looked)
		take_warnings(n, &report);
	if (report.host)
		str_replace(&n->host, report.host);
	if (report.guarded && !n->guarded)
		remember_guard(n);
	if (report.passes_gone)
		remember_pass(n, false);
	if (report.no_turns && !n->no_turns)
		do_without_turns(n);
	record_fini(&network_report_type, &report);
}

static void log_unheard(const struct networks *n)
{
	if (!n->ready && n->waiters.count == 0)
		log_error("cannot set the host's network up", &n->failure, "table=%s", n->table);
}

/* The host is as it should be, for whoever looks.  But the kernel holds the firewall's lock until it has
 * freed what was there before, and our loop is not to stand there: elements wait for the worker's end. */
static void on_answered(void *data, const struct buffer *answer)
{
	struct networks *n = data;

	n->answered = true;
	take_report(n, answer, NULL);
	if (n->again)
		return;
	log_unheard(n);
	call_waiters(n, false);
}

static void on_built(void *data, const struct buffer *answer, const struct error *job_error)
{
	struct networks *n = data;

	n->job = NULL;
	if (!n->answered)
		take_report(n, answer, job_error);
	if (n->again) {
		start_build(n);
		return;
	}
	make_deferred_changes(n);
	if (is_pending(n)) /* it is made anew, and then they are told */
		return;
	if (!n->answered)
		log_unheard(n);
	call_waiters(n, true);
}

static void start_build(struct networks *n)
{
	struct network_plan plan = {0};
	struct error err = {0};

	uv_timer_stop(&n->retry);
	n->look |= n->past_firewall; /* what keeps our rules from theirs is to be told */
	if (n->firewall && n->past_firewall && !n->passes)
		remember_pass(n, true);
	n->again = n->ready = n->answered = false;
	n->built_ns = time_monotonic_ns();
	make_plan(n, &plan);
	vector_fini(&n->deferred); /* the table that was just rendered has it all */
	n->looked = n->look;
	n->look = n->only_host = false;
	n->job = start_worker(n, &plan, &(struct worker_calls){on_answered, on_built, n}, &err);
	record_fini(&network_plan_type, &plan);
	if (n->job)
		return;
	n->failure = err;
	call_waiters(n, true);
}

/* The table, or a part of it, was removed by somebody. */
static void on_lost(void *data)
{
	struct networks *n = data;

	if (n->job) {
		n->again = true;
		return;
	}
	log_warning("somebody removed our firewall rules; making them again", NULL, "table=%s",
		    n->table);
	make_again(n);
}

/* The rules of the host, which our table has a copy of. */
static void on_foreign_settled(uv_timer_t *timer)
{
	struct networks *n = timer->data;

	n->look = true;
	if (n->job) {
		n->again = true;
		return;
	}
	n->only_host = n->ready;
	start_build(n);
}

/* Whoever changes rules changes several: they are looked at when it is quiet, and at most once in a
 * while. */
static void on_foreign_changed(void *data)
{
	struct networks *n = data;
	int64_t age_ms = (time_monotonic_ns() - n->built_ns) / NS_PER_MS;

	if (uv_is_active((const uv_handle_t *)&n->foreign))
		return;
	uv_timer_start(&n->foreign, on_foreign_settled,
		       age_ms < REBUILD_PAUSE_MS ? (uint64_t)(REBUILD_PAUSE_MS - age_ms)
						 : FOREIGN_PAUSE_MS,
		       0);
}

void networks_when_settled(struct networks *n, network_done *done, void *data)
{
	struct network_waiter waiter = {done, data, true};

	if (is_pending(n))
		vector_add(&n->waiters, waiter);
	else
		done(data, n->failure.kind == ERROR_NONE ? NULL : &n->failure);
}

void networks_rebuild(struct networks *n, network_done *done, void *data)
{
	struct network_waiter waiter = {done, data, false};

	vector_add(&n->waiters, waiter);
	if (n->job)
		n->again = true;
	else
		start_build(n);
}

void networks_repair(struct networks *n, network_done *done, void *data)
{
	n->look = true;
	networks_rebuild(n, done, data);
}

/* Without nf_tables in the kernel the bridges are still made, and what is published is refused. */
static void open_firewall(struct networks *n)
{
	struct error err;

	n->firewall =
		firewall_open(n->loop, n->table,
			      &(struct firewall_listener){on_lost, on_foreign_changed, n}, &err);
	if (!n->firewall)
		log_error("no firewall: ports cannot be published", &err, "table=%s", n->table);
}

/* What an earlier daemon had begun to remove is gone now. */
static void forget_left(struct networks *n)
{
	while (n->unfinished > 0) {
		struct network *network = n->leaving.items[--n->unfinished];

		if (network->failure.kind != ERROR_NONE)
			continue;
		network_forget(n, network);
		network_list_remove(&n->leaving, network);
		network_free(network);
	}
}

static void on_first_built(void *data, const struct error *err)
{
	struct networks *n = data;

	if (!err)
		forget_left(n);
	n->started.done(n->started.data, err);
}

void networks_start(struct networks *n, network_done *done, void *data)
{
	n->started.done = done;
	n->started.data = data;
	n->unfinished = n->leaving.count;
	if (n->firewall_on && !n->firewall)
		open_firewall(n);
	networks_save(n);
	networks_repair(n, on_first_built, n);
}

const struct strings *networks_warnings(const struct networks *n)
{
	return &n->warnings;
}

/* ---- single elements ---- */

static void defer(struct networks *n, enum element_change change, const struct element *elements,
		  size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct deferred_change later = {change, elements[i]};

		vector_add(&n->deferred, later);
	}
}

/* No table and none to come. */
static bool refuse(const struct networks *n, struct error *err)
{
	if (n->failure.kind == ERROR_NONE)
		return error_set(err, ERROR_SYSTEM, "the kernel has no nf_tables");
	*err = n->failure;
	return false;
}

static bool add_elements(struct networks *n, const struct element *elements, size_t count,
			 struct error *err)
{
	if (!n->ready || !n->firewall)
		return refuse(n, err);
	if (firewall_add(n->firewall, elements, count, err))
		return true;
	if (err->os != ENOENT)
		return false;
	on_lost(n); /* seen before its notice came; the new table will have the elements */
	return true;
}

bool networks_change_elements(struct networks *n, enum element_change change,
			      const struct element *elements, size_t count, struct error *err)
{
	if (!n->firewall_on || count == 0)
		return true;
	if (is_pending(n)) {
		defer(n, change, elements, count);
		return true;
	}
	if (change == ELEMENT_ADD)
		return add_elements(n, elements, count, err);
	return !n->ready || !n->firewall || firewall_remove(n->firewall, elements, count, err);
}

bool networks_replace_elements(struct networks *n, const struct element *gone, size_t gone_count,
			       const struct element *come, size_t come_count, struct error *err)
{
	if (!n->firewall_on || !n->firewall || gone_count + come_count == 0)
		return true;
	if (is_pending(n)) {
		defer(n, ELEMENT_ADD, come, come_count);
		defer(n, ELEMENT_DELETE, gone, gone_count);
		return true;
	}
	if (!n->ready)
		return refuse(n, err);
	if (!firewall_replace(n->firewall, gone, gone_count, come, come_count, err))
		make_anew(n, err); /* which will have them */
	return true;
}

/* ---- running containers ---- */

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
	bool ok = read_report(answer, job_error, &report, &err);
	network_done *done = take(self->done);

	record_fini(&network_report_type, &report);
	if (done)
		done(self->data, ok ? NULL : &err);
}

static void on_link_answered(void *data, const struct buffer *answer)
{
	tell_linked(data, answer, NULL);
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
	self->job = start_worker_with(
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

static void cancel_asking(struct networks *n);

void networks_cancel_links(struct networks *n)
{
	cancel_asking(n);
	list_each(item, &n->linking)
	{
		struct link_job *self = container_of(item, struct link_job, link);

		job_cancel(self->job);
		free(self);
	}
}

/* ---- who reaches what ---- */

struct ask_job {
	struct link link; /* in the same list, to be cancelled */
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
	bool done = read_report(answer, job_error, &report, &err);

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
	self->job = start_worker(n, &plan, &(struct worker_calls){NULL, on_asked, self}, &err);
	record_list_fini(&plan_bridge_type, &plan.bridges);
	if (self->job)
		return;
	list_remove(&self->link);
	free(self);
	done(data, &nothing, &err);
}

bool networks_take_turns(const struct networks *n)
{
	return !n->no_turns;
}

bool networks_respect_firewall(const struct networks *n)
{
	return !n->past_firewall;
}

static void cancel_asking(struct networks *n)
{
	list_each(item, &n->asking)
	{
		struct ask_job *self = container_of(item, struct ask_job, link);

		job_cancel(self->job);
		free(self);
	}
}

/* ---- conntrack ---- */

static void forget_some(struct networks *n);

static void on_forgotten(void *data, const struct buffer *answer, const struct error *job_error)
{
	struct networks *n = data;
	struct network_report report = {0};
	struct error err = {0};

	n->forgetting = NULL;
	if (!read_report(answer, job_error, &report, &err))
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
	n->forgetting = start_worker(n, &plan, &(struct worker_calls){NULL, on_forgotten, n}, &err);
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
