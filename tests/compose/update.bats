#!/usr/bin/env bats
# Updates of services that publish a port, without a moment in which nobody answers; and what is kept or comes
# back when the new version does not become healthy.

bats_require_minimum_version 1.5.0
load ../engine/daemon

setup() {
	unset "${!COMPOSE_@}" WHERRY_COMPOSE_STYLE
	PROJECT=u$BATS_TEST_NUMBER
	mkdir "$SCRATCH/$PROJECT"
	cd "$SCRATCH/$PROJECT" || exit
}
teardown() {
	[ -z "${ASKER-}" ] || kill "$ASKER" || true
	compose down -v -t 0 --remove-orphans || true
	cd / && rm -rf "${SCRATCH:?}/$PROJECT"
}

# Healthy is who answers: a server that is found healthy before it listens refuses connections.
served="'until wget -q -O /dev/null http://127.0.0.1/v; do sleep 0.1; done'"

compose() { wherry compose -p "$PROJECT" "$@"; }
field() { api GET "/containers/$PROJECT-$1/json" | jq -r "$2"; }
names() { api GET "/containers/json?all=1&filters=%7B%22label%22%3A%5B%22com.docker.compose.project%3D$PROJECT%22%5D%7D" | jq -r '[.[] | .Names[0][1:] + " " + .State] | sort | join(", ")'; }

# service VERSION TEST [MORE]: compose.yaml with a server that answers VERSION, and healthy when TEST says so.
service() {
	cat >compose.yaml <<-YML
		services:
		  web:
		    image: busybox
		    command: ["sh", "-c", "mkdir -p /www && echo $1 >/www/v && exec httpd -f -p 80 -h /www"]
		    stop_grace_period: 2s
		    ports: ["${PORT:-}:80"]
		    healthcheck: {test: $2, interval: 200ms, retries: 2, start_interval: 200ms}
		    deploy: {update_config: {order: start-first, ${3:-failure_action: pause}}}
	YML
}

# Ask again and again on new connections until killed; every failure is a line in `refused`.
ask_on() {
	: >refused
	while :; do
		curl -sS --max-time 5 "http://127.0.0.1:$1/v" >>answers 2>>refused || echo failed >>refused
	done 3>&- &
	ASKER=$!
}
answers() { curl -sS --max-time 5 "http://127.0.0.1:$PORT/v"; }

@test "108: start-first under a loop of requests: none fails" {
	service one "$served"
	compose up -d --wait
	PORT=$(field web-1 '.NetworkSettings.Ports["80/tcp"][0].HostPort')
	service one "$served"
	compose up -d --wait # the port is the file's from now on
	[ "$(answers)" = one ]
	ask_on "$PORT"
	local version
	for version in two three four; do
		service "$version" "$served"
		compose up -d
		[ "$(answers)" = "$version" ]
		[ "$(names)" = "$PROJECT-web-1 running" ]
	done
	kill "$ASKER"
	unset ASKER
	[ ! -s refused ] || { cat refused; false; }
	[ "$(grep -c . answers)" -gt 3 ]
}

@test "108: a new version that is never healthy goes, the old one serves on, rc 1" {
	PORT=$((RANDOM % 10000 + 20000))
	service one "$served"
	compose up -d --wait
	local id
	id=$(field web-1 .Id)
	ask_on "$PORT"
	service two "'echo sick; exit 1'"
	run -1 compose up -d
	[[ $output == *sick* ]]
	[ "$(names)" = "$PROJECT-web-1 running" ]
	[ "$(field web-1 .Id)" = "$id" ]
	[ "$(answers)" = one ]
	kill "$ASKER"
	unset ASKER
	[ ! -s refused ] || { cat refused; false; }
	service three "$served"
	compose up -d
	[ "$(answers)" = three ]
}

