#include "image/compress.h"

#include "base/test.h"
#include "image/byte_pieces.h"
#include "image/decompress.h"

static bool add_bytes(void *data, const void *bytes, size_t size, struct error *err)
{
	buffer_add(data, bytes, size);
	return true;
}

static void compress_in(const struct buffer *in, size_t piece, struct buffer *out)
{
	scoped(compressor) struct compressor *c = compressor_new(add_bytes, out);
	struct error err;

	for (size_t at = 0; at < in->size; at += piece) {
		size_t left = in->size - at;

		assert_true(compressor_add(c, in->data + at, left < piece ? left : piece, &err));
	}
	assert_true(compressor_finish(c, &err));
}

static void assert_comes_back(const struct buffer *in, const struct buffer *gzip)
{
	struct byte_pieces pieces = {gzip->data, gzip->size, gzip->size};
	struct byte_source source = {byte_pieces_next, &pieces};
	scoped_buffer struct buffer out = {0};
	struct error err;
	const void *block;
	ssize_t size;

	scoped(decompressor) struct decompressor *d = decompressor_new(&source, &err);
	assert_non_null(d);
	assert_string_equal(decompressor_name(d), "gzip");
	source = decompressor_source(d);
	while ((size = byte_source_next(&source, &block, &err)) > 0)
		buffer_add(&out, block, (size_t)size);
	assert_int_equal(size, 0);
	assert_int_equal(out.size, in->size);
	if (in->size > 0)
		assert_memory_equal(out.data, in->data, in->size);
}

static void fill(struct buffer *out, size_t size)
{
	unsigned number = 1;

	while (out->size < size) {
		number = number * 1103515245 + 12345;
		buffer_format(out, "%u ", number >> (number % 20));
	}
}

static void what_was_compressed_comes_back(void **state)
{
	static const size_t sizes[] = {1, 511, 100000, 3000000}, pieces[] = {512, 65536, 1 << 22};

	for (size_t i = 0; i < array_length(sizes); i++)
		for (size_t j = 0; j < array_length(pieces); j++) {
			scoped_buffer struct buffer in = {0}, gzip = {0};

			fill(&in, sizes[i]);
			compress_in(&in, pieces[j], &gzip);
			assert_true(in.size < 1000 || gzip.size < in.size * 3 / 4);
			assert_comes_back(&in, &gzip);
		}
}

static void nothing_is_a_gzip_too(void **state)
{
	scoped_buffer struct buffer in = {0}, gzip = {0};

	compress_in(&in, 1, &gzip);
	assert_comes_back(&in, &gzip);
}

static bool refuse(void *data, const void *bytes, size_t size, struct error *err)
{
	return error_set(err, ERROR_SYSTEM, "no more");
}

static void what_the_sink_says_is_told(void **state)
{
	scoped(compressor) struct compressor *c = compressor_new(refuse, NULL);
	struct error err;

	assert_false(compressor_add(c, "x", 1, &err) && compressor_finish(c, &err));
	assert_string_equal(err.text, "no more");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_compressed_comes_back),
		cmocka_unit_test(nothing_is_a_gzip_too),
		cmocka_unit_test(what_the_sink_says_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
