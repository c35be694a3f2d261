#!/usr/bin/env bats
# Dockerfiles to images: what the steps make, what they say, what the cache knows.

bats_require_minimum_version 1.5.0
load ../lib/wherry
load builder

setup_file() {
	scratch_begin
	daemon_start
	busybox_image
	DAEMON_OF_FILE=$DAEMON
	export DAEMON_OF_FILE
}

teardown_file() {
	DAEMON=$DAEMON_OF_FILE
	daemon_stop
	scratch_end
}

teardown() { remove_all_containers; }

@test "files are copied, a command runs, the image says what it was told" {
	context plain <<-'D'
		FROM busybox
		ENV A=1
		COPY file /data/
		COPY folder /copied
		WORKDIR /work/place
		RUN echo said $A; echo wrong >&2; touch made
		CMD ["cat", "/data/file"]
	D
	echo hello >file
	mkdir folder
	echo inside >folder/x
	built t=plain
	says 'Step 1/7 : FROM busybox' 'Step 6/7 : RUN echo said $A; echo wrong >&2; touch made' 'said 1' \
		'Successfully tagged plain:latest' "Successfully built $(cut -c8-19 <<<"$IMAGE")"
	grep -qF '"\u001b[91mwrong\n\u001b[0m"' "$SCRATCH/answer"
	grep -qE '^ ---> Running in [0-9a-f]{12}$' "$SCRATCH/output"
	grep -qE '^ ---> Removed intermediate container [0-9a-f]{12}$' "$SCRATCH/output"
	[ "$(in_image plain)" = hello ]
	[ "$(in_image plain cat /copied/x)" = inside ]
	[ "$(in_image plain pwd)" = /work/place ]
	[ "$(in_image plain stat -c %a:%u:%g /data /copied /work/place/made | tr '\n' ' ')" = '755:0:0 755:0:0 644:0:0 ' ]
	nothing_left
}

@test "a second build takes every step from the cache, a changed file only those before it" {
	cd "$SCRATCH/plain"
	built t=plain
	uses_cache 6
	touch -d '2001-01-01' file
	built t=plain
	uses_cache 6
	echo other >file
	built t=plain
	uses_cache 1
	[ "$(in_image plain)" = other ]
	nothing_left
}
