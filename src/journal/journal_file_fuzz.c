/* Any bytes as a file of a journal: read forward, backward and by seeking, and printed in every form.  Checksums
 * are put right first, so that what stands behind them is reached. */
#include "journal/output.h"
#include "os/file.h"

#include <fcntl.h>

#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void correct_checksums(char *bytes, size_t size)
{
	for (size_t block = 0; block < size; block += JOURNAL_BLOCK) {
		size_t end = size - block < JOURNAL_BLOCK ? size : block + JOURNAL_BLOCK;
		struct frame head;

		for (size_t at = block; end - at >= sizeof(head); at += head.size) {
			memcpy(&head, bytes + at, sizeof(head));
			if (head.size < sizeof(head) || head.size > end - at)
				break;
			frame_finish(bytes + at, head.size);
		}
	}
}

static void print(struct journal_printer *printer, const struct journal_view *view)
{
	scoped_buffer struct buffer out = {0};

	for (enum journal_output output = 0; output < JOURNAL_OUTPUTS; output++) {
		printer->output = output;
		printer->has_moment = false;
		journal_print(printer, view, &out);
	}
}

static void seek(struct journal_file *file, int64_t value)
{
	static const enum journal_scale scales[] = {JOURNAL_BY_REALTIME, JOURNAL_BY_MONOTONIC,
						    JOURNAL_BY_SEQUENCE};

	for (size_t i = 0; i < array_length(scales); i++) {
		const struct journal_target target = {scales[i], value, (uint64_t)value};

		if (journal_file_seek(file, &target)) {
			journal_file_previous(file);
			journal_file_next(file);
			journal_file_next(file);
		}
	}
}

static void read_file(struct journal_file *file)
{
	scoped_with(journal_printer_fini) struct journal_printer printer = {.utc = true};
	int64_t middle = 0;
	size_t forward = 0, printed = 0;

	for (; journal_file_next(file); forward++) {
		if (printed++ < 100)
			print(&printer, &file->view);
		if (forward % 3 == 1)
			middle = file->view.stored.head.realtime_ns;
	}
	while (journal_file_previous(file))
		forward--;
	if (forward != 0)
		abort();
	seek(file, middle);
	seek(file, 1);
	journal_file_refresh(file);
	journal_file_next(file);
}

static char scratch[] = "/tmp/journal_file_fuzz.XXXXXX";

static void remove_scratch(void)
{
	struct error ignored;

	tree_remove(AT_FDCWD, scratch, &ignored);
}

static int folder_of_file(void)
{
	static int folder = -1;

	if (folder < 0 && mkdtemp(scratch)) {
		folder = open(scratch, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		atexit(remove_scratch);
	}
	return folder;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char name[] = "00000000000000000000000000000000-0000000000000001-"
				   "00000000000000000000000000000000-00000000.journal";
	scoped_free char *bytes = mem_copy(data, size);
	int folder = folder_of_file();
	scoped_fd int fd = openat(folder, name, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	struct journal_file *file;

	if (size > 0 && data[size - 1] % 8) /* some are left as they are */
		correct_checksums(bytes, size);
	if (fd < 0 || write(fd, bytes, size) != (ssize_t)size)
		abort();
	file = journal_file_open(folder, name);
	if (!file)
		abort();
	read_file(file);
	journal_file_free(file);
	return 0;
}
