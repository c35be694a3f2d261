#!/usr/bin/env bats
# Several stages: what is built, in which order, what they take from each other.

bats_require_minimum_version 1.5.0
load ../lib/wherry
load builder

setup_file() { suite_begin; }
teardown_file() { suite_end; }
teardown() { remove_all_containers; }

@test "stages take files from stages and images, with their owners" {
	context stages <<-'D'
		FROM busybox AS first
		RUN mkdir /out && echo one >/out/f && chown 5:6 /out/f && ln -s f /out/link
		FROM scratch AS second
		COPY --from=first /out /taken
		FROM busybox
		COPY --from=second /taken /final
		COPY --from=0 --chown=9:9 /out/f /owned
		COPY --from=busybox /bin/busybox /bb/
		RUN cat /final/link
	D
	built t=stages
	says one
	[ "$(in_image stages stat -c %u:%g /final/f /owned | tr '\n' ' ')" = '5:6 9:9 ' ]
	in_image stages /bb/busybox true
	[ "$(jq -r 'select(.aux.ID) | .aux.ID' "$SCRATCH/answer" | wc -l)" = 3 ]
	nothing_left
}

@test "a stage that was built again with the same files costs its users nothing" {
	cd "$SCRATCH/stages"
	built t=stages
	uses_cache 6
	sed -i 's/echo one/echo on"e"/' Dockerfile
	built t=stages
	[ "$(grep -c 'Using cache' "$SCRATCH/output")" = 5 ]
}

@test "stages that nobody needs are not built; a target ends the build" {
	context unused <<-'D'
		FROM busybox AS base
		RUN echo base
		FROM base AS broken
		RUN exit 9
		FROM base AS wanted
		RUN echo wanted
		FROM wanted
		RUN echo last
	D
	built t=unused
	refuted grep -q 'exit 9' "$SCRATCH/output"
	says base wanted last
	built 't=unused&target=wanted'
	refuted grep -q last "$SCRATCH/output"
	build 't=unused&target=broken'
	fails "The command '/bin/sh -c exit 9' returned a non-zero code: 9"
	build 't=unused&target=nothing'
	refuses 400 'target stage "nothing" could not be found'
	nothing_left
}

@test "stages that do not need each other run side by side, and say what they say in order" {
	context parallel <<-'D'
		FROM busybox AS a
		RUN --mount=type=cache,id=meet,target=/meet touch /meet/a; i=0; until [ -e /meet/b ]; do sleep 0.05; i=$((i+1)); [ $i -lt 600 ] || exit 1; done; echo met b
		FROM busybox AS b
		RUN --mount=type=cache,id=meet,target=/meet touch /meet/b; i=0; until [ -e /meet/a ]; do sleep 0.05; i=$((i+1)); [ $i -lt 600 ] || exit 1; done; echo met a
		FROM busybox
		COPY --from=a /etc/passwd /a
		COPY --from=b /etc/passwd /b
	D
	built t=parallel
	[ "$(grep -E '^(met|Step)' "$SCRATCH/output" | cut -d' ' -f1,2 | tr '\n' ';')" = \
		'Step 1/7;Step 2/7;met b;Step 3/7;Step 4/7;met a;Step 5/7;Step 6/7;Step 7/7;' ]
	nothing_left
}

@test "a stage has the ARGs of the stage that it is based on, and no other does" {
	context inherited <<-'D'
		FROM busybox AS base
		ARG NAME=joe
		ARG UNSET
		FROM base AS child
		RUN echo "child $NAME"
		ARG NAME=other
		RUN echo "now $NAME"
		FROM busybox
		COPY --from=child /etc/group /
		RUN echo "else [$NAME]"
	D
	built ''
	says 'child joe' 'now other' 'else []'
	built 'buildargs=%7B%22NAME%22%3A%22given%22%7D'
	says 'child given' 'now given'
}
