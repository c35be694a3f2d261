#include "shim/log_reader.h"

#include "format/jsonlog.h"
#include "shim/log_files.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	READ_SIZE = 256 << 10,
	TAIL_STEP = 64 << 10,
	LINE_LIMIT = 4 << 20, /* of what is no line of ours */
	TIME_LENGTH = 30,     /* 2023-01-02T03:04:05.678901234Z */
};

struct log_reader {
	int folder;
	char *name;
	struct log_query query; /* details and worker owned */
	size_t details_length;
	struct log_files files;
	size_t at;	   /* the file that is read */
	struct buffer raw; /* from `used` on: bytes read and not decoded */
	size_t used;
	bool skipping; /* inside a line that is too long to be one of ours */
	bool past_until;
	bool frame_lines;
};

/* ---- opening; tail ---- */

/* Where the last `lines` complete lines before `end` begin; what is missing to that number stays in
 * *lines. */
static off_t tail_offset(int fd, off_t end, int64_t *lines)
{
	scoped_buffer struct buffer step = {0};
	char *data = buffer_reserve(&step, TAIL_STEP);
	bool last_newline = true; /* the one that ends the last line is not in front of one */

	while (end > 0) {
		off_t from = end > TAIL_STEP ? end - TAIL_STEP : 0;
		ssize_t n = pread(fd, data, (size_t)(end - from), from);
		const char *newline;

		for (size_t size = n > 0 ? (size_t)n : 0;
		     size && (newline = memrchr(data, '\n', size));
		     size = (size_t)(newline - data)) {
			if (!last_newline && --*lines == 0)
				return from + (newline - data) + 1;
			last_newline = false;
		}
		end = from;
	}
	if (!last_newline)
		--*lines; /* the first line has no newline in front of it */
	return 0;
}

static off_t size_of(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 ? st.st_size : 0;
}

/* false: its file is gone, or there is no such place. */
static bool seek_place(struct log_reader *r, const struct log_place *place)
{
	struct stat st;

	for (size_t i = 0; place->inode && i < r->files.count; i++) {
		if (fstat(r->files.fds[i], &st) < 0 || st.st_ino != place->inode)
			continue;
		r->at = i;
		return lseek(r->files.fds[i], place->offset, SEEK_SET) >= 0;
	}
	return false;
}

/* Between the request and this moment lines may have come, and files: these are new to the client. */
static void seek_end(struct log_reader *r)
{
	if (seek_place(r, &r->query.since_place) || r->query.since_place.inode)
		return;
	r->at = r->files.count - 1;
	lseek(r->files.fds[r->at], 0, SEEK_END);
}

/* What is read from its beginning is not kept in memory until then. */
static void seek_tail(struct log_reader *r, int64_t lines)
{
	size_t i = r->files.count;

	while (lines > 0 && i-- > 0) {
		int fd;

		log_files_unpack(&r->files, i, r->query.worker);
		fd = r->files.fds[i];
		lseek(fd, tail_offset(fd, size_of(fd), &lines), SEEK_SET);
		if (lines > 0)
			log_files_pack(&r->files, i);
		r->at = i;
	}
}

struct log_reader *log_reader_open(int folder, const char *name, const struct log_query *query)
{
	struct log_reader *r;
	struct log_files files;

	if (folder < 0)
		return NULL;
	log_files_open(folder, name, query->worker, &files);
	if (files.count == 0) {
		log_files_fini(&files);
		return NULL;
	}
	r = mem_new(struct log_reader);
	*r = (struct log_reader){
		.folder = folder, .name = str_dup(name), .query = *query, .files = files};
	r->query.details = str_dup_or_null(query->details);
	r->query.worker = str_dup_or_null(query->worker);
	r->details_length = query->details ? strlen(query->details) + 1 : 0;
	if (query->tail == 0)
		seek_end(r);
	else if (query->tail > 0)
		seek_tail(r, query->tail);
	return r;
}

void log_reader_close(struct log_reader *r)
{
	if (!r)
		return;
	log_files_fini(&r->files);
	buffer_fini(&r->raw);
	free((char *)(uintptr_t)r->query.details);
	free((char *)(uintptr_t)r->query.worker);
	free(r->name);
	free(r);
}

void log_reader_frame_lines(struct log_reader *r)
{
	r->frame_lines = true;
}

/* ---- bytes from the files, in their order ---- */

/* What is left of a file whose end has been passed is half a line, of a shim that was killed. */
static void begin_file(struct log_reader *r)
{
	buffer_clear(&r->raw);
	r->used = 0;
	r->skipping = false;
}

/* false: this is the newest file. */
static bool next_file(struct log_reader *r)
{
	int *current = &r->files.fds[r->at];
	int next;

	if (r->at + 1 < r->files.count) {
		log_files_drop(&r->files, r->at++);
		begin_file(r);
		return true;
	}
	next = log_files_next(r->folder, r->name, r->query.worker, *current);
	if (next < 0)
		return false;
	/* The writer has left it: but has all of it been read?  The caller looks once more. */
	if (lseek(*current, 0, SEEK_CUR) < size_of(*current)) {
		close(next);
		return true;
	}
	log_files_drop(&r->files, r->at);
	*current = next;
	begin_file(r);
	return true;
}

/* What a full disk took of a line was read before the writer took it back. */
static bool was_cut(struct log_reader *r)
{
	int fd = r->files.fds[r->at];
	off_t size = size_of(fd);

	if (lseek(fd, 0, SEEK_CUR) <= size)
		return false;
	begin_file(r);
	return lseek(fd, size, SEEK_SET) == size;
}

