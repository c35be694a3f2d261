/* A plan told in each way: what stands on stderr. */
#include "cmd/compose/progress.h"

#include "base/test.h"
#include "cmd/compose/capture.h"

static struct cli cli;
static struct compose compose;

static struct step *add(struct plan *plan, enum step_kind kind, const char *service,
			unsigned number, const char *name)
{
	struct step step = {.kind = kind,
			    .service = service ? str_dup(service) : NULL,
			    .number = number,
			    .name = str_dup(name)};

	vector_add(plan, step);
	return &plan->items[plan->count - 1];
}

/* What `tell` writes to stderr. */
static char *told(void (*tell)(struct progress *progress, const struct plan *plan),
		  enum progress_kind kind, bool dry_run, const struct plan *plan)
{
	struct capture capture = capture_begin(STDERR_FILENO);
	struct progress *progress = progress_new(&compose, kind, dry_run);

	progress_plan(progress, plan);
	tell(progress, plan);
	progress_free(progress);
	return capture_end(&capture);
}

static void tell_in_order(struct progress *progress, const struct plan *plan)
{
	for (size_t i = 0; i < plan->count; i++) {
		progress_begin(progress, &plan->items[i]);
		progress_done(progress, &plan->items[i]);
	}
}

static void tell_side_by_side(struct progress *progress, const struct plan *plan)
{
	for (size_t i = 0; i < plan->count; i++)
		progress_begin(progress, &plan->items[i]);
	for (size_t i = plan->count; i-- > 0;)
		progress_done(progress, &plan->items[i]);
}

static void tell_failure(struct progress *progress, const struct plan *plan)
{
	for (size_t i = 0; i < plan->count; i++) {
		progress_begin(progress, &plan->items[i]);
		if (plan->items[i].kind == STEP_START)
			progress_failed(progress, &plan->items[i],
					"Error response from daemon: no such luck");
		else
			progress_done(progress, &plan->items[i]);
	}
	progress_explain(progress, "this is why");
}

static void set_call(enum compose_style style, const char *path)
{
	static char text[40];

	snprintf(text, sizeof(text), "%s", path);
	cli.path = text;
	compose.cli = &cli;
	compose.style = style;
}

static void make_up(struct plan *plan)
{
	add(plan, STEP_CREATE_NETWORK, NULL, 0, "p_default");
	add(plan, STEP_CREATE, "db", 1, "p_db_1");
	add(plan, STEP_START, "db", 1, "p_db_1");
	add(plan, STEP_KEEP, "redis", 1, "p_redis_1");
}

static void make_replacement(struct plan *plan)
{
	add(plan, STEP_CREATE, "web", 1, "0123_p_web_1")->replaces = str_dup("0123");
	add(plan, STEP_STOP, "web", 1, "p_web_1")->id = str_dup("0123");
	add(plan, STEP_REMOVE, "web", 1, "p_web_1")->id = str_dup("0123");
	add(plan, STEP_RENAME, "web", 1, "0123_p_web_1")->new_name = str_dup("p_web_1");
	add(plan, STEP_START, "web", 1, "p_web_1");
}

static void make_down(struct plan *plan)
{
	add(plan, STEP_STOP, "web", 1, "p_web_1");
	add(plan, STEP_REMOVE, "web", 1, "p_web_1");
	add(plan, STEP_STOP, "worker", 1, "p_worker_1");
	add(plan, STEP_REMOVE, "worker", 1, "p_worker_1");
	add(plan, STEP_REMOVE_NETWORK, NULL, 0, "p_default");
}

static void make_pair(struct plan *plan)
{
	add(plan, STEP_STOP, "web", 1, "p_web_1");
	add(plan, STEP_STOP, "worker", 1, "p_worker_1");
}

static void make_start(struct plan *plan)
{
	add(plan, STEP_START, "web", 1, "p_web_1");
	add(plan, STEP_START, "web", 2, "p_web_2");
	add(plan, STEP_START, "db", 1, "p_db_1");
}

static void make_failure(struct plan *plan)
{
	add(plan, STEP_CREATE, "web", 1, "p_web_1");
	add(plan, STEP_START, "web", 1, "p_web_1");
}

static void make_shrink(struct plan *plan)
{
	add(plan, STEP_STOP, "web", 2, "p_web_2");
	add(plan, STEP_REMOVE, "web", 2, "p_web_2");
}