@test "stop-first with rollback: the old one comes back when the new one fails" {
	PORT=$((RANDOM % 10000 + 20000))
	service one "$served" "failure_action: rollback"
	sed -i 's/start-first/stop-first/' compose.yaml
	compose up -d --wait
	local id
	id=$(field web-1 .Id)
	service two "'exit 1'" "failure_action: rollback"
	sed -i 's/start-first/stop-first/' compose.yaml
	run -1 compose up -d
	[ "$(names)" = "$PROJECT-web-1 running" ]
	[ "$(field web-1 .Id)" = "$id" ]
	wait_until 10 answers
	[ "$(answers)" = one ]
}

@test "what cannot be start-first is said, and updated stop-first" {
	PORT=$((RANDOM % 10000 + 20000))
	service one "$served"
	sed -i "s/    image/    container_name: $PROJECT-own\n    image/" compose.yaml
	compose up -d --wait
	service two "$served"
	sed -i "s/    image/    container_name: $PROJECT-own\n    image/" compose.yaml
	run -0 compose up -d --wait
	[[ $output == *"updated stop-first: it has container_name"* ]]
	[ "$(answers)" = two ]
	[ "$(names)" = "$PROJECT-own running" ]
}

@test "an update that was cut after the hand-over is finished by the next up" {
	PORT=$((RANDOM % 10000 + 20000))
	service one "$served"
	compose up -d --wait
	local old new
	old=$(field web-1 .Id)
	service two "$served"
	compose plan --format json >plan.json || [ $? = 2 ]
	# The same by hand, as far as the hand-over: what a client that is killed then leaves.
	jq -e '[.steps[].kind] | index("take_over") and index("drain")' plan.json
	wherry compose -p "$PROJECT" up -d >out 2>&1 3>&- &
	local client=$!
	wait_until 30 holds_nothing
	kill -9 $client || true
	wait $client || true
	compose up -d
	new=$(field web-1 .Id)
	[ "$new" != "$old" ]
	[ "$(names)" = "$PROJECT-web-1 running" ]
	[ "$(answers)" = two ]
}
# Has the new one taken over?
holds_nothing() { [ "$(answers)" = two ]; }

@test "a plan in a file is carried out as it is, or not at all" {
	PORT=$((RANDOM % 10000 + 20000))
	service one "$served"
	compose up -d --wait
	service two "$served"
	run -2 compose plan
	[[ $output == *"recreate $PROJECT-web-1: "*"(start-first)"* ]]
	compose plan --format json >plan.json || [ $? = 2 ]
	compose up -d --plan plan.json
	[ "$(answers)" = two ]
	run -1 compose up -d --plan plan.json
	[ "$(names)" = "$PROJECT-web-1 running" ]
	run -0 compose plan
}

@test "who was stopped for the sake of one that fails runs again, rc 1" {
	dependent() {
		cat >compose.yaml <<-YML
			services:
			  db:
			    image: busybox
			    command: sleep 1d
			    init: true
			    environment: {V: $1}
			    healthcheck: {test: $2, interval: 100ms, retries: 2}
			  web:
			    image: busybox
			    command: sleep 1d
			    init: true
			    environment: {V: $3}
			    depends_on: {db: {condition: service_healthy, restart: true}}
		YML
	}
	dependent 1 "'true'" 1
	compose up -d
	local id
	id=$(field web-1 .Id)
	dependent 2 "'false'" 1
	run -1 compose up -d
	[[ $output == *"db-1 is unhealthy"* ]]
	[ "$(field web-1 '.Id + " " + .State.Status')" = "$id running" ]
	dependent 3 "'false'" 2 # that it is to be made anew itself changes nothing
	run -1 compose up -d
	[ "$(field web-1 '.Id + " " + .State.Status')" = "$id running" ]
	dependent 4 "'true'" 2
	run -0 compose up -d
	[ "$(field web-1 .State.Status)" = running ]
	[ "$(field web-1 .Id)" != "$id" ]
	[ "$(names)" = "$PROJECT-db-1 running, $PROJECT-web-1 running" ]
}
