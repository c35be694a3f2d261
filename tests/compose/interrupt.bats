#!/usr/bin/env bats
# Work that is cut short: by Ctrl-C, by the end of the client or of the daemon.  The next `up` finishes it.

load ../engine/daemon
load project
load proxy

daemon_up() { SUPERVISED=1 daemon_start; }

teardown() {
	[ -z "${CLIENT-}" ] || kill -KILL "$CLIENT" 2>/dev/null || true
	projects_end
}

# in_background COMMAND...: its output in ./out, its pid in CLIENT.
in_background() {
	"$@" >out 2>&1 3>&- &
	CLIENT=$!
}
ended_with() {
	local code=0
	wait "$CLIENT" || code=$?
	CLIENT=
	[ "$code" = "$1" ] || {
		echo "# ended with $code, not $1:"
		cat out
		return 1
	} >&2
}
out_has() { grep -qF "$1" out; }
answers() { wherry version >/dev/null 2>&1; }

# finished NAME...: `up` makes these and no others, all run, and nothing is left to do.
finished() {
	timeout 60 wherry compose up -d
	[ "$(names -a)" = "$* " ]
	[ "$(names)" = "$* " ]
	wherry compose plan || {
		names -a
		return 1
	} >&2
}

@test "93: Ctrl-C stops all, and ends with 130, in version 1 with 0" {
	project pi <<<'a: {<<: *b, command: sh -c "echo begun; sleep 1d"}
b: {<<: *b, depends_on: [a]}'
	in_background wherry compose up
	wait_until 20 out_has "a-1  | begun"
	kill -INT "$CLIENT"
	ended_with 130
	out_has "Gracefully stopping... (press Ctrl+C again to force)"
	[ "$(names)" = "" ]
	[ "$(names -a)" = "pi-a-1 pi-b-1 " ]
	in_background env WHERRY_COMPOSE_STYLE=v1 wherry compose up --no-color
	wait_until 20 out_has "Attaching to"
	wait_until 20 eval 'out_has "a_1  | begun" || out_has "a-1  | begun"'
	kill -INT "$CLIENT"
	ended_with 0
	[ "$(names)" = "" ]
}

