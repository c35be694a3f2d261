#!/usr/bin/env bats
# Dockerfiles to images: what the steps make, what they say, what the cache knows.

bats_require_minimum_version 1.5.0
load ../lib/wherry
load builder

setup_file() { suite_begin; }
teardown_file() { suite_end; }
teardown() { remove_all_containers; }

@test "files are copied, a command runs, the image says what it was told" {
	context plain <<-'D'
		FROM busybox
		ENV A=1
		COPY file /data/
		COPY folder /copied
		WORKDIR /site/place
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
	[ "$(in_image plain pwd)" = /site/place ]
	[ "$(in_image plain stat -c %a:%u:%g /data /copied /site/place/made | tr '\n' ' ')" = '755:0:0 755:0:0 644:0:0 ' ]
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

@test "instructions that only say something cost no container and end in the image" {
	context words <<-'D'
		FROM busybox
		LABEL one=1 two="2 3"
		ENV PATH=/opt:$PATH WORDS="a b"
		EXPOSE 80 53/udp
		VOLUME /data
		USER ann
		STOPSIGNAL SIGINT
		SHELL ["/bin/sh", "-ec"]
		HEALTHCHECK --interval=5s --retries=2 CMD true
		ONBUILD RUN echo later
		MAINTAINER somebody
		ENTRYPOINT ["echo", "point"]
		CMD ["and", "command"]
	D
	built t=words
	refuted grep -q 'Running in' "$SCRATCH/output"
	wherry image inspect words >"$SCRATCH/inspect"
	[ "$(jq -c '.[0].Config | [.User, .StopSignal, .Shell, .Entrypoint, .Cmd, .OnBuild, .Labels, .Volumes]' "$SCRATCH/inspect")" = \
		'["ann","SIGINT",["/bin/sh","-ec"],["echo","point"],["and","command"],["RUN echo later"],{"one":"1","two":"2 3"},{"/data":{}}]' ]
	[ "$(jq -c '.[0].Config | [(.ExposedPorts | keys), .Healthcheck.Test, .Healthcheck.Interval, .Healthcheck.Retries]' "$SCRATCH/inspect")" = \
		'[["53/udp","80/tcp"],["CMD-SHELL","true"],5000000000,2]' ]
	[ "$(jq -r '.[0].Author' "$SCRATCH/inspect")" = somebody ]
	[ "$(in_image words)" = 'point and command' ]
	[ "$(in_image --entrypoint sh words -c 'echo $WORDS; id -un' | tr '\n' ' ')" = 'a b ann ' ]
	nothing_left
}

@test "triggers of the base image run in the image that is built from it" {
	context child <<-'D'
		FROM words
		USER root
	D
	built t=child
	says '# Executing 1 build trigger' later
	[ "$(wherry image inspect child | jq -c '.[0].Config.OnBuild')" = null ]
}

@test "steps are in the history, and steps in between are shown only with all" {
	[ "$(wherry history --no-trunc --format '{{.CreatedBy}}' plain | head -3 | tail -1)" = '/bin/sh -c #(nop) WORKDIR /site/place' ]
	[ "$(wherry history --no-trunc --format '{{.CreatedBy}}' plain | head -1)" = '/bin/sh -c #(nop)  CMD ["cat" "/data/file"]' ]
	[ "$(wherry images -q --filter dangling=true | wc -l)" -le 2 ]
	[ "$(wherry images -aq | wc -l)" -gt 8 ]
}

@test "build args: for FROM, for commands, with defaults; those that nobody takes are named" {
	context args <<-'D'
		ARG base=busybox
		FROM $base
		ARG name=none
		ARG other
		RUN echo "name $name other $other" >/said
	D
	built "t=args&buildargs=%7B%22name%22%3A%22mine%22%2C%22stray%22%3A%221%22%7D"
	says 'Step 1/5 : ARG base=busybox' '[Warning] One or more build-args [stray] were not consumed'
	[ "$(in_image args cat /said)" = 'name mine other ' ]
	wherry history --no-trunc --format '{{.CreatedBy}}' args | head -1 | grep -qF '|1 name=mine /bin/sh -c echo'
	built "t=args&buildargs=%7B%22name%22%3A%22yours%22%7D"
	[ "$(in_image args cat /said)" = 'name yours other ' ]
}

@test "labels of the request, several names, and nothing but the id when quiet" {
	cd "$SCRATCH/args"
	built "t=one:1&t=two:2&labels=%7B%22by%22%3A%22test%22%7D"
	says 'Successfully tagged one:1' 'Successfully tagged two:2'
	[ "$(wherry image inspect two:2 | jq -r '.[0].Config.Labels.by')" = test ]
	[ "$(wherry image inspect one:1 | jq -r '.[0].Id')" = "$(wherry image inspect two:2 | jq -r '.[0].Id')" ]
	build "t=one:1&q=1&labels=%7B%22by%22%3A%22test%22%7D"
	[ "$(cat "$SCRATCH/output")" = "$(wherry image inspect one:1 | jq -r '.[0].Id')" ]
}

@test "no-cache does every step again" {
	cd "$SCRATCH/args"
	built nocache=1
	uses_cache 0
}

@test "here-documents: commands, scripts of another interpreter, files" {
	context here <<-'D'
		FROM busybox
		ARG who=world
		RUN <<EOF
		echo first >/one
		echo second >/two
		EOF
		RUN <<EOF
		#!/bin/busybox sh
		echo "by $0" | sed 's/by .*/by script/' >/three
		EOF
		COPY <<a <<-"b" /texts/
		hello $who
		a
			as it $stands
		b
		RUN cat <<x >/four
		into cat
		x
	D
	built t=here
	[ "$(in_image here cat /one /two /three /four | tr '\n' ' ')" = 'first second by script into cat ' ]
	[ "$(in_image here cat /texts/a)" = 'hello world' ]
	[ "$(in_image here cat /texts/b)" = 'as it $stands' ]
	[ "$(in_image here ls / | grep -c -i -e dev/ -e script)" = 0 ]
	nothing_left
}

@test "a FROM scratch image has what was copied and nothing else" {
	context scratch <<-'D'
		FROM scratch
		COPY busybox /bin/sh
		COPY deep /a/b/
		CMD ["/bin/sh", "-c", "echo alone"]
	D
	cp /bin/busybox busybox
	mkdir deep
	echo x >deep/f
	built t=scratch
	[ "$(in_image scratch)" = alone ]
	[ "$(in_image scratch /bin/sh -c 'echo /*')" = '/a /bin /dev /etc /proc /sys' ]
}
