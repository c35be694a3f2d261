/* The file that a writer has: claimed or made, sealed, given back.
 *
 * A file that another writer of this boot has left is gone on with, as long as it is not half full: otherwise
 * each run of a timer's unit would leave a file of its own.  Its torn tail is cut off first. */
#include "journal/folder.h"
#include "journal/writer.h"

#include "base/id.h"
#include "base/time.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	TRIMS = 8,  /* of so many writers that begin, one looks how much there is */
	MAKES = 16, /* a new one that somebody else claimed first */
};

/* ---- going on with one ---- */

struct tail {
	const char *data;
	size_t size;  /* of the block, as far as it is there */
	size_t whole; /* where the first frame begins that is not whole */
	bool sealed;
};

static void note_entry(struct writer_file *file, const struct stored_entry *entry)
{
	file->sequence = entry->head.sequence + entry->head.count;
	file->monotonic_ns = entry->head.monotonic_ns;
	file->realtime_ns = entry->head.realtime_ns;
}

static void scan_block(struct tail *tail, struct writer_file *file)
{
	struct stored_entry entry;
	struct frame head;

	while (frame_read(tail->data + tail->whole, tail->size - tail->whole, &head) ==
	       FRAME_WHOLE) {
		if (head.kind == FRAME_ENTRY &&
		    entry_read(tail->data + tail->whole, head.size, &entry))
			note_entry(file, &entry);
		tail->sealed = tail->sealed || head.kind == FRAME_SEAL;
		tail->whole += head.size;
	}
}

/* Where the writing goes on: behind the last whole frame of the last block that is one. */
static bool find_end(int fd, int64_t size, char *data, struct writer_file *file)
{
	for (int64_t at = (size - 1) / JOURNAL_BLOCK * JOURNAL_BLOCK; at >= 0;
	     at -= JOURNAL_BLOCK) {
		ssize_t n = pread(fd, data, JOURNAL_BLOCK, at);
		struct tail tail = {.data = data, .size = n > 0 ? (size_t)n : 0};
		struct block_frame block;

		if (!block_read(tail.data, tail.size, &block))
			continue;
		memcpy(file->stream, block.stream, sizeof(file->stream));
		file->sequence = block.sequence;
		file->monotonic_ns = block.monotonic_ns;
		scan_block(&tail, file);
		file->at = at + (int64_t)tail.whole;
		return !tail.sealed;
	}
	return false;
}

static bool may_go_on(const struct journal_writer *w, int fd, int64_t *size)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return false;
	*size = st.st_size;
	return st.st_size < w->bounds.file_bytes / 2;
}

/* What the former writer's units were is not known any more: they may be any. */
static bool go_on(struct journal_writer *w, const char *name)
{
	scoped_fd int fd = journal_file_claim(w->folder, name);
	scoped_free char *data = NULL;
	struct writer_file file = {.units = ~UINT64_C(0), .priorities = 0xff};
	struct journal_name parts;
	int64_t size;

	file.block_units = file.units;
	file.block_priorities = file.priorities;
	if (fd < 0 || !journal_name_read(name, &parts) || !may_go_on(w, fd, &size))
		return false;
	data = mem_zeroed(1, JOURNAL_BLOCK);
	if (!find_end(fd, size, data, &file) || (file.at < size && ftruncate(fd, file.at) < 0))
		return false;
	memcpy(file.name, name, strlen(name) + 1);
	file.number = parts.number;
	file.fd = take_fd(fd);
	w->file = file;
	return true;
}

/* The others are most likely written by somebody; when many writers begin at once, each tries elsewhere. */
static bool go_on_with_any(struct journal_writer *w)
{
	char names[JOURNAL_SAMPLE][JOURNAL_NAME_SIZE];
	size_t count = journal_names_sample(w->folder, w->boot, names);

	for (size_t i = 0; i < count; i++)
		if (go_on(w, names[i]))
			return true;
	return false;
}

/* ---- a new one ---- */

static int make(struct journal_writer *w, struct writer_file *file)
{
	struct journal_name name = {.start_us = time_now_ns() / 1000, .number = file->number};
	scoped_fd int fd = -1;
	struct stat st;

	memcpy(name.boot, w->boot, sizeof(name.boot));
	memcpy(name.stream, file->stream, sizeof(name.stream));
	journal_name_text(&name, file->name);
	fd = openat(w->folder, file->name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
		    0600);
	if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0 || fstat(fd, &st) < 0)
		return -1;
	errno = EAGAIN; /* removed before we had the lock */
	return st.st_nlink ? take_fd(fd) : -1;
}

static bool make_new(struct journal_writer *w, struct error *err)
{
	struct writer_file *file = &w->file;

	for (int i = 0; i < MAKES; i++) {
		file->fd = make(w, file);
		if (file->fd >= 0)
			return true;
		if (errno != EWOULDBLOCK && errno != EEXIST)
			break;
	}
	return error_errno(err, "cannot make a file of the journal");
}

/* The next of the same stream, or the first of one of its own. */
static void begin_new(struct journal_writer *w)
{
	const struct writer_file former = w->file;

	w->file = (struct writer_file){.fd = -1,
				       .number = former.number + 1,
				       .sequence = former.sequence,
				       .monotonic_ns = former.monotonic_ns};
	if (former.sequence) {
		memcpy(w->file.stream, former.stream, sizeof(former.stream));
		return;
	}
	random_bytes(w->file.stream, sizeof(w->file.stream));
	w->file.number = 0;
	w->file.sequence = 1;
}

/* Looking at all files takes long when a thousand writers begin; and it is the full files that matter. */
static bool is_chosen(void)
{
	uint8_t number;

	random_bytes(&number, sizeof(number));
	return number % TRIMS == 0;
}

bool writer_file_open(struct journal_writer *w, bool again, struct error *err)
{
	/* and the one that is about to be made */
	const struct journal_keep keep = {.bytes = w->bounds.folder_bytes,
					  .files = w->bounds.files - 1};

	w->origin_written = false;
	if (again && go_on_with_any(w))
		return true;
	begin_new(w);
	if (!again || is_chosen())
		journal_folder_trim(w->folder, &keep);
	return make_new(w, err);
}

/* ---- the end of one ---- */

void writer_file_seal(struct journal_writer *w)
{
	struct writer_file *file = &w->file;
	struct seal_frame seal = {
		.head = {.kind = FRAME_SEAL},
		.blocks = (uint32_t)((file->at + JOURNAL_BLOCK - 1) / JOURNAL_BLOCK),
		.realtime_ns = file->realtime_ns,
		.monotonic_ns = file->monotonic_ns,
		.sequence = file->sequence,
		.units = file->units,
		.priorities = file->priorities};

	if (file->fd < 0)
		return;
	frame_finish((char *)&seal, sizeof(seal));
	/* a block keeps room for it; only one that was torn just there has none */
	if (file->at % JOURNAL_BLOCK <= JOURNAL_BLOCK - (int64_t)sizeof(seal) &&
	    pwrite(file->fd, &seal, sizeof(seal), file->at) != (ssize_t)sizeof(seal))
		(void)!ftruncate(file->fd, file->at);
	writer_file_close(w);
}

void writer_file_close(struct journal_writer *w)
{
	if (w->file.fd >= 0 && w->file.at == 0)
		unlinkat(w->folder, w->file.name, 0);
	close_fd(&w->file.fd);
}
