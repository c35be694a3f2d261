#include "store/state_file.h"
#include "store/store_fixture.h"

#include "base/memory.h"
#include "base/test.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- a folder and a loop for each test ---- */

static int set_up(void **state)
{
	struct store_fixture *f = mem_new(struct store_fixture);

	store_fixture_begin(f);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct store_fixture *f = *state;

	store_fixture_close(f);
	store_fixture_end(f);
	free(f);
	return 0;
}

static void reopen(struct store_fixture *f)
{
	store_fixture_close(f);
	store_fixture_open(f);
}

static bool add_row(void *data, const char *key, const void *value, size_t size)
{
	buffer_format(data, "%s=%.*s;", key, (int)size, (const char *)value);
	return true;
}

static void assert_rows(struct store_fixture *f, const char *prefix, const char *expected)
{
	scoped_buffer struct buffer rows = {0};
	struct error err = {0};

	buffer_add_text(&rows, "");
	assert_true(store_each(f->store, prefix, add_row, &rows, &err));
	assert_string_equal(rows.data ? rows.data : "", expected);
}

static void put(struct store_fixture *f, const char *key, const char *value)
{
	store_put(f->store, key, value, strlen(value), STORE_SURVIVES_KILL, NULL, NULL);
}

static void note_done(void *data, const struct error *err)
{
	buffer_add_text(data, err ? "failed " : "done ");
}

static void change_document(struct store_fixture *f, const char *key, const char *value)
{
	struct store_change change = {key, value, value ? strlen(value) : 0, true};

	store_commit(f->store, &change, 1, STORE_SURVIVES_KILL, NULL, NULL);
}

static void put_document(struct store_fixture *f, const char *key, const char *value)
{
	change_document(f, key, value);
}

static void note_document(void *data, const void *value, size_t size, const struct error *err)
{
	if (err)
		buffer_add_text(data, "failed");
	else if (value)
		buffer_format(data, "%.*s", (int)size, (const char *)value);
	else
		buffer_add_text(data, "none");
}

static void assert_document(struct store_fixture *f, const char *key, const char *expected)
{
	scoped_buffer struct buffer seen = {0};

	store_read(f->store, key, note_document, &seen);
	uv_run(&f->loop, UV_RUN_DEFAULT);
	assert_string_equal(seen.data ? seen.data : "", expected);
}

/* ---- records ---- */

static void what_was_written_is_read_at_the_next_start(void **state)
{
	struct store_fixture *f = *state;

	store_fixture_open(f);
	put(f, "container/b", "2");
	put(f, "container/a", "1");
	put(f, "containers", "other");
	put(f, "image/x", "3");
	reopen(f);
	assert_rows(f, "container/", "container/a=1;container/b=2;");
	assert_rows(f, "image/", "image/x=3;");
	assert_rows(f, "none/", "");
	assert_rows(f, "", "container/a=1;container/b=2;containers=other;image/x=3;");
}

static void the_last_write_of_a_key_counts(void **state)
{
	struct store_fixture *f = *state;

	store_fixture_open(f);
	put(f, "a", "1");
	put(f, "b", "1");
	put(f, "a", "2");
	store_delete(f->store, "b", STORE_SURVIVES_POWER_CUT, NULL, NULL);
	store_delete(f->store, "never there", STORE_SURVIVES_KILL, NULL, NULL);
	reopen(f);
	assert_rows(f, "", "a=2;");
}

static void several_changes_are_one_write(void **state)
{
	struct store_fixture *f = *state;
	struct store_change changes[] = {{"a", "1", 1}, {"b", "22", 2}, {"a", NULL, 0}};
	scoped_buffer struct buffer calls = {0};

	store_fixture_open(f);
	store_commit(f->store, changes, 3, STORE_SURVIVES_POWER_CUT, note_done, &calls);
	uv_run(&f->loop, UV_RUN_DEFAULT);
	assert_string_equal(calls.data, "done ");
	reopen(f);
	assert_rows(f, "", "b=22;");
}

static void documents_are_read_when_asked_for_and_are_no_records(void **state)
{
	struct store_fixture *f = *state;

	store_fixture_open(f);
	assert_document(f, "p/1", "none");
	put_document(f, "p/1", "one");
	put_document(f, "p/2", "");
	assert_document(f, "p/1", "one"); /* as written just before */
	put_document(f, "p/1", "other");
	reopen(f);
	assert_rows(f, "", "");
	assert_document(f, "p/1", "other");
	assert_document(f, "p/2", "");
	change_document(f, "p/1", NULL);
	assert_document(f, "p/1", "none");
}

