#!/usr/bin/env bats
# Where a stage begins: an image of a registry, pulled when it is missing or asked for, for which platform.

bats_require_minimum_version 1.5.0
load ../lib/wherry
load builder

setup_file() {
	suite_begin
	export PORT=$((RANDOM % 12000 + 20000))
	export BASE=127.0.0.1:$PORT/base
	printf 'version: 0.1\nstorage: {filesystem: {rootdirectory: %s}}\nlog: {level: error}\nhttp: {addr: "127.0.0.1:%s"}\n' \
		"$SCRATCH/registry" "$PORT" >"$SCRATCH/registry.yml"
	docker-registry serve "$SCRATCH/registry.yml" >"$SCRATCH/registry.log" 2>&1 3>&- &
	echo $! >"$SCRATCH/registry.pid"
	wait_until 20 bash -c ": </dev/tcp/127.0.0.1/$PORT" 2>/dev/null
}
teardown_file() {
	kill "$(cat "$SCRATCH/registry.pid")" || true
	suite_end
}
teardown() { remove_all_containers; }

# publish TAG WORD [PLATFORM]: a new image whose /word says it, in the registry and not here; prints its entry of a list.
publish() {
	local platform=${3-linux/amd64}
	echo "$2" >"$SCRATCH/busybox/word"
	tar -C "$SCRATCH/busybox" -c . | curl -sS --unix-socket "$SOCKET" -X POST -T - -H 'Content-Type: application/x-tar' \
		"http://wherry/images/create?fromSrc=-&repo=$BASE&tag=$1&platform=$platform" | grep -q sha256:
	curl -sS --unix-socket "$SOCKET" -X POST -H 'X-Registry-Auth: e30=' "http://wherry/images/$BASE/push?tag=$1" >"$SCRATCH/push"
	jq -cs --arg a "${platform#*/}" '[.[] | select(.aux)][-1].aux | {mediaType: "application/vnd.docker.distribution.manifest.v2+json",
		digest: .Digest, size: .Size, platform: {os: "linux", architecture: $a}}' "$SCRATCH/push"
	wherry rmi "$BASE:$1" >/dev/null
}

@test "a base that is missing is pulled; one that is there is asked for again with pull alone" {
	publish 1 old >/dev/null
	printf 'FROM %s:1\nRUN cat /word\n' "$BASE" >"$SCRATCH/Dockerfile.base"
	context pulled <"$SCRATCH/Dockerfile.base"
	built t=pulled
	says old
	wherry rmi pulled >/dev/null
	wherry tag "$BASE:1" kept
	publish 1 new >/dev/null
	wherry tag kept "$BASE:1"
	built t=pulled
	says old
	built 't=pulled&pull=1'
	says new
	[ "$(in_image "$BASE:1" cat /word)" = new ]
	built 't=pulled&pull=1'
	uses_cache 1
	wherry rmi kept pulled "$BASE:1" >/dev/null
	wherry build -q --pull -t pulled .
	[ "$(in_image pulled cat /word)" = new ]
}

@test "the registry is gone: pull fails the build, without it the build goes on" {
	wherry tag busybox 127.0.0.1:1/gone:1
	context gone <<-'D'
		FROM 127.0.0.1:1/gone:1
		RUN echo here
	D
	built 't=gone&nocache=1'
	says here
	build 't=gone&pull=1'
	jq -r 'select(.error) | .error' "$SCRATCH/answer" | grep -q "cannot reach registry '127.0.0.1:1'"
	nothing_left
}

@test "a platform: of the request, of a FROM, of both; the image says for which it is" {
	{
		publish amd64 amd linux/amd64
		publish arm64 arm linux/arm64
	} | jq -cs '{schemaVersion: 2, mediaType: "application/vnd.docker.distribution.manifest.list.v2+json", manifests: .}' >"$SCRATCH/list"
	curl -sSf -X PUT -H 'Content-Type: application/vnd.docker.distribution.manifest.list.v2+json' --data-binary "@$SCRATCH/list" \
		"http://127.0.0.1:$PORT/v2/base/manifests/both"
	printf 'FROM %s:both\nCOPY Dockerfile /\n' "$BASE" >"$SCRATCH/Dockerfile.platform"
	context platform <"$SCRATCH/Dockerfile.platform"
	built 't=other&platform=linux/arm64'
	[ "$(wherry image inspect -f '{{.Os}}/{{.Architecture}}' other)" = linux/arm64 ]
	built 't=own&platform=linux/amd64'
	[ "$(wherry image inspect -f '{{.Architecture}}' own)" = amd64 ]
	[ "$(in_image own cat /word)" = amd ]
	printf 'FROM --platform=linux/arm64 %s:both AS there\nFROM --platform=$BUILDPLATFORM %s:both\nARG TARGETARCH\nCOPY --from=there /word /their-word\nRUN echo for $TARGETARCH; cat /word /their-word\n' "$BASE" "$BASE" >Dockerfile
	built 't=mixed'
	says 'for amd64' amd arm
	cp "$SCRATCH/Dockerfile.platform" Dockerfile
	build 't=none&platform=linux/s390x'
	jq -r '.error // .message // empty' "$SCRATCH/answer" | grep -q 'linux/s390x'
	nothing_left
}

@test "what the id of an image begins with is no name of it, unless it is as long as a build shows" {
	local id
	id=$(wherry image inspect --format '{{.Id}}' busybox)
	id=${id#sha256:}
	context short <<-D
		FROM ${id:0:12}
		RUN true
	D
	built ''
	printf 'FROM %s\nRUN true\n' "${id:0:3}" >Dockerfile
	build ''
	expect_status_of 200
	jq -r 'select(.error) | .error' "$SCRATCH/answer" | grep -q registry
	wherry tag busybox "${id:0:3}"
	built ''
}
