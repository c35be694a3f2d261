#!/usr/bin/env bats
# Names of images with their digests: what the registry says through the daemon, or what the daemon remembers.

load ../lib/wherry
load ../cli/canned

A=sha256:$(printf 'a%.0s' {1..64})
B=sha256:$(printf 'b%.0s' {1..64})

setup() {
	canned_begin
	mkdir "$SCRATCH/p"
	cd "$SCRATCH/p" || exit
	cat >compose.yaml <<-END
	services:
	  a: {image: busybox}
	  b: {image: "example.org/x/y:1"}
	  c: {image: "z@$B"}
	  d: {build: .}
	  e: {image: busybox}
	END
	answer "GET /distribution/docker.io/library/busybox:latest/json" 200 "{\"Descriptor\":{\"digest\":\"$A\"}}"
	answer "GET /distribution/example.org/x/y:1/json" 404 '{"message":"no such manifest"}'
	answer "GET /images/example.org/x/y:1/json" 200 "{\"RepoDigests\":[\"other@$A\",\"example.org/x/y@$B\"]}"
}
teardown() {
	cd /
	canned_end
}

@test "images are named by their digests, each asked for once" {
	wherry compose config --resolve-image-digests --format json >out
	jq -e '.services | .a.image == "docker.io/library/busybox:latest@'"$A"'" and .e == .a
		and .b.image == "example.org/x/y:1@'"$B"'" and .c.image == "z@'"$B"'" and (.d | has("image") | not)' out
	[ "$(requests | grep -c 'GET .*/distribution/.*busybox')" = 1 ]
}

@test "version 1 drops the tag" {
	WHERRY_COMPOSE_STYLE=v1 wherry compose config --resolve-image-digests >out
	grep -qE "^    image: \"?busybox@$A\"?$" out
}

@test "digests alone are an override file" {
	wherry compose config --lock-image-digests >lock.yaml
	[ "$(grep -c image: lock.yaml)" = 4 ]
	refuted grep -q build lock.yaml
	[ "$(wherry compose -f compose.yaml -f lock.yaml config --format json | jq -r .services.c.image)" = "z@$B" ]
}

@test "an image that nobody knows is a failure that names it" {
	answer "GET /images/example.org/x/y:1/json" 404 '{"message":"no such image"}'
	run wherry compose config --resolve-image-digests
	[ "$status" = 1 ]
	[[ $output == *"cannot find the digest of 'example.org/x/y:1'"*"no such manifest"* ]]
}