static void a_document_and_a_record_are_one_write(void **state)
{
	struct store_fixture *f = *state;
	struct store_change changes[] = {{"p", "r", 1, false}, {"p", "d", 1, true}};

	store_fixture_open(f);
	store_commit(f->store, changes, 2, STORE_SURVIVES_POWER_CUT, NULL, NULL);
	assert_document(f, "p", "d");
	reopen(f);
	assert_rows(f, "", "p=r;");
	assert_document(f, "p", "d");
}

static void values_may_hold_any_bytes_and_none(void **state)
{
	struct store_fixture *f = *state;

	store_fixture_open(f);
	store_put(f->store, "empty", NULL, 0, STORE_SURVIVES_KILL, NULL, NULL);
	store_put(f->store, "zero", "a\0b", 3, STORE_SURVIVES_KILL, NULL, NULL);
	reopen(f);
	assert_rows(f, "empty", "empty=;");
}

struct order {
	int next;
	struct store_fixture *f;
};

static struct order order;

static void assert_in_order(void *data, const struct error *err)
{
	assert_null(err);
	assert_int_equal((intptr_t)data, order.next);
	order.next++;
}

static void callbacks_come_in_the_order_of_the_writes(void **state)
{
	struct store_fixture *f = *state;

	store_fixture_open(f);
	order.next = 0;
	for (intptr_t i = 0; i < 300; i++)
		store_put(f->store, "k", "v", 1,
			  i % 7 ? STORE_SURVIVES_KILL : STORE_SURVIVES_POWER_CUT, assert_in_order,
			  (void *)i);
	assert_int_equal(order.next, 0); /* never from within the call */
	uv_run(&f->loop, UV_RUN_DEFAULT);
	assert_int_equal(order.next, 300);
}

static void closing_writes_what_waits(void **state)
{
	struct store_fixture *f = *state;
	scoped_buffer struct buffer calls = {0};

	store_fixture_open(f);
	for (int i = 0; i < 100; i++)
		store_put(f->store, "k", &"0123456789"[i % 10], 1, STORE_SURVIVES_POWER_CUT,
			  note_done, &calls);
	reopen(f);
	assert_rows(f, "", "k=9;");
	assert_true(calls.size == 0);
}

static void a_long_history_does_not_grow_the_log(void **state)
{
	struct store_fixture *f = *state;
	scoped_free char *path = str_format("%s/state.db-wal", f->folder);
	scoped_free char *value = mem_zeroed(1, 3000);
	struct stat st;

	store_fixture_open(f);
	for (int round = 0; round < 20; round++) {
		for (int i = 0; i < 200; i++)
			store_put(f->store, i % 2 ? "a" : "b", value, 3000, STORE_SURVIVES_KILL,
				  NULL, NULL);
		uv_run(&f->loop, UV_RUN_DEFAULT);
	}
	assert_int_equal(stat(path, &st), 0);
	assert_true(st.st_size < 20 << 20);
}

/* ---- files that cannot be used ---- */

static void execute(struct store_fixture *f, const char *sql)
{
	scoped_free char *path = str_format("%s/state.db", f->folder);
	sqlite3 *db = NULL;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

static void assert_refused(struct store_fixture *f, const char *words)
{
	struct error err = {0};

	f->store = store_open(&f->loop, f->folder, &err);
	assert_null(f->store);
	if (!strstr(err.text, words))
		fail_msg("'%s' is not in '%s'", words, err.text);
}

static void make_and_close(struct store_fixture *f)
{
	store_fixture_open(f);
	put(f, "a", "1");
	store_fixture_close(f);
}

static void a_newer_file_is_refused_and_says_what_to_do(void **state)
{
	struct store_fixture *f = *state;

	make_and_close(f);
	execute(f, "PRAGMA user_version = 3");
	assert_refused(f, "newer version (schema 3, this one knows 2): install that version again");
}

static void a_file_of_schema_1_is_brought_up_to_date_and_keeps_its_records(void **state)
{
	struct store_fixture *f = *state;

	make_and_close(f);
	execute(f, "DROP TABLE document; PRAGMA user_version = 1");
	store_fixture_open(f);
	assert_rows(f, "", "a=1;");
	put_document(f, "d", "text");
	assert_document(f, "d", "text");
	reopen(f);
	assert_rows(f, "", "a=1;");
	assert_document(f, "d", "text");
}

static void a_foreign_database_is_refused(void **state)
{
	struct store_fixture *f = *state;

	execute(f, "CREATE TABLE mail (text)");
	assert_refused(f, "some other program's database");
}

static void overwrite(struct store_fixture *f, off_t at, const char *bytes)
{
	scoped_free char *path = str_format("%s/state.db", f->folder);
	scoped_fd int fd = open(path, O_WRONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, bytes, strlen(bytes), at), strlen(bytes));
}

