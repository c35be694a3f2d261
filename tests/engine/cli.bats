#!/usr/bin/env bats
# The commands on a real daemon: wherry, and docker where it is installed, must not tell the difference.

bats_require_minimum_version 1.5.0
load ../lib/wherry

commands=(wherry)
command -v docker >/dev/null && commands+=(docker)

setup_file() {
	scratch_begin
	daemon_start
	busybox_image
	DAEMON_OF_FILE=$DAEMON
	export DAEMON_OF_FILE
}

teardown_file() {
	DAEMON=$DAEMON_OF_FILE
	daemon_stop
	scratch_end
}

setup() { cd "$SCRATCH"; }
teardown() { remove_all_containers; }

# both FUNCTION: with $CLI naming the command
both() {
	for CLI in "${commands[@]}"; do
		echo "# $CLI" >&2
		"$@"
		remove_all_containers
	done
}

# in_terminal SCRIPT: with a terminal of 33 rows and 77 columns; keys come from descriptor 7, what the
# terminal shows stands in $SCRATCH/screen.
in_terminal() {
	rm -f "$SCRATCH/keys" "$SCRATCH/screen"
	mkfifo "$SCRATCH/keys"
	timeout 30 script -qefc "stty rows 33 cols 77; $1; echo \"ended \$?\"" "$SCRATCH/screen" \
		<"$SCRATCH/keys" >/dev/null 3>&- &
	TERMINAL=$!
	exec 7>"$SCRATCH/keys"
}

screen_shows() { wait_until 15 grep -aqE "$1" "$SCRATCH/screen"; }

terminal_ends() {
	screen_shows "ended $1"
	exec 7>&-
	wait $TERMINAL || true
}

run_and_exit() {
	[ "$($CLI run --rm busybox echo hello)" = hello ]
	run $CLI run --rm busybox sh -c 'echo out; echo err >&2; exit 7'
	[ "$status" = 7 ]
	[ "$($CLI run --rm busybox sh -c 'echo out; echo err >&2' 2>/dev/null)" = out ]
	run -137 $CLI run --rm --init busybox sh -c 'kill -9 $$'
	run -127 $CLI run --rm busybox nosuch
	[[ $output == *'exec: "nosuch": executable file not found in $PATH'* ]]
	run -126 $CLI run --rm busybox /etc
	run -125 $CLI run --rm busybox /etc/passwd/x
	run -125 $CLI run --rm --memory 1k busybox true
	[ "$($CLI ps -aq | wc -l)" = 0 ]
}
@test "run ends as its command did" {
	both run_and_exit
}

options_of_run() {
	local id
	[ "$($CLI run --rm -e A=1 -e B busybox sh -c 'echo $A-$B')" = "1-" ]
	[ "$(B=2 $CLI run --rm -e B busybox sh -c 'echo $B')" = 2 ]
	[ "$($CLI run --rm -w /tmp busybox pwd)" = /tmp ]
	[ "$($CLI run --rm -u ann busybox id -u)" = 1000 ]
	[ "$($CLI run --rm -u 5:6 busybox sh -c 'id -u; id -g' | tr '\n' ' ')" = "5 6 " ]
	[ "$($CLI run --rm --entrypoint echo busybox a b)" = "a b" ]
	[ "$($CLI run --rm -h somewhere busybox hostname)" = somewhere ]
	[ "$($CLI run --rm --read-only busybox sh -c 'touch /x 2>&1 || echo no' | tail -1)" = no ]
	[ "$($CLI run --rm --tmpfs /mem:size=1m busybox sh -c 'mount | grep -c " /mem "')" = 1 ]
	mkdir -p host && echo there >host/file
	[ "$($CLI run --rm -v "$SCRATCH/host:/in:ro" busybox cat /in/file)" = there ]
	[ "$($CLI run --rm -v ./host:/in busybox sh -c 'echo back >/in/new; cat /in/file')" = there ]
	[ "$(cat host/new)" = back ]
	[ "$($CLI run --rm --add-host a.b:1.2.3.4 busybox grep -F a.b /etc/hosts | tr '\t' ' ')" = "1.2.3.4 a.b" ]
	[ "$($CLI run --rm --ulimit nofile=77 busybox sh -c 'ulimit -n')" = 77 ]
	[ "$($CLI run --rm --network none busybox sh -c 'ls /sys/class/net | tr "\n" " "')" = "lo " ]
	$CLI create --name limits -m 64m --cpus 1.5 -l k=v busybox true
	[ "$($CLI inspect -f '{{.HostConfig.Memory}} {{.HostConfig.NanoCpus}} {{.Config.Labels.k}} {{.State.Status}}' limits)" = "67108864 1500000000 v created" ]
	id=$($CLI run -d --cidfile "$SCRATCH/cid" --name ${CLI}-bg busybox sleep 100)
	[ "$(cat "$SCRATCH/cid")" = "$id" ]
	rm "$SCRATCH/cid"
	[ "$($CLI ps --no-trunc -q)" = "$id" ]
	[ "$($CLI inspect -f '{{.ID}} {{.HostConfig.CPUShares}}' "$id")" = "$id 0" ]
}
@test "options of run" { both options_of_run; }

