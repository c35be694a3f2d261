#!/usr/bin/env bats
# The daemon is killed at each step (or, for the time it takes, at each second one) of a boot that it leaves to
# a project.

load ../engine/projects

# watched STEP: the daemon is started, to be killed at that step of its own.
watched() {
	local pid
	rm -f "$SCRATCH/watching"
	wherryd() { exec sh -c 'kill -STOP $$; exec wherryd "$@"' sh "$@"; }
	again 2>/dev/null &
	STARTING=$!
	wait_until 10 is_stopped
	pid=$(cat "$SCRATCH/daemon")
	"$WHERRY_BUILD/tests/kill_at" "$pid" "$1" >"$SCRATCH/watching" 3>&- &
	KILLER=$!
	wait_until 10 test -s "$SCRATCH/watching"
	kill -CONT "$pid"
	unset -f wherryd
}
is_stopped() { [ "$(ps -o stat= -p "$(cat "$SCRATCH/daemon" 2>/dev/null || echo 1)" | cut -c1)" = T ]; }
watched_end() {
	kill "$KILLER" 2>/dev/null || true
	! wait "$KILLER" 2>/dev/null || wait_until 10 has_ended "$(cat "$SCRATCH/daemon")"
	wait "$STARTING" 2>/dev/null || true
}
is_over() { has_ended "$(cat "$SCRATCH/daemon")" || logged "project=shop code=0 left=0"; }

@test "a boot that is cut at any step is gone on with, in the project's order" {
	local step cut=0
	up
	record shop
	member db shop always
	member web shop on-failure
	behave 'failed=$(start db) && [ -z "$failed" ] && failed=$(start web) && [ -z "$failed" ]'
	for step in $(seq 1 "${STRIDE:-2}" 400); do
		host_down
		rm -f "$SCRATCH/daemon"
		: >"$SCRATCH/wherryd.log"
		watched "$step"
		wait_until 20 is_over
		watched_end
		has_ended "$(cat "$SCRATCH/daemon")" || break # it had no more steps to come
		cut=$((cut + 1))
		again
		wait_until 20 all_run db web
		[[ "$(started_at db)" < "$(started_at web)" ]] || { echo "# step $step: web came first" >&2; return 1; }
		refuted logged 'left a container down'
		[ "$(due shop)" = 0 ]
	done
	echo "# cut $cut times" >&2
	[ "$cut" -gt 10 ]
	all_run db web
}
