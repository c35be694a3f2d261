#include "shim/log_writer.h"

#include "shim/log_files.h"
#include "shim/shim_protocol.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	SLICE = 32 << 10, /* encoded at once: what comes out is at most some MB */
	BATCH = 1 << 20,  /* written at once: large pieces of cache cost the kernel less a byte */
	TORN_LIMIT = 1 << 20,
};

/* ---- the file ---- */

static bool open_file(struct log_writer *log)
{
	struct stat st;

	log->fd = openat(log->folder, log->name,
			 O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0640);
	if (log->fd < 0)
		return false;
	log->size = fstat(log->fd, &st) == 0 ? st.st_size : 0;
	return true;
}

static void close_file(struct log_writer *log)
{
	log_room_release(&log->room, log->fd);
	close_fd(&log->fd);
}

/* How much of the file's last bytes belongs to no whole line. */
static size_t torn_bytes(const struct log_writer *log)
{
	size_t size = log->size < TORN_LIMIT ? (size_t)log->size : TORN_LIMIT;
	scoped_buffer struct buffer end = {0};
	ssize_t n = pread(log->fd, buffer_reserve(&end, size), size, log->size - (off_t)size);
	const char *newline = n > 0 ? memrchr(end.data, '\n', (size_t)n) : NULL;

	return newline ? (size_t)(end.data + n - newline) - 1 : n > 0 ? (size_t)n : 0;
}

static void cut_torn_line(struct log_writer *log)
{
	char last = '\n';

	if (log->size == 0 || (pread(log->fd, &last, 1, log->size - 1) == 1 && last == '\n'))
		return;
	log->size -= (int64_t)torn_bytes(log);
	if (ftruncate(log->fd, log->size) < 0)
		log->error = errno; /* then the next line is torn too, and readers skip it */
}

static char *rotated_name(const struct log_writer *log, int64_t number, const char *suffix)
{
	return number ? str_format("%s.%lld%s", log->name, (long long)number, suffix)
		      : str_dup(log->name);
}

static void move_on(const struct log_writer *log, int64_t number, const char *suffix)
{
	scoped_free char *from = rotated_name(log, number, suffix);
	scoped_free char *to = rotated_name(log, number + 1, suffix);

	renameat(log->folder, from, log->folder, to);
}

static void remove_number(const struct log_writer *log, int64_t number, const char *suffix)
{
	scoped_free char *name = rotated_name(log, number, suffix);

	unlinkat(log->folder, name, 0);
}

/* Readers know a compressed file for the one that it was by its time, so no two may have the same. */
static void stamp(const struct log_writer *log)
{
	int64_t now = time_now_ns();
	const struct timespec moment = {.tv_sec = now / NS_PER_SECOND,
					.tv_nsec = now % NS_PER_SECOND};

	if (log->fd >= 0)
		futimens(log->fd, (const struct timespec[]){moment, moment});
}

static void rotate(struct log_writer *log)
{
	int64_t last = log->max_files - 1;

	log_room_release(&log->room, log->fd); /* it changes the file's time */
	if (log->worker) {
		stamp(log);
		remove_number(log, last, "");
		remove_number(log, last, ".gz");
	}
	for (int64_t i = last - 1; i >= 0; i--) {
		move_on(log, i, "");
		if (log->worker && i > 0)
			move_on(log, i, ".gz");
	}
	if (log->max_files <= 1)
		unlinkat(log->folder, log->name, 0);
	close_fd(&log->fd);
	log->size =
		0; /* also when the new one cannot be made: what is there is rotated only once */
	open_file(log);
	if (log->rotated)
		log->rotated(log);
}

/* ---- writing lines ---- */

static size_t write_whole(int fd, const char *data, size_t size)
{
	size_t done = 0;

	while (done < size) {
		ssize_t n = write(fd, data + done, size - done);

		if (n < 0 && errno != EINTR)
			break;
		done += n > 0 ? (size_t)n : 0;
	}
	return done;
}

static int64_t text_size(const char *lines, size_t size)
{
	scoped_buffer struct buffer text = {0};
	struct jsonlog_entry entry;
	int64_t total = 0;

	for (size_t n; (n = jsonlog_decode(lines, size, &text, &entry)) > 0;
	     lines += n, size -= n) {
		total += (int64_t)entry.text_size;
		buffer_clear(&text);
	}
	return total;
}

static void drop(struct log_writer *log, const char *lines, size_t size)
{
	int64_t lost = text_size(lines, size);

	log->dropped += lost;
	log->untold += lost;
}

/* Others may have emptied the file: where it ends is asked for, `size` is what we wrote. */
static bool cut_end(const struct log_writer *log, size_t size)
{
	struct stat st;

	return fstat(log->fd, &st) == 0 && st.st_size >= (int64_t)size &&
	       ftruncate(log->fd, st.st_size - (int64_t)size) == 0;
}

