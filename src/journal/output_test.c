#include "journal/output.h"

#include "base/test.h"
#include "base/time.h"

#include <stdio.h>

/* An entry as it would come out of a file. */
static struct journal_file file;

static struct journal_view entry_of(const char *text)
{
	static char origin[] = "UNIT=db.service\0INVOCATION=0123456789abcdef0123456789abcdef\0"
			       "CGROUP=/system.slice/db.service\0HOSTNAME=host\0TIER=one";
	struct journal_view view = {.file = &file,
				    .sequence = 0x1f,
				    .text = {text, strlen(text)},
				    .origin = {origin, sizeof(origin)}};

	memset(file.name.stream, 0x11, 16);
	memset(file.name.boot, 0x22, 16);
	view.stored.head.realtime_ns = INT64_C(1795247262123456789);
	view.stored.head.monotonic_ns = 5000000;
	view.stored.head.pid = 42;
	view.stored.head.uid = 0;
	view.stored.head.gid = JOURNAL_NO_ID;
	view.stored.head.head.priority = 6;
	view.stored.identifier = (struct text_part){"docker", 6};
	view.stored.comm = (struct text_part){"docker", 6};
	return view;
}

static void assert_printed(enum journal_output output, const struct journal_view *view,
			   const char *expected)
{
	scoped_with(journal_printer_fini) struct journal_printer printer = {output, .utc = true};
	scoped_buffer struct buffer out = {0};

	journal_print(&printer, view, &out);
	assert_string_equal(out.data, expected);
}

static void a_line_is_as_journalctl_prints_it(void **state)
{
	struct journal_view view = entry_of("text");

	assert_printed(JOURNAL_SHORT, &view, "Nov 21 07:47:42 host docker[42]: text\n");
	assert_printed(JOURNAL_SHORT_ISO, &view,
		       "2026-11-21T07:47:42+0000 host docker[42]: text\n");
	assert_printed(JOURNAL_SHORT_FULL, &view,
		       "Sat 2026-11-21 07:47:42 UTC host docker[42]: text\n");
	assert_printed(JOURNAL_SHORT_PRECISE, &view,
		       "Nov 21 07:47:42.123456 host docker[42]: text\n");
	assert_printed(JOURNAL_SHORT_ISO_PRECISE, &view,
		       "2026-11-21T07:47:42.123456+0000 host docker[42]: text\n");
	assert_printed(JOURNAL_SHORT_UNIX, &view, "1795247262.123456 host docker[42]: text\n");
	assert_printed(JOURNAL_SHORT_MONOTONIC, &view, "[    0.005000] host docker[42]: text\n");
	assert_printed(JOURNAL_WITH_UNIT, &view,
		       "Sat 2026-11-21 07:47:42 UTC host db.service[42]: text\n");
	assert_printed(JOURNAL_CAT, &view, "text\n");
}

static void what_is_not_known_is_left_out(void **state)
{
	struct journal_view view = entry_of("text");

	view.stored.head.pid = 0;
	view.origin.size = 0;
	assert_printed(JOURNAL_SHORT, &view, "Nov 21 07:47:42 docker: text\n");
	view.stored.identifier.size = 0;
	view.stored.comm = (struct text_part){"cat", 3};
	assert_printed(JOURNAL_SHORT, &view, "Nov 21 07:47:42 cat: text\n");
	view.stored.comm.size = 0;
	assert_printed(JOURNAL_SHORT, &view, "Nov 21 07:47:42 unknown: text\n");
}

