#include "shim/unit_journal.h"

#include "base/log.h"
#include "base/time.h"
#include "os/process.h"
#include "shim/unit_protocol.h"

#include <unistd.h>

#define RATE_INTERVAL (30 * NS_PER_SECOND)
enum { RATE_BURST = 10000, LEVEL_INFO = 6, LEVEL_DEBUG = 7 };

/* ---- lines ---- */

int32_t unit_line_level(const char *text, size_t size, size_t *begin)
{
	int32_t value = 0;
	size_t i = 1;

	if (size < 3 || text[0] != '<')
		return -1;
	for (; i < size && i < 5 && text[i] >= '0' && text[i] <= '9'; i++)
		value = 10 * value + (text[i] - '0');
	if (i == 1 || i == size || text[i] != '>' || value > 191)
		return -1;
	*begin = i + 1;
	return value & 7;
}

static void tell_suppressed(struct unit_journal *j)
{
	char text[96];

	if (!j->suppressed)
		return;
	snprintf(text, sizeof(text), "Suppressed %lld messages of this unit",
		 (long long)j->suppressed);
	j->suppressed = 0;
	unit_journal_say(j, 5, text);
}

static bool may_say_more(struct unit_journal *j)
{
	int64_t now = time_monotonic_ns();

	if (!j->rate_interval_ns || !j->rate_burst)
		return true;
	if (!j->window_ns || now - j->window_ns >= j->rate_interval_ns) {
		j->window_ns = now;
		j->lines = 0;
		tell_suppressed(j);
	}
	if (j->lines++ < j->rate_burst)
		return true;
	j->suppressed++;
	return false;
}

void unit_journal_line(struct unit_journal *j, const struct unit_voice *voice, const char *text,
		       size_t size)
{
	size_t begin = 0;
	int32_t level = j->prefix ? unit_line_level(text, size, &begin) : -1;
	struct journal_entry entry = {.priority = level < 0 ? j->level : level,
				      .transport = JOURNAL_STDOUT,
				      .pid = voice->pid,
				      .uid = voice->uid,
				      .gid = voice->gid,
				      .identifier = voice->identifier,
				      .comm = voice->comm,
				      .message = text + begin,
				      .message_size = size - begin};

	if (!j->writer || entry.priority > j->level_max || !entry.message_size || !may_say_more(j))
		return;
	journal_write(j->writer, &entry);
	j->dirty = true;
}

void unit_journal_say(struct unit_journal *j, int priority, const char *text)
{
	struct journal_entry entry = {.priority = priority,
				      .transport = JOURNAL_DRIVER,
				      .pid = getpid(),
				      .identifier = "wherry",
				      .comm = "wherry-shim",
				      .message = text,
				      .message_size = strlen(text)};

	if (!j->writer)
		return;
	journal_write(j->writer, &entry);
	j->dirty = true;
}

/* ---- life ---- */

static int64_t given_or(const struct optional_i64 *value, int64_t otherwise)
{
	return value->given ? value->value : otherwise;
}

static void take_context(struct unit_journal *j, const struct execution_context *c)
{
	j->level = (int32_t)given_or(&c->syslog_level, LEVEL_INFO);
	j->level_max = (int32_t)given_or(&c->log_level_max, LEVEL_DEBUG);
	j->prefix = !c->no_level_prefix;
	j->rate_interval_ns = c->log_rate_interval_us.given ? c->log_rate_interval_us.value * 1000
							    : RATE_INTERVAL;
	j->rate_burst = given_or(&c->log_rate_burst, RATE_BURST);
}

/* A host whose journald is not there has this journal all the same. */
static void open_writer(struct unit_journal *j, const struct unit_start *start, struct error *err)
{
	const struct journal_bounds bounds = {.folder_bytes = start->journal_bytes};
	struct error failure;

	j->writer = journal_writer_open(start->journal_folder, &bounds, err);
	if (j->writer && start->journal_export && !journal_writer_export(j->writer, NULL, &failure))
		log_warning("cannot export the journal", &failure, "unit=%s", start->plan.unit);
}

bool unit_journal_begin(struct unit_journal *j, const struct unit_start *start, struct error *err)
{
	take_context(j, &start->plan.context);
	if (!start->journal_folder) {
		unit_journal_end(j);
		return true;
	}
	if (!j->writer)
		open_writer(j, start, err);
	if (!j->writer)
		return false;
	if (gethostname(j->hostname, sizeof(j->hostname) - 1) < 0)
		j->hostname[0] = '\0';
	j->origin = (struct journal_origin){.unit = start->plan.unit,
					    .invocation_id = start->invocation_id,
					    .cgroup = start->cgroup_path,
					    .hostname = j->hostname,
					    .boot_id = process_boot_id(),
					    .extra = start->plan.context.log_extra_fields};
	journal_writer_set_origin(j->writer, &j->origin);
	return true;
}

void unit_journal_flush(struct unit_journal *j)
{
	struct error err;

	if (!j->writer || !j->dirty)
		return;
	j->dirty = false;
	if (!journal_flush(j->writer, &err))
		log_error("cannot write the journal", &err, "pid=%d", getpid());
}

void unit_journal_rotate(struct unit_journal *journal)
{
	struct error err;

	unit_journal_flush(journal);
	if (journal->writer && !journal_writer_rotate(journal->writer, &err))
		log_error("cannot begin a file of the journal", &err, "");
}

void unit_journal_shrink(struct unit_journal *j)
{
	if (j->suppressed && time_monotonic_ns() - j->window_ns >= j->rate_interval_ns)
		tell_suppressed(j);
	unit_journal_flush(j);
	if (j->writer)
		journal_writer_shrink(j->writer);
}

void unit_journal_end(struct unit_journal *j)
{
	tell_suppressed(j);
	unit_journal_flush(j);
	journal_writer_free(j->writer);
	j->writer = NULL;
}
