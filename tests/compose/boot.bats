#!/usr/bin/env bats
# The host comes up: the daemon leaves a recorded project to the command, which starts it in its own order.

load ../lib/wherry
load ../engine/life
load project

setup() {
	scratch_begin
	daemon_start
	busybox_image
}

teardown() {
	projects_end
	daemon_stop
	scratch_end
}

own() { curl -sS --unix-socket "$SOCKET" "http://wherry/wherry/v1$1"; }
runs() { inspects "$1" .State.Running true; }

# The host goes down and comes up, but for the daemon's folder.
host_anew() {
	local pid pids shims
	pids=$(api GET /containers/json | jq -r '.[].Id' | while read -r id; do inspect "$id" .State.Pid; done)
	daemon_kill
	for pid in $pids; do
		shims="${shims-} $(ps -o ppid= -p "$pid" | tr -d ' ')"
	done
	for pid in $shims $pids; do kill -KILL "$pid" 2>/dev/null || true; done
	for pid in $shims $pids; do wait_until 10 has_ended "$pid"; done
	rm -rf --one-file-system "${SCRATCH:?}/run/"*
	daemon_start
}

@test "what is due is started in the order of the file, with its conditions; the rest stays down" {
	project boot <<<'db: {<<: *b, restart: always, command: sh -c "rm -f /ok; sleep 0.5; touch /ok; sleep 1d", healthcheck: {test: test -e /ok, interval: 100ms, start_period: 60s}}
web: {<<: *b, restart: always, depends_on: {db: {condition: service_healthy}}}
once: {<<: *b, depends_on: [db]}'
	wherry compose up -d
	[ "$(own /projects/boot | jq -r '.Style + " " + .Directory')" = "v2 $PWD" ]
	rm compose.yaml # what was recorded is enough
	host_anew
	wait_until 30 runs boot-web-1
	runs boot-db-1
	[ "$(inspect boot-db-1 .State.Health.Status)" = healthy ]
	[ "$(inspect boot-once-1 .State.Running)" = false ]
	[[ $(inspect boot-db-1 .State.StartedAt) < $(inspect boot-web-1 .State.StartedAt) ]]
	[ "$(own /projects/boot | jq -r '.Due | length')" = 0 ]
}

@test "down forgets the project, and nothing is started for it" {
	project gone <<<'a: {<<: *b, restart: always}'
	wherry compose up -d
	[ "$(own /projects | jq -r '.[].Name')" = gone ]
	wherry compose down
	[ "$(own /projects | jq length)" = 0 ]
}
