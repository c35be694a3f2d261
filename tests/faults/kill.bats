#!/usr/bin/env bats
# The daemon and the shims are killed while work goes on: nothing acknowledged is undone, nothing is
# lost, nothing stays behind.  Release build: the daemon under its own supervising shim, as it runs on
# a host without a service manager.

load ../lib/wherry

setup_file() {
	scratch_begin
	supervised_start
	busybox_image
}

teardown_file() {
	supervised_stop
	scratch_end
}

# The daemon as `wherryd` alone starts it: a shim keeps the sockets and starts it again.
supervised_start() {
	SUPERVISED=1 daemon_start
}

supervised_stop() {
	daemon_stop
}

# kill_at_random PID: kills the daemon again and again while PID lives; prints how often.
kill_at_random() {
	local kills=0 victim
	while kill -0 "$1" 2>/dev/null; do
		read -rt "0.$((RANDOM % 400 + 100))" <> <(:) || true
		victim=$(daemon_pid 2>/dev/null) || continue
		kill -KILL "$victim" 2>/dev/null && kills=$((kills + 1))
	done
	echo "$kills"
}

traces() {
	local parent=wt${SCRATCH##*.}
	find /sys/fs/cgroup -path "*/$parent/c/*" -type d | head
	grep "$SCRATCH" /proc/self/mountinfo
	ls "$SCRATCH/run/c"
	ls "$SCRATCH/data/containers"
	ip -o link show master "$BRIDGE" 2>/dev/null
	nft list table inet "wherry-$BRIDGE" 2>/dev/null | grep -E 'elements'
}

nothing_left() { [ -z "$(traces)" ]; }

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

@test "a foreground run ends with the container's own exit code although the daemon was killed" {
	local run code=0
	mkfifo "$SCRATCH/input"
	wherry run --rm -i --name foreground busybox sh -c 'echo begun; read line; echo got $line; exit 7' \
		<"$SCRATCH/input" >"$SCRATCH/run.out" 2>&1 &
	run=$!
	exec 7>"$SCRATCH/input"
	wait_until 10 grep -q begun "$SCRATCH/run.out"
	kill -KILL "$(daemon_pid)"
	echo word >&7
	exec 7>&-
	wait "$run" || code=$?
	rm -f "$SCRATCH/input"
	cat "$SCRATCH/run.out"
	[ "$code" = 7 ]
	grep -q 'got word' "$SCRATCH/run.out"
	wait_until 10 nothing_left
}

@test "a shim that is killed is noticed within a second: its container is ended, cleaned up and said" {
	local id shim
	id=$(wherry run -d busybox sleep 1000)
	shim=$(ps -o ppid= -p "$(wherry inspect -f '{{.State.Pid}}' "$id")")
	kill -KILL $shim
	wait_until 2 container_state_is "$id" exited
	[ "$(api GET "/containers/$id/json" | jq .State.ExitCode)" = 137 ]
	api GET "/containers/$id/json" | jq -r .State.Error | grep -qi shim
	wherry rm "$id"
	wait_until 5 nothing_left
}

container_state_is() { [ "$(api GET "/containers/$1/json" | jq -r .State.Status)" = "$2" ]; }
