/* From entries to frames.
 *
 * Frames are gathered in `batch`, which stands at file.at: where the next byte lies is at + size, and from that
 * follows what is left of the block.  A block begins with its own frame and the origin, so that whoever begins
 * to read there has all that an entry needs.  A batch ends with its block, and one pwrite() puts it into the
 * page cache.
 *
 * When that fails the file is cut back to the last whole frame, the other entries are counted as lost, and the
 * next batch begins with an entry that says so. */
#include "journal/writer.h"

#include "base/time.h"
#include "os/file.h"
#include "os/process.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#define DEFAULT_FILE   (INT64_C(16) << 20)
#define DEFAULT_FOLDER (INT64_C(1) << 30)

/* ---- where we are ---- */

static size_t in_block(const struct journal_writer *w)
{
	return (size_t)(w->file.at % JOURNAL_BLOCK) + w->batch.size;
}

/* Bytes that an entry may take here.  The seal's room is kept. */
static size_t room(const struct journal_writer *w)
{
	size_t here = in_block(w), used = here + sizeof(struct seal_frame);

	if (here == 0)
		used += sizeof(struct block_frame);
	if (here == 0 || !w->origin_written)
		used += sizeof(struct frame) + w->origin.size;
	return used < JOURNAL_BLOCK ? JOURNAL_BLOCK - used : 0;
}

/* ---- out of memory, into the file ---- */

static size_t write_batch(const struct journal_writer *w)
{
	size_t done = 0;

	errno = ENOSPC;
	while (w->file.fd >= 0 && done < w->batch.size) {
		ssize_t n = pwrite(w->file.fd, w->batch.data + done, w->batch.size - done,
				   w->file.at + (int64_t)done);

		if (n > 0)
			done += (size_t)n;
		else if (n == 0 || errno != EINTR)
			break;
	}
	return done;
}

/* Of the frames that are in the file, which readers may have seen: their bytes, and the entries in them. */
static size_t whole_frames(const struct journal_writer *w, size_t written, uint64_t *entries)
{
	struct stored_entry entry;
	struct frame head;
	size_t at = 0;

	for (; frame_read(w->batch.data + at, written - at, &head) == FRAME_WHOLE; at += head.size)
		if (entry_read(w->batch.data + at, head.size, &entry))
			*entries += entry.head.count;
	return at;
}

/* What did not get there is lost; the next block's frame must not promise what is in this one. */
static void lose_rest(struct journal_writer *w, size_t written, int error)
{
	uint64_t kept = 0;

	w->file.at += (int64_t)whole_frames(w, written, &kept);
	w->lost += w->batched - (kept < w->batched ? kept : w->batched);
	w->lost_errno = error;
	w->origin_written = false;
	w->file.block_units = ~UINT64_C(0);
	w->file.block_priorities = 0xff;
	if (w->file.fd >= 0)
		(void)!ftruncate(w->file.fd, w->file.at);
}

bool journal_flush(struct journal_writer *w, struct error *err)
{
	size_t written = w->batch.size ? write_batch(w) : 0;
	bool whole = written == w->batch.size;

	if (whole) {
		w->file.at += (int64_t)written;
	} else {
		error_errno(err, "cannot write to the journal");
		lose_rest(w, written, err->os);
	}
	w->batched = 0;
	buffer_clear(&w->batch);
	return whole;
}

/* ---- frames into the batch ---- */

static void add_frame(struct journal_writer *w, const void *head, size_t head_size,
		      const struct text_part *parts, size_t count)
{
	size_t start = w->batch.size;

	buffer_add(&w->batch, head, head_size);
	for (size_t i = 0; i < count; i++)
		buffer_add(&w->batch, parts[i].text, parts[i].size);
	frame_finish(w->batch.data + start, w->batch.size - start);
}

static void begin_block(struct journal_writer *w, const struct entry_frame *first)
{
	struct block_frame block = {.head = {.kind = FRAME_BLOCK},
				    .number = (uint32_t)(w->file.at / JOURNAL_BLOCK),
				    .realtime_ns = first->realtime_ns,
				    .monotonic_ns = first->monotonic_ns,
				    .sequence = w->file.sequence,
				    .units = w->file.block_units,
				    .priorities = w->file.block_priorities};

	memcpy(block.magic, JOURNAL_MAGIC, sizeof(block.magic));
	memcpy(block.boot, w->boot, sizeof(block.boot));
	memcpy(block.stream, w->file.stream, sizeof(block.stream));
	add_frame(w, &block, sizeof(block), NULL, 0);
	w->file.block_units = 0;
	w->file.block_priorities = 0;
	w->origin_written = false;
}

static void add_origin(struct journal_writer *w)
{
	const struct frame head = {.kind = FRAME_ORIGIN};
	const struct text_part fields = {w->origin.data, w->origin.size};

	add_frame(w, &head, sizeof(head), &fields, 1);
	w->origin_written = true;
}

/* A new file when this one is full, or there is none. */
static void next_block(struct journal_writer *w)
{
	struct error ignored;
	int64_t next;

	journal_flush(w, &ignored);
	next = (w->file.at + JOURNAL_BLOCK - 1) / JOURNAL_BLOCK * JOURNAL_BLOCK;
	if (w->file.fd >= 0 && next + JOURNAL_BLOCK <= w->bounds.file_bytes) {
		w->file.at = next;
		return;
	}
	writer_file_seal(w);
	writer_file_open(w, false, &ignored); /* without one the batch will be lost, and told */
}

