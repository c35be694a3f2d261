#include "base/test.h"

#include "base/memory.h"
#include "base/time.h"
#include "shim/supervise.h"

#define MS NS_PER_MS
#define S  NS_PER_SECOND

static const struct example {
	struct supervised_life life;
	int64_t delay, next;
} examples[] = {
	{{.lived_ns = 5 * S, .code = 0}, 0, -1},
	{{.lived_ns = 5 * S, .code = 0, .first = true}, 0, -1},
	{{.lived_ns = 5 * S, .code = 137, .by_signal = true, .first = true}, 0, 100 * MS},
	{{.lived_ns = 1 * S, .code = 1, .first = true}, 0, -1}, /* a mistake in the settings */
	{{.lived_ns = 11 * S, .code = 1, .first = true}, 0, 100 * MS},
	{{.lived_ns = 1 * S, .code = 1}, 100 * MS, 200 * MS},
	{{.lived_ns = 1 * S, .code = 139, .by_signal = true}, 800 * MS, 1600 * MS},
	{{.lived_ns = 1 * S, .code = 1}, 1600 * MS, 3 * S},
	{{.lived_ns = 1 * S, .code = 1}, 3 * S, 3 * S},
	{{.lived_ns = 10 * S, .code = 1}, 3 * S, 100 * MS},
	{{.lived_ns = 60 * S, .code = 143, .by_signal = true, .stopping = true}, 0, -1},
	{{.lived_ns = 60 * S, .code = 3, .stopping = true}, 0, -1},
	{{.lived_ns = 1 * S, .code = SUPERVISE_AGAIN, .first = true}, 0, 0}, /* as it asked */
	{{.lived_ns = 1 * S, .code = SUPERVISE_AGAIN}, 800 * MS, 0},
	{{.lived_ns = 1 * S, .code = SUPERVISE_AGAIN, .stopping = true}, 0, -1},
	{{.lived_ns = 1 * S, .code = SUPERVISE_AGAIN, .by_signal = true}, 0, 100 * MS},
};

static void a_daemon_that_dies_is_run_again_later_and_later(void **state)
{
	for (size_t i = 0; i < array_length(examples); i++)
		assert_int_equal(supervise_next(&examples[i].life, examples[i].delay),
				 examples[i].next);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_daemon_that_dies_is_run_again_later_and_later),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
