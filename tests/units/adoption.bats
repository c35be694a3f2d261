#!/usr/bin/env bats
# kill -9 of the daemon: units go on, and the next daemon knows all of them.

load units

setup() { units_begin; }
teardown() { units_end; }

killed_daemon() {
	daemon_kill
	units_daemon
}

@test "running units, failed ones, targets and their times are found again" {
	unit a Start=Z
	unit f 'Start=F 3'
	unit o 1shot RemainAfterExit=yes Start=true
	printf '[Unit]\nWants=a.service\n' >"$UNITS/t.target"
	start a f o t.target
	comes_to f failed/failed
	local pid=$(main_pid a) since=$(property a ActiveEnterTimestampUSec) up=$(property t.target ActiveEnterTimestampUSec)
	local shape
	for shape in 1 2; do
		killed_daemon
		expect "$(state a)" active/running
		expect "$(main_pid a)" "$pid"
		expect "$(property a ActiveEnterTimestampUSec)" "$since"
		expect "$(state f)" failed/failed
		expect "$(property f ExecMainStatus)" 3
		expect "$(state o)" active/exited
		expect "$(state t.target)" active/active
		expect "$(property t.target ActiveEnterTimestampUSec)" "$up"
	done
	stop a
	expect "$(state a)" inactive/dead
}

@test "what ends while no daemon lives is known to the next; it restarts, or has failed" {
	unit r Restart=always Start=Z
	unit n Start=Z
	start r n
	local r=$(main_pid r) n=$(main_pid n)
	daemon_kill
	kill -KILL "$r" "$n"
	units_daemon
	becomes r active
	wait_until 10 eval '[ "$(property r NRestarts)" = 1 ]'
	[ "$(main_pid r)" != "$r" ]
	expect "$(state n)" failed/failed
	expect "$(result n)" signal
}

@test "a pending restart is still pending, with its counter" {
	unit p 'Start=F 1' Restart=always RestartSec=3 StartLimitBurst=10
	start p
	wait_until 20 eval '[ "$(property p NRestarts)" = 1 ]'
	comes_to p activating/auto-restart
	killed_daemon
	[ "$(property p NRestarts)" -ge 1 ]
	wait_until 20 eval '[ "$(property p NRestarts)" -ge 2 ]'
}

lives_again() { [ "$(wc -l <"$RECORD")" -gt "$1" ]; }

@test "what ends and restarts all the time goes on, at whatever moment its daemon is killed, and never twice" {
	unit m StartLimitIntervalSec=0 Restart=always RestartSec=0 \
		"Start=sh{exec 9>$SCRATCH/lock; flock -n 9 || touch $SCRATCH/twice; echo >>$RECORD}"
	start m
	for _ in {1..12}; do
		nap "0.0$((RANDOM % 10))"
		killed_daemon
		local lives=$(wc -l <"$RECORD")
		wait_until 20 lives_again "$lives"
	done
	stop m
	expect "$(state m)" inactive/dead
	[ ! -e "$SCRATCH/twice" ]
	wait_until 10 has_no_group m
}

@test "a start that was under way goes on, a queued one too" {
	unit slow 1shot RemainAfterExit=yes "Start=sh{while [ ! -e $SCRATCH/go ]; do sleep 0.1; done}"
	unit after After=slow.service Start=Z
	NO_BLOCK=true start slow after
	comes_to slow activating/start
	killed_daemon
	expect "$(state slow)" activating/start
	expect "$(get /jobs | jq -r '.[].Unit' | sort | paste -sd' ')" "after.service slow.service"
	touch "$SCRATCH/go"
	comes_to slow active/exited
	comes_to after active/running
}

@test "a shim that dies takes its unit along, and the unit says so" {
	unit s Start=Z
	start s
	local pid=$(main_pid s) shim
	shim=$(ps -o ppid= -p "$pid" | tr -d ' ')
	kill -KILL "$shim"
	becomes s failed
	wait_until 10 eval '! kill -0 '"$pid"' 2>/dev/null'
	start s
	expect "$(state s)" active/running
}

@test "500 jobs under kill -9: no unit is lost, and none runs twice" {
	local i round units=()
	for i in $(seq 10); do
		unit k$i StartLimitIntervalSec=0 "Start=sh{echo \$\$\$\$ >$SCRATCH/pid.k$i; exec sleep 1000}"
		units+=("k$i")
	done
	for round in $(seq 5); do
		for i in $(seq 10); do # 100 jobs a round, ten at a time, in no order
			verb "$(shuf -n1 -e start stop restart)" $(shuf -n10 -e "${units[@]}") >/dev/null 2>&1 3>&- &
		done
		nap "0.$((RANDOM % 5))"
		daemon_kill
		wait
		units_daemon
		wait_until 30 eval '[ "$(get /jobs)" = "[]" ]'
	done
	start "${units[@]}"
	for i in "${units[@]}"; do
		expect "$(state "$i")" active/running
		wait_until 10 has_written_pid "$i" # what it does once it runs is not waited for by its start
		expect "$(get "/units/$i.service" | jq '[.Cgroup | .. | .Pid? // empty] | length')" 1
	done
	stop "${units[@]}"
	for i in "${units[@]}"; do
		expect "$(state "$i")" inactive/dead
	done
	wait_until 10 no_shims
}
has_written_pid() { [ "$(cat "$SCRATCH/pid.$1")" = "$(main_pid "$1")" ]; }
no_shims() { [ -z "$(pgrep -f 'wherry-shim unit')" ]; }

@test "shims of a former build, whose folders lay among submitted units, are found there until they end" {
	unit a Type=notify NotifyAccess=all "Start=sh{$SCRATCH/bin/notify $SCRATCH/first; while [ ! -e $SCRATCH/go ]; do sleep 0.1; done; $SCRATCH/bin/notify $SCRATCH/second; exec sleep 1000}"
	unit f 'Start=F 3'
	echo READY=1 >"$SCRATCH/first"
	echo STATUS=later >"$SCRATCH/second"
	start a f
	comes_to f failed/failed
	local pid=$(main_pid a)
	daemon_kill
	mkdir -p "$SCRATCH/run/units/a.service.d"
	mv "$SCRATCH/run/u/a.service" "$SCRATCH/run/u/f.service" "$SCRATCH/run/units/"
	ln -s "$SCRATCH/run/units/a.service" "$SCRATCH/run/u/a.service" # where its processes look for it
	units_daemon
	comes_to a active/running
	expect "$(main_pid a)" "$pid"
	expect "$(state f)" failed/failed
	[ -d "$SCRATCH/run/u/f.service" ]
	touch "$SCRATCH/go"
	wait_until 10 eval '[ "$(get /units/a.service | jq -r .StatusText)" = later ]'
	stop a
	expect "$(state a)" inactive/dead
	wait_until 10 test ! -e "$SCRATCH/run/units/a.service"
	[ -d "$SCRATCH/run/units/a.service.d" ]
	start a
	[ -d "$SCRATCH/run/u/a.service" ] && [ ! -L "$SCRATCH/run/u/a.service" ]
	expect "$(state a)" active/running
}
