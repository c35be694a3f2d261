#!/usr/bin/env bats
# The daemon and the shims are killed while work goes on: nothing acknowledged is undone, nothing is
# lost, nothing stays behind.  Release build: the daemon under its own supervising shim, as it runs on
# a host without a service manager.

load kill

@test "a foreground run ends with the container's own exit code although the daemon was killed" {
	local run code=0
	mkfifo "$SCRATCH/input"
	wherry run --rm -i --name foreground busybox sh -c 'echo begun; read line; echo got $line; exit 7' \
		<"$SCRATCH/input" >"$SCRATCH/run.out" 2>&1 &
	run=$!
	exec 7>"$SCRATCH/input"
	wait_until 10 grep -q begun "$SCRATCH/run.out"
	kill -KILL "$(daemon_pid)"
	echo word >&7
	exec 7>&-
	wait "$run" || code=$?
	rm -f "$SCRATCH/input"
	cat "$SCRATCH/run.out"
	[ "$code" = 7 ]
	grep -q 'got word' "$SCRATCH/run.out"
	wait_until 10 nothing_left
}

@test "a shim that is killed is noticed within a second: its container is ended, cleaned up and said" {
	local id shim
	id=$(wherry run -d busybox sleep 1000)
	shim=$(ps -o ppid= -p "$(wherry inspect -f '{{.State.Pid}}' "$id")")
	kill -KILL $shim
	wait_until 2 container_state_is "$id" exited
	[ "$(api GET "/containers/$id/json" | jq .State.ExitCode)" = 137 ]
	api GET "/containers/$id/json" | jq -r .State.Error | grep -qi shim
	wherry rm "$id"
	wait_until 5 nothing_left
}

container_state_is() { [ "$(api GET "/containers/$1/json" | jq -r .State.Status)" = "$2" ]; }

# ---- each kind of operation ----

# while_killed COMMAND...: in the background, with the daemon killed a random moment after it began.
while_killed() {
	local pid
	"$@" >"$SCRATCH/op.out" 2>&1 3>&- &
	pid=$!
	nap "0.$(printf %03d $((RANDOM % 400 + 5)))"
	kill -KILL "$(daemon_pid)"
	wait $pid || true
	wait_until 20 api GET /_ping >/dev/null
}

kept() { (cd "$SCRATCH/data" && find layers recipes blobs builds volumes -mindepth 1 -maxdepth 2 2>/dev/null | sort); }
one_layer() { [ "$(ls "$SCRATCH/data/layers" | wc -l)" = 1 ]; } # what rmi leaves to a worker is gone
kept_is() { [ "$(kept)" = "$1" ]; }

a_registry() {
	REGISTRY_PORT=$((RANDOM % 12000 + 20000))
	printf 'version: 0.1\nstorage: {filesystem: {rootdirectory: %s}}\nlog: {level: error}\nhttp: {addr: "127.0.0.1:%s"}\n' \
		"$SCRATCH/registry" "$REGISTRY_PORT" >"$SCRATCH/registry.yml"
	docker-registry serve "$SCRATCH/registry.yml" >"$SCRATCH/registry.log" 2>&1 3>&- &
	REGISTRY=$!
	wait_until 20 bash -c ": </dev/tcp/127.0.0.1/$REGISTRY_PORT" 2>/dev/null
}

@test "kill -9 during pulls and pushes: an image is there whole or not at all, and nothing else stays" {
	local before round name
	a_registry
	name=127.0.0.1:$REGISTRY_PORT/large
	printf 'FROM busybox\nRUN head -c 30000000 /dev/urandom >/a\nRUN head -c 30000000 /dev/urandom >/b\nRUN cat /a /b | sha256sum >/sum\n' |
		wherry build -q --no-cache -t "$name" -
	for round in 1 2 3; do
		while_killed wherry push -q "$name"
	done
	wherry push -q "$name"
	wherry rmi "$name"
	wait_until 20 one_layer
	before=$(kept)
	for round in 1 2 3 4 5 6; do
		while_killed wherry pull -q "$name"
		if wherry image inspect "$name" >/dev/null 2>&1; then
			wherry run --rm "$name" sh -c 'cat /a /b | sha256sum | cmp - /sum'
			wherry rmi "$name"
		fi
		wait_until 20 kept_is "$before"
	done
	wherry pull -q "$name"
	wherry run --rm "$name" sh -c 'cat /a /b | sha256sum | cmp - /sum'
	wherry rmi "$name"
	kill "$REGISTRY"
}

