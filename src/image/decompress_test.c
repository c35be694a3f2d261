#include "image/decompress.h"

#include "base/test.h"
#include "image/byte_pieces.h"

#include <archive.h>
#include <archive_entry.h>

static bool unpack(const struct buffer *packed, size_t step, struct buffer *out, struct error *err)
{
	struct byte_pieces pieces = {packed->data, packed->size, step};
	struct byte_source source = {byte_pieces_next, &pieces};
	scoped(decompressor) struct decompressor *d = decompressor_new(&source, err);
	const void *block;
	ssize_t size;

	if (!d)
		return false;
	source = decompressor_source(d);
	while ((size = byte_source_next(&source, &block, err)) > 0)
		buffer_add(out, block, (size_t)size);
	return size == 0;
}

static void sample(struct buffer *out)
{
	for (int i = 0; i < 9000; i++)
		buffer_format(out, "line %d of a text that packs well\n", i * 7919);
}

static const struct {
	const char *name;
	int filter;
} kinds[] = {
	{"none", ARCHIVE_FILTER_NONE}, {"gzip", ARCHIVE_FILTER_GZIP},
	{"zstd", ARCHIVE_FILTER_ZSTD}, {"bzip2", ARCHIVE_FILTER_BZIP2},
	{"xz", ARCHIVE_FILTER_XZ},
};

static void pack(int filter, const struct buffer *in, struct buffer *out)
{
	struct archive *archive = archive_write_new();
	struct archive_entry *entry = archive_entry_new();
	size_t room = in->size + 100000, used = 0;

	archive_write_set_format_raw(archive);
	archive_write_add_filter(archive, filter);
	archive_write_set_bytes_per_block(archive, 0);
	assert_int_equal(archive_write_open_memory(archive, buffer_reserve(out, room), room, &used),
			 0);
	archive_entry_set_filetype(entry, AE_IFREG);
	assert_int_equal(archive_write_header(archive, entry), 0);
	assert_int_equal(archive_write_data(archive, in->data, in->size), in->size);
	archive_entry_free(entry);
	assert_int_equal(archive_write_free(archive), 0);
	buffer_wrote(out, used);
}

static void every_format_comes_out_as_it_went_in_whatever_the_pieces(void **state)
{
	static const size_t steps[] = {1, 5, 4096, 1u << 30};
	scoped_buffer struct buffer text = {0};
	struct error err;

	sample(&text);
	for (size_t i = 0; i < array_length(kinds); i++) {
		scoped_buffer struct buffer packed = {0};

		pack(kinds[i].filter, &text, &packed);
		assert_int_equal(decompress_knows(packed.data, packed.size),
				 kinds[i].filter != ARCHIVE_FILTER_NONE);
		for (size_t k = 0; k < array_length(steps); k++) {
			scoped_buffer struct buffer out = {0};

			assert_true(unpack(&packed, steps[k], &out, &err));
			assert_int_equal(out.size, text.size);
			assert_memory_equal(out.data, text.data, text.size);
		}
	}
}

static void two_streams_in_a_row_are_one(void **state)
{
	scoped_buffer struct buffer text = {0};
	struct error err;

	buffer_add_text(&text, "half ");
	for (size_t i = 1; i < 3; i++) {
		scoped_buffer struct buffer packed = {0}, out = {0};

		pack(kinds[i].filter, &text, &packed);
		pack(kinds[i].filter, &text, &packed);
		assert_true(unpack(&packed, 3, &out, &err));
		assert_string_equal(out.data, "half half ");
	}
}

static void a_stream_that_ends_early_fails(void **state)
{
	scoped_buffer struct buffer text = {0};
	struct error err;

	sample(&text);
	for (size_t i = 1; i < array_length(kinds); i++) {
		scoped_buffer struct buffer packed = {0}, out = {0};

		pack(kinds[i].filter, &text, &packed);
		packed.size -= 20;
		assert_false(unpack(&packed, 4096, &out, &err));
		assert_int_equal(err.kind, ERROR_INVALID);
	}
}

static void what_stands_behind_the_end_fails_but_zeros_pass(void **state)
{
	scoped_buffer struct buffer text = {0}, packed = {0}, out = {0};
	struct error err;

	buffer_add_text(&text, "some text");
	pack(ARCHIVE_FILTER_GZIP, &text, &packed);
	buffer_add(&packed, "\0\0\0\0", 4);
	assert_true(unpack(&packed, 4096, &out, &err));
	buffer_add_text(&packed, "garbage");
	assert_false(unpack(&packed, 4096, &out, &err));
	assert_string_equal(err.text, "bad gzip data: something stands behind its end");
}

static void a_damaged_gzip_is_noticed(void **state)
{
	scoped_buffer struct buffer text = {0}, packed = {0}, out = {0};
	struct error err;

	sample(&text);
	pack(ARCHIVE_FILTER_GZIP, &text, &packed);
	packed.data[packed.size - 6] ^= 1; /* in the checksum */
	assert_false(unpack(&packed, 4096, &out, &err));
}

static void nothing_at_all_is_nothing(void **state)
{
	scoped_buffer struct buffer packed = {0}, out = {0};
	struct error err;

	assert_true(unpack(&packed, 1, &out, &err));
	assert_int_equal(out.size, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_format_comes_out_as_it_went_in_whatever_the_pieces),
		cmocka_unit_test(two_streams_in_a_row_are_one),
		cmocka_unit_test(a_stream_that_ends_early_fails),
		cmocka_unit_test(what_stands_behind_the_end_fails_but_zeros_pass),
		cmocka_unit_test(a_damaged_gzip_is_noticed),
		cmocka_unit_test(nothing_at_all_is_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
