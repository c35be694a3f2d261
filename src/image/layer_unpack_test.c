#include "image/layer_unpack.h"

#include "base/test.h"
#include "image/byte_pieces.h"
#include "os/file.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

/* ---- a tar from a table ---- */

enum {
	FILE_ = AE_IFREG,
	FOLDER = AE_IFDIR,
	LINK = AE_IFLNK,
	CHAR = AE_IFCHR,
	FIFO = AE_IFIFO,
	HARD = 1
};

struct item {
	unsigned type;
	const char *name;
	const char *text; /* a file's bytes, a link's target */
	unsigned mode;	  /* 0: 0755 */
};

static void write_item(struct archive *tar, const struct item *item)
{
	struct archive_entry *entry = archive_entry_new();
	size_t size = item->type == FILE_ && item->text ? strlen(item->text) : 0;

	archive_entry_set_pathname(entry, item->name);
	archive_entry_set_filetype(entry, item->type == HARD ? AE_IFREG : item->type);
	archive_entry_set_perm(entry, item->mode ? item->mode : 0755);
	archive_entry_set_uid(entry, getuid());
	archive_entry_set_gid(entry, getgid());
	archive_entry_set_mtime(entry, 1000000000, 123456789);
	archive_entry_set_size(entry, (la_int64_t)size);
	if (item->type == LINK)
		archive_entry_set_symlink(entry, item->text);
	if (item->type == HARD)
		archive_entry_set_hardlink(entry, item->text);
	if (item->type == FILE_ && item->mode & 04000)
		archive_entry_xattr_add_entry(entry, "user.test", "a\0b", 3);
	assert_int_equal(archive_write_header(tar, entry), ARCHIVE_OK);
	if (size > 0)
		assert_int_equal(archive_write_data(tar, item->text, size), size);
	archive_entry_free(entry);
}

static void write_tar(const struct item *items, struct buffer *out)
{
	struct archive *tar = archive_write_new();
	size_t room = 1u << 20, used = 0;

	archive_write_set_format_pax(tar);
	assert_int_equal(archive_write_open_memory(tar, buffer_reserve(out, room), room, &used), 0);
	for (; items->type; items++)
		write_item(tar, items);
	assert_int_equal(archive_write_free(tar), 0);
	buffer_wrote(out, used);
}

/* ---- unpacked into a scratch folder ---- */

static char scratch[] = "/tmp/layer_unpack_test.XXXXXX";
static int root = -1;

