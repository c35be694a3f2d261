#include "sandbox/init_layer.h"

#include "base/memory.h"
#include "os/file.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static const char *const folders[] = {"dev", "proc", "sys", "etc"};
static const char *const files[] = {"etc/hosts", "etc/hostname", "etc/resolv.conf", ".dockerenv"};

static bool make_files(int layer, struct error *err)
{
	for (size_t i = 0; i < array_length(files); i++) {
		scoped_fd int file = openat(layer, files[i], O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

		if (file < 0)
			return error_errno(err, "cannot make '%s'", files[i]);
	}
	if (symlinkat("/proc/mounts", layer, "etc/mtab") < 0 && errno != EEXIST)
		return error_errno(err, "cannot make 'etc/mtab'");
	return true;
}

bool init_layer_make(const char *path, struct error *err)
{
	scoped_fd int layer = -1;

	if (!folder_make(AT_FDCWD, path, 0755, err))
		return false;
	layer = folder_open(AT_FDCWD, path, err);
	for (size_t i = 0; layer >= 0 && i < array_length(folders); i++)
		if (!folder_make(layer, folders[i], 0755, err))
			return error_prefix(err, "init layer");
	return layer >= 0 && (make_files(layer, err) || error_prefix(err, "init layer"));
}
