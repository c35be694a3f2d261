#!/usr/bin/env bats
# Containers of a project started, stopped, frozen, killed and removed; the numbers are those of the list of
# conformance.

load ../engine/daemon
load project
load proxy

teardown() {
	[ -z "${PROXY-}" ] || kill "$PROXY"
	projects_end
}

# states: of the project's containers, by name.
states() { wherry ps -a --format '{{.Names}}={{.State}}' --filter "label=com.docker.compose.project=${PWD##*/}" | sort | tr '\n' ' '; }

@test "stop, start and restart in the order of dependencies, in each style's words" {
	project ps <<<'db: {<<: *b}
web: {<<: *b, depends_on: [db]}'
	wherry compose up -d
	run --separate-stderr wherry compose stop
	said 'Container ps-web-1 Stopping' 'Container ps-web-1 Stopped' \
		'Container ps-db-1 Stopping' 'Container ps-db-1 Stopped'
	[ "$(states)" = "ps-db-1=exited ps-web-1=exited " ]
	run --separate-stderr wherry compose start
	said 'Container ps-db-1 Starting' 'Container ps-db-1 Started' \
		'Container ps-web-1 Starting' 'Container ps-web-1 Started'
	[ "$(states)" = "ps-db-1=running ps-web-1=running " ]
	export WHERRY_COMPOSE_STYLE=v1
	run --separate-stderr wherry compose stop
	said 'Stopping ps-web-1 ...' 'Stopping ps-db-1  ...' 'Stopping ps-web-1 ... done' 'Stopping ps-db-1  ... done'
	run --separate-stderr wherry compose start
	said 'Starting db  ...' 'Starting web ...' 'Starting db  ... done' 'Starting web ... done'
	run --separate-stderr wherry compose restart web
	said 'Restarting ps-web-1 ...' 'Restarting ps-web-1 ... done'
	run wherry compose stop zz
	[ "$status" = 1 ]
	[ "$output" = "No such service: zz" ]
}

@test "start waits for the conditions of the file" {
	project pw <<<'db: {<<: *b, command: sh -c "sleep 0.5; touch /ok; sleep 1d", healthcheck: {test: test -e /ok, interval: 100ms, start_period: 60s}}
web: {<<: *b, depends_on: {db: {condition: service_healthy}}}'
	wherry compose create
	wherry compose start
	[ "$(wherry inspect --format '{{.State.Health.Status}}' pw-db-1)" = healthy ]
	[ "$(states)" = "pw-db-1=running pw-web-1=running " ]
}

@test "pause, unpause and kill; of none, version 1 says so" {
	project pp <<<'a: {<<: *b}'
	wherry compose up -d
	wherry compose pause
	[ "$(states)" = "pp-a-1=paused " ]
	wherry compose unpause
	[ "$(states)" = "pp-a-1=running " ]
	wherry compose kill -s KILL
	[ "$(states)" = "pp-a-1=exited " ]
	[ "$(wherry inspect --format '{{.State.ExitCode}}' pp-a-1)" = 137 ]
	export WHERRY_COMPOSE_STYLE=v1
	run wherry compose pause
	[ "$status" = 1 ]
	[ "$output" = "No containers to pause" ]
	run wherry compose kill
	[ "$status" = 0 ]
}

@test "a paused container is stopped, too" {
	project pz <<<'a: {<<: *b}'
	wherry compose up -d
	wherry compose pause
	wherry compose stop
	[ "$(states)" = "pz-a-1=exited " ]
}

@test "rm asks, and takes only what is stopped" {
	project pr <<<'a: {<<: *b}
b: {<<: *b}'
	wherry compose up -d
	run wherry compose rm -f
	[ "$status" = 0 ]
	[ "$output" = "No stopped containers" ]
	wherry compose stop a
	run --separate-stderr wherry compose rm <<<n
	[[ $output == "Going to remove pr-a-1"*"Are you sure? [yN]"* ]]
	[ "$(states)" = "pr-a-1=exited pr-b-1=running " ]
	wherry compose rm <<<y
	[ "$(states)" = "pr-b-1=running " ]
	wherry compose rm -fs
	[ "$(states)" = "" ]
}

