/* The page wherryd(8), from the daemon's own table of options; what a table does not know comes from
 * stdin and goes behind it.  Runs while wherry is built. */
#include "cmd/daemon_settings.h"
#include "format/manual.h"

#include <stdio.h>
#include <stdlib.h>

static const struct manual_head head = {
	.page = "wherryd",
	.section = 8,
	.version = WHERRY_VERSION,
	.summary = "The daemon of the container engine wherry",
	.command = "wherryd",
	.usage = "[OPTIONS]",
	.details = "Keeps the images and containers of one host and serves the Docker Engine API. "
		   "Containers go on while it is restarted",
};

static void add_stdin(struct buffer *out)
{
	size_t got;

	while ((got = fread(buffer_reserve(out, 4096), 1, 4096, stdin)) > 0)
		buffer_wrote(out, got);
}

int main(void)
{
	size_t count;
	const struct option **options = daemon_options(&count);
	scoped_buffer struct buffer page = {0};

	manual_add_head(&head, &page);
	manual_add_options(options, count, &page);
	free(options);
	add_stdin(&page);
	return fwrite(page.data, 1, page.size, stdout) == page.size && fflush(stdout) == 0 ? 0 : 1;
}
