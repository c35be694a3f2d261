/* Sockets, mounts, and the containers of a service. */
#include "execution/machine_trace.h"

#include <signal.h>

/* ---- sockets ---- */

static void a_socket_listens_after_its_commands(void **state)
{
	TRACE(SERVICE_SIMPLE, "pre post stop stoppost");
	t.plan.kind = EXECUTION_SOCKET;
	spawns(&t, "'starting @90 pre0", "start-pre", START);
	on(&t, "open", "start-pre", EXITS(0));
	spawns(&t, "@90 post0", "start-post", EVENT_SOCKETS_OPEN);
	on(&t, "@0 watch 'started", "listening", EXITS(0));
	on(&t, "", "running", EVENT_TRIGGERED);
	on(&t, "@0 watch", "listening", EVENT_ARM);
	spawns(&t, "'stopping @90 stop0", "stop-pre", EVENT_STOP);
	spawns(&t, "close @90 stoppost0", "stop-post", EXITS(0));
	on(&t, "@0 'deactivated 'stopped clean", "dead", EXITS(0));
}

static void a_socket_that_cannot_listen_fails(void **state)
{
	TRACE(SERVICE_SIMPLE, "");
	t.plan.kind = EXECUTION_SOCKET;
	on(&t, "'starting open", "start-pre", START);
	on(&t, "close @0 'failed 'start-failed clean", "failed", EVENT_SOCKETS_FAILED);
	result_is(&t, "resources");
}

static void with_accept_it_goes_on_to_listen(void **state)
{
	TRACE(SERVICE_SIMPLE, "");
	t.plan.kind = EXECUTION_SOCKET;
	t.plan.socket.accept = true;
	on(&t, "'starting open", "start-pre", START);
	on(&t, "@0 watch 'started", "listening", EVENT_SOCKETS_OPEN);
	on(&t, "", "listening", EVENT_TRIGGERED);
	on(&t, "'stopping close @0 'deactivated 'stopped clean", "dead", EVENT_STOP);
}

static void a_command_before_listening_that_fails_or_hangs(void **state)
{
	TRACE(SERVICE_SIMPLE, "pre");
	t.plan.kind = EXECUTION_SOCKET;
	spawns(&t, "'starting @90 pre0", "start-pre", START);
	on(&t, "close @0 'failed 'start-failed clean", "failed", EXITS(1));
	TRACE_AGAIN(&t);
	spawns(&t, "'starting @90 pre0", "start-pre", START);
	on(&t, "'start-timeout kill:c:TERM @90", "stop-sigterm", EVENT_DEADLINE);
	on(&t, "close @0 'failed 'start-failed clean", "failed", DIES(SIGTERM));
	result_is(&t, "timeout");
}

/* ---- mounts ---- */

static void a_mount_is_there_between_two_commands(void **state)
{
	TRACE(SERVICE_SIMPLE, "start stop");
	t.plan.kind = EXECUTION_MOUNT;
	spawns(&t, "'starting @90 start0", "mounting", START);
	on(&t, "@0 'started", "mounted", EXITS(0));
	on(&t, "", "mounted", EVENT_EMPTY);
	spawns(&t, "'stopping @90 stop0", "unmounting", EVENT_STOP);
	on(&t, "@0 'deactivated 'stopped clean", "dead", EXITS(0));
}

static void a_mount_that_fails(void **state)
{
	TRACE(SERVICE_SIMPLE, "start stop");
	t.plan.kind = EXECUTION_MOUNT;
	spawns(&t, "'starting @90 start0", "mounting", START);
	on(&t, "@0 'failed 'start-failed clean", "failed", EXITS(32));
	result_is(&t, "exit-code");
}

static void what_cannot_be_unmounted_is_still_mounted(void **state)
{
	TRACE(SERVICE_SIMPLE, "start stop");
	t.plan.kind = EXECUTION_MOUNT;
	spawns(&t, "'starting @90 start0", "mounting", START);
	on(&t, "@0 'started", "mounted", EXITS(0));
	spawns(&t, "'stopping @90 stop0", "unmounting", EVENT_STOP);
	on(&t, "@0", "mounted", EXITS(32));
}

