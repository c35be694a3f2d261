#!/usr/bin/env bats
# What the disk does to a daemon: full, read-only, corrupt, a layer gone.  Each time the error names
# what is wrong, and what was there before is there afterwards.

load ../lib/wherry

setup() { scratch_begin; }

teardown() {
	daemon_stop
	! mountpoint -q "$SCRATCH/data" || umount "$SCRATCH/data"
	scratch_end
}

state_of() { api GET "/containers/$1/json" | jq -r .State.Status; }

# The daemon must refuse to start; its words are in $output.
refused_to_start() {
	local flags
	mapfile -t flags < <(daemon_flags)
	run timeout 20 wherryd "${flags[@]}" --no-supervisor
	[ "$status" -ne 0 ]
	[ "$status" -ne 124 ]
	echo "$output"
}

@test "on a full disk create fails and says so; stop and rm are still recorded; with room again all goes on" {
	mkdir -p "$SCRATCH/data"
	mount -t tmpfs -o size=96m tmpfs "$SCRATCH/data"
	daemon_start
	busybox_image
	wherry run -d --name before busybox sleep 1000
	dd if=/dev/zero of="$SCRATCH/data/filler" bs=64k 2>/dev/null || true
	dd if=/dev/zero of="$SCRATCH/data/filler2" bs=1 count=4096 2>/dev/null || true

	local round
	for round in $(seq 40); do # the database has some pages of its own left
		api POST /containers/create "{\"Image\":\"busybox\",\"Labels\":{\"pad\":\"$(printf 'x%.0s' $(seq 4000))\"}}" >"$SCRATCH/answer"
		[ "$(api_status)" = 201 ] || break
	done
	cat "$SCRATCH/answer"
	[ "$(api_status)" = 503 ] || [ "$(api_status)" = 500 ]
	grep -qi 'no space left' "$SCRATCH/answer"
	api POST /networks/create '{"Name":"late"}' >"$SCRATCH/answer"
	[ "$(api_status)" = 503 ] || [ "$(api_status)" = 500 ]
	grep -qi 'no space left' "$SCRATCH/answer"
	[ "$(api GET /networks | jq '[.[] | select(.Name == "late")] | length')" = 0 ]

	[ "$(state_of before)" = running ]
	api POST "/containers/before/stop?t=0"
	expect_status 204
	api DELETE /containers/before
	expect_status 204

	rm -f "$SCRATCH/data/filler" "$SCRATCH/data/filler2"
	run wherry run --rm busybox echo again
	echo "$output"
	[ "$output" = again ]
}

@test "a read-only data root is refused by name" {
	mkdir -p "$SCRATCH/data"
	mount -t tmpfs -o size=24m,ro tmpfs "$SCRATCH/data"
	refused_to_start
	[[ $output == *"$SCRATCH/data"* ]]
	[[ ${output,,} == *"read-only file system"* ]]
}

@test "a corrupt state.db is refused, said with what to do, and left as it is" {
	daemon_start
	busybox_image
	api POST '/containers/create?name=keep' '{"Image":"busybox"}'
	kill -TERM "$DAEMON"
	wait "$DAEMON" || true
	local before
	dd if=/dev/urandom of="$SCRATCH/data/state.db" bs=4096 count=2 conv=notrunc 2>/dev/null
	before=$(sha256sum <"$SCRATCH/data/state.db")
	refused_to_start
	[[ $output == *state.db* ]]
	[ "$(sha256sum <"$SCRATCH/data/state.db")" = "$before" ]
}

@test "a missing layer fails the start by name and takes nothing else away" {
	daemon_start
	busybox_image
	api POST '/containers/create?name=keep' '{"Image":"busybox"}'
	expect_status 201
	mv "$SCRATCH/data/layers" "$SCRATCH/elsewhere"
	mkdir "$SCRATCH/data/layers"
	api POST /containers/keep/start
	cat "$SCRATCH/body"
	[ "$(api_status)" -ge 400 ]
	grep -q layer "$SCRATCH/body"
	[ "$(state_of keep)" = created ]
	rmdir "$SCRATCH/data/layers"
	mv "$SCRATCH/elsewhere" "$SCRATCH/data/layers"
	api POST /containers/keep/start
	expect_status 204
}

@test "a second daemon on the same data root is refused by name, and the first goes on" {
	daemon_start
	refused_to_start
	[[ $output == *"$SOCKET"*"in use"* ]]
	run timeout 20 wherryd --data-root "$SCRATCH/data" --exec-root "$SCRATCH/run2" --no-supervisor \
		--config-file "$SCRATCH/wherry.json"
	[ "$status" = 1 ]
	[[ $output == *"another daemon uses '$SCRATCH/data'"* ]]
	[ "$(api GET /_ping)" = OK ]
}

# put CONTAINER NAME: a tar of that name into its /tmp.
put() {
	curl -sS --unix-socket "$SOCKET" -o "$SCRATCH/answer" -w '%{http_code}' -T "$SCRATCH/$2.tar" \
		"http://d/containers/$1/archive?path=/tmp" >"$SCRATCH/status"
}
says_full() { [ "$(api_status)" = 500 ] && grep -qi 'no space left' "$SCRATCH/answer"; }
has_small() {
	put "$1" small && [ "$(api_status)" = 200 ] &&
		curl -sS --unix-socket "$SOCKET" "http://d/containers/$1/archive?path=/tmp/small" | tar -xO | grep -qx small
}

@test "cp into a container on a full disk says so, and works when there is room again" {
	mkdir -p "$SCRATCH/data"
	mount -t tmpfs -o size=48m tmpfs "$SCRATCH/data"
	daemon_start
	busybox_image
	head -c 60000000 /dev/zero | tr '\0' x >"$SCRATCH/large"
	echo small >"$SCRATCH/small"
	tar -C "$SCRATCH" -cf "$SCRATCH/large.tar" large
	tar -C "$SCRATCH" -cf "$SCRATCH/small.tar" small
	wherry run -d --name runs busybox sleep 1000
	wherry create --name rests busybox
	put runs large
	says_full
	[ "$(state_of runs)" = running ]
	wherry exec runs rm /tmp/large # what came before the end of the room
	has_small runs
	put rests large
	says_full
	[ "$(state_of rests)" = created ]
	wherry rm rests
	wait_until 10 has_small runs
	wherry create --name rests busybox
	has_small rests
}
