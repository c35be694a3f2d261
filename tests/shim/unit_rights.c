/* What the processes of a unit see and may do. */
#include "scenario.h"
#include "unit_driver.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* A oneshot runs the script under the context that `set` makes, and writes to "rec". */
static struct execution_context *begin(struct unit_driver *d, const char *script)
{
	unit_begin(d, SERVICE_ONESHOT);
	d->start.worker = str_format("%s/wherry-worker", getenv("WHERRY_BUILD"));
	unit_add(d, EXECUTION_START, script);
	return &d->start.plan.context;
}

static void runs(struct unit_driver *d, const char *expected)
{
	unit_start(d);
	do
		unit_await_status(d);
	while (d->status.sub != SUB_DEAD && d->status.sub != SUB_FAILED);
	if (d->status.sub == SUB_FAILED) {
		scoped_free char *text = unit_journal_text(d);

		fail("it failed: %s", text);
	}
	unit_expect_file(d, "rec", expected);
	unit_end(d);
}

static void fails_with(struct unit_driver *d, int code)
{
	unit_start(d);
	unit_await_over(d, SUB_FAILED, RESULT_EXIT_CODE);
	expect_equal(d->status.main.status, code);
	unit_end(d);
}

/* ---- who ---- */

static void a_user_with_groups_and_variables(void)
{
	struct unit_driver d;
	struct execution_context *c = begin(
		&d, "echo $(id -u) $(id -g) $(id -G | tr ' ' '\\n' | grep -x 4) $USER $LOGNAME "
		    "$HOME $SHELL >rec");

	c->user = str_dup("nobody");
	c->group = str_dup("daemon");
	strings_add(&c->supplementary_groups, "adm");
	runs(&d, "65534 1 4 nobody nobody /nonexistent /usr/sbin/nologin\n");
}

static void a_plus_runs_as_root(void)
{
	struct unit_driver d;
	struct execution_context *c = begin(&d, "id -u >>rec");

	c->user = str_dup("nobody");
	c->protect_system = PROTECT_STRICT;
	unit_add(&d, EXECUTION_START,
		 "id -u >rec; touch /var/tmp/wherry-plus && rm /var/tmp/wherry-plus")
		->privileges = EXECUTION_FULL;
	record_list_remove(&execution_command_type, &d.start.plan.commands[EXECUTION_START], 0);
	runs(&d, "0\n");
}

static void limits_and_priorities(void)
{
	struct unit_driver d;
	struct execution_context *c = begin(
		&d, "echo $(ulimit -Sn) $(ulimit -Hn) $(nice) $(cat /proc/self/oom_score_adj) "
		    "$(umask) $(taskset -p $$ | sed 's/.*: //') >rec");
	struct execution_rlimit *limit = record_list_add(&execution_rlimit_type, &c->rlimits);

	limit->name = str_dup("nofile");
	limit->soft = 100;
	limit->hard = 200;
	c->nice = (struct optional_i64){true, 5};
	c->oom_score_adjust = (struct optional_i64){true, 300};
	c->umask = (struct optional_i64){true, 077};
	c->cpu_affinity = str_dup("0");
	runs(&d, "100 200 5 300 0077 1\n");
}

static void a_limit_of_the_group_holds(void)
{
	struct unit_driver d;

	begin(&d, "f=$(sed -n 's/.*:memory:\\(.*\\)/\\1/p' /proc/self/cgroup); "
		  "cat /sys/fs/cgroup/memory${f%/self}/memory.limit_in_bytes >rec || "
		  "cat /sys/fs/cgroup$(sed -n 's/^0:://p' /proc/self/cgroup)/../memory.max >rec");
	d.start.plan.limits.memory_max = (struct optional_i64){true, 64 << 20};
	d.start.plan.limits.cpu_weight = (struct optional_i64){true, 50};
	d.start.plan.limits.cpu_quota_us = (struct optional_i64){true, 500000};
	d.start.plan.limits.io_weight = (struct optional_i64){true, 50};
	runs(&d, "67108864\n");
}