static const struct example {
	const char *about, *call;
	enum compose_style style;
	void (*make)(struct plan *plan);
	void (*tell)(struct progress *progress, const struct plan *plan);
	const char *plain, *json;
} examples[] = {
	{"version 1, up", "docker-compose up", COMPOSE_V1, make_up, tell_in_order,
	 "Creating network \"p_default\" with the default driver\n"
	 "Creating p_db_1 ... \nCreating p_db_1 ... done\np_redis_1 is up-to-date\n"},
	{"version 1, a container is replaced in one line", "docker-compose up", COMPOSE_V1,
	 make_replacement, tell_in_order, "Recreating p_web_1 ... \nRecreating p_web_1 ... done\n"},
	{"version 1, down: all are stopped before the first goes", "docker-compose down",
	 COMPOSE_V1, make_down, tell_in_order,
	 "Stopping p_web_1    ... \nStopping p_worker_1 ... \n"
	 "Stopping p_web_1    ... done\nStopping p_worker_1 ... done\n"
	 "Removing p_web_1    ... \nRemoving p_worker_1 ... \n"
	 "Removing p_web_1    ... done\nRemoving p_worker_1 ... done\n"
	 "Removing network p_default\n"},
	{"version 1, side by side", "docker-compose stop", COMPOSE_V1, make_pair, tell_side_by_side,
	 "Stopping p_web_1    ... \nStopping p_worker_1 ... \n"
	 "Stopping p_worker_1 ... done\nStopping p_web_1    ... done\n"},
	{"version 1, start names services", "docker-compose start", COMPOSE_V1, make_start,
	 tell_in_order,
	 "Starting web ... \nStarting db  ... \nStarting web ... done\nStarting db  ... done\n"},
	{"version 1, what fails", "docker-compose up", COMPOSE_V1, make_failure, tell_failure,
	 "Creating p_web_1 ... \nCreating p_web_1 ... error\n\n"
	 "ERROR: for p_web_1  Cannot start service web: no such luck\n\n"
	 "ERROR: for web  Cannot start service web: no such luck\nthis is why\n"},
	{"version 1, fewer of a service", "docker-compose up", COMPOSE_V1, make_shrink,
	 tell_in_order,
	 "Stopping and removing p_web_2 ... \nStopping and removing p_web_2 ... done\n"},
	{"version 2, up", "wherry compose up", COMPOSE_V2, make_up, tell_in_order,
	 " Network p_default Creating \n Network p_default Created \n"
	 " Container p_db_1 Creating \n Container p_db_1 Created \n"
	 " Container p_db_1 Starting \n Container p_db_1 Started \n"
	 " Container p_redis_1 Running \n",
	 "{\"id\":\"Network p_default\",\"status\":\"Working\",\"text\":\"Creating\"}\n"
	 "{\"id\":\"Network p_default\",\"status\":\"Done\",\"text\":\"Created\"}\n"
	 "{\"id\":\"Container p_db_1\",\"status\":\"Working\",\"text\":\"Creating\"}\n"
	 "{\"id\":\"Container p_db_1\",\"status\":\"Done\",\"text\":\"Created\"}\n"
	 "{\"id\":\"Container p_db_1\",\"status\":\"Working\",\"text\":\"Starting\"}\n"
	 "{\"id\":\"Container p_db_1\",\"status\":\"Done\",\"text\":\"Started\"}\n"
	 "{\"id\":\"Container p_redis_1\",\"status\":\"Done\",\"text\":\"Running\"}\n"},
	{"version 2, a container is replaced", "wherry compose up", COMPOSE_V2, make_replacement,
	 tell_in_order,
	 " Container p_web_1 Recreate \n Container p_web_1 Recreated \n"
	 " Container p_web_1 Starting \n Container p_web_1 Started \n"},
	{"version 2, what fails", "wherry compose up", COMPOSE_V2, make_failure, tell_failure,
	 " Container p_web_1 Creating \n Container p_web_1 Created \n"
	 " Container p_web_1 Starting \n"
	 " Container p_web_1 Error Error response from daemon: no such luck \nthis is why\n"},
};

static void every_plan_has_its_words(void **state)
{
	for (size_t i = 0; i < array_length(examples); i++) {
		const struct example *e = &examples[i];
		scoped_plan struct plan plan = {0};

		set_call(e->style, e->call);
		e->make(&plan);
		scoped_free char *plain = told(e->tell, PROGRESS_PLAIN, false, &plan);
		assert_string_equal(plain, e->plain);
		scoped_free char *json = told(e->tell, PROGRESS_JSON, false, &plan);
		if (e->json)
			assert_string_equal(json, e->json);
	}
}

static void a_dry_run_says_so_in_both_styles(void **state)
{
	scoped_plan struct plan plan = {0};

	make_pair(&plan);
	set_call(COMPOSE_V1, "docker-compose stop");
	scoped_free char *text = told(tell_in_order, PROGRESS_PLAIN, true, &plan);
	assert_string_equal(text, " DRY-RUN MODE -  Container p_web_1 Stopping \n"
				  " DRY-RUN MODE -  Container p_web_1 Stopped \n"
				  " DRY-RUN MODE -  Container p_worker_1 Stopping \n"
				  " DRY-RUN MODE -  Container p_worker_1 Stopped \n");
}

static void quiet_tells_nothing_but_why(void **state)
{
	scoped_plan struct plan plan = {0};

	make_failure(&plan);
	set_call(COMPOSE_V2, "wherry compose up");
	scoped_free char *text = told(tell_failure, PROGRESS_QUIET, false, &plan);
	assert_string_equal(text, "this is why\n");
}

static void a_terminal_has_a_line_for_each_thing(void **state)
{
	scoped_plan struct plan plan = {0};

	make_up(&plan);
	set_call(COMPOSE_V2, "wherry compose up");
	scoped_free char *text = told(tell_in_order, PROGRESS_TTY, false, &plan);
	assert_non_null(strstr(text, "[+] up 3/3"));
	assert_non_null(strstr(text, "\033[32m✔\033[0m Container p_db_1"));
	assert_null(strstr(text, "up 4/"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_plan_has_its_words),
		cmocka_unit_test(a_dry_run_says_so_in_both_styles),
		cmocka_unit_test(quiet_tells_nothing_but_why),
		cmocka_unit_test(a_terminal_has_a_line_for_each_thing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