streams() {
	local i
	[ "$(printf 'a\nb\n' | $CLI run --rm -i busybox wc -l)" = 2 ]
	head -c 20000000 /dev/urandom >random
	[ "$($CLI run --rm -i busybox cat <random | md5sum)" = "$(md5sum <random)" ]
	[ "$($CLI run --rm busybox head -c 30000000 /dev/zero | wc -c)" = 30000000 ]
	# Who is started without one has an empty input and an output for nobody, not what it opens next.
	[ "$(timeout -s KILL 20 $CLI run --rm -i busybox wc -c <&-)" = 0 ]
	timeout -s KILL 20 $CLI run --rm -v "$SCRATCH:/s" busybox sh -c 'echo nothing; echo done >/s/silent' >&- 2>&-
	[ "$(cat silent)" = done ]
	$CLI run -d --name ex busybox sleep 100
	[ "$($CLI exec -i ex cat <random | md5sum)" = "$(md5sum <random)" ]
	for i in 1 2 3 4 5 6; do
		run $CLI exec ex sh -c 'exit 5'
		[ "$status" = 5 ]
	done
	[ "$($CLI exec -w /tmp -e A=5 -u ann ex sh -c 'pwd; echo $A; id -u' | tr '\n' ' ')" = "/tmp 5 1000 " ]
	$CLI exec -d ex touch /made
	wait_until 10 $CLI exec ex test -e /made
	run -127 $CLI exec ex nosuch
	run -126 $CLI exec -u nosuch ex true
}
@test "streams are whole in both directions" { both streams; }

terminals() {
	in_terminal "$CLI run -it --rm busybox sh -c 'stty size; read x; echo got-\$x; exit 9'"
	screen_shows '33 77'
	printf 'word\r' >&7
	screen_shows 'got-word'
	terminal_ends 9
	in_terminal "$CLI run -it --name tt busybox sh"
	wait_until 15 sh -c "$CLI ps -q --filter name=tt | grep -q ."
	printf 'echo first-$((1+1))\r' >&7
	screen_shows 'first-2'
	printf '\020\021' >&7
	terminal_ends 0
	[ "$($CLI ps --filter name=tt --format '{{.State}}')" = running ]
	in_terminal "$CLI attach tt"
	printf 'exit 4\r' >&7
	terminal_ends 4
	$CLI start tt
	in_terminal "$CLI exec -it tt sh -c 'stty size; tty; exit 3'"
	screen_shows '33 77'
	terminal_ends 3
	in_terminal "$CLI exec -it --detach-keys ctrl-a,x tt sh -c 'echo in; read x'"
	screen_shows '^in'
	printf '\001x' >&7
	screen_shows 'read escape sequence'
	terminal_ends 1
	run $CLI run -it busybox true </dev/null
	[ "$status" = 1 ]
	[[ $output == "the input device is not a TTY"* ]]
}
@test "terminals: size, keys, detach, attach, exec" { both terminals; }

