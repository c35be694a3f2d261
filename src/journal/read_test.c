#include "journal/journal_sample.h"

#include "base/time.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/wait.h>

#define BOOT_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define BOOT_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

/* ---- a journal of some units ---- */

/* Each entry in a moment of its own, 10 s after the one before. */
static int64_t clock_s;

static int reading_setup(void **state)
{
	clock_s = 1000;
	setenv("TZ", "UTC", 1);
	return sample_setup(state);
}

#define reading_test(name) cmocka_unit_test_setup_teardown(name, reading_setup, sample_teardown)

struct said {
	const char *text;
	int32_t priority, transport;
	const char *identifier;
};

static void say(struct journal_writer *writer, const struct said *said)
{
	const struct journal_entry entry = {.priority = said->priority ? said->priority : 6,
					    .transport = said->transport,
					    .identifier =
						    said->identifier ? said->identifier : "prog",
					    .pid = 7,
					    .uid = -1,
					    .gid = -1,
					    .realtime_ns = clock_s * NS_PER_SECOND,
					    .monotonic_ns = clock_s * NS_PER_SECOND,
					    .message = said->text,
					    .message_size = strlen(said->text)};

	clock_s += 10;
	journal_write(writer, &entry);
}

static struct journal_writer *writer_of(const char *unit, const char *boot)
{
	const struct journal_origin origin = {.unit = unit, .hostname = "host", .boot_id = boot};
	struct journal_writer *writer = sample_writer(unit, NULL);

	journal_writer_set_origin(writer, &origin);
	return writer;
}

/* Two writers at once: a0 b0 a1 b1 ... at 1000 s, 1010 s ... */
static void write_two(int count)
{
	struct journal_writer *a = writer_of("a.service", BOOT_A);
	struct journal_writer *b = writer_of("b.service", BOOT_A);

	for (int i = 0; i < count; i++) {
		scoped_free char *of_a = str_format("a%d", i), *of_b = str_format("b%d", i);

		say(a, &(struct said){.text = of_a});
		say(b, &(struct said){.text = of_b});
	}
	journal_writer_free(a);
	journal_writer_free(b);
}

/* ---- reading it ---- */

static const struct journal_query everything = {.priority_high = 7, .lines = -1};

static bool collect(void *data, const char *text, size_t size)
{
	buffer_add(data, text, size);
	return true;
}

static void read_into(const struct journal_query *query, enum journal_output output,
		      struct buffer *out)
{
	const struct journal_sink sink = {.write = collect, .data = out, .stop = -1};
	struct error err = {0};

	if (!journal_read(sample_folder, query, output, &sink, &err))
		fail_msg("%s", err.text);
	buffer_add(out, "", 0);
}

/* The messages, each followed by a blank. */
static void assert_read(const struct journal_query *query, const char *expected)
{
	scoped_buffer struct buffer out = {0};

	read_into(query, JOURNAL_CAT, &out);
	for (size_t i = 0; i < out.size; i++)
		if (out.data[i] == '\n')
			out.data[i] = ' ';
	assert_string_equal(out.data, expected);
}

static void files_are_merged_by_time(void **state)
{
	write_two(3);
	assert_read(&everything, "a0 b0 a1 b1 a2 b2 ");
}

static void the_last_lines_and_the_reverse(void **state)
{
	static const struct {
		int64_t lines;
		bool reverse, from_head;
		const char *expected;
	} rows[] = {
		{0, false, false, ""},
		{1, false, false, "b2 "},
		{4, false, false, "a1 b1 a2 b2 "},
		{6, false, false, "a0 b0 a1 b1 a2 b2 "},
		{9, false, false, "a0 b0 a1 b1 a2 b2 "},
		{-1, true, false, "b2 a2 b1 a1 b0 a0 "},
		{2, true, false, "b2 a2 "},
		{2, false, true, "a0 b0 "},
	};

	write_two(3);
	for (size_t i = 0; i < array_length(rows); i++) {
		struct journal_query query = everything;

		query.lines = rows[i].lines;
		query.reverse = rows[i].reverse;
		query.from_head = rows[i].from_head;
		assert_read(&query, rows[i].expected);
	}
}

