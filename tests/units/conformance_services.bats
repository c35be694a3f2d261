#!/usr/bin/env bats
# Services of all types: phases in order, results, stops, restarts.

load units

setup_file() { units_begin; }
teardown_file() { units_end; }
setup() {
	UNITS=$SCRATCH/units RECORD=$SCRATCH/record
	: >"$RECORD"
}
teardown() { units_stop_all; }

@test "a program that is not there: simple starts and fails, exec fails the start" {
	unit a1 Start=/no/x
	start a1
	comes_to a1 failed/failed
	expect "$(property a1 ExecMainStatus)" 203
	unit a2 Type=exec Start=/no/x
	run start a2
	[ "$status" = 1 ]
	unit a3 Type=exec User=nosuch Start=Z
	run start a3
	[ "$status" = 1 ]
	expect "$(property a3 ExecMainStatus)" 217
	unit a4 Type=exec WorkingDirectory=/no Start=Z
	run start a4
	[ "$status" = 1 ]
	expect "$(property a4 ExecMainStatus)" 200
}

@test "a failing ExecStartPre= ends the start, and no ExecStart= is run" {
	unit b 1shot 'Pre=F 7' 'Start=L no' P
	run start b
	[ "$status" = 1 ]
	[[ $output == *failed*exit-code* ]]
	records "exit-code"
}

@test "all phases in order, with reload and stop" {
	unit c 'Cond=L cond' 'Pre=L pre' Start=Z 'Post=L post' 'Reload=L reload' 'Stop=L stop' P
	start c
	expect "$(state c)" active/running
	verb reload c
	stop c
	records "[cond] [pre] [post] [reload] [stop] success killed TERM"
	expect "$(state c)" inactive/dead
}

@test "a clean exit runs ExecStop=, a bad one does not" {
	unit d1 'Start=F 0' 'Stop=sh{echo stop:$MAINPID >>'"$RECORD"'}' P
	start d1
	records "stop: success exited 0"
	comes_to d1 inactive/dead
	: >"$RECORD"
	unit d2 'Start=F 4' 'Stop=L stop' P
	start d2
	records "exit-code exited 4"
	comes_to d2 failed/failed
}

@test "ExecCondition= 1 is no failure" {
	unit e 'Cond=F 1' Start=Z 'StopPost=L post'
	start e
	records "[post]"
	comes_to e inactive/dead
}

@test "a failing ExecStartPost= kills and fails" {
	unit f Start=Z 'Post=F 9' 'Stop=L stop' P
	run start f
	[ "$status" = 1 ]
	records "exit-code killed TERM"
	expect "$(state f)" failed/failed
}

@test "a failing reload fails its job alone; without ExecReload= it is refused with 3" {
	unit g Start=Z 'Reload=F 1'
	start g
	run verb reload g
	[ "$status" = 1 ]
	expect "$(state g)" active/running
	expect "$(result g)" success
	unit g2 Start=Z
	start g2
	run verb reload g2
	[ "$status" = 3 ]
}

@test "a failing ExecStop= is no failure of the stop, but of the unit" {
	unit h Start=Z 'Stop=F 1' P
	start h
	stop h
	records "exit-code killed TERM"
	expect "$(state h)" failed/failed
}

@test "who ignores SIGTERM is killed after TimeoutStopSec=" {
	unit i "Start=sh{trap \"\" TERM; echo deaf >>$RECORD; while :; do sleep 1; done}" TimeoutStopSec=1 P
	start i
	records deaf
	stop i
	records "deaf timeout killed KILL"
	expect "$(state i)" failed/failed
}

@test "a start that takes too long is a timeout" {
	unit j 1shot Start=Z TimeoutStartSec=1 P
	run start j
	[ "$status" = 1 ]
	[[ $output == *timeout* ]]
	records "timeout killed TERM"
}

@test "notify: READY=1 is what is waited for, and STATUS= is shown" {
	unit k1 Type=notify 'Start=F 0'
	run start k1
	[ "$status" = 1 ]
	[[ $output == *protocol* ]]
	unit k2 Type=notify NotifyAccess=all "Start=sh{printf \"STATUS=x\\\\nREADY=1\" | $SCRATCH/bin/notify /dev/stdin; exec sleep 1000}"
	start k2
	expect "$(state k2)" active/running
	expect "$(property k2 StatusText)" x
}

@test "a service that needs a bus is unsupported, and says so" {
	unit bus BusName=org.example.Bus Start=Z
	run start bus
	[ "$status" = 1 ]
	expect "$output" "bus.service unsupported "
	expect "$(state bus)" inactive/dead
	wait_until 10 eval 'get "/journal?unit=bus.service&output=cat" | grep -qF "Type=dbus is not supported: there is no bus."'
	unit wants-bus Wants=bus.service After=bus.service Start=Z
	start wants-bus
	mkdir "$UNITS/bus.service.d"
	printf '[Service]\nType=simple\n' >"$UNITS/bus.service.d/type.conf"
	reload
	start bus
	expect "$(state bus)" active/running
}

