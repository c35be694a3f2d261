/* Containers of a unit: this process is the daemon, and a sleeping process in a group of its own below the
 * unit's is the container. */
#include "scenario.h"
#include "unit_driver.h"

#include "os/cgroup.h"
#include "os/process.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

struct fake {
	struct unit_container told;
	pid_t pid;
};

/* As the engine does: told before it runs, and again when it does. */
static void run_container(struct unit_driver *d, struct fake *c)
{
	struct cgroup group;
	struct error err;

	*c = (struct fake){.told = {.id = str_dup("3f2a9c41d07e"), .name = str_dup("box")}};
	c->told.cgroup_path = str_format("%s/container-3f2a", d->start.cgroup_path);
	c->told.client_pid = d->status.main_pid;
	expect(cgroup_make(c->told.cgroup_path, &group, &err));
	unit_send(d, UNIT_ADOPT, &unit_container_type, &c->told);
	unit_expect_reply(d, 0);
	c->pid = fork();
	if (c->pid == 0) {
		cgroup_join(&group, 0, &err);
		for (;;)
			pause();
	}
	cgroup_fini(&group);
	c->told.pid = c->pid;
	expect(process_start_time(c->pid, &c->told.start_time));
	unit_send(d, UNIT_ADOPT, &unit_container_type, &c->told);
	unit_expect_reply(d, 0);
}

static void end_container(struct unit_driver *d, struct fake *c, int code)
{
	struct error err;

	kill(c->pid, SIGKILL);
	waitpid(c->pid, NULL, 0);
	cgroup_remove(c->told.cgroup_path, &err);
	unit_send(d, UNIT_CONTAINER_GONE, &unit_container_gone_type,
		  &(struct unit_container_gone){.id = c->told.id, .code = code});
	record_fini(&unit_container_type, &c->told);
}

static void begin(struct unit_driver *d, struct fake *c)
{
	unit_begin(d, SERVICE_SIMPLE);
	unit_add(d, EXECUTION_START, "exec sleep 1000");
	unit_add(d, EXECUTION_STOP_POST, "echo $SERVICE_RESULT $EXIT_CODE $EXIT_STATUS >>rec");
	unit_run(d);
	run_container(d, c);
}

static void a_container_goes_on_as_the_main_process(void)
{
	struct unit_driver d;
	struct fake c;

	begin(&d, &c);
	expect(kill((pid_t)d.status.main_pid, SIGKILL) == 0);
	while (!d.status.container)
		unit_await_status(&d);
	expect_equal(d.status.sub, SUB_RUNNING);
	expect_equal(d.status.main_pid, c.pid);
	end_container(&d, &c, 7);
	unit_await_over(&d, SUB_FAILED, RESULT_EXIT_CODE);
	unit_expect_file(&d, "rec", "exit-code exited 7\n");
	unit_end(&d);
}

static void a_stop_waits_until_it_is_gone(void)
{
	struct unit_driver d;
	struct fake c;
	struct shim_number us = {0};

	begin(&d, &c);
	unit_stop(&d, false);
	unit_expect(&d, UNIT_STOP_CONTAINERS, &shim_number_type, &us, NULL, 0);
	expect_equal(us.value, 5000000);
	unit_expect_file(&d, "rec", "");
	end_container(&d, &c, 143);
	unit_send(&d, UNIT_CONTAINERS_STOPPED, NULL, NULL);
	unit_await_over(&d, SUB_DEAD, RESULT_SUCCESS);
	unit_end(&d);
}

static void another_daemon_is_asked_again(void)
{
	struct unit_driver d;
	struct fake c;

	begin(&d, &c);
	unit_stop(&d, false);
	unit_expect(&d, UNIT_STOP_CONTAINERS, NULL, NULL, NULL, 0);
	unit_reconnect(&d);
	unit_expect(&d, UNIT_STOP_CONTAINERS, NULL, NULL, NULL, 0);
	end_container(&d, &c, 143);
	unit_await_over(&d, SUB_DEAD, RESULT_SUCCESS);
	unit_end(&d);
}

static void without_a_daemon_it_is_ended_in_time(void)
{
	struct unit_driver d;
	struct fake c;
	int status;

	begin(&d, &c);
	unit_send(&d, UNIT_PLAN, &unit_plan_type, &(struct unit_plan){.plan = d.start.plan});
	unit_stop(&d, false);
	unit_expect(&d, UNIT_STOP_CONTAINERS, NULL, NULL, NULL, 0);
	close_fd(&d.shim.control);
	expect(waitpid(c.pid, &status, 0) == c.pid); /* after its five seconds */
	expect(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	unit_await_file(&d, "rec", "timeout");
	unit_reconnect(&d);
	if (d.status.sub != SUB_FAILED)
		unit_await_over(&d, SUB_FAILED, RESULT_TIMEOUT);
	record_fini(&unit_container_type, &c.told);
	unit_end(&d);
}

static void the_client_of_a_container_that_was_stopped_ends_cleanly(void)
{
	struct unit_driver d;
	struct fake c;

	unit_begin(&d, SERVICE_SIMPLE);
	unit_add(&d, EXECUTION_START,
		 "trap 'exit 137' TERM; echo ready >rec; while :; do sleep 0.01; done");
	unit_run(&d);
	unit_await_file(&d, "rec", "ready");
	run_container(&d, &c);
	unit_stop(&d, false);
	unit_expect(&d, UNIT_STOP_CONTAINERS, NULL, NULL, NULL, 0);
	end_container(&d, &c, 137);
	unit_await_over(&d, SUB_DEAD, RESULT_SUCCESS);
	expect_equal(d.status.main.status, 137);
	unit_end(&d);
}

static void the_end_of_its_client_awaits_its_removal(void)
{
	struct unit_driver d;
	struct fake c;
	int status;

	begin(&d, &c);
	/* the container ends, then its client, and only then it is removed */
	expect(kill(c.pid, SIGKILL) == 0);
	expect(waitpid(c.pid, &status, 0) == c.pid);
	expect(kill((pid_t)d.status.main_pid, SIGKILL) == 0);
	unit_expect(&d, UNIT_STOP_CONTAINERS, NULL, NULL, NULL, 0);
	unit_expect_file(&d, "rec", "");
	end_container(&d, &c, 137);
	unit_await_over(&d, SUB_FAILED, RESULT_SIGNAL);
	unit_expect_file(&d, "rec", "signal killed KILL\n");
	unit_end(&d);
}

const struct scenario unit_container_scenarios[] = {
	SCENARIO(a_container_goes_on_as_the_main_process),
	SCENARIO(a_stop_waits_until_it_is_gone),
	SCENARIO(another_daemon_is_asked_again),
	SCENARIO(without_a_daemon_it_is_ended_in_time),
	SCENARIO(the_client_of_a_container_that_was_stopped_ends_cleanly),
	SCENARIO(the_end_of_its_client_awaits_its_removal),
	{NULL, NULL},
};
