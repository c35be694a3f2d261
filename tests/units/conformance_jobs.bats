#!/usr/bin/env bats
# Dependencies and jobs: what starts, stops and restarts together.

load units

setup_file() { units_begin; }
teardown_file() { units_end; }
setup() {
	UNITS=$SCRATCH/units RECORD=$SCRATCH/record
	: >"$RECORD"
	# they start in each test: how often is not what is asked here
	unit base StartLimitIntervalSec=0 Start=Z
	unit q Requires=base.service After=base.service StartLimitIntervalSec=0 Start=Z
	unit r Requires=base.service StartLimitIntervalSec=0 Start=Z
	unit w Wants=base.service StartLimitIntervalSec=0 Start=Z
	unit b BindsTo=base.service After=base.service StartLimitIntervalSec=0 Start=Z
	unit p PartOf=base.service StartLimitIntervalSec=0 Start=Z
	unit s StopPropagatedFrom=base.service StartLimitIntervalSec=0 Start=Z
}
teardown() {
	units_stop_all
	send POST /reset-failed '{}'
}

actives() { for name; do printf '%s:%s ' "$name" "$(active "$name")"; done; }
pids() { for name; do main_pid "$name"; done; }

@test "stop base: who wants it stays, the rest stops" {
	start base q r w b p s
	stop base
	expect "$(actives base q r w b p s)" "base:inactive q:inactive r:inactive w:active b:inactive p:inactive s:inactive "
}

@test "base dies: who is bound to it stops, the rest stays" {
	start base q r w b p s
	kill_unit base 9
	becomes b inactive
	becomes s inactive
	expect "$(actives base q r w p)" "base:failed q:active r:active w:active p:active "
}

@test "base ends by a signal that is clean: the same, and it is inactive" {
	start base q b
	kill_unit base 15
	becomes b inactive
	expect "$(actives base q)" "base:inactive q:active "
}

@test "restart base: who needs it restarts with it" {
	start base q b p w s
	local before=$(pids q b p) kept=$(pids w s)
	verb restart base
	wait_until 10 eval '[ -z "$(get /jobs | jq -r ".[].Id")" ]'
	[ "$(pids q)" != "$(sed -n 1p <<<"$before")" ]
	[ "$(pids b)" != "$(sed -n 2p <<<"$before")" ]
	[ "$(pids p)" != "$(sed -n 3p <<<"$before")" ]
	expect "$(pids w s)" "$kept"
}

@test "conflicts stop each other" {
	unit x Conflicts=base.service Start=Z
	start base q b
	start x
	wait_until 10 eval '[ -z "$(get /jobs | jq -r ".[].Id")" ]'
	expect "$(actives base q b x)" "base:inactive q:inactive b:inactive x:active "
	start base
	becomes x inactive
}

@test "Requisite= wants it up already" {
	unit rq Requisite=base.service After=base.service Start=Z
	run start rq
	[ "$status" = 1 ]
	[[ $output == *dependency* ]]
	expect "$(active rq)" inactive
}

@test "a start that fails takes along who waits for it and needs it" {
	unit fb 1shot 'Start=F 1'
	unit fq Requires=fb.service After=fb.service Start=Z
	unit fw Wants=fb.service After=fb.service Start=Z
	run start fq
	[ "$status" = 1 ]
	[[ $output == *dependency* ]]
	expect "$(active fq)" inactive
	start fw
	expect "$(active fw)" active
}

@test "what is not there: needed it refuses, wanted it does not matter" {
	unit na Requires=absent.service Start=Z
	run start na
	[ "$status" = 5 ]
	unit wa Wants=absent.service Start=Z
	start wa
	expect "$(active wa)" active
}

@test "cycles: a job that does not matter goes, else nothing is started" {
	unit c1 After=c2.service Wants=c2.service Start=Z
	unit c2 After=c1.service Start=Z
	start c1
	expect "$(actives c1 c2)" "c1:active c2:inactive "
	unit d1 After=d2.service Requires=d2.service Start=Z
	unit d2 After=d1.service Requires=d1.service Start=Z
	run start d1
	[ "$status" = 1 ]
	[[ $output == *"order is cyclic"* ]]
	expect "$(actives d1 d2)" "d1:inactive d2:inactive "
}

@test "jobs that contradict each other are refused" {
	unit both Requires=base.service Conflicts=base.service Start=Z
	run start both
	[ "$status" = 1 ]
	[[ $output == *"conflicting jobs"* ]]
}