/* Each was seen in journalctl's output. */
static void bytes_that_a_terminal_may_not_get_are_not_printed(void **state)
{
	static const struct {
		const char *text, *shown;
	} rows[] = {
		{"a\rb", "[3B blob data]"},
		{"x\r\r", "x"},
		{"a\r\nb", "a\n          b"},
		{"\033[1;31mred\033[0m", "red"},
		{"\033[2Kclr", "[7B blob data]"},
		{"\033]0;title\aosc", "osc"},
		{"\033]8;;http://x\033\\link\033]8;;\033\\", "[26B blob data]"},
		{"del \177", "[5B blob data]"},
		{"c1 \302\200", "[5B blob data]"},
		{"\033", "[1B blob data]"},
		{"a\n", "a"},
		{"a\n\nb\n", "a\n          \n          b"},
		{"a\tb\tc", "a        b        c"},
		{"bin\377\376", "[5B blob data]"},
		{"\357\277\277", "[3B blob data]"},
		{"\357\267\220", "[3B blob data]"},
		{"\360\237\277\276", "[4B blob data]"},
		{"\360\237\230\200 \342\202\254", "\360\237\230\200 \342\202\254"},
		{"x\n  y", "x\n            y"},
		{"\n", ""},
		{"", ""},
		{" lead", " lead"},
		{"quote \" \\ \303\274n\303\257", "quote \" \\ \303\274n\303\257"},
	};

	for (size_t i = 0; i < array_length(rows); i++) {
		struct journal_view view = entry_of(rows[i].text);
		scoped_with(journal_printer_fini) struct journal_printer printer = {
			JOURNAL_SHORT, .utc = true, .no_hostname = true};
		scoped_buffer struct buffer out = {0};
		scoped_free char *expected = NULL;
		const char *rest;

		view.stored.head.pid = 0;
		journal_print(&printer, &view, &out);
		assert_memory_equal(out.data, "Nov 21 07:47:42 docker: ", 24);
		rest = strchr(rows[i].shown, '\n');
		expected = str_format("%.*s", (int)strcspn(rows[i].shown, "\n"), rows[i].shown);
		assert_memory_equal(out.data + 24, expected, strlen(expected));
		for (const char *at = out.data + 24 + strlen(expected); rest;
		     rest = strchr(rest + 1, '\n')) {
			size_t size = strcspn(rest + 1, "\n");

			/* the table's 10 blanks stand for the 24 of the head */
			assert_memory_equal(at, "\n                        ", 25);
			assert_memory_equal(at + 25, rest + 11, size - 10);
			at += 25 + size - 10;
		}
		assert_int_equal(out.data[out.size - 1], '\n');
	}
}

static void json_has_all_fields_as_strings(void **state)
{
	struct journal_view view = entry_of("say \"hi\"");

	assert_printed(
		JOURNAL_JSON, &view,
		"{\"__CURSOR\":\"s=11111111111111111111111111111111;i=1f;"
		"b=22222222222222222222222222222222;m=1388;t=660c49357c5c0;x=8d097318\","
		"\"__REALTIME_TIMESTAMP\":\"1795247262123456\",\"__MONOTONIC_TIMESTAMP\":\"5000\","
		"\"_BOOT_ID\":\"22222222222222222222222222222222\",\"_PID\":\"42\",\"_UID\":\"0\","
		"\"_COMM\":\"docker\",\"_TRANSPORT\":\"stdout\",\"PRIORITY\":\"6\","
		"\"SYSLOG_IDENTIFIER\":\"docker\",\"MESSAGE\":\"say \\\"hi\\\"\","
		"\"_SYSTEMD_UNIT\":\"db.service\","
		"\"_SYSTEMD_INVOCATION_ID\":\"0123456789abcdef0123456789abcdef\","
		"\"_SYSTEMD_CGROUP\":\"/system.slice/db.service\",\"_HOSTNAME\":\"host\","
		"\"TIER\":\"one\"}\n");
}

static void a_delta_is_to_the_entry_before_of_the_same_boot(void **state)
{
	scoped_with(journal_printer_fini) struct journal_printer printer = {JOURNAL_SHORT_DELTA,
									    .no_hostname = true};
	scoped_buffer struct buffer out = {0};
	struct journal_view view = entry_of("text");

	journal_print(&printer, &view, &out);
	view.stored.head.monotonic_ns += INT64_C(1500000000);
	journal_print(&printer, &view, &out);
	memset(file.name.boot, 0x33, 16);
	journal_print(&printer, &view, &out);
	buffer_add(&out, "", 1);
	assert_string_equal(out.data, "[    0.005000                ] docker[42]: text\n"
				      "[    1.505000 <    1.500000 >] docker[42]: text\n"
				      "[    1.505000                ] docker[42]: text\n");
}

