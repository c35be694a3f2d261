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

@test "without a state.db, or with an empty one, nothing that had a record is taken away" {
	local damage all
	daemon_start
	busybox_image
	api POST /volumes/create '{"Name":"precious"}'
	api POST '/containers/create?name=keep' '{"Image":"busybox"}'
	expect_status 201
	kill -TERM "$DAEMON"
	wait "$DAEMON" || true
	cp -a "$SCRATCH/data" "$SCRATCH/copy"
	all=$(cd "$SCRATCH/data" && find containers layers volumes | sort)
	for damage in "rm -f" "truncate -s 0"; do
		rm -f "$SCRATCH"/data/state.db-*
		$damage "$SCRATCH/data/state.db"
		refused_to_start
		[[ $output == *"state.db' is missing or empty, but 'containers' beside it is not: put back a copy"* ]]
		[ "$(cd "$SCRATCH/data" && find containers layers volumes | sort)" = "$all" ]
	done
	cp -a "$SCRATCH"/copy/state.db* "$SCRATCH/data/"
	daemon_start
	[ "$(state_of keep)" = created ]
	api GET /volumes/precious
	expect_status 200
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

@test "a second daemon on the same data root or socket is refused by name, and the first goes on" {
	daemon_start
	refused_to_start
	[[ $output == *"another daemon uses '$SCRATCH/data'"* ]]
	run timeout 20 wherryd --data-root "$SCRATCH/data2" --exec-root "$SCRATCH/run2" --no-supervisor -H "unix://$SOCKET" \
		--config-file "$SCRATCH/wherry.json"
	[ "$status" = 1 ]
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

# A data root of this many MB, and what is given back.
small_root() {
	mkdir -p "$SCRATCH/data"
	mount -t tmpfs -o "size=$1" tmpfs "$SCRATCH/data"
	daemon_start
	busybox_image
}
fill() { dd if=/dev/zero of="$SCRATCH/data/filler" bs=64k 2>/dev/null || true; }
fill_but() { # KILOBYTES
	local free
	free=$(df --output=avail -k "$SCRATCH/data" | tail -1)
	dd if=/dev/zero of="$SCRATCH/data/filler" bs=1k count=$((free - $1)) 2>/dev/null
}
empty() { rm -f "$SCRATCH/data/filler"; }

# What builds, pulls and loads may leave: nothing.
left() { (cd "$SCRATCH/data" && find layers recipes builds containers blobs -mindepth 1 -maxdepth 2 2>/dev/null | sort); }
left_is() { [ "$(left)" = "$1" ]; }

@test "a build on a full disk says so and leaves nothing, wherever the room ends" {
	local before place
	small_root 64m
	mkdir "$SCRATCH/context"
	head -c 12000000 /dev/urandom >"$SCRATCH/context/large"
	printf 'FROM busybox\nCOPY large /\n' >"$SCRATCH/context/Dockerfile"
	printf 'FROM busybox\nRUN head -c 12000000 /dev/zero >/zeros\nRUN echo not reached\n' >"$SCRATCH/context/Dockerfile.run"
	printf 'FROM busybox\nRUN --mount=type=cache,target=/c head -c 12000000 /dev/zero >/c/zeros\n' >"$SCRATCH/context/Dockerfile.cache"
	before=$(left)
	for place in 'Dockerfile 6000' 'Dockerfile 18000' 'Dockerfile.run 20000' 'Dockerfile.cache 20000' 'Dockerfile 0'; do
		fill_but "${place#* }"
		run wherry build -q -t full -f "$SCRATCH/context/${place% *}" "$SCRATCH/context"
		echo "$place: $output"
		[ "$status" -ne 0 ]
		[[ ${output,,} == *'no space left'* || $output == *'head: standard output: I/O error'* ]]
		empty
		wait_until 20 left_is "$before" || { diff <(left) - <<<"$before" >&2; false; }
		[ -z "$(wherry ps -aq)" ]
		refuted wherry image inspect full >/dev/null 2>&1
	done
	wherry build -q -t full "$SCRATCH/context"
	[ "$(wherry run --rm full sh -c 'wc -c </large')" = 12000000 ]
}

@test "a pull and a load on a full disk say so and leave nothing" {
	local before port=$((RANDOM % 12000 + 20000)) registry
	small_root 96m
	printf 'version: 0.1\nstorage: {filesystem: {rootdirectory: %s}}\nlog: {level: error}\nhttp: {addr: "127.0.0.1:%s"}\n' \
		"$SCRATCH/registry" "$port" >"$SCRATCH/registry.yml"
	docker-registry serve "$SCRATCH/registry.yml" >"$SCRATCH/registry.log" 2>&1 3>&- &
	registry=$!
	wait_until 20 bash -c ": </dev/tcp/127.0.0.1/$port" 2>/dev/null
	printf 'FROM busybox\nRUN head -c 20000000 /dev/urandom >/large\n' | wherry build -q -t "127.0.0.1:$port/large" -
	wherry push -q "127.0.0.1:$port/large"
	wherry save -o "$SCRATCH/large.tar" "127.0.0.1:$port/large"
	wherry rmi "127.0.0.1:$port/large"
	wait_until 20 eval '[ "$(ls "$SCRATCH/data/layers" | wc -l)" = 1 ]'
	before=$(left)
	for room in 0 4000 25000; do
		fill_but $room
		run wherry pull -q "127.0.0.1:$port/large"
		echo "pull with $room: $output"
		[ "$status" = 1 ]
		[[ ${output,,} == *'no space left'* ]]
		run wherry load -q -i "$SCRATCH/large.tar"
		echo "load with $room: $output"
		[ "$status" = 1 ] || [ "$room" = 25000 ]
		[ "$status" = 0 ] || [[ ${output,,} == *'no space left'* ]]
		empty
		[ "$status" -ne 0 ] || wherry rmi "127.0.0.1:$port/large"
		wait_until 20 left_is "$before" || { diff <(left) - <<<"$before" >&2; false; }
		refuted wherry image inspect "127.0.0.1:$port/large" >/dev/null 2>&1
	done
	wherry pull -q "127.0.0.1:$port/large"
	[ "$(wherry run --rm "127.0.0.1:$port/large" sh -c 'wc -c </large')" = 20000000 ]
	kill "$registry"
}

@test "volumes and connections on a full disk: what cannot be done says so, what is there stays" {
	local round
	small_root 48m
	wherry volume create old
	wherry run --rm -v old:/v busybox sh -c 'echo kept >/v/f'
	wherry network create net
	wherry run -d --name runs busybox sleep 1000
	printf 'FROM busybox\nRUN mkdir /many && head -c 5000000 /dev/zero >/many/large\n' | wherry build -q -t many -
	fill_but 2000
	run wherry run --rm -v fresh:/many many true # filled from the image
	echo "$output"
	[ "$status" -ne 0 ]
	[[ ${output,,} == *'no space left'* ]]
	empty
	wherry run --rm -v fresh:/many many sh -c '[ $(wc -c </many/large) = 5000000 ]' # not half of it
	fill
	dd if=/dev/zero of="$SCRATCH/data/filler2" bs=1 count=4096 2>/dev/null || true
	for round in $(seq 60); do # the database has some pages of its own left
		api POST /volumes/create "{\"Labels\":{\"pad\":\"$(printf 'x%.0s' $(seq 4000))\"}}" >"$SCRATCH/answer"
		[ "$(api_status)" = 201 ] || break
	done
	[ "$(api_status)" -ge 500 ] || { df "$SCRATCH/data"; ls -la "$SCRATCH/data"; cut -c1-200 "$SCRATCH/answer"; false; }
	grep -qi 'no space left' "$SCRATCH/answer"
	api GET /volumes | jq -e '[.Volumes[].Name | select(. == "old")] | length == 1'
	[ "$(api GET /volumes | jq '.Volumes | length')" = "$(ls "$SCRATCH/data/volumes" | wc -l)" ]
	api POST /networks/net/connect '{"Container":"runs","EndpointConfig":{"DriverOpts":{"pad":"'"$(printf 'x%.0s' $(seq 9000))"'"}}}' >"$SCRATCH/answer"
	if [ "$(api_status)" != 200 ]; then
		grep -qi 'no space left' "$SCRATCH/answer"
		[ "$(wherry inspect -f '{{len .NetworkSettings.Networks}}' runs)" = 1 ]
		[ "$(wherry exec runs ls /sys/class/net | grep -c eth)" = 1 ]
	fi
	[ "$(state_of runs)" = running ]
	api DELETE /volumes/fresh
	expect_status 204
	rm -f "$SCRATCH/data/filler2"
	empty
	[ "$(wherry run --rm -v old:/v busybox cat /v/f)" = kept ]
	wherry volume create again
	wherry network disconnect net runs || true
	wherry network connect net runs
	wherry rm -f runs
	wherry network rm net
}
