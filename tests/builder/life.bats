#!/usr/bin/env bats
# Builds that end before their time, what they cost, what remains of them.

bats_require_minimum_version 1.5.0
load ../lib/wherry
load builder

setup_file() { suite_begin; }
teardown_file() { suite_end; }
teardown() { remove_all_containers; }

step_runs() { wherry ps --format "{{.Command}}" | grep -q sleep; }
no_step_runs() { [ -z "$(wherry ps -aq)" ]; }

# slow: a build in the background whose step waits.
slow() {
	context slow <<-'D'
		FROM busybox
		RUN --mount=type=cache,target=/c echo used >/c/f
		RUN sleep 1000
	D
	tar -c . | curl -sS -N --unix-socket "$SOCKET" -o "$SCRATCH/answer" -X POST --data-binary @- \
		-H 'Content-Type: application/x-tar' "http://wherry/v1.47/build?nocache=1&t=slow${1-}" 3>&- &
	CLIENT=$!
	wait_until 20 step_runs
}

@test "a client that goes away ends its build" {
	slow
	wherry ps --format '{{.Command}}' | grep -q sleep
	kill $CLIENT
	wait $CLIENT || true
	wait_until 20 no_step_runs
	nothing_left
}

@test "a build can be cancelled by the id that its client gave it" {
	slow '&buildid=mine'
	api POST '/build/cancel?id=mine' >/dev/null
	expect_status 200
	wait $CLIENT || true
	wait_until 20 no_step_runs
	nothing_left
}

@test "a driver that is killed ends its build" {
	slow
	kill -KILL "$(pgrep -P "$(daemon_pid)" -f 'wherry-worker build$')"
	wait $CLIENT || true
	wait_until 20 no_step_runs
	nothing_left
}

@test "a daemon that is killed leaves nothing half done to the next" {
	slow
	daemon_kill
	wait $CLIENT || true
	daemon_start
	echo "$DAEMON" >"$SCRATCH/daemon"
	wait_until 20 no_step_runs
	nothing_left
	[ -z "$(ls "$SCRATCH/run/build" 2>/dev/null)" ]
	printf 'FROM busybox\nRUN true\n' >Dockerfile
	built t=again
}

@test "cache folders are counted, and pruned when nobody has them" {
	[ "$(api GET /system/df | jq -r '.BuildCache[0].Description')" = 'cached mount /c' ]
	[ "$(api GET /system/df | jq -r '.BuildCache[0].Size')" = 5 ]
	api POST /build/prune?keep-storage=5 >"$SCRATCH/pruned"
	[ "$(jq -c . "$SCRATCH/pruned")" = '{"CachesDeleted":null,"SpaceReclaimed":0}' ]
	context later <<-'D'
		FROM busybox
		RUN --mount=type=cache,target=/later head -c 100000 /dev/zero >/later/f
	D
	built nocache=1
	api POST /build/prune?keep-storage=150000 >"$SCRATCH/pruned"
	[ "$(jq .CachesDeleted "$SCRATCH/pruned")" = null ]
	api POST /build/prune?keep-storage=100001 >"$SCRATCH/pruned" # the older one has to go
	[ "$(jq '.CachesDeleted | length' "$SCRATCH/pruned")" = 1 ]
	[ "$(api GET /system/df | jq -r '.BuildCache[].Description')" = 'cached mount /later' ]
	api POST '/build/prune?filters=%7B%22until%22%3A%5B%221h%22%5D%7D' >"$SCRATCH/pruned"
	[ "$(jq -c . "$SCRATCH/pruned")" = '{"CachesDeleted":null,"SpaceReclaimed":0}' ]
	for filter in '{"label":["a"]}' '{"type":["regular"]}' '{"id":["other"]}'; do
		curl -sS --unix-socket "$SOCKET" -X POST -G --data-urlencode "filters=$filter" http://wherry/build/prune >"$SCRATCH/pruned"
		[ "$(jq -c . "$SCRATCH/pruned")" = '{"CachesDeleted":null,"SpaceReclaimed":0}' ]
	done
	wherry system prune -af --volumes --filter label=absent
	api POST '/build/prune?filters=%7B%22bogus%22%3A%5B%22x%22%5D%7D'
	expect_status 400
	busybox_image
	since=$(date +%s.%N)
	api POST /build/prune >"$SCRATCH/pruned"
	[ "$(wherry events --since "$since" --until "$(date +%s.%N)" --filter type=builder --format '{{.Type}} {{.Action}}')" = 'builder prune' ]
	[ "$(jq '.CachesDeleted | length' "$SCRATCH/pruned")" = 1 ]
	[ "$(jq .SpaceReclaimed "$SCRATCH/pruned")" -ge 5 ]
	[ "$(api GET /system/df | jq -c .BuildCache)" = '[]' ]
	[ -z "$(ls "$SCRATCH/data/build-cache")" ]
}

