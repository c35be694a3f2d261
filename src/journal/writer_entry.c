/* What is said, as frames: messages that stand alone, and lines of which many share a frame. */
#include "journal/writer.h"

#include "base/time.h"

#include <time.h>

static struct text_part part_of(const char *text, size_t limit)
{
	return (struct text_part){text, text ? strnlen(text, limit) : 0};
}

static uint32_t id_of(int64_t id)
{
	return id >= 0 && id < JOURNAL_NO_ID ? (uint32_t)id : JOURNAL_NO_ID;
}

static struct entry_parts parts_of(struct journal_writer *w, const struct journal_entry *entry)
{
	struct entry_parts p = {
		.head = {.head = {.kind = FRAME_ENTRY,
				  .priority = (uint8_t)(entry->priority & 7),
				  .transport = (uint8_t)entry->transport},
			 .realtime_ns = entry->realtime_ns ? entry->realtime_ns : time_now_ns(),
			 .monotonic_ns =
				 entry->monotonic_ns ? entry->monotonic_ns : time_monotonic_ns(),
			 .pid = entry->pid > 0 ? (uint32_t)entry->pid : 0,
			 .uid = id_of(entry->uid),
			 .gid = id_of(entry->gid)},
		.texts = {part_of(entry->identifier, UINT8_MAX), part_of(entry->comm, UINT8_MAX),
			  part_of(entry->message_id, 32)}};

	if (p.head.monotonic_ns < w->file.monotonic_ns)
		p.head.monotonic_ns = w->file.monotonic_ns;
	p.head.identifier_size = (uint8_t)p.texts[0].size;
	p.head.comm_size = (uint8_t)p.texts[1].size;
	p.head.message_id_size = (uint8_t)p.texts[2].size;
	return p;
}

/* In front of the first entry that may be written again. */
static void tell_lost(struct journal_writer *w)
{
	scoped_free char *text = NULL;
	const struct journal_entry entry = {.priority = 4,
					    .transport = JOURNAL_DRIVER,
					    .uid = -1,
					    .gid = -1,
					    .identifier = "wherry"};
	struct entry_parts p;
	uint64_t lost = w->lost;

	if (!lost || w->batched)
		return;
	w->lost = 0;
	text = str_format("%llu journal entries were lost: %s", (unsigned long long)lost,
			  strerror(w->lost_errno));
	p = parts_of(w, &entry);
	p.head.count = 1;
	p.texts[3] = (struct text_part){text, strlen(text)};
	writer_add(w, &p);
	w->batched += lost - 1; /* lost again, should this be lost */
}

/* ---- what is said line by line, in a burst ---- */

static int64_t coarse_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	return now.tv_sec * NS_PER_SECOND + now.tv_nsec;
}

static bool is_line(const struct journal_entry *entry)
{
	return entry->transport == JOURNAL_STDOUT && !entry->message_id &&
	       entry->message_size < JOURNAL_LINE_LIMIT &&
	       (!entry->message_size || !memchr(entry->message, '\n', entry->message_size));
}

static bool is_text(const char *at, size_t size, const char *text)
{
	return size == (text ? strlen(text) : 0) && (!size || memcmp(at, text, size) == 0);
}

static bool same_speaker(const struct journal_writer *w, const struct journal_entry *entry)
{
	const struct entry_frame *head = &w->run.head;
	const char *texts = w->batch.data + w->run.at + sizeof(*head);

	return head->head.priority == (entry->priority & 7) &&
	       head->pid == (entry->pid > 0 ? (uint32_t)entry->pid : 0) &&
	       head->uid == id_of(entry->uid) && head->gid == id_of(entry->gid) &&
	       is_text(texts, head->identifier_size, entry->identifier) &&
	       is_text(texts + head->identifier_size, head->comm_size, entry->comm);
}

/* Behind the line before it, where nothing tells the two apart but their text. */
static bool continue_run(struct journal_writer *w, const struct journal_entry *entry)
{
	struct writer_run *run = &w->run;

	if (!run->open || entry->realtime_ns || entry->monotonic_ns || !is_line(entry) ||
	    !same_speaker(w, entry) || writer_room(w) <= entry->message_size ||
	    run->tick != coarse_ns())
		return false;
	buffer_add(&w->batch, entry->message, entry->message_size);
	buffer_add_char(&w->batch, '\n');
	run->grown = true;
	run->head.count++;
	w->file.sequence++;
	w->batched++;
	return true;
}

static void begin_run(struct journal_writer *w, struct entry_parts *p, const char *text,
		      size_t size)
{
	p->texts[3] = (struct text_part){text, size};
	p->texts[4] = (struct text_part){"\n", 1};
	p->head.head.lines = true;
	writer_add(w, p);
	w->run = (struct writer_run){.open = true,
				     .at = w->batch.size - entry_parts_size(p),
				     .head = p->head,
				     .tick = coarse_ns()};
}

static void write_pieces(struct journal_writer *w, const struct journal_entry *entry,
			 struct entry_parts *p)
{
	size_t done = 0;

