#include "base/test.h"
#include "cmd/cli/table.h"

static void assert_aligned(const char *cells, const struct table_shape *shape, const char *expected)
{
	scoped_buffer struct buffer out = {0};

	table_align(cells, shape, &out);
	assert_string_equal(out.data ? out.data : "", expected);
}

static void columns_are_as_wide_as_their_widest_cell(void **state)
{
	assert_aligned("CONTAINER ID\tIMAGE\tNAMES\n0123456789ab\tbusybox:latest\ta\n",
		       &table_listing,
		       "CONTAINER ID   IMAGE            NAMES\n"
		       "0123456789ab   busybox:latest   a\n");
}

static void a_column_has_a_least_width(void **state)
{
	assert_aligned("A\tB\n1\t2\n", &table_listing, "A         B\n1         2\n");
	assert_aligned("A\tB\n", &table_processes, "A                   B\n");
}

static void the_last_cell_is_never_padded(void **state)
{
	assert_aligned("A\tlong long long\nB\tx", &table_listing,
		       "A         long long long\nB         x");
}

static void a_line_without_the_column_ends_it(void **state)
{
	assert_aligned("aaaaaaaaaaaaaaa\tb\nplain\nc\td\n", &table_listing,
		       "aaaaaaaaaaaaaaa   b\nplain\nc         d\n");
}

static void characters_count_not_bytes(void **state)
{
	assert_aligned("\"python -m Simple\u2026\"\tx\n12345678901234567890\ty\n", &table_listing,
		       "\"python -m Simple\u2026\"    x\n12345678901234567890   y\n");
}

static void an_empty_cell_keeps_its_place(void **state)
{
	assert_aligned("PORTS\tNAMES\n\tweb\n", &table_listing, "PORTS     NAMES\n          web\n");
}

static void nothing_stays_nothing(void **state)
{
	assert_aligned("", &table_listing, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(columns_are_as_wide_as_their_widest_cell),
		cmocka_unit_test(a_column_has_a_least_width),
		cmocka_unit_test(the_last_cell_is_never_padded),
		cmocka_unit_test(a_line_without_the_column_ends_it),
		cmocka_unit_test(characters_count_not_bytes),
		cmocka_unit_test(an_empty_cell_keeps_its_place),
		cmocka_unit_test(nothing_stays_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
