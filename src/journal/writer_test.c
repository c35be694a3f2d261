#include "journal/journal_sample.h"

/* ---- what the frames say ---- */

/* Each entry as "priority text\n", of each whole frame of each block. */
static void list_block(const char *data, size_t size, struct buffer *out)
{
	struct stored_entry e;
	struct frame head;

	for (size_t at = 0; frame_read(data + at, size - at, &head) == FRAME_WHOLE;
	     at += head.size) {
		assert_true(at > 0 || head.kind == FRAME_BLOCK);
		if (head.kind != FRAME_ENTRY)
			continue;
		assert_true(entry_read(data + at, head.size, &e));
		for (const char *t = e.text.text, *end = t + e.text.size;
		     t < end || !e.head.head.lines;) {
			const char *newline =
				e.head.head.lines ? memchr(t, '\n', (size_t)(end - t)) : end;

			buffer_format(out, "%d %.*s\n", e.head.head.priority, (int)(newline - t),
				      t);
			t = newline + 1;
			if (!e.head.head.lines)
				break;
		}
	}
}

static void list(struct buffer *out)
{
	scoped_with(journal_names_fini) struct journal_names names = sample_names();

	for (size_t i = 0; i < names.count; i++) {
		scoped_buffer struct buffer bytes = {0};

		sample_bytes(&names.items[i], &bytes);
		for (size_t at = 0; at < bytes.size; at += JOURNAL_BLOCK)
			list_block(bytes.data + at,
				   bytes.size - at < JOURNAL_BLOCK ? bytes.size - at
								   : JOURNAL_BLOCK,
				   out);
	}
	buffer_add(out, "", 0);
}

static void assert_list(const char *expected)
{
	scoped_buffer struct buffer out = {0};

	list(&out);
	assert_string_equal(out.data, expected);
}

static size_t file_count(void)
{
	scoped_with(journal_names_fini) struct journal_names names = sample_names();

	return names.count;
}

/* ---- entries and lines ---- */

static void entries_are_in_the_file_after_a_flush(void **state)
{
	struct journal_writer *writer = sample_writer("a.service", NULL);

	sample_say(writer, "one");
	sample_say(writer, "two\nof two lines");
	sample_flush(writer);
	assert_list("6 one\n6 two\nof two lines\n");
	journal_writer_free(writer);
}

static size_t write_lines(struct journal_writer *writer, const char *text, bool prefix)
{
	const struct journal_entry entry = {.priority = 6, .identifier = "x"};

	return journal_write_lines(writer, &entry, text, strlen(text), prefix);
}

static void whole_lines_are_taken_and_the_rest_is_left(void **state)
{
	struct journal_writer *writer = sample_writer("a.service", NULL);

	assert_int_equal(write_lines(writer, "one\ntwo\nthr", true), 8);
	assert_int_equal(write_lines(writer, "", true), 0);
	assert_int_equal(write_lines(writer, "three\n\n\nfour\n", true), 13);
	journal_writer_free(writer);
	assert_list("6 one\n6 two\n6 three\n6 four\n");
}

static void a_prefix_is_the_lines_priority(void **state)
{
	struct journal_writer *writer = sample_writer("a.service", NULL);

	write_lines(writer,
		    "<3>bad\n<3>worse\nplain\n<9>no\n<12>no\n<7>\n<0>x\n<\n<03>y\n<00"
		    "0>z\n<0000>no\n",
		    true);
	write_lines(writer, "<3>kept\n", false);
	journal_writer_free(writer);
	assert_list("3 bad\n3 worse\n6 plain\n6 <9>no\n6 <12>no\n0 x\n6 <\n3 y\n0 z\n6 <0000>no\n6 "
		    "<3>kept\n");
}

