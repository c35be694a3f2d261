#!/usr/bin/env bats
# Many of everything at once, on the release build: containers, clients, connections, log lines.

load ../lib/wherry

setup_file() {
	scratch_begin
	daemon_start
	busybox_image
}

teardown_file() {
	daemon_stop
	scratch_end
}

setup() { IDLE=(); }

teardown() {
	[ ${#IDLE[@]} = 0 ] || kill "${IDLE[@]}" 2>/dev/null || true
	remove_all_containers
}

api_bench() { "$WHERRY_BUILD/bench/api" "$SOCKET" "$DAEMON" "$@"; }
pss_kb() { awk '/^Pss:/ {print $2}' "/proc/$1/smaps_rollup"; }
running() { api GET /containers/json | jq length; }

@test "300 containers run at once, and the daemon stays below 10 MB" {
	api_bench parallel 300 8 none
	[ "$(running)" = 300 ]
	local used
	used=$(pss_kb "$DAEMON")
	echo "# daemon: $used kB"
	[ "$used" -lt 10240 ]
}

@test "8 clients create and remove side by side, on a bridge, without a collision" {
	local client pids=()
	for client in 1 2 3 4 5 6 7 8; do
		api_bench lifecycle 12 bridge >"$SCRATCH/client.$client" 2>&1 &
		pids+=($!)
	done
	for client in "${pids[@]}"; do wait "$client" || { cat "$SCRATCH"/client.*; false; }; done
	[ "$(api GET '/containers/json?all=1' | jq length)" = 0 ]
}

# idle_connections COUNT: clients that connect and say nothing.
idle_connections() {
	"$WHERRY_BUILD/tests/idle" "$SOCKET" "$1" 3>&- >"$SCRATCH/idle.out" &
	IDLE+=($!)
	wait_until 20 grep -q connected "$SCRATCH/idle.out"
}

@test "1,000 idle connections and one of half a request do not keep anybody from being served" {
	local before after
	before=$(pss_kb "$DAEMON")
	idle_connections 1000
	mkfifo "$SCRATCH/half"
	nc -U "$SOCKET" <"$SCRATCH/half" >/dev/null 3>&- &
	IDLE+=($!)
	exec 9>"$SCRATCH/half"
	printf 'GET /_ping HTTP/1.1\r\nHo' >&9
	[ "$(api GET /_ping)" = OK ]
	after=$(pss_kb "$DAEMON")
	echo "# $before kB, with 1,000 idle connections $after kB"
	exec 9>&-
	[ $((after - before)) -lt 1500 ]
}

@test "200 MB of log that nobody reads, one slow reader, one dead reader: nothing waits for them" {
	local id slow dead
	id=$(api POST /containers/create '{"Image":"busybox","Cmd":["sh","-c","yes 0123456789012345678901234567890123456789 | head -c 200000000"],"HostConfig":{"NetworkMode":"none","LogConfig":{"Type":"json-file","Config":{"max-size":"-1"}}}}' | jq -r .Id)
	# The slow reader fills a pipe that nobody empties; the dead one is killed while attached.
	mkfifo "$SCRATCH/slow"
	exec 9<>"$SCRATCH/slow"
	curl -sN --unix-socket "$SOCKET" -X POST "http://x/v1.47/containers/$id/attach?stream=1&stdout=1" 3>&- >"$SCRATCH/slow" &
	slow=$!
	curl -sN --unix-socket "$SOCKET" -o /dev/null -X POST "http://x/v1.47/containers/$id/attach?stream=1&stdout=1" 3>&- &
	dead=$!
	IDLE+=($slow)
	api POST "/containers/$id/start"
	kill -KILL "$dead"
	run timeout 60 curl -s --unix-socket "$SOCKET" -X POST "http://x/v1.47/containers/$id/wait"
	[ "$output" = '{"StatusCode":0}' ]
	local lines
	lines=$(curl -s --unix-socket "$SOCKET" "http://x/v1.47/containers/$id/logs?stdout=1" | tr -cd '\n' | wc -c)
	exec 9>&-
	[ "$lines" = $((200000000 / 41)) ] || [ "$lines" = $((200000000 / 41 + 1)) ]
}
