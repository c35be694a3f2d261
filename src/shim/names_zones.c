/* A file that the daemon has replaced has no name any more, which fstat tells; so no path is walked for
 * a query, and nobody has to tell a shim that names have changed.  What cannot be opened leaves what
 * there was: a container keeps its names when the folder goes. */
#include "shim/names_zones.h"

#include "base/log.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ZONE_LIMIT = 64 << 20 };

struct names_zone {
	char *id;   /* owned */
	int fd;	    /* owned; -1: never found */
	void *data; /* owned: mapped */
	struct zone zone;
};

/* ---- one zone ---- */

static void close_zone(struct names_zone *z)
{
	if (z->data)
		munmap(z->data, z->zone.size);
	z->data = NULL;
	close_fd(&z->fd);
}

static bool is_current(const struct names_zone *z)
{
	struct stat st;

	return z->fd >= 0 && fstat(z->fd, &st) == 0 && st.st_nlink > 0;
}

static void take_file(struct names_zone *z, int fd)
{
	struct stat st;
	struct zone zone;
	void *data;

	if (fstat(fd, &st) < 0 || st.st_size <= 0 || st.st_size > ZONE_LIMIT)
		return;
	data = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
	if (data == MAP_FAILED)
		return;
	if (!zone_open(&zone, data, (size_t)st.st_size)) {
		munmap(data, (size_t)st.st_size);
		return;
	}
	close_zone(z);
	z->data = data;
	z->zone = zone;
	z->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
}

static void refresh(const struct names_zones *zones, struct names_zone *z)
{
	scoped_fd int fd = -1;

	if (is_current(z))
		return;
	fd = openat(zones->folder, z->id, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd >= 0)
		take_file(z, fd);
}

/* ---- all ---- */

void names_zones_init(struct names_zones *zones)
{
	*zones = (struct names_zones){.folder = -1};
}

static void forget_all(struct names_zones *zones)
{
	for (size_t i = 0; i < zones->count; i++) {
		close_zone(&zones->items[i]);
		free(zones->items[i].id);
	}
	free(take(zones->items));
	free(take(zones->open));
	zones->count = zones->open_count = 0;
}

void names_zones_fini(struct names_zones *zones)
{
	forget_all(zones);
	close_fd(&zones->folder);
}

void names_zones_set(struct names_zones *zones, const char *folder, const struct strings *ids)
{
	forget_all(zones);
	if (zones->folder < 0 && folder)
		zones->folder = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (ids->count == 0)
		return;
	zones->items = mem_zeroed(ids->count, sizeof(*zones->items));
	zones->open = mem_zeroed(ids->count, sizeof(*zones->open));
	for (; zones->count < ids->count; zones->count++)
		zones->items[zones->count] =
			(struct names_zone){.id = str_dup(ids->items[zones->count]), .fd = -1};
}

void names_zones_refresh(struct names_zones *zones)
{
	zones->open_count = 0;
	for (size_t i = 0; i < zones->count; i++) {
		refresh(zones, &zones->items[i]);
		if (zones->items[i].data)
			zones->open[zones->open_count++] = zones->items[i].zone;
	}
}