@test "forking: the main process is that of the pid file" {
	unit l Type=forking "PIDFile=$SCRATCH/pid" "Start=sh{sleep 1000 & echo \$\$! >$SCRATCH/pid}"
	start l
	expect "$(state l)" active/running
	expect "$(main_pid l)" "$(cat "$SCRATCH/pid")"
}

@test "a oneshot ends with the first command that fails, unless that is marked" {
	unit m1 1shot 'Start=L 1' 'Start=F 1' 'Start=L 3'
	run start m1
	[ "$status" = 1 ]
	records "[1]"
	: >"$RECORD"
	unit m2 1shot Start=-/no/x 'Start=L ok'
	start m2
	records "[ok]"
	unit m3 1shot 'Start=sh{kill -TERM $$$$}'
	run start m3
	[ "$status" = 1 ]
	expect "$(result m3)" signal
}

@test "an exit of 143 is not clean, and a stop is never restarted" {
	unit n "Start=sh{trap \"exit 143\" TERM; echo minds >>$RECORD; while :; do sleep 0.1; done}" Restart=always
	start n
	records minds
	stop n
	expect "$(state n)" failed/failed
	expect "$(property n NRestarts)" 0
}

@test "KillMode=process leaves the others alone" {
	unit o KillMode=process 'Start=sh{sleep 1000 & sleep 1001 & wait}'
	start o
	wait_until 10 eval '[ "$(get /units/o.service | jq "[.Cgroup | .. | .Pid? // empty] | length")" = 3 ]'
	stop o
	expect "$(state o)" inactive/dead
	[ "$(get /units/o.service | jq '[.Cgroup | .. | .Pid? // empty] | length')" = 2 ]
	kill $(get /units/o.service | jq '.Cgroup | .. | .Pid? // empty')
}

@test "a start that is under way can be stopped: its waiter is told so" {
	unit p Pre=Z Start=Z
	start p >"$SCRATCH/waiter" 2>&1 3>&- &
	local waiter=$!
	comes_to p activating/start-pre
	stop p
	wait $waiter && false
	grep -q canceled "$SCRATCH/waiter"
	expect "$(state p)" failed/failed # by the signal that ended ExecStartPre=
}

@test "a signal reaches the unit's processes" {
	unit q Start=Z
	start q
	kill_unit q 12
	comes_to q failed/failed
	expect "$(result q)" signal
}

# ---- restarts ----

@test "RestartSec= is waited for, and a stop ends the wait" {
	unit r1 'Start=F 2' Restart=always RestartSec=30
	start r1
	comes_to r1 activating/auto-restart
	expect "$(result r1)" exit-code
	stop r1
	expect "$(state r1)" inactive/dead
}

# Whatever the service has said before the order meets it, and whether it is just about to start again.
@test "a stop ends what dies and restarts all the time, at whatever moment it comes" {
	unit mortal 'Start=F 0' Restart=always RestartSec=0 StartLimitIntervalSec=0
	for _ in {1..25}; do
		start mortal >/dev/null
		stop mortal
		expect "$(state mortal)" inactive/dead
	done
}

weight_of() { find $(group_of "$1") -maxdepth 1 \( -name cpu.shares -o -name cpu.weight \) -exec cat {} +; }
lives() { [ "$(wc -l <"$RECORD")" -ge "$1" ]; }
set_weight() { unit kept 'Start=sh{echo >>'"$RECORD"'; exec sleep 1000}' Restart=always RestartSec=0 StartLimitIntervalSec=0 $1; }
next_life() {
	kill_unit kept 9
	wait_until 20 lives "$1"
	comes_to kept active/running
}

@test "a restart goes on in its control group; with other limits it gets another, and an end leaves none" {
	set_weight CPUWeight=50
	start kept
	local group=$(group_of kept | head -1) inode weight=$(weight_of kept)
	inode=$(stat -c %i "$group")
	next_life 2
	expect "$(stat -c %i "$group")" "$inode"
	expect "$(weight_of kept)" "$weight"
	set_weight
	reload
	next_life 3
	expect "$(weight_of kept)" $((2 * weight))
	stop kept
	wait_until 10 has_no_group kept
	unit once 'Start=F 0'
	start once
	wait_until 10 has_no_group once
}

