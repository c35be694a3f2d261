#!/usr/bin/env bats
# build, pull and push of services, with a registry on the loopback.

bats_require_minimum_version 1.5.0
load ../lib/wherry
load ../lib/mirror

setup_file() {
	scratch_begin
	daemon_start --registry-mirror "http://$MIRROR" --insecure-registry "$MIRROR"
	busybox_image
	mirror_begin
	docker_command
	ln -s "$WHERRY_BUILD/wherry" "$SCRATCH/docker-compose"
}
teardown_file() {
	daemon_stop
	mirror_end
	scratch_end
}

setup() {
	unset "${!COMPOSE_@}" WHERRY_COMPOSE_STYLE
	PROJECT=p$BATS_TEST_NUMBER
	mkdir "$SCRATCH/$PROJECT"
	cd "$SCRATCH/$PROJECT" || exit
}

compose() { wherry compose -p "$PROJECT" "$@"; }
v1() { "$SCRATCH/docker-compose" -p "$PROJECT" "$@"; }
# image NAME EXPRESSION: what jq finds of its inspect document.
image() { api GET "/images/$1/json" | jq -r "$2"; }
has_image() { api GET "/images/$1/json" >/dev/null && expect_status 200; }
# told TEXT: a line of what the last `run` said is just this.
told() { grep -qxF -- "$1" <<<"$output" || { echo "# not told: $1 in: $output" >&2; false; }; }
told_part() { grep -qF -- "$1" <<<"$output" || { echo "# not told: $1 in: $output" >&2; false; }; }

@test "build: the image has the service's name, labels, arguments, further tags, in either style" {
	mkdir sub
	printf 'FROM busybox AS first\nARG A=none\nARG B=none\nENV SAID=$A-$B\nFROM first\nENV LAST=1\n' >sub/Dockerfile
	cat >compose.yaml <<-YML
		services:
		  a:
		    build: {context: sub, target: first, args: {A: 1}, labels: {l: m}, tags: ["further-$PROJECT:2"]}
	YML
	run -0 compose build --build-arg B=2
	told " Image $PROJECT-a Building "
	told " Image $PROJECT-a Built "
	[ "$(image "$PROJECT-a" '.Config.Env | map(select(startswith("SAID"))) | .[0]')" = SAID=1-2 ]
	[ "$(image "$PROJECT-a" '.Config.Env | map(select(startswith("LAST"))) | length')" = 0 ]
	[ "$(image "$PROJECT-a" '.Config.Labels | [.l, ."com.docker.compose.project", ."com.docker.compose.service"] | join(" ")')" = "m $PROJECT a" ]
	[ "$(image "further-$PROJECT:2" .Id)" = "$(image "$PROJECT-a" .Id)" ]
	run -0 --separate-stderr v1 build
	told "Successfully tagged ${PROJECT}_a:latest"
	[ "$stderr" = "Building a" ]
	has_image "${PROJECT}_a"
}

@test "build: a Dockerfile may stand in the file, or anywhere below the context, and what .dockerignore names is not sent" {
	mkdir -p c/deep
	echo hi >c/sent
	echo no >c/kept
	echo kept >c/.dockerignore
	printf 'FROM busybox\nCOPY . /c/\n' >c/deep/Other
	cat >compose.yaml <<-YML
		services:
		  inline:
		    build:
		      context: c
		      dockerfile_inline: |
		        FROM busybox
		        COPY . /c/
		        RUN ls /c
		  other: {build: {context: ./c, dockerfile: deep/Other}}
	YML
	run -0 compose build inline
	told sent
	refuted told kept
	run -0 compose build other
	has_image "$PROJECT-other"
}