static void a_line_beyond_the_limit_is_several_entries(void **state)
{
	struct journal_writer *writer = sample_writer("a.service", NULL);
	scoped_buffer struct buffer line = {0}, expected = {0};
	size_t size = 2 * JOURNAL_LINE_LIMIT + 10;

	memset(buffer_reserve(&line, size), 'x', size);
	buffer_wrote(&line, size);
	buffer_add_text(&line, "\nnext\n");
	assert_int_equal(write_lines(writer, line.data, false), line.size);
	journal_writer_free(writer);
	for (size_t left = size; left > 0;) {
		size_t piece = left < JOURNAL_LINE_LIMIT ? left : JOURNAL_LINE_LIMIT;

		buffer_format(&expected, "6 %.*s\n", (int)piece, line.data);
		left -= piece;
	}
	buffer_add_text(&expected, "6 next\n");
	assert_list(expected.data);
}

static void any_bytes_are_kept_over_blocks_and_files(void **state)
{
	const struct journal_bounds bounds = {.file_bytes = 3 * JOURNAL_BLOCK};
	struct journal_writer *writer = sample_writer("a.service", &bounds);
	scoped_buffer struct buffer text = {0}, expected = {0};

	for (int i = 0; i < 9000; i++) {
		scoped_free char *line = str_format(
			"line %d %.*s", i, i % 97,
			"................................."
			"..................................................................");

		buffer_format(&text, "%s\n", line);
		buffer_format(&expected, "6 %s\n", line);
	}
	for (size_t at = 0, n; at < text.size; at += n ? n : 1) {
		const struct journal_entry entry = {.priority = 6};
		size_t size = text.size - at < 5000 ? text.size - at : 5000;

		n = journal_write_lines(writer, &entry, text.data + at, size, false);
		assert_true(n > 0);
	}
	journal_writer_free(writer);
	assert_list(expected.data);
	assert_true(file_count() > 2);
}

static void a_rotation_begins_a_file_if_there_is_anything_in_this_one(void **state)
{
	struct journal_writer *writer = sample_writer("a.service", NULL);
	struct error err;

	assert_true(journal_writer_rotate(writer, &err));
	assert_int_equal(file_count(), 1);
	write_lines(writer, "one\n", false);
	assert_true(journal_writer_rotate(writer, &err));
	assert_int_equal(file_count(), 2);
	assert_true(journal_writer_rotate(writer, &err));
	assert_int_equal(file_count(), 2);
	write_lines(writer, "two\n", false);
	journal_writer_free(writer);
	assert_list("6 one\n6 two\n");
}

static size_t frame_count(enum frame_kind kind)
{
	scoped_with(journal_names_fini) struct journal_names names = sample_names();
	scoped_buffer struct buffer bytes = {0};
	size_t count = 0, at = 0;
	struct frame head;

	sample_bytes(&names.items[0], &bytes);
	for (; frame_read(bytes.data + at, bytes.size - at, &head) == FRAME_WHOLE; at += head.size)
		count += head.kind == kind;
	return count;
}

/* How many share a frame depends on the clock: less than each its own, in any case. */
static void lines_of_a_burst_share_a_frame(void **state)
{
	struct journal_writer *writer = sample_writer("a.service", NULL);
	scoped_buffer struct buffer expected = {0};

	for (int i = 0; i < 500; i++) {
		scoped_free char *text = str_format("line %d", i);

		sample_say(writer, text);
		buffer_format(&expected, "6 %s\n", text);
	}
	sample_flush(writer);
	assert_list(expected.data);
	assert_true(frame_count(FRAME_ENTRY) < 250);
	journal_writer_free(writer);
}

