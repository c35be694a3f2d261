/* Room on the disk for what a busy log is about to write.
 *
 * ext4 reserves, counts and looks up each block of 4 KiB as it is first written; in room that is there
 * already, behind the end of the file, a write costs the kernel a quarter less.  Other file systems do
 * not gain by it, and are left alone.  A disk that has no room to give is not asked again. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct log_room {
	int64_t end; /* of the room, in the file; 0: none was taken */
	bool refused;
};

/* `size` bytes are about to be written at `at`.  Nothing is taken behind `limit` (not above 0: none). */
void log_room_take(struct log_room *room, int fd, int64_t at, int64_t size, int64_t limit);

/* Give back what lies behind the end of the file. */
void log_room_release(struct log_room *room, int fd);

/* The same, of a shim that was killed. */
void log_room_release_found(int fd);