static void since_and_until_are_both_included(void **state)
{
	static const struct {
		int64_t since, until, lines;
		bool reverse;
		const char *expected;
	} rows[] = {
		{1020, 0, -1, false, "a1 b1 a2 b2 "},
		{1021, 0, -1, false, "b1 a2 b2 "},
		{0, 1020, -1, false, "a0 b0 a1 "},
		{1010, 1030, -1, false, "b0 a1 b1 "},
		{1010, 1030, 2, false, "a1 b1 "},
		{1010, 1030, -1, true, "b1 a1 b0 "},
		{1010, 1030, 9, false, "b0 a1 b1 "},
		{2000, 0, -1, false, ""},
		{0, 10, -1, false, ""},
		{0, 10, 5, false, ""},
	};

	write_two(3);
	for (size_t i = 0; i < array_length(rows); i++) {
		struct journal_query query = everything;

		query.since_ns = rows[i].since * NS_PER_SECOND;
		query.until_ns = rows[i].until * NS_PER_SECOND;
		query.lines = rows[i].lines;
		query.reverse = rows[i].reverse;
		assert_read(&query, rows[i].expected);
	}
}

static void write_mixed(void)
{
	struct journal_writer *a = writer_of("web@1.service", BOOT_A);
	struct journal_writer *b = writer_of("db.service", BOOT_A);

	say(a, &(struct said){"starting", 6, JOURNAL_DRIVER, "systemd"});
	say(a, &(struct said){"request", 6, JOURNAL_STDOUT, "httpd"});
	say(b, &(struct said){"disk Full", 3, JOURNAL_STDOUT, "mysqld"});
	say(b, &(struct said){"detail", 7, JOURNAL_SYSLOG, "mysqld"});
	say(a, &(struct said){"failed", 4, JOURNAL_DRIVER, "systemd"});
	journal_writer_free(a);
	journal_writer_free(b);
}

static void filters_let_through_what_was_asked_for(void **state)
{
	static struct {
		const char *units[2], *identifiers[2], *matches[3][2];
		int32_t low, high;
		const char *grep;
		bool insensitive;
		const char *expected;
	} rows[] = {
		{.units = {"db.service"}, .high = 7, .expected = "disk Full detail "},
		{.units = {"web@*"}, .high = 7, .expected = "starting request failed "},
		{.units = {"web@1.service", "db.service"},
		 .high = 7,
		 .expected = "starting request disk Full detail failed "},
		{.units = {"no.service"}, .high = 7, .expected = ""},
		{.identifiers = {"httpd", "mysqld"},
		 .high = 7,
		 .expected = "request disk Full detail "},
		{.low = 3, .high = 4, .expected = "disk Full failed "},
		{.high = 3, .expected = "disk Full "},
		{.units = {"db.service"}, .low = 4, .high = 7, .expected = "detail "},
		{.high = 7, .grep = "^d.*l", .expected = "disk Full detail "},
		{.high = 7, .grep = "full", .expected = ""},
		{.high = 7,
		 .grep = "full|FAILED",
		 .insensitive = true,
		 .expected = "disk Full failed "},
		{.high = 7, .matches = {{"UNIT", "web@1.service"}}, .expected = "starting failed "},
		{.high = 7,
		 .matches = {{"_SYSTEMD_UNIT", "web@1.service"}},
		 .expected = "request "},
		{.high = 7,
		 .matches = {{"PRIORITY", "3"}, {"PRIORITY", "7"}, {"_TRANSPORT", "syslog"}},
		 .expected = "detail "},
		{.high = 7,
		 .matches = {{"UNIT", "web@1.service"}, {JOURNAL_OR, ""}, {"PRIORITY", "3"}},
		 .expected = "starting disk Full failed "},
		{.high = 7,
		 .matches = {{JOURNAL_OR, ""}, {"PRIORITY", "7"}},
		 .expected = "detail "},
	};

	write_mixed();
	for (size_t i = 0; i < array_length(rows); i++) {
		struct journal_query query = {.priority_low = rows[i].low,
					      .priority_high = rows[i].high,
					      .lines = -1,
					      .grep = (char *)(uintptr_t)rows[i].grep,
					      .grep_insensitive = rows[i].insensitive};

		for (size_t k = 0; k < 2 && rows[i].units[k]; k++)
			strings_add(&query.units, rows[i].units[k]);
		for (size_t k = 0; k < 2 && rows[i].identifiers[k]; k++)
			strings_add(&query.identifiers, rows[i].identifiers[k]);
		for (size_t k = 0; k < 3 && rows[i].matches[k][0]; k++)
			pairs_append(&query.matches, rows[i].matches[k][0], rows[i].matches[k][1]);
		assert_read(&query, rows[i].expected);
		query.reverse = true; /* the same number, the other way */
		query.lines = 0;
		assert_read(&query, "");
		strings_fini(&query.units);
		strings_fini(&query.identifiers);
		pairs_fini(&query.matches);
	}
}