@test "build: secrets of files and variables reach the steps that ask, and no image" {
	echo from-file >secret.txt
	cat >compose.yaml <<-'YML'
		services:
		  a:
		    build:
		      secrets: [f, {source: v, target: renamed}]
		      dockerfile_inline: |
		        FROM busybox
		        RUN --mount=type=secret,id=f --mount=type=secret,id=renamed cat /run/secrets/f /run/secrets/renamed
		        RUN ls -A /run/secrets 2>/dev/null | wc -l
		secrets:
		  f: {file: secret.txt}
		  v: {environment: V}
	YML
	V=from-variable run -0 compose build
	told from-file
	told_part from-variable
	refuted grep -q from- < <(api GET "/images/$PROJECT-a/history")
}

@test "build: several at once, but as many as --parallel says" {
	cat >compose.yaml <<-YML
		x-here: &here {network: host}
		services:
		  listens:
		    build:
		      <<: *here
		      dockerfile_inline: |
		        FROM busybox
		        RUN echo met | timeout 60 nc -l -p 4711
		  calls:
		    build:
		      <<: *here
		      dockerfile_inline: |
		        FROM busybox
		        RUN for i in \$\$(seq 600); do nc 127.0.0.1 4711 </dev/null 2>/dev/null | grep met && exit 0; sleep 0.1; done; exit 1
	YML
	run -0 compose build
	told "[calls] met"
	has_image "$PROJECT-listens"
}

@test "build: a step that fails is told with the service, rc 1; version 1 says it in its words" {
	cat >compose.yaml <<-YML
		services:
		  bad: {build: {dockerfile_inline: "FROM busybox\nRUN echo why; exit 7\n"}}
		  plain: {image: busybox}
	YML
	run -1 compose build
	told why
	told "failed to build bad: The command '/bin/sh -c echo why; exit 7' returned a non-zero code: 7"
	run -1 v1 build
	told "plain uses an image, skipping"
	told "Service 'bad' failed to build : The command '/bin/sh -c echo why; exit 7' returned a non-zero code: 7"
	refuted has_image "$PROJECT-bad"
	run -1 compose build -q # then it is said at the end
	told why
	[ "$(tail -1 <<<"$output")" = "failed to build bad: The command '/bin/sh -c echo why; exit 7' returned a non-zero code: 7" ]
	[ -n "$(command -v script)" ] # on a terminal, too
	run -1 script -qec "wherry compose -p $PROJECT build" /dev/null
	grep -qx "why." <<<"$output"
}

@test "build: another service's image as a context is built first, and what stands in the Dockerfile by its name" {
	cat >compose.yaml <<-YML
		services:
		  a:
		    build:
		      additional_contexts: {base: "service:z", busy: "docker-image://busybox"}
		      dockerfile_inline: |
		        FROM base AS busy
		        COPY --from=busy /bin/busybox /again
		        RUN cat /made-by-z
		  z: {build: {dockerfile_inline: "FROM busybox\nRUN echo by-z >/made-by-z\n"}}
	YML
	run -0 compose build
	told "[a] by-z"
	[ "$(grep -n "Image $PROJECT-z Built" <<<"$output" | cut -d: -f1)" -lt "$(grep -n "Image $PROJECT-a Building" <<<"$output" | cut -d: -f1)" ]
}

@test "build: an image is a cache however it is said, and what cannot be one is told of" {
	printf 'FROM busybox\nRUN date +%%s%%N >/f\n' >Dockerfile
	cat >compose.yaml <<-YML
		services:
		  a: {image: cached, build: {context: ., cache_from: ["type=registry,ref=cached", "type=gha,scope=x"]}}
	YML
	run -0 compose build
	told_part "services.a.build.cache_from: cache 'type=gha,scope=x' is not to be had: images alone are caches here (type=registry,ref=IMAGE)"
	run -125 wherry build --cache-from type=gha .
	told_part "cache 'type=gha' is not to be had"
}

