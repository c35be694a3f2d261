/* What the manager itself says about units where no shim is there to say it: into a file of the journal of its
 * own, by a thread of the pool (a disk may make a writer wait), in order.  Nothing is opened before there is
 * something to say. */
#include "unit/units_private.h"

#include "base/log.h"
#include "base/time.h"
#include "journal/journal.h"
#include "os/process.h"

#include <stdarg.h>
#include <unistd.h>

struct said {
	struct link link;
	char *unit, *invocation, *text;
	int priority;
	int64_t realtime_ns, monotonic_ns;
};

struct units_journal {
	struct work work;
	struct units *units;
	struct link waiting; /* the loop's */
	struct link batch;   /* the thread's, while `writing` */
	bool writing;
	struct link rotations; /* asked for: the loop's */
	struct link rotating;  /* by the present batch */
	struct journal_writer *writer;
	char *host;
};

static void free_said(struct said *said)
{
	list_remove(&said->link);
	free(said->unit);
	free(said->invocation);
	free(said->text);
	free(said);
}

static void drop(struct link *list)
{
	while (!list_is_empty(list))
		free_said(list_first(list, struct said, link));
}

/* ---- in the pool ---- */

static void write_one(struct units_journal *journal, const struct said *said)
{
	struct journal_origin origin = {.unit = said->unit,
					.invocation_id = said->invocation,
					.hostname = journal->host,
					.boot_id = process_boot_id()};
	struct journal_entry entry = {.realtime_ns = said->realtime_ns,
				      .monotonic_ns = said->monotonic_ns,
				      .priority = said->priority,
				      .transport = JOURNAL_DRIVER,
				      .pid = getpid(),
				      .identifier = "wherry",
				      .comm = "wherryd",
				      .message = said->text,
				      .message_size = strlen(said->text)};

	journal_writer_set_origin(journal->writer, &origin);
	journal_write(journal->writer, &entry);
}

static void write_batch(struct work *work)
{
	struct units_journal *journal = container_of(work, struct units_journal, work);
	struct journal_bounds bounds = {0};
	struct error err = {0};

	if (!journal->writer)
		journal->writer =
			journal_writer_open(journal->units->journal_folder, &bounds, &err);
	while (journal->writer && !list_is_empty(&journal->batch)) {
		struct said *said = list_first(&journal->batch, struct said, link);

		write_one(journal, said);
		free_said(said);
	}
	drop(&journal->batch);
	if (!list_is_empty(&journal->rotating) && journal->writer)
		journal_writer_rotate(journal->writer, &err);
	if (journal->writer) {
		journal_flush(journal->writer, &err);
		journal_writer_shrink(journal->writer);
	}
}

/* ---- in the loop ---- */

static void begin(struct units_journal *journal);

static void rotated(struct link *rotations)
{
	while (!list_is_empty(rotations)) {
		struct link *first = rotations->next;

		list_remove(first);
		rotation_step(first);
	}
}

static void end(struct units_journal *journal)
{
	drop(&journal->waiting);
	rotated(&journal->rotations);
	journal_writer_free(journal->writer);
	free(journal->host);
	free(journal);
}

static void written(struct work *work, bool closing)
{
	struct units_journal *journal = container_of(work, struct units_journal, work);
	struct units *units = journal->units;

	journal->writing = false;
	rotated(&journal->rotating);
	if (closing) {
		end(journal);
		units->journal = NULL;
	} else if (!list_is_empty(&journal->waiting) || !list_is_empty(&journal->rotations)) {
		begin(journal);
	}
	units_unref(units);
}

static void begin(struct units_journal *journal)
{
	if (journal->writing)
		return;
	journal->writing = true;
	journal->units->references++;
	list_move(&journal->batch, &journal->waiting);
	list_move(&journal->rotating, &journal->rotations);
	work_begin(&journal->work, journal->units->engine, write_batch, written);
}

static struct units_journal *journal_of(struct units *units)
{
	struct units_journal *journal = units->journal;
	const char *host = pairs_get(&units->context.specifiers, "H");

	if (journal)
		return journal;
	journal = units->journal = mem_new(struct units_journal);
	journal->units = units;
	journal->host = str_dup(host ? host : "");
	list_init(&journal->waiting);
	list_init(&journal->batch);
	list_init(&journal->rotations);
	list_init(&journal->rotating);
	return journal;
}

void units_log_rotate(struct units *units, struct link *rotation)
{
	if (units->journal) {
		list_append(&units->journal->rotations, rotation);
		begin(units->journal);
	} else {
		rotation_step(rotation);
	}
}

void units_log_close(struct units *units)
{
	if (units->journal && !units->journal->writing)
		end(take(units->journal));
}

void units_say(struct units *units, const struct unit *unit, int priority, const char *format, ...)
{
	struct buffer text = {0};
	va_list args;

	va_start(args, format);
	buffer_format_v(&text, format, args);
	va_end(args);
	struct said *said = mem_new(struct said);
	said->text = buffer_take(&text);
	said->unit = str_dup(unit->name);
	said->invocation = *unit->invocation_id ? str_dup(unit->invocation_id) : NULL;
	said->priority = priority;
	said->realtime_ns = time_now_ns();
	said->monotonic_ns = time_monotonic_ns();
	log_debug(said->text, "unit=%s", unit->name);
	struct units_journal *journal = journal_of(units);
	list_append(&journal->waiting, &said->link);
	begin(journal);
}
