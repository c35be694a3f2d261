#!/usr/bin/env bats
# Projects as things of the daemon: what it recorded, beside the files and without them.

bats_require_minimum_version 1.5.0
load ../engine/daemon

setup() {
	unset "${!COMPOSE_@}" WHERRY_COMPOSE_STYLE
	PROJECT=p$BATS_TEST_NUMBER
	mkdir -p "$SCRATCH/$PROJECT" "$SCRATCH/elsewhere"
	cd "$SCRATCH/$PROJECT" || exit
	project 1
}
teardown() { compose down -t 0 -v --remove-orphans >/dev/null 2>&1 || true; }

compose() { wherry compose -p "$PROJECT" "$@"; }
elsewhere() { (cd "$SCRATCH/elsewhere" && compose "$@"); }
told() { grep -qxF -- "$1" <<<"$output" || { echo "# not told: $1 in: $output" >&2; false; }; }

# project VALUE [LINE...]: service a with A=VALUE, and what else is said of it.
project() {
	printf 'services:\n  a:\n    image: busybox\n    command: sleep 1d\n    init: true\n    stop_grace_period: 1s\n    environment: {A: "%s"}\n' "$1" >compose.yaml
	shift
	[ $# = 0 ] || printf '    %s\n' "$@" >>compose.yaml
}
variable() { compose exec -T a sh -c 'echo $A'; }

@test "diff: what the files say otherwise, value by value; 0 when nothing, 2 when something" {
	compose up -d
	run -0 compose diff
	[ -z "$output" ]
	project 2 'labels: {l: m}'
	run -2 compose diff
	told "services.a.environment.A: 1 -> 2"
	told 'services.a.labels added: {"l":"m"}'
	run -2 compose diff -q
	[ -z "$output" ]
	compose up -d
	run -0 compose diff
	printf '  off:\n    image: busybox\n    profiles: [x]\n' >>compose.yaml
	run -0 compose diff # what no profile enables is no part of it
	[ -z "$output" ]
	run -2 compose --profile x diff
	[[ $output == "services.off added: "* ]]
	run -2 compose diff --revision 1
	run -1 compose diff --revision 9
	run -1 compose diff --revision 0
}

@test "rollback: to the revision before, and that is the newest then" {
	compose up -d
	project 2
	compose up -d
	[ "$(variable)" = 2 ]
	run -0 compose rollback
	[ "$(variable)" = 1 ]
	run -2 compose diff
	told "services.a.environment.A: 1 -> 2"
	run -0 elsewhere rollback
	[ "$(elsewhere exec -T a sh -c 'echo $A')" = 2 ]
	run -0 compose rollback --revision 1
	[ "$(variable)" = 1 ]
	run -1 compose rollback --revision 99
}

@test "rollback: what came with the newer revision goes, volumes stay" {
	compose up -d
	printf '  b:\n    image: busybox\n    command: sleep 1d\n    init: true\n    volumes: [v:/v]\nvolumes: {v: {}}\n' >>compose.yaml
	compose up -d
	compose exec -T b touch /v/kept
	compose rollback
	[ "$(compose ps -q | wc -l)" = 1 ]
	[ "$(wherry volume ls -q)" = "${PROJECT}_v" ]
}

@test "rollback: secrets of the environment are those of the shell, or of .env" {
	project 1 'secrets: [s]'
	printf 'secrets: {s: {environment: THE_SECRET}}\n' >>compose.yaml
	echo THE_SECRET=kept >.env
	compose up -d
	sed -i 's/A: "1"/A: "2"/' compose.yaml
	compose up -d
	run -0 compose rollback
	[ "$(compose exec -T a cat /run/secrets/s)" = kept ]
	THE_SECRET=shown run -0 elsewhere rollback
	[ "$(compose exec -T a cat /run/secrets/s)" = shown ]
	run -1 elsewhere rollback
	[[ $output == *"environment variable is not set: THE_SECRET" ]]
}

@test "without a revision before, or a record, rollback and diff say so" {
	run -1 compose rollback
	compose up -d
	run -1 compose rollback
	[[ "$output" == *"no revision before"* ]]
	compose down -t 0
	run -1 compose diff
}

@test "the folder is not needed: config, ps, stop, up and down by the project's name" {
	compose up -d
	cp compose.yaml kept
	rm compose.yaml
	run -0 elsewhere config
	[ "$(compose config --format json | jq -r .services.a.environment.A)" = 1 ]
	elsewhere stop -t 0
	[ -z "$(wherry ps -q --filter "label=com.docker.compose.project=$PROJECT")" ]
	elsewhere up -d
	[ "$(elsewhere exec -T a sh -c 'echo $A')" = 1 ]
	elsewhere down -t 0
	run -1 elsewhere config
}

@test "110 down without a file takes all of the project, whatever the last up was for" {
	printf '  b:\n    image: busybox\n    command: sh -c "exit 3"\n    profiles: [x]\n' >>compose.yaml
	compose up b
	compose up -d a
	rm compose.yaml
	run -0 elsewhere down -t 0
	[[ "$output" == *"Container $PROJECT-b-1 Removed"* ]]
	[ -z "$(wherry ps -aq --filter "label=com.docker.compose.project=$PROJECT")" ]
}

@test "export --units: a unit and a file that bring the project up anywhere" {
	mkdir out "odd %name"
	compose up -d
	compose down -t 0
	run -0 compose export --units -o out
	[ "$(cat <<<"$output")" = "$PWD/out/$PROJECT.service"$'\n'"$PWD/out/$PROJECT.compose.yaml" ]
	[ "$(stat -c %a "out/$PROJECT.compose.yaml")" = 600 ]
	wherry unit verify "out/$PROJECT.service"
	grep -q 'up -d' "out/$PROJECT.service"
	(cd "$SCRATCH/elsewhere" && wherry compose -p "$PROJECT" -f "$OLDPWD/out/$PROJECT.compose.yaml" up -d)
	[ "$(elsewhere exec -T a sh -c 'echo $A')" = 1 ]
	compose export --units -o "odd %name"
	grep -qF '"'"$PWD/odd %%name/$PROJECT.compose.yaml"'"' "odd %name/$PROJECT.service"
	run -1 compose export --units -o none
	run -1 compose export
}

@test "verbs that are not here say why" {
	for verb in publish bridge alpha; do
		run -1 compose $verb x
		[[ "$output" == *"not supported: "* ]]
	done
}
