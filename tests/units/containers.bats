#!/usr/bin/env bats
# A unit's container without a client: the process, the journal and the end of a [Container], what is left by an
# earlier start; then pulls, and what else the list of cases says about units and their daemon (101 to 103).

load units
load ../image/registry

setup_file() {
	units_begin
	busybox_image
}

teardown_file() { units_end; }

setup() { PIDS=(); }

teardown() {
	units_stop_all
	remove_all_containers
	rm -f "$UNITS"/*
	: >"$RECORD"
	for pid in "${PIDS[@]}"; do kill -KILL "$pid"; done
}

DOCKER=/usr/bin/docker # where there is none, the daemon's own command runs under that name

inspect() { api GET "/containers/$1/json" | jq -r "$2"; }
pid_of() { inspect "$1" .State.Pid; }
there_is() { [ "$(inspect "$1" .State.Running)" = true ]; }
no_container() { [ "$(api GET "/containers/$1/json" | jq -r .message)" = "No such container: $1" ]; }
said() { wherry journal -u "$1" -o cat; }
has_said() { said "$1" | grep -qxF -- "$2"; }
is_main() { [ "$(main_pid "$1")" = "$2" ]; }
has_main() { [ "$(main_pid "$1")" != 0 ]; }
has_restarted() { [ "$(property "$1" NRestarts)" = "$2" ] && [ "$(active "$1")" = active ]; }
docker_of() { pgrep -f "docker run .*--name[= ]$1 "; }

# contained NAME [SERVICE-LINE...] -- CONTAINER-LINE...: a unit with a [Container] of busybox.
contained() {
	local name=$1 lines=()
	shift
	while [ "$1" != -- ]; do lines+=("$1") && shift; done
	unit "$name" "${lines[@]}" '[Container]' Image=busybox StopSignal=KILL "${@:2}"
}

sleeps='Exec=sleep 1000'

# ---- container files ----

@test "the start is done when the container runs, whose process is the main one; no client stays" {
	printf '[Container]\nImage=busybox\nStopSignal=KILL\nExec=sh -c "echo hello; exec sleep 1000"\n' >"$UNITS/file.container"
	start file
	expect "$(state file)" active/running
	there_is systemd-file
	expect "$(main_pid file)" "$(pid_of systemd-file)"
	wait_until 10 has_said file hello
	expect "$(docker_of systemd-file)" ""
	grep -q '/system.slice/file.service/container-' "/proc/$(main_pid file)/cgroup"
	stop file
	expect "$(state file)" inactive/dead
	expect "$(result file)" success
	no_container systemd-file
}

@test "its exit decides, however short it lives" {
	contained bad -- 'Exec=sh -c "exit 3"'
	contained good -- 'Exec=true'
	contained listed SuccessExitStatus=3 -- 'Exec=sh -c "exit 3"'
	contained later -- 'Exec=sh -c "read x </tmp/in/go; exit 4"' "Volume=$SCRATCH/in:/tmp/in"
	mkdir -p "$SCRATCH/in"
	mkfifo "$SCRATCH/in/go"
	start later
	expect "$(state later)" active/running
	echo >"$SCRATCH/in/go"
	comes_to later failed/failed
	expect "$(property later ExecMainStatus)" 4
	run start bad # it may fail before its start is over, or after
	comes_to bad failed/failed
	expect "$(result bad)" exit-code
	expect "$(property bad ExecMainStatus)" 3
	start good listed
	comes_to good inactive/dead
	comes_to listed inactive/dead
	expect "$(result listed)" success
}

@test "what cannot be started fails the start, and says why" {
	contained none -- Pull=never "Exec=/no/such/program"
	run start none
	[ "$status" = 1 ]
	[[ $output == *"none.service failed exit-code"* ]]
	wait_until 10 eval 'said none | grep -q /no/such/program'
	no_container systemd-none
}

@test "commands before and after it run as in any service" {
	contained all 'Pre=L pre' 'Post=L post' 'Stop=L stop' 'StopPost=L stoppost' -- "$sleeps"
	start all
	expect "$(state all)" active/running
	stop all
	records '[pre] [post] [stop] [stoppost]'
	no_container systemd-all
}

@test "a oneshot is done when its container has ended" {
	contained once 1shot RemainAfterExit=yes -- 'Exec=sh -c "echo done"'
	start once
	expect "$(state once)" active/exited
	wait_until 10 has_said once done
	no_container systemd-once
}

@test "a killed daemon: it goes on, and what ended meanwhile restarts" {
	contained goes Restart=always RestartSec=0 -- "$sleeps"
	contained ends Restart=always RestartSec=0 -- "$sleeps"
	start goes ends
	local goes=$(main_pid goes) ends=$(main_pid ends)
	daemon_kill
	kill -KILL "$ends"
	units_daemon
	expect "$(state goes)" active/running
	expect "$(main_pid goes)" "$goes"
	expect "$(property goes NRestarts)" 0
	wait_until 20 has_restarted ends 1
	expect "$(pid_of systemd-ends)" "$(main_pid ends)"
	[ "$(main_pid ends)" != "$ends" ]
	stop goes ends
	no_container systemd-goes
}

client_of() { property "$1" ExecStart | grep -o 'pid=[0-9]*'; }

@test "no client makes it, unless something is the client's own" {
	contained without -- "$sleeps"
	contained with -- "$sleeps" PodmanArgs=--cpus=1
	start without with
	expect "$(client_of without)" pid=0
	[ "$(client_of with)" != pid=0 ]
	expect "$(inspect systemd-with .HostConfig.NanoCpus)" 1000000000
	wait_until 10 eval 'said without | grep -q Started'
	expect "$(said without | grep -c Started)" 1
}

# Each run of it leaves a line.
counts() { contained "$1" -- "Exec=sh -c \"echo >>/tmp/in/$1; exec sleep 1000\"" "Volume=$SCRATCH/in:/tmp/in"; }
runs_of() { wc -l <"$SCRATCH/in/$1"; }

@test "a daemon that is killed at any step of making it: the next one has it run, once" {
	local round
	mkdir -p "$SCRATCH/in"
	for round in $(seq 10); do
		counts "c$round"
		reload
		NO_BLOCK=true start "c$round"
		nap "0.0$((RANDOM % 9))"
		daemon_kill
		units_daemon
		comes_to "c$round" active/running
		expect "$(main_pid "c$round")" "$(pid_of "systemd-c$round")"
		wait_until 10 test -s "$SCRATCH/in/c$round"
		expect "$(runs_of "c$round")" 1
		expect "$(property "c$round" NRestarts)" 0
	done
}

@test "stopped at any step of making it: nothing of it is left" {
	local round
	contained brief StartLimitIntervalSec=0 -- "$sleeps"
	for round in $(seq 10); do
		NO_BLOCK=true start brief
		nap "0.0$((RANDOM % 6))"
		stop brief
		expect "$(active brief)" inactive
		no_container systemd-brief
	done
	start brief
	expect "$(state brief)" active/running
}

# bulky NAME: an image whose folder /bulk takes its time to be copied into a volume.
bulky() {
	local tree=$SCRATCH/bulky
	cp -a "$SCRATCH/busybox" "$tree"
	mkdir "$tree/bulk"
	(cd "$tree/bulk" && seq 8000 | split -l 1 -a 4)
	tar -C "$tree" -c . | curl -sS --unix-socket "$SOCKET" -X POST -H 'Content-Type: application/x-tar' \
		-H 'Transfer-Encoding: chunked' --data-binary @- "http://wherry/v1.47/images/create?fromSrc=-&repo=$1" >/dev/null
}

volumes() { api GET /volumes | jq '.Volumes | length'; }
has_volume() { [ "$(volumes)" = 1 ]; }

@test "a stop that meets its making is done when that has been undone" {
	local round
	bulky bulky
	unit making StartLimitIntervalSec=0 '[Container]' Image=bulky StopSignal=KILL Volume=/bulk "$sleeps"
	for round in 1 2 3; do
		NO_BLOCK=true start making
		wait_until 20 has_volume
		stop making
		expect "$(volumes)" 0
		expect "$(state making)" inactive/dead
		expect "$(result making)" success
		no_container systemd-making
	done
	start making
	expect "$(state making)" active/running
}

@test "a daemon that ends amid its making leaks nothing, and the next one makes it" {
	unit making StartLimitIntervalSec=0 '[Container]' Image=bulky StopSignal=KILL Volume=/bulk "$sleeps"
	NO_BLOCK=true start making
	wait_until 20 has_volume
	daemon_stop
	run sanitizers_complain
	expect "$output" ""
	units_daemon
	comes_to making active/running
}

@test "the unit's memory is the container's, and what takes more is killed" {
	contained y MemoryMax=32M MemorySwapMax=0 -- 'Exec=dd if=/dev/zero of=/dev/null bs=64M count=1'
	run start y # it may fail before its start is over, or after
	becomes y failed
	expect "$(result y)" oom-kill
	no_container systemd-y
}

@test "what an earlier start has left goes first; a stranger of that name stays" {
	contained left -- "$sleeps"
	api POST "/containers/create?name=systemd-left" '{"Image":"busybox","Labels":{"wherry.unit":"left.service"}}' >/dev/null
	expect_status 201
	start left
	expect "$(state left)" active/running
	stop left
	api POST "/containers/create?name=systemd-left" '{"Image":"busybox"}' >/dev/null
	run start left
	[ "$status" = 1 ]
	wait_until 10 eval 'said left | grep -q "is already in use"'
	expect "$(inspect systemd-left .State.Status)" created
}

# ---- docker run in ExecStart= ----

@test "what a container says that nobody is attached to is in the journal of the unit, once" {
	unit says Restart=always RestartSec=0 "Start=$DOCKER run -d --rm --name xx --stop-signal KILL busybox sh -c \"echo hello; exec sleep 1000\""
	start says
	wait_until 20 there_is xx
	wait_until 20 is_main says "$(pid_of xx)"
	expect "$(state says)" active/running
	expect "$(property says NRestarts)" 0
	wait_until 10 has_said says hello
	expect "$(said says | grep -cx hello)" 1
	api GET "/containers/xx/logs?stdout=1" | grep -qa hello
	expect "$(wherry journal -u says -o json | jq -r 'select(.MESSAGE == "hello") | "\(._SYSTEMD_UNIT) \(.SYSLOG_IDENTIFIER)"')" "says.service xx"
}

@test "101: a daemon that is killed takes nothing that requires docker.service along" {
	unit needs Requires=docker.service After=docker.service Start=Z
	unit bound BindsTo=docker.service PartOf=docker.service Start=Z
	unit ready Requires=docker.service Type=notify \
		"Start=sh{until [ -s $SCRATCH/message ]; do sleep 0.1; done; exec socat -u OPEN:$SCRATCH/message,ignoreeof UNIX-SENDTO:\$NOTIFY_SOCKET}"
	start needs bound
	NO_BLOCK=true start ready
	comes_to ready activating/start
	wait_until 10 has_main ready # its shim has begun it
	local needs=$(main_pid needs) bound=$(main_pid bound) pid=$(main_pid ready)
	daemon_kill
	printf READY=1 >"$SCRATCH/message"
	wait_until 10 eval '[ "$(cat /proc/'"$pid"'/comm)" = socat ]'
	units_daemon
	expect "$(main_pid needs)" "$needs"
	expect "$(main_pid bound)" "$bound"
	comes_to ready active/running
	expect "$(main_pid ready)" "$pid"
}

# A registry with one image, HOST/slow:latest, whose layer of random bytes comes as RULE says.
slow_registry() {
	local folder=$SCRATCH/registry.$BATS_TEST_NUMBER tree=$SCRATCH/slow.$BATS_TEST_NUMBER
	cp -a "$SCRATCH/busybox" "$tree"
	head -c 400000 /dev/urandom >"$tree/data"
	registry_image "$folder" slow latest "$(layer_tar "$tree")"
	serve_files "$folder" <<<"blobs/$(jq -r '.layers[0].digest' "$folder/v2/slow/manifests/latest") $1"
}

@test "102: a pull of any length is no timeout while bytes arrive; the container file pulls as well" {
	slow_registry "drip 0"
	unit slow TimeoutStartSec=1 "Pre=$DOCKER pull $HOST/slow" "Start=$DOCKER run --rm --name xx --stop-signal KILL $HOST/slow sleep 1000" "Stop=$DOCKER stop xx"
	start slow
	expect "$(state slow)" active/running
	stop slow
	api DELETE "/images/$HOST/slow?force=1" >/dev/null
	unit y TimeoutStartSec=1 '[Container]' "Image=$HOST/slow" StopSignal=KILL "$sleeps"
	start y
	expect "$(state y)" active/running
	expect "$(main_pid y)" "$(pid_of systemd-y)"
}

@test "102: a pull whose bytes stall is one, 30 s after the last" {
	slow_registry "stall 0"
	unit stalls TimeoutStartSec=1 "Pre=$DOCKER pull $HOST/slow" Start=Z
	local begun=$SECONDS
	run start stalls
	[ "$status" = 1 ]
	expect "$(result stalls)" timeout
	[ $((SECONDS - begun)) -ge 25 ]
}

@test "103: files that many have load without a warning; web@01 publishes 18001" {
	local name
	cp "$BATS_TEST_DIRNAME"/fixtures/*.service "$UNITS"
	for name in db dbhelper mondb monweb@1 web@01 todo sqliteserver sqliteproxy; do
		expect "$(get "/units/$name.service" | jq -r '"\(.Properties.LoadState) \(.Warnings | length)"')" "loaded 0"
	done
	slow_registry "drip 1"
	sed "s,example/web$,$HOST/slow,; s,^ExecStart=.*,& sleep 1000,; s,^ExecStart=/usr/bin/docker run,& --stop-signal KILL," "$BATS_TEST_DIRNAME/fixtures/web@.service" >"$UNITS/web@.service"
	reload
	start web@01
	wait_until 20 there_is web-01
	expect "$(inspect web-01 '.HostConfig.PortBindings["80/tcp"][0].HostPort')" 18001
}
