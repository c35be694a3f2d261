#include "journal/file.h"

#include "base/test.h"
#include "journal/crc32c.h"

static void the_checksum_is_the_one_that_others_compute(void **state)
{
	assert_int_equal(crc32c("123456789", 9), 0xe3069283);
	assert_int_equal(crc32c_by_table("123456789", 9), 0xe3069283);
	assert_int_equal(crc32c("", 0), 0);
}

static void instruction_and_table_agree_on_any_length(void **state)
{
	char bytes[200];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)(i * 37 + 11);
	for (size_t size = 0; size < sizeof(bytes); size++)
		assert_int_equal(crc32c(bytes, size), crc32c_by_table(bytes, size));
}

static size_t make_entry(char *out)
{
	struct entry_frame head = {.head = {.kind = FRAME_ENTRY, .priority = 3},
				   .count = 1,
				   .sequence = 7,
				   .identifier_size = 2,
				   .comm_size = 1};

	memcpy(out, &head, sizeof(head));
	memcpy(out + sizeof(head), "idchello", 8);
	frame_finish(out, sizeof(head) + 8);
	return sizeof(head) + 8;
}

static void an_entry_is_read_as_it_was_written(void **state)
{
	struct stored_entry entry;
	struct frame head;
	char bytes[100];
	size_t size = make_entry(bytes);

	assert_int_equal(frame_read(bytes, sizeof(bytes), &head), FRAME_WHOLE);
	assert_int_equal(head.size, size);
	assert_true(entry_read(bytes, head.size, &entry));
	assert_memory_equal(entry.identifier.text, "id", 2);
	assert_memory_equal(entry.comm.text, "c", 1);
	assert_int_equal(entry.text.size, 5);
	assert_memory_equal(entry.text.text, "hello", 5);
	assert_int_equal(entry.head.sequence, 7);
}

static void no_flipped_bit_and_no_missing_byte_goes_unnoticed(void **state)
{
	struct frame head;
	char bytes[100];
	size_t size = make_entry(bytes);

	for (size_t i = 0; i < size * 8; i++) {
		bytes[i / 8] ^= (char)(1 << i % 8);
		assert_int_not_equal(frame_read(bytes, size, &head), FRAME_WHOLE);
		bytes[i / 8] ^= (char)(1 << i % 8);
	}
	for (size_t i = 0; i < size; i++)
		assert_int_not_equal(frame_read(bytes, i, &head), FRAME_WHOLE);
	memset(bytes, 0, sizeof(bytes));
	assert_int_equal(frame_read(bytes, sizeof(bytes), &head), FRAME_END);
}

static void an_entry_whose_sizes_lie_is_none(void **state)
{
	struct stored_entry entry;
	struct entry_frame head;
	char bytes[100];
	size_t size = make_entry(bytes);

	memcpy(&head, bytes, sizeof(head));
	head.comm_size = 200;
	memcpy(bytes, &head, sizeof(head));
	frame_finish(bytes, size);
	assert_false(entry_read(bytes, size, &entry));

	head.comm_size = 1;
	head.head.lines = true; /* the text has no end of a line */
	memcpy(bytes, &head, sizeof(head));
	frame_finish(bytes, size);
	assert_false(entry_read(bytes, size, &entry));
}

static void an_origin_has_its_fields_in_order(void **state)
{
	scoped_buffer struct buffer bytes = {0};
	struct pair extra = {(char[]){"TIER"}, (char[]){"a=b"}};
	const struct journal_origin origin = {
		.unit = "db.service", .hostname = "host", .extra = {&extra, 1}};
	static const char *const expected[][2] = {
		{"UNIT", "db.service"}, {"HOSTNAME", "host"}, {"TIER", "a=b"}};
	struct text_part rest, name, value;

	origin_encode(&origin, &bytes);
	rest = (struct text_part){bytes.data, bytes.size};
	for (size_t i = 0; i < array_length(expected); i++) {
		assert_true(origin_next(&rest, &name, &value));
		assert_int_equal(name.size, strlen(expected[i][0]));
		assert_memory_equal(name.text, expected[i][0], name.size);
		assert_int_equal(value.size, strlen(expected[i][1]));
		assert_memory_equal(value.text, expected[i][1], value.size);
	}
	assert_false(origin_next(&rest, &name, &value));
}

static void extra_fields_beyond_the_limit_are_left_out(void **state)
{
	scoped_buffer struct buffer bytes = {0};
	scoped_free char *large = mem_zeroed(1, JOURNAL_ORIGIN_LIMIT + 1);
	struct pair extra[] = {{(char[]){"A"}, large}, {(char[]){"B"}, (char[]){"small"}}};
	const struct journal_origin origin = {.unit = "u.service", .extra = {extra, 2}};

	memset(large, 'x', JOURNAL_ORIGIN_LIMIT);
	origin_encode(&origin, &bytes);
	assert_true(bytes.size <= JOURNAL_ORIGIN_LIMIT);
	assert_memory_equal(bytes.data + bytes.size - 8, "B=small", 8);
}

static void a_name_says_boot_start_stream_and_number(void **state)
{
	struct journal_name name = {.start_us = 0x1122334455667788, .number = 0xab}, read;
	char text[JOURNAL_NAME_SIZE], again[JOURNAL_NAME_SIZE];

	assert_true(journal_id_read("0123456789abcdef0123456789ABCDEF", name.boot));
	assert_true(journal_id_read("01234567-89ab-cdef-0123-456789abcdef", name.stream));
	assert_memory_equal(name.boot, name.stream, 16);
	journal_name_text(&name, text);
	assert_string_equal(text, "0123456789abcdef0123456789abcdef-1122334455667788-"
				  "0123456789abcdef0123456789abcdef-000000ab.journal");
	assert_true(journal_name_read(text, &read));
	assert_string_equal(journal_name_text(&read, again), text);
}

static void other_names_are_no_files_of_the_journal(void **state)
{
	static const char *const names[] = {"",
					    ".",
					    "x.journal",
					    "0123456789abcdef0123456789abcdeg-1122334455667788-"
					    "0123456789abcdef0123456789abcdef-000000ab.journal",
					    "0123456789abcdef0123456789abcdef_1122334455667788-"
					    "0123456789abcdef0123456789abcdef-000000ab.journal",
					    "0123456789abcdef0123456789abcdef-1122334455667788-"
					    "0123456789abcdef0123456789abcdef-000000ab.journax"};
	struct journal_name name;
	uint8_t id[16];

	for (size_t i = 0; i < array_length(names); i++)
		assert_false(journal_name_read(names[i], &name));
	assert_false(journal_id_read("0123", id));
	assert_false(journal_id_read("0123456789abcdef0123456789abcdef0", id));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_checksum_is_the_one_that_others_compute),
		cmocka_unit_test(instruction_and_table_agree_on_any_length),
		cmocka_unit_test(an_entry_is_read_as_it_was_written),
		cmocka_unit_test(no_flipped_bit_and_no_missing_byte_goes_unnoticed),
		cmocka_unit_test(an_entry_whose_sizes_lie_is_none),
		cmocka_unit_test(an_origin_has_its_fields_in_order),
		cmocka_unit_test(extra_fields_beyond_the_limit_are_left_out),
		cmocka_unit_test(a_name_says_boot_start_stream_and_number),
		cmocka_unit_test(other_names_are_no_files_of_the_journal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