static void a_bad_query_is_an_error(void **state)
{
	const struct journal_sink sink = {.write = collect, .stop = -1};
	struct journal_query queries[] = {everything, everything, everything};
	struct error err;

	write_two(1);
	queries[0].grep = (char[]){"a("};
	queries[1].after_cursor = (char[]){"nonsense"};
	queries[2].boot = (char[]){"yesterday"};
	for (size_t i = 0; i < array_length(queries); i++) {
		err = (struct error){0};
		assert_false(journal_read(sample_folder, &queries[i], JOURNAL_CAT, &sink, &err));
		assert_int_equal(err.kind, ERROR_INVALID);
	}
}

/* ---- boots ---- */

static void write_boots(void)
{
	struct journal_writer *writer = writer_of("a.service", BOOT_A);

	say(writer, &(struct said){.text = "one"});
	journal_writer_free(writer);
	/* the monotonic clock begins anew, so that only the boot keeps them apart */
	writer = writer_of("a.service", BOOT_B);
	for (int i = 0; i < 2; i++) {
		const struct journal_entry entry = {.priority = 6,
						    .identifier = "prog",
						    .realtime_ns = (2000 + i) * NS_PER_SECOND,
						    .monotonic_ns = 5 + i,
						    .message = i ? "three" : "two",
						    .message_size = i ? 5 : 3};

		journal_write(writer, &entry);
	}
	journal_writer_free(writer);
}

static void boots_come_one_after_the_other(void **state)
{
	static const struct {
		const char *boot, *expected;
	} rows[] = {{NULL, "one two three "}, {"0", "two three "},   {"-1", "one "}, {"1", "one "},
		    {"+2", "two three "},     {BOOT_B, "two three "}};
	scoped_free struct journal_boot *boots = NULL;
	struct journal_query query = everything;
	struct error err;
	size_t count;

	write_boots();
	for (size_t i = 0; i < array_length(rows); i++) {
		query.boot = (char *)(uintptr_t)rows[i].boot;
		assert_read(&query, rows[i].expected);
	}
	query.boot = (char[]){"-2"};
	assert_false(journal_read(sample_folder, &query, JOURNAL_CAT,
				  &(struct journal_sink){.write = collect, .stop = -1}, &err));
	assert_int_equal(err.kind, ERROR_NOT_FOUND);

	assert_true(journal_boots(sample_folder, &boots, &count, &err));
	assert_int_equal(count, 2);
	assert_string_equal(boots[0].id, BOOT_A);
	assert_int_equal(boots[1].first_ns, 2000 * NS_PER_SECOND);
	assert_int_equal(boots[1].last_ns, 2001 * NS_PER_SECOND);
}

static void boots_are_parted_by_a_line(void **state)
{
	scoped_buffer struct buffer out = {0};

	write_boots();
	read_into(&everything, JOURNAL_SHORT, &out);
	assert_string_equal(out.data, "Jan 01 00:16:40 host prog[7]: one\n"
				      "-- Boot " BOOT_B " --\n"
				      "Jan 01 00:33:20 host prog: two\n"
				      "Jan 01 00:33:21 host prog: three\n");
}

static void nothing_found_is_said(void **state)
{
	scoped_buffer struct buffer out = {0}, quiet = {0};
	struct journal_query query = everything;

	read_into(&query, JOURNAL_SHORT, &out); /* not even a file */
	assert_string_equal(out.data, "-- No entries --\n");
	write_two(1);
	query.since_ns = INT64_MAX;
	buffer_clear(&out);
	read_into(&query, JOURNAL_SHORT, &out);
	assert_string_equal(out.data, "-- No entries --\n");
	read_into(&query, JOURNAL_JSON, &quiet);
	assert_string_equal(quiet.data, "");
}

/* ---- cursors ---- */

static char *cursor_of(const char *message)
{
	scoped_buffer struct buffer out = {0};
	struct journal_query query = everything;
	char *at, *end;

	query.grep = (char *)(uintptr_t)message;
	read_into(&query, JOURNAL_JSON, &out);
	at = strstr(out.data, "\"__CURSOR\":\"");
	assert_non_null(at);
	at += strlen("\"__CURSOR\":\"");
	end = strchr(at, '"');
	return str_dup_n(at, (size_t)(end - at));
}

