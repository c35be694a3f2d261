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
#define DEFAULT_FILES  3000

/* ---- where we are ---- */

static size_t in_block(const struct journal_writer *w)
{
	return (size_t)(w->file.at % JOURNAL_BLOCK) + w->batch.size;
}

/* Bytes that an entry may take here.  The seal's room is kept. */
size_t writer_room(const struct journal_writer *w)
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

static void close_run(struct journal_writer *w)
{
	struct writer_run *run = &w->run;

	if (run->open && run->grown) {
		memcpy(w->batch.data + run->at, &run->head, sizeof(run->head));
		frame_finish(w->batch.data + run->at, w->batch.size - run->at);
	}
	run->open = false;
}

bool journal_flush(struct journal_writer *w, struct error *err)
{
	size_t written;
	bool whole;

	close_run(w);
	written = w->batch.size ? write_batch(w) : 0;
	whole = written == w->batch.size;
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

bool journal_writer_rotate(struct journal_writer *w, struct error *err)
{
	if (!journal_flush(w, err))
		return false;
	if (w->file.fd >= 0 && w->file.at == 0)
		return true;
	writer_file_seal(w);
	return writer_file_open(w, false, err);
}

static void prepare(struct journal_writer *w, const struct entry_frame *entry, size_t size)
{
	close_run(w);
	if ((w->file.fd < 0 && !w->batch.size) || writer_room(w) < size)
		next_block(w);
	if (in_block(w) == 0)
		begin_block(w, entry);
	if (!w->origin_written)
		add_origin(w);
}

size_t entry_parts_size(const struct entry_parts *p)
{
	return sizeof(p->head) + p->texts[0].size + p->texts[1].size + p->texts[2].size +
	       p->texts[3].size + p->texts[4].size;
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

void writer_add(struct journal_writer *w, struct entry_parts *p)
{
	prepare(w, &p->head, entry_parts_size(p));
	p->head.sequence = w->file.sequence;
	add_frame(w, &p->head, sizeof(p->head), p->texts, array_length(p->texts));
	note(w, &p->head);
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
	if (!w->bounds.files)
		w->bounds.files = DEFAULT_FILES;
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
	close_run(w);
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
