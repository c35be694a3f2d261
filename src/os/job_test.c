#include "base/test.h"

#include "os/job.h"

#include "os/fd.h"

struct seen {
	int calls;
	char *answer, *error;
};

static void on_done(void *data, const struct buffer *answer, const struct error *err)
{
	struct seen *seen = data;

	seen->calls++;
	seen->answer = str_dup(answer->data ? answer->data : "");
	seen->error = str_dup_or_null(err ? err->text : NULL);
}

static void free_seen(struct seen *seen)
{
	free(seen->answer);
	free(seen->error);
}

#define scoped_seen scoped_with(free_seen)

static struct job *start(uv_loop_t *loop, const char *script, uint64_t timeout_ms,
			 struct seen *seen)
{
	char *args[] = {"sh", "-c", (char *)script, NULL};
	struct job_request request = {.program = "/bin/sh",
				      .args = args,
				      .input = "question",
				      .size = 8,
				      .timeout_ms = timeout_ms};
	struct error err;

	return job_start(loop, &request, on_done, seen, &err);
}

static void run(const char *script, uint64_t timeout_ms, bool cancel, struct seen *seen)
{
	uv_loop_t loop;
	struct job *job;

	assert_int_equal(uv_loop_init(&loop), 0);
	job = start(&loop, script, timeout_ms, seen);
	assert_non_null(job);
	if (cancel)
		job_cancel(job);
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&loop), 0);
}

static void a_job_gets_its_input_and_gives_its_output(void **state)
{
	scoped_seen struct seen seen = {0};

	run("cat; echo !", 0, false, &seen);
	assert_int_equal(seen.calls, 1);
	assert_string_equal(seen.answer, "question!\n");
	assert_null(seen.error);
}

static void the_way_a_job_ended_is_told(void **state)
{
	static const struct {
		const char *script, *error;
		uint64_t timeout_ms;
	} cases[] = {
		{"exit 3", "'sh -c' ended with status 3", 0},
		{"kill -KILL $$", "'sh -c' was killed by signal 9", 0},
		{"exec sleep 100", "'sh -c' took too long", 1},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		scoped_seen struct seen seen = {0};

		run(cases[i].script, cases[i].timeout_ms, false, &seen);
		assert_int_equal(seen.calls, 1);
		assert_string_equal(seen.error, cases[i].error);
	}
}

static void a_cancelled_job_is_killed_and_says_nothing(void **state)
{
	scoped_seen struct seen seen = {0};

	run("exec sleep 100", 0, true, &seen);
	assert_int_equal(seen.calls, 0);
}

static bool on_answered(void *data, const struct buffer *answer)
{
	struct seen *seen = data;

	assert_int_equal(seen->calls, 0);
	str_replace(&seen->answer, answer->data);
	return str_starts_with(answer->data, "done");
}

static void on_ended(void *data, const struct buffer *answer, const struct error *err)
{
	struct seen *seen = data;

	seen->calls++;
	seen->error = str_dup_or_null(err ? err->text : NULL);
}

static void an_answer_is_told_before_the_job_ends(void **state)
{
	char *args[] = {"sh", "-c", "echo done; exec >&-; exit 4", NULL};
	struct job_request request = {.program = "/bin/sh", .args = args, .answered = on_answered};
	scoped_seen struct seen seen = {0};
	struct error err;
	uv_loop_t loop;

	assert_int_equal(uv_loop_init(&loop), 0);
	assert_non_null(job_start(&loop, &request, on_ended, &seen, &err));
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&loop), 0);
	assert_string_equal(seen.answer, "done\n");
	assert_int_equal(seen.calls, 1);
	assert_string_equal(seen.error, "'sh -c' ended with status 4");
}

static void a_missing_program_is_told_at_once(void **state)
{
	char *args[] = {"none", NULL};
	struct job_request request = {.program = "/none", .args = args};
	struct seen seen = {0};
	struct error err;
	uv_loop_t loop;

	assert_int_equal(uv_loop_init(&loop), 0);
	assert_null(job_start(&loop, &request, on_done, &seen, &err));
	assert_true(str_starts_with(err.text, "cannot start 'none': "));
	assert_int_equal(seen.calls, 0);
	assert_int_equal(uv_loop_close(&loop), 0);
}

static void a_descriptor_that_is_kept_is_the_childs_third(void **state)
{
	scoped_fd int kept = memfd_sealed("kept", "kept", 4, NULL);
	char *args[] = {"sh", "-c", "cat <&3", NULL};
	struct job_request request = {.program = "/bin/sh", .args = args, .kept = &kept};
	scoped_seen struct seen seen = {0};
	struct error err;
	uv_loop_t loop;

	assert_int_equal(JOB_KEPT, 3);
	assert_int_equal(uv_loop_init(&loop), 0);
	assert_non_null(job_start(&loop, &request, on_done, &seen, &err));
	close_fd(&kept); /* the child has its own */
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&loop), 0);
	assert_string_equal(seen.answer, "kept");
}

