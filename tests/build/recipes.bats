#!/usr/bin/env bats
# Dockerfiles of ten kinds as people write them, on Debian's packages: each is built, run, and built again
# from the cache alone.

load ../lib/wherry
load ../lib/debian

setup_file() {
	scratch_begin
	mkdir "$SCRATCH/bin"
	command -v docker >/dev/null || ln -s "$WHERRY_BUILD/wherry" "$SCRATCH/bin/docker"
	export PATH=$PATH:$SCRATCH/bin
	cp -r "$BATS_TEST_DIRNAME/recipes" "$SCRATCH/recipes"
	daemon_start
	debian_image
}

teardown_file() {
	daemon_stop
	scratch_end
}

teardown() { remove_all_containers; }

# build NAME [OPTION...]: the recipe of that name becomes recipe-NAME; what was said is in $SCRATCH/said.
build() {
	local name=$1
	shift
	docker build -t "recipe-$name" "$@" "$SCRATCH/recipes/$name" >"$SCRATCH/said" 2>"$SCRATCH/said.err" || {
		tail -30 "$SCRATCH/said" "$SCRATCH/said.err" >&2
		return 1
	}
	grep -qx "Successfully tagged recipe-$name:latest" "$SCRATCH/said"
}

image_id() { docker image inspect -f '{{.Id}}' "recipe-$1"; }

# build_again NAME [OPTION...]: every step comes from the cache, and the image is the same.
build_again() {
	local before
	before=$(image_id "$1")
	build "$@"
	! grep -q 'Running in' "$SCRATCH/said" || { cat "$SCRATCH/said" >&2; return 1; }
	grep -q 'Using cache' "$SCRATCH/said"
	[ "$(image_id "$1")" = "$before" ]
}

# said_by NAME [WORD...]: what a container of it prints.
said_by() {
	local name=$1
	shift
	run docker run --rm "recipe-$name" "$@"
	[ "$status" = 0 ] || { echo "# recipe-$name ended with $status: $output" >&2; return 1; }
}

steps_of() { grep -c '^Step ' "$SCRATCH/said"; }

answers() { curl -sf -o "$SCRATCH/page" "$1"; }

health_is() { [ "$(docker inspect -f '{{.State.Health.Status}}' "$1")" = "$2" ]; }

@test "debian and apt: a packed web server, an unpacked archive, labels" {
	mkdir -p "$SCRATCH/more"
	echo more >"$SCRATCH/more/more.html"
	tar -C "$SCRATCH/more" -czf "$SCRATCH/recipes/apt/extra.tar.gz" more.html
	touch "$SCRATCH/recipes/apt/page/left.tmp"
	echo '**/*.tmp' >"$SCRATCH/recipes/apt/.dockerignore"
	build apt
	build_again apt
	[ "$(docker image inspect -f '{{index .Config.Labels "org.opencontainers.image.title"}}' recipe-apt)" = "a page" ]
	docker run -d --name web recipe-apt
	address=$(docker inspect -f '{{.NetworkSettings.IPAddress}}' web)
	wait_until 10 answers "http://$address/index.html"
	grep -q 'a page' "$SCRATCH/page"
	answers "http://$address/extra/more.html"
	refuted answers "http://$address/left.tmp"
}

@test "c in several stages: the compiler stays behind, what nobody asks for is not run" {
	build c --build-arg VERSION=3
	[ "$(steps_of)" = 12 ]
	build_again c --build-arg VERSION=3
	said_by c
	[ "$output" = "3: hello, world" ]
	said_by c you
	[ "$output" = "3: hello, you" ]
	docker create --name files recipe-c
	[ "$(docker export files | tar -t | grep -c greet)" = 1 ]
	# another value: what stands before the ARG still comes from the cache
	build c --build-arg VERSION=4
	grep -q 'Using cache' "$SCRATCH/said"
	said_by c
	[ "$output" = "4: hello, world" ]
	run docker build --target test "$SCRATCH/recipes/c"
	[ "$status" = 1 ]
	[[ $output == *"The command '/bin/sh -c false # nobody asks for this one' returned a non-zero code: 1"* ]]
}

@test "node with npm: dependencies in a stage of their own" {
	build node
	build_again node
	said_by node
	[ "$output" = "HELLO FROM PRODUCTION" ]
	# a change of the program leaves the dependencies in the cache
	echo "console.log('changed');" >"$SCRATCH/recipes/node/app/index.js"
	build node
	[ "$(grep -c 'Using cache' "$SCRATCH/said")" = 8 ] # all but COPY app, USER, CMD
	said_by node
	[ "$output" = changed ]
}

@test "python: an environment made in one stage and used in another" {
	build python
	build_again python
	said_by python that it works
	[ "$output" = "python says that it works" ]
}

@test "go: cross arguments, a cache for the compiler, nothing but the program" {
	build go
	build_again go
	said_by go
	[ "$output" = "go on linux as 65532" ]
	[ "$(docker image inspect -f '{{len .RootFS.Layers}}' recipe-go)" = 1 ]
}

@test "here-documents: scripts, files, other languages" {
	build documents
	build_again documents
	said_by documents
	[ "$output" = "hello, world
one line
and another for world
1 4 9 16 25" ]
	said_by documents cat /opt/one /opt/two
	[ "$output" = "first for world
second for \$NAME" ]
}

@test "mounts: caches that stay, folders that are only lent" {
	build cache
	build_again cache
	said_by cache
	[ "$output" = "a bound file
1000
1" ]
	echo '{"name": "another"}' >"$SCRATCH/recipes/cache/input.json"
	build cache
	said_by cache
	[ "$output" = "another
1000
2" ]
	# what apt had fetched is still there
	build cache --build-arg ROUND=2
	grep -q 'round 2' "$SCRATCH/said"
	refuted grep -q '^Get:.*jq' "$SCRATCH/said"
}

@test "onbuild: a base that says how it is used" {
	docker build -t recipe-onbuild-base -f "$SCRATCH/recipes/onbuild/Dockerfile.base" "$SCRATCH/recipes/onbuild"
	build onbuild --build-arg APP_NAME=shop
	grep -qx '# Executing 4 build triggers' "$SCRATCH/said"
	build_again onbuild --build-arg APP_NAME=shop
	said_by onbuild
	[ "$output" = "shop is ready in /srv/shop" ]
	said_by onbuild ls
	[ "$output" = "prepare
ready" ]
	[ "$(docker image inspect -f '{{.Config.OnBuild}}' recipe-onbuild)" = "[]" ]
}

@test "a user who is not root" {
	build user
	build_again user
	said_by user
	[ "$output" = "1234
1234
hello from a user
app
app:app" ]
	[ "$(docker image inspect -f '{{.Config.User}} {{.Config.WorkingDir}}' recipe-user)" = "app /home/app/work" ]
}

@test "a service with a health check" {
	build health
	build_again health
	docker run -d --name good recipe-health
	docker run -d --name bad recipe-health else
	wait_until 20 health_is good healthy
	wait_until 40 health_is bad unhealthy
}
