/* Any bytes as a container's output, in steps of any size (the first byte); the same bytes in other steps must come
 * to the same text. */
#include "cmd/compose/log_lines.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char type[] = "application/vnd.docker.multiplexed-stream";

/* What `lines` writes to stdout and stderr goes to a file, and comes back as text. */
static char *text_in_steps(const char *data, size_t size, size_t step)
{
	static struct compose compose = {.project_name = (char *)"p", .style = COMPOSE_V1};
	static const struct log_wishes wishes = {.no_colour = true};
	struct log_lines *lines = log_lines_new(&compose, &wishes);
	struct log_source *source = log_lines_add(lines, "p_web_1", "web");
	int file = memfd_create("lines", MFD_CLOEXEC), before = dup(STDOUT_FILENO);
	struct buffer text = {0};
	ssize_t got;

	dup2(file, STDOUT_FILENO);
	for (size_t at = 0; at < size; at += step)
		log_source_take(source, type, data + at, size - at < step ? size - at : step);
	log_source_flush(source);
	dup2(before, STDOUT_FILENO);
	close(before);
	lseek(file, 0, SEEK_SET);
	while ((got = read(file, buffer_reserve(&text, 4096), 4096)) > 0)
		buffer_wrote(&text, (size_t)got);
	close(file);
	log_lines_free(lines);
	return buffer_take(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2 || size > 20000)
		return 0;
	const char *bytes = (const char *)data + 1;
	struct buffer whole = {(char *)(uintptr_t)bytes, size - 1, 0};
	char *once = text_in_steps(bytes, size - 1, size - 1);
	char *stepwise = text_in_steps(bytes, size - 1, 1 + data[0] % 16);
	char *plain = log_text(&whole);

	if (strcmp(once, stepwise) != 0)
		abort();
	free(once);
	free(stepwise);
	free(plain);
	return 0;
}
