#!/usr/bin/env bats
# From files to a project, seen through `config`: the numbers are those of the list of conformance.  No daemon is
# asked.

bats_require_minimum_version 1.5.0
load ../lib/wherry

setup() {
	SCRATCH=$(mktemp -d /tmp/wherry-test.XXXXXX)
	mkdir "$SCRATCH/p"
	cd "$SCRATCH/p" || exit
	unset "${!COMPOSE_@}" WHERRY_COMPOSE_STYLE V U N
}
teardown() {
	cd /
	rm -rf "$SCRATCH"
}

compose() { wherry compose "$@"; }
v1() { WHERRY_COMPOSE_STYLE=v1 wherry compose "$@"; }

# service FILE NAME [MEMBERS]: a file with one service of busybox, MEMBERS in YAML's flow style.
service() { printf 'services: {%s: {image: busybox%s}}\n' "$2" "${3:+, $3}" >"$1"; }
# over FILE NAME MEMBERS: the same without the image.
over() { printf 'services: {%s: {%s}}\n' "$2" "$3" >"$1"; }

# shows EXPRESSION [OPTION...]: what `config` prints makes jq's expression true ($a: service a).
shows() {
	compose "${@:2}" config --format json >"$SCRATCH/out" 2>"$SCRATCH/err" &&
		jq -e ".services.a as \$a | $1" "$SCRATCH/out" >/dev/null || {
		cat "$SCRATCH/out" "$SCRATCH/err"
		false
	}
}

# refuses TEXT [OPTION...]: rc 1, the text on stderr, nothing on stdout.
refuses() {
	local code=0
	compose "${@:2}" config >"$SCRATCH/out" 2>"$SCRATCH/err" || code=$?
	[ "$code" = 1 ] && [ ! -s "$SCRATCH/out" ] && grep -qF -- "$1" "$SCRATCH/err" || {
		echo "rc $code"
		cat "$SCRATCH/out" "$SCRATCH/err"
		false
	}
}

says() { grep -qF -- "$1" "$SCRATCH/err"; }

@test "1: each style has its first choice of file, and several are warned of" {
	service compose.yaml a
	service docker-compose.yml b
	run --separate-stderr compose config --services
	[ "$output" = a ]
	[[ $stderr == *"using $PWD/compose.yaml"* ]]
	run --separate-stderr v1 config --services
	[ "$output" = b ]
	[[ $stderr == *"using $PWD/docker-compose.yml"* ]]
}

@test "2: a folder below the project finds its file" {
	over compose.yaml a 'build: ./c'
	mkdir -p sub/deep
	cd sub/deep
	shows ".name == \"p\" and \$a.build.context == \"$SCRATCH/p/c\""
}

@test "3: an override is taken beside a file that was found, not beside one that was named" {
	service compose.yaml a
	over compose.override.yml a 'labels: {x: y}'
	shows '$a.labels == {x: "y"}'
	shows '$a.labels == null' -f compose.yaml
}

@test "4: paths of all files begin at the folder of the first" {
	mkdir d
	service a.yml a
	over d/b.yml a 'build: ./c'
	shows "\$a.build.context == \"$PWD/c\"" -f a.yml -f d/b.yml
	shows "\$a.build.context == \"$PWD/d/c\"" -f d/b.yml
	shows "\$a.build.context == \"/w/c\"" --project-directory /w -f d/b.yml
}

@test "5: standard input is a file, once" {
	service x.yml a
	shows '$a.image == "busybox"' -f - <x.yml
	cat x.yml | shows '$a.image == "busybox"' -f -
	refuses 'standard input can be read only once' -f - -f - <x.yml
}

@test "6: COMPOSE_FILE names files, parted as COMPOSE_PATH_SEPARATOR says" {
	service x a
	over y a 'tty: true'
	COMPOSE_FILE=x,y COMPOSE_PATH_SEPARATOR=, shows '$a.tty'
	COMPOSE_FILE=x:y shows '$a.tty'
	COMPOSE_FILE=x shows '$a.tty == null'
	echo COMPOSE_FILE=x:y >.env
	shows '$a.tty'
}

@test "7: without a file a verb fails and names the four" {
	run compose config
	[ "$status" = 1 ]
	for name in compose.yaml compose.yml docker-compose.yml docker-compose.yaml; do
		[[ $output == *" $name"[,\ ]* ]]
	done
	run v1 config
	[ "$status" = 1 ]
	[[ $output == *"Supported filenames: docker-compose.yml, docker-compose.yaml, compose.yml, compose.yaml" ]]
}

@test "8: names are checked where they are chosen, and made fit where they are found" {
	service compose.yaml a
	refuses 'invalid project name "Foo"' -p Foo
	mkdir "$SCRATCH/My App.1"
	cp compose.yaml "$SCRATCH/My App.1/"
	cd "$SCRATCH/My App.1"
	shows '.name == "myapp1"'
}