static void what_differs_in_anything_stands_alone(void **state)
{
	struct journal_writer *writer = sample_writer("a.service", NULL);
	const struct journal_entry first = {.priority = 6,
					    .pid = 1,
					    .uid = 2,
					    .gid = 3,
					    .identifier = "one",
					    .comm = "two",
					    .message = "x",
					    .message_size = 1};
	struct journal_entry others[] = {first, first, first, first, first,
					 first, first, first, first};

	others[0].priority = 5;
	others[1].pid = 7;
	others[2].uid = 7;
	others[3].gid = 7;
	others[4].identifier = "onetwo"; /* with comm the same bytes */
	others[4].comm = "";
	others[5].comm = NULL;
	others[6].transport = JOURNAL_DRIVER;
	others[7].message_id = "39f53479d3a045ac8e11786248231fbf";
	others[8].realtime_ns = 5;
	for (size_t i = 0; i < array_length(others); i++) {
		journal_write(writer, &first);
		journal_write(writer, &others[i]);
	}
	sample_flush(writer);
	assert_int_equal(frame_count(FRAME_ENTRY), 2 * array_length(others));
	journal_writer_free(writer);
}

/* ---- files ---- */

static void a_file_that_was_left_is_gone_on_with(void **state)
{
	for (int i = 0; i < 3; i++) {
		struct journal_writer *writer = sample_writer("a.service", NULL);

		sample_say(writer, i == 0 ? "a" : i == 1 ? "b" : "c");
		journal_writer_free(writer);
	}
	assert_list("6 a\n6 b\n6 c\n");
	assert_int_equal(file_count(), 1);
}

static void two_writers_have_two_files(void **state)
{
	struct journal_writer *a = sample_writer("a.service", NULL);
	struct journal_writer *b = sample_writer("b.service", NULL);

	sample_say(a, "of a");
	sample_say(b, "of b");
	journal_writer_free(a);
	journal_writer_free(b);
	assert_int_equal(file_count(), 2);
}

static void a_writer_that_said_nothing_leaves_nothing(void **state)
{
	journal_writer_free(sample_writer("a.service", NULL));
	assert_int_equal(file_count(), 0);
}

static void put(const char *path, const char *data, size_t size)
{
	scoped_fd int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);

	assert_int_equal(write(fd, data, size), size);
}

/* The file at every length that a killed writer may have left it: what was whole is kept, the rest cut. */
static void a_torn_tail_is_cut_wherever_it_is_torn(void **state)
{
	static const char *const lists[] = {"", "6 one\n", "6 one\n6 two\n"};
	scoped_buffer struct buffer bytes = {0};
	struct journal_writer *writer = sample_writer("a.service", NULL);
	scoped_with(journal_names_fini) struct journal_names names = sample_names();
	scoped_free char *path = sample_path(&names.items[0]);
	size_t ends[2], whole;

	sample_say(writer, "one");
	sample_flush(writer);
	ends[0] = sample_size(path);
	sample_say(writer, "two");
	journal_writer_free(writer);
	ends[1] = sample_size(path);
	sample_bytes(&names.items[0], &bytes);
	for (size_t size = sizeof(struct block_frame); size <= bytes.size; size++) {
		scoped_free char *expected = NULL;

		put(path, bytes.data, size);
		writer = sample_writer("a.service", NULL);
		sample_say(writer, "new");
		journal_writer_free(writer);
		whole = size >= ends[1] ? 2 : size >= ends[0] ? 1 : 0;
		expected = str_format("%s6 new\n", lists[whole]);
		assert_list(expected);
	}
	assert_int_equal(file_count(), 1);
}

static void old_files_go_when_the_folder_is_full(void **state)
{
	const struct journal_bounds bounds = {.file_bytes = 2 * JOURNAL_BLOCK,
					      .folder_bytes = 8 * JOURNAL_BLOCK};
	struct journal_writer *writer = sample_writer("a.service", &bounds);
	scoped_buffer struct buffer line = {0};

	memset(buffer_reserve(&line, 1000), 'x', 999);
	line.data[999] = '\n';
	buffer_wrote(&line, 1000);
	for (int i = 0; i < 3000; i++) {
		const struct journal_entry entry = {.priority = 6};

		journal_write_lines(writer, &entry, line.data, line.size, false);
		sample_flush(writer);
	}
	/* the present file, and what was there when it was begun */
	assert_true(journal_usage(sample_folder) <= bounds.folder_bytes + bounds.file_bytes);
	assert_true(journal_usage(sample_folder) >= bounds.folder_bytes - bounds.file_bytes);
	journal_writer_free(writer);
}

