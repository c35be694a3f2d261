#!/usr/bin/env bats
# What goes into and comes out of a project's containers: exec, run, attach, logs, cp, events, wait, watch.

bats_require_minimum_version 1.5.0
load ../lib/wherry
load proxy

setup_file() {
	scratch_begin
	daemon_start
	busybox_image
	ln -s "$WHERRY_BUILD/wherry" "$SCRATCH/docker-compose"
}
teardown_file() {
	daemon_stop
	scratch_end
}

setup() {
	unset "${!COMPOSE_@}" WHERRY_COMPOSE_STYLE
	PROJECT=p$BATS_TEST_NUMBER
	mkdir "$SCRATCH/$PROJECT"
	cd "$SCRATCH/$PROJECT" || exit
}
teardown() {
	[ -z "${WATCH-}" ] || kill "$WATCH" 2>/dev/null || true
	[ -z "${PROXY-}" ] || kill "$PROXY" 2>/dev/null || true
	compose down -t 0 -v --remove-orphans >/dev/null 2>&1 || true
}

compose() { wherry compose -p "$PROJECT" "$@"; }
v1() { "$SCRATCH/docker-compose" -p "$PROJECT" "$@"; }
told() { grep -qxF -- "$1" <<<"$output" || { echo "# not told: $1 in: $output" >&2; false; }; }
ids() { compose_ids "label=com.docker.compose.project=$PROJECT"; }
compose_ids() { wherry ps -aq --filter "$1"; }
label_of() { wherry inspect -f "{{index .Config.Labels \"com.docker.compose.$2\"}}" "$1"; }

