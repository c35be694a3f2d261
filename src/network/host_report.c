/* What the worker says of the host, and what of it the next daemon has to know. */
#include "network/host_report.h"

#include "base/log.h"
#include "network/network_worker.h"
#include "os/process.h"

#include <string.h>

static void remember_for_this_boot(struct networks *n, const char *key)
{
	const char *boot = process_boot_id();

	store_put(n->store, key, boot, strlen(boot), STORE_SURVIVES_KILL, NULL, NULL);
}

void networks_remember_guard(struct networks *n)
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

void networks_remember_pass(struct networks *n, bool passes)
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

/* What nobody waits for is gone now, too. */
static void forget_unawaited(struct networks *n)
{
	for (size_t i = n->leaving.count; i-- > 0;) {
		struct network *network = n->leaving.items[i];

		if (!network->unawaited || network->failure.kind != ERROR_NONE)
			continue;
		network_forget(n, network);
		network_list_remove(&n->leaving, network);
		network_free(network);
	}
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

void networks_take_report(struct networks *n, const struct buffer *answer,
			  const struct error *job_error)
{
	struct network_report report = {0};
	struct error err = {0};

	n->ready = network_report_read(answer, job_error, &report, &err);
	n->failure = err;
	if (!report.unchanged)
		note_failures(n, &report);
	if (n->ready && !report.unchanged)
		forget_unawaited(n);
	if (n->looked)
		take_warnings(n, &report);
	if (report.host)
		str_replace(&n->host, report.host);
	if (report.passes_gone)
		networks_remember_pass(n, false);
	if (report.no_turns && !n->no_turns)
		do_without_turns(n);
	record_fini(&network_report_type, &report);
}
