#!/usr/bin/env bats
# A client that goes on and on while the daemon is killed.  Release build, as in kill.bats, which takes the
# kinds of operation one by one.

load kill

# kill_at_random PID: kills the daemon again and again while PID lives; prints how often.
kill_at_random() {
	local kills=0 victim
	while kill -0 "$1" 2>/dev/null; do
		nap "0.$((RANDOM % 400 + 100))"
		victim=$(daemon_pid 2>/dev/null) || continue
		kill -KILL "$victim" 2>/dev/null && kills=$((kills + 1))
	done
	echo "$kills"
}

@test "200 operations under a daemon that is killed again and again: no lie, no loss, no leak" {
	local seed=$RANDOM storm kills
	"$WHERRY_BUILD/tests/storm" "$SOCKET" "$seed" 200 >"$SCRATCH/storm.out" 2>&1 &
	storm=$!
	kills=$(kill_at_random $storm)
	run wait $storm
	echo "# seed $seed, $kills kills: $(cat "$SCRATCH/storm.out")"
	wait $storm
	[ "$kills" -ge 3 ]
	wait_until 20 api GET /containers/json >/dev/null
	remove_all_containers
	wait_until 10 nothing_left || { traces >&2; false; }
}
