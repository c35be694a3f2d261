/* Any messages of a daemon as progress, one a line, on a terminal and elsewhere. */
#include "base/memory.h"
#include "base/text.h"
#include "cmd/cli/stream_progress.h"

#include <fcntl.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void show(struct stream_progress *progress, const char *line, size_t size)
{
	json_t *message = json_loadb(line, size, 0, NULL);
	struct error err;

	if (message)
		stream_progress_show(progress, message, &err);
	json_decref(message);
}

static void show_all(int fd, const char *at, const char *end)
{
	struct stream_progress *progress = stream_progress_new(fd);

	while (at < end) {
		const char *stop = memchr(at, '\n', (size_t)(end - at));

		stop = stop ? stop : end;
		show(progress, at, (size_t)(stop - at));
		at = stop + 1;
	}
	stream_progress_free(progress);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int file = -1, terminal = -1;
	const char *text = (const char *)data;

	if (file < 0) {
		file = open("/dev/null", O_WRONLY | O_CLOEXEC);
		terminal = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	}
	show_all(file, text, text + size);
	show_all(terminal, text, text + size);
	return 0;
}
