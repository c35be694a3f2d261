#!/usr/bin/env bats
# What files mean, seen through `config`: the numbers are those of the list of conformance.  No daemon is asked.

load ../lib/wherry

setup() {
	SCRATCH=$(mktemp -d /tmp/wherry-test.XXXXXX)
	cd "$SCRATCH" || exit
	unset "${!COMPOSE_@}" WHERRY_COMPOSE_STYLE
}
teardown() {
	cd /
	rm -rf "$SCRATCH"
}

# services YAML: compose.yaml with these services; busybox and `sleep 1d` where a service says nothing else.
services() {
	printf 'x-b: &b {image: busybox, command: sleep 1d}\nservices:\n' >compose.yaml
	sed 's/^/  /' <<<"$1" >>compose.yaml
}

# a MEMBERS: the same with one service, `a`, whose members these are, from line 5 on.
a() {
	services "a:
  <<: *b
$(sed 's/^/  /' <<<"$1")"
}

compose() { wherry compose -p p "$@"; }
v1() { WHERRY_COMPOSE_STYLE=v1 wherry compose -p p "$@"; }

# shows EXPRESSION: what `config` prints makes jq's expression true ($a: service a).
shows() {
	compose config --format json "${flags[@]}" >config.json 2>warnings
	jq -e ".services.a as \$a | $1" config.json >/dev/null || {
		cat config.json warnings
		false
	}
}
flags=()

warns() { [ "$(grep -c 'level=warning' warnings)" = "$1" ]; }

# refuses LINE:COLUMN TEXT [COMMAND...]: rc 1, the place and the reason on stderr, nothing on stdout.
refuses() {
	local code=0
	"${@:3}" compose config >out 2>err || code=$?
	[ "$code" = 1 ] && [ ! -s out ] && grep -qF "compose.yaml:$1: " err && grep -qF -- "$2" err || {
		echo "rc $code"
		cat out err
		false
	}
}

@test "10: the project's name is a variable" {
	a 'labels: {l: "${COMPOSE_PROJECT_NAME}"}'
	shows '$a.labels.l == "p"'
}

@test "16: a raw env file is taken as it is" {
	a 'env_file: [{path: r, format: raw}]'
	echo 'A="$X"' >r
	shows '$a.environment.A == "\"$$X\""'
}

@test "17: a key without a value is the shell's, or is not there" {
	a 'environment: [U]'
	shows '$a.environment.U == null'
	U=1 shows '$a.environment.U == "1"'
}

@test "18: integers are decimal, base 60 and yes are text, null is the shell's" {
	a 'environment: {A: 0777, B: 22:22, C: yes, D: ~}'
	shows '$a.environment == {A: "511", B: "22:22", C: "yes"}'
}

@test "19: other numbers are their value, which is warned of; version 1 keeps them" {
	a 'environment: {A: 1.0, B: 1e3, C: 08}'
	shows '$a.environment == {A: "1", B: "1000", C: "8"}'
	warns 3
	[ "$(v1 config --format json | jq -c .services.a.environment)" = '{"A":"1.0","B":"1e3","C":"08"}' ]
}

@test "20: a bare true is text, and an error in version 1" {
	a 'environment: {A: true}'
	shows '$a.environment.A == "true"'
	export WHERRY_COMPOSE_STYLE=v1
	refuses 5:22 "services.a.environment.A: contains true"
}

@test "21: a port is never of base 60" {
	a 'ports: [22:22]'
	shows '$a.ports == [{mode: "ingress", target: 22, published: "22", protocol: "tcp"}]'
}

@test "22: on is true, with a warning" {
	a 'tty: on'
	shows '$a.tty == true'
	warns 1
}

@test "23: a key that stands twice names both places; version 1 warns, and the last wins" {
	services $'a: {image: x}\na: {image: y}'
	refuses 4:3 a
	grep -q '3' err
	[ "$(v1 config --format json 2>warnings | jq -r .services.a.image)" = y ]
	[ -s warnings ]
}

@test "24: explicit keys beat merged ones, earlier maps later ones" {
	cat >compose.yaml <<-'END'
	x-e: &e {A: "1", B: "2"}
	x-q: &q {A: q}
	x-r: &r {A: r, C: r}
	services:
	  a:
	    image: x
	    environment: {<<: *e, B: "3"}
	    labels: {<<: [*q, *r]}
	END
	shows '$a.environment == {A: "1", B: "3"} and $a.labels == {A: "q", C: "r"}'
}