static void what_the_daemon_was_given_is_not_its_units(void)
{
	struct unit_driver d;
	FILE *own = fopen("/proc/self/oom_score_adj", "we");

	fputs("300", own);
	fclose(own);
	begin(&d, "echo $(cat /proc/self/oom_score_adj) $(ulimit -Sn) >rec");
	runs(&d, "0 1024\n");
}

static void a_delegated_group_is_the_users(void)
{
	struct unit_driver d;
	struct execution_context *c = begin(
		&d, "f=$(sed -n 's/^0:://p' /proc/self/cgroup); t=; for m in "
		    "/sys/fs/cgroup/unified /sys/fs/cgroup; do [ -e $m/cgroup.controllers ] || "
		    "continue; "
		    "t=$m; mkdir $m$f/sub && echo made >>rec; done; [ $t ] || echo made >>rec");

	c->user = str_dup("nobody");
	d.start.plan.limits.delegate = true;
	runs(&d, "made\n");
}

static void devices_that_are_not_allowed(void)
{
	struct unit_driver d;
	struct execution_device *device;

	begin(&d,
	      "echo x >/dev/null && echo null >>rec; head -c 1 /dev/zero >/dev/null 2>&1 && "
	      "echo zero >>rec; head -c 1 /dev/urandom >/dev/null 2>&1 && echo random >>rec; true");
	d.start.plan.limits.device_policy = str_dup("strict");
	device = record_list_add(&execution_device_type, &d.start.plan.limits.devices);
	device->path = str_dup("/dev/null");
	device = record_list_add(&execution_device_type, &d.start.plan.limits.devices);
	device->path = str_dup("/dev/zero");
	device->access = str_dup("r");
	runs(&d, "null\nzero\n");
}

static void memory_that_is_missing_ends_the_unit(void)
{
	struct unit_driver d;

	begin(&d, "exec tail /dev/zero");
	d.start.plan.limits.memory_max = (struct optional_i64){true, 16 << 20};
	d.start.plan.limits.memory_swap_max = (struct optional_i64){true, 0};
	unit_start(&d);
	unit_await_over(&d, SUB_FAILED, RESULT_OOM_KILL);
	unit_end(&d);
}

/* ---- folders ---- */

static void folders_are_made_and_owned(void)
{
	struct unit_driver d;
	struct execution_context *c =
		begin(&d, "echo $RUNTIME_DIRECTORY $STATE_DIRECTORY >rec; touch "
			  "$RUNTIME_DIRECTORY/x $STATE_DIRECTORY/x; stat -c '%U %a' "
			  "$RUNTIME_DIRECTORY >>rec");
	struct stat st;

	c->user = str_dup("nobody");
	strings_add(&c->folders[FOLDER_RUNTIME].names, "wherry-test-run");
	c->folders[FOLDER_RUNTIME].mode = 0700;
	strings_add(&c->folders[FOLDER_STATE].names, "wherry-test/state");
	runs(&d, "/run/wherry-test-run /var/lib/wherry-test/state\nnobody 700\n");
	expect(stat("/run/wherry-test-run", &st) < 0);
	expect(stat("/var/lib/wherry-test/state/x", &st) == 0);
	expect(system("rm -r /var/lib/wherry-test") == 0);
}

static void a_folder_that_cannot_be_made_is_233(void)
{
	struct unit_driver d;
	struct execution_context *c = begin(&d, "true");

	strings_add(&c->folders[FOLDER_RUNTIME].names, "../etc");
	fails_with(&d, 233);
}

static void credentials_are_for_the_user_alone(void)
{
	struct unit_driver d;
	struct execution_context *c = begin(
		&d, "cat $CREDENTIALS_DIRECTORY/word >rec; echo >>rec; "
		    "stat -c '%U %a' $CREDENTIALS_DIRECTORY $CREDENTIALS_DIRECTORY/word >>rec");
	struct execution_credential *credential =
		record_list_add(&execution_credential_type, &c->credentials);
	struct stat st;

	c->user = str_dup("nobody");
	credential->name = str_dup("word");
	buffer_add_text(&credential->data, "secret");
	runs(&d, "secret\nnobody 500\nnobody 400\n");
	expect(stat("/run/credentials/test.service", &st) < 0);
}