@test "the processor's time is that of this life" {
	unit busy 'Start=sh{[ -e '"$SCRATCH/worked"' ] || { i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done; touch '"$SCRATCH/worked"'; }; exec sleep 1000}' \
		Restart=always RestartSec=0
	start busy
	wait_until 30 test -e "$SCRATCH/worked"
	local first=$(property busy CPUUsageNSec) pid=$(main_pid busy)
	kill_unit busy 9
	wait_until 20 eval '[ "$(property busy NRestarts)" = 1 ] && has_state busy active/running'
	[ "$(property busy CPUUsageNSec)" -lt $((first / 2)) ]
}

@test "restarts on failure stop at the start limit, with the first failure as result" {
	unit r2 'Start=F 1' Restart=on-failure StartLimitBurst=3 StartLimitIntervalSec=1h 'StopPost=L x'
	start r2
	comes_to r2 failed/failed
	expect "$(result r2)" exit-code
	expect "$(property r2 NRestarts)" 3
	records "[x] [x] [x]"
}

@test "reset-failed of all units forgets the starts of those that run, too" {
	unit often StartLimitBurst=2 StartLimitIntervalSec=1h Start=Z
	start often
	verb restart often
	send POST /reset-failed '{}'
	verb restart often
	verb restart often
	run verb restart often
	[ "$status" = 1 ]
	[[ $output == *start-limit-hit* ]]
}

@test "a unit that ends well too often has hit the start limit; reset-failed forgets it" {
	unit r3 'Start=F 0' Restart=always StartLimitBurst=3 StartLimitIntervalSec=1h
	start r3
	comes_to r3 failed/failed
	expect "$(result r3)" start-limit-hit
	run start r3
	[ "$status" = 1 ]
	[[ $output == *start-limit-hit* ]]
	send POST /reset-failed '{"Units":["r3"]}'
	expect "$(state r3)" inactive/dead
	start r3
}

@test "RestartPreventExitStatus= and RestartForceExitStatus=" {
	unit r4 'Start=F 7' Restart=always RestartPreventExitStatus=7
	start r4
	comes_to r4 failed/failed
	expect "$(property r4 NRestarts)" 0
	unit r5 'Start=F 9' RestartForceExitStatus=9 StartLimitBurst=3 StartLimitIntervalSec=1h
	start r5
	wait_until 20 eval '[ "$(property r5 NRestarts)" = 3 ]'
	comes_to r5 failed/failed
}

@test "a failure that is marked is none" {
	unit r6 'Start=-F 3' Restart=on-failure P
	start r6
	records "success exited 3"
	comes_to r6 inactive/dead
	expect "$(property r6 NRestarts)" 0
}

@test "the verb restart: stop, then start" {
	unit r7 'Pre=L pre' Start=Z 'Stop=L stop' 'StopPost=L stoppost'
	start r7
	: >"$RECORD"
	verb restart r7
	records "[stop] [stoppost] [pre]"
	expect "$(state r7)" active/running
}

@test "files that are read again count for what is still to run; the processes stay" {
	unit z Start=Z 'Stop=L old'
	start z
	local pid=$(main_pid z)
	unit z Start=Z 'Stop=L new'
	[ "$(get /units/z.service | jq .Changed)" = true ]
	reload
	[ "$(get /units/z.service | jq .Changed)" = false ]
	expect "$(main_pid z)" "$pid"
	stop z
	records "[new]"
}

@test "a watchdog that is not fed ends the service, and that is the result" {
	unit wd Type=notify NotifyAccess=all WatchdogSec=1 P \
		"Start=sh{echo READY=1 | $SCRATCH/bin/notify /dev/stdin; exec sleep 1000}"
	start wd
	records "watchdog killed ABRT"
	expect "$(result wd)" watchdog
}

@test "argv[0] may be another, and a bare name is searched" {
	unit az 1shot 'Start=@/bin/sh zero -c "echo $$0 >>'"$RECORD"'"'
	start az
	records "zero"
	unit bare 1shot Start=true
	start bare
}

@test "JobTimeoutSec= ends a job that waits too long; the unit is not started" {
	unit before 1shot RemainAfterExit=yes Start=Z
	unit jt After=before.service JobTimeoutSec=1 Start=Z
	NO_BLOCK=true start before
	run start jt
	[ "$status" = 1 ]
	[[ $output == *timeout* ]]
	expect "$(active jt)" inactive
}

@test "a client that leaves does not take its job along" {
	unit cl "Pre=sh{while [ ! -e $SCRATCH/client-left ]; do sleep 0.1; done}" Start=Z
	curl -sS --unix-socket "$SOCKET" -H 'Content-Type: application/json' -d '{"Verb":"start","Units":["cl"]}' \
		http://wherry/wherry/v1/jobs >/dev/null 2>&1 3>&- &
	local client=$!
	comes_to cl activating/start-pre
	kill "$client"
	wait "$client" || true
	touch "$SCRATCH/client-left"
	becomes cl active
}