@test "25: deep nests and bombs of aliases are refused at once" {
	printf '%0101d' 0 | tr 0 '[' >compose.yaml
	refuses 1:101 ""
	{
		echo 'a: &a [x,x,x,x,x,x,x,x,x]'
		local last=a name
		for name in b c d e f g h i; do
			echo "$name: &$name [*$last,*$last,*$last,*$last,*$last,*$last,*$last,*$last,*$last]"
			last=$name
		done
	} >compose.yaml
	local code=0
	(ulimit -t 2; exec wherry compose -p p config) >out 2>err || code=$? # of a processor: others may have it meanwhile
	[ "$code" = 1 ]
	grep -q "compose.yaml:[0-9]*:[0-9]*: " err
}

@test "26: documents of one file merge in order" {
	a 'init: true'
	printf -- '---\nservices:\n  a: {tty: true}\n' >>compose.yaml
	shows '$a.tty and $a.init and $a.image == "busybox"'
}

@test "27: two dollars are one, and config doubles them again" {
	a 'labels: {l: "$$x $${y}"}'
	shows '$a.labels.l == "$$x $${y}"'
	flags=(--no-interpolate)
	shows '$a.labels.l == "$$x $${y}"'
}

@test "28: defaults and replacements of a variable that is empty" {
	a 'labels: {l: "${U:-d}|${U-d}|${U:+s}|${U+s}"}'
	U='' shows '$a.labels.l == "d|||s"'
}

@test "29: a default may hold another variable" {
	a 'labels: {l: "${U:-a${S:-b}c}"}'
	shows '$a.labels.l == "abc"'
}

@test "30: a variable may be required; other operators are errors; a dollar before a digit stays" {
	a 'labels: {l: "${U:?need}"}'
	refuses 5:17 need
	a 'labels: {l: "${U!x}"}'
	refuses 5:17 ""
	a 'labels: {l: "$1"}'
	shows '$a.labels.l == "$$1"'
}

@test "31: a variable that is not set warns once" {
	a 'labels: {l: "${N}", m: "${N}"}'
	shows '$a.labels.l == ""'
	warns 1
}

@test "32: what a variable says is of the attribute's kind" {
	a 'deploy: {replicas: "${N}"}'
	N=3 shows '$a.deploy.replicas == 3'
	export N=x
	refuses 5:24 'must be an integer'
}

@test "43: an image is no list" {
	a 'tty: true'
	printf 'services:\n  a:\n    image: [x]\n' >compose.override.yaml
	run compose config
	[ "$status" = 1 ]
	[[ $output == *"compose.override.yaml:3:12: services.a.image: must be text, not a list"* ]]
}

@test "52: an unknown key names the nearest; a service has an image or is built" {
	services 'a: {imag: y}'
	refuses 3:7 "did you mean 'image'?"
	services 'a: {command: x}'
	refuses 3:3 'neither an image nor a build context'
}

@test "53: a dependency must be there, and not lead back" {
	a 'depends_on: [zz]'
	refuses 5:18 'undefined service "zz"'
	services $'a: {image: x, depends_on: [b]}\nb: {image: x, depends_on: [a]}'
	refuses 4:30 'a -> b -> a'
}

@test "54: networks and volumes that nothing declares are told in one run" {
	a $'networks: [nn]\nvolumes: ["vv:/x"]'
	refuses 5:16 'undefined network nn'
	refuses 6:15 'undefined volume vv'
}

@test "55: a network mode excludes networks" {
	a $'network_mode: host\nnetworks: [n]'
	echo 'networks: {n: }' >>compose.yaml
	refuses 6:5 'network_mode'
}

@test "56: three bad ports are three errors in one run" {
	a $'ports:\n- 80-82:80-81\n- 99999:1\n- 1:1/xyz'
	refuses 6:7 'services.a.ports[0]: invalid ranges'
	refuses 7:7 'services.a.ports[1]: invalid hostPort: 99999'
	refuses 8:7 'services.a.ports[2]: invalid proto: xyz'
	[ "$(grep -c '^compose.yaml:' err)" = 3 ]
}

@test "57: an external network has no driver of ours" {
	a 'tty: true'
	echo 'networks: {n: {external: true, driver: x}}' >>compose.yaml
	refuses 6:32 '"external" and "driver"'
}

