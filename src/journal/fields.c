#include "journal/fields.h"

#include <inttypes.h>
#include <stdio.h>

bool text_part_equal(struct text_part part, const char *text)
{
	return part.text && part.size == strlen(text) && memcmp(part.text, text, part.size) == 0;
}

struct text_part journal_origin_field(const struct journal_view *view, const char *wanted)
{
	struct text_part rest = view->origin, name, value;

	while (origin_next(&rest, &name, &value))
		if (text_part_equal(name, wanted))
			return value;
	return (struct text_part){0};
}

/* ---- adding ---- */

static void add_part(struct journal_fields *f, const char *name, struct text_part value)
{
	if (!value.text || f->count == array_length(f->items))
		return;
	f->items[f->count++] = (struct journal_field){name, strlen(name), value};
}

static void add_text(struct journal_fields *f, const char *name, const char *text)
{
	add_part(f, name, (struct text_part){text, strlen(text)});
}

static void add_number(struct journal_fields *f, const char *name, int64_t value)
{
	char *text = f->numbers[f->number_count++];

	snprintf(text, sizeof(f->numbers[0]), "%" PRId64, value);
	add_text(f, name, text);
}

static void add_id(struct journal_fields *f, const char *name, uint32_t id)
{
	if (id != JOURNAL_NO_ID)
		add_number(f, name, id);
}

static struct text_part or_none(struct text_part part)
{
	return part.size ? part : (struct text_part){0};
}

/* ---- which there are ---- */

static void add_place(struct journal_fields *f, const struct journal_view *view)
{
	add_text(f, "__CURSOR", journal_cursor_text(view, f->cursor));
	add_number(f, "__REALTIME_TIMESTAMP", view->stored.head.realtime_ns / 1000);
	add_number(f, "__MONOTONIC_TIMESTAMP", view->stored.head.monotonic_ns / 1000);
}

static void add_process(struct journal_fields *f, const struct journal_view *view)
{
	const struct entry_frame *head = &view->stored.head;

	if (head->pid)
		add_number(f, "_PID", head->pid);
	add_id(f, "_UID", head->uid);
	add_id(f, "_GID", head->gid);
	add_part(f, "_COMM", or_none(view->stored.comm));
}

static const char *transport_name(uint8_t transport)
{
	static const char *const names[] = {[JOURNAL_STDOUT] = "stdout",
					    [JOURNAL_SYSLOG] = "syslog",
					    [JOURNAL_DRIVER] = "driver",
					    [JOURNAL_KERNEL] = "kernel"};

	return transport < array_length(names) ? names[transport] : "stdout";
}

/* What a unit says is of the unit; what we say about one only names it. */
static const char *shown_name(struct text_part name, bool ours)
{
	static const struct {
		const char *stored, *of_unit, *ours;
	} names[] = {{ORIGIN_UNIT, "_SYSTEMD_UNIT", "UNIT"},
		     {ORIGIN_CGROUP, "_SYSTEMD_CGROUP", NULL},
		     {ORIGIN_INVOCATION, "_SYSTEMD_INVOCATION_ID", "INVOCATION_ID"},
		     {ORIGIN_HOSTNAME, "_HOSTNAME", "_HOSTNAME"},
		     {ORIGIN_CONTAINER, "CONTAINER_ID_FULL", "CONTAINER_ID_FULL"}};

	for (size_t i = 0; i < array_length(names); i++)
		if (text_part_equal(name, names[i].stored))
			return ours ? names[i].ours : names[i].of_unit;
	return "";
}

static void add_origin(struct journal_fields *f, const struct journal_view *view)
{
	bool ours = view->stored.head.head.transport == JOURNAL_DRIVER;
	struct text_part rest = view->origin, name, value;

	while (origin_next(&rest, &name, &value) && f->count < array_length(f->items)) {
		const char *shown = shown_name(name, ours);

		if (!shown)
			continue;
		f->items[f->count++] = *shown ? (struct journal_field){shown, strlen(shown), value}
					      : (struct journal_field){name.text, name.size, value};
	}
}

void journal_fields_of(const struct journal_view *view, struct journal_fields *f)
{
	const struct stored_entry *stored = &view->stored;

	f->count = f->number_count = 0;
	add_place(f, view);
	journal_id_text(view->file->name.boot, f->boot);
	add_text(f, "_BOOT_ID", f->boot);
	add_process(f, view);
	add_text(f, "_TRANSPORT", transport_name(stored->head.head.transport));
	add_number(f, "PRIORITY", stored->head.head.priority);
	add_part(f, "SYSLOG_IDENTIFIER", or_none(stored->identifier));
	add_part(f, "MESSAGE_ID", or_none(stored->message_id));
	add_part(f, "MESSAGE", view->text);
	add_origin(f, view);
}
