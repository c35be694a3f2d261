#include "cmd/cli/tar.h"
#include "cmd/cli/tar_extract.h"
#include "cmd/cli/tar_walk.h"

#include "base/test.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- an archive in memory, read in small pieces ---- */

struct bytes {
	struct buffer text;
	size_t at;
};

static ssize_t read_bytes(void *data, void *out, size_t size, struct error *err)
{
	struct bytes *bytes = data;
	size_t left = bytes->text.size - bytes->at, part = size < 100 ? size : 100;

	part = part < left ? part : left;
	memcpy(out, bytes->text.data + bytes->at, part);
	bytes->at += part;
	return (ssize_t)part;
}

static void add(struct bytes *bytes, const char *name, char type, const char *content)
{
	struct tar_entry entry = {
		.name = (char *)name,
		.link = (char *)(type == '1' || type == '2' ? content : NULL),
		.type = type,
		.mode = type == '5' ? 0755 : 0640,
		.size = type == '0' ? (int64_t)strlen(content) : 0,
		.mtime_ns = 1700000000500000000,
	};

	tar_write_head(&bytes->text, &entry);
	if (type == '0') {
		buffer_add_text(&bytes->text, content);
		tar_pad(&bytes->text, entry.size);
	}
}

static void what_is_written_is_read(void **state)
{
	struct bytes bytes = {0};
	scoped_free char *long_name = str_format("%0150d/%0150d", 1, 2);
	scoped(tar_reader) struct tar_reader *reader = tar_reader_new(read_bytes, &bytes);
	struct tar_entry odd = {
		.name = (char[]){"odd"}, .type = '0', .uid = 3000000000, .mode = 04755};
	char content[16];
	struct error err;

	buffer_add(&odd.capability, "\1\0\0\2\0", 5);
	add(&bytes, "a", '0', "hello");
	add(&bytes, long_name, '2', long_name);
	tar_write_head(&bytes.text, &odd);
	tar_write_end(&bytes.text);
	for (int i = 0; i < 3; i++) {
		scoped_tar_entry struct tar_entry entry = {0};

		assert_int_equal(tar_reader_next(reader, &entry, &err), 1);
		if (i == 0) {
			assert_string_equal(entry.name, "a");
			assert_int_equal(entry.mode, 0640);
			assert_true(entry.mtime_ns == 1700000000500000000);
			assert_int_equal(tar_reader_read(reader, content, 3, &err), 3);
			assert_memory_equal(content, "hel", 3); /* the rest is passed over */
		} else if (i == 1) {
			assert_string_equal(entry.name, long_name);
			assert_string_equal(entry.link, long_name);
		} else {
			assert_true(entry.uid == 3000000000);
			assert_int_equal(entry.mode, 04755);
			assert_int_equal(entry.capability.size, 5);
		}
	}
	struct tar_entry none;
	assert_int_equal(tar_reader_next(reader, &none, &err), 0);
	buffer_fini(&odd.capability);
	buffer_fini(&bytes.text);
}

static void what_is_no_archive_is_refused(void **state)
{
	static const char *const texts[] = {"x", "no archive at all, but longer than a block"};

	for (size_t i = 0; i < array_length(texts); i++) {
		struct bytes bytes = {0};
		scoped(tar_reader) struct tar_reader *reader = tar_reader_new(read_bytes, &bytes);
		struct tar_entry entry;
		struct error err;

		for (int j = 0; j < 20; j++)
			buffer_add_text(&bytes.text, texts[i]);
		assert_int_equal(tar_reader_next(reader, &entry, &err), -1);
		buffer_fini(&bytes.text);
	}
}

/* ---- unpacking ---- */

static char folder_path[] = "/tmp/wherry-tar-test.XXXXXX";

static int make_folder(void **state)
{
	return mkdtemp(folder_path) ? 0 : -1;
}

static int remove_folder(void **state)
{
	scoped_free char *command = str_format("rm -rf '%s'", folder_path);

	return system(command);
}