static void only_the_fields_that_are_asked_for_are_printed(void **state)
{
	static const struct {
		enum journal_output output;
		const char *printed;
	} rows[] = {
#define PLACE                                                                                      \
	"\"__CURSOR\":\"s=11111111111111111111111111111111;i=1f;b="                                \
	"22222222222222222222222222222222;"                                                        \
	"m=1388;t=660c49357c5c0;x=2f5319e1\",\"__REALTIME_TIMESTAMP\":\"1795247262123456\","       \
	"\"__MONOTONIC_TIMESTAMP\":\"5000\",\"_BOOT_ID\":\"22222222222222222222222222222222\","
		{JOURNAL_JSON, "{" PLACE "\"PRIORITY\":\"6\",\"MESSAGE\":\"text\"}\n"},
		{JOURNAL_JSON_SSE, "data: {" PLACE "\"PRIORITY\":\"6\",\"MESSAGE\":\"text\"}\n\n"},
		{JOURNAL_JSON_SEQ, "\x1e{" PLACE "\"PRIORITY\":\"6\",\"MESSAGE\":\"text\"}\n"},
#undef PLACE
		{JOURNAL_CAT, "text\n6\n"}, /* in the order of the question */
		{JOURNAL_VERBOSE,
		 "Sat 2026-11-21 07:47:42.123456 UTC [s=11111111111111111111111111111111;i=1f;b="
		 "22222222222222222222222222222222;m=1388;t=660c49357c5c0;x=2f5319e1]\n"
		 "    _BOOT_ID=22222222222222222222222222222222\n    PRIORITY=6\n"
		 "    MESSAGE=text\n"},
	};
	scoped_strings struct strings only = {0};
	struct journal_view view = entry_of("text");

	strings_add(&only, "MESSAGE");
	strings_add(&only, "PRIORITY");
	strings_add(&only, "NO_SUCH");
	for (size_t i = 0; i < array_length(rows); i++) {
		scoped_with(journal_printer_fini) struct journal_printer printer = {
			rows[i].output, .utc = true, .only = &only};
		scoped_buffer struct buffer out = {0};

		journal_print(&printer, &view, &out);
		buffer_add(&out, "", 1);
		assert_string_equal(out.data, rows[i].printed);
	}
}

/* journald's export format: what is no plain line has its size in front, in eight bytes. */
static void an_export_holds_any_bytes(void **state)
{
	static const char two_lines[] = "\nMESSAGE\n\3\0\0\0\0\0\0\0a\nb\n",
			  binary[] = "\nMESSAGE\n\2\0\0\0\0\0\0\0\377\376\n";
	scoped_with(journal_printer_fini) struct journal_printer printer = {JOURNAL_EXPORT};
	scoped_buffer struct buffer out = {0};
	struct journal_view view = entry_of("text");

	journal_print(&printer, &view, &out);
	buffer_add(&out, "", 1);
	assert_memory_equal(out.data, "__CURSOR=s=1111", 15);
	assert_non_null(strstr(out.data, "\n__REALTIME_TIMESTAMP=1795247262123456\n"));
	assert_non_null(strstr(out.data, "\nMESSAGE=text\n"));
	assert_true(str_ends_with(out.data, "\nTIER=one\n\n"));
	buffer_clear(&out);
	view = entry_of("a\nb");
	journal_print(&printer, &view, &out);
	assert_non_null(memmem(out.data, out.size, two_lines, sizeof(two_lines) - 1));
	view = entry_of("\377\376");
	journal_print(&printer, &view, &out);
	assert_non_null(memmem(out.data, out.size, binary, sizeof(binary) - 1));
}

static void bytes_that_are_no_text_are_numbers_in_json(void **state)
{
	scoped_with(journal_printer_fini) struct journal_printer printer = {JOURNAL_JSON};
	scoped_buffer struct buffer out = {0};
	struct journal_view view = entry_of("bin\377\376");

	journal_print(&printer, &view, &out);
	assert_non_null(strstr(out.data, "\"MESSAGE\":[98,105,110,255,254],"));
}

