#include "shim/log_room.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

enum {
	AT_ONCE = 4 << 20,
	BUSY = 128 << 10, /* so large a write is one of many */
	UNIT = 512,	  /* of st_blocks */
};

static bool gains(int fd)
{
	struct statfs system;

	return fstatfs(fd, &system) == 0 && system.f_type == EXT4_SUPER_MAGIC;
}

void log_room_take(struct log_room *room, int fd, int64_t at, int64_t size, int64_t limit)
{
	int64_t end = at + size + AT_ONCE;

	if (size < BUSY || room->refused || room->end >= at + size)
		return;
	if (limit > 0 && end > limit)
		end = limit;
	if (end <= at + size)
		return;
	room->refused =
		(!room->end && !gains(fd)) || fallocate(fd, FALLOC_FL_KEEP_SIZE, at, end - at) < 0;
	if (!room->refused)
		room->end = end;
}

/* Setting a file to the size that it has frees what lies behind.  Its size is asked for: others may have
 * emptied it. */
static void cut(int fd, const struct stat *st)
{
	if (ftruncate(fd, st->st_size) < 0)
		return; /* it goes with the log at the latest */
}

void log_room_release(struct log_room *room, int fd)
{
	struct stat st;

	if (room->end && fstat(fd, &st) == 0 && st.st_size < room->end)
		cut(fd, &st);
	*room = (struct log_room){0};
}

void log_room_release_found(int fd)
{
	struct stat st;

	if (fstat(fd, &st) == 0 && st.st_blocks * UNIT >= st.st_size + BUSY)
		cut(fd, &st);
}