/* Who is told so is called `again`: what a shell is told besides is its name. */
static void who_is_killed_before_it_answers_is_started_anew(void **state)
{
	static const struct {
		const char *script, *answer, *error;
	} cases[] = {
		{"[ $0 = again ] || kill -KILL $$; cat; cat <&3; echo done", "questionkeptdone\n",
		 NULL},
		{"[ $0 = again ] || { cat; kill -KILL $$; }; cat", "question", NULL},
		{"kill -KILL $$", "", "'sh -c' was killed by signal 9, 5 times"},
		{"kill -TERM $$", "", "'sh -c' was killed by signal 15"},
		{"[ $0 = again ] || kill -KILL $$; exit 3", "", "'sh -c' ended with status 3"},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		scoped_fd int kept = memfd_sealed("kept", "kept", 4, NULL);
		char *args[] = {"sh", "-c", (char *)(uintptr_t)cases[i].script, NULL};
		struct job_request request = {.program = "/bin/sh",
					      .args = args,
					      .input = "question",
					      .size = 8,
					      .kept = &kept,
					      .repeated = true};
		scoped_seen struct seen seen = {0};
		struct error err;
		uv_loop_t loop;

		assert_int_equal(uv_loop_init(&loop), 0);
		assert_non_null(job_start(&loop, &request, on_done, &seen, &err));
		close_fd(&kept);
		uv_run(&loop, UV_RUN_DEFAULT);
		assert_int_equal(uv_loop_close(&loop), 0);
		assert_int_equal(seen.calls, 1);
		assert_string_equal(seen.answer, cases[i].answer);
		assert_true(str_equal(seen.error, cases[i].error));
	}
}

static void an_answer_counts_where_it_is_one(void **state)
{
	static const struct {
		const char *script, *answer;
	} cases[] = {
		{"[ $0 = again ] || { echo done; kill -KILL $$; }; echo done twice", "done\n"},
		{"[ $0 = again ] || { echo do; kill -KILL $$; }; echo done twice", "done twice\n"},
	};

	for (size_t i = 0; i < array_length(cases); i++) {
		char *args[] = {"sh", "-c", (char *)(uintptr_t)cases[i].script, NULL};
		struct job_request request = {.program = "/bin/sh",
					      .args = args,
					      .answered = on_answered,
					      .repeated = true};
		scoped_seen struct seen seen = {0};
		struct error err;
		uv_loop_t loop;

		assert_int_equal(uv_loop_init(&loop), 0);
		assert_non_null(job_start(&loop, &request, on_ended, &seen, &err));
		uv_run(&loop, UV_RUN_DEFAULT);
		assert_int_equal(uv_loop_close(&loop), 0);
		assert_string_equal(seen.answer, cases[i].answer);
		assert_int_equal(seen.calls, 1);
	}
}

static void on_tick(uv_timer_t *timer)
{
	job_cancel(timer->data);
	uv_close((uv_handle_t *)timer, NULL);
}

/* At whatever moment: while a child runs, is being buried, or is waited with. */
static void a_job_that_is_repeated_can_be_cancelled(void **state)
{
	char *args[] = {"sh", "-c", "kill -KILL $$", NULL};
	struct job_request request = {.program = "/bin/sh", .args = args, .repeated = true};

	for (uint64_t ms = 0; ms < 40; ms += 2) {
		struct seen seen = {0};
		uv_timer_t timer;
		struct error err;
		uv_loop_t loop;

		assert_int_equal(uv_loop_init(&loop), 0);
		uv_timer_init(&loop, &timer);
		timer.data = job_start(&loop, &request, on_done, &seen, &err);
		assert_non_null(timer.data);
		uv_timer_start(&timer, on_tick, ms, 0);
		uv_run(&loop, UV_RUN_DEFAULT);
		assert_int_equal(uv_loop_close(&loop), 0);
		assert_int_equal(seen.calls, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_job_gets_its_input_and_gives_its_output),
		cmocka_unit_test(the_way_a_job_ended_is_told),
		cmocka_unit_test(a_cancelled_job_is_killed_and_says_nothing),
		cmocka_unit_test(an_answer_is_told_before_the_job_ends),
		cmocka_unit_test(a_missing_program_is_told_at_once),
		cmocka_unit_test(a_descriptor_that_is_kept_is_the_childs_third),
		cmocka_unit_test(who_is_killed_before_it_answers_is_started_anew),
		cmocka_unit_test(an_answer_counts_where_it_is_one),
		cmocka_unit_test(a_job_that_is_repeated_can_be_cancelled),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
