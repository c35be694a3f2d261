#!/usr/bin/env bats
# Run inside the virtual machine, after guest.bats: units of ours with systemd as their supervisor.  What
# `wherry unit` says is compared with what `systemctl` says of the same unit.  The tests build on each other.
# Also by themselves, with tests/vm/here: there control groups may be hybrid.

load ../lib/wherry

setup_file() {
	export SCRATCH=/root/scratch SOCKET=/run/wherry/wherry.sock WHERRY_HOST=unix:///run/wherry/wherry.sock
	mkdir -p "$SCRATCH" /etc/wherry/units
	cd /etc/wherry/units
	sleeps() { printf "[Service]\nExecStart=/bin/sleep 1000\n$1" ; }
	sleeps >early.service
	sleeps 'MemoryMax=64M\n[Unit]\nDescription=It sleeps\n[Install]\nWantedBy=multi-user.target\n' >asleep.service
	printf '[Service]\nType=oneshot\nExecStart=/bin/sh -c "exit 3"\n' >wrong.service
	sleeps 'Restart=always\nRestartSec=0\n' >base.service
	sleeps '[Unit]\nRequires=base.service\nAfter=base.service\n' >above.service
	sleeps 'Type=notify\n' >hangs.service
	sleeps >taken.service
	printf '[Unit]\nAllowIsolate=yes\n' >alone.target
	printf '[Service]\nExecStart=/usr/bin/docker run --rm --name boxed -m 32m busybox sleep 1000\nExecStop=/usr/bin/docker stop -t 0 boxed\nSuccessExitStatus=137\nSlice=fleet.slice\n' >boxed.service
}