listings() {
	local id
	id=$($CLI run -d --name web -l tier=front -p 127.0.0.1::80 busybox sleep 100)
	$CLI run --name done busybox sh -c 'exit 3' || true
	[ "$($CLI ps --format '{{.Names}}')" = web ]
	[ "$($CLI ps -a --format '{{.Names}}' | tr '\n' ' ')" = "done web " ]
	[ "$($CLI ps -aq --filter status=exited --filter exited=3 | wc -l)" = 1 ]
	[ "$($CLI ps -q --filter label=tier=front --no-trunc)" = "$id" ]
	[ "$($CLI ps -a --filter name=don --format '{{.Command}} {{.Image}}')" = '"sh -c '"'exit 3'"'" busybox' ]
	[[ $($CLI ps | head -1) == "CONTAINER ID   IMAGE     COMMAND       CREATED "*"NAMES" ]]
	[[ $($CLI ps --format '{{.Ports}}') == "127.0.0.1:"*"->80/tcp" ]]
	[[ $($CLI port web) == "80/tcp -> 127.0.0.1:"* ]]
	[[ $($CLI top web) == UID*PID*CMD*"sleep 100" ]]
	[[ $($CLI stats --no-stream --format '{{.Name}} {{.PIDs}}' web) == "web 1" ]]
	[ "$($CLI images --format '{{.Repository}}:{{.Tag}}')" = busybox:latest ]
	$CLI tag busybox other:1
	[ "$($CLI images -q | sort -u | wc -l)" = 1 ]
	[[ $($CLI rmi other:1) == "Untagged: other:1" ]]
	[[ $($CLI history busybox) == IMAGE*"Imported from -" ]]
	[ "$($CLI inspect -f '{{.State.Running}} {{.Name}}' web)" = "true /web" ]
	[[ $($CLI system df) == TYPE*"Images          1         1"* ]]
	[[ $($CLI info -f '{{.ContainersRunning}} {{.Images}}') == "1 1" ]]
	[[ $($CLI version -f '{{.Server.APIVersion}}{{.Server.ApiVersion}}' 2>/dev/null || $CLI version) == *1.47* ]]
}
@test "listings" { both listings; }

imports() {
	mkdir -p empty && tar -C empty -c . >empty.tar
	for _ in 1 2; do # the second one takes the name from the first
		run $CLI import -c 'CMD ["x"]' empty.tar "$CLI:named"
		[[ $output =~ ^sha256:[0-9a-f]{64}$ ]]
	done
	$CLI rmi "$CLI:named"
	$CLI image prune -f
}
@test "import says the id alone" { both imports; }

life() {
	$CLI create --name one busybox sleep 100
	[ "$($CLI start one)" = one ]
	$CLI pause one
	[[ $($CLI ps --format '{{.Status}}') == *"(Paused)" ]]
	$CLI unpause one
	$CLI update -m 128m one
	[ "$($CLI inspect -f '{{.HostConfig.Memory}}' one)" = 134217728 ]
	$CLI rename one two
	run $CLI rm two
	[ "$status" = 1 ]
	[[ $output == *"container is running: stop the container before removing or force remove"* ]]
	[ "$($CLI stop -t 0 two)" = two ]
	[ "$($CLI wait two)" = 137 ]
	$CLI restart -t 0 two
	$CLI kill -s KILL two
	[ "$($CLI wait two)" = 137 ]
	[ "$($CLI rm two)" = two ]
	run $CLI start two
	[ "$status" = 1 ]
	[[ $output == *"No such container: two"* ]]
	$CLI run -d --name a1 busybox sleep 100
	$CLI run -d --name a2 busybox sleep 100
	$CLI rm -f a1 a2 missing || true
	[ "$($CLI ps -aq | wc -l)" = 0 ]
	$CLI run --name pr busybox true
	[[ $($CLI container prune -f) == "Deleted Containers:"* ]]
}
@test "create, start, pause, update, rename, stop, kill, wait, rm, prune" { both life; }