static void reading_goes_on_behind_a_cursor(void **state)
{
	struct journal_query query = everything;
	char *sequence;

	write_two(3);
	query.after_cursor = cursor_of("a1");
	assert_read(&query, "b1 a2 b2 ");
	query.lines = 1;
	assert_read(&query, "b1 ");
	query.lines = -1;
	sequence = strchr(query.after_cursor, 's'); /* a stream that is gone: by its time */
	memset(sequence + 2, '0', 32);
	assert_read(&query, "b1 a2 b2 ");
	free(query.after_cursor);
	query.after_cursor = cursor_of("b2");
	assert_read(&query, "");
	query.from_cursor = true;
	assert_read(&query, "b2 ");
	free(query.after_cursor);
}

static void from_a_cursor_one_goes_backward_too(void **state)
{
	struct journal_query query = everything;

	write_two(3);
	query.after_cursor = cursor_of("a1");
	query.reverse = true;
	assert_read(&query, "b0 a0 ");
	query.from_cursor = true;
	assert_read(&query, "a1 b0 a0 ");
	query.lines = 2;
	assert_read(&query, "a1 b0 ");
	free(query.after_cursor);
	query.after_cursor = cursor_of("b2");
	assert_read(&query, "b2 a2 ");
	free(query.after_cursor);
	query.after_cursor = cursor_of("a0");
	query.from_cursor = false;
	assert_read(&query, "");
	free(query.after_cursor);
}

static void the_last_cursor_stands_at_the_end(void **state)
{
	struct journal_query query = everything;
	scoped_buffer struct buffer out = {0};

	write_two(2);
	scoped_free char *last = cursor_of("b1");
	scoped_free char *expected = str_format("a1\nb1\n-- cursor: %s\n", last);
	query.lines = 2;
	query.show_cursor = true;
	read_into(&query, JOURNAL_CAT, &out);
	assert_string_equal(out.data, expected);
	query.grep = (char[]){"nothing"};
	assert_read(&query, "");
}

/* ---- instead of entries ---- */

static void values_and_names_come_once_each(void **state)
{
	struct journal_query query = everything;
	scoped_buffer struct buffer out = {0};

	write_mixed();
	query.values_of = (char[]){"SYSLOG_IDENTIFIER"};
	assert_read(&query, "systemd httpd mysqld ");
	strings_add(&query.units, "db.service");
	assert_read(&query, "mysqld ");
	query.values_of = (char[]){"NO_SUCH"};
	read_into(&query, JOURNAL_SHORT, &out); /* "-- No entries --" would be a value */
	assert_string_equal(out.data, "");
	query.values_of = NULL;
	query.names = true;
	read_into(&query, JOURNAL_SHORT, &out);
	assert_non_null(strstr(out.data, "\nMESSAGE\n"));
	assert_null(strstr(out.data, "__CURSOR"));
	assert_null(strstr(strstr(out.data, "\nMESSAGE\n") + 1, "\nMESSAGE\n"));
	strings_fini(&query.units);
}

/* ---- following ---- */

struct follower {
	atomic_int lines;
	int wanted;
	struct buffer out;
};

static bool follow_some(void *data, const char *text, size_t size)
{
	struct follower *f = data;

	buffer_add(&f->out, text, size);
	for (size_t i = 0; i < size; i++)
		f->lines += text[i] == '\n';
	return f->lines < f->wanted;
}

static void *run_follower(void *data)
{
	const struct journal_sink sink = {.write = follow_some, .data = data, .stop = -1};
	struct journal_query query = everything;
	struct error err;

	query.follow = true;
	return journal_read(sample_folder, &query, JOURNAL_CAT, &sink, &err) ? data : NULL;
}

enum { WRITERS = 3, EACH = 2000 };

static void *run_writer(void *data)
{
	const struct journal_bounds bounds = {.file_bytes = 2 * JOURNAL_BLOCK};
	struct journal_writer *writer = sample_writer("w.service", &bounds);
	struct error err;

	for (int i = 0; i < EACH; i++) {
		scoped_free char *text =
			str_format("%c%04d ............................", *(char *)data, i);

		sample_say(writer, text);
		if (i % 7 == 0)
			journal_flush(writer, &err);
	}
	journal_writer_free(writer);
	return NULL;
}