answers() { curl -sf -o /dev/null --unix-socket "$SOCKET" http://x/_ping; }
unit_is() { [ "$(wherry unit is-active "$1")" = "$2" ]; }
shows() { wherry unit show -p "$2" --value "$1"; }
theirs() { systemctl show -p "$2" --value "$1"; }
agree() { [ "$(shows "$1" "$2")" = "$(theirs "$1" "$2")" ]; }
memory_limit() { # GROUP
	cat "/sys/fs/cgroup$1/memory.max" 2>/dev/null || cat "/sys/fs/cgroup/memory$1/memory.limit_in_bytes"
}
tracked=/sys/fs/cgroup # where systemd keeps processes
[ -e $tracked/cgroup.controllers ] || tracked=/sys/fs/cgroup/systemd
supervise() { # by whom
	printf '{"supervisor": "%s"}\n' "$1" >/etc/wherry/wherry.json
	systemctl restart wherry.service
	wait_until 30 answers
}

@test "a unit that our own supervisor runs stays with it until it has stopped" {
	systemctl start wherry.service
	wait_until 20 answers
	wherry unit start early
	supervise systemd
	unit_is early active
	[ ! -e /run/systemd/system/early.service ]
	run wherry unit restart early
	echo "$output"
	[ "$status" = 1 ]
	[[ $output == *"early.service still runs under wherry's own supervisor"*"stop it first"* ]]
	wherry unit stop early
	wherry unit start early
	[ "$(systemctl is-active early)" = active ]
	agree early MainPID
	wherry unit stop early
	[ "$(systemctl is-active early)" = inactive ]
}

@test "with --supervisor=systemd a unit of ours is systemd's: start, state, group, stop" {
	head -1 /run/systemd/system/asleep.service | grep -q '^# Written by wherry'
	unit_is asleep inactive
	wherry unit start asleep
	unit_is asleep active
	agree asleep MainPID
	agree asleep InvocationID
	local pid
	pid=$(shows asleep MainPID)
	grep -qx '0::/system.slice/asleep.service' "/proc/$pid/cgroup"
	[ "$(memory_limit /system.slice/asleep.service)" = 67108864 ]
	run wherry unit status asleep
	echo "$output"
	[ "$status" = 0 ]
	[[ $output == *"Active: active (running)"*"Main PID: $pid"*"CGroup: /system.slice/asleep.service"*"sleep 1000"* ]]
	wherry unit list-units | grep -q '^  asleep.service  *loaded active running It sleeps'
	curl -sf --unix-socket "$SOCKET" http://x/wherry/v1/units/asleep.service |
		jq -e --arg pid "$pid" '.Properties.ActiveState == "active" and .Properties.MainPID == $pid'
	wherry unit restart asleep
	[ "$(shows asleep MainPID)" != "$pid" ]
	agree asleep MainPID
	wherry unit stop asleep
	unit_is asleep inactive
	[ "$(systemctl is-active asleep)" = inactive ]
}

@test "what systemctl does is seen by wherry" {
	systemctl start asleep
	wait_until 10 unit_is asleep active
	agree asleep MainPID
	systemctl stop asleep
	wait_until 10 unit_is asleep inactive
	[ "$(shows asleep InactiveEnterTimestampMonotonic)" -gt "$(shows asleep ActiveEnterTimestampMonotonic)" ]
}

@test "failures have systemd's results, and kill and reset-failed reach it" {
	run wherry unit start wrong
	echo "$output"
	[ "$status" = 1 ]
	[[ $output == *"Job for wrong.service failed because the control process exited with error code."* ]]
	unit_is wrong failed
	[ "$(shows wrong Result)" = exit-code ]
	[ "$(shows wrong ExecMainStatus)" = 3 ]
	wherry unit list-units --failed | grep -q wrong.service
	wherry unit reset-failed wrong
	wait_until 10 unit_is wrong inactive
	wherry unit start asleep
	wherry unit kill -s KILL asleep
	wait_until 10 unit_is asleep failed
	agree asleep Result
	wherry unit reset-failed asleep
}

@test "dependencies, order and automatic restarts are systemd's" {
	wherry unit start above
	unit_is base active
	kill -KILL "$(shows base MainPID)"
	wait_until 20 eval '[ "$(shows base NRestarts)" = 1 ] && unit_is base active'
	agree base NRestarts
	wherry unit stop base
	wait_until 10 unit_is above inactive
}

@test "a job that hangs is listed, and canceled in systemd" {
	wherry unit start --no-block hangs
	wait_until 10 unit_is hangs activating
	local job
	job=$(wherry unit list-jobs | awk '$2 == "hangs.service" {print $1}')
	wherry unit cancel "$job"
	wait_until 10 eval '[ -z "$(systemctl list-jobs --no-legend | grep hangs)" ]'
	wait_until 10 eval '[[ $(wherry unit list-jobs) == *"No jobs"* ]]'
	wherry unit stop hangs
}

@test "isolate would be about the whole host, and is refused by name" {
	run wherry unit isolate alone.target
	echo "$output"
	[ "$status" != 0 ]
	[[ $output == *"alone.target is systemd's"*"use systemctl"* ]]
}

# ---- containers ----

container_group() { sed -n 's/^0:://p' "/proc/$(wherry inspect -f '{{.State.Pid}}' "$1")/cgroup"; }
runs() { [ "$(wherry inspect -f '{{.State.Status}}' "$1" 2>&1)" = running ]; }

@test "a container that a unit of systemd's starts is in a scope beside it, and the unit's" {
	busybox_image
	wherry unit start boxed
	wait_until 20 runs boxed
	local id group
	id=$(wherry inspect -f '{{.Id}}' boxed)
	group=$(container_group boxed)
	echo "$group"
	[ "$group" = "/fleet.slice/wherry-$id.scope/container-$id" ]
	[ "$(memory_limit "$group")" = 33554432 ]
	wherry unit status boxed | grep -q "─container boxed "
	[ -z "$(find $tracked/fleet.slice/boxed.service -mindepth 1 -type d)" ]
	[ "$(systemctl is-active "wherry-$id.scope")" = active ]
	[ "$(theirs "wherry-$id.scope" Delegate)" = yes ]
	# nobody of ours stays inside
	wait_until 10 eval '[ -z "$(cat $tracked/fleet.slice/wherry-'"$id"'.scope/{,self/}cgroup.procs 2>/dev/null)" ]'
	wherry unit stop boxed
	unit_is boxed inactive
	[ -z "$(wherry ps -aq --filter name=boxed)" ]
	wait_until 10 eval '[ ! -e $tracked/fleet.slice/wherry-'"$id"'.scope ]'
}

@test "a container whose unit has left is stopped; one whose daemon is restarted is not" {
	wherry unit start boxed
	wait_until 20 runs boxed
	local pid
	pid=$(wherry inspect -f '{{.State.Pid}}' boxed)
	systemctl restart wherry.service
	wait_until 20 answers
	unit_is boxed active
	[ "$(wherry inspect -f '{{.State.Pid}}' boxed)" = "$pid" ]
	systemctl kill -s KILL boxed # the client alone: the container is in no group of the unit
	wait_until 10 unit_is boxed failed
	wait_until 20 eval '[ -z "$(wherry ps -q --filter name=boxed)" ]'
	wherry unit reset-failed boxed
}

# ---- two supervisors ----

@test "a name that systemd has from elsewhere is refused, and its unit left alone" {
	wherry unit is-active early >/dev/null || true
	rm /run/systemd/system/taken.service
	printf '[Service]\nExecStart=/bin/sleep 2000\n' >/etc/systemd/system/taken.service
	run wherry unit start taken
	echo "$output"
	[ "$status" = 1 ]
	[[ $output == *"taken.service is not handed over to systemd: systemd has a unit of that name: '/etc/systemd/system/taken.service'"* ]]
	[ ! -e /run/systemd/system/taken.service ]
	rm /etc/systemd/system/taken.service
}

@test "units go on over a restart of the daemon and a death of its worker; what is enabled starts" {
	wherry unit enable asleep
	wherry unit start early
	local pid
	pid=$(shows early MainPID)
	systemctl restart wherry.service
	wait_until 20 answers
	unit_is early active
	[ "$(shows early MainPID)" = "$pid" ]
	wait_until 20 unit_is asleep active
	agree asleep MainPID
	kill -KILL "$(pgrep -f 'wherry-worker bus')"
	systemctl stop early
	wait_until 20 unit_is early inactive
}

@test "without the setting a unit that systemd still runs is not started a second time" {
	supervise wherry
	unit_is early inactive
	run wherry unit start asleep
	echo "$output"
	[ "$status" = 1 ]
	[[ $output == *"asleep.service runs under the host's systemd: stop it there first (systemctl stop asleep.service)"* ]]
	systemctl stop asleep
	wherry unit start asleep
	grep -q '^0::/wherry/system.slice/asleep.service' "/proc/$(shows asleep MainPID)/cgroup"
	wherry unit stop asleep
}

@test "files that have gone are taken away from systemd with the next daemon-reload" {
	supervise systemd
	[ -e /run/systemd/system/wrong.service ]
	rm -r /etc/wherry/units/*
	wherry unit daemon-reload
	[ -z "$(grep -rl '^# Written by wherry' /run/systemd/system)" ]
	run wherry unit start wrong
	echo "$output"
	[ "$status" = 5 ]
	systemctl stop wherry.service
	rm /etc/wherry/wherry.json
	wait_until 10 eval '[ -z "$(pgrep -f "wherry-worker bus")" ]'
}