static int make_root(void **state)
{
	memcpy(scratch + strlen(scratch) - 6, "XXXXXX", 6);
	assert_non_null(mkdtemp(scratch));
	root = open(scratch, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return root < 0;
}

static int remove_root(void **state)
{
	struct error err;

	assert_int_equal(chdir("/"), 0);
	close_fd(&root);
	return !tree_remove(AT_FDCWD, scratch, &err);
}

static bool unpack_bytes(const struct buffer *tar, const struct layer_limits *limits,
			 struct layer_facts *facts, struct error *err)
{
	struct byte_pieces pieces = {tar->data, tar->size, tar->size};
	struct byte_source source = {byte_pieces_next, &pieces};

	return layer_unpack(root, &source, limits, facts, err);
}

static bool unpack(const struct item *items, struct error *err)
{
	static const struct layer_limits limits = {1 << 20, 1000};
	scoped_buffer struct buffer tar = {0};
	struct layer_facts facts;
	char digest[CONTENT_DIGEST_SIZE];

	write_tar(items, &tar);
	if (!unpack_bytes(&tar, &limits, &facts, err))
		return false;
	content_digest(tar.data, tar.size, digest);
	assert_string_equal(facts.diff_id, digest);
	return true;
}

#define unpacked(...)                                                                              \
	do {                                                                                       \
		struct error err_ = {0};                                                           \
		if (!unpack((const struct item[]){__VA_ARGS__, {0}}, &err_))                       \
			fail_msg("%s (%d)", err_.text, err_.os);                                   \
	} while (0)

#define refused(words, ...)                                                                        \
	do {                                                                                       \
		struct error err_ = {0};                                                           \
		assert_false(unpack((const struct item[]){__VA_ARGS__, {0}}, &err_));              \
		assert_string_equal(err_.text, words);                                             \
		assert_int_equal(err_.kind, ERROR_INVALID);                                        \
	} while (0)

static struct stat look(const char *path)
{
	struct stat st = {0};

	fstatat(root, path, &st, AT_SYMLINK_NOFOLLOW);
	return st;
}

static void assert_holds(const char *path, const char *text)
{
	scoped_buffer struct buffer bytes = {0};
	struct error err;

	assert_true(file_read(root, path, 1000, &bytes, &err));
	assert_string_equal(bytes.size ? bytes.data : "", text);
}

static bool is_whiteout(const char *path)
{
	struct stat st = look(path);

	return S_ISCHR(st.st_mode) && st.st_rdev == 0;
}

static bool is_opaque(const char *path)
{
	scoped_fd int fd = openat(root, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
	char value;

	return fgetxattr(fd, "trusted.overlay.opaque", &value, 1) == 1 && value == 'y';
}

/* ---- tests ---- */

static void files_come_with_modes_times_links_and_xattrs(void **state)
{
	char value[4];

	unpacked({FOLDER, "d", NULL, 01777}, {FILE_, "d/f", "text", 04750}, {LINK, "d/l", "f"},
		 {HARD, "h", "d/f"}, {FIFO, "p", NULL, 0600}, {FILE_, "empty", NULL, 0640});
	assert_holds("d/f", "text");
	assert_int_equal(look("d/f").st_mode, S_IFREG | 04750);
	assert_int_equal(look("d").st_mode, S_IFDIR | 01777);
	assert_int_equal(look("p").st_mode, S_IFIFO | 0600);
	assert_int_equal(look("h").st_ino, look("d/f").st_ino);
	assert_int_equal(look("d/f").st_mtim.tv_nsec, 123456789);
	assert_int_equal(look("d").st_mtim.tv_sec, 1000000000); /* though files came after it */
	assert_true(S_ISLNK(look("d/l").st_mode));
	scoped_fd int fd = openat(root, "d/f", O_RDONLY);
	assert_int_equal(fgetxattr(fd, "user.test", value, sizeof(value)), 3);
	assert_memory_equal(value, "a\0b", 3);
}

static void names_are_taken_as_in_a_container(void **state)
{
	unpacked({FILE_, "/abs/f", "1"}, {FILE_, "./rel/../up", "2"}, {FILE_, "naïve ☃", "3"},
		 {FOLDER, "./", NULL, 0700});
	assert_holds("abs/f", "1");
	assert_holds("up", "2");
	assert_holds("naïve ☃", "3");
	assert_int_equal(look(".").st_mode, S_IFDIR | 0700);
}

static void links_on_the_way_are_followed_but_never_out(void **state)
{
	unpacked({FOLDER, "usr/bin"}, {LINK, "bin", "usr/bin"}, {FILE_, "bin/sh", "sh"},
		 {LINK, "abs", "/usr"}, {FILE_, "abs/bin/two", "2"}, {LINK, "etc", "/etc"},
		 {FOLDER, "etc-real"});
	assert_holds("usr/bin/sh", "sh");
	assert_true(S_ISLNK(look("bin").st_mode));
	assert_holds("usr/bin/two", "2");
}

static void a_link_that_leads_nowhere_in_the_layer_is_no_folder(void **state)
{
	struct error err = {0};

	assert_false(
		unpack((const struct item[]){{LINK, "e", "/etc"}, {FILE_, "e/f", "1"}, {0}}, &err));
	assert_int_equal(err.os, ENOTDIR);
	assert_string_equal(err.text, "entry 'e/f': cannot make the folder of 'e/f'");
}

static void what_stands_there_is_replaced(void **state)
{
	unpacked({FOLDER, "a"}, {FILE_, "a/x", "old"}, {FILE_, "a", "now a file"},
		 {FILE_, "b", "old"}, {FOLDER, "b"}, {FILE_, "b/y", "in b"}, {FOLDER, "c"},
		 {FILE_, "c/z", "old"}, {LINK, "c", "b"}, {FILE_, "c/w", "through c"},
		 {FILE_, "f", "old"}, {FILE_, "f", "new"});
	assert_holds("a", "now a file");
	assert_holds("b/y", "in b");
	assert_holds("b/w", "through c");
	assert_holds("f", "new");
}

static void a_folder_over_a_folder_is_merged(void **state)
{
	unpacked({FOLDER, "a", NULL, 0700}, {FILE_, "a/x", "x"}, {FOLDER, "a", NULL, 0711});
	assert_holds("a/x", "x");
	assert_int_equal(look("a").st_mode, S_IFDIR | 0711);
}

static void the_open_folder_is_given_up_when_the_way_to_it_changes(void **state)
{
	unpacked({FOLDER, "one"}, {FOLDER, "two"}, {LINK, "l", "one"}, {FILE_, "l/a", "a"},
		 {FOLDER, "d"}, {LINK, "d/l", "."}, {FILE_, "d/l/x", "x"},
		 {LINK, "d/l/l", "../two"}, {FILE_, "d/l/y", "y"});
	assert_holds("one/a", "a");
	assert_holds("d/x", "x");
	assert_holds("two/y", "y");
}

static void a_hard_link_to_itself_keeps_the_file(void **state)
{
	unpacked({FILE_, "f", "text"}, {HARD, "f", "f"}, {HARD, "g", "./f"}, {HARD, "g", "f"});
	assert_holds("f", "text");
	assert_holds("g", "text");
}

static void links_of_an_old_driver_are_resolved_and_taken_away(void **state)
{
	unpacked({FOLDER, ".wh..wh.plnk"}, {FILE_, ".wh..wh.plnk/7.1", "text"},
		 {HARD, "f", ".wh..wh.plnk/7.1"}, {FILE_, ".wh..wh.aufs", "x"});
	assert_holds("f", "text");
	assert_int_equal(look(".wh..wh.plnk").st_mode, 0);
	assert_int_equal(look(".wh..wh.aufs").st_mode, 0);
}

/* Containers make such links, as their kernel ends them at the root. */
static void a_link_that_climbs_too_high_ends_at_the_root(void **state)
{
	unpacked({FOLDER, "etc"}, {FOLDER, "d"}, {LINK, "d/l", "../../../../etc"},
		 {FILE_, "d/l/f", "text"});
	assert_true(S_ISLNK(look("d/l").st_mode));
	assert_holds("etc/f", "text");
}

static void escapes_are_refused_by_name(void **state)
{
	refused("'../f' leads out of the layer", {FILE_, "../f", "x"});
	refused("'a/../../f' leads out of the layer", {FILE_, "a/../../f", "x"});
	refused("entry 'h': '../../etc/passwd' leads out of the layer",
		{HARD, "h", "../../etc/passwd"});
	refused("entry 'h': the hard link 'h' leads to no file", {HARD, "h", "/"});
	refused("the whiteout 'a/.wh.' names nothing", {FILE_, "a/.wh.", NULL});
}

static void a_hard_link_cannot_reach_the_host(void **state)
{
	struct error err = {0};

	assert_false(unpack(
		(const struct item[]){{LINK, "e", "/etc"}, {HARD, "h", "e/passwd"}, {0}}, &err));
	assert_int_equal(err.os, ENOENT);
}

static void whiteouts_become_devices_and_opaque_folders(void **state)
{
	if (getuid() != 0)
		skip();
	unpacked({FOLDER, "a"}, {FILE_, "a/.wh.gone", NULL}, {FOLDER, "b"},
		 {FILE_, "b/.wh..wh..opq", NULL}, {FILE_, "b/new", "b"}, {FILE_, ".wh.top", NULL},
		 {FILE_, "n/m/.wh..wh..opq", NULL});
	assert_true(is_whiteout("a/gone"));
	assert_true(is_whiteout("top"));
	assert_true(is_opaque("b"));
	assert_true(is_opaque("n/m"));
	assert_false(is_opaque("n"));
	assert_holds("b/new", "b");
}

static void a_layers_own_files_survive_its_whiteouts_in_any_order(void **state)
{
	if (getuid() != 0)
		skip();
	unpacked({FILE_, "f", "mine"}, {FILE_, ".wh.f", NULL}, {FILE_, ".wh.g", NULL},
		 {FILE_, "g", "mine"}, {FOLDER, "d"}, {FILE_, "d/x", "x"}, {FILE_, ".wh.d", NULL},
		 {FILE_, ".wh.e", NULL}, {FOLDER, "e", NULL, 0700}, {FILE_, "e/y", "y"},
		 {FILE_, ".wh.i", NULL}, {FILE_, "i/z", "z"});
	assert_holds("f", "mine");
	assert_holds("g", "mine");
	assert_holds("d/x", "x");
	assert_true(is_opaque("d"));
	assert_holds("e/y", "y");
	assert_true(is_opaque("e"));
	assert_int_equal(look("e").st_mode, S_IFDIR | 0700);
	assert_holds("i/z", "z");
	assert_true(is_opaque("i"));
}

static void devices_and_owners_need_root_and_then_work(void **state)
{
	if (getuid() != 0)
		skip();
	unpacked({CHAR, "null", NULL, 0666});
	assert_true(S_ISCHR(look("null").st_mode));
	assert_int_equal(look("null").st_mode & 07777, 0666);
}

static void add_sparse_file(struct archive *tar)
{
	struct archive_entry *entry = archive_entry_new();
	char block[4096];

	memset(block, 'x', sizeof(block));
	archive_entry_set_pathname(entry, "sparse");
	archive_entry_set_filetype(entry, AE_IFREG);
	archive_entry_set_perm(entry, 0644);
	archive_entry_set_uid(entry, getuid());
	archive_entry_set_gid(entry, getgid());
	archive_entry_set_size(entry, 1 << 30);
	archive_entry_sparse_add_entry(entry, 512 << 20, sizeof(block));
	assert_int_equal(archive_write_header(tar, entry), ARCHIVE_OK);
	for (int i = 0; i < (512 << 20) / (int)sizeof(block) + 1; i++)
		assert_int_equal(archive_write_data(tar, block, sizeof(block)), sizeof(block));
	archive_entry_free(entry);
}

static void holes_stay_holes(void **state)
{
	struct layer_limits limits = {1 << 20, 10};
	scoped_buffer struct buffer bytes = {0};
	struct archive *tar = archive_write_new();
	size_t room = 1u << 20, used = 0;
	struct layer_facts facts;
	struct error err;

	archive_write_set_format_pax(tar);
	archive_write_open_memory(tar, buffer_reserve(&bytes, room), room, &used);
	add_sparse_file(tar);
	archive_write_free(tar);
	buffer_wrote(&bytes, used);
	assert_true(unpack_bytes(&bytes, &limits, &facts, &err));
	assert_int_equal(look("sparse").st_size, 1 << 30);
	assert_true(look("sparse").st_blocks < 100);
}

static void limits_are_kept(void **state)
{
	static const struct item items[] = {{FILE_, "a", "x"}, {FILE_, "b", "x"}, {0}};
	scoped_buffer struct buffer tar = {0};
	struct layer_facts facts;
	struct error err;

	write_tar(items, &tar);
	assert_false(unpack_bytes(&tar, &(struct layer_limits){1 << 20, 1}, &facts, &err));
	assert_string_equal(err.text, "the layer has more than 1 entries");
	assert_false(unpack_bytes(&tar, &(struct layer_limits){1024, 10}, &facts, &err));
	assert_string_equal(err.text, "the layer is larger than 1024 bytes unpacked");
}

static void names_of_a_plain_tar_mean_nothing(void **state)
{
	static const struct item items[] = {{FILE_, ".wh.a", "x"}, {FILE_, "d/.wh..wh..opq", "y"}, {0}};
	static const struct layer_limits limits = {.size = 1 << 20, .files = 10, .plain = true};
	scoped_buffer struct buffer tar = {0};
	struct layer_facts facts;
	struct error err;

	write_tar(items, &tar);
	assert_true(unpack_bytes(&tar, &limits, &facts, &err));
	assert_true(S_ISREG(look(".wh.a").st_mode));
	assert_true(S_ISREG(look("d/.wh..wh..opq").st_mode));
}

static void what_is_no_tar_is_refused(void **state)
{
	scoped_buffer struct buffer bytes = {0};
	struct layer_facts facts;
	struct error err;

	for (int i = 0; i < 2000; i++)
		buffer_add_text(&bytes, "no tar ");
	assert_false(unpack_bytes(&bytes, &(struct layer_limits){1 << 20, 10}, &facts, &err));
	assert_int_equal(err.kind, ERROR_INVALID);
	assert_true(str_starts_with(err.text, "bad tar: "));
}

static void a_tar_that_ends_early_is_refused(void **state)
{
	static const struct item items[] = {{FILE_, "a", "some text"}, {0}};
	scoped_buffer struct buffer tar = {0};
	struct layer_facts facts;
	struct error err;

	write_tar(items, &tar);
	tar.size = 512 * 3 + 4;
	assert_false(unpack_bytes(&tar, &(struct layer_limits){1 << 20, 10}, &facts, &err));
	assert_int_equal(err.kind, ERROR_INVALID);
}

#define in_a_folder(test) cmocka_unit_test_setup_teardown(test, make_root, remove_root)

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_a_folder(files_come_with_modes_times_links_and_xattrs),
		in_a_folder(names_are_taken_as_in_a_container),
		in_a_folder(links_on_the_way_are_followed_but_never_out),
		in_a_folder(a_link_that_leads_nowhere_in_the_layer_is_no_folder),
		in_a_folder(what_stands_there_is_replaced),
		in_a_folder(a_folder_over_a_folder_is_merged),
		in_a_folder(the_open_folder_is_given_up_when_the_way_to_it_changes),
		in_a_folder(a_hard_link_to_itself_keeps_the_file),
		in_a_folder(links_of_an_old_driver_are_resolved_and_taken_away),
		in_a_folder(a_link_that_climbs_too_high_ends_at_the_root),
		in_a_folder(escapes_are_refused_by_name),
		in_a_folder(a_hard_link_cannot_reach_the_host),
		in_a_folder(whiteouts_become_devices_and_opaque_folders),
		in_a_folder(a_layers_own_files_survive_its_whiteouts_in_any_order),
		in_a_folder(devices_and_owners_need_root_and_then_work),
		in_a_folder(holes_stay_holes),
		in_a_folder(limits_are_kept),
		in_a_folder(names_of_a_plain_tar_mean_nothing),
		in_a_folder(what_is_no_tar_is_refused),
		in_a_folder(a_tar_that_ends_early_is_refused),
	};

	setlocale(LC_CTYPE, "C.UTF-8");
	umask(0);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
