#!/usr/bin/env bats
# HTTP itself against the real daemon: what a hostile, an old or an impatient client says.

load ../lib/wherry

setup_file() {
	scratch_begin
	daemon_start --max-connections 40
	busybox_image
}

teardown_file() {
	daemon_stop
	scratch_end
}

# raw TEXT: the answer to these bytes (printf's escapes) and nothing more; ends when the daemon closes.
raw() { printf '%b' "$1" | timeout 20 nc -N -U "$SOCKET" | tr -d '\r'; }
first_line() { head -1; }

@test "requests that could be understood in two ways are refused, and the connection is closed" {
	local head='\r\nHost: x\r\n' request
	for request in \
		"GET /_ping HTTP/1.1\\r\\n\\r\\n" \
		"GET /_ping HTTP/1.1${head}Host: y\\r\\n\\r\\n" \
		"GET /_ping HTTP/1.1${head}X : y\\r\\n\\r\\n" \
		"GET /_ping HTTP/1.1${head}X: a\\r\\n b\\r\\n\\r\\n" \
		"GET /_ping HTTP/1.1\\r\\n Content-Length: 3\\r\\nHost: x\\r\\n\\r\\n" \
		"GET /_ping HTTP/1.1\\nHost: x\\n\\n" \
		"GET /_ping HTTP/1.1${head}\\rX\\r\\n\\r\\n" \
		"POST /auth HTTP/1.1${head}Content-Length: 3\\r\\nContent-Length: 3\\r\\n\\r\\n{}\\n" \
		"POST /auth HTTP/1.1${head}Content-Length: +3\\r\\n\\r\\n{}\\n" \
		"POST /auth HTTP/1.1${head}Content-Length: 99999999999999999999\\r\\n\\r\\n" \
		"POST /auth HTTP/1.1${head}Content-Length: 3\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\n0\\r\\n\\r\\n" \
		"POST /auth HTTP/1.1${head}Content-Type: application/json\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\nzz\\r\\n" \
		"GET /%00 HTTP/1.1${head}\\r\\n" \
		"GET /_ping#x HTTP/1.1${head}\\r\\n" \
		"\\x16\\x03\\x01\\x02\\x00\\x01"; do
		run raw "${request}GET /_ping HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n"
		[ "${lines[0]}" = "HTTP/1.1 400 Bad Request" ] || { echo "$request: $output"; false; }
		[ "$(grep -c '^HTTP/1.1' <<<"$output")" = 1 ]
		[[ "$output" == *'{"message":"'* ]]
	done
	[ "$(api GET /_ping)" = OK ]
}

@test "a header over 64 KiB is refused" {
	run raw "GET /_ping HTTP/1.1\\r\\nHost: x\\r\\nX: $(head -c 66000 /dev/zero | tr '\0' a)\\r\\n\\r\\n"
	[ "${lines[0]}" = "HTTP/1.1 431 Request Header Fields Too Large" ]
}

@test "pipelined requests are answered in their order" {
	run raw "$(for _ in 1 2 3; do printf 'GET /_ping HTTP/1.1\\r\\nHost: x\\r\\n\\r\\nGET /nowhere HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n'; done)"
	[ "$(grep -o 'HTTP/1.1 ...' <<<"$output" | cut -d' ' -f2 | paste -sd' ')" = "200 404 200 404 200 404" ]
}

@test "a connection serves one request after another, and closes when asked" {
	run curl -sSv --unix-socket "$SOCKET" http://x/_ping http://x/version http://x/_ping
	[ "$(grep -c 'Re-using existing connection' <<<"$output")" = 2 ]
	run raw 'GET /_ping HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'
	[[ "$output" == *"Connection: close"* ]]
	run raw 'GET /_ping HTTP/1.0\r\n\r\n'
	[ "${lines[0]}" = "HTTP/1.0 200 OK" ]
}

@test "a body may come in chunks, and after 100 Continue" {
	run curl -sS -i --unix-socket "$SOCKET" -H 'Transfer-Encoding: chunked' -H 'Expect: 100-continue' \
		-H 'Content-Type: application/json' -d '{"Image":"absent"}' http://x/containers/create
	[ "${lines[0]}" = $'HTTP/1.1 100 Continue\r' ]
	[[ "$output" == *"No such image: absent:latest"* ]]
}

@test "beyond the limit of connections clients wait, and are served when others go" {
	local i fds=() fifo
	for i in {1..40}; do
		fifo=$SCRATCH/hold.$i
		mkfifo "$fifo"
		nc -U "$SOCKET" <"$fifo" >"$fifo.out" 3>&- &
		fds+=($!)
		exec {fd}>"$fifo"
		printf 'GET /_ping HTTP/1.1\r\nHost: x\r\n\r\n' >&"$fd"
		wait_until 10 grep -q OK "$fifo.out"
		rm "$fifo"
	done
	curl -sS --max-time 20 --unix-socket "$SOCKET" -o "$SCRATCH/waited" http://x/_ping 3>&- &
	local waiting=$!
	run curl -sS --max-time 1 --unix-socket "$SOCKET" http://x/_ping
	[ "$status" = 28 ]
	kill "${fds[@]}"
	wait "$waiting"
	[ "$(cat "$SCRATCH/waited")" = OK ]
}

switches() { awk '/ctxt/ {n += $2} END {print n}' "/proc/$DAEMON/status"; }

# Not woken for two seconds.
is_quiet() {
	local before
	before=$(switches)
	nap 2
	[ "$(switches)" = "$before" ]
}

@test "an idle daemon is not woken, whoever is connected" {
	mkfifo "$SCRATCH/quiet"
	nc -U "$SOCKET" <"$SCRATCH/quiet" >"$SCRATCH/quiet.out" 3>&- &
	local client=$!
	exec 9>"$SCRATCH/quiet"
	printf 'GET /events HTTP/1.1\r\nHost: x\r\n\r\n' >&9
	wait_until 10 grep -q chunked "$SCRATCH/quiet.out"
	wait_until 10 is_quiet # the tests before this one may have left something to do
	exec 9>&-
	kill "$client"
}

connections() { ss -Hxp | grep "pid=$DAEMON," | grep -c "/${SOCKET##*/} "; }
has_connections() { [ "$(connections)" = "$1" ]; }

@test "a client that vanishes from events is forgotten" {
	wait_until 10 has_connections 0 # those of before this one have vanished, too
	curl -sSN --unix-socket "$SOCKET" http://x/events 3>&- -D "$SCRATCH/head" -o "$SCRATCH/events" &
	local client=$!
	wait_until 10 test -s "$SCRATCH/head"
	has_connections 1
	kill "$client"
	wait_until 10 has_connections 0
}