static bool extract(struct bytes *bytes, const char *from, const char *to, struct error *err)
{
	scoped_fd int folder = open(folder_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	scoped(tar_reader) struct tar_reader *reader = tar_reader_new(read_bytes, bytes);
	struct tar_target target = {folder, folder_path, from, to};

	tar_write_end(&bytes->text);
	bool good = tar_extract(reader, &target, err);
	buffer_fini(&bytes->text);
	*bytes = (struct bytes){0};
	return good;
}

static bool has(const char *name, const char *content)
{
	scoped_free char *path = str_format("%s/%s", folder_path, name);
	scoped_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
	char text[64] = "";

	return fd >= 0 && read(fd, text, sizeof(text) - 1) >= 0 && strcmp(text, content) == 0;
}

static void members_become_files(void **state)
{
	struct bytes bytes = {0};
	struct error err;

	add(&bytes, "d/", '5', NULL);
	add(&bytes, "d/f", '0', "one");
	add(&bytes, "d/h", '1', "d/f");
	add(&bytes, "d/s", '2', "f");
	add(&bytes, "new/deep/g", '0', "two");
	assert_true(extract(&bytes, "d", "e", &err));
	assert_true(has("e/f", "one"));
	assert_true(has("e/h", "one"));
	assert_true(has("e/s", "one"));
	assert_true(
		has("new/eeep/g", "two")); /* the first, wherever it stands: as Docker's rules go */
}

static void nothing_is_written_outside(void **state)
{
	struct bytes bytes = {0};
	struct error err;

	add(&bytes, "../x", '0', "out");
	assert_false(extract(&bytes, NULL, NULL, &err));
	add(&bytes, "out", '2', "/tmp");
	add(&bytes, "out/wherry-tar-test-escaped", '0', "out");
	assert_false(extract(&bytes, NULL, NULL, &err));
	assert_int_equal(access("/tmp/wherry-tar-test-escaped", F_OK), -1);
	add(&bytes, "link", '1', "../../etc/passwd");
	assert_false(extract(&bytes, NULL, NULL, &err));
}

static void folders_and_files_never_replace_each_other(void **state)
{
	struct bytes bytes = {0};
	struct error err;

	add(&bytes, "k/", '5', NULL);
	add(&bytes, "f", '0', "1");
	assert_true(extract(&bytes, NULL, NULL, &err));
	add(&bytes, "k", '0', "2");
	assert_false(extract(&bytes, NULL, NULL, &err));
	add(&bytes, "f/", '5', NULL);
	assert_false(extract(&bytes, NULL, NULL, &err));
	add(&bytes, "f", '0', "3");
	assert_true(extract(&bytes, NULL, NULL, &err));
	assert_true(has("f", "3"));
}

/* ---- walking ---- */

static enum tar_verdict judge(void *data, const char *path, bool folder)
{
	return strcmp(path, "skip") == 0   ? TAR_PRUNE
	       : strcmp(path, "half") == 0 ? TAR_LEAVE
					   : TAR_TAKE;
}

static void put(const char *name, const char *content)
{
	scoped_free char *path = str_format("%s/%s", folder_path, name);
	scoped_fd int fd = -1;

	if (!content) {
		mkdir(path, 0755);
		return;
	}
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	assert_int_equal(write(fd, content, strlen(content)), strlen(content));
}

static void a_walk_is_sorted_and_leaves_out_what_it_is_told(void **state)
{
	static const char *const expected[] = {"extra", "t/",	    "t/b", "t/c/",
					       "t/c/x", "t/half/y", "t/z"};
	static const struct tar_walk_rules rules = {
		.judge = judge, .of_root = true, .with_start = true};
	struct error err;

	put("t", NULL);
	put("t/z", "");
	put("t/b", "bb");
	put("t/skip", NULL);
	put("t/skip/gone", "x");
	put("t/half", NULL);
	put("t/half/y", "y");
	put("t/c", NULL);
	put("t/c/x", "x");
	scoped_fd int folder = open(folder_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	scoped(tar_walk) struct tar_walk *walk = tar_walk_new(folder, "t", "t", &rules);
	tar_walk_add(walk, "extra", "e", 1);
	scoped(tar_reader) struct tar_reader *reader = tar_reader_new(tar_walk_read, walk);
	for (size_t i = 0; i < array_length(expected); i++) {
		scoped_tar_entry struct tar_entry entry = {0};

		assert_int_equal(tar_reader_next(reader, &entry, &err), 1);
		assert_string_equal(entry.name, expected[i]);
		assert_int_equal(entry.uid, 0);
	}
	struct tar_entry none;
	assert_int_equal(tar_reader_next(reader, &none, &err), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_read),
		cmocka_unit_test(what_is_no_archive_is_refused),
		cmocka_unit_test(members_become_files),
		cmocka_unit_test(nothing_is_written_outside),
		cmocka_unit_test(folders_and_files_never_replace_each_other),
		cmocka_unit_test(a_walk_is_sorted_and_leaves_out_what_it_is_told),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
