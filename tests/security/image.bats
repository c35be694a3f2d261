#!/usr/bin/env bats
# The cages of the image workers, looked at from outside while a registry keeps them waiting, and what
# hostile bytes can do in them.

load ../lib/wherry
load ../image/registry

setup_file() { scratch_begin; }
teardown_file() { scratch_end; }

setup() {
	[ "$(id -u)" = 0 ] || skip "needs root: namespaces"
	store_begin
	make_files
}
teardown() { store_end; }

# The first child of process $1 whose job is $2.
worker_of() {
	local pid
	for pid in $(cat /proc/"$1"/task/*/children 2>/dev/null); do
		[ "$(tr '\0' ' ' 2>/dev/null </proc/"$pid"/cmdline)" = "wherry-worker $2 " ] && echo "$pid" && return 0
	done
	return 1
}

status_of() { awk -v name="$2:" '$1 == name {print $2}' "/proc/$1/status"; }

# A pull that stands still, half a layer fetched: sets TOOL, FETCH, UNPACK.
stalled_pull() {
	serve_files "$FILES" <<<"blobs/$LOW stall 0
blobs/$HIGH stall 0"
	WORKER=$WHERRY_BUILD/wherry-worker "$WHERRY_BUILD/tests/image_tool" "$ROOT" pull "$HOST/bb:1" \
		>"$ROOT.out" 2>&1 3>&- &
	TOOL=$!
	PIDS+=($TOOL)
	wait_until 10 worker_of $TOOL unpack >/dev/null
	FETCH=$(worker_of $TOOL fetch) UNPACK=$(worker_of $TOOL unpack)
	wait_until 10 are_caged
}

# The filter is the last thing that each puts on.
are_caged() { [ "$(status_of $FETCH Seccomp)" = 2 ] && [ "$(status_of $UNPACK Seccomp)" = 2 ]; }

@test "the fetcher is nobody, can do nothing, and can write nowhere" {
	stalled_pull
	[ "$(status_of $FETCH Uid)" = 65534 ]
	[ "$(status_of $FETCH CapEff)" = 0000000000000000 ]
	[ "$(status_of $FETCH CapPrm)" = 0000000000000000 ]
	[ "$(status_of $FETCH CapBnd)" = 0000000000000000 ]
	[ "$(status_of $FETCH NoNewPrivs)" = 1 ]
	[ "$(status_of $FETCH Seccomp)" = 2 ]
	[ -z "$(awk '$6 !~ /^ro/' /proc/$FETCH/mountinfo)" ]
	[ "$(readlink /proc/$FETCH/ns/net)" = "$(readlink /proc/self/ns/net)" ]
}

@test "the unpacker has the folder and nothing else" {
	stalled_pull
	[ "$(status_of $UNPACK CapEff)" = "$(status_of $UNPACK CapBnd)" ]
	# chown, dac_override, fowner, fsetid, mknod, sys_admin (for trusted.overlay.*), setfcap
	[ "$(status_of $UNPACK CapEff)" = 000000008820001b ]
	[ "$(status_of $UNPACK NoNewPrivs)" = 1 ]
	[ "$(status_of $UNPACK Seccomp)" = 2 ]
	[ "$(readlink /proc/$UNPACK/ns/net)" != "$(readlink /proc/self/ns/net)" ]
	[ "$(wc -l </proc/$UNPACK/mountinfo)" = 1 ]
	grep -q " / rw,nosuid,nodev,noexec" /proc/$UNPACK/mountinfo
	[ "$(ls /proc/$UNPACK/root/)" = "$(ls "$ROOT/layers/$(basename "$(awk '{print $4}' /proc/$UNPACK/mountinfo)")")" ]
}

@test "no secret is in an argument, in a log, or in a core" {
	serve_files "$FILES" <<<"blobs/$LOW stall 0
/v2/ basic 0"
	AUTH='{"username":"user","password":"secret"}' WORKER=$WHERRY_BUILD/wherry-worker \
		"$WHERRY_BUILD/tests/image_tool" "$ROOT" pull "$HOST/bb:1" >"$ROOT.out" 2>&1 3>&- &
	PIDS+=($!)
	local tool=$!
	wait_until 10 grep -q Downloading "$ROOT.out"
	FETCH=$(worker_of $tool fetch)
	if tr '\0' '\n' <"/proc/$FETCH/cmdline" | grep -q secret; then return 1; fi
	[ "$(awk '/Max core file size/ {print $5}' /proc/$FETCH/limits)" = 0 ]
	refuted grep -q 'secret\|dXNlcjpzZWNyZXQ' "$ROOT.out"
}

@test "the reader of archives has no network, no capabilities and no rights to write" {
	head -c 100000 /dev/urandom >"$SCRATCH/noise"
	tar -C "$SCRATCH" -cf "$SCRATCH/waits" noise
	HALF=wait WORKER=$WHERRY_BUILD/wherry-worker "$WHERRY_BUILD/tests/image_tool" "$ROOT" load "$SCRATCH/waits" \
		>"$ROOT.out" 2>&1 3>&- &
	local tool=$! load
	PIDS+=($tool)
	wait_until 10 worker_of $tool load >/dev/null
	load=$(worker_of $tool load)
	wait_until 10 eval '[ "$(status_of '"$load"' Seccomp)" = 2 ]'
	[ "$(status_of "$load" Uid)" = 65534 ]
	[ "$(status_of "$load" CapEff)" = 0000000000000000 ]
	[ "$(status_of "$load" NoNewPrivs)" = 1 ]
	[ -z "$(awk '$6 !~ /^ro/' /proc/"$load"/mountinfo)" ]
	[ "$(readlink /proc/"$load"/ns/net)" != "$(readlink /proc/self/ns/net)" ]
}

# Each a tar that tries to get out, made with what GNU tar lets through.
@test "what a layer tries, the host does not notice" {
	mkdir -p "$SCRATCH/evil/dir"
	local host=$SCRATCH/host
	mkdir -p "$host"
	echo untouched >"$host/file"
	cd "$SCRATCH/evil"
	ln -s "$host" link
	tar -cf "$SCRATCH/through.tar" link
	rm link
	mkdir link
	echo evil >link/file
	tar -rf "$SCRATCH/through.tar" link/file
	rm -r link
	tar -P -cf "$SCRATCH/absolute.tar" "$host/file"
	cd /
	local name
	for name in through absolute; do
		registry_image "$FILES" bb $name "$SCRATCH/$name.tar"
	done
	serve_files "$FILES" </dev/null
	run tool pull "$HOST/bb:through"
	expect_error $SYSTEM "cannot make the folder of 'link/file'"
	run tool pull "$HOST/bb:absolute"
	[ "$status" = 0 ]
	[ "$(cat "$(layer_of "$HOST/bb:absolute")$host/file")" = untouched ]
	[ "$(cat "$host/file")" = untouched ]
	[ "$(ls "$host")" = file ]
}

@test "overlayfs's own marks cannot be smuggled in" {
	command -v setfattr >/dev/null || skip "needs setfattr (package attr)"
	mkdir -p "$SCRATCH/marks/dir"
	echo x >"$SCRATCH/marks/dir/file"
	setfattr -n trusted.overlay.redirect -v /etc "$SCRATCH/marks/dir"
	setfattr -n user.kept -v yes "$SCRATCH/marks/dir/file"
	tar -C "$SCRATCH/marks" --xattrs --xattrs-include='*' --format=pax -cf "$SCRATCH/marks.tar" .
	registry_image "$FILES" bb marks "$SCRATCH/marks.tar"
	serve_files "$FILES" </dev/null
	run tool pull "$HOST/bb:marks"
	[ "$status" = 0 ]
	run getfattr -d -m - "$(layer_of "$HOST/bb:marks")/dir" "$(layer_of "$HOST/bb:marks")/dir/file"
	[[ $output != *overlay* && $output == *user.kept* ]]
}

@test "what packs and saves may read and nothing else; what pushes has the network and nothing else" {
	daemon_start
	busybox_image
	api POST '/containers/create?name=big' '{"Image":"busybox","Cmd":["sh","-c","dd if=/dev/urandom of=/big bs=1M count=20"]}'
	api POST /containers/big/start
	api POST /containers/big/wait
	api POST '/commit?container=big&repo=big'
	# A client that does not read: the worker waits.
	curl -sS --limit-rate 1k --unix-socket "$SOCKET" -o "$SCRATCH/slow" http://wherry/images/big/get 2>/dev/null 3>&- &
	PIDS+=($!)
	local daemon save push
	daemon=$(daemon_pid)
	wait_until 10 worker_of "$daemon" save >/dev/null
	save=$(worker_of "$daemon" save)
	wait_until 10 eval '[ "$(status_of '"$save"' Seccomp)" = 2 ]'
	[ "$(status_of "$save" CapEff)" = 0000000000200004 ] # dac_read_search; sys_admin for trusted.*
	[ "$(status_of "$save" NoNewPrivs)" = 1 ]
	[ -z "$(awk '$6 !~ /^ro/' /proc/"$save"/mountinfo)" ]
	[ "$(readlink /proc/"$save"/ns/net)" != "$(readlink /proc/self/ns/net)" ]
	# A registry that takes a connection and says nothing.
	python3 -c 'import socket, sys, time
s = socket.create_server(("127.0.0.1", 0))
open(sys.argv[1], "w").write(str(s.getsockname()[1]))
time.sleep(1000)' "$SCRATCH/silent" 3>&- &
	PIDS+=($!)
	wait_until 10 test -s "$SCRATCH/silent"
	local host=127.0.0.1:$(cat "$SCRATCH/silent")
	api POST "/images/big/tag?repo=$host/big&tag=1"
	curl -sS --unix-socket "$SOCKET" -X POST -H "X-Registry-Auth: $(printf '{"username":"u","password":"hidden"}' | base64 -w0)" \
		-o "$SCRATCH/push" "http://wherry/images/$host/big/push?tag=1" 2>/dev/null 3>&- &
	PIDS+=($!)
	wait_until 10 worker_of "$daemon" push >/dev/null
	push=$(worker_of "$daemon" push)
	wait_until 10 eval '[ "$(status_of '"$push"' Seccomp)" = 2 ]'
	[ "$(status_of "$push" Uid)" = 65534 ]
	[ "$(status_of "$push" CapBnd)" = 0000000000000000 ]
	[ -z "$(awk '$6 !~ /^ro/' /proc/"$push"/mountinfo)" ]
	if tr '\0' '\n' <"/proc/$push/cmdline" | grep -q hidden; then return 1; fi
	refuted grep -q hidden "$SCRATCH/wherryd.log"
	daemon_stop
}
