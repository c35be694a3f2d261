#include "image/tar_writer.h"

#include "base/test.h"
#include "image/byte_pieces.h"
#include "image/layer_unpack.h"
#include "os/file.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <locale.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/xattr.h>
#include <unistd.h>

static char scratch[] = "/tmp/tar_writer_test.XXXXXX";
static int root = -1;

static int make_root(void **state)
{
	memcpy(scratch + strlen(scratch) - 6, "XXXXXX", 6);
	assert_non_null(mkdtemp(scratch));
	root = open(scratch, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	umask(0);
	return root < 0;
}

static int remove_root(void **state)
{
	struct error err;

	assert_int_equal(chdir("/"), 0);
	close_fd(&root);
	return !tree_remove(AT_FDCWD, scratch, &err);
}

/* ---- a tree ---- */

static void make_file(const char *path, const char *text)
{
	scoped_fd int fd = openat(root, path, O_WRONLY | O_CREAT | O_CLOEXEC, 0640);
	struct timespec times[2] = {{1500000000, 7}, {1600000000, 123456789}};

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(futimens(fd, times), 0);
}

static void make_folder(const char *path)
{
	assert_int_equal(mkdirat(root, path, 0755), 0);
}

static void make_sparse(const char *path)
{
	scoped_fd int fd = openat(root, path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, "middle", 6, 8 << 20), 6);
	assert_int_equal(ftruncate(fd, 16 << 20), 0);
}

/* ---- written ---- */

static bool add_bytes(void *data, const void *bytes, size_t size, struct error *err)
{
	buffer_add(data, bytes, size);
	return true;
}

static void write_tree(int folder, const char *name, const char *as, struct buffer *out)
{
	struct tar_options options = {0};
	struct tar_sink sink = {.write = add_bytes, .data = out};
	scoped(tar_writer) struct tar_writer *w = tar_writer_new(&options, &sink);
	struct error err;

	assert_true(tar_writer_add(w, folder, name, as, &err));
	assert_true(tar_writer_finish(w, NULL, &err));
	assert_int_equal(out->size % 512, 0);
}

/* The names in it, each with a newline. */
static char *list(const struct buffer *bytes)
{
	struct archive *tar = archive_read_new();
	struct archive_entry *entry;
	struct buffer names = {0};

	archive_read_support_format_tar(tar);
	assert_int_equal(archive_read_open_memory(tar, bytes->data, bytes->size), ARCHIVE_OK);
	while (archive_read_next_header(tar, &entry) == ARCHIVE_OK)
		buffer_format(&names, "%s\n", archive_entry_pathname(entry));
	archive_read_free(tar);
	return buffer_take(&names);
}

static void assert_names(const char *name, const char *as, const char *expected)
{
	scoped_buffer struct buffer out = {0};
	scoped_free char *names = NULL;

	write_tree(root, name, as, &out);
	names = list(&out);
	assert_string_equal(names, expected);
}

static void names_come_in_the_order_of_their_bytes(void **state)
{
	make_folder("b");
	make_file("b/two", "");
	make_file("b/One", "");
	make_file("b-", "");
	make_file("a", "");
	assert_names(".", "", "a\nb/\nb/One\nb/two\nb-\n");
}

static void what_is_written_is_named_as_asked(void **state)
{
	make_folder("d");
	make_file("d/x", "1");
	assert_names("d", "d", "d/\nd/x\n");
	assert_names("d", "other/name", "other/name/\nother/name/x\n");
	assert_names("d", ".", "./\n./x\n");
	assert_names("d", "", "x\n");
}

static void one_file_is_an_archive_too(void **state)
{
	make_file("f", "text");
	assert_names("f", "g", "g\n");
}

static void a_link_is_not_followed(void **state)
{
	assert_int_equal(symlinkat("/etc", root, "link"), 0);
	assert_names("link", "link", "link\n");
}

