/* Any bytes as a layer, compressed or not, unpacked below one folder of a filesystem of its own:
 * nothing but that folder may be there afterwards.  Needs the right to mount; without it there is
 * nothing to see. */
#include "image/layer_unpack.h"

#include "image/byte_pieces.h"
#include "os/file.h"

#include <dirent.h>
#include <fcntl.h>
#include <locale.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A tmpfs that is mounted nowhere, so it goes with this process however that ends. */
static int make_filesystem(void)
{
	int config = fsopen("tmpfs", FSOPEN_CLOEXEC);

	setlocale(LC_CTYPE, "C.UTF-8");
	umask(0);
	if (config < 0)
		return -1;
	fsconfig(config, FSCONFIG_SET_STRING, "size", "64m", 0);
	fsconfig(config, FSCONFIG_CMD_CREATE, NULL, NULL, 0);
	return fsmount(config, FSMOUNT_CLOEXEC, 0);
}

static void check_only(int filesystem, const char *name)
{
	DIR *folder = fdopendir(openat(filesystem, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	struct dirent *entry;

	while ((entry = readdir(folder)))
		if (entry->d_name[0] != '.' && !str_equal(entry->d_name, name))
			abort();
	closedir(folder);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct layer_limits limits = {1 << 20, 200};
	static int filesystem = -2;
	struct byte_pieces pieces = {(const char *)data, size, size};
	struct byte_source source = {byte_pieces_next, &pieces};
	struct layer_facts facts;
	struct error err;

	if (filesystem == -2)
		filesystem = make_filesystem();
	if (filesystem < 0)
		return 0;
	mkdirat(filesystem, "layer", 0755);
	scoped_fd int root = openat(filesystem, "layer", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	layer_unpack(root, &source, &limits, &facts, &err);
	check_only(filesystem, "layer");
	if (!tree_remove(filesystem, "layer", &err))
		abort();
	return 0;
}