# with_cache CONTEXT COMMAND: a build whose step has the cache /kept.
with_cache() {
	context "$1" <<-D
		FROM busybox
		RUN --mount=type=cache,target=/kept $2
	D
	built nocache=1
}

@test "a cache whose removal was left half-way hinders no other, and is gone at the next start" {
	local caches=$SCRATCH/data/build-cache name
	with_cache half 'echo one >/kept/f'
	name=$(basename "$caches"/*.id .id)
	mkdir "$caches/$name.old"
	echo left >"$caches/$name.old/f"
	api POST /build/prune >"$SCRATCH/pruned"
	[ "$(jq .SpaceReclaimed "$SCRATCH/pruned")" -ge 4 ]
	[ "$(ls "$caches")" = "$name.old" ]
	daemon_kill
	daemon_start
	none_left() { [ -z "$(ls "$caches")" ]; }
	wait_until 20 none_left
}

# The daemon's programs, with a worker that counts bytes only when $SCRATCH/go is there.
slow_programs() {
	local program
	mkdir -p "$SCRATCH/programs"
	for program in "$WHERRY_BUILD"/wherry*; do
		[ ! -f "$program" ] || ln -sf "$program" "$SCRATCH/programs/"
	done
	rm "$SCRATCH/programs/wherry-worker"
	cat >"$SCRATCH/programs/wherry-worker" <<-SH
		#!/bin/sh
		[ "\$1" != measure ] || : >"$SCRATCH/counts"
		while [ "\$1" = measure ] && [ ! -e "$SCRATCH/go" ]; do sleep 0.05; done
		exec "$WHERRY_BUILD/wherry-worker" "\$@"
	SH
	chmod +x "$SCRATCH/programs/wherry-worker"
}

@test "a prune that counts first leaves alone what a step has taken meanwhile" {
	local build pruning
	slow_programs
	daemon_kill
	daemon_start --program-folder "$SCRATCH/programs"
	with_cache counted 'head -c 100000 /dev/zero >/kept/f'
	api POST /build/prune?keep-storage=1 >"$SCRATCH/pruned" 3>&- &
	pruning=$!
	wait_until 20 test -e "$SCRATCH/counts"
	with_cache counted 'touch /kept/ready; until [ -e /kept/go ]; do sleep 0.1; done; cat /kept/f | wc -c' 3>&- &
	build=$!
	taken() { compgen -G "$SCRATCH/data/build-cache/*/ready" >/dev/null; }
	wait_until 20 taken
	: >"$SCRATCH/go"
	wait "$pruning"
	: >"$(echo "$SCRATCH"/data/build-cache/*/ready | sed 's/ready$/go/')"
	wait "$build"
	[ "$(jq -c . "$SCRATCH/pruned")" = '{"CachesDeleted":null,"SpaceReclaimed":0}' ]
	says 100000
	daemon_kill
	daemon_start
	api POST /build/prune >"$SCRATCH/pruned"
}

@test "an image that was built elsewhere is a cache when it is named" {
	context elsewhere <<-'D'
		FROM busybox
		ENV A=1
		RUN echo made >/made
		CMD ["cat", "/made"]
	D
	built t=elsewhere
	wherry save -o "$SCRATCH/elsewhere.tar" elsewhere
	wherry rmi -f elsewhere >/dev/null
	wherry image prune -af >/dev/null || true
	busybox_image
	wherry load -q -i "$SCRATCH/elsewhere.tar" >/dev/null
	built 't=new&cachefrom=%5B%22elsewhere%22%5D'
	uses_cache 3
	in_image new
}

@test "events tell of containers and names" {
	context events <<-'D'
		FROM busybox
		RUN true
	D
	since=$(date +%s.%N)
	built 't=events&nocache=1'
	wherry events --since "$since" --until "$(date +%s.%N)" --format '{{.Type}} {{.Action}}' >"$SCRATCH/seen"
	for event in 'container create' 'container start' 'container die' 'container destroy' 'image tag'; do
		grep -qx "$event" "$SCRATCH/seen"
	done
}

@test "whoever prunes images meanwhile takes nothing away from a build" {
	{
		echo 'FROM busybox'
		for step in 1 2 3 4 5 6 7 8; do printf 'ENV A%s=1\nRUN echo %s >/%s\n' $step $step $step; done
	} >"$SCRATCH/Dockerfile.long"
	context long <"$SCRATCH/Dockerfile.long"
	(while :; do curl -sS --unix-socket "$SOCKET" -X POST http://wherry/images/prune >/dev/null; done) 3>&- &
	local pruner=$! round
	for round in 1 2 3; do built 'nocache=1&t=long' || break; done
	kill $pruner
	wait $pruner || true
	grep -q '^Successfully built' "$SCRATCH/output"
	in_image long cat /8
}
