/* A shim outlives its daemon, and the next one may be newer: what version 1 put into files and messages
 * has to be understood for ever, and sent so that a shim of version 1 understands it.  New fields
 * get new tags and change nothing here. */
#include "shim/shim_protocol.h"

#include "base/memory.h"
#include "base/test.h"

#include <stdlib.h>

static void add_hex(struct buffer *out, const char *hex)
{
	for (; *hex; hex += 2) {
		char digits[] = {hex[0], hex[1], '\0'};

		buffer_add_char(out, (char)strtoul(digits, NULL, 16));
	}
}

static void assert_same(const struct buffer *got, const struct buffer *expected)
{
	assert_int_equal(got->size, expected->size);
	assert_memory_equal(got->data, expected->data, expected->size);
}

/* `record` is what version 1 meant by `hex`. */
static void is_version_1(const struct record_type *type, const void *record, const char *hex)
{
	scoped_buffer struct buffer expected = {0}, sent = {0}, again = {0};
	void *got = mem_zeroed(1, type->size);
	struct error err;

	add_hex(&expected, hex);
	record_encode(type, record, &sent);
	assert_same(&sent, &expected);
	assert_true(record_decode(type, expected.data, expected.size, got, &err));
	record_encode(type, got, &again);
	assert_same(&again, &expected);
	record_fini(type, got);
	free(got);
}

static void what_lies_in_the_run_folder_is_that_of_version_1(void **state)
{
	struct shim_failure failure = {.kind = 1, .os = 2, .text = "no", .exit_code = 127};
	struct shim_exit ended = {.code = 137,
				  .signal = 9,
				  .oom = true,
				  .finished_ns = 75,
				  .log_dropped = 76,
				  .failure = &failure};
	struct shim_state running = {.phase = SHIM_PHASE_RUNNING,
				     .shim_pid = 70,
				     .shim_start_time = 71,
				     .pid = 72,
				     .start_time = 73,
				     .boot_id = "boot",
				     .started_ns = 74,
				     .oom = true};

	strings_add(&running.warnings, "careful");
	is_version_1(&shim_state_type, &running,
		     "010010000400000001000000020002000800000046000000000000000300020008000000"
		     "470000000000000004000200080000004800000000000000050002000800000049000000"
		     "000000000600050004000000626f6f7407000200080000004a0000000000000008000600"
		     "0b000000070000006361726566756c090000000100000001");
	is_version_1(&shim_exit_type, &ended,
		     "010010000400000089000000020010000400000009000000030000000100000001040002"
		     "00080000004b0000000000000005000200080000004c0000000000000006000a002e0000"
		     "0001001000040000000100000002001000040000000200000003000500020000006e6f04"
		     "001000040000007f000000");
	strings_fini(&running.warnings);
}

static void what_a_running_shim_is_asked_is_that_of_version_1(void **state)
{
	struct shim_number number = {15};
	struct shim_size size = {24, 80};
	struct shim_wait wait = {true, true};
	struct shim_stats stats = {true, true, true, "n", "i"};
	struct shim_release release = {true, "e"};
	struct shim_attach attach = {.in = true,
				     .out = true,
				     .err = true,
				     .replay = true,
				     .stream = true,
				     .multiplexed = true,
				     .detach_keys = "1011"};
	struct shim_logs logs = {.out = true,
				 .err = true,
				 .follow = true,
				 .timestamps = true,
				 .details = true,
				 .multiplexed = true,
				 .chunked = true,
				 .tail = 5,
				 .since = 6,
				 .until = 7,
				 .details_text = "k=v"};

	buffer_add(&attach.early, "ab", 2);
	is_version_1(&shim_number_type, &number, "01000200080000000f00000000000000");
	is_version_1(&shim_size_type, &size, "010010000400000018000000020010000400000050000000");
	is_version_1(&shim_wait_type, &wait, "010000000100000001020000000100000001");
	is_version_1(&shim_stats_type, &stats,
		     "010000000100000001020000000100000001030000000100000001040005000100000"
		     "06e050005000100000069");
	is_version_1(&shim_release_type, &release, "010000000100000001020005000100000065");
	is_version_1(&shim_attach_type, &attach,
		     "010000000100000001020000000100000001030000000100000001040000000100000001"
		     "050000000100000001060000000100000001070005000400000031303131"
		     "08000f00020000006162");
	is_version_1(&shim_logs_type, &logs,
		     "010000000100000001020000000100000001030000000100000001040000000100000001"
		     "050000000100000001060000000100000001070000000100000001080002000800000005"
		     "00000000000000090002000800000006000000000000000a000200080000000700000000"
		     "0000000b000500030000006b3d76");
	buffer_fini(&attach.early);
}

static void messages_have_the_numbers_of_version_1(void **state)
{
	static const int asked[] = {SHIM_START, SHIM_SIGNAL,	  SHIM_RESIZE,	 SHIM_ATTACH,
				    SHIM_WAIT,	SHIM_LOGS,	  SHIM_STATS,	 SHIM_RELEASE,
				    SHIM_HELLO, SHIM_CLOSE_STDIN, SHIM_RECORDED, SHIM_PORTS};
	static const int told[] = {SHIM_STARTED, SHIM_FAILED, SHIM_EXITED,
				   SHIM_OOM,	 SHIM_STATUS, SHIM_DETACHED,
				   SHIM_WARNING, SHIM_REPLY,  SHIM_WAITING};

	for (size_t i = 0; i < array_length(asked); i++)
		assert_int_equal(asked[i], 1 + i);
	for (size_t i = 0; i < array_length(told); i++)
		assert_int_equal(told[i], 32 + i);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_lies_in_the_run_folder_is_that_of_version_1),
		cmocka_unit_test(what_a_running_shim_is_asked_is_that_of_version_1),
		cmocka_unit_test(messages_have_the_numbers_of_version_1),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