logs() {
	local follower
	$CLI run -d --name ll busybox sh -c 'for i in 1 2 3; do echo o$i; echo e$i >&2; done; until [ -e /go ]; do sleep 0.1; done; echo last'
	$CLI logs -f ll >followed 2>followed.err 3>&- &
	follower=$!
	wait_until 15 grep -qx o3 followed
	wait_until 15 grep -qx e3 followed.err
	$CLI exec ll touch /go
	wait $follower
	[ "$(tr '\n' ' ' <followed)" = "o1 o2 o3 last " ]
	[ "$($CLI logs --tail 1 ll)" = last ]
	[[ $($CLI logs -t --tail 1 ll) == 20*Z" last" ]]
	[ "$($CLI logs --since 1h ll 2>&1 | wc -l)" = 7 ]
	[ "$($CLI logs --until 1h ll 2>&1 | wc -l)" = 0 ]
}
@test "logs" { both logs; }

signals() {
	$CLI run --name sg busybox sh -c 'trap "echo got; exit 6" TERM; echo ready; while :; do sleep 0.1; done' >out 2>&1 3>&- &
	local pid=$!
	wait_until 15 grep -q ready out
	kill -TERM $pid
	local code=0
	wait $pid || code=$?
	# docker that has not taken the answer to its start yet ends by itself, too.
	[ "$code" = 6 ] || [ "$CLI $code" = "docker 143" ]
	[ "$($CLI wait sg)" = 6 ]
	[ "$code" != 6 ] || grep -q got out
	$CLI logs sg | grep -q got
}
@test "signals reach the container" { both signals; }

events() {
	local since
	since=$(date +%s)
	timeout 20 $CLI events --since "$since" -f "container=$CLI-ev" --format '{{.Action}}' >happened 3>&- &
	local pid=$!
	$CLI run --rm --name "$CLI-ev" --network none busybox true
	wait_until 15 grep -qx destroy happened
	kill $pid
	wait $pid 2>/dev/null || true
	[ "$(grep -xE 'create|start|die|destroy' happened | tr '\n' ' ')" = "create start die destroy " ]
	[[ $($CLI events --since "$since" --until "$(($(date +%s) + 1))" -f event=die -f "container=$CLI-ev") == *"container die "*"exitCode=0"* ]]
}
@test "events" { both events; }

# take_both WORDS: what tells an age tells another one a second later, so theirs is taken between two of ours
# that are the same; after a minute, ages change by the minute.
take_both() {
	local try
	for try in {1..300}; do
		eval "wherry $1" >ours 2>&1
		eval "docker $1" >theirs 2>&1
		eval "wherry $1" >again 2>&1
		if cmp -s ours again; then return; fi
	done
	diff ours again
}

@test "what one command made the other one shows in the same way" {
	[ ${#commands[@]} = 2 ] || skip "docker is not installed"
	wherry run -d --name shown -p 127.0.0.1::80 -v /tmp:/mnt -l a=b --restart on-failure:2 busybox sleep 100
	local words
	while read -r words; do
		take_both "$words"
		diff ours theirs || { echo "# differs: $words" >&2; false; }
	done <<-'END'
		ps --format '{{.ID}} {{.Image}} {{.Command}} {{.Ports}} {{.Names}} {{.Labels}} {{.Mounts}} {{.Networks}} {{.LocalVolumes}}'
		ps --format 'table {{.ID}}\t{{.Image}}\t{{.Names}}'
		images --format '{{.ID}} {{.Repository}} {{.Tag}} {{.Size}} {{.CreatedAt}}'
		inspect shown
		inspect busybox
		inspect -f '{{.State.Status}} {{json .Mounts}} {{.HostConfig.RestartPolicy}} {{.NetworkSettings.Ports}}' shown
		inspect -f '{{range $k, $v := .Config.Labels}}{{$k}}={{$v}} {{end}}{{.State.Health}}' shown
		port shown
		history --no-trunc busybox
		top shown -o pid,args
		system df --format '{{.Type}} {{.TotalCount}} {{.Active}}'
		container ls -a --no-trunc --format '{{json .Names}} {{.State}}'
		image inspect -f '{{.Id}} {{.RepoTags}} {{.Config.Cmd}}' busybox
	END
}