static void what_we_say_of_a_unit_only_names_it(void **state)
{
	scoped_with(journal_printer_fini) struct journal_printer printer = {JOURNAL_JSON};
	scoped_buffer struct buffer out = {0};
	struct journal_view view = entry_of("Started DB.");

	view.stored.head.head.transport = JOURNAL_DRIVER;
	view.stored.identifier = (struct text_part){"systemd", 7};
	view.stored.message_id = (struct text_part){"39f53479d3a045ac8e11786248231fbf", 32};
	journal_print(&printer, &view, &out);
	assert_non_null(strstr(out.data, "\"UNIT\":\"db.service\""));
	assert_non_null(strstr(out.data, "\"INVOCATION_ID\":\"0123456789abcdef0123456789abcdef\""));
	assert_non_null(strstr(out.data, "\"MESSAGE_ID\":\"39f53479d3a045ac8e11786248231fbf\""));
	assert_null(strstr(out.data, "_SYSTEMD_UNIT"));
}

static void verbose_lists_the_fields_below_the_moment(void **state)
{
	struct journal_view view = entry_of("two\nlines");
	scoped_with(journal_printer_fini) struct journal_printer printer = {JOURNAL_VERBOSE,
									    .utc = true};
	scoped_buffer struct buffer out = {0};

	journal_print(&printer, &view, &out);
	assert_memory_equal(out.data, "Sat 2026-11-21 07:47:42.123456 UTC [s=1111", 42);
	assert_non_null(strstr(out.data, "]\n    _BOOT_ID=22222222222222222222222222222222\n"));
	assert_non_null(strstr(out.data, "\n    MESSAGE=two\n            lines\n"));
	assert_null(strstr(out.data, "__REALTIME"));
}

static void outputs_have_names(void **state)
{
	enum journal_output output;

	for (enum journal_output i = 0; i < JOURNAL_OUTPUTS; i++) {
		assert_true(journal_output_from_name(journal_output_name(i), &output));
		assert_int_equal(output, i);
	}
	assert_false(journal_output_from_name("pretty", &output));
}

/* ---- cursors ---- */

static void a_cursor_is_read_as_it_was_written(void **state)
{
	char text[JOURNAL_CURSOR_TEXT_SIZE];
	struct journal_view view = entry_of("x");
	struct journal_cursor cursor;
	struct error err;

	assert_true(journal_cursor_read(journal_cursor_text(&view, text), &cursor, &err));
	assert_int_equal(cursor.sequence, 0x1f);
	assert_int_equal(cursor.monotonic_us, 5000);
	assert_int_equal(cursor.realtime_us, INT64_C(1795247262123456));
	assert_memory_equal(cursor.stream, file.name.stream, 16);
	assert_memory_equal(cursor.boot, file.name.boot, 16);
}

static void what_is_no_cursor_is_refused(void **state)
{
	static const char *const texts[] = {"",
					    "x",
					    "s=1",
					    "i=",
					    "i=g",
					    "i=-1",
					    "m=ffffffffffffffff",
					    "i=10000000000000000",
					    "s=11;i=1",
					    "q=1",
					    "i=1;;t=2"};
	struct journal_cursor cursor;
	struct error err;

	for (size_t i = 0; i < array_length(texts); i++)
		assert_false(journal_cursor_read(texts[i], &cursor, &err));
	assert_true(journal_cursor_read("i=1f", &cursor, &err));
	assert_int_equal(cursor.sequence, 0x1f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_is_as_journalctl_prints_it),
		cmocka_unit_test(what_is_not_known_is_left_out),
		cmocka_unit_test(bytes_that_a_terminal_may_not_get_are_not_printed),
		cmocka_unit_test(json_has_all_fields_as_strings),
		cmocka_unit_test(a_delta_is_to_the_entry_before_of_the_same_boot),
		cmocka_unit_test(only_the_fields_that_are_asked_for_are_printed),
		cmocka_unit_test(an_export_holds_any_bytes),
		cmocka_unit_test(bytes_that_are_no_text_are_numbers_in_json),
		cmocka_unit_test(what_we_say_of_a_unit_only_names_it),
		cmocka_unit_test(verbose_lists_the_fields_below_the_moment),
		cmocka_unit_test(outputs_have_names),
		cmocka_unit_test(a_cursor_is_read_as_it_was_written),
		cmocka_unit_test(what_is_no_cursor_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
