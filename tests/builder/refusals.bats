#!/usr/bin/env bats
# Requests that cannot be carried out: real statuses before the first step, in band behind it.

bats_require_minimum_version 1.5.0
load ../lib/wherry
load builder

setup_file() { suite_begin; }
teardown_file() { suite_end; }

@test "Dockerfiles that are none are told by status" {
	context bad <<-'D'
		FROM busybox
		BOGUS
	D
	build t=bad
	refuses 400 'dockerfile parse error on line 2: unknown instruction: BOGUS'
	: >Dockerfile
	build t=bad
	refuses 400 'the Dockerfile (Dockerfile) cannot be empty'
	printf 'RUN true\n' >Dockerfile
	build t=bad
	refuses 400 'no build stage in current context'
	rm Dockerfile
	build t=bad
	refuses 500 'Cannot locate specified Dockerfile: Dockerfile'
	build 't=bad&dockerfile=other'
	refuses 500 'Cannot locate specified Dockerfile: other'
	build 't=bad&dockerfile=../x'
	refuses 500 'forbidden path outside the build context: ../x ()'
	nothing_left
}

@test "parameters that cannot be are told by status, and nothing is begun" {
	context params <<-'D'
		FROM busybox
	D
	build 't=UPPER'
	refuses 400 'invalid reference format: repository name (library/UPPER) must be lowercase'
	build 'squash=1'
	refuses 400 'squash is only supported with experimental mode'
	build 'version=2'
	refuses 400 'invalid version "2"'
	build 'buildargs=nothing'
	expect_status_of 400
	build 'platform=a/b/c/d'
	expect_status_of 400
	build 'isolation=hyperv'
	refuses 400 'unsupported isolation: "hyperv"'
	build 'securityopt=%5B%22seccomp%3Dx%22%5D'
	refuses 400 'the daemon on this platform does not support setting security options on build'
	build 'memory=lots'
	expect_status_of 400
	build 'outputs=%5B%7B%22Type%22%3A%22tar%22%7D%5D'
	expect_status_of 400
	nothing_left
}

@test "a context that is no tar, and one that ends early" {
	curl -sS --unix-socket "$SOCKET" -o "$SCRATCH/answer" -w '%{http_code}' -X POST --data-binary "$(head -c 3000 /dev/urandom | base64)" \
		-H 'Content-Type: application/x-tar' http://wherry/v1.47/build >"$SCRATCH/status"
	expect_status_of 400
	grep -q 'cannot read the build context' "$SCRATCH/answer"
	curl -sS --unix-socket "$SOCKET" -o "$SCRATCH/answer" -w '%{http_code}' -X POST -d '' http://wherry/v1.47/build >"$SCRATCH/status"
	refuses 500 'Cannot locate specified Dockerfile: Dockerfile'
	nothing_left
}

@test "an image that is nowhere is told in band, behind its step" {
	context nowhere <<-'D'
		FROM 127.0.0.1:1/none/such:1
	D
	build t=x
	expect_status_of 200
	says 'Step 1/1 : FROM 127.0.0.1:1/none/such:1'
	[ -n "$(jq -r 'select(.error) | .error' "$SCRATCH/answer")" ]
	printf 'FROM scratch\n' >Dockerfile
	build t=x
	fails 'No image was generated. Is your Dockerfile empty?'
	nothing_left
}

@test "what BuildKit would be asked is answered by plain errors" {
	api POST /grpc >/dev/null
	[ "$(api_status)" -ge 400 ]
	api POST /session >/dev/null
	[ "$(api_status)" -ge 400 ]
	api POST /build/cancel >/dev/null
	expect_status 400
	api POST '/build/cancel?id=none' >/dev/null
	expect_status 404
	[ "$(curl -sS -I --unix-socket "$SOCKET" http://wherry/_ping | tr -d '\r' | grep -i '^builder-version')" = 'Builder-Version: 1' ]
}

@test "another Dockerfile, in a compressed context" {
	mkdir -p "$SCRATCH/named/sub"
	cd "$SCRATCH/named"
	printf 'FROM busybox\nCOPY sub/Other /here\n' >sub/Other
	tar -cz . | curl -sS --unix-socket "$SOCKET" -o "$SCRATCH/answer" --data-binary @- -H 'Content-Type: application/x-tar' \
		'http://wherry/v1.47/build?dockerfile=sub/Other&t=named'
	grep -q 'Successfully tagged named:latest' "$SCRATCH/answer"
}