@test "external secrets and configs are refused with what to write instead, and nothing is begun" {
	cat >compose.yaml <<-YML
		services:
		  a: {image: busybox, command: "true", secrets: [s]}
		secrets: {s: {external: true}}
	YML
	run -1 compose up -d
	told "compose.yaml:3:25: secrets.s: external ones are kept by a cluster, and this is one host: say where what it holds is, with file or environment"
	refuted wherry network inspect "$PROJECT"_default 2>/dev/null
	sed -i 's/secret/config/g' compose.yaml
	run -1 compose up -d
	told "compose.yaml:3:25: configs.s: external ones are kept by a cluster, and this is one host: say where what it holds is, with file, environment or content"
}

@test "build: folders are contexts too, below the project's folder" {
	mkdir -p web shared/sub
	echo shared >shared/sub/file
	echo web >web/own
	printf 'FROM busybox\nCOPY --from=shared sub/file /\nCOPY own /\n' >web/Dockerfile
	cat >compose.yaml <<-YML
		services:
		  a: {build: {context: web, additional_contexts: [shared=./shared]}}
	YML
	run -0 compose build
	[ "$(wherry run --rm --network none "$PROJECT-a" cat /file /own)" = $'shared\nweb' ]
	printf 'services: {a: {build: {dockerfile_inline: FROM b, additional_contexts: {b: ./nowhere}}}}' >compose.yaml
	run -1 compose build
	told_part "compose.yaml:1:76: services.a.build.additional_contexts: context 'b': cannot open '$PWD/nowhere': no such file or directory"
}

nothing_runs() { [ "$(api GET '/containers/json?all=1' | jq length)" = 0 ] && ! pgrep -f 'sleep 1d' >/dev/null; }

@test "build: one that is interrupted ends with 130, and the daemon's with it" {
	printf 'services: {a: {build: {dockerfile_inline: "FROM busybox\\nRUN echo begun && sleep 1d"}}}' >compose.yaml
	mkfifo told
	wherry compose -p "$PROJECT" build >told 2>&1 3>&- &
	local pid=$! line code=0
	while read -r line; do
		[ "$line" != begun ] || break
	done <told &
	wait $!
	kill -TERM $pid
	wait $pid || code=$?
	[ "$code" = 130 ]
	wait_until 20 nothing_runs
}

@test "build: what the builder does not have is refused with its place, and nothing is built" {
	local row
	for row in 'cache_to: [x]' 'platforms: [linux/amd64, linux/arm64]' 'entitlements: [x]' 'privileged: true'; do
		printf 'services:\n  b: {build: {dockerfile_inline: FROM busybox}}\n  a:\n    build:\n      dockerfile_inline: FROM busybox\n      %s\n' "$row" >compose.yaml
		run -1 compose build
		told_part "compose.yaml:6:"
		told_part "services.a.build.${row%%:*}: "
	done
	refuted has_image "$PROJECT-b"
	run -1 compose build --check
	told_part "has no such thing"
	printf 'services: {a: {image: busybox}}' >compose.yaml
	run -0 compose build
	told_part "No services to build"
	run -1 compose build zz
	told_part "o such service: zz"
}