/* ---- input and output ---- */

static void data_is_input_and_files_are_output(void)
{
	struct unit_driver d;
	struct execution_context *c = begin(&d, "cat; echo err >&2");

	c->in = INPUT_DATA;
	buffer_add_text(&c->in_data, "data\n");
	c->out = c->err = OUTPUT_APPEND;
	c->out_path = unit_path(&d, "rec");
	c->err_path = unit_path(&d, "rec");
	unit_add(&d, EXECUTION_START, "echo more");
	runs(&d, "data\nerr\nmore\n");
}

/* ---- mounts ---- */

static void a_strict_system_is_read_only(void)
{
	struct unit_driver d;
	struct execution_context *c =
		begin(&d, "for f in /etc/x-wherry /usr/x-wherry /root/x-wherry; do "
			  "touch $f 2>/dev/null && echo $f is writable; done; echo x >/dev/null; "
			  "touch /tmp/x && echo private; touch $STATE_DIRECTORY/x && echo state");

	/* what a killed shim left goes, what is somebody else's stays */
	expect(system("mkdir -p /tmp/wherry-private-test.service-aaaaaa/tmp "
		      "/tmp/wherry-private-test.service-bbbbbb && "
		      "chown nobody /tmp/wherry-private-test.service-bbbbbb") == 0);
	c->protect_system = PROTECT_STRICT;
	c->private_tmp = true;
	strings_add(&c->folders[FOLDER_STATE].names, "wherry-test");
	/* its scratch folder is below the host's /tmp, which it does not see */
	str_replace(&c->working_folder, "/");
	c->out = OUTPUT_APPEND;
	c->out_path = unit_path(&d, "rec");
	runs(&d, "private\nstate\n");
	expect(access("/tmp/x", F_OK) < 0);
	expect(system("rm -r /var/lib/wherry-test; for i in $(seq 500); do "
		      "[ $(ls -d /tmp/wherry-private-* | wc -l) = 1 ] && "
		      "rmdir /tmp/wherry-private-test.service-bbbbbb && exit 0; sleep 0.02; done; "
		      "exit 1") == 0);
}

static void homes_and_paths_are_hidden(void)
{
	struct unit_driver d;
	struct execution_context *c = begin(
		&d, "ls /root/* /home/* 2>/dev/null >>rec; cat /etc/hostname >>rec 2>/dev/null; "
		    "touch /srv/x-wherry 2>/dev/null && echo srv >>rec; echo done >>rec");

	c->user = str_dup("nobody");
	c->protect_home = HOME_YES;
	strings_add(&c->inaccessible_paths, "/etc/hostname");
	strings_add(&c->inaccessible_paths, "-/no/such/path");
	strings_add(&c->read_only_paths, "/srv");
	runs(&d, "done\n");
}

static void a_path_that_is_missing_is_226(void)
{
	struct unit_driver d;
	struct execution_context *c = begin(&d, "true");

	strings_add(&c->read_only_paths, "/no/such/path");
	fails_with(&d, 226);
}

static void binds_and_memory_files(void)
{
	struct unit_driver d;
	struct execution_context *c =
		begin(&d, "cat bound/hostname | cmp - /etc/hostname && echo bound >>rec; "
			  "touch bound/x 2>/dev/null && echo writable >>rec; "
			  "touch /mnt/wherry-unit-x && stat -f -c %T /mnt >>rec");
	struct execution_path_pair *bind =
		record_list_add(&execution_path_pair_type, &c->bind_paths);
	struct execution_path_pair *memory =
		record_list_add(&execution_path_pair_type, &c->temporary_paths);

	bind->source = str_dup("/etc");
	bind->target = unit_path(&d, "bound");
	bind->read_only = bind->recursive = true;
	memory->source = str_dup("/mnt");
	memory->target = str_dup("size=1m");
	runs(&d, "bound\ntmpfs\n");
	expect(access("/mnt/wherry-unit-x", F_OK) < 0);
}