/* Of an older file nothing was taken. */
void log_reader_begin_again(struct log_reader *r)
{
	int fd = r->files.fds[r->at];
	struct stat ours, newest;

	if (fstat(fd, &ours) < 0 || fstatat(r->folder, r->name, &newest, AT_SYMLINK_NOFOLLOW) < 0 ||
	    ours.st_ino != newest.st_ino)
		return;
	begin_file(r);
	lseek(fd, 0, SEEK_SET);
}

/* false: there is no more now. */
static bool read_more(struct log_reader *r)
{
	ssize_t n;

	buffer_consume(&r->raw, r->used);
	r->used = 0;
	if (r->raw.size > LINE_LIMIT) {
		buffer_clear(&r->raw);
		r->skipping = true;
	}
	do {
		char *room = buffer_reserve(&r->raw, READ_SIZE);

		log_files_unpack(&r->files, r->at, r->query.worker);
		n = read(r->files.fds[r->at], room, READ_SIZE);
	} while ((n < 0 && errno == EINTR) || (n <= 0 && (next_file(r) || was_cut(r))));
	if (n > 0)
		buffer_wrote(&r->raw, (size_t)n);
	return n > 0;
}

/* ---- lines to frames ----
 *
 * A line is decoded to where it will stand, behind room for the header of a frame and for what stands
 * before it; only when its stream is known the header is filled in, or its room given up. */

struct frames {
	struct buffer *out;
	size_t header; /* of the open frame */
	size_t room;   /* for a header: 8, or 0 where there are none */
	bool open;
	enum stream_kind stream;
};

static void cut(struct buffer *b, size_t size)
{
	b->size = size;
	b->data[size] = '\0';
}

static void close_frame(struct frames *f)
{
	if (f->open && f->room)
		stream_frame_write((uint8_t *)f->out->data + f->header, f->stream,
				   (uint32_t)(f->out->size - f->header - f->room));
	f->open = false;
}

/* The line from `start` on begins with room for a header: use it, or take it away. */
static void frame_line(struct frames *f, size_t start, enum stream_kind stream)
{
	struct buffer *out = f->out;

	if (f->room == 0)
		return;
	if (f->open && f->stream == stream) {
		memmove(out->data + start, out->data + start + f->room,
			out->size - start - f->room);
		cut(out, out->size - f->room);
		return;
	}
	if (f->open) {
		size_t end = out->size;

		out->size = start;
		close_frame(f);
		out->size = end;
	}
	*f = (struct frames){out, start, f->room, true, stream};
}

static bool wants(const struct log_reader *r, enum stream_kind stream)
{
	return stream == STREAM_STDERR ? r->query.err : r->query.out;
}

/* Since and until need the time read as a number; the rest of us only copies it. */
static bool in_time(struct log_reader *r, const struct jsonlog_entry *entry)
{
	int64_t ns;

	if ((!r->query.since && !r->query.until) || !jsonlog_entry_time(entry, &ns))
		return true;
	if (r->query.until && ns > r->query.until)
		r->past_until = true;
	return ns >= r->query.since && !r->past_until;
}

static size_t prefix_length(const struct log_reader *r)
{
	return (r->query.timestamps ? TIME_LENGTH + 1 : 0) + r->details_length;
}

static void fill_prefix(const struct log_reader *r, const struct jsonlog_entry *entry, char *at)
{
	char time[TIME_TEXT_SIZE] = "";

	if (r->query.timestamps) {
		jsonlog_entry_time_text(entry, time);
		memset(at, ' ', TIME_LENGTH + 1); /* a line without time keeps the columns */
		memcpy(at, time, strnlen(time, TIME_LENGTH));
		at += TIME_LENGTH + 1;
	}
	if (r->details_length) {
		memcpy(at, r->query.details, r->details_length - 1);
		at[r->details_length - 1] = ' ';
	}
}

/* How many bytes of raw the next line takes; 0: it is not whole. */
static size_t render_line(struct log_reader *r, struct frames *f)
{
	size_t start = f->out->size, prefix = f->room + prefix_length(r), taken;
	struct jsonlog_entry entry;

	buffer_reserve(f->out, prefix);
	buffer_wrote(f->out, prefix);
	taken = jsonlog_decode(r->raw.data + r->used, r->raw.size - r->used, f->out, &entry);
	if (!taken || r->skipping || !entry.valid || !wants(r, entry.stream) ||
	    !in_time(r, &entry)) {
		cut(f->out, start);
		r->skipping = r->skipping && !taken;
		return taken;
	}
	fill_prefix(r, &entry, f->out->data + start + f->room);
	frame_line(f, start, entry.stream);
	if (r->frame_lines)
		close_frame(f);
	return taken;
}

enum log_progress log_reader_read(struct log_reader *r, size_t limit, struct buffer *out)
{
	struct frames f = {.out = out, .room = r->query.multiplexed ? STREAM_FRAME_HEADER : 0};
	size_t before = out->size;
	bool more = true;

	while (more && !r->past_until && out->size - before < limit) {
		size_t taken = r->raw.size > r->used ? render_line(r, &f) : 0;

		r->used += taken;
		if (!taken)
			more = read_more(r);
	}
	close_frame(&f);
	if (out->size > before)
		return LOG_MORE;
	return r->past_until ? LOG_PAST_UNTIL : LOG_AT_END;
}
