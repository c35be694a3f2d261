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
