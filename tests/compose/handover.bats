#!/usr/bin/env bats
# Start-first updates under a load that connects anew for each request and holds connections as well.  (Updates that
# fail or are cut: update.bats.)  And several containers behind one port or address.

load ../lib/wherry
load project

setup_file() {
	scratch_begin
	daemon_start
	busybox_image
	export STEADY=$WHERRY_BUILD/tests/steady
}

teardown_file() {
	daemon_stop
	scratch_end
}

setup() { PORT=$((RANDOM % 10000 + 20000)); }

teardown() {
	[ -z "${LOAD-}" ] || kill "$LOAD" 2>/dev/null || true
	projects_end
}

# server NAME [MORE]: a project whose service `web` answers with VERSION-0, checked ten times a second.
server() {
	project "$1" <<<"web:
  image: busybox
  command: [/steady, serve, VERSION-0, \"80\"]
  stop_grace_period: ${GRACE:-5s}
  ports: [\"$PORT:80\"]
  volumes: [\"$STEADY:/steady:ro\"]
  healthcheck: {test: /steady ask 127.0.0.1 80, interval: 100ms, retries: 3, start_period: 20s, start_interval: 100ms}
  deploy: {update_config: {order: start-first, monitor: 200ms}${2-}}"
	wherry compose up --wait
	serves VERSION-0
}

serves() { "$STEADY" ask 127.0.0.1 "$PORT" | grep -q "^$1 "; }
change_to() { sed -i "s/VERSION-[0-9]*/VERSION-$1/" compose.yaml; }
load_begin() {
	"$STEADY" load 127.0.0.1 "$PORT" 1000 >load 2>&1 3>&- &
	LOAD=$!
}
# load_ends SERVERS: not one request failed, and at least so many servers answered.
load_ends() {
	kill -TERM "$LOAD"
	wait "$LOAD" || true
	LOAD=
	cat load
	read -r _ requests _ failed _ servers < <(grep '^requests' load)
	[ "$requests" -gt 10 ] && [ "$failed" = 0 ] && [ "$servers" -ge "$1" ]
}

@test "108: updates one after the other, and not one request fails" {
	server pu
	load_begin
	local i
	for i in $(seq 1 "${UPDATES:-10}"); do
		change_to "$i"
		timeout 60 wherry compose up -d
		serves "VERSION-$i"
		[ "$(names -a)" = "pu-web-1 " ]
	done
	load_ends 5
}

@test "a new container that ends at once goes again, too; how it ended is told" {
	server pe
	sed -i 's/serve, VERSION-0, "80"/nonsense/' compose.yaml
	run timeout 60 wherry compose up -d
	[ "$status" = 1 ]
	[[ $output == *"exited with code"* ]]
	serves VERSION-0
	[ "$(names -a)" = "pe-web-1 " ]
}

@test "connections that stand are waited for, no longer than the time for a stop" {
	GRACE=100s server pd
	coproc HELD { exec "$STEADY" hold 127.0.0.1 "$PORT"; }
	local held=$HELD_PID line
	read -r line <&"${HELD[0]}"
	[[ $line == "VERSION-0 "* ]]
	change_to 1
	wherry compose up -d >out 2>&1 3>&- &
	local up=$!
	wait_until 20 serves VERSION-1
	echo >&"${HELD[1]}"
	read -rt 60 line <&"${HELD[0]}"
	[[ $line == "VERSION-0 "* ]]
	kill "$held"
	wait "$up"
	[ "$(names -a)" = "pd-web-1 " ]
	# one that is never given up
	mkfifo to
	"$STEADY" hold 127.0.0.1 "$PORT" <to >from 3>&- &
	held=$!
	exec 41>to
	wait_until 20 grep -q "^VERSION-1 " from
	sed -i 's/stop_grace_period: 100s/stop_grace_period: 1s/' compose.yaml
	change_to 2
	timeout 80 wherry compose up -d
	serves VERSION-2
	[ "$(names -a)" = "pd-web-1 " ]
	exec 41>&-
	kill "$held" 2>/dev/null || true
}

@test "scaled down, a container serves its connections to their end, and gets no new ones" {
	GRACE=100s server ps ", replicas: 2"
	local line i held=()
	for i in 1 2 3 4; do # both have some
		mkfifo "to$i"
		"$STEADY" hold 127.0.0.1 "$PORT" <"to$i" >"from$i" 3>&- &
		held+=($!)
		eval "exec 4$i>to$i"
		wait_until 20 test -s "from$i"
	done
	wherry compose up -d --scale web=1 >out 2>&1 3>&- &
	local up=$!
	wait_until 20 grep -q "Container ps-web-2 Draining" out
	for i in 1 2 3 4; do
		eval "echo >&4$i"
		wait_until 5 eval "[ \$(wc -l <from$i) = 2 ]"
	done
	wait_until 20 one_answers # it is told of by the client, which need not wait for the daemon
	for i in $(seq 8); do "$STEADY" ask 127.0.0.1 "$PORT"; done >answers
	[ "$(sort -u answers | wc -l)" = 1 ]
	[ "$(names)" = "ps-web-1 ps-web-2 " ]
	kill "${held[@]}"
	wait "$up"
	[ "$(names -a)" = "ps-web-1 " ]
	grep -q "Container ps-web-2 Removed" out
}

one_answers() { [ "$(for _ in 1 2 3 4; do "$STEADY" ask 127.0.0.1 "$PORT"; done | sort -u | wc -l)" = 1 ]; }

@test "Ctrl-C ends a drain; what the next up does of it is told" {
	server pc
	coproc HELD { exec "$STEADY" hold 127.0.0.1 "$PORT"; }
	local held=$HELD_PID line code=0
	read -r line <&"${HELD[0]}"
	sed -i 's/stop_grace_period: 5s/stop_grace_period: 100s/' compose.yaml
	change_to 1
	wherry compose up -d >out 2>&1 3>&- &
	local up=$!
	wait_until 20 grep -q "Container pc-web-1 Draining" out
	kill -INT "$up"
	wait "$up" || code=$?
	[ "$code" = 130 ]
	serves VERSION-1
	run wherry compose plan
	[ "$status" = 2 ]
	[[ $output == "drain pc-web-1: an earlier run replaced it" ]]
	wherry compose up -d >out 2>&1 3>&- &
	up=$!
	wait_until 20 grep -q "Container pc-web-1 Draining" out
	kill "$held"
	wait "$up"
	grep -q "Container pc-web-1 Running" out
	[ "$(names -a)" = "pc-web-1 " ]
}

# named SERVICE MORE: containers that answer with their host's name.
named() {
	echo "$1: {<<: *b, command: sh -c 'mkdir /www; hostname >/www/index.html; exec httpd -f -p 80 -h /www', $2}"
}
# The host names of a service's containers, in order.
hosts_of() { ids | grep -- "-$1-" | cut -d' ' -f2 | cut -c1-12 | sort; }

@test "105: a fixed port of several containers is published once, and all of them answer" {
	project pg < <(named web "ports: [\"$PORT:80\"], scale: 3, healthcheck: {test: wget -q -O - http://127.0.0.1/, interval: 100ms}")
	wherry compose up --wait
	[ "$(names)" = "pg-web-1 pg-web-2 pg-web-3 " ]
	diff <(for _ in $(seq 12); do curl -sSf "http://127.0.0.1:$PORT/"; done | sort -u) <(hosts_of web)
	run wherry compose plan
	[ "$status" = 0 ]
}

@test "106: endpoint_mode vip: one address leads to all containers" {
	project pv < <(
		named web "deploy: {endpoint_mode: vip, replicas: 2}, healthcheck: {test: wget -q -O - http://127.0.0.1/, interval: 100ms}"
		echo 'client: {<<: *b}'
	)
	wherry compose up --wait
	[ "$("$WHERRY_BUILD/tests/network_names" ask "$(wherry inspect --format '{{.State.Pid}}' pv-client-1)" web | grep -cE '^[0-9.]+ |^[0-9.]+$')" = 1 ]
	diff <(for _ in $(seq 12); do wherry exec pv-client-1 wget -q -O - http://web/; done | sort -u) <(hosts_of web)
	for number in 1 2; do # each by its own name as ever
		"$WHERRY_BUILD/tests/network_names" ask "$(wherry inspect --format '{{.State.Pid}}' pv-client-1)" "pv-web-$number" |
			grep -qwF "$(wherry inspect --format '{{.NetworkSettings.Networks.pv_default.IPAddress}}' "pv-web-$number")"
	done
}