@test "58: two spellings must say the same" {
	a $'scale: 2\ndeploy: {replicas: 3}'
	refuses 5:12 "'scale' and 'deploy.replicas'"
	a $'mem_limit: 1g\ndeploy: {resources: {limits: {memory: 1024m}}}'
	shows '$a.mem_limit == "1073741824"'
}

@test "59: sizes have known letters" {
	a 'mem_limit: 5x'
	refuses 5:16 "'x'"
	a 'mem_limit: 1.5g'
	shows '$a.mem_limit == "1610612736"'
}

@test "60: durations have units" {
	a 'stop_grace_period: 1m30s'
	shows '$a.stop_grace_period == "1m30s"'
	a 'stop_grace_period: "5 s"'
	refuses 5:24 'invalid duration "5 s"'
}

@test "61: two mounts do not share a target, and compose's labels are its own" {
	a 'volumes: [/d, /d]'
	refuses 5:19 'two mounts on /d'
	a 'labels: {com.docker.compose.x: y}'
	refuses 5:14 com.docker.compose.x
}

@test "62: what is not done yet is an error where it is used" {
	services 'a: {provider: {type: x}}'
	refuses 3:7 'not supported yet'
	services $'a: {provider: {type: x}, profiles: ["off"]}\nb: *b'
	compose config -q
}

@test "63: version is taken, with one warning; version 1 says nothing" {
	a 'tty: true'
	echo 'version: "9"' >>compose.yaml
	shows '$a.tty'
	warns 1
	[ -z "$(v1 config -q 2>&1)" ]
}

@test "64: services on top are version 1: no network of the project's" {
	printf 'a: {image: x, links: [b]}\nb: {image: x}\n' >docker-compose.yml
	shows '$a.network_mode == "bridge" and $a.links == ["b"] and (has("networks") | not)'
}

@test "65: equal ranges pair, a range on one port is any of it" {
	a 'ports: ["9000-9001:9000-9001"]'
	shows '[$a.ports[] | [.published, .target]] == [["9000", 9000], ["9001", 9001]]'
	a 'ports: ["8000-8010:80"]'
	shows '[$a.ports[] | [.published, .target]] == [["8000-8010", 80]]'
}

@test "66: a relative mount is below the project's folder" {
	a 'volumes: ["./x:/x"]'
	shows '$a.volumes == [{type: "bind", source: "'"$SCRATCH"'/x", target: "/x", bind: {create_host_path: true}}]'
	[ "$(v1 config --format json | jq -r '.services.a.volumes[0]')" = "$SCRATCH/x:/x:rw" ]
}

@test "67: a command is taken apart as a shell does; an empty one stays" {
	a $'entrypoint: echo "a b" \'c $$d\''
	shows '$a.entrypoint == ["echo", "a b", "c $$d"]'
	a 'entrypoint: []'
	shows '$a.entrypoint == []'
}

@test "68, 69: a health check has a list, or none" {
	a 'healthcheck: {test: exit 0, interval: 90s}'
	shows '$a.healthcheck == {test: ["CMD-SHELL", "exit 0"], interval: "1m30s"}'
	a 'healthcheck: {disable: true}'
	shows '$a.healthcheck.disable'
}

@test "70, 71: networks have priorities; another's network comes first" {
	a 'networks: {n: {priority: 1}, m: {priority: 9}}'
	echo 'networks: {n: , m: }' >>compose.yaml
	shows '$a.networks == {m: {priority: 9}, n: {priority: 1}}'
	services $'a: {image: x, network_mode: "service:b"}\nb: *b'
	[ "$(compose config --services | tr '\n' ' ')" = "b a " ]
}

@test "72, 73: devices and limits in long form" {
	a $'gpus: all\ndevices: [nvidia.com/gpu=0]\nulimits: {nofile: {soft: 1, hard: 2}, nproc: 3}'
	shows '$a.gpus == [{count: -1}] and $a.devices[0].source == "nvidia.com/gpu=0"'
	shows '$a.ulimits == {nofile: {soft: 1, hard: 2}, nproc: 3}'
}

@test "74: configs and secrets know where they go" {
	a $'secrets: [s]\nconfigs: [c]'
	printf 'secrets: {s: {file: ./s}}\nconfigs: {c: {content: hi}}\n' >>compose.yaml
	shows '$a.secrets == [{source: "s", target: "/run/secrets/s"}] and $a.configs == [{source: "c", target: "/c"}]'
	shows '.secrets.s.file == "'"$SCRATCH"'/s" and .configs.c.content == "hi"'
}

