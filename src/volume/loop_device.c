#include "volume/loop_device.h"

#include "os/fd.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#define TRIES 64

static int open_device(unsigned number, char path[static LOOP_PATH_SIZE])
{
	snprintf(path, LOOP_PATH_SIZE, "/dev/loop%u", number);
	return open(path, O_RDWR | O_CLOEXEC);
}

/* Asked of a device that is held open, so it stays what it is. */
static bool is_device_of(int device, const struct stat *file)
{
	struct loop_info64 info;

	return ioctl(device, LOOP_GET_STATUS64, &info) == 0 && info.lo_device == file->st_dev &&
	       info.lo_inode == file->st_ino && info.lo_offset == 0 && info.lo_sizelimit == 0;
}

/* `name` is a block device's.  Only loop devices in use have the folder, and only those are opened. */
static int open_if_device_of(const char *name, const struct stat *file,
			     char path[static LOOP_PATH_SIZE])
{
	char folder[64];
	unsigned number;
	scoped_fd int device = -1;

	if (sscanf(name, "loop%u", &number) != 1)
		return -1;
	snprintf(folder, sizeof(folder), "/sys/block/loop%u/loop", number);
	if (access(folder, F_OK) == 0)
		device = open_device(number, path);
	return device >= 0 && is_device_of(device, file) ? take_fd(device) : -1;
}

static int find(int file, char path[static LOOP_PATH_SIZE])
{
	DIR *blocks = opendir("/sys/block");
	struct stat st;
	int device = -1;

	if (!blocks)
		return -1;
	if (fstat(file, &st) == 0)
		for (struct dirent *entry; device < 0 && (entry = readdir(blocks));)
			device = open_if_device_of(entry->d_name, &st, path);
	closedir(blocks);
	return device;
}

static int open_free(int control, char path[static LOOP_PATH_SIZE], struct error *err)
{
	int number = ioctl(control, LOOP_CTL_GET_FREE), device;

	if (number < 0) {
		error_errno(err, "there is no free loop device");
		return -1;
	}
	device = open_device((unsigned)number, path);
	if (device < 0)
		error_errno(err, "cannot open '%s'", path);
	return device;
}

/* Somebody else may have taken the free one meanwhile. */
static int attach(int control, int file, bool read_only, const char *name,
		  char path[static LOOP_PATH_SIZE], struct error *err)
{
	struct loop_config config = {
		.fd = (unsigned)file,
		.info = {.lo_flags = LO_FLAGS_AUTOCLEAR | (read_only ? LO_FLAGS_READ_ONLY : 0)},
	};

	for (int tries = 0; tries < TRIES; tries++) {
		scoped_fd int device = open_free(control, path, err);

		if (device < 0)
			return -1;
		if (ioctl(device, LOOP_CONFIGURE, &config) == 0)
			return take_fd(device);
		if (errno != EBUSY)
			break;
	}
	error_errno(err, "cannot attach '%s' to a loop device", name);
	return -1;
}

/* The lock, which ends with the descriptor, keeps two of us from attaching one file at once. */
static int open_control(struct error *err)
{
	scoped_fd int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);

	if (control < 0) {
		error_errno(err, "this host has no loop devices");
		return -1;
	}
	while (flock(control, LOCK_EX) < 0)
		if (errno != EINTR) {
			error_errno(err, "cannot lock the loop devices");
			return -1;
		}
	return take_fd(control);
}

int loop_device_open(const char *name, bool read_only, char path[static LOOP_PATH_SIZE],
		     struct error *err)
{
	scoped_fd int file = open(name, (read_only ? O_RDONLY : O_RDWR) | O_CLOEXEC);
	scoped_fd int control = -1;
	int device;

	if (file < 0) {
		error_errno(err, "cannot open '%s'", name);
		return -1;
	}
	control = open_control(err);
	if (control < 0)
		return -1;
	device = find(file, path);
	return device >= 0 ? device : attach(control, file, read_only, name, path, err);
}