@test "OnSuccess= and OnFailure= start the right one and tell it why" {
	unit good "Start=sh{echo good \$MONITOR_EXIT_STATUS >>$RECORD}" 1shot
	unit bad "Start=sh{echo bad \$MONITOR_EXIT_STATUS >>$RECORD}" 1shot
	unit m1 OnSuccess=good.service 'Start=F 0'
	start m1
	records "good 0"
	: >"$RECORD"
	unit m2 OnFailure=bad.service 'Start=F 5'
	start m2
	records "bad 5"
}

@test "a condition that is not met skips, an assertion fails" {
	unit cond ConditionPathExists=/no/where Start=Z
	start cond
	expect "$(active cond)" inactive
	unit ass AssertPathExists=/no/where Start=Z
	run start ass
	[ "$status" = 1 ]
	[[ $output == *assert* ]]
	unit cond2 ConditionPathExists=/etc 'ConditionPathExists=!/no/where' Start=Z
	start cond2
	expect "$(active cond2)" active
}

@test "RefuseManualStart= and isolate without AllowIsolate= are refused with 4" {
	unit rm RefuseManualStart=yes Start=Z
	run start rm
	[ "$status" = 4 ]
	run verb isolate base
	[ "$status" = 4 ]
}

@test "what is upheld comes back" {
	unit up Upholds=base.service Start=Z
	start up
	becomes base active
	local before=$(pids base)
	stop base
	becomes base active
	[ "$(pids base)" != "$before" ]
}

@test "an automatic restart takes along who requires it and brings back who is bound to it" {
	unit ra Restart=always Start=Z
	unit rr Requires=ra.service After=ra.service Start=Z
	unit rb BindsTo=ra.service After=ra.service Start=Z
	start ra rr rb
	local before=$(pids ra rr rb)
	kill_unit ra 9
	wait_until 20 eval '[ "$(actives ra rr rb)" = "ra:active rr:active rb:active " ] && [ "$(property ra NRestarts)" = 1 ] &&
		[ "$(pids rb)" != "$(sed -n 3p <<<"$before")" ]'
	[ "$(pids ra)" != "$(sed -n 1p <<<"$before")" ]
	[ "$(pids rr)" != "$(sed -n 2p <<<"$before")" ]
}

@test "targets: what they want is started, built-in ones are up and stay" {
	printf '[Unit]\nWants=base.service w.service\n' >"$UNITS/t.target"
	start t.target
	expect "$(actives base w)" "base:active w:active "
	expect "$(state t.target)" active/active
	expect "$(state docker)" active/running
	run stop docker
	[ "$status" = 4 ]
	unit dd Requires=docker.service After=docker.service Start=Z
	start dd
	expect "$(active dd)" active
}

@test "a slice limits what is in it" {
	printf '[Slice]\nTasksMax=77\n' >"$UNITS/lim.slice"
	unit in Slice=lim.slice Start=Z
	start in
	expect "$(state lim.slice)" active/active
	expect "$(property in ControlGroup)" /lim.slice/in.service
	[ "$(find /sys/fs/cgroup -path "*/wt${SCRATCH##*.}/lim.slice/pids.max" -exec cat {} +)" = 77 ]
	stop lim.slice
	expect "$(active in)" inactive
}

@test "isolate leaves what its target needs, and what ignores it" {
	unit keep IgnoreOnIsolate=yes Start=Z
	printf '[Unit]\nAllowIsolate=yes\nRequires=w.service\n' >"$UNITS/iso.target"
	start base w q keep
	verb isolate iso.target
	wait_until 10 eval '[ "$(get /jobs)" = "[]" ]'
	expect "$(actives w q keep)" "w:active q:inactive keep:active "
	expect "$(state docker)" active/running
}

@test "what was missing and is written then is found without a reload" {
	unit mc Requires=mb.service Start=Z
	unit mb Requires=ma.service Start=Z
	run start mc
	[ "$status" = 5 ]
	unit ma Start=Z
	start mc
	becomes ma active # they have no order
	becomes mb active
	expect "$(actives ma mb mc)" "ma:active mb:active mc:active "
	printf '[Timer]\nOnActiveSec=1h\n' >"$UNITS/mt.timer"
	run start mt.timer
	[ "$status" = 1 ]
	unit mt 1shot Start=true
	start mt.timer
	expect "$(active mt.timer)" active
}