@test "9: -p beats COMPOSE_PROJECT_NAME beats name: of the last file" {
	printf 'name: n\nservices: {a: {image: busybox}}\n' >compose.yaml
	shows '.name == "n"'
	COMPOSE_PROJECT_NAME=e shows '.name == "e"'
	COMPOSE_PROJECT_NAME=e shows '.name == "c"' -p c
	printf 'name: m-${V}\n' >more.yaml
	V=v shows '.name == "m-v"' -f compose.yaml -f more.yaml
}

@test "11: the shell beats --env-file, which stands for .env" {
	over compose.yaml a 'image: "i$V"'
	echo V=a >.env
	echo V=c >c.env
	shows '$a.image == "ia"'
	V=b shows '$a.image == "ib"'
	shows '$a.image == "ic"' --env-file c.env
	V=b shows '$a.image == "ib"' --env-file c.env
	COMPOSE_ENV_FILES=c.env shows '$a.image == "ic"'
	COMPOSE_DISABLE_ENV_FILE=1 shows '$a.image == "i"'
	refuses 'no.env' --env-file no.env
}

@test "12: comments, quotes and dollars of an env file" {
	service compose.yaml a 'env_file: e'
	printf '%s\n' 'A=1 # c' 'B=1# c' 'C="x # y"' "D='\$A'" >e
	shows '$a.environment == {A: "1", B: "1# c", C: "x # y", D: "$$A"}'
}

@test "13: escapes, variables, export and colons of an env file" {
	service compose.yaml a 'env_file: e'
	printf '%s\n' 'A=x' 'B="${A}\n"' 'export C=1' 'D: 2' >e
	shows '$a.environment == {A: "x", B: "x\n", C: "1", D: "2"}'
}

@test "14: an env file must be there, unless it need not be" {
	service compose.yaml a 'env_file: no.env'
	refuses "compose.yaml:1:42: services.a.env_file: there is no file '$PWD/no.env'"
	service compose.yaml a 'env_file: [{path: no.env, required: false}]'
	shows '$a.environment == null'
}

@test "15: later env files win, environment wins over all" {
	echo A=1 >x
	echo A=2 >y
	service compose.yaml a 'env_file: [x, y]'
	shows '$a.environment.A == "2"'
	service compose.yaml a 'env_file: [x, y], environment: {A: 3}'
	shows '$a.environment.A == "3"'
}

# merged FIRST SECOND EXPRESSION: members of service a in two files.
merged() {
	service one a "$1"
	over two a "$2"
	printf '\n' >>one
	sed -i 's/^services: {/&b: {image: b}, c: {image: c}, /' one
	[ -z "${more-}" ] || echo "$more" >>one
	shows "$3" -f one -f two
}

@test "33 and 34: maps merge by key, commands are replaced" {
	merged 'environment: [X=1, Y=2]' 'environment: {X: 3}' '$a.environment == {X: "3", Y: "2"}'
	merged 'command: one' 'command: two' '$a.command == ["two"]'
}

@test "35 and 36: ports and volumes merge by what they are" {
	merged 'ports: ["80:80"]' 'ports: ["80:80", "127.0.0.1:80:80"]' '$a.ports | length == 2 and .[1].host_ip == "127.0.0.1"'
	more='volumes: {v: }'
	merged 'volumes: ["./a:/d"]' 'volumes: ["v:/d:ro"]' \
		'$a.volumes | length == 1 and .[0].type == "volume" and .[0].source == "v" and .[0].read_only and (.[0] | has("bind") | not)'
}

@test "37 and 38: healthcheck and logging merge, but not over another driver" {
	merged 'healthcheck: {test: x, retries: 5}' 'healthcheck: {retries: 6}' '$a.healthcheck == {test: ["CMD-SHELL", "x"], retries: 6}'
	merged 'logging: {driver: json-file, options: {a: 1}}' 'logging: {driver: json-file, options: {b: 2}}' '$a.logging.options == {a: "1", b: "2"}'
	merged 'logging: {driver: json-file, options: {a: 1}}' 'logging: {driver: syslog}' '$a.logging == {driver: "syslog"}'
}

@test "39 and 40: short and long forms of depends_on and build merge" {
	merged 'depends_on: [b]' 'depends_on: {c: {condition: service_healthy}}' \
		'$a.depends_on.b.condition == "service_started" and $a.depends_on.c.condition == "service_healthy"'
	merged 'build: ./x' 'build: {args: {A: 1}}' "\$a.build.context == \"$PWD/x\" and \$a.build.args == {A: \"1\"}"
}

@test "41 and 42: !reset takes away, !override replaces" {
	merged 'ports: ["80:80"], environment: {A: 1, B: 2}' 'ports: !reset [], environment: {A: !reset null}' \
		'$a.ports == null and $a.environment == {B: "2"}'
	merged 'ports: ["80:80"]' 'ports: !override ["8443:443"]' '$a.ports | length == 1 and .[0].target == 443'
}

@test "43: a list where text is wanted is refused with its place" {
	service one a
	over two a 'image: [x]'
	refuses 'two:1:23: services.a.image: ' -f one -f two
	says '  services: {a: {image: [x]}}'
	says '                        ^'
}