static void a_root_of_its_own(void)
{
	struct unit_driver d;
	struct execution_context *c;
	scoped_free char *make = NULL;

	unit_begin(&d, SERVICE_ONESHOT);
	make = str_format("cd %s && mkdir -p root/bin root/proc && cp /bin/busybox root/bin/ && "
			  "ln -s busybox root/bin/sh",
			  d.folder);
	expect(system(make) == 0);
	c = &d.start.plan.context;
	c->root_folder = unit_path(&d, "root");
	str_replace(&c->working_folder, "/");
	unit_add(&d, EXECUTION_START, "echo $(/bin/busybox ls /) >/rec");
	unit_start(&d);
	unit_await_over(&d, SUB_DEAD, RESULT_SUCCESS);
	unit_expect_file(&d, "root/rec", "bin proc\n");
	unit_end(&d);
}

static void private_devices(void)
{
	struct unit_driver d;
	struct execution_context *c =
		begin(&d, "echo $(ls /dev | tr '\\n' ' ') >rec; echo x >/dev/null && head -c 1 "
			  "/dev/zero | od -An -tx1 >>rec; "
			  "mknod x c 1 3 2>/dev/null && echo made >>rec; true");

	c->private_devices = true;
	runs(&d, "core fd full hugepages mqueue null ptmx pts random shm stderr stdin stdout tty "
		 "urandom zero\n 00\n");
}

static void a_private_network_is_shared_by_all_commands(void)
{
	struct unit_driver d;
	struct execution_context *c = begin(&d, "readlink /proc/self/ns/net >net; echo $(ls "
						"/sys/class/net 2>/dev/null | wc -w) >/dev/null; "
						"cat /proc/net/dev | grep -c : >rec");

	char net[64] = "";

	expect(readlink("/proc/self/ns/net", net, sizeof(net) - 1) > 0);
	unit_set(&d, "HOST_NET", net);
	c->private_network = true;
	unit_add(&d, EXECUTION_START,
		 "[ $(readlink /proc/self/ns/net) = $(cat net) ] && echo same >>rec");
	unit_add(&d, EXECUTION_START,
		 "[ $(readlink /proc/self/ns/net) != $HOST_NET ] && echo own "
		 ">>rec");
	runs(&d, "1\nsame\nown\n");
}

/* ---- rights ---- */

static void capabilities_are_bound_and_ambient(void)
{
	struct unit_driver d;
	struct execution_context *c =
		begin(&d, "grep -E 'Cap(Eff|Bnd|Amb)' /proc/self/status | tr '\\n\\t' '  ' >rec; "
			  "grep NoNewPrivs /proc/self/status | tr '\\t' ' ' >>rec");

	c->user = str_dup("nobody");
	c->capability_bounding = (struct optional_i64){true, 1 << 10 | 1 << 5};
	c->ambient_capabilities = 1 << 10;
	c->no_new_privileges = true;
	runs(&d, "CapEff: 0000000000000400 CapBnd: 0000000000000420 CapAmb: 0000000000000400 "
		 "NoNewPrivs: 1\n");
}

static void root_is_bound_too(void)
{
	struct unit_driver d;
	struct execution_context *c =
		begin(&d, "grep CapEff /proc/self/status | tr '\\t' ' ' >rec");

	c->capability_bounding = (struct optional_i64){true, 1 << 10 | 1 << 5};
	runs(&d, "CapEff: 0000000000000420\n");
}

static void a_system_call_that_is_filtered(void)
{
	struct unit_driver d;
	struct execution_context *c =
		begin(&d, "mkdir made 2>/dev/null || echo refused >rec; echo still >>rec");

	strings_add(&c->system_call_filter, "~mkdir mkdirat");
	c->system_call_error = str_dup("EPERM");
	runs(&d, "refused\nstill\n");

	c = begin(&d, "mkdir made; echo never >rec");
	strings_add(&c->system_call_filter, "~mkdir mkdirat");
	runs(&d, "never\n"); /* the shell's child died alone */
}

static void only_what_a_service_needs(void)
{
	struct unit_driver d;
	struct execution_context *c = begin(
		&d, "echo ran >rec; mount -t tmpfs x /mnt 2>/dev/null && echo mounted >>rec; true");

	strings_add(&c->system_call_filter, "@system-service");
	strings_add(&c->system_call_filter, "~@privileged");
	c->system_call_error = str_dup("EPERM");
	strings_add(&c->system_call_architectures, "native");
	runs(&d, "ran\n");
}

