#!/usr/bin/env bats
# What the top Makefile's tasks find on a machine that has nothing but what they install.

load ../lib/wherry

setup() { scratch_begin; }
teardown() {
	unset -f gojq
	daemon_stop || true
	scratch_end
}

# installs GROUP: all that a machine without any package is told to install.
installs() {
	mkdir -p "$SCRATCH/bin"
	printf '#!/bin/sh\n' >"$SCRATCH/bin/dpkg-query" # knows of none
	printf '#!/bin/sh\necho 1000\n' >"$SCRATCH/bin/id"
	chmod +x "$SCRATCH"/bin/*
	PATH=$SCRATCH/bin:$PATH run "${BATS_TEST_DIRNAME}/../packages" "$1"
	[ "$status" = 1 ]
	[[ $output == "these packages are missing; install them as root: "* ]]
}

@test "bench installs what its rows read answers with" {
	installs bench
	[[ " $output " == *' gojq '* ]]
	installs demo
	[[ " $output " != *' gojq '* ]]
}

@test "a daemon and its containers are ended without what the tests alone install" {
	daemon_start
	busybox_image
	api POST "/containers/create?name=stays" '{"Image":"busybox","Cmd":["sleep","1000"],"HostConfig":{"NetworkMode":"none"}}'
	api POST /containers/stays/start
	local pid
	pid=$(api GET /containers/stays/json | jq .State.Pid)
	[ -d "/proc/$pid" ]
	gojq() { echo 'gojq: command not found' >&2 && return 127; }
	run daemon_stop
	[ "$status" = 0 ] && [ -z "$output" ]
	wait_until 10 has_ended "$pid"
}