# ---- the verb ----

@test "what config prints means the same when it is read again" {
	cat >compose.yaml <<-'END'
	services:
	  a:
	    build: {context: ./x, args: {A: "1"}}
	    environment: {D: "$$d", E: "", N: "0777", Y: "yes"}
	    extra_hosts: ["h=1.2.3.4", "h=::1"]
	    ports: ["127.0.0.1:8000-8001:80-81/udp", "90", {target: 91, host_ip: 127.0.0.1, published: "92", mode: host, name: w}]
	    volumes: ["v:/v:ro", "v:/w:ro,z", "./b:/b:z", "/anon"]
	    secrets: [{source: s, mode: 0400}]
	    healthcheck: {test: "exit 0", interval: 90s}
	    depends_on: {b: {condition: service_healthy, restart: true}}
	    ulimits: {nproc: 3}
	    cpus: 0.5
	    mem_limit: 1g
	    command: echo 'a  b'
	    logging: {driver: json-file, options: {max-size: 1m}}
	    networks: {n: {aliases: [x], ipv4_address: 10.0.0.2}}
	  b: {image: busybox, healthcheck: {test: [CMD, "true"]}}
	networks: {n: {ipam: {config: [{subnet: 10.0.0.0/24}]}}}
	volumes: {v: {labels: [l=1]}}
	secrets: {s: {environment: S}}
	x-own: {k: [1, "2"]}
	END
	compose config >once.yaml
	compose -f once.yaml config >twice.yaml
	diff once.yaml twice.yaml
	compose config --format json | jq . >once.json
	compose -f once.json config --format json | jq . >twice.json
	diff once.json twice.json
	v1 config >one.yaml
	grep -qF 'v:/w:ro,z' one.yaml
	grep -qxF '      name: w' one.yaml
	v1 -f one.yaml config >two.yaml
	diff one.yaml two.yaml
}

@test "version 1 prints what was written, sorted, with a blank line at the end" {
	mkdir shop
	cd shop
	cat >docker-compose.yml <<-'END'
	version: "3"
	services:
	  worker: {build: ./worker, depends_on: [redis, db]}
	  db: {image: mysql, environment: {B: b, A: a}, volumes: ["data:/var/lib/mysql"]}
	  redis: {image: redis, ports: ["8082:80", "127.0.0.1:81:81"]}
	volumes: {data: }
	END
	WHERRY_COMPOSE_STYLE=v1 wherry compose config >out
	cat >wanted <<-END
	services:
	  db:
	    environment:
	      A: a
	      B: b
	    image: mysql
	    volumes:
	    - data:/var/lib/mysql:rw
	  redis:
	    image: redis
	    ports:
	    - published: 8082
	      target: 80
	    - 127.0.0.1:81:81/tcp
	  worker:
	    build:
	      context: $SCRATCH/shop/worker
	    depends_on:
	      db:
	        condition: service_started
	      redis:
	        condition: service_started
	version: "3"
	volumes:
	  data: {}

	END
	diff wanted out
	[ "$(WHERRY_COMPOSE_STYLE=v1 wherry compose config --services | tr '\n' ' ')" = "db redis worker " ]
}

@test "lists of services, volumes, networks, images and profiles" {
	services $'a: {image: y, profiles: [q], volumes: ["v:/v"]}\nb: {image: x, depends_on: [c], networks: [n]}\nc: {build: .}'
	printf 'volumes: {v: , w: }\nnetworks: {n: }\n' >>compose.yaml
	[ "$(compose config --services | tr '\n' ' ')" = "c b " ]
	[ "$(compose --profile q config --services | tr '\n' ' ')" = "a c b " ]
	[ "$(compose config --images | tr '\n' ' ')" = "p-c x " ]
	[ "$(compose config --profiles)" = q ]
	[ "$(compose config --networks | tr '\n' ' ')" = "default n " ]
	[ "$(compose config --volumes)" = "" ]
	[ "$(compose --profile q config --volumes)" = v ]
	[ "$(compose --all-resources config --volumes | tr '\n' ' ')" = "v w " ]
	[ "$(v1 config --volumes | tr '\n' ' ')" = "v w " ]
	[ "$(compose convert --services c)" = c ]
}