static void the_first_forbidden_call_kills(void)
{
	struct unit_driver d;
	struct execution_context *c = begin(&d, "exec mkdir made");

	strings_add(&c->system_call_filter, "~mkdir mkdirat");
	unit_start(&d);
	unit_await(&d, SUB_FAILED);
	expect(d.status.result == RESULT_SIGNAL || d.status.result == RESULT_CORE_DUMP);
	expect_equal(d.status.main.status, SIGSYS);
	unit_end(&d);
}

static void without_a_compiler_it_is_228(void)
{
	struct unit_driver d;
	struct execution_context *c = begin(&d, "true");

	str_replace(&d.start.worker, NULL);
	strings_add(&c->system_call_filter, "~mkdir");
	fails_with(&d, 228);
}

static void restrictions_refuse(void)
{
	struct unit_driver d;
	struct execution_context *c =
		begin(&d, "unshare -U true 2>/dev/null && echo namespace >>rec; touch f; "
			  "chmod u+s f 2>/dev/null && echo suid >>rec; "
			  "chrt -f 1 true 2>/dev/null && echo realtime >>rec; "
			  "setarch -R true 2>/dev/null && echo personality >>rec; "
			  "hostname x-wherry 2>/dev/null && echo hostname >>rec; "
			  "perl -e 'use Socket; socket(my $s, AF_INET, SOCK_STREAM, 0) and print "
			  "\"inet\\n\"; "
			  "socket($s, AF_UNIX, SOCK_STREAM, 0) and print \"unix\\n\"' >>rec; echo "
			  "done >>rec");

	c->restrict_namespaces = str_dup("yes");
	c->restrict_suid_sgid = c->restrict_realtime = c->lock_personality = true;
	c->protect_hostname = c->memory_deny_write_execute = true;
	strings_add(&c->address_families, "AF_UNIX");
	runs(&d, "unix\ndone\n");
}

static void an_outsider_keeps_no_privileges_by_a_filter(void)
{
	struct unit_driver d;
	struct execution_context *c =
		begin(&d, "grep NoNewPrivs /proc/self/status | tr '\\t' ' ' >rec");

	c->user = str_dup("nobody");
	c->lock_personality = true;
	runs(&d, "NoNewPrivs: 1\n");
}

const struct scenario unit_rights_scenarios[] = {
	SCENARIO(a_user_with_groups_and_variables),
	SCENARIO(a_plus_runs_as_root),
	SCENARIO(limits_and_priorities),
	SCENARIO(a_limit_of_the_group_holds),
	SCENARIO(what_the_daemon_was_given_is_not_its_units),
	SCENARIO(a_delegated_group_is_the_users),
	SCENARIO(devices_that_are_not_allowed),
	SCENARIO(memory_that_is_missing_ends_the_unit),
	SCENARIO(folders_are_made_and_owned),
	SCENARIO(a_folder_that_cannot_be_made_is_233),
	SCENARIO(credentials_are_for_the_user_alone),
	SCENARIO(data_is_input_and_files_are_output),
	SCENARIO(a_strict_system_is_read_only),
	SCENARIO(homes_and_paths_are_hidden),
	SCENARIO(a_path_that_is_missing_is_226),
	SCENARIO(binds_and_memory_files),
	SCENARIO(a_root_of_its_own),
	SCENARIO(private_devices),
	SCENARIO(a_private_network_is_shared_by_all_commands),
	SCENARIO(capabilities_are_bound_and_ambient),
	SCENARIO(root_is_bound_too),
	SCENARIO(a_system_call_that_is_filtered),
	SCENARIO(only_what_a_service_needs),
	SCENARIO(the_first_forbidden_call_kills),
	SCENARIO(without_a_compiler_it_is_228),
	SCENARIO(restrictions_refuse),
	SCENARIO(an_outsider_keeps_no_privileges_by_a_filter),
	{NULL, NULL},
};
