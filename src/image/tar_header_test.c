#include "image/tar_header.h"

#include "base/test.h"
#include "format/sha256.h"

#include <archive.h>
#include <archive_entry.h>
#include <locale.h>
#include <sys/sysmacros.h>

/* What libarchive makes of one entry; the caller frees the archive. */
static struct archive *read_back(const struct buffer *bytes, struct archive_entry **entry)
{
	struct archive *tar = archive_read_new();

	archive_read_support_format_tar(tar);
	assert_int_equal(archive_read_open_memory(tar, bytes->data, bytes->size), ARCHIVE_OK);
	assert_int_equal(archive_read_next_header(tar, entry), ARCHIVE_OK);
	return tar;
}

static void a_short_entry_is_one_block(void **state)
{
	struct tar_entry e = {.type = TAR_SYMLINK,
			      .name = "bin",
			      .target = "usr/bin",
			      .mode = 0777,
			      .mtime = {1700000000, 0}};
	scoped_buffer struct buffer out = {0};

	tar_header_write(&e, &out);
	assert_int_equal(out.size, TAR_BLOCK);
	assert_memory_equal(out.data + 257, "ustar\00000", 8);
}

static char *long_name(size_t length)
{
	char *name = mem_zeroed(length + 1, 1);

	memset(name, 'n', length);
	return name;
}

static void names_of_any_length_are_kept(void **state)
{
	static const size_t lengths[] = {1, 99, 100, 101, 155, 156, 255, 256, 4000};

	for (size_t i = 0; i < array_length(lengths); i++) {
		scoped_free char *name = long_name(lengths[i]);
		struct tar_entry e = {.type = TAR_SYMLINK, .name = name, .target = name};
		scoped_buffer struct buffer out = {0};
		struct archive_entry *found;
		struct archive *tar;

		tar_header_write(&e, &out);
		tar = read_back(&out, &found);
		assert_string_equal(archive_entry_pathname(found), name);
		assert_string_equal(archive_entry_symlink(found), name);
		archive_read_free(tar);
	}
}

static void a_long_path_is_cut_in_two(void **state)
{
	struct tar_entry e = {
		.type = TAR_FOLDER,
		.name = "usr/share/a-folder-with-a-name-that-is-rather-long/and-another-"
			"one-that-is-quite-long-too/and-the-third/"};
	scoped_buffer struct buffer out = {0};
	struct archive_entry *found;
	struct archive *tar;

	tar_header_write(&e, &out);
	assert_int_equal(out.size, TAR_BLOCK);
	tar = read_back(&out, &found);
	assert_string_equal(archive_entry_pathname(found), e.name);
	archive_read_free(tar);
}

static void numbers_that_ustar_cannot_hold_are_kept(void **state)
{
	struct tar_entry e = {.type = TAR_FILE,
			      .name = "big",
			      .size = INT64_C(1) << 40,
			      .uid = 4000000000u,
			      .gid = 3000000,
			      .mode = 04755,
			      .mtime = {INT64_C(1) << 40, 5}};
	scoped_buffer struct buffer out = {0};
	struct archive_entry *found;
	struct archive *tar;

	tar_header_write(&e, &out);
	tar = read_back(&out, &found);
	assert_int_equal(archive_entry_size(found), e.size);
	assert_int_equal(archive_entry_uid(found), e.uid);
	assert_int_equal(archive_entry_gid(found), e.gid);
	assert_int_equal(archive_entry_perm(found), 04755);
	assert_int_equal(archive_entry_mtime(found), e.mtime.tv_sec);
	assert_int_equal(archive_entry_mtime_nsec(found), 5);
	archive_read_free(tar);
}

static void a_device_is_kept(void **state)
{
	struct tar_entry e = {
		.type = TAR_BLOCK_DEVICE, .name = "d", .device = makedev(259, 1048575)};
	scoped_buffer struct buffer out = {0};
	struct archive_entry *found;
	struct archive *tar;

	tar_header_write(&e, &out);
	tar = read_back(&out, &found);
	assert_int_equal(archive_entry_rdevmajor(found), 259);
	assert_int_equal(archive_entry_rdevminor(found), 1048575);
	archive_read_free(tar);
}

/* Digests of layers cover them: other bytes for the same entry would be another layer. */
static void the_bytes_never_change(void **state)
{
	struct tar_xattr xattr = {.name = (char *)"user.a"};
	struct tar_range ranges[] = {{0, 4096}, {1 << 20, 0}};
	struct tar_entry e = {.type = TAR_FILE,
			      .name = "etc/file",
			      .mode = 0644,
			      .uid = 1000,
			      .gid = 1000,
			      .size = 1 << 20,
			      .mtime = {1700000000, 123456000},
			      .xattrs = &xattr,
			      .xattr_count = 1,
			      .ranges = ranges,
			      .range_count = 2};
	scoped_buffer struct buffer out = {0};
	char digest[DIGEST_TEXT_SIZE];

	buffer_add(&xattr.value, "a\0b", 3);
	tar_header_write(&e, &out);
	buffer_fini(&xattr.value);
	sha256_digest(out.data, out.size, digest);
	assert_int_equal(out.size, 4 * TAR_BLOCK);
	assert_string_equal(
		digest, "sha256:d8ec037ffce9a101909d77cf9be3e296b4597f6fa87e571e8271487d34576163");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_short_entry_is_one_block),
		cmocka_unit_test(names_of_any_length_are_kept),
		cmocka_unit_test(a_long_path_is_cut_in_two),
		cmocka_unit_test(numbers_that_ustar_cannot_hold_are_kept),
		cmocka_unit_test(a_device_is_kept),
		cmocka_unit_test(the_bytes_never_change),
	};

	setlocale(LC_CTYPE, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