@test "as docker's plugin it stops when the client closes its socket" {
	project pp <<<'a: {<<: *b}'
	ln -sf "$WHERRY_BUILD/wherry" docker-compose
	cat >client.py <<-'P'
	import socket, subprocess, sys
	s = socket.socket(socket.AF_UNIX); s.bind("\0" + sys.argv[1]); s.listen()
	p = subprocess.Popen(["./docker-compose", "compose", "up"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
	                     env={**__import__("os").environ, "DOCKER_CLI_PLUGIN_SOCKET": "@" + sys.argv[1]})
	c, _ = s.accept()
	while b"Attaching" not in p.stdout.readline(): pass
	c.close()
	sys.exit(p.wait())
	P
	run -130 timeout 60 python3 client.py "wherry-test-$$-$RANDOM"
	[[ $output == *"Gracefully stopping..."* ]]
	[ "$(state_of pp-a-1)" = exited ]
}

@test "a second Ctrl-C kills what does not stop" {
	project pk <<<'a: {<<: *b, init: false, command: "sh -c \"trap : TERM; echo begun; while :; do sleep 0.1; done\"", stop_grace_period: 100s}'
	in_background wherry compose up
	wait_until 20 out_has begun
	kill -INT "$CLIENT"
	wait_until 20 out_has "Container pk-a-1 Stopping"
	kill -INT "$CLIENT"
	ended_with 130
	[ "$(wherry inspect --format '{{.State.ExitCode}}' pk-a-1)" = 137 ]
}

@test "Ctrl-C while something is waited for begins nothing more, and the next up goes on" {
	project pw <<<'a: {<<: *b, healthcheck: {test: test -e /ok, interval: 100ms, start_period: 100s}}
b: {<<: *b, depends_on: {a: {condition: service_healthy}}}'
	in_background wherry compose up -d
	wait_until 20 out_has "Container pw-a-1 Waiting"
	kill -INT "$CLIENT"
	ended_with 130
	[ "$(state_of pw-a-1) $(state_of pw-b-1)" = "running created" ]
	wherry exec pw-a-1 touch /ok
	finished pw-a-1 pw-b-1
}

# killed_at COUNT VERB...: ended by strace at the COUNTth time that it sends.  (Leaks are not looked for then: that
# cannot be done to who is traced.)
killed_at() {
	ASAN_OPTIONS=detect_leaks=0 strace -o /dev/null -e trace=sendto -e inject=sendto:signal=KILL:when="$1" \
		wherry compose "${@:2}" >out 2>&1
}

@test "a client that is killed at any request leaves nothing doubled and nothing lost" {
	project px <<<'a: {<<: *b, environment: {V: 0}, volumes: [/data]}
b: {<<: *b, depends_on: [a]}'
	local at value=0
	timeout 60 wherry compose up -d
	wherry exec px-a-1 sh -c 'echo kept >/data/f'
	for at in $(seq 1 40); do
		value=$((value + 1))
		sed -i "s/V: [0-9]*/V: $value/" compose.yaml
		killed_at "$at" up -d && break
		finished px-a-1 px-b-1
		[ "$(wherry exec px-a-1 cat /data/f)" = kept ]
		[ "$(wherry inspect --format '{{index .Config.Env 0}}' px-a-1)" = "V=$value" ]
	done
	[ "$at" -gt 8 ] # it went on to its end in the last round
	[ "$at" -lt 40 ]
}

@test "a client that is killed while it makes the first containers, or stops them" {
	project pf <<<'a: {<<: *b, networks: [n], volumes: ["v:/v"]}
b: {<<: *b, networks: [n], depends_on: [a]}'
	top_level 'networks: {n: {}}
volumes: {v: {}}'
	local at
	for at in 5 7 8 9 10 11 12 14; do
		killed_at "$at" up -d || true
		finished pf-a-1 pf-b-1
		killed_at "$((at - 2))" down -t 0 || true
		wherry compose down -t 0
		[ "$(names -a)" = "" ]
		[ "$(wherry volume ls -q --filter name=pf_v)" = pf_v ]
	done
}

# begun VALUE NAME: what a client that is dead by now had asked for, and the daemon makes only after others have looked:
# the container of another model.
begun() {
	wherry create --name "$2" -e "V=$1" --label com.docker.compose.project=pr --label com.docker.compose.service=a \
		--label com.docker.compose.container-number=1 --label com.docker.compose.oneoff=False \
		--label com.docker.compose.version=2.40.0 --label wherry.compose.hash=other busybox sleep 1d
}

# late COMMAND: `up` while this happens between what it sees and its first create.
late() {
	BEFORE_CREATE=$1 proxy_begin late
	CLIENT=$PROXY
	through late timeout -k 5 60 wherry compose up -d
}

@test "what a dead client had begun for another model is in nobody's way" {
	project pr <<<'a: {<<: *b, environment: {V: 1}}'
	export -f begun
	late 'begun 0 pr-a-1'
	[ "$(names -a)" = "pr-a-1 " ]
	[ "$(wherry inspect --format '{{index .Config.Env 0}} {{.State.Status}}' pr-a-1)" = "V=1 running" ]
	kill "$CLIENT"
	sed -i 's/V: 1/V: 2/' compose.yaml
	late "begun 1 $(id_of pr-a-1 | cut -c1-12)_pr-a-1"
	[ "$(wherry inspect --format '{{index .Config.Env 0}} {{.State.Status}}' pr-a-1)" = "V=2 running" ]
	finished pr-a-1
}

@test "a name that a container of somebody else has is not taken from him" {
	project pr <<<'a: {<<: *b}'
	local code=0
	late "wherry create --name pr-a-1 busybox sleep 1d" >out 2>&1 || code=$?
	[ "$code" = 1 ]
	out_has 'The container name "/pr-a-1" is already in use'
	[ "$(state_of pr-a-1)" = created ]
}

@test "a daemon that is killed in the middle: up says so, and the next one finishes" {
	project pd <<<'a: {<<: *b, healthcheck: {test: test -e /ok, interval: 100ms, start_period: 100s}}
b: {<<: *b, depends_on: {a: {condition: service_healthy}}}'
	in_background wherry compose up -d
	wait_until 20 out_has "Container pd-a-1 Waiting"
	kill -KILL "$(daemon_pid)"
	ended_with 1
	wait_until 30 answers
	[ "$(state_of pd-a-1)" = running ]
	wherry exec pd-a-1 touch /ok
	finished pd-a-1 pd-b-1
}