static void what_is_not_there_is_not_found(void **state)
{
	struct tar_options options = {0};
	struct tar_sink sink = {.write = add_bytes};
	scoped(tar_writer) struct tar_writer *w = tar_writer_new(&options, &sink);
	struct error err;

	assert_false(tar_writer_add(w, root, "absent", "absent", &err));
	assert_int_equal(err.kind, ERROR_NOT_FOUND);
}

static void sockets_are_left_out(void **state)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	scoped_fd int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s/socket", scratch);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	make_file("z", "");
	assert_names(".", "", "z\n");
}

/* ---- unpacked again ---- */

static void unpack(const struct buffer *bytes, int folder)
{
	struct byte_pieces pieces = {bytes->data, bytes->size, bytes->size};
	struct byte_source source = {byte_pieces_next, &pieces};
	struct layer_limits limits = {INT64_C(1) << 30, 1000};
	struct layer_facts facts;
	struct error err;

	assert_true(layer_unpack(folder, &source, &limits, &facts, &err));
}

static void fill_tree(void)
{
	char deep[256];

	make_folder("tree");
	make_file("tree/file", "some text");
	assert_int_equal(fchmodat(root, "tree/file", 04751, 0), 0);
	assert_int_equal(linkat(root, "tree/file", root, "tree/same", 0), 0);
	assert_int_equal(symlinkat("file", root, "tree/link"), 0);
	assert_int_equal(mkfifoat(root, "tree/fifo", 0600), 0);
	memset(deep, 'n', 200);
	memcpy(deep, "tree/", 5);
	deep[200] = '\0';
	make_folder(deep);
	make_sparse("tree/sparse");
	make_folder("copy");
}

/* user.* is not there on every filesystem that tests run on. */
static void add_user_xattr(void)
{
	scoped_fd int fd = openat(root, "tree/file", O_RDONLY | O_CLOEXEC);

	fsetxattr(fd, "user.test", "a\0b", 3, 0);
}

static void the_same_tree_gives_the_same_bytes(void **state)
{
	scoped_buffer struct buffer first = {0}, second = {0};
	scoped_fd int copy = -1;
	struct stat st;

	fill_tree();
	add_user_xattr();
	write_tree(root, "tree", ".", &first);
	assert_true(first.size < 1 << 20); /* holes are not written */
	copy = openat(root, "copy", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	unpack(&first, copy);
	write_tree(root, "copy", ".", &second);
	assert_int_equal(first.size, second.size);
	assert_memory_equal(first.data, second.data, first.size);
	assert_int_equal(fstatat(copy, "sparse", &st, 0), 0);
	assert_int_equal(st.st_size, 16 << 20);
}

static void a_layer_has_no_holes(void **state)
{
	struct tar_options options = {.overlay = true};
	scoped_buffer struct buffer out = {0};
	struct tar_sink sink = {.write = add_bytes, .data = &out};
	scoped(tar_writer) struct tar_writer *w = tar_writer_new(&options, &sink);
	scoped_fd int copy = -1;
	struct error err;
	struct stat st;

	make_folder("tree");
	make_folder("copy");
	make_sparse("tree/sparse");
	assert_true(tar_writer_add(w, root, "tree", "", &err));
	assert_true(tar_writer_finish(w, NULL, &err));
	assert_true(out.size > 16 << 20);
	copy = openat(root, "copy", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	unpack(&out, copy);
	assert_int_equal(fstatat(copy, "sparse", &st, 0), 0);
	assert_int_equal(st.st_size, 16 << 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define IN_ROOT(test) cmocka_unit_test_setup_teardown(test, make_root, remove_root)
		IN_ROOT(names_come_in_the_order_of_their_bytes),
		IN_ROOT(what_is_written_is_named_as_asked),
		IN_ROOT(one_file_is_an_archive_too),
		IN_ROOT(a_link_is_not_followed),
		IN_ROOT(what_is_not_there_is_not_found),
		IN_ROOT(sockets_are_left_out),
		IN_ROOT(the_same_tree_gives_the_same_bytes),
		IN_ROOT(a_layer_has_no_holes),
	};

	setlocale(LC_CTYPE, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