static void a_file_with_a_broken_head_is_refused(void **state)
{
	struct store_fixture *f = *state;

	make_and_close(f);
	overwrite(f, 0, "this is not a database at all");
	assert_refused(f, "is corrupt");
}

static void a_file_with_a_broken_page_is_refused(void **state)
{
	struct store_fixture *f = *state;

	make_and_close(f);
	overwrite(f, 4096, "garbage garbage garbage garbage garbage garbage");
	assert_refused(f, "is corrupt");
}

static void a_missing_folder_is_named(void **state)
{
	struct store_fixture *f = *state;

	rmdir(f->folder);
	assert_refused(f, f->folder);
}

static void a_second_daemon_is_kept_out(void **state)
{
	struct store_fixture *f = *state;
	int status, go[2];
	pid_t child;

	assert_int_equal(pipe2(go, O_CLOEXEC), 0);
	/* Before there is a writer: what it has locked when a process is copied stays locked in the copy. */
	child = fork();
	if (child == 0) {
		struct error err = {0};
		uv_loop_t loop;
		char c;

		close(go[1]);
		(void)!read(go[0], &c, 1);
		uv_loop_init(&loop);
		_exit(store_open(&loop, f->folder, &err) || !strstr(err.text, "another daemon"));
	}
	close(go[0]);
	store_fixture_open(f);
	put(f, "a", "1");
	close(go[1]);
	waitpid(child, &status, 0);
	assert_int_equal(status, 0);
}

/* ---- kill -9 ---- */

static int acknowledged;

static void acknowledge(void *data, const struct error *err)
{
	char c = 'x';

	if (err || write(acknowledged, &c, 1) != 1)
		_exit(1);
}

/* Writes "n/0", "n/1" ... and a byte to the pipe for each that was acknowledged, until it is
 * killed. */
static void write_for_ever(struct store_fixture *f, int out)
{
	uv_loop_t loop;
	struct error err;
	struct store *store;

	uv_loop_init(&loop);
	store = store_open(&loop, f->folder, &err);
	if (!store)
		_exit(1);
	acknowledged = out;
	for (int i = 0;; i++) {
		char key[32];

		snprintf(key, sizeof(key), "n/%08d", i);
		store_put(store, key, "v", 1,
			  i % 3 ? STORE_SURVIVES_KILL : STORE_SURVIVES_POWER_CUT, acknowledge,
			  NULL);
		if (i % 5 == 0)
			uv_run(&loop, UV_RUN_DEFAULT);
	}
}

static size_t count_until_killed(int in, pid_t child, size_t enough)
{
	size_t count = 0;
	char buffer[64];
	ssize_t n;

	while ((n = read(in, buffer, sizeof(buffer))) > 0) {
		count += (size_t)n;
		if (count >= enough)
			kill(child, SIGKILL);
	}
	return count;
}

static bool count_row(void *data, const char *key, const void *value, size_t size)
{
	char expected[32];
	size_t *count = data;

	snprintf(expected, sizeof(expected), "n/%08zu", *count);
	assert_string_equal(key, expected);
	(*count)++;
	return true;
}

static void nothing_acknowledged_is_lost_when_the_writer_is_killed(void **state)
{
	struct store_fixture *f = *state;

	for (size_t round = 1; round <= 8; round++) {
		size_t told, kept = 0;
		struct error err;
		pid_t child;
		int ends[2];

		execute(f, "SELECT 1");
		assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
		child = fork();
		if (child == 0)
			write_for_ever(f, ends[1]);
		close(ends[1]);
		told = count_until_killed(ends[0], child, 37 * round);
		close(ends[0]);
		waitpid(child, NULL, 0);

		store_fixture_open(f);
		assert_true(store_each(f->store, "n/", count_row, &kept, &err));
		assert_true(kept >= told);
		store_fixture_close(f);
	}
}

/* ---- full and read-only disks ---- */