	do {
		size_t left = entry->message_size - done;
		size_t piece = left < JOURNAL_LINE_LIMIT ? left : JOURNAL_LINE_LIMIT;

		p->texts[3] = (struct text_part){entry->message + done, piece};
		writer_add(w, p);
		writer_export(w, &(struct export_text){entry, p->texts[3], p->head.head.priority});
		done += piece;
	} while (done < entry->message_size);
}

void journal_write(struct journal_writer *w, const struct journal_entry *entry)
{
	struct entry_parts p;
	bool line = is_line(entry);

	tell_lost(w);
	if (!continue_run(w, entry)) {
		p = parts_of(w, entry);
		p.head.count = 1;
		if (!line) {
			write_pieces(w, entry, &p);
			return;
		}
		begin_run(w, &p, entry->message, entry->message_size);
	}
	writer_export(w, &(struct export_text){entry,
					       {entry->message, entry->message_size},
					       entry->priority & 7,
					       line});
}

/* ---- lines ---- */

/* Lines that lie one behind the other and differ in nothing: one frame. */
struct run {
	const char *text;
	size_t size;
	uint32_t count;
	int32_t priority;
};

struct line {
	const char *text; /* without its prefix */
	size_t size;	  /* without its end */
	size_t taken;	  /* bytes of the data */
	int32_t priority;
	bool cut; /* a piece of a long one: no end follows */
};

/* <N> in front of a line, N a digit to which zeros may have been put. */
static void take_prefix(struct line *line)
{
	const char *t = line->text;
	size_t digit = 1;

	while (digit < 3 && digit + 2 < line->size && t[digit] == '0' && t[digit + 1] != '>')
		digit++;
	if (line->size < digit + 2 || t[0] != '<' || t[digit] < '0' || t[digit] > '7' ||
	    t[digit + 1] != '>')
		return;
	line->priority = t[digit] - '0';
	line->text += digit + 2;
	line->size -= digit + 2;
}

/* false: no whole line is left. */
static bool next_line(const char *data, size_t size, bool prefix, int32_t priority,
		      struct line *out)
{
	size_t most = size < JOURNAL_LINE_LIMIT ? size : JOURNAL_LINE_LIMIT;
	const char *end = most ? memchr(data, '\n', most) : NULL;

	if (!end && most < JOURNAL_LINE_LIMIT)
		return false;
	*out = (struct line){.text = data,
			     .size = end ? (size_t)(end - data) : most,
			     .priority = priority,
			     .cut = !end};
	out->taken = out->size + (end != NULL);
	if (prefix)
		take_prefix(out);
	return true;
}

static void export_lines(struct journal_writer *w, const struct journal_entry *entry,
			 const struct run *run)
{
	const char *end, *at = run->text;

	if (w->export_socket < 0)
		return;
	for (size_t left = run->size; left > 0; left -= (size_t)(end - at) + 1, at = end + 1) {
		end = memchr(at, '\n', left);
		writer_export(w, &(struct export_text){
					 entry, {at, (size_t)(end - at)}, run->priority, true});
	}
}

static void add_run(struct journal_writer *w, const struct journal_entry *entry,
		    struct entry_parts *p, struct run *run)
{
	if (!run->count)
		return;
	p->head.head.priority = (uint8_t)(run->priority & 7);
	p->head.head.lines = true;
	p->head.count = run->count;
	p->texts[3] = (struct text_part){run->text, run->size};
	writer_add(w, p);
	export_lines(w, entry, run);
	*run = (struct run){0};
}

/* A piece that has no end stands alone. */
static void add_piece(struct journal_writer *w, const struct journal_entry *entry,
		      struct entry_parts *p, const struct line *line)
{
	p->head.head.priority = (uint8_t)(line->priority & 7);
	p->head.head.lines = false;
	p->head.count = 1;
	p->texts[3] = (struct text_part){line->text, line->size};
	writer_add(w, p);
	writer_export(w, &(struct export_text){entry, p->texts[3], line->priority});
}

static bool fits(const struct journal_writer *w, const struct entry_parts *p, const struct run *run,
		 const struct line *line)
{
	return line->text == run->text + run->size && line->priority == run->priority &&
	       sizeof(p->head) + p->texts[0].size + p->texts[1].size + p->texts[2].size +
			       run->size + line->size + 1 <=
		       writer_room(w);
}

size_t journal_write_lines(struct journal_writer *w, const struct journal_entry *entry,
			   const char *data, size_t size, bool prefix)
{
	struct entry_parts p;
	struct run run = {0};
	struct line line;
	size_t taken = 0;

	tell_lost(w);
	p = parts_of(w, entry);
	for (; next_line(data + taken, size - taken, prefix, entry->priority, &line);
	     taken += line.taken) {
		if (run.count && (line.cut || !fits(w, &p, &run, &line)))
			add_run(w, entry, &p, &run);
		if (line.cut) {
			add_piece(w, entry, &p, &line);
		} else if (line.size > 0) { /* an empty line says nothing */
			if (!run.count)
				run = (struct run){.text = line.text, .priority = line.priority};
			run.size += line.size + 1;
			run.count++;
		}
	}
	add_run(w, entry, &p, &run);
	return taken;
}
