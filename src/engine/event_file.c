/* Each event is its length (4 bytes, little-endian) and its record in binary form. */
#include "engine/event_file.h"

#include "base/log.h"
#include "base/memory.h"
#include "engine/engine.h"
#include "os/fd.h"
#include "os/file.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME	   "events"
#define OLD_NAME   "events.1"
#define FILE_LIMIT (64 << 20)
#define HEAD	   sizeof(uint32_t)

struct kept_event {
	int32_t type;
	char *action, *actor;
	struct pairs attributes;
	int64_t time_ns;
};

#define T      struct kept_event
#define F(...) RECORD_FIELD(T, __VA_ARGS__)
static const struct record_field kept_event_fields[] = {
	F(1, "Type", RECORD_I32, type),	     F(2, "Action", RECORD_STRING, action),
	F(3, "Actor", RECORD_STRING, actor), F(4, "Attributes", RECORD_PAIRS, attributes),
	F(5, "Time", RECORD_I64, time_ns),
};
static const struct record_type kept_event_type = RECORD_TYPE(T, kept_event_fields);
#undef F
#undef T

/* ---- reading ---- */

struct reading {
	void (*each)(void *data, const struct engine_event *event);
	void *data;
};

static bool give(const struct reading *reading, const char *bytes, size_t size)
{
	struct kept_event kept = {0};
	struct error err;
	bool ok = record_decode(&kept_event_type, bytes, size, &kept, &err) && kept.type >= 0 &&
		  kept.type < EVENT_TYPES && kept.action && kept.actor;

	if (ok) {
		struct engine_event event = {.type = (enum event_type)kept.type,
					     .action = kept.action,
					     .actor = kept.actor,
					     .attributes = kept.attributes,
					     .time_ns = kept.time_ns};

		reading->each(reading->data, &event);
	}
	record_fini(&kept_event_type, &kept);
	return ok;
}

/* How many bytes are whole events; *count grows by their number. */
static size_t read_events(const struct buffer *bytes, const struct reading *reading, size_t *count)
{
	size_t at = 0;

	while (bytes->size - at >= HEAD) {
		uint32_t size;

		memcpy(&size, bytes->data + at, HEAD);
		size = le32toh(size);
		if (size > bytes->size - at - HEAD || !give(reading, bytes->data + at + HEAD, size))
			break;
		at += HEAD + size;
		++*count;
	}
	return at;
}

/* One that is too large (who wrote it had no bound for that) has nothing for us. */
static bool read_file(int folder, const char *name, struct buffer *bytes, struct error *err)
{
	if (file_read(folder, name, FILE_LIMIT, bytes, err) || err->kind == ERROR_NOT_FOUND)
		return true;
	buffer_clear(bytes);
	return err->kind == ERROR_INVALID;
}

/* ---- writing ---- */

static bool open_new(struct event_file *file, struct error *err)
{
	file->fd = openat(file->folder, NAME,
			  O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
	return file->fd >= 0 || error_errno(err, "cannot open the file of events");
}

static void turn(struct event_file *file)
{
	struct error err;

	renameat(file->folder, NAME, file->folder, OLD_NAME);
	close_fd(&file->fd);
	file->count = file->size = 0;
	if (!open_new(file, &err))
		log_warning("events are not kept over a restart", &err, "file=%s", NAME);
}

static bool is_full(const struct event_file *file)
{
	return file->count >= EVENT_FILE_MOST || file->size >= EVENT_FILE_BYTES;
}

void event_file_add(struct event_file *file, const struct engine_event *event)
{
	const struct kept_event kept = {(int32_t)event->type, event->action, event->actor,
					event->attributes, event->time_ns};
	scoped_buffer struct buffer bytes = {0};
	uint32_t size;
	struct stat st;
	ssize_t written;

	if (file->fd < 0)
		return;
	buffer_add(&bytes, &(uint32_t){0}, HEAD);
	record_encode(&kept_event_type, &kept, &bytes);
	size = htole32((uint32_t)(bytes.size - HEAD));
	memcpy(bytes.data, &size, HEAD);
	written = write(file->fd, bytes.data, bytes.size);
	if (written == (ssize_t)bytes.size) {
		file->count++;
		file->size += bytes.size;
		if (is_full(file))
			turn(file);
		return;
	}
	if (written > 0 && fstat(file->fd, &st) == 0 &&
	    ftruncate(file->fd, st.st_size - written) < 0)
		close_fd(&file->fd); /* what came behind half an event would never be read */
	if (!file->failed)
		log_warning("an event could not be kept", NULL, "error=%s", strerror(errno));
	file->failed = true;
}

/* ---- life ---- */

static bool open_files(struct event_file *file, const struct reading *reading, struct error *err)
{
	scoped_buffer struct buffer older = {0}, newer = {0};
	size_t unused = 0;

	if (!read_file(file->folder, OLD_NAME, &older, err) ||
	    !read_file(file->folder, NAME, &newer, err) || !open_new(file, err))
		return false;
	read_events(&older, reading, &unused);
	file->size = read_events(&newer, reading, &file->count);
	if (ftruncate(file->fd, (off_t)file->size) < 0)
		return error_errno(err, "cannot cut the file of events");
	if (is_full(file))
		turn(file);
	return true;
}

bool event_file_open(struct event_file *file, const char *folder,
		     void (*each)(void *data, const struct engine_event *event), void *data,
		     struct error *err)
{
	struct reading reading = {each, data};

	*file = (struct event_file){.folder = folder_open(AT_FDCWD, folder, err), .fd = -1};
	if (file->folder >= 0 && open_files(file, &reading, err))
		return true;
	event_file_close(file);
	return false;
}

void event_file_close(struct event_file *file)
{
	close_fd(&file->fd);
	close_fd(&file->folder);
}