@test "variables, the environment and where values come from" {
	a 'labels: {l: "${V:-dd}", m: "${W}", n: "${W:?needed}", o: "${Y:+yes}"}'
	echo W=x >.env
	compose config --variables >variables
	[ "$(tr -s ' ' <variables | sed 's/ $//')" = "NAME REQUIRED DEFAULT VALUE ALTERNATE VALUE
V false dd
W true
Y false yes" ]
	compose config --environment | grep -qx W=x
	compose config --origin >origins
	grep -qx 'compose.yaml:5:17: services.a.labels.l: "dd"' origins
	grep -qx '(default): services.a.networks.default: null' origins
	grep -qx '(default): name: "p"' origins
}

@test "hashes change with what makes a container, and with nothing else" {
	a $'environment: {A: "1", B: "2"}\ndeploy: {replicas: 2}'
	local hash
	hash=$(compose config --hash a)
	[[ $hash =~ ^a\ [0-9a-f]{64}$ ]]
	a $'deploy: {replicas: 5}\nenvironment: {B: "2", A: "1"}'
	[ "$(compose config --hash '*')" = "$hash" ]
	a $'environment: {A: "1", B: "3"}'
	[ "$(compose config --hash a)" != "$hash" ]
	run compose config --hash zz
	[ "$status" = 1 ]
	[[ $output == *"no such service: zz"* ]]
}

@test "a file takes the output, and -q prints nothing" {
	a 'tty: true'
	compose config -o out.yaml
	diff out.yaml <(compose config)
	[ -z "$(compose config -q 2>&1)" ]
	run compose config --format xml
	[ "$status" = 1 ]
	[[ $output == *'unsupported format "xml"'* ]]
}

@test "steps can be left out" {
	a $'build: ./x\nenv_file: [e]\nenvironment: {V: "${V}"}\nvolumes: ["${D}/x:/x"]'
	echo E=1 >e
	flags=(--no-interpolate)
	shows '$a.environment == {E: "1", V: "${V}"} and $a.volumes == ["${D}/x:/x"]'
	flags=(--no-path-resolution)
	D=/d shows '$a.build.context == "./x"'
	flags=(--no-env-resolution)
	D=/d shows '($a.environment | has("E") | not) and $a.env_file[0].path == "'"$SCRATCH"'/e"'
	flags=(--no-normalize)
	D=/d shows '$a | has("networks") | not'
	services 'a: {image: x, networks: [nn]}'
	flags=(--no-consistency)
	shows '$a.networks == {nn: null}'
}

@test "what lies elsewhere is refused by name, not looked for here" {
	echo 'include: ["git@example.org:a/b.git"]' >compose.yaml
	refuses 1:11 'files from elsewhere are not supported yet'
	services 'a: {extends: {file: "oci://x/y", service: z}}'
	refuses 3:23 'files from elsewhere are not supported yet'
}

@test "a service's name may begin with x-" {
	services 'x-a: {image: y}'
	[ "$(compose config --services)" = x-a ]
}

@test "version 1 says first that the file is invalid, and each reason in its words" {
	a $'imagee: x\nfoo: y'
	run v1 config
	[ "$status" = 1 ]
	[ "${lines[0]}" = "The Compose file './compose.yaml' is invalid because:" ]
	[[ $output == *"Unsupported config option for services.a: 'imagee'"*"Unsupported config option for services.a: 'foo'"* ]]
	[ "$(grep -c 'is invalid because' <<<"$output")" = 1 ]
	run v1 -f - config <compose.yaml
	[ "${lines[0]}" = "The Compose file is invalid because:" ]
}

@test "options that ask for what is so anyway are taken, their opposites are refused by name" {
	services 'a: {<<: *b}'
	wherry compose build --provenance=false --sbom=false
	export DOCKER_HOST=unix:///nonexistent WHERRY_HOST=unix:///nonexistent
	local line
	while read -r line; do
		run wherry compose $line
		[ "$status" = 1 ]
		[[ $output == *"Cannot connect"* ]]
	done <<-'EOF'
		up --menu=false
		run -t a true
		run --tty=false a true
	EOF
	run wherry compose up --menu
	[ "$status" = 1 ]
	[[ $output == "--menu is not supported: there is no menu" ]]
	run wherry compose build --sbom=true
	[ "$status" = 1 ]
	[[ $output == *"--sbom=true is not supported"* ]]
}