@test "kill -9 during builds: no step's container, no folder, no layer of it stays" {
	local before round
	mkdir -p "$SCRATCH/context"
	head -c 20000000 /dev/urandom >"$SCRATCH/context/large"
	printf 'FROM busybox AS one\nCOPY large /\nRUN sha256sum /large >/sum\nFROM busybox\nCOPY --from=one /large /sum /\nRUN sha256sum -c /sum\n' >"$SCRATCH/context/Dockerfile"
	wait_until 20 one_layer
	before=$(kept)
	for round in 1 2 3 4 5 6; do
		while_killed wherry build --no-cache -q -t built "$SCRATCH/context"
		wait_until 20 nothing_left
		if wherry image inspect built >/dev/null 2>&1; then
			wherry run --rm built sha256sum -c /sum
			wherry rmi built >/dev/null
		fi
		wherry image prune -f >/dev/null
		wait_until 20 kept_is "$before" || { diff <(kept) - <<<"$before" >&2; false; }
	done
	wherry build --no-cache -q -t built "$SCRATCH/context"
	wherry run --rm built sha256sum -c /sum
	wherry rmi built >/dev/null
	wherry image prune -f >/dev/null
}

@test "kill -9 while volumes are made, filled and removed: listed ones have a folder, others have none" {
	local round
	folders() { ls "$SCRATCH/data/volumes"; }
	listed() { api GET /volumes | jq -r '.Volumes[].Name' | sort; }
	agree() { [ "$(folders)" = "$(listed)" ]; }
	one_rests() { api GET '/containers/json?all=1' | jq -e 'all(.State == "created")' >/dev/null; } # its client gave up before the start
	several() {
		for i in 1 2 3 4 5 6; do
			wherry volume create "v$1-$i"
			wherry run --rm -v "v$1-$i:/etc" busybox true
			[ $((i % 2)) = 0 ] || wherry volume rm "v$1-$i"
		done
	}
	for round in 1 2 3 4 5 6; do
		while_killed several $round
		wait_until 20 one_rests
		remove_all_containers
		wait_until 10 nothing_left || { traces >&2; false; }
		wait_until 10 agree || { diff <(folders) <(listed) >&2; false; }
	done
	for volume in $(listed); do
		wherry run --rm -v "$volume:/etc" busybox grep -q ann /etc/passwd
	done
	wherry volume prune -af >/dev/null
	wait_until 10 agree
	[ -z "$(folders)" ]
}

@test "kill -9 during cp: the container runs on, what was copied can be copied again" {
	local round
	head -c 50000000 /dev/urandom >"$SCRATCH/large"
	wherry run -d --name box busybox sleep 1000
	for round in 1 2 3; do
		while_killed wherry cp "$SCRATCH/large" box:/tmp/large
		while_killed wherry cp box:/bin/busybox "$SCRATCH/out"
	done
	wherry cp "$SCRATCH/large" box:/tmp/large
	wherry cp box:/tmp/large "$SCRATCH/back"
	cmp "$SCRATCH/large" "$SCRATCH/back"
	[ "$(wherry exec box ls /tmp)" = large ]
	wherry rm -f box
	wait_until 10 nothing_left
}

@test "kill -9 while a running container is connected and disconnected under load: both sides agree in the end" {
	local round
	wherry network create net >/dev/null
	wherry run -d --name joins busybox sleep 1000 >/dev/null
	devices() { wherry exec joins ls /sys/class/net | grep -c eth; }
	agree() { [ "$(devices)" = "$(wherry inspect -f '{{len .NetworkSettings.Networks}}' joins)" ]; }
	joins_and_leaves() { for i in 1 2 3 4; do wherry network connect net joins; wherry network disconnect net joins; done; }
	for round in 1 2 3 4 5; do
		while_killed joins_and_leaves
		wait_until 10 agree
	done
	wherry rm -f joins
	wherry network rm net
	wait_until 10 nothing_left
}
