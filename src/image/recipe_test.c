#include "image/recipe.h"

#include "base/test.h"
#include "base/text.h"
#include "image/layer_unpack.h"
#include "os/file.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <locale.h>
#include <sys/stat.h>
#include <unistd.h>

static char scratch[] = "/tmp/recipe_test.XXXXXX";
static int root = -1, recipe = -1;

static int make_root(void **state)
{
	memcpy(scratch + strlen(scratch) - 6, "XXXXXX", 6);
	assert_non_null(mkdtemp(scratch));
	root = open(scratch, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	recipe = openat(root, "..", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	umask(0);
	return root < 0 || recipe < 0;
}

static int remove_root(void **state)
{
	struct error err;

	assert_int_equal(chdir("/"), 0);
	close_fd(&root);
	close_fd(&recipe);
	return !tree_remove(AT_FDCWD, scratch, &err);
}

/* ---- tars ---- */

static void add(struct archive *tar, const char *name, unsigned type, const char *text,
		size_t times)
{
	struct archive_entry *entry = archive_entry_new();
	size_t length = text ? strlen(text) : 0;

	archive_entry_set_pathname(entry, name);
	archive_entry_set_filetype(entry, type);
	archive_entry_set_perm(entry, 0755);
	archive_entry_set_uid(entry, getuid());
	archive_entry_set_gid(entry, getgid());
	archive_entry_set_mtime(entry, 1000000000, 5);
	archive_entry_set_size(entry, (la_int64_t)(type == AE_IFREG ? length * times : 0));
	if (type == AE_IFLNK)
		archive_entry_set_symlink(entry, text);
	assert_int_equal(archive_write_header(tar, entry), ARCHIVE_OK);
	for (size_t i = 0; type == AE_IFREG && i < times; i++)
		assert_int_equal(archive_write_data(tar, text, length), length);
	archive_entry_free(entry);
}

static struct archive *begin(struct buffer *out, int format, size_t *used)
{
	struct archive *tar = archive_write_new();
	size_t room = 8u << 20;

	if (format == ARCHIVE_FORMAT_TAR_GNUTAR)
		archive_write_set_format_gnutar(tar);
	else
		archive_write_set_format_pax(tar);
	assert_int_equal(archive_write_open_memory(tar, buffer_reserve(out, room), room, used), 0);
	return tar;
}

static void fill(struct buffer *out, int format)
{
	char name[200];
	size_t used = 0;
	struct archive *tar = begin(out, format, &used);

	memset(name, 'n', sizeof(name));
	name[199] = '\0';
	add(tar, "d/", AE_IFDIR, NULL, 0);
	add(tar, "./d/big", AE_IFREG, "some text that is long enough to be cut. ", 40000);
	add(tar, "d/small", AE_IFREG, "x", 1);
	add(tar, "link", AE_IFLNK, "d", 1);
	add(tar, "link/through", AE_IFREG, "through a link", 1);
	add(tar, name, AE_IFREG, "of a long name", 100);
	add(tar, "/d/empty", AE_IFREG, "", 0);
	add(tar, ".wh.gone", AE_IFREG, "what is in a mark is nobody's", 1000);
	assert_int_equal(archive_write_free(tar), 0);
	buffer_wrote(out, used);
}

/* ---- there and back ---- */

struct pieces {
	const struct buffer *bytes;
	size_t at, size;
	char *copy; /* owned: the last piece, so that reading behind it is found */
};

static ssize_t next_piece(void *data, const void **block, struct error *err)
{
	struct pieces *p = data;
	size_t left = p->bytes->size - p->at, size = left < p->size ? left : p->size;

	free(p->copy);
	p->copy = mem_copy(p->bytes->data + p->at, size);
	p->at += size;
	*block = p->copy;
	return (ssize_t)size;
}

static void unpack(const struct buffer *tar, size_t piece, struct layer_facts *facts)
{
	scoped(recipe_writer) struct recipe_writer *writer = recipe_writer_new(recipe);
	struct layer_limits limits = {1 << 30, 1000, writer};
	struct pieces pieces = {tar, 0, piece, NULL};
	struct byte_source source = {next_piece, &pieces};
	struct error err;

	assert_true(layer_unpack(root, &source, &limits, facts, &err));
	free(pieces.copy);
	assert_int_equal(lseek(recipe, 0, SEEK_SET), 0);
}

static bool add_bytes(void *data, const void *bytes, size_t size, struct error *err)
{
	buffer_add(data, bytes, size);
	return true;
}

static void check_round_trip(int format, size_t piece)
{
	scoped_buffer struct buffer tar = {0}, again = {0};
	struct recipe_sink sink = {add_bytes, &again};
	struct layer_facts facts;
	struct error err;
	struct stat st;

	fill(&tar, format);
	unpack(&tar, piece, &facts);
	assert_true(facts.recipe);
	assert_true(recipe_replay(recipe, root, &sink, &err));
	assert_int_equal(again.size, tar.size);
	assert_memory_equal(again.data, tar.data, tar.size);
	assert_int_equal(fstat(recipe, &st), 0);
	assert_true(st.st_size < 4096);
}

static void a_tar_is_written_again(void **state)
{
	check_round_trip(ARCHIVE_FORMAT_TAR_PAX_INTERCHANGE, 256 * 1024);
}

static void a_tar_of_gnus_is_written_again(void **state)
{
	check_round_trip(ARCHIVE_FORMAT_TAR_GNUTAR, 256 * 1024);
}

static void it_does_not_matter_how_the_bytes_come(void **state)
{
	check_round_trip(ARCHIVE_FORMAT_TAR_PAX_INTERCHANGE, 700);
}

static void what_comes_in_odd_pieces_is_written_again(void **state)
{
	check_round_trip(ARCHIVE_FORMAT_TAR_GNUTAR, 4097);
}

static void a_name_that_comes_twice_has_no_recipe(void **state)
{
	scoped_buffer struct buffer tar = {0};
	struct layer_facts facts;
	size_t used = 0;
	struct archive *archive = begin(&tar, 0, &used);

	add(archive, "a", AE_IFREG, "first", 1);
	add(archive, "a", AE_IFREG, "second", 1);
	assert_int_equal(archive_write_free(archive), 0);
	buffer_wrote(&tar, used);
	unpack(&tar, 10000, &facts);
	assert_false(facts.recipe);
}

static void a_lost_file_is_told_by_name(void **state)
{
	scoped_buffer struct buffer tar = {0}, again = {0};
	struct recipe_sink sink = {add_bytes, &again};
	struct layer_facts facts;
	struct error err;

	fill(&tar, ARCHIVE_FORMAT_TAR_PAX_INTERCHANGE);
	unpack(&tar, 100000, &facts);
	assert_int_equal(unlinkat(root, "d/small", 0), 0);
	assert_false(recipe_replay(recipe, root, &sink, &err));
	assert_non_null(strstr(err.text, "d/small"));
}

static void a_broken_recipe_is_refused(void **state)
{
	scoped_buffer struct buffer again = {0};
	struct recipe_sink sink = {add_bytes, &again};
	struct error err;

	assert_int_equal(write(recipe, "nothing of the kind", 19), 19);
	assert_int_equal(lseek(recipe, 0, SEEK_SET), 0);
	assert_false(recipe_replay(recipe, root, &sink, &err));
	assert_int_equal(err.kind, ERROR_INVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define IN_ROOT(test) cmocka_unit_test_setup_teardown(test, make_root, remove_root)
		IN_ROOT(a_tar_is_written_again),
		IN_ROOT(a_tar_of_gnus_is_written_again),
		IN_ROOT(it_does_not_matter_how_the_bytes_come),
		IN_ROOT(what_comes_in_odd_pieces_is_written_again),
		IN_ROOT(a_name_that_comes_twice_has_no_recipe),
		IN_ROOT(a_lost_file_is_told_by_name),
		IN_ROOT(a_broken_recipe_is_refused),
	};

	setlocale(LC_CTYPE, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
