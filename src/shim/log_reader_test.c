#include "base/test.h"

#include "base/text.h"
#include "format/jsonlog.h"
#include "shim/log_reader.h"
#include "shim/log_writer.h"
#include "shim/shim_protocol.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* A log in a folder of its own, written by the real writer. */
struct fixture {
	char folder[64];
	int fd;
	struct log_writer log;
};

static void begin(struct fixture *f, int64_t max_size, int64_t max_files)
{
	struct error err;

	snprintf(f->folder, sizeof(f->folder), "/tmp/wherry-unit.XXXXXX");
	assert_non_null(mkdtemp(f->folder));
	f->fd = open(f->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	scoped_free char *path = str_format("%s/log", f->folder);
	struct shim_log_options options = {
		.driver = "json-file", .path = path, .max_size = max_size, .max_files = max_files};
	assert_true(log_writer_open(&f->log, &options, &err));
}

static void end(struct fixture *f)
{
	log_writer_close(&f->log);
	for (int i = 0; i < 20; i++) {
		char name[16];

		snprintf(name, sizeof(name), i ? "log.%d" : "log", i);
		unlinkat(f->fd, name, 0);
	}
	close(f->fd);
	rmdir(f->folder);
}

static void write_text(struct fixture *f, enum stream_kind stream, const char *text)
{
	log_write(&f->log, stream, text, strlen(text));
	log_flush(&f->log);
}

static const struct log_query everything = {.out = true, .err = true, .tail = -1};

static char *read_all(struct log_reader *reader, size_t limit)
{
	struct buffer out = {0};

	while (log_reader_read(reader, limit, &out) == LOG_MORE)
		;
	return buffer_take(&out);
}

static void assert_reads(struct fixture *f, const struct log_query *query, const char *expected)
{
	for (size_t limit = 1; limit < 1000; limit += 50) {
		struct log_reader *reader = log_reader_open(f->fd, "log", query);
		scoped_free char *text = reader ? read_all(reader, limit) : str_dup("no log");

		assert_string_equal(text, expected);
		log_reader_close(reader);
	}
}

static void what_was_written_is_read_back(void **state)
{
	struct fixture f;
	struct log_query only_err = everything;
	begin(&f, -1, 1);
	only_err.out = false;

	write_text(&f, STREAM_STDOUT, "one\ntw");
	write_text(&f, STREAM_STDERR, "err\n");
	write_text(&f, STREAM_STDOUT, "o\nthree");
	assert_reads(&f, &everything, "one\nerr\ntwo\n");
	assert_reads(&f, &only_err, "err\n");
	log_writer_end(&f.log);
	assert_reads(&f, &everything, "one\nerr\ntwo\nthree");
	end(&f);
}

static void rotation_keeps_whole_lines_and_drops_the_oldest_files(void **state)
{
	struct fixture f;
	struct buffer kept = {0};
	struct stat st;
	begin(&f, 1000, 3);

	for (int i = 0; i < 100; i++) {
		scoped_free char *line = str_format("line %d\n", i);

		write_text(&f, STREAM_STDOUT, line);
	}
	assert_int_equal(fstatat(f.fd, "log.3", &st, 0), -1);
	assert_int_equal(fstatat(f.fd, "log.2", &st, 0), 0);
	assert_in_range(st.st_size, 1000, 1100);

	struct log_reader *reader = log_reader_open(f.fd, "log", &everything);
	scoped_free char *text = read_all(reader, 100);
	int first;
	assert_int_equal(sscanf(text, "line %d\n", &first), 1);
	assert_in_range(first, 50, 90);
	for (int i = first; i < 100; i++)
		buffer_format(&kept, "line %d\n", i);
	assert_string_equal(text, kept.data);
	buffer_fini(&kept);
	log_reader_close(reader);
	end(&f);
}

/* A number that stands for "never remove any". */
static void as_many_files_as_can_be_named_cost_no_more_than_there_are(void **state)
{
	struct fixture f;
	struct buffer many = {0};
	begin(&f, 1000, INT64_MAX);

	for (int i = 0; i < 100; i++)
		buffer_format(&many, "line %d\n", i);
	write_text(&f, STREAM_STDOUT, many.data);
	assert_reads(&f, &everything, many.data);
	buffer_fini(&many);
	end(&f);
}

static void one_write_of_many_lines_is_rotated_between_lines(void **state)
{
	struct fixture f;
	struct buffer many = {0};
	struct stat st;
	begin(&f, 1000, 20);

	for (int i = 0; i < 100; i++)
		buffer_format(&many, "line %d\n", i);
	write_text(&f, STREAM_STDOUT, many.data);
	for (int i = 1;
	     fstatat(f.fd, (char[]){'l', 'o', 'g', '.', (char)('0' + i), 0}, &st, 0) == 0; i++)
		assert_in_range(st.st_size, 1000, 1100);
	assert_reads(&f, &everything, many.data);
	buffer_fini(&many);
	end(&f);
}

/* A line of which a full disk took a part, which is read before the writer has taken it back. */
static void what_was_cut_off_again_is_no_reason_to_read_all_again(void **state)
{
	struct fixture f;
	struct buffer out = {0};
	int log;
	begin(&f, -1, 1);

	write_text(&f, STREAM_STDOUT, "one\ntwo\n");
	struct log_reader *reader = log_reader_open(f.fd, "log", &everything);
	log = openat(f.fd, "log", O_WRONLY | O_APPEND | O_CLOEXEC);
	assert_int_equal(write(log, "{\"log\":\"torn", 12), 12);
	assert_int_equal(log_reader_read(reader, 100, &out), LOG_MORE);
	assert_int_equal(ftruncate(log, f.log.size), 0);
	close(log);
	assert_int_equal(log_reader_read(reader, 100, &out), LOG_AT_END);
	write_text(&f, STREAM_STDOUT, "three\n");
	assert_int_equal(log_reader_read(reader, 100, &out), LOG_MORE);
	assert_string_equal(out.data, "one\ntwo\nthree\n");
	buffer_fini(&out);
	log_reader_close(reader);
	end(&f);
}

static void write_script(struct fixture *f, const char *name, const char *text)
{
	int fd = openat(f->fd, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0700);

	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

/* How much of logs is in this process's memory files. */
static int count_memory_files(void)
{
	int count = 0;

	for (int fd = 0; fd < 100; fd++) {
		char path[32], target[64];
		ssize_t n;

		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		n = readlink(path, target, sizeof(target) - 1);
		target[n > 0 ? n : 0] = '\0';
		count += str_starts_with(target, "/memfd:log");
	}
	return count;
}

static void assert_unpacks_one_at_a_time(struct fixture *f, const struct log_query *query,
					 const char *expected)
{
	struct log_reader *reader = log_reader_open(f->fd, "log", query);
	struct buffer out = {0};

	do
		assert_in_range(count_memory_files(), 0, 1);
	while (log_reader_read(reader, 100, &out) == LOG_MORE);
	assert_string_equal(out.data, expected);
	buffer_fini(&out);
	log_reader_close(reader);
	assert_int_equal(count_memory_files(), 0);
}

/* The worker here only copies. */
static void compressed_files_are_in_memory_one_at_a_time(void **state)
{
	struct fixture f;
	struct log_query query = everything;
	struct buffer all = {0};
	begin(&f, 1000, 20);
	scoped_free char *worker = str_format("%s/worker", f.folder);

	write_script(&f, "worker",
		     "#!/bin/sh\ncat\ntouch -m -r /dev/stdin /dev/stdout 2>/dev/null\n");
	query.worker = worker;
	for (int i = 0; i < 100; i++)
		buffer_format(&all, "line %02d\n", i);
	write_text(&f, STREAM_STDOUT, all.data);
	for (int i = 1; i < 7; i++) {
		scoped_free char *plain = str_format("log.%d", i);
		scoped_free char *packed = str_format("log.%d.gz", i);

		assert_int_equal(renameat(f.fd, plain, f.fd, packed), 0);
	}
	assert_unpacks_one_at_a_time(&f, &query, all.data);
	query.tail = 50;
	assert_unpacks_one_at_a_time(&f, &query, all.data + 50 * strlen("line 00\n"));
	query.tail = 1000;
	assert_unpacks_one_at_a_time(&f, &query, all.data);
	for (int i = 1; i < 7; i++) {
		scoped_free char *packed = str_format("log.%d.gz", i);

		unlinkat(f.fd, packed, 0);
	}
	unlinkat(f.fd, "worker", 0);
	buffer_fini(&all);
	end(&f);
}

static void a_tail_counts_backwards_over_rotated_files(void **state)
{
	struct fixture f;
	begin(&f, 300, 20);

	for (int i = 0; i < 20; i++) {
		scoped_free char *line = str_format("%d\n", i);

		write_text(&f, i % 2 ? STREAM_STDERR : STREAM_STDOUT, line);
	}
	for (int tail = 0; tail < 25; tail++) {
		struct log_query query = everything;
		scoped_buffer struct buffer expected = {0};

		query.tail = tail;
		buffer_add(&expected, "", 0);
		for (int i = tail > 20 ? 0 : 20 - tail; i < 20; i++)
			buffer_format(&expected, "%d\n", i);
		assert_reads(&f, &query, expected.data);
	}
	end(&f);
}

static void long_lines_come_in_pieces_and_lose_nothing(void **state)
{
	struct fixture f;
	scoped_buffer struct buffer line = {0};
	begin(&f, -1, 1);

	for (int i = 0; i < 20000; i++)
		buffer_format(&line, "%d \xe2\x82\xac ", i);
	buffer_add_text(&line, "\nnext\n");
	for (size_t at = 0, size; at < line.size; at += size) {
		size = line.size - at < 777 ? line.size - at : 777;
		log_write(&f.log, STREAM_STDOUT, line.data + at, size);
		log_flush(&f.log);
	}
	struct log_reader *reader = log_reader_open(f.fd, "log", &everything);
	scoped_free char *text = read_all(reader, 64 << 10);
	assert_string_equal(text, line.data);
	log_reader_close(reader);
	end(&f);
}

static void frames_are_merged_by_stream_or_hold_one_line(void **state)
{
	struct fixture f;
	struct log_query query = everything;
	scoped_buffer struct buffer out = {0};
	begin(&f, -1, 1);
	query.multiplexed = true;

	write_text(&f, STREAM_STDOUT, "a\nb\n");
	write_text(&f, STREAM_STDERR, "c\n");
	write_text(&f, STREAM_STDOUT, "d\ne\n");
	struct log_reader *reader = log_reader_open(f.fd, "log", &query);
	assert_int_equal(log_reader_read(reader, 1000, &out), LOG_MORE);
	assert_int_equal(out.size, 34);
	assert_memory_equal(out.data,
			    "\1\0\0\0\0\0\0\4a\nb\n\2\0\0\0\0\0\0\2c\n\1\0\0\0\0\0\0\4d\ne\n", 34);

	buffer_clear(&out);
	log_reader_frame_lines(reader);
	write_text(&f, STREAM_STDOUT, "f\ng\n");
	assert_int_equal(log_reader_read(reader, 1000, &out), LOG_MORE);
	assert_memory_equal(out.data, "\1\0\0\0\0\0\0\2f\n\1\0\0\0\0\0\0\2g\n", 20);
	assert_int_equal(log_reader_read(reader, 1000, &out), LOG_AT_END);
	log_reader_close(reader);
	end(&f);
}

static void write_raw(struct fixture *f, const char *name, const char *text)
{
	int fd = openat(f->fd, name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

static void time_and_details_stand_before_the_text(void **state)
{
	struct fixture f;
	struct log_query query = everything;
	begin(&f, -1, 1);

	write_raw(&f, "log",
		  "{\"log\":\"a\\n\",\"stream\":\"stdout\",\"time\":\"2020-01-01T00:00:01.5Z\"}\n"
		  "torn{\"log\":\"x\n"
		  "{\"log\":\"b\\n\",\"stream\":\"stderr\",\"time\":\"2020-01-01T00:00:02Z\"}\n");
	query.timestamps = true;
	query.details = "k=v";
	assert_reads(&f, &query,
		     "2020-01-01T00:00:01.500000000Z k=v a\n"
		     "2020-01-01T00:00:02.000000000Z k=v b\n");
	query.details = NULL;
	query.multiplexed = true;
	query.out = false;
	struct log_reader *reader = log_reader_open(f.fd, "log", &query);
	scoped_free char *text = read_all(reader, 1000);
	assert_memory_equal(text,
			    "\2\0\0\0\0\0\0\x21"
			    "2020-01-01T00:00:02.000000000Z b\n",
			    41);
	log_reader_close(reader);
	end(&f);
}

static void since_and_until_choose_by_time(void **state)
{
	static const struct {
		int64_t since, until;
		const char *expected;
	} examples[] = {
		{0, 0, "a\nb\nc\n"},
		{1577836802 * NS_PER_SECOND, 0, "b\nc\n"},
		{1577836802 * NS_PER_SECOND + 1, 0, "c\n"},
		{0, 1577836802 * NS_PER_SECOND, "a\nb\n"},
		{1577836802 * NS_PER_SECOND, 1577836802 * NS_PER_SECOND, "b\n"},
		{1577836804 * NS_PER_SECOND, 0, ""},
	};
	struct fixture f;
	begin(&f, -1, 1);

	write_raw(&f, "log",
		  "{\"log\":\"a\\n\",\"stream\":\"stdout\",\"time\":\"2020-01-01T00:00:01Z\"}\n"
		  "{\"log\":\"b\\n\",\"stream\":\"stdout\",\"time\":\"2020-01-01T00:00:02Z\"}\n"
		  "{\"log\":\"c\\n\",\"stream\":\"stdout\",\"time\":\"2020-01-01T00:00:03Z\"}\n");
	for (size_t i = 0; i < array_length(examples); i++) {
		struct log_query query = everything;

		query.since = examples[i].since;
		query.until = examples[i].until;
		assert_reads(&f, &query, examples[i].expected);
	}
	end(&f);
}

static void who_follows_loses_nothing_at_a_rotation(void **state)
{
	struct fixture f;
	struct buffer written = {0}, seen = {0};
	begin(&f, 200, 50);
	write_text(&f, STREAM_STDOUT, "begin\n");
	buffer_add_text(&written, "begin\n");

	struct log_reader *reader = log_reader_open(f.fd, "log", &everything);
	for (int i = 0; i < 100; i++) {
		scoped_free char *line = str_format("line %d\n", i);

		write_text(&f, STREAM_STDOUT, line);
		buffer_add_text(&written, line);
		if (i % 7 == 0 || i % 3 == 1)
			while (log_reader_read(reader, 10, &seen) == LOG_MORE)
				;
	}
	while (log_reader_read(reader, 10, &seen) == LOG_MORE)
		;
	assert_string_equal(seen.data, written.data);
	buffer_fini(&seen);
	buffer_fini(&written);
	log_reader_close(reader);
	end(&f);
}

static void files_that_were_rotated_away_are_passed_over(void **state)
{
	struct fixture f;
	scoped_buffer struct buffer seen = {0};
	int first = -1;
	begin(&f, 200, 3);
	write_text(&f, STREAM_STDOUT, "line 0\n");

	struct log_reader *reader = log_reader_open(f.fd, "log", &everything);
	for (int i = 1; i < 50; i++) {
		scoped_free char *line = str_format("line %d\n", i);

		write_text(&f, STREAM_STDOUT, line);
	}
	while (log_reader_read(reader, 10, &seen) == LOG_MORE)
		;
	/* the file it held is read to its end, then what is left */
	assert_true(str_starts_with(seen.data, "line 0\nline 1\nline 2\nline "));
	assert_int_equal(sscanf(seen.data + strlen("line 0\nline 1\nline 2\n"), "line %d", &first),
			 1);
	assert_in_range(first, 40, 49);
	assert_true(str_ends_with(seen.data, "line 49\n"));
	log_reader_close(reader);
	end(&f);
}

static void from_now_on_means_from_when_it_was_asked(void **state)
{
	struct fixture f;
	struct log_query query = everything;
	begin(&f, 200, 20);

	write_text(&f, STREAM_STDOUT, "before\n");
	query.tail = 0;
	query.since_place = log_end(&f.log);
	assert_reads(&f, &query, "");
	write_text(&f, STREAM_STDOUT, "1\n2\n3\n4\n5\n6\n7\n8\n9\n");
	assert_reads(&f, &query, "1\n2\n3\n4\n5\n6\n7\n8\n9\n");
	query.since_place = (struct log_place){0};
	assert_reads(&f, &query, "");
	end(&f);
}

static void a_gap_in_the_numbers_is_no_end(void **state)
{
	struct fixture f;
	begin(&f, -1, 1);

	write_raw(&f, "log.3", "{\"log\":\"a\\n\",\"stream\":\"stdout\"}\n");
	write_raw(&f, "log.1", "{\"log\":\"b\\n\",\"stream\":\"stdout\"}\n");
	write_raw(&f, "log.x", "{\"log\":\"?\\n\",\"stream\":\"stdout\"}\n");
	write_raw(&f, "log", "{\"log\":\"c\\n\",\"stream\":\"stdout\"}\n");
	assert_reads(&f, &everything, "a\nb\nc\n");
	end(&f);
}

static void half_a_line_of_a_killed_writer_is_cut_off(void **state)
{
	struct fixture f;
	struct error err;
	begin(&f, -1, 1);

	write_text(&f, STREAM_STDOUT, "whole\n");
	log_writer_close(&f.log);
	write_raw(&f, "log", "{\"log\":\"half");
	scoped_free char *path = str_format("%s/log", f.folder);
	struct shim_log_options options = {.path = path, .max_size = -1};
	assert_true(log_writer_open(&f.log, &options, &err));
	write_text(&f, STREAM_STDOUT, "next\n");
	assert_reads(&f, &everything, "whole\nnext\n");
	end(&f);
}

static void no_log_is_no_reader(void **state)
{
	assert_null(log_reader_open(-1, NULL, &everything));
	assert_null(log_reader_open(AT_FDCWD, "/nowhere/log", &everything));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_written_is_read_back),
		cmocka_unit_test(rotation_keeps_whole_lines_and_drops_the_oldest_files),
		cmocka_unit_test(as_many_files_as_can_be_named_cost_no_more_than_there_are),
		cmocka_unit_test(one_write_of_many_lines_is_rotated_between_lines),
		cmocka_unit_test(what_was_cut_off_again_is_no_reason_to_read_all_again),
		cmocka_unit_test(compressed_files_are_in_memory_one_at_a_time),
		cmocka_unit_test(a_tail_counts_backwards_over_rotated_files),
		cmocka_unit_test(long_lines_come_in_pieces_and_lose_nothing),
		cmocka_unit_test(frames_are_merged_by_stream_or_hold_one_line),
		cmocka_unit_test(time_and_details_stand_before_the_text),
		cmocka_unit_test(since_and_until_choose_by_time),
		cmocka_unit_test(who_follows_loses_nothing_at_a_rotation),
		cmocka_unit_test(files_that_were_rotated_away_are_passed_over),
		cmocka_unit_test(from_now_on_means_from_when_it_was_asked),
		cmocka_unit_test(a_gap_in_the_numbers_is_no_end),
		cmocka_unit_test(half_a_line_of_a_killed_writer_is_cut_off),
		cmocka_unit_test(no_log_is_no_reader),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
