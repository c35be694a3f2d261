#!/usr/bin/env bats
# Clients are served while containers are replaced a hundred times, and while the daemon is killed at each step of it.

load ../engine/takeover

# load_begin SERVER: returns when it has been asked.
load_begin() {
	"$STEADY" load 127.0.0.1 "$PORT" 200 >"$SCRATCH/load" 2>"$SCRATCH/load.err" 3>&- &
	LOAD=$!
	wait_until 10 is_asked "$1"
}
is_asked() { grep -qx "server $1" "$SCRATCH/load"; }
counted() { awk '/^requests / {print ($2 > 1000), $4, $6}' "$SCRATCH/load"; }
# load_end: not one request has failed.
load_end() {
	local code=0
	kill -TERM "$LOAD"
	wait "$LOAD" || code=$?
	cat "$SCRATCH/load" "$SCRATCH/load.err" >&2
	return "$code"
}

# replace OLD NEW: as an update that starts first does.
replace() {
	server "$2" true
	takeover "$2" "$1" >/dev/null
	expect_status 200
	wait_until 10 is_asked "$2"
	[ "$(own POST "/containers/$1/drain?timeout=20" | jq .Connections)" = 0 ]
	api POST "/containers/$1/stop?t=5" >/dev/null
	api DELETE "/containers/$1" >/dev/null
	expect_status 204
}

@test "a hundred updates cost no request" {
	network
	server n0
	load_begin n0
	for i in $(seq 100); do replace "n$((i - 1))" "n$i"; done
	load_end
	[ "$(counted)" = "1 0 101" ]
}

@test "one that never gets well leaves the old one alone" {
	network
	server old
	load_begin old
	server new true "\"PortBindings\":{\"80/tcp\":[{\"HostPort\":\"$PORT\"}]}" \
		',"Healthcheck":{"Test":["CMD","false"],"Interval":50000000,"Retries":2}'
	is_unhealthy() { [ "$(api GET /containers/new/json | jq -r .State.Health.Status)" = unhealthy ]; }
	wait_until 10 is_unhealthy
	wherry rm -f new
	load_end
	[ "$(counted | cut -d' ' -f2-)" = "0 1" ]
}

# Either nothing has changed, or all has: ports, names and what inspect says go together.
is_whole() {
	local who
	who=$("$STEADY" ask 127.0.0.1 "$PORT" | cut -d' ' -f1)
	serves "$who" ::1 && answers svc "$who" && [ "$(published "$who")" = "[\"$PORT\"]" ] &&
		[ "$(api GET "/containers/$who/json" | jq '.Wherry.Hold // false')" = false ]
}

@test "a daemon that is killed at any step leaves it done or not, and asking again does it" {
	network
	client
	server one
	server two true
	load_begin one
	local new=two old=one step killer asking
	for step in $(seq 200); do
		coproc KILLER { exec "$WHERRY_BUILD/tests/kill_at" "$(cat "$SCRATCH/daemon")" "$step"; }
		killer=$KILLER_PID
		read -rt 10 _ <&"${KILLER[0]}"
		curl -s --unix-socket "$SOCKET" -H 'Content-Type: application/json' -d "{\"New\":\"$new\",\"Old\":\"$old\"}" \
			http://wherry/wherry/v1/takeover -o "$SCRATCH/done" -w '%{http_code}' >"$SCRATCH/code" &
		asking=$!
		wait "$asking" || true
		kill "$killer" 2>/dev/null || true
		if wait "$killer" 2>/dev/null; then # it has killed, perhaps behind the answer
			wait_until 10 has_ended "$(cat "$SCRATCH/daemon")"
			start_daemon
		fi
		is_whole
		takeover "$new" "$old" >/dev/null
		expect_status 200
		serves "$new"
		is_whole
		[ "$(cat "$SCRATCH/code")" != 200 ] || break # the answer had no more steps to come
		read -r new old <<<"$old $new"
	done
	echo "# $step steps" >&2
	[ "$step" -gt 10 ]
	[ "$step" -lt 200 ]
	load_end
	grep -q "finishing a takeover" "$SCRATCH/wherryd.log"
}

# Networks that come and go: a worker that was killed has made one or not.
come_and_go() {
	local name
	for _ in {1..8}; do
		for name in "a$1" "b$1"; do wherry network create "$name" || true; done
		for name in "a$1" "b$1"; do wherry network rm "$name" || true; done
	done >/dev/null 2>&1
}

# But for its seal, which knows how often it was changed, and comes a moment later.
table() { nft list table inet "wherry-$BRIDGE" | sed '/chain seal-/,/}/d; /^$/d' | sort; }

@test "networks come and go, and workers are killed, beside what is published" {
	local i worker clients=() killed=0
	network
	server one
	load_begin one
	for i in {1..8}; do
		come_and_go "$i" 3>&- &
		clients+=($!)
	done
	while kill -0 "${clients[@]}" 2>/dev/null; do
		for worker in $(pgrep -P "$(cat "$SCRATCH/daemon")" -f 'wherry-network change'); do
			kill -KILL "$worker" 2>/dev/null && killed=$((killed + 1))
		done
		sleep "0.0$((RANDOM % 9 + 1))"
	done
	wait "${clients[@]}"
	load_end
	[ "$killed" -gt 5 ]
	[ "$(counted | cut -d' ' -f2-)" = "0 1" ]
	for i in {1..8}; do wherry network rm "a$i" "b$i" >/dev/null 2>&1 || true; done
	[ "$(wherry network ls -q | wc -l)" = 4 ]
	table >"$SCRATCH/stood"
	nft delete table inet "wherry-$BRIDGE"
	is_back() { table 2>/dev/null | diff "$SCRATCH/stood" - >"$SCRATCH/difference"; }
	wait_until 20 is_back || { cat "$SCRATCH/difference"; false; }
}