@test "102: down takes containers and networks, volumes and images when asked; again it is no failure" {
	project pd <<<'a: {<<: *b, image: own, volumes: ["v:/v"]}'
	top_level 'volumes: {v: {}}'
	wherry tag busybox own
	wherry compose up -d
	wherry compose down
	[ "$(states)" = "" ]
	[ "$(wherry network ls -q --filter name=pd_ | wc -l)" = 0 ]
	[ "$(wherry volume ls -q --filter name=pd_v)" = pd_v ]
	wherry compose up -d
	wherry compose down -v --rmi local
	[ "$(wherry volume ls -q --filter name=pd_v)" = "" ]
	wherry image inspect own >/dev/null
	run wherry compose down -v --rmi local
	[ "$status" = 0 ]
	WHERRY_COMPOSE_STYLE=v1 run wherry compose down
	[ "$status" = 0 ]
	[ "$output" = 'Removing network pd_default
Network pd_default not found.' ]
	wherry compose up -d
	wherry compose down --rmi all
	run wherry image inspect own
	[ "$status" != 0 ]
	run wherry compose down --rmi some
	[ "$status" = 1 ]
	[ "$output" = "--rmi flag must be one of: all, local" ]
}

@test "an image that others use is said, and down goes on" {
	project pi <<<'a: {<<: *b, image: shared}'
	wherry create --name source busybox
	wherry commit source shared
	wherry compose up -d
	wherry run -d --name other shared sleep 1d
	WHERRY_COMPOSE_STYLE=v1 run wherry compose down --rmi all
	[ "$status" = 0 ]
	[[ $output == *"Failed to remove image for service a: 409"* ]]
	[ "$(states)" = "" ]
	wherry rm -f other source
	wherry rmi shared
}

@test "a network that others use stays, and down goes on" {
	project pn <<<'a: {<<: *b}'
	wherry compose up -d
	wherry run -d --name other --network pn_default busybox sleep 1d
	run wherry compose down
	[ "$status" = 0 ]
	[[ $output == *"Network pn_default Resource is still in use"* ]]
	[[ $output != *"Network pn_default Removed"* ]]
	wherry rm -f other
	wherry compose down
	[ "$(wherry network ls -q --filter name=pn_ | wc -l)" = 0 ]
}

@test "110: down works by labels, without a file" {
	project pl <<<'a: {<<: *b}
b: {<<: *b, depends_on: [a]}'
	wherry compose up -d
	cd /
	run --separate-stderr wherry compose -p pl down
	[ "$status" = 0 ]
	[ "${lines[0]-}" = "" ]
	[ "$(wherry ps -aq --filter label=com.docker.compose.project=pl | wc -l)" = 0 ]
	[ "$(wherry network ls -q --filter name=pl_ | wc -l)" = 0 ]
}

@test "both styles manage one project" {
	project pb <<<'a: {<<: *b}'
	wherry compose up -d
	ids >before
	WHERRY_COMPOSE_STYLE=v1 wherry compose up -d
	diff before <(ids)
	ln -s "$(command -v wherry)" docker-compose
	./docker-compose down
	[ "$(states)" = "" ]
}

@test "dry runs of what ends things change nothing" {
	project py <<<'a: {<<: *b}'
	wherry compose up -d
	for verb in stop "kill" "down -v" restart pause; do
		# shellcheck disable=SC2086
		run --separate-stderr wherry compose --dry-run $verb
		[ "$status" = 0 ]
		[[ $stderr == *"DRY-RUN MODE"* ]]
	done
	[ "$(states)" = "py-a-1=running " ]
}

@test "the level and the words of both personalities" {
	run -1 wherry compose up --no-such-flag
	run -1 wherry compose --no-such-flag up
	ln -sf "$(command -v wherry)" "$SCRATCH/docker-compose"
	[ "$("$SCRATCH/docker-compose" version --short)" = 1.29.2 ]
	[ "$(wherry compose version --short)" = 2.40.0 ]
	[[ $("$SCRATCH/docker-compose" --version) == "docker-compose version 1.29.2, build "* ]]
	[ "$(wherry compose version -f json)" = '{"version":"v2.40.0"}' ]
	run "$SCRATCH/docker-compose" nonsense
	[ "$status" = 1 ]
	[ "${lines[0]}" = "No such command: nonsense" ]
	[ "$("$SCRATCH/docker-compose" help up)" = "$("$SCRATCH/docker-compose" up --help)" ]
	wherry __complete compose -p x u | grep -q '^up	'
	wherry __complete compose up --no-st | grep -q '^--no-start	'
}

@test "wait --down-project takes the project down when the first of them has ended" {
	project pw <<<'a: {<<: *b, command: sh -c "until test -e /go; do sleep 0.1; done; exit 4"}
b: {<<: *b}'
	local waiter code=0
	wherry compose up -d
	proxy_begin wait
	through wait wherry compose wait --down-project a b >told 2>&1 3>&- &
	waiter=$!
	wait_until 20 has_asked wait "POST .*/$(id_of pw-a-1)/wait"
	wherry exec pw-a-1 touch /go
	wait "$waiter" || code=$?
	[ "$code" = 4 ]
	[[ $(<told) == *"exited with status code 4"*"Container pw-b-1 Removed"* ]]
	[ "$(names -a)" = "" ]
}

@test "--all-resources makes networks and volumes that nobody uses, too" {
	project pa <<<'a: {<<: *b, network_mode: none}'
	top_level 'networks: {n: {}}
volumes: {v: {}}'
	wherry compose up -d
	[ "$(wherry network ls -q --filter name=pa_; wherry volume ls -q --filter name=pa_)" = "" ]
	WHERRY_COMPOSE_STYLE=v1 run --separate-stderr wherry compose --all-resources up -d
	[ "$status" = 0 ]
	[[ $stderr == 'Creating network "pa_n" with the default driver'*'Creating volume "pa_v" with default driver'* ]]
	[ "$(wherry network ls --format '{{.Name}}' --filter name=pa_; wherry volume ls -q --filter name=pa_)" = $'pa_n\npa_v' ]
	wherry compose down -v
	[ "$(wherry network ls -q --filter name=pa_; wherry volume ls -q --filter name=pa_)" = "" ]
}
