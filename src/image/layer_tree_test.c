#include "image/layer_tree.h"

#include "base/test.h"
#include "os/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- a folder with a victim in it ---- */

static char folder[] = "/tmp/layer-tree-XXXXXX";
static int root = -1;

static int set_up(void **state)
{
	memcpy(folder + sizeof(folder) - 7, "XXXXXX", 6);
	assert_non_null(mkdtemp(folder));
	root = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(root >= 0);
	scoped_fd int victim = openat(root, "victim", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_true(victim >= 0);
	return 0;
}

static int tear_down(void **state)
{
	struct error err;

	close_fd(&root);
	assert_true(tree_remove(AT_FDCWD, folder, &err));
	return 0;
}

static mode_t mode_of(const char *name)
{
	struct stat st;

	assert_int_equal(fstatat(root, name, &st, AT_SYMLINK_NOFOLLOW), 0);
	return st.st_mode & 07777;
}

static struct layer_attributes attributes_with(mode_t mode)
{
	return (struct layer_attributes){
		.uid = getuid(), .gid = getgid(), .mode = mode, .mtime = {1000000000, 5}};
}

/* ---- tests ---- */

/* As a process of a container does it to who copies files into it. */
static void a_link_in_the_place_of_a_file_leads_its_mode_nowhere(void **state)
{
	struct layer_attributes attributes = attributes_with(04777);
	struct layer_path path;
	struct error err;
	scoped_fd int fd = -1;
	struct layer_tree *tree = layer_tree_new(root);

	assert_true(layer_path_parse_plain("new", &path, &err));
	assert_true(layer_tree_file(tree, &path, &fd, &err));
	assert_int_equal(renameat(root, "new", root, "moved"), 0);
	assert_int_equal(symlinkat("victim", root, "new"), 0);
	assert_true(layer_tree_finish_file(&path, fd, &attributes, &err));
	assert_int_equal(mode_of("victim"), 0600);
	assert_int_equal(mode_of("moved"), 04777);
	layer_tree_free(tree);
}

static void attributes_come_last_and_together(void **state)
{
	struct layer_attributes file = attributes_with(02751), above = attributes_with(01755);
	struct layer_path path, parent;
	struct error err;
	struct stat st;
	scoped_fd int fd = -1;
	struct layer_tree *tree = layer_tree_new(root);

	assert_true(layer_path_parse_plain("a", &parent, &err));
	assert_true(layer_path_parse_plain("a/b", &path, &err));
	assert_true(layer_tree_folder(tree, &parent, &above, &err));
	assert_true(layer_tree_file(tree, &path, &fd, &err));
	assert_true(layer_tree_finish_file(&path, fd, &file, &err));
	assert_true(layer_tree_finish(tree, false, &err));
	assert_int_equal(mode_of("a"), 01755);
	assert_int_equal(mode_of("a/b"), 02751);
	assert_int_equal(fstatat(root, "a", &st, 0), 0);
	assert_int_equal(st.st_mtim.tv_sec, 1000000000);
	assert_int_equal(st.st_mtim.tv_nsec, 5);
	layer_tree_free(tree);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_link_in_the_place_of_a_file_leads_its_mode_nowhere, set_up, tear_down),
		cmocka_unit_test_setup_teardown(attributes_come_last_and_together, set_up,
						tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
