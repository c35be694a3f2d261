/* Keeping the host as the model says: bridges, sysctls and the whole table by a worker, single ports by
 * messages of our own.
 *
 * While a worker runs, the table it makes is the one that was rendered when it started.  Changes that
 * come meanwhile are kept and made when it has ended; adding an element that is there already, or
 * removing one that is not, does no harm.  The table may be lost at any time (`nft flush ruleset`, as
 * firewalls do when they are reloaded): then the kernel tells, and it is made again, at most once a
 * second, in case somebody insists.  So it is where no worker lived to set things up: nobody has to ask for what
 * the host lacks then. */
#include "network/network_host.h"

#include "base/log.h"
#include "base/time.h"
#include "network/host_bridge.h"
#include "network/host_plan.h"
#include "network/host_report.h"
#include "network/network_elements.h"
#include "network/network_worker.h"

#include <stdlib.h>

#define REBUILD_PAUSE_MS 1000
#define DEATHS_MAX	 60 /* of workers one after the other; then they are waited for no more */
#define FOREIGN_PAUSE_MS 100

bool networks_are_pending(const struct networks *n)
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

void networks_make_anew(struct networks *n, const struct error *err)
{
	log_error("cannot change the firewall; making it anew", err, "table=%s", n->table);
	make_again(n);
}

static void log_unheard(const struct networks *n)
{
	if (!n->ready && n->waiters.count == 0)
		log_error("cannot set the host's network up", &n->failure, "table=%s", n->table);
}

/* The host is as it should be, for whoever looks.  But the kernel holds the firewall's lock until it has
 * freed what was there before, and our loop is not to stand there: elements wait for the worker's end. */
static bool on_answered(void *data, const struct buffer *answer)
{
	struct networks *n = data;

	if (!network_report_is_whole(answer))
		return false;
	n->answered = true;
	networks_take_report(n, answer, NULL);
	if (!n->again) {
		log_unheard(n);
		call_waiters(n, false);
	}
	return true;
}

static void on_built(void *data, const struct buffer *answer, const struct error *job_error)
{
	struct networks *n = data;

	n->job = NULL;
	if (!n->answered)
		networks_take_report(n, answer, job_error);
	if (n->again) {
		start_build(n);
		return;
	}
	networks_make_deferred(n);
	if (networks_are_pending(n)) /* it is made anew, and then they are told */
		return;
	if (!n->answered)
		log_unheard(n);
	n->deaths = job_error && !n->answered ? n->deaths + 1 : 0;
	call_waiters(n, true);
	if (n->deaths > 0 && n->deaths < DEATHS_MAX && !networks_are_pending(n))
		make_again(n);
}

/* Switching ip_forward on makes a router of the host for everybody around; what was not forwarded before is not
 * to be now, except to and from bridges. */
static bool needs_guard(const struct networks *n)
{
	return n->forward && !n->forward_no_drop && !n->guarded && !host_is_forwarding(AF_INET);
}

/* What is to be known whatever becomes of the worker. */
static void remember_what_comes(struct networks *n)
{
	if (n->firewall && n->past_firewall && !n->passes)
		networks_remember_pass(n, true);
	if (n->firewall && needs_guard(n))
		networks_remember_guard(n);
}

static void start_build(struct networks *n)
{
	struct network_plan plan = {0};
	struct error err = {0};

	uv_timer_stop(&n->retry);
	n->look |= n->past_firewall; /* what keeps our rules from theirs is to be told */
	remember_what_comes(n);
	n->again = n->ready = n->answered = false;
	n->built_ns = time_monotonic_ns();
	networks_plan_host(n, &plan);
	vector_fini(&n->deferred); /* the table that was just rendered has it all */
	n->looked = n->look;
	n->look = n->only_host = false;
	n->job = network_worker_start(n, &plan, NULL,
				      &(struct worker_calls){on_answered, on_built, n}, &err);
	record_fini(&network_plan_type, &plan);
	if (n->job)
		return;
	n->failure = err;
	call_waiters(n, true);
}

void networks_lose_table(struct networks *n)
{
	if (n->job) {
		n->again = true;
		return;
	}
	log_warning("somebody removed our firewall rules; making them again", NULL, "table=%s",
		    n->table);
	make_again(n);
}

static void on_lost(void *data)
{
	networks_lose_table(data);
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

	if (networks_are_pending(n))
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

static void on_first_built(void *data, const struct error *err)
{
	struct networks *n = data;

	n->started.done(n->started.data, err);
}

void networks_start(struct networks *n, network_done *done, void *data)
{
	n->started.done = done;
	n->started.data = data;
	for (size_t i = 0; i < n->leaving.count; i++)
		n->leaving.items[i]->unawaited = true; /* by an earlier daemon */
	if (n->firewall_on && !n->firewall)
		open_firewall(n);
	networks_save(n);
	networks_repair(n, on_first_built, n);
}

const struct strings *networks_warnings(const struct networks *n)
{
	return &n->warnings;
}
