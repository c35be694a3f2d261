#include "base/test.h"
#include "base/text.h"
#include "cmd/cli/streams.h"

#include <unistd.h>

/* What arrives on stdout and stderr while the bytes are written in pieces of `step`. */
struct caught {
	char out[64], err[64];
	bool good;
	struct error error;
};

static void take_pipe(int fd, char *text, size_t size)
{
	ssize_t got = read(fd, text, size - 1);

	text[got > 0 ? got : 0] = '\0';
	close(fd);
}

static void redirect(int fd, int pipes[2], int *saved)
{
	fflush(stdout);
	*saved = dup(fd);
	assert_int_equal(pipe(pipes), 0);
	dup2(pipes[1], fd);
	close(pipes[1]);
}

static void restore(int fd, int saved)
{
	dup2(saved, fd);
	close(saved);
}

static struct caught write_in_steps(bool framed, const char *data, size_t size, size_t step)
{
	struct streams streams = {.framed = framed};
	struct caught caught = {.good = true};
	int out[2], err[2], saved_out, saved_err;

	redirect(STDOUT_FILENO, out, &saved_out);
	redirect(STDERR_FILENO, err, &saved_err);
	for (size_t at = 0; at < size && caught.good; at += step)
		caught.good = streams_write(&streams, data + at,
					    size - at < step ? size - at : step, &caught.error);
	if (caught.good)
		caught.good = streams_end(&streams, &caught.error);
	restore(STDOUT_FILENO, saved_out);
	restore(STDERR_FILENO, saved_err);
	take_pipe(out[0], caught.out, sizeof(caught.out));
	take_pipe(err[0], caught.err, sizeof(caught.err));
	return caught;
}

static const char frames[] =
	"\1\0\0\0\0\0\0\3one\2\0\0\0\0\0\0\3two\1\0\0\0\0\0\0\0\1\0\0\0\0\0\0\5three";

static void frames_are_taken_apart_wherever_they_are_cut(void **state)
{
	for (size_t step = 1; step <= sizeof(frames); step++) {
		struct caught caught = write_in_steps(true, frames, sizeof(frames) - 1, step);

		assert_true(caught.good);
		assert_string_equal(caught.out, "onethree");
		assert_string_equal(caught.err, "two");
	}
}

static void a_terminals_bytes_pass_as_they_are(void **state)
{
	struct caught caught = write_in_steps(false, "\1\2x", 3, 1);

	assert_true(caught.good);
	assert_string_equal(caught.out, "\1\2x");
}

static void what_is_no_frame_is_refused(void **state)
{
	struct caught caught = write_in_steps(true, "plain text", 10, 10);

	assert_false(caught.good);
	assert_string_equal(caught.error.text, "Unrecognized input header: 112");
}

static void the_engines_own_words_are_an_error(void **state)
{
	static const char trouble[] = "\1\0\0\0\0\0\0\1a\3\0\0\0\0\0\0\4oops";
	struct caught caught = write_in_steps(true, trouble, sizeof(trouble) - 1, 3);

	assert_false(caught.good);
	assert_string_equal(caught.out, "a");
	assert_string_equal(caught.error.text, "error from daemon in stream: oops");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames_are_taken_apart_wherever_they_are_cut),
		cmocka_unit_test(a_terminals_bytes_pass_as_they_are),
		cmocka_unit_test(what_is_no_frame_is_refused),
		cmocka_unit_test(the_engines_own_words_are_an_error),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
