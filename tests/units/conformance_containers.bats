#!/usr/bin/env bats
# Containers that a unit's processes start, by the numbers of the list of cases; ours alone, since in systemd they
# are somebody else's.

load units

setup_file() {
	units_begin
	busybox_image
	export DOCKER=$WHERRY_BUILD/wherry
	# a first process that minds its signal: the client passes the unit's on
	export MINDFUL="busybox sh -c 'trap \"exit 0\" TERM; echo minds; while :; do sleep 0.1; done'"
}

teardown_file() { units_end; }

setup() {
	[ "$(id -u)" = 0 ] || skip "needs root: control groups"
	: >"$RECORD"
}

teardown() { units_stop_all; }

containers() { "$DOCKER" -H "unix://$SOCKET" ps -aq --filter "name=$1" | wc -l; }
container_pid() { "$DOCKER" -H "unix://$SOCKET" inspect -f '{{.State.Pid}}' "$1"; }
runs_container() { [ "$(container_pid "$1" 2>/dev/null || echo 0)" -gt 0 ]; }
minds() { "$DOCKER" -H "unix://$SOCKET" logs "$1" 2>/dev/null | grep -qx minds; }
main_is() { [ "$(main_pid "$1")" = "$2" ]; }

@test "96: a stop by docker stop is clean, and the name is free when it is over" {
	unit c96 "Start=$DOCKER run --rm --stop-timeout 1 --name c96 busybox sleep 1000" "Stop=$DOCKER stop -t 1 c96"
	reload
	start c96
	wait_until 20 runs_container c96
	stop c96
	expect "$(containers c96)" 0
	expect "$(state c96)" inactive/dead
	expect "$(result c96)" success
}

@test "a stop without commands ends the container with its client" {
	unit c96b "Start=$DOCKER run --rm --stop-timeout 1 --name c96b $MINDFUL"
	reload
	start c96b
	wait_until 20 minds c96b
	stop c96b
	expect "$(containers c96b)" 0
	expect "$(active c96b)" inactive
}

@test "97: a client that is killed leaves its container as the main process" {
	local pid
	unit c97 "Start=$DOCKER run --rm --stop-timeout 1 --name c97 busybox sleep 1000"
	reload
	start c97
	wait_until 20 runs_container c97
	pid=$(container_pid c97)
	kill -9 "$(main_pid c97)"
	wait_until 20 main_is c97 "$pid"
	expect "$(active c97)" active
	stop c97
	expect "$(containers c97)" 0
}

has_no_container() { [ "$(containers "$1")" = 0 ]; }

@test "a client that dies before it starts its container leaves none, and the next start finds the name free" {
	unit early StartLimitIntervalSec=0 Restart=on-failure RestartSec=0 \
		"Start=sh{$DOCKER create --rm --name early busybox true && echo >>$RECORD; kill -9 \$\$\$\$}"
	unit once 1shot "Start=sh{$DOCKER create --rm --name once busybox true; exit 1}"
	unit maker 1shot "Start=$DOCKER create --rm --name maker busybox true"
	reload
	start early
	wait_until 20 eval '[ "$(wc -l <"$RECORD")" -ge 3 ]'
	stop early
	wait_until 10 has_no_container early
	run start once
	[ "$status" = 1 ]
	wait_until 10 has_no_container once
	start maker
	expect "$(containers maker)" 1
	start maker
	expect "$(containers maker)" 1
	"$DOCKER" -H "unix://$SOCKET" rm maker
}

@test "98: what is started in the background is the main process" {
	unit c98 "Start=$DOCKER run -d --rm --stop-timeout 1 --name c98 busybox sleep 1000" Restart=always
	reload
	start c98
	wait_until 20 runs_container c98
	wait_until 20 main_is c98 "$(container_pid c98)"
	expect "$(active c98)" active
	expect "$(property c98 NRestarts)" 0
	stop c98
	expect "$(containers c98)" 0
}

@test "99: a name is free for each restart" {
	local i pid
	unit c99 "Start=$DOCKER run --rm --stop-timeout 1 --name c99 $MINDFUL" Restart=always RestartSec=10ms StartLimitIntervalSec=0
	reload
	start c99
	for i in $(seq 20); do
		wait_until 20 runs_container c99
		pid=$(container_pid c99)
		kill -9 "$pid"
		wait_until 20 is_another c99 "$pid"
	done
	expect "$(property c99 NRestarts)" 20
	stop c99
	expect "$(containers c99)" 0
}
is_another() { local now; now=$(container_pid "$1" 2>/dev/null || echo 0); [ "$now" -gt 0 ] && [ "$now" != "$2" ]; }

@test "100: the limits of the unit hold for its containers" {
	unit c100 "Start=$DOCKER run --rm --stop-timeout 1 --name c100 busybox tail /dev/zero" MemoryMax=32M MemorySwapMax=0
	reload
	start c100
	becomes c100 failed
	expect "$(result c100)" oom-kill
}

@test "101: a daemon that dies leaves container, client and unit alone" {
	local main pid
	unit c101 "Start=$DOCKER run --rm --stop-timeout 1 --name c101 $MINDFUL"
	reload
	start c101
	wait_until 20 minds c101
	main=$(main_pid c101) pid=$(container_pid c101)
	daemon_kill
	daemon_start --unit-path "$UNITS:$SCRATCH/units-run" --iptables=false
	expect "$(active c101)" active
	expect "$(container_pid c101)" "$pid"
	stop c101
	expect "$(containers c101)" 0
	expect "$(active c101)" inactive
}

between_runs() { api GET "/containers/$1/json" | jq -e '.State.Status == "restarting" and .RestartCount >= 4' >/dev/null; }

@test "a container that is stopped between two runs is gone for its unit, whoever stops it" {
	unit twice "Start=$DOCKER run -d --name twice --restart always busybox false"
	reload
	start twice
	wait_until 20 between_runs twice
	"$DOCKER" -H "unix://$SOCKET" stop twice
	comes_to twice failed/failed # as the container's last run has
	"$DOCKER" -H "unix://$SOCKET" rm twice
	start twice
	wait_until 20 between_runs twice
	SECONDS=0
	stop twice
	[ "$SECONDS" -lt 30 ] # which did not wait for its timeout
	expect "$(active twice)" failed
	"$DOCKER" -H "unix://$SOCKET" rm twice
}