@test "44 and 45: a service begins as the one it extends, in this file or in another" {
	printf 'services: {b: {image: x, environment: [X=0, Y=2]}, a: {extends: b, environment: [X=1]}}\n' >compose.yaml
	shows '$a.environment == {X: "1", Y: "2"} and $a.image == "x"'
	mkdir d
	over d/c.yml s 'build: ., env_file: own.env'
	echo OWN=1 >d/own.env
	over compose.yaml a 'extends: {file: d/c.yml, service: s}'
	shows "\$a.build.context == \"$PWD/d\" and \$a.environment.OWN == \"1\""
}

@test "46: circles of extends show the chain, what is not there both names" {
	printf 'services:\n  a: {image: x, extends: b}\n  b: {extends: {file: other.yml, service: c}}\n' >compose.yaml
	over other.yml c 'extends: {file: compose.yaml, service: b}'
	refuses 'services extend each other: c (other.yml) -> b (compose.yaml) -> c (other.yml)'
	service compose.yaml a 'extends: zz'
	refuses 'compose.yaml:1:41: services.a.extends: service "a" extends "zz", which is not in these files'
	over compose.yaml a 'extends: {file: other.yml, service: zz}'
	refuses 'service "a" extends "zz", which is not in other.yml'
}

@test "47 and 48: what is included has its own folder, and what both define is merged and told" {
	mkdir d
	printf 'include: [d/c.yaml]\nservices: {a: {image: x, depends_on: [s]}}\n' >compose.yaml
	over d/c.yaml s 'build: ./w, tty: true'
	shows ".services.s.build.context == \"$PWD/d/w\" and \$a.depends_on.s.required"
	printf 'include: [d/c.yaml]\nservices: {s: {image: mine}}\n' >compose.yaml
	shows '.services.s.image == "mine" and .services.s.tty'
	says 'compose.yaml:2:12: services.s: is included from d/c.yaml:1, too'
}

@test "49: circles of includes show the chain" {
	echo 'include: [b.yml]' >a.yml
	echo 'include: [c.yml]' >b.yml
	echo 'include: [b.yml]' >c.yml
	refuses 'c.yml:1:11: include: files include each other: b.yml -> c.yml -> b.yml' -f a.yml
}

@test "50: profiles enable services" {
	service compose.yaml a 'profiles: [x]'
	sed -i 's/^services: {/&b: {image: b}, /' compose.yaml
	[ "$(compose config --services)" = b ]
	[ "$(compose --profile x config --services | sort | xargs)" = "a b" ]
	[ "$(COMPOSE_PROFILES=y,x compose config --services | sort | xargs)" = "a b" ]
	[ "$(compose --profile '*' config --services | sort | xargs)" = "a b" ]
}

@test "51: what depends on a service whose profile is not active is refused, or does without" {
	printf 'services: {a: {image: x, profiles: [x]}, b: {image: y, depends_on: [a]}}\n' >compose.yaml
	refuses 'compose.yaml:1:69: services.b.depends_on: service "b" depends on "a", whose profiles are not active'
	printf 'services: {a: {image: x, profiles: [x]}, b: {image: y, depends_on: {a: {condition: service_started, required: false}}}}\n' >compose.yaml
	shows '.services.b'
}

@test "circles of depends_on show the chain" {
	printf 'services:\n  a: {image: x, depends_on: [b]}\n  b: {image: x, network_mode: "service:c"}\n  c: {image: x, depends_on: [a]}\n' >compose.yaml
	refuses 'services depend on each other: a -> b -> c -> a'
	says 'compose.yaml:4:30'
}

@test "what is no file, or too much of one, is refused at once" {
	mkdir folder
	refuses "'$PWD/folder' is a folder, not a file" -f folder
	refuses "'/dev/zero' is a device, not a file" -f /dev/zero
	truncate -s 100M large.yml
	refuses 'is larger than 16777216 bytes' -f large.yml
	yes 'x: y' | head -c 20000000 | refuses 'is larger than 16777216 bytes' -f -
	service compose.yaml a
	refuses "is a folder, not a file" --env-file folder
	shows '$a.image == "busybox"' --env-file /dev/null
}

@test "a pipe is a file" {
	service x a
	shows '$a.image == "busybox"' -f <(sleep 0.2; cat x)
}

@test "bombs of aliases and of depth are refused in little time and memory" {
	printf 'x-0: &x0 [lol]\n' >bomb.yml
	for i in 1 2 3 4 5 6 7 8 9; do
		printf 'x-%d: &x%d [%s]\n' "$i" "$i" "$(yes "*x$((i - 1))" | head -9 | paste -sd,)" >>bomb.yml
	done
	printf 'services: {a: {image: x}}\n' >>bomb.yml
	(ulimit -t 2; refuses 'more than 100000 values' -f bomb.yml)
	printf 'services: {a: {image: x, command: %s\n' "$(printf '[%.0s' $(seq 101))" >deep.yml
	(ulimit -t 2; refuses 'deep.yml:1:' -f deep.yml)
	printf 'services:\n\ta: {image: x}\n' >tab.yml
	refuses 'tab.yml:2:1' -f tab.yml
}