static void of_many_files_the_oldest_go(void **state)
{
	const struct journal_bounds bounds = {.file_bytes = 2 * JOURNAL_BLOCK, .files = 3};
	struct journal_writer *writer = sample_writer("a.service", &bounds);

	for (int i = 0; i < 1000; i++) {
		scoped_free char *text = str_format("%01000d", i);

		sample_say(writer, text);
	}
	journal_writer_free(writer);
	assert_int_equal(file_count(), 3);
}

static void a_file_that_is_written_is_not_vacuumed(void **state)
{
	struct journal_writer *writer = sample_writer("a.service", NULL);
	struct error err;
	int64_t freed;

	sample_say(writer, "x");
	sample_flush(writer);
	assert_true(journal_vacuum(sample_folder, &(struct journal_keep){1, -1, INT64_MAX}, &freed,
				   &err));
	assert_int_equal(freed, 0);
	assert_int_equal(file_count(), 1);
	journal_writer_free(writer);
	assert_true(journal_vacuum(sample_folder, &(struct journal_keep){0}, &freed, &err));
	assert_int_equal(freed, 0);
	assert_true(journal_vacuum(sample_folder, &(struct journal_keep){1}, &freed, &err));
	assert_true(freed > 0);
	assert_int_equal(file_count(), 0);
}

/* ---- a full disk ---- */

static void limit_files(rlim_t bytes)
{
	struct rlimit limit;

	getrlimit(RLIMIT_FSIZE, &limit);
	limit.rlim_cur = bytes;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void entries_that_do_not_fit_are_counted_and_told(void **state)
{
	struct journal_writer *writer = sample_writer("a.service", NULL);
	scoped_with(journal_names_fini) struct journal_names names = sample_names();
	scoped_free char *path = sample_path(&names.items[0]);
	struct error err;

	signal(SIGXFSZ, SIG_IGN);
	sample_say(writer, "before");
	sample_flush(writer);
	limit_files(sample_size(path) + 10);
	for (int i = 0; i < 3; i++) {
		sample_say(writer, "lost");
		sample_say(writer, "lost");
		assert_false(journal_flush(writer, &err));
	}
	limit_files(RLIM_INFINITY);
	sample_say(writer, "after");
	journal_writer_free(writer);
	assert_list("6 before\n4 6 journal entries were lost: File too large\n6 after\n");
}

static void a_folder_that_cannot_be_made_is_an_error(void **state)
{
	struct error err;

	assert_null(journal_writer_open("/proc/nothing/here", NULL, &err));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		sample_test(entries_are_in_the_file_after_a_flush),
		sample_test(whole_lines_are_taken_and_the_rest_is_left),
		sample_test(a_prefix_is_the_lines_priority),
		sample_test(a_line_beyond_the_limit_is_several_entries),
		sample_test(any_bytes_are_kept_over_blocks_and_files),
		sample_test(a_rotation_begins_a_file_if_there_is_anything_in_this_one),
		sample_test(lines_of_a_burst_share_a_frame),
		sample_test(what_differs_in_anything_stands_alone),
		sample_test(a_file_that_was_left_is_gone_on_with),
		sample_test(two_writers_have_two_files),
		sample_test(a_writer_that_said_nothing_leaves_nothing),
		sample_test(a_torn_tail_is_cut_wherever_it_is_torn),
		sample_test(old_files_go_when_the_folder_is_full),
		sample_test(of_many_files_the_oldest_go),
		sample_test(a_file_that_is_written_is_not_vacuumed),
		sample_test(entries_that_do_not_fit_are_counted_and_told),
		sample_test(a_folder_that_cannot_be_made_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
