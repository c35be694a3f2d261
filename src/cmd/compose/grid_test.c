#include "base/test.h"
#include "cmd/compose/grid.h"

static const char *const titles[] = {"Name", "Command", "State", "Ports"};

static void titles_stand_in_the_middle(void **state)
{
	scoped_grid struct grid grid = grid_of(titles, 4);
	scoped_buffer struct buffer out = {0};
	static const char *const cells[] = {
		"shop_db_1", "start-database mysqld", "Exit 0", "", "shop_worker_1", "work", "Up",
		"6379/tcp"};

	for (size_t i = 0; i < array_length(cells); i++)
		grid_add(&grid, cells[i]);
	grid_write(&grid, &out);
	assert_string_equal(out.data,
			    "    Name               Command          State     Ports  \n"
			    "---------------------------------------------------------\n"
			    "shop_db_1       start-database mysqld   Exit 0           \n"
			    "shop_worker_1   work                    Up       6379/tcp\n");
}

static void without_rows_there_is_the_head_alone(void **state)
{
	scoped_grid struct grid grid = grid_of(titles, 4);
	scoped_buffer struct buffer out = {0};

	grid_write(&grid, &out);
	assert_string_equal(out.data, "Name   Command   State   Ports\n"
				      "------------------------------\n");
}

static void letters_are_counted_and_not_bytes(void **state)
{
	static const char *const two[] = {"A", "B"};
	scoped_grid struct grid grid = grid_of(two, 2);
	scoped_buffer struct buffer out = {0};

	grid_add(&grid, "\xc3\xa4\xc3\xb6\xc3\xbc");
	grid_add(&grid, "x");
	grid_write(&grid, &out);
	assert_string_equal(out.data, " A    B\n-------\n\xc3\xa4\xc3\xb6\xc3\xbc   x\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(titles_stand_in_the_middle),
		cmocka_unit_test(without_rows_there_is_the_head_alone),
		cmocka_unit_test(letters_are_counted_and_not_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