/* Of what a failing disk took of `lines`, keep the whole ones. */
static size_t keep_whole_lines(struct log_writer *log, const char *lines, size_t taken)
{
	const char *newline = taken ? memrchr(lines, '\n', taken) : NULL;
	size_t whole = newline ? (size_t)(newline - lines) + 1 : 0;

	if (!cut_end(log, taken - whole))
		whole = 0; /* readers skip what is torn */
	return whole;
}

static void write_lines(struct log_writer *log, const char *lines, size_t size)
{
	size_t taken = 0;

	if (log->fd >= 0 || open_file(log)) {
		log_room_take(&log->room, log->fd, log->size, (int64_t)size, log->max_size);
		taken = write_whole(log->fd, lines, size);
	}
	if (taken < size) {
		log->error = errno;
		if (log->fd >= 0)
			taken = keep_whole_lines(log, lines, taken);
		drop(log, lines + taken, size - taken);
	}
	log->size += (int64_t)taken;
}

static void encode_notice(struct log_writer *log, struct buffer *out)
{
	char text[160];
	int size =
		snprintf(text, sizeof(text), "wherry: %lld bytes of output are missing here: %s\n",
			 (long long)log->untold, strerror(log->error));

	jsonlog_encode(&log->encoder, STREAM_STDERR, text, (size_t)size, out);
}

/* After a loss: all of it with the notice in front, or nothing, so that what little room a full disk
 * still has does not fill with notices. */
static void write_after_loss(struct log_writer *log, const char *lines, size_t size)
{
	scoped_buffer struct buffer all = {0};
	int64_t lost = log->untold;
	size_t taken;

	encode_notice(log, &all);
	buffer_add(&all, lines, size);
	taken = log->fd >= 0 || open_file(log) ? write_whole(log->fd, all.data, all.size) : 0;
	if (taken == all.size) {
		log->size += (int64_t)taken;
		log->untold = 0;
		if (log->recovered)
			log->recovered(log, lost, log->error);
		return;
	}
	log->error = errno;
	if (taken && !cut_end(log, taken))
		log->size += (int64_t)taken;
	drop(log, lines, size);
}

/* As Docker does: a file that has reached max_size gets no further line. */
static size_t size_before_rotation(const struct log_writer *log, const char *lines, size_t size)
{
	const char *newline;
	size_t room;

	if (log->max_size <= 0 || log->size + (int64_t)size <= log->max_size ||
	    log->size >= log->max_size)
		return size;
	room = (size_t)(log->max_size - log->size);
	newline = memchr(lines + room - 1, '\n', size - room + 1);
	return newline ? (size_t)(newline - lines) + 1 : size;
}

static void remove_follower(struct log_writer *log, size_t index)
{
	close(log->followers.items[index].pipe);
	vector_remove(&log->followers, index);
}

static void wake_followers(struct log_writer *log)
{
	for (size_t i = log->followers.count; i-- > 0;) {
		struct log_follower *f = &log->followers.items[i];
		char word = f->again ? LOG_FOLLOW_AGAIN : LOG_FOLLOW_ON;

		if (write(f->pipe, &word, 1) >= 0)
			f->again = false;
		else if (errno != EAGAIN)
			remove_follower(log, i);
	}
}

void log_forget_gone(struct log_writer *log)
{
	for (size_t i = log->followers.count; i-- > 0;) {
		struct pollfd p = {.fd = log->followers.items[i].pipe};

		if (poll(&p, 1, 0) == 1 && (p.revents & POLLERR))
			remove_follower(log, i);
	}
}

/* As people do who want room again. */
static void notice_emptied(struct log_writer *log)
{
	struct stat st;

	if (log->fd < 0 || fstat(log->fd, &st) < 0 || st.st_size >= log->size)
		return;
	log->size = st.st_size;
	for (size_t i = 0; i < log->followers.count; i++)
		log->followers.items[i].again = true;
}

void log_flush(struct log_writer *log)
{
	const char *lines = log->lines.data;
	size_t left = log->lines.size, size;

	if (left > 0)
		notice_emptied(log);
	for (; left > 0; lines += size, left -= size) {
		if (log->max_size > 0 && log->size >= log->max_size)
			rotate(log);
		size = size_before_rotation(log, lines, left);
		if (log->untold)
			write_after_loss(log, lines, size);
		else
			write_lines(log, lines, size);
	}
	if (log->lines.size)
		wake_followers(log);
	buffer_clear(&log->lines);
}

/* ---- from output to lines ---- */

static struct buffer *partial_of(struct log_writer *log, enum stream_kind stream)
{
	return &log->partial[stream == STREAM_STDERR];
}