static void an_unmount_that_hangs_is_ended(void **state)
{
	TRACE(SERVICE_SIMPLE, "start stop");
	t.plan.kind = EXECUTION_MOUNT;
	spawns(&t, "'starting @90 start0", "mounting", START);
	on(&t, "@0 'started", "mounted", EXITS(0));
	spawns(&t, "'stopping @90 stop0", "unmounting", EVENT_STOP);
	on(&t, "kill:c:TERM @90", "stop-sigterm", EVENT_DEADLINE);
	on(&t, "@0 'failed 'stopped clean", "failed", DIES(SIGTERM));
}

/* ---- containers ---- */

static void run_with_container(struct trace *t)
{
	run_simple(t);
	t->containers = true;
}

#define CLIENT .was_client = true

static void a_container_outlives_its_client(void **state) /* 97, 98 */
{
	TRACE(SERVICE_SIMPLE, "start stop");
	run_with_container(&t);
	on(&t, "take-container 'container-is-main", "running", MAIN_DIES(SIGKILL), CLIENT,
	   .container_lives = true);
	assert_true(t.machine.main_is_container && t.machine.main_alive);
	on(&t, "", "running", EVENT_EMPTY);
	t.containers = false;
	on(&t, "@0 'failed clean", "failed", EVENT_CONTAINER_GONE, .main = true, .status = 7);
	result_is(&t, "exit-code");
}

static void its_clean_exit_is_a_clean_end(void **state)
{
	TRACE(SERVICE_SIMPLE, "start stop");
	run_with_container(&t);
	on(&t, "take-container 'container-is-main", "running", MAIN_EXITS(0), CLIENT,
	   .container_lives = true);
	t.containers = false;
	spawns(&t, "@90 stop0", "stop", EVENT_CONTAINER_GONE, .main = true, .status = 0);
	on(&t, "@0 'deactivated clean", "dead", EXITS(0));
}

static void who_lost_his_daemon_knows_nothing(void **state)
{
	TRACE(SERVICE_SIMPLE, "start");
	run_with_container(&t);
	/* not gone yet, whatever it does: it decides */
	on(&t, "take-container 'container-is-main", "running", MAIN_EXITS(125), CLIENT);
	t.containers = false;
	on(&t, "@0 'deactivated clean", "dead", EVENT_CONTAINER_GONE, .main = true, .status = 0);

	run_simple(&t);
	on(&t, "@0 'deactivated clean", "dead", MAIN_EXITS(125), CLIENT, .container_gone = true,
	   .container_code = 0);
}

static void a_removal_is_awaited_before_stop_post(void **state) /* 96 */
{
	TRACE(SERVICE_SIMPLE, "start stop stoppost");
	run_with_container(&t);
	spawns(&t, "'stopping @90 stop0", "stop", EVENT_STOP);
	on(&t, "", "stop", MAIN_EXITS(137), CLIENT);
	on(&t, "stop-containers:90 @90", "stop-sigkill", EXITS(0));
	t.containers = false;
	spawns(&t, "@90 stoppost0", "stop-post", EVENT_CONTAINER_GONE, .status = 137);
	on(&t, "@0 'deactivated 'stopped clean", "dead", EXITS(0));
	result_is(&t, "success");
}

static void signals_are_for_the_units_own_processes(void **state)
{
	TRACE(SERVICE_SIMPLE, "start");
	run_with_container(&t);
	on(&t, "take-container 'container-is-main", "running", MAIN_DIES(SIGKILL), CLIENT,
	   .container_lives = true);
	on(&t, "'stopping stop-containers:90 @90", "stop-sigkill", EVENT_STOP);
	on(&t, "", "stop-sigkill", EVENT_CONTAINER_GONE, .main = true, .status = 143);
	t.containers = false;
	on(&t, "@0 'deactivated 'stopped clean", "dead", EVENT_CONTAINERS_STOPPED);
	result_is(&t, "success");
}

