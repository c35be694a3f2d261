#!/usr/bin/env bats
# Verbs that change one project wait for each other, as long as the one before lives.

load ../engine/daemon
load project

daemon_up() { SUPERVISED=1 daemon_start; }

setup() { CLIENTS=(); }

teardown() {
	[ ${#CLIENTS[@]} = 0 ] || kill -KILL "${CLIENTS[@]}" 2>/dev/null || true
	projects_end
}

# begin NAME COMMAND...: in the background, its output in the file NAME, its pid in the variable NAME.
begin() {
	local name=$1
	shift
	"$@" >"$name" 2>&1 3>&- &
	printf -v "$name" %s $!
	CLIENTS+=($!)
}
ended_with() {
	local code=0
	wait "$2" || code=$?
	[ "$code" = "$1" ] || {
		echo "# ended with $code, not $1:"
		tail -n 50 first second 2>/dev/null
		return 1
	} >&2
}
has() { grep -qF "$2" "$1"; }
answers() { wherry version >/dev/null 2>&1; }

# A project whose `up` waits until somebody makes /ok in its first container.
gated() {
	project "$1" <<<'a: {<<: *b, healthcheck: {test: test -e /ok, interval: 100ms, start_period: 100s}}
b: {<<: *b, depends_on: {a: {condition: service_healthy}}}'
	begin first wherry compose up -d
	wait_until 60 has first "Container $1-a-1 Waiting"
}
opened() { wherry exec "$1-a-1" touch /ok; }

@test "a second up waits for the first one, says so, and finds nothing left to do" {
	gated ta
	begin second wherry compose up -d
	wait_until 60 has second "waiting for up (process $first), which changes project \"ta\""
	[ "$(wc -l <second)" = 1 ]
	opened ta
	ended_with 0 "$first"
	ended_with 0 "$second"
	has second "Container ta-b-1 Running"
	[ "$(names -a)" = "ta-a-1 ta-b-1 " ]
}

@test "down, and all others that change something, come after up; a turn that is short is not told of" {
	gated tb
	begin second wherry compose down -t 0
	wait_until 60 has second "waiting for up"
	[ "$(names -a)" = "tb-a-1 tb-b-1 " ]
	opened tb
	ended_with 0 "$first"
	ended_with 0 "$second"
	[ "$(names -a)" = "" ]
	begin second wherry compose up -d
	wait_until 60 has second "Container tb-a-1 Waiting"
	opened tb
	ended_with 0 "$second"
	refuted has second "waiting for"
}

@test "who only looks does not wait, and neither does kill" {
	gated tc
	timeout 20 wherry compose ps -q
	timeout 20 wherry compose logs >/dev/null
	timeout 20 wherry compose plan >/dev/null || [ $? = 2 ]
	timeout 20 wherry compose up -d --dry-run
	timeout 20 wherry compose kill a
	ended_with 1 "$first"
}

@test "a client that is killed keeps nobody waiting" {
	gated td
	begin second wherry compose down -t 0
	wait_until 60 has second "waiting for up"
	kill -KILL "$first"
	ended_with 0 "$second"
	[ "$(names -a)" = "" ]
}

@test "Ctrl-C while another one is waited for ends at once, and nothing was done" {
	gated te
	begin second wherry compose down -t 0
	wait_until 60 has second "waiting for up"
	kill -INT "$second"
	ended_with 130 "$second"
	[ "$(names)" = "te-a-1 " ]
	opened te
	ended_with 0 "$first"
	[ "$(names)" = "te-a-1 te-b-1 " ]
}

@test "projects do not wait for each other, and a foreground up for nobody once all runs" {
	gated tf
	project tg <<<'a: {<<: *b, command: sh -c "echo begun; sleep 1d"}'
	begin other wherry compose up
	wait_until 60 has other "a-1  | begun"
	timeout 30 wherry compose restart -t 0
	timeout 30 wherry compose down -t 0
	ended_with 0 "$other"
}

@test "after a restart of the daemon who waited goes on waiting for who had begun" {
	project th <<<'a: {<<: *b, environment: {V: 1}, deploy: {replicas: 2, update_config: {order: stop-first, delay: 4s}}}'
	wherry compose up -d
	sed -i 's/V: 1/V: 2/' compose.yaml
	begin first wherry compose up -d
	wait_until 60 has first "Container th-a-1 Recreate"
	kill -STOP "$first" # until the other one waits
	begin second wherry compose down -t 0
	wait_until 60 has second "waiting for up"
	kill -CONT "$first"
	wait_until 60 has first "Container th-a-1 Started"
	kill -KILL "$(daemon_pid)"
	wait_until 30 answers
	ended_with 0 "$first"
	[ "$(wherry inspect --format '{{index .Config.Env 0}}' th-a-2 2>/dev/null || echo V=2)" = "V=2" ]
	ended_with 0 "$second"
	[ "$(names -a)" = "" ]
}

@test "a lease is told of by its holder's words, passed on in order, and refused for what is no project" {
	mkdir -p "$SCRATCH/api"
	cd "$SCRATCH/api"
	lease() { exec curl -sSN --unix-socket "$SOCKET" -X POST "http://wherry/wherry/v1/projects/$1"; }
	begin first lease 'x/lease?holder=me'
	wait_until 60 has first '{"State":"held"}'
	begin second lease 'x/lease?holder=you'
	wait_until 60 has second '{"State":"waiting","Holder":"me"}'
	begin third lease 'x/lease?holder=they&again=1'
	wait_until 60 has third '{"State":"waiting","Holder":"me"}'
	kill "$first"
	wait_until 60 has third '{"State":"held"}'
	refuted has second held
	kill "$third"
	wait_until 60 has second '{"State":"held"}'
	[ "$(curl -sS --unix-socket "$SOCKET" -o /dev/null -w '%{http_code}' -X POST http://wherry/wherry/v1/projects/X/lease)" = 400 ]
	[ "$(curl -sS --unix-socket "$SOCKET" -o /dev/null -w '%{http_code}' -X POST 'http://wherry/wherry/v1/projects/x/lease?holder=%1bc')" = 400 ]
}
