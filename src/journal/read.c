/* A query over all files: where it begins, what it lets through, and waiting for more.
 *
 * The last N entries are found by going backward from the end, and are then printed forward from there: what is
 * between is read twice and never held in memory. */
#include "journal/boots.h"
#include "journal/filter.h"
#include "journal/merge.h"
#include "journal/output.h"
#include "journal/watch.h"

#include "base/map.h"
#include "os/file.h"

#include <fcntl.h>
#include <unistd.h>

#define NO_ENTRIES "-- No entries --\n"

enum { PIECE = 64 << 10, FULL = PIECE - (8 << 10) };

struct reading {
	const struct journal_query *query;
	const struct journal_sink *sink;
	struct journal_filter filter;
	struct journal_merge merge;
	struct journal_printer printer;
	struct buffer out;
	int64_t left;	  /* entries that may still be printed; -1: any number */
	bool printed;	  /* any */
	uint8_t boot[16]; /* of the last one */
	char cursor[JOURNAL_CURSOR_TEXT_SIZE]; /* of the last one, if it is to be shown */
	struct map seen;		       /* values or names that were printed already */
	bool ended;			       /* the end of the time is reached, or: */
	bool gone;			       /* nobody listens any more */
};

/* ---- printing ---- */

static void send_out(struct reading *r)
{
	for (size_t at = 0; at < r->out.size && !r->gone; at += PIECE) {
		size_t size = r->out.size - at < PIECE ? r->out.size - at : PIECE;

		r->gone = !r->sink->write(r->sink->data, r->out.data + at, size);
	}
	r->ended = r->ended || r->gone;
	buffer_clear(&r->out);
}

static bool has_markers(const struct reading *r)
{
	return !r->sink->no_markers && journal_output_has_markers(r->printer.output);
}

static void print_boot(struct reading *r, const struct journal_view *view)
{
	const uint8_t *boot = view->file->name.boot;
	char id[JOURNAL_ID_SIZE];

	if (r->printed && has_markers(r) && memcmp(boot, r->boot, sizeof(r->boot)) != 0) {
		journal_id_text(boot, id);
		buffer_format(&r->out, "-- Boot %s --\n", id);
	}
	memcpy(r->boot, boot, sizeof(r->boot));
}

/* A line, if it is the first of its kind. */
static void print_once(struct reading *r, struct text_part line)
{
	scoped_free char *text = str_dup_n(line.text, line.size);

	if (map_get(&r->seen, text))
		return;
	map_put(&r->seen, text, r);
	buffer_add(&r->out, line.text, line.size);
	buffer_add_char(&r->out, '\n');
}

/* Instead of the entry: the value of the field that was asked for, or the names of its fields. */
static void print_parts(struct reading *r, const struct journal_view *view)
{
	struct journal_fields *fields = &r->printer.fields;

	journal_fields_of(view, fields);
	for (size_t i = 0; i < fields->count; i++) {
		const struct text_part name = {fields->items[i].name, fields->items[i].name_size};
		bool is_place = name.size > 2 && memcmp(name.text, "__", 2) == 0;

		if (r->query->names && !is_place)
			print_once(r, name);
		else if (!r->query->names && text_part_equal(name, r->query->values_of))
			print_once(r, fields->items[i].value);
	}
}

static void print_entry(struct reading *r, const struct journal_view *view)
{
	print_boot(r, view);
	journal_print(&r->printer, view, &r->out);
	if (r->query->show_cursor)
		journal_cursor_text(view, r->cursor);
}

static bool wants_parts(const struct reading *r)
{
	return r->query->names || r->query->values_of;
}

static void print(struct reading *r, const struct journal_view *view)
{
	if (wants_parts(r))
		print_parts(r, view);
	else
		print_entry(r, view);
	r->printed = true;
	if (r->left > 0)
		r->left--;
	if (r->out.size >= FULL)
		send_out(r);
}

/* ---- going through ---- */

static bool is_beyond(const struct journal_query *query, const struct journal_view *view,
		      bool backward)
{
	int64_t time = view->stored.head.realtime_ns;

	if (backward)
		return query->since_ns && time < query->since_ns;
	return query->until_ns && time > query->until_ns;
}

/* On the other side of it: only where a clock was set. */
static bool is_outside(const struct journal_query *query, const struct journal_view *view)
{
	return is_beyond(query, view, true) || is_beyond(query, view, false);
}

static void print_all(struct reading *r)
{
	const struct journal_view *view;

	for (; !r->ended && r->left != 0 && (view = journal_merge_front(&r->merge));
	     journal_merge_advance(&r->merge)) {
		if (is_beyond(r->query, view, r->merge.backward)) {
			r->ended = true;
			break;
		}
		if (!is_outside(r->query, view) && journal_filter_accepts(&r->filter, view))
			print(r, view);
	}
	send_out(r);
}

/* ---- where it begins ---- */

static void go_to_end(struct reading *r)
{
	if (r->query->until_ns)
		journal_merge_from_time(&r->merge, r->query->until_ns + 1, true);
	else
		journal_merge_from_end(&r->merge, true);
}