static void a_client_that_ignores_its_signal(void **state)
{
	TRACE(SERVICE_SIMPLE, "start");
	run_with_container(&t);
	on(&t, "'stopping kill:m:TERM @90", "stop-sigterm", EVENT_STOP);
	on(&t, "'kill-timeout stop-containers:90 kill:m:KILL @90", "stop-sigkill", EVENT_DEADLINE);
	on(&t, "@90", "stop-sigkill", MAIN_DIES(SIGKILL), CLIENT, .container_lives = true);
	on(&t, "end-containers @0 'failed 'stopped clean", "failed", EVENT_DEADLINE);
	result_is(&t, "timeout");
}

static void kill_mode_process_leaves_containers_alone(void **state)
{
	TRACE(SERVICE_SIMPLE, "start");
	t.plan.kill_mode = KILL_PROCESS;
	run_with_container(&t);
	on(&t, "'stopping kill:m:TERM @90", "stop-sigterm", EVENT_STOP);
	on(&t, "@0 'deactivated 'stopped clean", "dead", MAIN_EXITS(143), CLIENT,
	   .container_lives = true);
}

static void the_codes_of_a_stop_are_failures_without_one(void **state)
{
	TRACE(SERVICE_SIMPLE, "start");
	run_simple(&t);
	on(&t, "@0 'failed clean", "failed", MAIN_EXITS(137), CLIENT, .container_gone = true,
	   .container_code = 137);
}

static void what_a_oneshot_started_outlives_it(void **state)
{
	TRACE(SERVICE_ONESHOT, "start");
	spawns(&t, "'starting @90 start0m", "start", START);
	t.containers = true;
	on(&t, "@0 'deactivated 'finished clean", "dead", MAIN_EXITS(0), CLIENT,
	   .container_lives = true);
}

static void a_forking_parent_may_leave_an_ended_container(void **state)
{
	TRACE(SERVICE_FORKING, "start");
	spawns(&t, "'starting @90 start0", "start", START);
	on(&t, "take-container @0 'failed 'start-failed clean", "failed", EXITS(0), CLIENT,
	   .container_gone = true, .container_decides = true, .container_code = 3);
	result_is(&t, "exit-code");

	spawns(&t, "'starting @90 start0", "start", START);
	on(&t, "take-container @0 'deactivated 'started clean", "dead", EXITS(0), CLIENT,
	   .container_gone = true, .container_decides = true);
	result_is(&t, "success");

	/* one that it waited for is no service */
	spawns(&t, "'starting @90 start0", "start", START);
	on(&t, "find-main", "start", EXITS(0), CLIENT, .container_gone = true);
}

static void a_forking_parent_may_leave_a_container(void **state)
{
	TRACE(SERVICE_FORKING, "start");
	spawns(&t, "'starting @90 start0", "start", START);
	t.containers = true;
	on(&t, "take-container @0 'started", "running", EXITS(0), CLIENT, .container_lives = true);
	assert_true(t.machine.main_is_container);
}

static void a_pull_extends_a_start_and_nothing_else(void **state)
{
	TRACE(SERVICE_SIMPLE, "pre start");
	spawns(&t, "'starting @90 pre0", "start-pre", START);
	on(&t, "extend:30", "start-pre", EVENT_PULLING, .us = 30000000);
	on(&t, "@90 start0m", "start", EXITS(0));
	on(&t, "@0 'started", "running", SPAWNED);
	on(&t, "", "running", EVENT_PULLING, .us = 30000000);
}

static void a_lack_of_memory_ends_the_unit(void **state) /* 100 */
{
	TRACE(SERVICE_SIMPLE, "start stoppost");
	run_simple(&t);
	on(&t, "'oom kill:m:TERM @90", "stop-sigterm", EVENT_OOM);
	spawns(&t, "@90 stoppost0", "stop-post", MAIN_DIES(SIGTERM));
	on(&t, "@0 'failed clean", "failed", EXITS(0));
	result_is(&t, "oom-kill");
	TRACE_AGAIN(&t);
	t.plan.oom_policy = OOM_CONTINUE;
	run_with_container(&t);
	on(&t, "'oom", "running", EVENT_OOM);
}

static void what_cannot_be_prepared_lacks_resources(void **state) /* 15 */
{
	TRACE(SERVICE_SIMPLE, "start");
	on(&t, "'starting @90 start0m", "start", START);
	on(&t, "@0 'failed 'start-failed clean", "failed", EVENT_SPAWN_FAILED,
	   .result = RESULT_RESOURCES);
	result_is(&t, "resources");
}