# sleeper SERVICE [LINE...]: one more service of busybox that sleeps.
sleeper() {
	[ -f compose.yaml ] || echo services: >compose.yaml
	printf '  %s:\n    image: busybox\n    command: sleep 1d\n    init: true\n    stop_grace_period: 1s\n' "$1" >>compose.yaml
	shift
	[ $# = 0 ] || printf '    %s\n' "$@" >>compose.yaml
}

# ---- exec ----

@test "exec: the command's status, its output, user, folder and variables (97)" {
	sleeper a
	compose up -d
	run -7 compose exec -T a sh -c 'exit 7'
	run -0 compose exec -T -u 1000 -w /tmp -e X=y a sh -c 'id -u; pwd; echo $X'
	[ "$output" = $'1000\n/tmp\ny' ]
	run -0 bash -c "echo in | wherry compose -p $PROJECT exec -T a cat"
	[ "$output" = in ]
}

@test "exec: of several containers the one with that index; of none that runs, an error" {
	sleeper a 'scale: 2' 'hostname: ""'
	compose up -d
	first=$(compose exec -T --index 1 a hostname)
	second=$(compose exec -T --index 2 a hostname)
	[ "$first" != "$second" ]
	[ "$(compose exec -T a hostname)" = "$first" ]
	run -1 compose exec -T --index 3 a true
	told 'service "a" has no container with index 3'
	run -1 compose exec -T --index 0 a true
	compose stop -t 0
	run -1 compose exec -T a true
	told 'service "a" is not running'
	run -1 compose exec -T zz true
	told 'no such service: zz'
}

# ---- run ----

@test "run: the command's status; with --rm nothing is left, without it a one-off container (95)" {
	sleeper a
	run -9 compose run --rm a sh -c 'exit 9'
	[ -z "$(ids)" ]
	run -3 compose run a sh -c 'exit 3'
	[ "$(ids | wc -l)" = 1 ]
	[ "$(label_of "$(ids)" oneoff)" = True ]
	[ "$(label_of "$(ids)" slug | tr -d '\n' | wc -c)" = 64 ]
	[[ "$(wherry inspect -f '{{.Name}}' "$(ids)")" =~ ^/$PROJECT-a-run-[0-9a-f]{12}$ ]]
}

@test "run: ports of the service only when they are asked for (96)" {
	sleeper a 'ports: ["127.0.0.1::80"]'
	compose run -d --name "$PROJECT-x" a
	[ "$(wherry port "$PROJECT-x")" = "" ]
	compose run -d --name "$PROJECT-y" --service-ports a
	[[ "$(wherry port "$PROJECT-y")" == 80/tcp* ]]
	compose run -d --name "$PROJECT-z" -p 127.0.0.1::81 a
	[[ "$(wherry port "$PROJECT-z")" == 81/tcp* ]]
	run -1 compose run --service-ports -p 1:1 a
	run -1 compose run -p nonsense a true
	[[ "$output" == *nonsense* ]]
}

@test "run: what the line says stands above the file" {
	mkdir here
	echo file >here/f
	sleeper a 'environment: {A: "1", B: "1"}' 'user: "1000"' 'volumes: ["/data"]' 'labels: {l: file}'
	run -0 --separate-stderr compose run --rm -e A=2 -e C=3 -u 0 -w /tmp -v ./here:/here:ro -v "$PWD/here:/data" \
		a sh -c 'echo $A $B $C; id -u; pwd; cat /here/f /data/f'
	[ "$output" = $'2 1 3\n0\n/tmp\nfile\nfile' ]
	run -0 --separate-stderr compose run --rm --entrypoint 'echo "one word"' a two
	[ "$output" = "one word two" ]
	compose run -d --name "$PROJECT-l" -l l=line -l m=n a
	[ "$(wherry inspect -f '{{.Config.Labels.l}} {{.Config.Labels.m}}' "$PROJECT-l")" = "line n" ]
}

@test "run: dependencies come first, as their conditions say; --no-deps leaves them" {
	sleeper b 'healthcheck: {test: test -f /ok, interval: 100ms, start_period: 10s}'
	sleeper a 'depends_on: {b: {condition: service_healthy}}'
	sed -i '0,/command: sleep 1d/s//command: sh -c "sleep 0.5; touch \/ok; exec sleep 1d"/' compose.yaml
	run -0 --separate-stderr compose run --rm a echo done
	[ "$output" = "done" ]
	[ "$(wherry inspect -f '{{.State.Health.Status}}' "$PROJECT-b-1")" = healthy ]
	compose down -t 0
	run -0 compose run --rm --no-deps a true
	[ -z "$(ids)" ]
}

@test "run: a name of the service's own is not its; aliases only when they are asked for" {
	sleeper a
	sleeper b
	compose up -d b
	compose run -d --name "$PROJECT-1" a
	run ! compose exec -T b nslookup a
	compose run -d --name "$PROJECT-2" --use-aliases a
	compose exec -T b nslookup a
}

# ---- attach ----

@test "attach: the output of what runs, and its status" {
	printf 'services:\n  a:\n    image: busybox\n    command: sh -c "read x; echo got $$x; exit 4"\n    stdin_open: true\n' >compose.yaml
	compose up -d
	mkfifo in
	compose attach a <in >out &
	attached=$!
	exec 9>in # an input that ended would end the attachment, as everywhere
	echo word >&9
	status=0
	wait "$attached" || status=$?
	exec 9>&-
	[ "$status" = 4 ]
	[ "$(cat out)" = "got word" ]
}

# ---- logs ----

@test "logs: whose line it is, in either style (94)" {
	printf 'services:\n  a:\n    image: busybox\n    command: echo hi\n' >compose.yaml
	compose up -d
	wherry wait "$PROJECT-a-1" >/dev/null
	run -0 compose logs --no-color
	[ "$output" = "a-1  | hi" ]
	run -0 compose logs --no-log-prefix
	[ "$output" = hi ]
	run -0 v1 logs --no-color
	[ "$output" = $'Attaching to '"$PROJECT-a-1"$'\na-1  | hi' ]
	run -0 compose logs -t
	[[ "$output" =~ a-1\ \ \|\ [0-9-]+T[0-9:.]+Z\ hi ]]
	run -1 compose logs --tail many
	run -1 compose logs zz
}

@test "logs: lines of both streams in one place keep their order" {
	# each is said when the one before stands in the log: of two pipes nobody can tell what came first
	cat >compose.yaml <<-'YML'
		services:
		  a:
		    image: busybox
		    command:
		      - sh
		      - -c
		      - |
		        may() { until [ -e /may/$$1 ]; do sleep 0.05; done; }
		        for i in 1 2 3; do may out$$i; echo out$$i; may err$$i; echo err$$i >&2; done
		    volumes: ["./may:/may"]
	YML
	mkdir may
	compose up >all 2>&1 3>&- &
	local up=$! line
	for line in out1 err1 out2 err2 out3 err3; do
		touch "may/$line"
		wait_until 20 said_by_a "$line"
	done
	wait "$up"
	[ "$(grep -o 'a-1  | .*' all | tr '\n' ' ')" = "a-1  | out1 a-1  | err1 a-1  | out2 a-1  | err2 a-1  | out3 a-1  | err3 " ]
	compose logs --no-log-prefix >all 2>&1
	[ "$(tr '\n' ' ' <all)" = "out1 err1 out2 err2 out3 err3 " ]
}
said_by_a() { wherry logs "$PROJECT-a-1" 2>&1 | grep -qx "$1"; }

@test "logs: the last lines of each; those of the services that are named" {
	printf 'services:\n' >compose.yaml
	for s in a b; do printf '  %s:\n    image: busybox\n    command: seq 1 3\n' $s >>compose.yaml; done
	compose up -d
	wherry wait "$PROJECT-a-1" "$PROJECT-b-1" >/dev/null
	run -0 compose logs --no-color -n 1
	[ "$(sort <<<"$output")" = $'a-1  | 3\nb-1  | 3' ]
	run -0 compose logs --no-color b
	[ "$output" = $'b-1  | 1\nb-1  | 2\nb-1  | 3' ]
}

@test "logs -f: goes on, with containers that start meanwhile, and ends with the last" {
	printf 'services:\n' >compose.yaml
	for s in a b; do
		printf '  %s:\n    image: busybox\n    command: sh -c "echo begun; until [ -f /end ]; do sleep 0.1; done; echo over"\n' $s
	done >>compose.yaml
	compose up -d a
	compose logs -f --no-color >log &
	follower=$!
	wait_until 10 grep -qx 'a-1  | begun' log
	compose up -d b
	wait_until 10 grep -qx 'b-1  | begun' log
	compose exec -T a touch /end
	compose exec -T b touch /end
	wait "$follower"
	grep -qx 'a-1  | over' log
	grep -qx 'b-1  | over' log
}

@test "logs: a full disk is an error, with -f at once; a container that starts anew says nothing twice" {
	printf 'services:\n  a:\n    image: busybox\n    command: sh -c "echo begun; exec sleep 1d"\n    init: true\n' >compose.yaml
	sleeper b
	compose up -d
	wait_until 10 has_begun 1
	for flags in "" -f; do
		run -1 bash -c "timeout 20 wherry compose -p $PROJECT logs $flags >/dev/full"
		[[ $output == *"cannot write to the standard output" ]]
	done
	compose logs -f --no-log-prefix >log &
	follower=$!
	wait_until 10 grep -qx begun log
	compose restart -t 0 a
	wait_until 10 has_begun 2
	compose stop -t 0
	wait "$follower"
	[ "$(cat log)" = $'begun\nbegun' ]
}
has_begun() { [ "$(compose logs --no-log-prefix | wc -l)" = "$1" ]; }

# ---- cp ----

@test "cp: to every container of a service, from its first; - is an archive (103)" {
	sleeper a 'scale: 2'
	compose up -d
	echo text >f
	compose cp f a:/f
	[ "$(compose exec -T --index 1 a cat /f)" = text ]
	[ "$(compose exec -T --index 2 a cat /f)" = text ]
	compose cp a:/f out
	[ "$(cat out)" = text ]
	[ "$(compose cp a:/f - | tar -xOf -)" = text ]
	echo second >f
	compose cp --index 2 f a:/f
	[ "$(compose exec -T --index 1 a cat /f)" = text ]
	[ "$(compose exec -T --index 2 a cat /f)" = second ]
	run -1 compose cp a:/f a:/g
	run -1 compose cp f g
	run -1 compose cp a:/none .
}

# ---- events ----

@test "events: of a stop, as JSON and as lines; without compose's own labels and one-off containers (100)" {
	sleeper a 'labels: {mine: "1"}'
	compose up -d
	since=$(date +%s.%N)
	compose run --rm a true
	compose stop -t 0
	run -0 compose events --json --since "$since" --until "$(date +%s.%N)"
	[ "$(jq -r .action <<<"$output" | tr '\n' ' ')" = "kill kill die stop " ] ||
		[ "$(jq -r .action <<<"$output" | tr '\n' ' ')" = "kill die stop " ]
	[ "$(jq -r 'select(.action == "die") | .attributes.exitCode | length > 0' <<<"$output")" = true ]
	[ "$(jq -r '[.service, .type, .attributes.mine] | join(" ")' <<<"$output" | sort -u)" = "a container 1" ]
	refuted grep -q com.docker.compose <<<"$output"
	run -0 compose events --since "$since" --until "$(date +%s.%N)" a
	[[ "${lines[-1]}" =~ ^[0-9-]+\ [0-9:.]+\ container\ stop\ [0-9a-f]{64}\ \(.*mine=1.*\)$ ]]
}

# ---- wait ----

@test "wait: until all of them have exited, with the status of the last" {
	printf 'services:\n  a:\n    image: busybox\n    command: sh -c "exit 3"\n' >compose.yaml
	sleeper b
	printf '  c:\n    image: busybox\n    command: sh -c "until [ -f /go ]; do sleep 0.1; done; exit 5"\n' >>compose.yaml
	compose up -d
	proxy_begin wait
	through wait compose wait c >told 3>&- &
	waiter=$!
	wait_until 20 has_asked wait 'POST .*/wait'
	compose exec -T c touch /go
	status=0
	wait "$waiter" || status=$?
	[ "$status" = 5 ]
	grep -q 'exited with status code 5' told
	run -1 compose wait zz
}

# ---- watch ----

watched() {
	mkdir -p src
	printf 'FROM busybox\nCOPY baked /baked\n' >Dockerfile
	echo one >baked
	echo a >src/a
	cat >compose.yaml <<-YML
		services:
		  a:
		    build: .
		    command: sleep 1d
		    init: true
		    stop_grace_period: 1s
		    develop:
		      watch:
		        - {path: ./src, action: sync, target: /app/src, ignore: [skip/], initial_sync: true}
		        - {path: ./baked, action: rebuild}
		        - {path: ./config, action: sync+restart, target: /config}
	YML
	echo c >config
}

watch_begin() {
	wherry compose -p "$PROJECT" watch >watch.log 2>&1 3>&- 4>&- &
	WATCH=$!
	wait_until 30 grep -q 'Watch enabled' watch.log
}
watch_end() {
	kill -INT "$WATCH"
	wait "$WATCH"
	WATCH=
}
has() { [ "$(compose exec -T a cat "$1" 2>/dev/null)" = "$2" ]; }
lacks() { ! compose exec -T a test -e "$1"; }

@test "watch: files that change go in, files that go are gone, ignored ones stay out (111)" {
	watched
	watch_begin
	has /app/src/a a
	mkdir -p src/dir src/skip
	echo x >src/skip/x
	echo deep >src/dir/c
	wait_until 5 has /app/src/dir/c deep
	rm -r src/dir
	wait_until 5 lacks /app/src/dir
	lacks /app/src/skip
	echo b >src/a.new
	mv src/a.new src/a
	wait_until 5 has /app/src/a b
	watch_end
}

@test "watch: what is baked in is built and made anew; a restart follows a copy" {
	watched
	watch_begin
	old=$(ids)
	echo two >baked
	wait_until 20 has /baked two
	[ "$(ids)" != "$old" ]
	begun=$(wherry inspect -f '{{.State.StartedAt}}' "$(ids)")
	echo d >config
	wait_until 10 has /config d
	is_restarted() { [ "$(wherry inspect -f '{{.State.StartedAt}}' "$(ids)")" != "$begun" ]; }
	wait_until 10 is_restarted
	watch_end
}

@test "up --watch shows output, and goes on with what was built anew; Ctrl-C stops all" {
	watched
	sed -i "s/command: sleep 1d/command: sh -c 'cat \/baked; sleep 1d'/" compose.yaml
	wherry compose -p "$PROJECT" up --watch --build >watch.log 2>&1 3>&- 4>&- &
	WATCH=$!
	wait_until 30 grep -q 'Watch enabled' watch.log
	wait_until 10 grep -q 'a-1  | one' watch.log
	echo b >src/a.new
	mv src/a.new src/a
	wait_until 10 has /app/src/a b
	echo two >baked
	wait_until 30 grep -q 'a-1  | two' watch.log
	local code=0
	kill -INT "$WATCH"
	wait "$WATCH" || code=$?
	WATCH=
	[ "$code" = 130 ]
	[ -z "$(compose ps -q)" ]
	run -1 compose up -d --watch
	[ "$output" = "--watch and -d cannot be combined." ]
}

@test "watch: without rules, or with a place that is not there, an error that says so" {
	sleeper a
	run -1 compose watch
	[[ "$output" == *"configured for watch"* ]]
	run -1 compose up --watch
	[[ "$output" == *"configured for watch"* ]]
	printf '    develop: {watch: [{path: ./none, action: sync, target: /x}]}\n' >>compose.yaml
	run -1 compose watch
	[[ "$output" == *none* ]]
}