@test "push and pull: to the registry and back, with texts of either style" {
	cat >compose.yaml <<-YML
		services:
		  a:
		    image: $MIRROR/$PROJECT-a
		    build: {dockerfile_inline: "FROM busybox\nENV A=$PROJECT\n", tags: ["$MIRROR/$PROJECT-a:two"]}
		  built: {build: {dockerfile_inline: FROM busybox}}
		  named: {image: busybox}
	YML
	run -0 compose build -q
	run -0 compose push
	told " Image $MIRROR/$PROJECT-a Pushed "
	told " Image busybox Skipped "
	told " Image $PROJECT-built Skipped "
	[ "$(curl -s "http://$MIRROR/v2/$PROJECT-a/tags/list" | jq -c '.tags | sort')" = '["latest","two"]' ]

	api DELETE "/images/$MIRROR/$PROJECT-a?force=1" >"$SCRATCH/answer"
	run -0 compose pull a built
	told " Image $MIRROR/$PROJECT-a Pulled "
	told " Image $PROJECT-built Skipped: No image to be pulled "
	[ "$(image "$MIRROR/$PROJECT-a" '.Config.Env | map(select(startswith("A="))) | .[0]')" = "A=$PROJECT" ]

	api DELETE "/images/$MIRROR/$PROJECT-a?force=1" >"$SCRATCH/answer"
	run -0 --separate-stderr v1 pull a built
	[ -z "$output" ]
	output=$stderr
	told "Pulling a     ... done"
	told "Pulling built ... done"
	told_part "status: downloaded newer image"
	has_image "$MIRROR/$PROJECT-a"
	run -0 compose build --push -q a
	told " Image $MIRROR/$PROJECT-a Pushed "
}

@test "pull: a failure is rc 1 after the rest, and none with --ignore-pull-failures; what can be built is named" {
	wherry tag busybox "$MIRROR/$PROJECT-good"
	wherry push -q "$MIRROR/$PROJECT-good"
	wherry rmi "$MIRROR/$PROJECT-good"
	cat >compose.yaml <<-YML
		services:
		  absent: {image: $MIRROR/$PROJECT-absent, build: .}
		  good: {image: $MIRROR/$PROJECT-good}
	YML
	run -1 compose pull
	told_part "manifest for $MIRROR/$PROJECT-absent:latest not found"
	told_part "docker compose build absent"
	has_image "$MIRROR/$PROJECT-good"
	run -1 v1 pull
	told "Pulling absent ... error"
	told "Pulling good   ... done"
	told_part "ERROR: for absent  manifest for"
	told_part "docker-compose build absent"
	run -0 compose pull --ignore-pull-failures -q
	run -0 compose pull --ignore-buildable
	told " Image $MIRROR/$PROJECT-absent Skipped: Image can be built "
}

@test "pull: policies of the file and of the line, dependencies, one image once" {
	cat >compose.yaml <<-YML
		services:
		  never: {image: $MIRROR/$PROJECT-n, pull_policy: never}
		  missing: {image: busybox, pull_policy: missing}
		  one: {image: $MIRROR/$PROJECT-x, depends_on: [two]}
		  two: {image: $MIRROR/$PROJECT-x}
	YML
	wherry tag busybox "$MIRROR/$PROJECT-x"
	wherry push -q "$MIRROR/$PROJECT-x"
	run -0 compose pull
	told " Image $MIRROR/$PROJECT-n Skipped: Pull policy is never "
	told " Image busybox Skipped: Image is already present locally "
	told " Image $MIRROR/$PROJECT-x Skipped: Image is already being pulled by one "
	run -0 compose pull --policy missing one
	told " Image $MIRROR/$PROJECT-x Skipped: Image is already present locally "
	refuted told_part busybox
	run -0 compose pull --include-deps one
	told_part "already being pulled by one"
	run -1 compose pull --policy sometimes
	run -0 compose --dry-run pull one
	told " DRY-RUN MODE -  Image $MIRROR/$PROJECT-x Pulled "
}

@test "up: what is not there is built, and version 1 says so; a failing build begins nothing" {
	cat >docker-compose.yml <<-YML
		services:
		  a: {build: {dockerfile_inline: "FROM busybox\nCMD sleep 1d"}}
		  bad: {build: {dockerfile_inline: "FROM busybox\nRUN exit 3"}, profiles: [bad]}
	YML
	run -1 v1 --profile bad up -d
	told "Service 'bad' failed to build : The command '/bin/sh -c exit 3' returned a non-zero code: 3"
	[ "$(grep -c "failed to build" <<<"$output")" = 1 ]
	[ -z "$(docker ps -aq --filter "label=com.docker.compose.project=$PROJECT")" ]
	api DELETE "/images/${PROJECT}_a?force=1" >"$SCRATCH/answer"
	run -0 v1 up -d
	told_part "Image for service a was built because it did not already exist."
	run -0 v1 up -d --build
	refuted told_part "Image for service a was built"
	told "${PROJECT}_a_1 is up-to-date"
	run -0 v1 down -t 0
}