/* Runs `test` in a mount namespace of its own with `options` on the folder. */
static void on_a_disk(struct store_fixture *f, const char *options,
		      void (*test)(struct store_fixture *f))
{
	int status;
	pid_t child;

	if (geteuid() != 0)
		skip();
	child = fork();
	if (child == 0) {
		if (unshare(CLONE_NEWNS) != 0 || mount("", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
		    mount("tmpfs", f->folder, "tmpfs", 0, options))
			_exit(77);
		test(f);
		_exit(0);
	}
	waitpid(child, &status, 0);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
		skip();
	assert_int_equal(status, 0);
}

static void expect(bool condition, int line)
{
	if (condition)
		return;
	fprintf(stderr, "store_test.c:%d: not so\n", line);
	_exit(1);
}
#define expect(condition) expect(condition, __LINE__)

static void fill_disk(struct store_fixture *f)
{
	scoped_free char *path = str_format("%s/filler", f->folder);
	scoped_fd int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	scoped_free char *zeros = mem_zeroed(1, 4096);

	while (write(fd, zeros, 4096) > 0)
		;
}

static struct error last_error;

static void keep_error(void *data, const struct error *err)
{
	last_error = err ? *err : (struct error){0};
}

static void write_one(struct store_fixture *f, const char *key, size_t size)
{
	scoped_free char *value = mem_zeroed(1, size);

	store_put(f->store, key, value, size, STORE_SURVIVES_POWER_CUT, keep_error, NULL);
	uv_run(&f->loop, UV_RUN_DEFAULT);
}

static void fill_and_go_on(struct store_fixture *f)
{
	scoped_free char *filler = str_format("%s/filler", f->folder);
	char key[16];
	int writes = 0;

	store_fixture_open(f);
	write_one(f, "before", 3000);
	expect(!store_disk_is_full(f->store));
	fill_disk(f);

	/* The reserve takes over ... */
	write_one(f, "a", 100000);
	expect(last_error.kind == ERROR_NONE);
	expect(store_disk_is_full(f->store));
	/* ... and then there is a clear error, ... */
	while (last_error.kind == ERROR_NONE && writes < 200) {
		snprintf(key, sizeof(key), "b/%d", writes++);
		write_one(f, key, 100000);
	}
	expect(last_error.kind == ERROR_UNAVAILABLE && last_error.os == ENOSPC);
	/* ... nothing written is lost, and room makes all good again. */
	unlink(filler);
	expect(!store_disk_is_full(f->store));
	write_one(f, "c", 10);
	expect(last_error.kind == ERROR_NONE);
	store_fixture_close(f);
	store_fixture_open(f);
	expect(!store_disk_is_full(f->store));
	store_fixture_close(f);
}

static void a_full_disk_uses_the_reserve_then_says_so_and_loses_nothing(void **state)
{
	on_a_disk(*state, "size=48m", fill_and_go_on);
}

static void open_read_only(struct store_fixture *f)
{
	struct error err = {0};

	expect(mount("", f->folder, NULL, MS_REMOUNT | MS_RDONLY, NULL) == 0);
	expect(!store_open(&f->loop, f->folder, &err));
	expect(strstr(err.text, "state.db"));
	expect(err.os == EROFS);
}

static void an_empty_read_only_folder_is_refused(void **state)
{
	on_a_disk(*state, "size=16m", open_read_only);
}

static void make_then_open_read_only(struct store_fixture *f)
{
	make_and_close(f);
	open_read_only(f);
}

static void a_file_on_a_read_only_disk_is_refused(void **state)
{
	on_a_disk(*state, "size=16m", make_then_open_read_only);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_was_written_is_read_at_the_next_start),
		TEST(the_last_write_of_a_key_counts),
		TEST(several_changes_are_one_write),
		TEST(documents_are_read_when_asked_for_and_are_no_records),
		TEST(a_document_and_a_record_are_one_write),
		TEST(values_may_hold_any_bytes_and_none),
		TEST(callbacks_come_in_the_order_of_the_writes),
		TEST(closing_writes_what_waits),
		TEST(a_long_history_does_not_grow_the_log),
		TEST(a_file_of_schema_1_is_brought_up_to_date_and_keeps_its_records),
		TEST(a_newer_file_is_refused_and_says_what_to_do),
		TEST(a_foreign_database_is_refused),
		TEST(a_file_with_a_broken_head_is_refused),
		TEST(a_file_with_a_broken_page_is_refused),
		TEST(a_missing_folder_is_named),
		TEST(a_second_daemon_is_kept_out),
		TEST(nothing_acknowledged_is_lost_when_the_writer_is_killed),
		TEST(a_full_disk_uses_the_reserve_then_says_so_and_loses_nothing),
		TEST(an_empty_read_only_folder_is_refused),
		TEST(a_file_on_a_read_only_disk_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