/* Every line of each writer, once, in the writer's order. */
static void assert_complete(const struct follower *f)
{
	int next[WRITERS] = {0}, count = 0;

	for (const char *at = f->out.data; at < f->out.data + f->out.size;
	     at = strchr(at, '\n') + 1, count++) {
		int writer = *at - 'a';

		assert_in_range(writer, 0, WRITERS - 1);
		assert_int_equal(strtol(at + 1, NULL, 10), next[writer]++);
	}
	assert_int_equal(count, WRITERS * EACH);
}

static void who_follows_gets_each_line_of_all_writers_once(void **state)
{
	struct follower f = {.wanted = WRITERS * EACH};
	static char names[] = "abc";
	pthread_t reader, writers[WRITERS];
	void *ok;

	pthread_create(&reader, NULL, run_follower, &f);
	for (int i = 0; i < WRITERS; i++)
		pthread_create(&writers[i], NULL, run_writer, &names[i]);
	for (int i = 0; i < WRITERS; i++)
		pthread_join(writers[i], NULL);
	pthread_join(reader, &ok);
	assert_non_null(ok);
	assert_complete(&f);
	buffer_fini(&f.out);
}

/* ---- a writer that is killed ---- */

/* Tells by `told` how many lines have been flushed. */
static void write_for_ever(int told)
{
	struct journal_writer *writer = sample_writer("k.service", NULL);
	struct error err;

	for (int32_t i = 0;; i++) {
		scoped_free char *text = str_format("%d %0*d", i, 1 + i % 300, 0);

		sample_say(writer, text);
		if (i % 3)
			continue;
		journal_flush(writer, &err);
		if (write(told, &i, sizeof(i)) != sizeof(i))
			_exit(1);
	}
}

static int32_t kill_after(int32_t lines)
{
	int32_t said = -1, last = -1;
	int ends[2];
	pid_t pid;

	assert_int_equal(pipe(ends), 0);
	pid = fork();
	if (pid == 0)
		write_for_ever(ends[1]);
	close(ends[1]);
	while (said < lines && read(ends[0], &said, sizeof(said)) == sizeof(said))
		last = said;
	kill(pid, SIGKILL);
	while (read(ends[0], &said, sizeof(said)) == sizeof(said))
		last = said;
	close(ends[0]);
	waitpid(pid, NULL, 0);
	return last;
}

/* Whatever was flushed is there, in order, and nothing that was not said. */
static void assert_killed(int32_t last)
{
	scoped_buffer struct buffer out = {0};
	struct journal_query query = everything;
	int32_t next = 0;

	query.grep = (char[]){"^[0-9]+ 0+$"};
	read_into(&query, JOURNAL_CAT, &out);
	for (char *at = out.data; *at; at = strchr(at, '\n') + 1) {
		int32_t number = (int32_t)strtol(at, NULL, 10);

		assert_true(number == next || number == 0); /* of the next run */
		next = number + 1;
	}
	assert_true(next > last);
}

static void a_killed_writer_loses_nothing_that_it_had_flushed(void **state)
{
	for (int32_t i = 1; i <= 20; i++) {
		assert_killed(kill_after(i * 37));
	}
}

static void following_ends_when_it_is_told_to(void **state)
{
	struct journal_query query = everything;
	scoped_buffer struct buffer out = {0};
	struct error err;
	int ends[2];

	write_two(1);
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], "", 1), 1);
	query.follow = true;
	query.lines = 1;
	assert_true(journal_read(
		sample_folder, &query, JOURNAL_CAT,
		&(struct journal_sink){.write = collect, .data = &out, .stop = ends[0]}, &err));
	assert_string_equal(out.data, "b0\n");
	close(ends[0]);
	close(ends[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		reading_test(files_are_merged_by_time),
		reading_test(the_last_lines_and_the_reverse),
		reading_test(since_and_until_are_both_included),
		reading_test(filters_let_through_what_was_asked_for),
		reading_test(a_bad_query_is_an_error),
		reading_test(boots_come_one_after_the_other),
		reading_test(boots_are_parted_by_a_line),
		reading_test(nothing_found_is_said),
		reading_test(reading_goes_on_behind_a_cursor),
		reading_test(from_a_cursor_one_goes_backward_too),
		reading_test(the_last_cursor_stands_at_the_end),
		reading_test(values_and_names_come_once_each),
		reading_test(who_follows_gets_each_line_of_all_writers_once),
		reading_test(a_killed_writer_loses_nothing_that_it_had_flushed),
		reading_test(following_ends_when_it_is_told_to),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
