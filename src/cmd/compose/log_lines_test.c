/* Bytes of the API as people see them. */
#include "cmd/compose/log_lines.h"

#include "base/test.h"
#include "cmd/compose/capture.h"
#include "format/stream_frame.h"

static struct compose compose = {.project_name = (char *)"p"};

static void add_frame(struct buffer *out, enum stream_kind kind, const char *text)
{
	uint8_t header[STREAM_FRAME_HEADER];

	stream_frame_write(header, kind, (uint32_t)strlen(text));
	buffer_add(out, header, sizeof(header));
	buffer_add_text(out, text);
}

/* What stands on `fd` after `say`. */
static char *written(int fd, void (*say)(void))
{
	struct capture capture = capture_begin(fd);

	say();
	return capture_end(&capture);
}

static struct log_wishes wishes;

/* Two containers; the frames of one come byte by byte, the other has a terminal. */
static void say_lines(void)
{
	scoped(log_lines) struct log_lines *lines = log_lines_new(&compose, &wishes);
	scoped_buffer struct buffer bytes = {0};
	bool v1 = compose.style == COMPOSE_V1;
	struct log_source *web = log_lines_add(lines, v1 ? "p_web_1" : "p-web-1", "web");
	struct log_source *worker =
		log_lines_add(lines, v1 ? "p_worker_1" : "p-worker-1", "worker");

	add_frame(&bytes, STREAM_STDOUT, "one\ntw");
	add_frame(&bytes, STREAM_STDERR, "bad\n");
	add_frame(&bytes, STREAM_STDOUT, "o\nrest");
	for (size_t i = 0; i < bytes.size; i++)
		log_source_take(web, "application/vnd.docker.multiplexed-stream", bytes.data + i,
				1);
	log_source_flush(web);
	log_source_take(worker, "application/vnd.docker.raw-stream", "tty\r\n", 5);
	log_source_flush(worker);
}

static void lines_have_the_names_of_their_containers(void **state)
{
	compose.style = COMPOSE_V2;
	scoped_free char *v2 = written(STDOUT_FILENO, say_lines);
	assert_string_equal(v2, "web-1     | one\nweb-1     | two\nweb-1     | rest\n"
				"worker-1  | tty\n");
	scoped_free char *errors = written(STDERR_FILENO, say_lines);
	assert_string_equal(errors, "web-1     | bad\n");
	compose.style = COMPOSE_V1;
	scoped_free char *v1 = written(STDOUT_FILENO, say_lines);
	assert_string_equal(v1, "web_1     | one\nweb_1     | bad\nweb_1     | two\n"
				"web_1     | rest\nworker_1  | tty\n");
}

static void a_prefix_can_be_left_out(void **state)
{
	compose.style = COMPOSE_V1;
	wishes.no_prefix = true;
	scoped_free char *text = written(STDOUT_FILENO, say_lines);
	wishes.no_prefix = false;
	assert_string_equal(text, "one\nbad\ntwo\nrest\ntty\n");
}

static void colours_come_in_turn_over_the_name_only(void **state)
{
	compose.style = COMPOSE_V2;
	compose.options.ansi = (char *)"always";
	scoped_free char *text = written(STDOUT_FILENO, say_lines);
	compose.options.ansi = NULL;
	assert_non_null(strstr(text, "\033[36mweb-1     |\033[0m one\n"));
	assert_non_null(strstr(text, "\033[33mworker-1  |\033[0m tty\n"));
}

static void frames_come_off_a_text(void **state)
{
	scoped_buffer struct buffer bytes = {0};

	add_frame(&bytes, STREAM_STDOUT, "a\n");
	add_frame(&bytes, STREAM_STDERR, "b\n");
	scoped_free char *text = log_text(&bytes);
	assert_string_equal(text, "a\nb\n");
	scoped_buffer struct buffer plain = {0};
	buffer_add_text(&plain, "no frames\n");
	scoped_free char *same = log_text(&plain);
	assert_string_equal(same, "no frames\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_have_the_names_of_their_containers),
		cmocka_unit_test(a_prefix_can_be_left_out),
		cmocka_unit_test(colours_come_in_turn_over_the_name_only),
		cmocka_unit_test(frames_come_off_a_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