/* To the entry by its stream and number; when it is gone, to where it would be. */
static bool find_cursor(struct reading *r, struct journal_place *place, struct error *err)
{
	struct journal_cursor cursor;

	if (!journal_cursor_read(r->query->after_cursor, &cursor, err))
		return false;
	if (cursor.sequence && journal_merge_find(&r->merge, cursor.stream, cursor.sequence, place))
		return true;
	*place =
		(struct journal_place){.boot_rank = journal_merge_boot_rank(&r->merge, cursor.boot),
				       .monotonic_ns = cursor.monotonic_us * 1000 + 999};
	return true;
}

static bool go_to_cursor(struct reading *r, struct error *err)
{
	struct journal_place place = {0}, front;

	if (!find_cursor(r, &place, err))
		return false;
	journal_merge_from_place(&r->merge, &place, r->query->reverse);
	if (!journal_merge_front(&r->merge))
		return true;
	front = journal_place_of(journal_merge_front(&r->merge));
	if (!r->query->from_cursor && journal_place_compare(&front, &place) == 0)
		journal_merge_advance(&r->merge);
	return true;
}

/* The last `lines` entries: backward over them, then forward from the first of them. */
static void go_to_tail(struct reading *r)
{
	const struct journal_view *view;
	struct journal_place first;
	int64_t found = 0;

	go_to_end(r);
	for (; found < r->query->lines && (view = journal_merge_front(&r->merge));
	     journal_merge_advance(&r->merge)) {
		if (is_beyond(r->query, view, true))
			break;
		if (is_outside(r->query, view) || !journal_filter_accepts(&r->filter, view))
			continue;
		first = journal_place_of(view);
		found++;
	}
	if (found)
		journal_merge_from_place(&r->merge, &first, false);
	else
		journal_merge_from_end(&r->merge, false);
}

static bool begin(struct reading *r, struct error *err)
{
	const struct journal_query *query = r->query;

	r->left = query->lines;
	if (query->after_cursor)
		return go_to_cursor(r, err);
	if (query->reverse) {
		go_to_end(r);
	} else if (query->lines >= 0 && !query->from_head) {
		r->left = -1;
		go_to_tail(r);
	} else if (query->since_ns) {
		journal_merge_from_time(&r->merge, query->since_ns, false);
	} else {
		journal_merge_from_start(&r->merge);
	}
	return true;
}

/* ---- following ---- */

static void changed(void *data, enum journal_change change, const char *name)
{
	struct reading *r = data;

	if (change == JOURNAL_FILE_WENT)
		journal_merge_forget(&r->merge, name);
	else
		journal_merge_refresh(&r->merge, name);
}

static void follow(struct reading *r, struct journal_watch *watch)
{
	r->left = -1;
	for (print_all(r); !r->ended; print_all(r))
		if (!journal_watch_wait(watch, r->sink->stop, changed, r))
			return;
}

/* ---- the whole ---- */

static void print_end(struct reading *r)
{
	if (!r->printed && has_markers(r) && !wants_parts(r))
		buffer_add_text(&r->out, NO_ENTRIES);
	if (r->cursor[0])
		buffer_format(&r->out, JOURNAL_CURSOR_LINE "%s\n", r->cursor);
	send_out(r);
}

static bool read_all(struct reading *r, struct journal_watch *watch, struct error *err)
{
	if (!begin(r, err))
		return false;
	print_all(r);
	if (r->query->follow && !r->query->reverse)
		follow(r, watch);
	else
		print_end(r);
	return true;
}

/* The watch is there before the folder is read: what comes in between is told of. */
static bool read_folder(struct reading *r, const char *path, int folder, struct error *err)
{
	scoped_with(journal_watch_close) struct journal_watch watch = {-1};
	uint8_t boot[16];
	bool one_boot = r->query->boot;

	if (one_boot && !journal_boot_find(path, r->query->boot, boot, err))
		return false;
	return (!r->query->follow || journal_watch_open(&watch, path, err)) &&
	       journal_filter_init(&r->filter, r->query, err) &&
	       journal_merge_open(&r->merge, folder, &r->filter.need, one_boot ? boot : NULL,
				  err) &&
	       read_all(r, &watch, err);
}

static void close_reading(struct reading *r)
{
	journal_merge_fini(&r->merge);
	journal_filter_fini(&r->filter);
	journal_printer_fini(&r->printer);
	map_fini(&r->seen);
	buffer_fini(&r->out);
}

bool journal_read(const char *path, const struct journal_query *query, enum journal_output output,
		  const struct journal_sink *sink, struct error *err)
{
	scoped_fd int folder = -1;
	scoped_with(close_reading) struct reading r = {.query = query,
						       .sink = sink,
						       .printer = {output, .utc = sink->utc,
								   .no_hostname = sink->no_hostname,
								   .only = &query->output_fields}};

	if (query->follow && !folder_make(AT_FDCWD, path, 0700, err))
		return false;
	folder = folder_open(AT_FDCWD, path, err);
	if (folder >= 0)
		return read_folder(&r, path, folder, err);
	if (err->kind != ERROR_NOT_FOUND)
		return false;
	print_end(&r); /* nobody has written anything yet */
	return true;
}
