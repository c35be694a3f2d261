/* A recipe of any pieces, of a layer that has one file.  Compressed here, or the parser would hardly ever be
 * reached; an odd first byte gives the bytes as they are. */
#include "image/recipe.h"
#include "os/fd.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zstd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char folder[] = "/tmp/recipe.XXXXXX";
static int layer = -1;

static void remove_layer(void)
{
	unlinkat(layer, "f", 0);
	rmdir(folder);
}

static int the_layer(void)
{
	if (layer >= 0)
		return layer;
	layer = mkdtemp(folder) ? open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
	atexit(remove_layer);
	scoped_fd int file = openat(layer, "f", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (file < 0 || write(file, "content", 7) != 7)
		abort();
	return layer;
}

static bool count_bytes(void *data, const void *bytes, size_t size, struct error *err)
{
	int64_t *sum = data;

	*sum += (int64_t)size;
	return *sum < (16 << 20) || error_set(err, ERROR_INVALID, "enough");
}

static void put_compressed(int file, const uint8_t *data, size_t size)
{
	size_t room = ZSTD_compressBound(size);
	scoped_free char *out = mem_zeroed(1, room);
	size_t n = ZSTD_compress(out, room, data, size, 1);

	if (ZSTD_isError(n) || write(file, out, n) != (ssize_t)n)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	scoped_fd int file = memfd_create("recipe", MFD_CLOEXEC);
	int64_t written = 0, told = 0;
	const struct recipe_sink sink = {.write = count_bytes, .data = &written};
	struct error err;

	if (!size || file < 0)
		return 0;
	if (data[0] & 1) {
		if (write(file, data + 1, size - 1) != (ssize_t)size - 1)
			abort();
	} else {
		put_compressed(file, data + 1, size - 1);
	}
	lseek(file, 0, SEEK_SET);
	recipe_size(file, &told, &err);
	lseek(file, 0, SEEK_SET);
	recipe_replay(file, the_layer(), &sink, &err);
	return 0;
}
