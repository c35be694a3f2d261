#!/usr/bin/env bats
# Contexts beside the first: --build-context of `build`, and what it asks of the API.

bats_require_minimum_version 1.5.0
load ../lib/wherry
load builder
load ../compose/proxy

setup_file() { suite_begin; }
teardown_file() { suite_end; }
teardown() { remove_all_containers; }

# A folder beside the context, with what is not to be sent.
assets() {
	rm -rf "$SCRATCH/assets"
	mkdir -p "$SCRATCH/assets/sub"
	echo one >"$SCRATCH/assets/one"
	echo two >"$SCRATCH/assets/sub/two"
	echo secret >"$SCRATCH/assets/secret"
	echo secret >"$SCRATCH/assets/.dockerignore"
}

@test "a folder by its name: in COPY --from, in RUN --mount, as a base, without what it ignores" {
	assets
	context named <<-'D'
		FROM busybox AS tools
		FROM scratch AS own
		COPY --from=assets /one /one
		FROM busybox
		COPY --from=assets . /all/
		COPY --from=own /one /by-stage
		RUN --mount=type=bind,from=assets,target=/m,rw cat /m/sub/two >/seen && echo x >/m/sub/two
		RUN --mount=type=bind,from=assets,source=sub,target=/m,ro cat /m/two >>/seen
		COPY . /here/
	D
	echo own >own
	wherry build -t named --build-context assets="$SCRATCH/assets" . >"$SCRATCH/output"
	[ "$(in_image named sh -c 'cd /all && find . -type f | sort | tr "\n" " "')" = "./.dockerignore ./one ./sub/two " ]
	[ "$(in_image named cat /by-stage /seen)" = $'one\ntwo\ntwo' ]
	[ "$(in_image named ls -A /here | tr '\n' ' ')" = "Dockerfile own " ] # nothing of it is in the first
	[ "$(cat "$SCRATCH/assets/sub/two")" = two ]
	nothing_left
}

@test "what lies in the folder counts for the cache, its times do not" {
	assets
	context cached <<-'D'
		FROM busybox
		RUN --mount=type=bind,from=assets,target=/m cat /m/one >/seen
		COPY --from=assets sub /sub
	D
	wherry build -t cached --build-context assets="$SCRATCH/assets" . >"$SCRATCH/output"
	touch "$SCRATCH/assets/one"
	wherry build -t cached --build-context assets="$SCRATCH/assets" . >"$SCRATCH/output"
	uses_cache 2
	echo uno >"$SCRATCH/assets/one"
	wherry build -t cached --build-context assets="$SCRATCH/assets" . >"$SCRATCH/output"
	uses_cache 0
	[ "$(in_image cached cat /seen)" = uno ]
}

@test "a folder as a base is a root of its own, and stands for an image or a stage of that name" {
	assets
	cp /bin/busybox "$SCRATCH/assets/sub/" 2>/dev/null || cp "$(command -v busybox)" "$SCRATCH/assets/sub/"
	context root <<-'D'
		FROM alpine:latest
		WORKDIR /sub
		CMD ["/sub/busybox", "cat", "two"]
	D
	wherry build -t root --build-context alpine="$SCRATCH/assets" . >"$SCRATCH/output"
	[ "$(wherry run --rm --network none root)" = two ]
	refuted grep -q trigger "$SCRATCH/output"
	wherry build -t root --build-context alpine="$SCRATCH/assets" . >"$SCRATCH/output"
	uses_cache 3
}

@test "images, also for a mount; the Dockerfile or a whole archive from stdin" {
	assets
	context named <<-'D'
		FROM base
		RUN --mount=type=bind,from=tools,target=/m /m/bin/busybox cp /m/bin/busybox /again
		COPY --from=assets one /
	D
	wherry build -t named --build-context base=docker-image://busybox --build-context tools=docker-image://busybox:latest \
		--build-context assets="$SCRATCH/assets" - <Dockerfile >"$SCRATCH/output"
	[ "$(in_image named cat /one)" = one ]
	in_image named cmp /bin/busybox /again
	echo 'COPY f /' >>Dockerfile
	echo f >f
	tar -c . | wherry build -t named --build-context base=docker-image://busybox --build-context tools=docker-image://busybox \
		--build-context assets="$SCRATCH/assets" - >"$SCRATCH/output"
	[ "$(in_image named cat /f)" = f ]
}

@test "what is beside the Dockerfile says what is ignored, wherever that lies" {
	context beside <<-'D'
		FROM busybox
		COPY . /c
	D
	mkdir sub
	touch one two three
	printf 'one\nsub\n' >.dockerignore
	printf '*\n!one\n' >sub/D.dockerignore
	cp Dockerfile sub/D
	wherry build -t beside . >"$SCRATCH/output"
	[ "$(in_image beside ls /c | tr '\n' ' ')" = 'Dockerfile three two ' ]
	wherry build -t beside -f sub/D . >"$SCRATCH/output"
	[ "$(in_image beside ls /c | tr '\n' ' ')" = 'one ' ]
	mkdir "$SCRATCH/elsewhere"
	cp sub/D "$SCRATCH/elsewhere/D"
	printf 't*\n' >"$SCRATCH/elsewhere/D.dockerignore"
	wherry build -t beside -f "$SCRATCH/elsewhere/D" . >"$SCRATCH/output"
	[ "$(in_image beside ls /c | tr '\n' ' ')" = 'Dockerfile one sub ' ]
}

@test "what cannot be is refused by name" {
	assets
	context refused <<-'D'
		FROM busybox
		COPY --from=assets . /
	D
	run -1 wherry build --build-context assets="$SCRATCH/nowhere" .
	grep -q "context 'assets': cannot open '$SCRATCH/nowhere': no such file" <<<"$output"
	run -1 wherry build --build-context assets .
	grep -q "invalid context value: assets, expected key=value" <<<"$output"
	run -1 wherry build --build-context assets=oci-layout://x .
	grep -q "context 'assets': load the layout" <<<"$output"
	run -1 sh -c "tar -cz . | wherry build --build-context assets='$SCRATCH/assets' -"
	grep -q "context 'assets': a folder cannot be sent beside a compressed archive" <<<"$output"
	run -1 wherry build --build-context assets="$SCRATCH/assets" http://127.0.0.1:1/x
	grep -q "context 'assets': a folder cannot be sent beside a context that is an address" <<<"$output"
	# over the API: names that lead out of what was sent
	mkdir sent
	ln -s / link
	for place in nowhere .. ../extra sent/sub link ''; do
		build "contexts=$(jq -rn --arg p "folder://$place" '{assets: $p} | tojson | @uri')"
		refuses 400 "context 'assets': no folder '$place' was sent"
	done
	build "contexts=$(jq -rn '{assets: "@c7"} | tojson | @uri')"
	refuses 400 "context 'assets': '@c7' is no image"
	build "contexts=$(jq -rn '{assets: "folder://sent"} | tojson | @uri')"
	expect_status_of 200
	printf 'FROM busybox\nCOPY --from=@c9 / /\n' >Dockerfile
	build ''
	fails 'invalid from flag value @c9'
	nothing_left
}

@test "a daemon that knows one context alone is not sent a second" {
	assets
	context plain <<-'D'
		FROM busybox
	D
	proxy_begin plain plain
	run -1 through plain wherry build --build-context assets="$SCRATCH/assets" .
	kill "$PROXY"
	grep -q -- '--build-context: the builder of this daemon has one context alone' <<<"$output"
	has_asked plain /version
	refuted has_asked plain POST
}
