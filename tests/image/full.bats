# Commit, save and push when the disk is full: what writes says so and leaves nothing, what only reads works.

load ../lib/wherry

setup_file() {
	scratch_begin
	mkdir -p "$SCRATCH/data"
	mount -t tmpfs -o size=96m tmpfs "$SCRATCH/data"
	daemon_start
	busybox_image
	export PORT=$((RANDOM % 12000 + 20000))
	printf 'version: 0.1\nstorage: {filesystem: {rootdirectory: %s}}\nlog: {level: error}\nhttp: {addr: "127.0.0.1:%s"}\n' \
		"$SCRATCH/registry" "$PORT" >"$SCRATCH/registry.yml"
	docker-registry serve "$SCRATCH/registry.yml" >"$SCRATCH/registry.log" 2>&1 3>&- &
	echo $! >"$SCRATCH/pids"
	wait_until 20 bash -c ": </dev/tcp/127.0.0.1/$PORT" 2>/dev/null
	api POST '/containers/create?name=c1' '{"Image":"busybox","Cmd":["sh","-c","dd if=/dev/urandom of=/big bs=1M count=30"]}'
	api POST /containers/c1/start
	api POST /containers/c1/wait
	api POST "/images/busybox/tag?repo=127.0.0.1:$PORT/bb&tag=1"
	dd if=/dev/zero of="$SCRATCH/data/filler" bs=1M count=40 2>/dev/null
}

teardown_file() {
	kill "$(cat "$SCRATCH/pids")" 2>/dev/null || true
	daemon_stop
	umount "$SCRATCH/data"
	scratch_end
}

@test "a commit that has no room says so and leaves nothing; with room it works" {
	local layers recipes
	layers=$(ls "$SCRATCH/data/layers") recipes=$(ls "$SCRATCH/data/recipes")
	api POST '/commit?container=c1&repo=full'
	[ "$(api_status)" -ge 500 ]
	grep -qi 'no space left' "$SCRATCH/body"
	api GET /images/full/json
	expect_status 404
	wait_until 20 eval '[ "$(ls "$SCRATCH/data/layers")" = "'"$layers"'" ] && [ "$(ls "$SCRATCH/data/recipes")" = "'"$recipes"'" ]'
	rm "$SCRATCH/data/filler"
	api POST '/commit?container=c1&repo=full'
	expect_status 201
	api DELETE /images/full
	expect_status 200
}

@test "save and push need no room" {
	dd if=/dev/zero of="$SCRATCH/data/filler" bs=64k 2>/dev/null || true
	curl -sSf --unix-socket "$SOCKET" -o "$SCRATCH/bb.tar" http://wherry/images/busybox/get
	tar -tf "$SCRATCH/bb.tar" | grep -qx manifest.json
	curl -sS --unix-socket "$SOCKET" -X POST -H 'X-Registry-Auth: e30=' -o "$SCRATCH/push" "http://wherry/images/127.0.0.1:$PORT/bb/push?tag=1"
	jq -se '.[-1].aux.Tag == "1"' "$SCRATCH/push"
	rm "$SCRATCH/data/filler"
}
