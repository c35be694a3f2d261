/* Any bytes as the frames of an attached container, cut wherever the first byte says; the same bytes
 * cut elsewhere must mean the same. */
#include "cmd/cli/streams.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool write_in_steps(const char *data, size_t size, size_t step)
{
	struct streams streams = {.framed = true};
	struct error err;

	for (size_t at = 0; at < size; at += step)
		if (!streams_write(&streams, data + at, size - at < step ? size - at : step, &err))
			return false;
	return streams_end(&streams, &err);
}

/* The container's words go nowhere; the fuzzer's own still to stderr. */
static int silence(int fd, int nowhere)
{
	int saved = fcntl(fd, F_DUPFD_CLOEXEC, 3);

	dup2(nowhere, fd);
	return saved;
}

static void restore(int fd, int saved)
{
	dup2(saved, fd);
	close(saved);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);

	if (!size || nowhere < 0)
		return 0;
	int out = silence(STDOUT_FILENO, nowhere), err = silence(STDERR_FILENO, nowhere);
	bool whole = write_in_steps((const char *)data + 1, size - 1, size);
	bool cut = write_in_steps((const char *)data + 1, size - 1, data[0] % 16 + 1);
	restore(STDOUT_FILENO, out);
	restore(STDERR_FILENO, err);
	close(nowhere);
	if (whole != cut)
		abort();
	return 0;
}