static void prepare(struct journal_writer *w, const struct entry_frame *entry, size_t size)
{
	if ((w->file.fd < 0 && !w->batch.size) || room(w) < size)
		next_block(w);
	if (in_block(w) == 0)
		begin_block(w, entry);
	if (!w->origin_written)
		add_origin(w);
}

/* ---- entries ---- */

static struct text_part part_of(const char *text, size_t limit)
{
	return (struct text_part){text, text ? strnlen(text, limit) : 0};
}

struct entry_parts {
	struct entry_frame head;
	struct text_part texts[4]; /* identifier, comm, message id, text */
};

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

static size_t frame_size(const struct entry_parts *p)
{
	return sizeof(p->head) + p->texts[0].size + p->texts[1].size + p->texts[2].size +
	       p->texts[3].size;
}

static void note(struct journal_writer *w, const struct entry_frame *head)
{
	w->file.sequence += head->count;
	w->file.monotonic_ns = head->monotonic_ns;
	w->file.realtime_ns = head->realtime_ns;
	w->file.units |= w->origin_units;
	w->file.block_units |= w->origin_units;
	w->file.priorities |= 1u << head->head.priority;
	w->file.block_priorities |= 1u << head->head.priority;
	w->batched += head->count;
}

static void add_entry(struct journal_writer *w, struct entry_parts *p)
{
	prepare(w, &p->head, frame_size(p));
	p->head.sequence = w->file.sequence;
	add_frame(w, &p->head, sizeof(p->head), p->texts, array_length(p->texts));
	note(w, &p->head);
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
	add_entry(w, &p);
	w->batched += lost - 1; /* lost again, should this be lost */
}

void journal_write(struct journal_writer *w, const struct journal_entry *entry)
{
	struct entry_parts p;
	size_t size = entry->message_size, done = 0;

	tell_lost(w);
	p = parts_of(w, entry);
	p.head.count = 1;
	do {
		size_t piece = size - done < JOURNAL_LINE_LIMIT ? size - done : JOURNAL_LINE_LIMIT;

		p.texts[3] = (struct text_part){entry->message + done, piece};
		add_entry(w, &p);
		writer_export(w, &(struct export_text){entry, p.texts[3], p.head.head.priority});
		done += piece;
	} while (done < size);
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
		writer_export(
			w, &(struct export_text){entry, {at, (size_t)(end - at)}, run->priority});
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
	add_entry(w, p);
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
	add_entry(w, p);
	writer_export(w, &(struct export_text){entry, p->texts[3], line->priority});
}

static bool fits(const struct journal_writer *w, const struct entry_parts *p, const struct run *run,
		 const struct line *line)
{
	return line->text == run->text + run->size && line->priority == run->priority &&
	       sizeof(p->head) + p->texts[0].size + p->texts[1].size + p->texts[2].size +
			       run->size + line->size + 1 <=
		       room(w);
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

/* ---- life ---- */

static void set_bounds(struct journal_writer *w, const struct journal_bounds *bounds)
{
	if (bounds)
		w->bounds = *bounds;
	if (!w->bounds.file_bytes)
		w->bounds.file_bytes = DEFAULT_FILE;
	if (w->bounds.file_bytes < 2 * JOURNAL_BLOCK)
		w->bounds.file_bytes = 2 * JOURNAL_BLOCK;
	if (!w->bounds.folder_bytes)
		w->bounds.folder_bytes = DEFAULT_FOLDER;
}

struct journal_writer *journal_writer_open(const char *folder, const struct journal_bounds *bounds,
					   struct error *err)
{
	struct journal_writer *w = mem_new(struct journal_writer);

	w->folder = w->file.fd = w->export_socket = -1;
	set_bounds(w, bounds);
	if (!journal_id_read(process_boot_id(), w->boot))
		memset(w->boot, 0, sizeof(w->boot));
	if (folder_make(AT_FDCWD, folder, 0700, err))
		w->folder = folder_open(AT_FDCWD, folder, err);
	if (w->folder < 0 || !writer_file_open(w, true, err)) {
		journal_writer_free(w);
		return NULL;
	}
	return w;
}

/* Files are of one boot each. */
static void set_boot(struct journal_writer *w, const char *text)
{
	uint8_t boot[16];
	struct error ignored;

	if (!text || !journal_id_read(text, boot) || memcmp(boot, w->boot, sizeof(boot)) == 0)
		return;
	memcpy(w->boot, boot, sizeof(boot));
	journal_flush(w, &ignored);
	writer_file_close(w);
	w->file.monotonic_ns = 0;
	w->file.sequence = 0; /* of a stream of its own */
}

void journal_writer_set_origin(struct journal_writer *w, const struct journal_origin *origin)
{
	set_boot(w, origin->boot_id);
	buffer_clear(&w->origin);
	origin_encode(origin, &w->origin);
	w->origin_units = origin->unit ? journal_unit_bits(origin->unit, strlen(origin->unit)) : 0;
	w->origin_written = false;
}

void journal_writer_shrink(struct journal_writer *w)
{
	struct error ignored;

	journal_flush(w, &ignored);
	buffer_fini(&w->batch);
}

void journal_writer_free(struct journal_writer *w)
{
	struct error ignored;

	if (!w)
		return;
	journal_flush(w, &ignored);
	writer_file_close(w);
	close_fd(&w->folder);
	close_fd(&w->export_socket);
	buffer_fini(&w->batch);
	buffer_fini(&w->origin);
	free(w);
}
