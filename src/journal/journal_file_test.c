#include "journal/journal_file.h"

#include "journal/journal_sample.h"

/* ---- a file of two blocks and some, with lines and messages in it ---- */

static void write_sample(void)
{
	struct journal_writer *writer = sample_writer("a.service", NULL);

	for (int i = 0; i < 1500; i += 5) {
		struct journal_entry entry = {.priority = 6,
					      .monotonic_ns = 1000 + i,
					      .realtime_ns = 500000 + i,
					      .identifier = "x"};
		scoped_buffer struct buffer lines = {0};
		scoped_free char *message = str_format("%d alone", i + 4);

		for (int k = 0; k < 4; k++)
			buffer_format(&lines, "%d %0*d\n", i + k, 1 + i % 197, 0);
		assert_int_equal(journal_write_lines(writer, &entry, lines.data, lines.size, false),
				 lines.size);
		entry.message = message;
		entry.message_size = strlen(message);
		journal_write(writer, &entry);
	}
	journal_writer_free(writer);
}

static struct journal_file *open_sample(void)
{
	scoped_with(journal_names_fini) struct journal_names names = sample_names();
	scoped_fd int folder = open(sample_folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct journal_file *file;

	assert_int_equal(names.count, 1);
	file = journal_file_open(folder, names.items[0].text);
	assert_non_null(file);
	return file;
}

static int number_of(const struct journal_file *file)
{
	scoped_free char *text = str_dup_n(file->view.text.text, file->view.text.size);

	return (int)strtol(text, NULL, 10);
}

static void entries_come_in_both_directions(void **state)
{
	struct journal_file *file;
	int count = 0;

	write_sample();
	file = open_sample();
	assert_true(file->size > 2 * JOURNAL_BLOCK);
	for (; journal_file_next(file); count++) {
		assert_int_equal(number_of(file), count);
		assert_int_equal(file->view.sequence, count + 1);
	}
	assert_int_equal(count, 1500);
	for (; journal_file_previous(file); count--)
		assert_int_equal(number_of(file), count - 1);
	assert_int_equal(count, 0);
	journal_file_free(file);
}

static void turning_round_anywhere_gives_the_neighbour(void **state)
{
	struct journal_file *file;

	write_sample();
	file = open_sample();
	for (int i = 0; i < 1499; i++) {
		assert_true(journal_file_next(file));
		assert_true(journal_file_next(file));
		assert_true(journal_file_previous(file));
		assert_int_equal(number_of(file), i);
	}
	journal_file_free(file);
}

static void a_time_is_found(void **state)
{
	struct journal_file *file;

	write_sample();
	file = open_sample();
	for (int i = 0; i < 1500; i++) {
		struct journal_target target = {JOURNAL_BY_REALTIME, 500000 + i, 0};
		bool found = journal_file_seek(file, &target);

		assert_int_equal(found, i <= 1495);
		if (found) /* five entries share each moment */
			assert_int_equal(number_of(file), (i + 4) / 5 * 5);
	}
	assert_true(journal_file_previous(file));
	assert_int_equal(number_of(file), 1499);
	journal_file_free(file);
}

static void an_entry_is_found_by_its_sequence_and_by_its_place(void **state)
{
	struct journal_file *file;

	write_sample();
	file = open_sample();
	for (uint64_t i = 0; i < 1500; i++) {
		assert_true(journal_file_seek(
			file, &(struct journal_target){JOURNAL_BY_SEQUENCE, 0, i + 1}));
		assert_int_equal(number_of(file), i);
		assert_true(journal_file_seek(
			file, &(struct journal_target){JOURNAL_BY_MONOTONIC,
						       1000 + (int64_t)i / 5 * 5, i + 1}));
		assert_int_equal(number_of(file), i);
	}
	journal_file_free(file);
}

static void blocks_without_the_unit_are_passed_by(void **state)
{
	uint64_t bits = journal_unit_bits("other.service", 13);
	const struct journal_need need = {&bits, 1, 0xff};
	struct journal_file *file;

	write_sample();
	file = open_sample();
	file->need = &need;
	assert_true(journal_file_next(file)); /* of the last block nobody knows */
	assert_int_equal(file->block, 2);
	while (journal_file_next(file))
		;
	while (journal_file_previous(file))
		assert_int_equal(file->block, 2);
	journal_file_free(file);
}

static void a_sealed_file_without_the_unit_is_passed_by(void **state)
{
	const struct journal_bounds bounds = {.file_bytes = 2 * JOURNAL_BLOCK};
	struct journal_writer *writer = sample_writer("a.service", &bounds);
	uint64_t bits[] = {journal_unit_bits("other.service", 13),
			   journal_unit_bits("a.service", 9)};
	const struct journal_need needs[] = {
		{&bits[0], 1, 0xff}, {&bits[1], 1, 0xff}, {NULL, 0, 1}};
	scoped_with(journal_names_fini) struct journal_names names = {0};
	scoped_fd int folder = open(sample_folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	for (int i = 0; i < 300; i++) {
		scoped_free char *text = str_format("%01000d", i);

		sample_say(writer, text);
	}
	journal_writer_free(writer);
	names = sample_names();
	assert_true(names.count > 1);
	for (size_t i = 0; i < array_length(needs); i++) {
		struct journal_file *file = journal_file_open(folder, names.items[0].text);

		assert_true(file->sealed);
		file->need = &needs[i];
		assert_int_equal(journal_file_next(file), i == 1);
		journal_file_to_end(file);
		assert_int_equal(journal_file_previous(file), i == 1);
		journal_file_refresh(file);
		journal_file_free(file);
	}
}

static void what_is_added_is_seen_after_a_refresh(void **state)
{
	struct journal_writer *writer = sample_writer("a.service", NULL);
	struct journal_file *file = open_sample();

	assert_false(journal_file_next(file));
	for (int i = 0; i < 3000; i++) {
		scoped_free char *text =
			str_format("%d .........................................", i);

		assert_false(journal_file_next(file));
		sample_say(writer, text);
		sample_flush(writer);
		journal_file_refresh(file);
		assert_true(journal_file_next(file));
		assert_int_equal(number_of(file), i);
	}
	journal_file_free(file);
	journal_writer_free(writer);
}

/* ---- damage ---- */

static struct {
	char *path;
	struct buffer bytes;
} victim;

static void take_victim(void)
{
	struct journal_writer *writer = sample_writer("a.service", NULL);
	scoped_with(journal_names_fini) struct journal_names names = {0};

	for (int i = 0; i < 4; i++) {
		scoped_free char *text = str_format("%d", i);

		sample_say(writer, text);
		sample_flush(writer); /* a frame of its own */
	}
	journal_writer_free(writer);
	names = sample_names();
	victim.path = sample_path(&names.items[0]);
	sample_bytes(&names.items[0], &victim.bytes);
}

static void free_victim(void)
{
	free(take(victim.path));
	buffer_fini(&victim.bytes);
}

static void put(const char *data, size_t size)
{
	scoped_fd int fd = open(victim.path, O_WRONLY | O_TRUNC | O_CLOEXEC);

	assert_int_equal(write(fd, data, size), size);
}

/* Only entries that were written, in order; how many. */
static int count_sound(void)
{
	struct journal_file *file = open_sample();
	int count = 0, back = 0, last = -1;

	for (; journal_file_next(file); count++) {
		assert_true(number_of(file) > last);
		last = number_of(file);
		assert_in_range(last, 0, 3);
	}
	while (journal_file_previous(file))
		back++;
	assert_int_equal(count, back);
	journal_file_free(file);
	return count;
}

static void a_file_cut_at_any_byte_has_all_entries_before(void **state)
{
	struct frame head;
	size_t at = 0;
	int whole = 0;

	take_victim();
	for (size_t size = 0; size <= victim.bytes.size; size++) {
		if (at < size &&
		    frame_read(victim.bytes.data + at, size - at, &head) == FRAME_WHOLE) {
			at += head.size;
			whole += head.kind == FRAME_ENTRY;
		}
		put(victim.bytes.data, size);
		assert_int_equal(count_sound(), whole);
	}
	assert_int_equal(whole, 4);
	free_victim();
}

static void a_flipped_bit_anywhere_costs_nothing_before_it(void **state)
{
	size_t before = 0;

	take_victim();
	for (size_t i = 0; i < victim.bytes.size; i++) {
		int expected = 0;
		struct frame head;

		for (before = 0; frame_read(victim.bytes.data + before, victim.bytes.size - before,
					    &head) == FRAME_WHOLE &&
				 before + head.size <= i;
		     before += head.size)
			expected += head.kind == FRAME_ENTRY;
		victim.bytes.data[i] ^= (char)(1 << i % 8);
		put(victim.bytes.data, victim.bytes.size);
		assert_int_equal(count_sound(), expected);
		victim.bytes.data[i] ^= (char)(1 << i % 8);
	}
	free_victim();
}

static void a_damaged_block_costs_itself_alone(void **state)
{
	scoped_with(journal_names_fini) struct journal_names names = {0};
	scoped_free char *path = NULL;
	struct journal_file *file;
	int count = 0;

	write_sample();
	names = sample_names();
	path = sample_path(&names.items[0]);
	{
		scoped_fd int fd = open(path, O_WRONLY | O_CLOEXEC);

		assert_int_equal(pwrite(fd, "x", 1, JOURNAL_BLOCK + 3), 1);
	}
	file = open_sample();
	while (journal_file_next(file)) {
		assert_int_not_equal(file->block, 1);
		count++;
	}
	assert_in_range(count, 500, 1499);
	while (journal_file_previous(file))
		count--;
	assert_int_equal(count, 0);
	assert_true(
		journal_file_seek(file, &(struct journal_target){JOURNAL_BY_REALTIME, 501495, 0}));
	assert_int_equal(number_of(file), 1495);
	journal_file_free(file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		sample_test(entries_come_in_both_directions),
		sample_test(turning_round_anywhere_gives_the_neighbour),
		sample_test(a_time_is_found),
		sample_test(an_entry_is_found_by_its_sequence_and_by_its_place),
		sample_test(blocks_without_the_unit_are_passed_by),
		sample_test(a_sealed_file_without_the_unit_is_passed_by),
		sample_test(what_is_added_is_seen_after_a_refresh),
		sample_test(a_file_cut_at_any_byte_has_all_entries_before),
		sample_test(a_flipped_bit_anywhere_costs_nothing_before_it),
		sample_test(a_damaged_block_costs_itself_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