static void a_run_may_be_limited(void **state)
{
	TRACE(SERVICE_SIMPLE, "start stop");
	t.plan.runtime_max_us = 3000000;
	on(&t, "'starting @90 start0m", "start", START);
	on(&t, "@3 'started", "running", SPAWNED);
	spawns(&t, "'runtime-limit @90 stop0", "stop", EVENT_DEADLINE);
	on(&t, "kill:m:TERM @90", "stop-sigterm", EXITS(0));
	on(&t, "@0 'failed clean", "failed", MAIN_DIES(SIGTERM));
	result_is(&t, "timeout");
}

static void a_reload_that_hangs_is_killed(void **state)
{
	TRACE(SERVICE_SIMPLE, "start reload");
	run_simple(&t);
	spawns(&t, "'reloading @90 reload0", "reload", EVENT_RELOAD);
	on(&t, "'reload-timeout kill:c:KILL 'reload-failed @0", "running", EVENT_DEADLINE);
	assert_int_equal(t.machine.reload_result, RESULT_TIMEOUT);
	on(&t, "", "running", DIES(SIGKILL));
	result_is(&t, "success");
}

static void notify_reload_waits_for_ready(void **state)
{
	TRACE(SERVICE_NOTIFY_RELOAD, "start");
	spawns(&t, "'starting @90 start0m", "start", START);
	on(&t, "@0 'started", "running", EVENT_READY);
	on(&t, "'reloading kill:m:HUP @90", "reload", EVENT_RELOAD);
	on(&t, "'reloaded @0", "running", EVENT_READY);
}

static void stopping_is_said_by_the_service_itself(void **state)
{
	TRACE(SERVICE_NOTIFY, "start stop");
	spawns(&t, "'starting @90 start0m", "start", START);
	on(&t, "@0 'started", "running", EVENT_READY);
	on(&t, "@90", "stop-sigterm", EVENT_STOPPING);
	on(&t, "extend:120", "stop-sigterm", EVENT_EXTEND, .us = 120000000);
	on(&t, "@0 'deactivated clean", "dead", MAIN_EXITS(0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_socket_listens_after_its_commands),
		cmocka_unit_test(a_socket_that_cannot_listen_fails),
		cmocka_unit_test(with_accept_it_goes_on_to_listen),
		cmocka_unit_test(a_command_before_listening_that_fails_or_hangs),
		cmocka_unit_test(a_mount_is_there_between_two_commands),
		cmocka_unit_test(a_mount_that_fails),
		cmocka_unit_test(what_cannot_be_unmounted_is_still_mounted),
		cmocka_unit_test(an_unmount_that_hangs_is_ended),
		cmocka_unit_test(a_container_outlives_its_client),
		cmocka_unit_test(its_clean_exit_is_a_clean_end),
		cmocka_unit_test(who_lost_his_daemon_knows_nothing),
		cmocka_unit_test(a_removal_is_awaited_before_stop_post),
		cmocka_unit_test(signals_are_for_the_units_own_processes),
		cmocka_unit_test(a_client_that_ignores_its_signal),
		cmocka_unit_test(kill_mode_process_leaves_containers_alone),
		cmocka_unit_test(the_codes_of_a_stop_are_failures_without_one),
		cmocka_unit_test(what_a_oneshot_started_outlives_it),
		cmocka_unit_test(a_forking_parent_may_leave_an_ended_container),
		cmocka_unit_test(a_forking_parent_may_leave_a_container),
		cmocka_unit_test(a_pull_extends_a_start_and_nothing_else),
		cmocka_unit_test(a_lack_of_memory_ends_the_unit),
		cmocka_unit_test(what_cannot_be_prepared_lacks_resources),
		cmocka_unit_test(a_run_may_be_limited),
		cmocka_unit_test(a_reload_that_hangs_is_killed),
		cmocka_unit_test(notify_reload_waits_for_ready),
		cmocka_unit_test(stopping_is_said_by_the_service_itself),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
