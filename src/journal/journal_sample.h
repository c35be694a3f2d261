/* What the tests of this folder share: a journal in a scratch folder, and what its files hold frame by frame. */
#pragma once

#include "base/test.h"
#include "journal/folder.h"
#include "os/file.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static char sample_folder[] = "/tmp/journal_test.XXXXXX";

static int sample_setup(void **state)
{
	memcpy(sample_folder + strlen(sample_folder) - 6, "XXXXXX", 6);
	return mkdtemp(sample_folder) ? 0 : -1;
}

static int sample_teardown(void **state)
{
	struct error err;

	return tree_remove(AT_FDCWD, sample_folder, &err) ? 0 : -1;
}

#define sample_test(name) cmocka_unit_test_setup_teardown(name, sample_setup, sample_teardown)

static inline struct journal_writer *sample_writer(const char *unit,
						   const struct journal_bounds *bounds)
{
	const struct journal_origin origin = {.unit = unit, .hostname = "host"};
	struct error err = {0};
	struct journal_writer *writer = journal_writer_open(sample_folder, bounds, &err);

	if (!writer)
		fail_msg("%s", err.text);
	journal_writer_set_origin(writer, &origin);
	return writer;
}

static inline void sample_say(struct journal_writer *writer, const char *text)
{
	const struct journal_entry entry = {.priority = 6,
					    .pid = 42,
					    .identifier = "prog",
					    .comm = "prog",
					    .message = text,
					    .message_size = strlen(text)};

	journal_write(writer, &entry);
}

static inline void sample_flush(struct journal_writer *writer)
{
	struct error err;

	assert_true(journal_flush(writer, &err));
}

/* The files, oldest first. */
static inline struct journal_names sample_names(void)
{
	scoped_fd int folder = open(sample_folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct journal_names names = {0};
	struct error err;

	assert_true(journal_names_read(folder, &names, &err));
	return names;
}

static inline char *sample_path(const struct journal_file_name *file)
{
	return str_format("%s/%s", sample_folder, file->text);
}

static inline void sample_bytes(const struct journal_file_name *file, struct buffer *out)
{
	scoped_free char *path = sample_path(file);
	struct error err;

	assert_true(file_read(AT_FDCWD, path, 64 << 20, out, &err));
}

static inline size_t sample_size(const char *path)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return (size_t)st.st_size;
}