/* Complete the line that has begun; how much of the data that took. */
static size_t finish_partial(struct log_writer *log, enum stream_kind stream, const char *data,
			     size_t size)
{
	struct buffer *partial = partial_of(log, stream);
	size_t done = 0;

	while (partial->size && done < size) {
		size_t room = JSONLOG_PIECE - partial->size;
		size_t left = size - done < room ? size - done : room;
		const char *newline = memchr(data + done, '\n', left);
		size_t taken = newline ? (size_t)(newline - data) + 1 - done : left;

		buffer_add(partial, data + done, taken);
		if (newline || partial->size == JSONLOG_PIECE)
			buffer_consume(partial, jsonlog_encode(&log->encoder, stream, partial->data,
							       partial->size, &log->lines));
		done += taken;
	}
	return done;
}

void log_write(struct log_writer *log, enum stream_kind stream, const char *data, size_t size)
{
	size_t done, taken;

	if (log->folder < 0)
		return;
	jsonlog_set_time(&log->encoder, time_now_ns());
	done = finish_partial(log, stream, data, size);
	do {
		size_t slice = size - done < SLICE ? size - done : SLICE;

		taken = jsonlog_encode(&log->encoder, stream, data + done, slice, &log->lines);
		done += taken;
		if (log->lines.size >= BATCH)
			log_flush(log);
	} while (taken);
	buffer_add(partial_of(log, stream), data + done, size - done);
}

static void write_partial_lines(struct log_writer *log)
{
	jsonlog_set_time(&log->encoder, time_now_ns());
	for (enum stream_kind s = STREAM_STDOUT; s <= STREAM_STDERR; s++) {
		struct buffer *partial = partial_of(log, s);

		jsonlog_encode_rest(&log->encoder, s, partial->data, partial->size, &log->lines);
		buffer_fini(partial);
	}
	log_flush(log);
	if (log->untold)
		write_after_loss(log, "", 0);
}

static void end_followers(struct log_writer *log)
{
	for (size_t i = 0; i < log->followers.count; i++)
		close(log->followers.items[i].pipe);
	vector_fini(&log->followers);
}

void log_writer_end(struct log_writer *log)
{
	if (log->folder >= 0)
		write_partial_lines(log);
	end_followers(log);
	close_file(log);
}

const struct buffer *log_partial(const struct log_writer *log, enum stream_kind stream)
{
	return &log->partial[stream == STREAM_STDERR];
}

/* ---- life ---- */

void log_writer_none(struct log_writer *log)
{
	*log = (struct log_writer){.folder = -1, .fd = -1};
}

static bool open_folder(struct log_writer *log, const char *path, struct error *err)
{
	const char *base = strrchr(path, '/');
	scoped_free char *folder = base ? str_dup_n(path, (size_t)(base - path) + 1) : str_dup(".");

	log->name = str_dup(base ? base + 1 : path);
	log->folder = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return log->folder >= 0 || error_errno(err, "cannot open the folder of log '%s'", path);
}

bool log_writer_open(struct log_writer *log, const struct shim_log_options *options,
		     struct error *err)
{
	scoped_free char *attrs =
		options->attrs_json ? str_format("\"attrs\":%s", options->attrs_json) : NULL;

	log_writer_none(log);
	if (!open_folder(log, options->path, err))
		return false;
	log->max_size = options->max_size;
	log->max_files = options->max_files < LOG_FILES_MOST ? options->max_files : LOG_FILES_MOST;
	if (options->compress && options->max_files > 1)
		log->worker = str_dup_or_null(options->worker);
	jsonlog_encoder_init(&log->encoder, attrs);
	if (open_file(log)) {
		cut_torn_line(log);
		log_room_release_found(log->fd);
	} else
		log->error = errno; /* a full disk does not keep a container from starting */
	return true;
}

void log_writer_close(struct log_writer *log)
{
	end_followers(log);
	close_file(log);
	close_fd(&log->folder);
	free(take(log->name));
	free(take(log->worker));
	jsonlog_encoder_fini(&log->encoder);
	buffer_fini(&log->partial[0]);
	buffer_fini(&log->partial[1]);
	buffer_fini(&log->lines);
}

void log_add_follower(struct log_writer *log, int pipe)
{
	vector_add(&log->followers, ((struct log_follower){.pipe = pipe}));
}

struct log_place log_end(const struct log_writer *log)
{
	struct stat st;

	if (log->fd < 0 || fstat(log->fd, &st) < 0)
		return (struct log_place){0};
	return (struct log_place){.inode = st.st_ino, .offset = st.st_size};
}

void log_shrink(struct log_writer *log)
{
	log_room_release(&log->room, log->fd);
	buffer_fini(&log->lines);
	for (size_t i = 0; i < array_length(log->partial); i++)
		if (log->partial[i].size == 0)
			buffer_fini(&log->partial[i]);
}
