#!/usr/bin/env bats
# What services become on the daemon, and projects of another compose: the numbers are those of the list of conformance.

bats_require_minimum_version 1.5.0
load ../lib/wherry
load proxy

setup_file() {
	export HERE=$BATS_TEST_DIRNAME
	scratch_begin
	daemon_start
	busybox_image
	ln -s "$WHERRY_BUILD/wherry" "$SCRATCH/docker-compose"
}
teardown_file() {
	daemon_stop
	scratch_end
}

setup() {
	unset "${!COMPOSE_@}" WHERRY_COMPOSE_STYLE
	PROJECT=p$BATS_TEST_NUMBER
	mkdir "$SCRATCH/$PROJECT"
	cd "$SCRATCH/$PROJECT" || exit
}
teardown() {
	local network
	[ -z "${PROXY-}" ] || kill "$PROXY"
	remove_all_containers
	for network in $(api GET "/networks?filters=%7B%22label%22:%5B%22com.docker.compose.project%22%5D%7D" | jq -r '.[].Id'); do
		api DELETE "/networks/$network"
	done
	cd /
}

compose() { wherry compose -p "$PROJECT" "$@"; }
v1() { "$SCRATCH/docker-compose" -p "$PROJECT" "$@"; }
# service NAME MEMBERS...: one more service of busybox that sleeps, in YAML's flow style.
service() {
	[ -f compose.yaml ] || echo "services:" >compose.yaml
	printf '  %s: {image: busybox, command: sleep 1d%s}\n' "$1" "${2:+, $2}" >>compose.yaml
}
# inspect SERVICE EXPRESSION
inspect() { api GET "/containers/$PROJECT-$1-1/json" | jq -rc "$2"; }
# is SERVICE EXPRESSION VALUE
is() {
	local found
	found=$(inspect "$1" "$2")
	[ "$found" = "$3" ] || { echo "# $2 is $found, not $3" >&2; return 1; }
}
told() { grep -qF -- "$1" <<<"$output" || { echo "# not told: $1 in: $output" >&2; false; }; }
container_ids() { api GET '/containers/json?all=1' | jq -r '.[].Id' | sort; }

@test "64 links of version 1: on the bridge, to every container there is, also when all are made anew" {
	printf 'a: {image: busybox, command: sleep 1d, links: [b], environment: {V: $V}}\nb: {image: busybox, command: sleep 1d, environment: {V: $V}}\n' >compose.yaml
	V=1 run -0 v1 -f compose.yaml up -d --scale b=2
	api GET "/containers/${PROJECT}_a_1/json" | jq -r '.HostConfig | .NetworkMode, .Links[]' | sed "s,/${PROJECT}_a_1/,," | LC_ALL=C sort >links
	grep -qx "/${PROJECT}_b_[12]:b" links
	[ "$(grep -v ':b$' links | tr '\n' ' ')" = "/${PROJECT}_b_1:b_1 /${PROJECT}_b_1:${PROJECT}_b_1 /${PROJECT}_b_2:b_2 /${PROJECT}_b_2:${PROJECT}_b_2 bridge " ]
	V=2 run -0 v1 -f compose.yaml up -d --scale b=3 -t 0
	wherry exec "${PROJECT}_a_1" cat /etc/hosts >hosts
	local i
	for i in 1 2 3; do
		grep -qE "^$(api GET "/containers/${PROJECT}_b_$i/json" | jq -r .NetworkSettings.IPAddress)[[:space:]].*b_$i" hosts
	done
	V=2 run -0 v1 -f compose.yaml up -d --scale b=3
	told "${PROJECT}_a_1 is up-to-date"
}

@test "66 a path of the host is a bind of the old form, and is made" {
	service a 'volumes: ["./x:/x", "/anon"]'
	run -0 compose create
	is a .HostConfig.Binds "[\"$PWD/x:/x:rw\"]"
	is a '.Config.Volumes | keys' '["/anon"]'
	compose up -d 2>/dev/null
	[ -d x ]
}

@test "67 a command is split like a shell's; an emptied one leaves the entrypoint of the image" {
	cat >compose.yaml <<-'YML'
		services:
		  a: {image: busybox, command: "echo \"a b\" 'c $$d'"}
		  b: {image: "with-entrypoint", command: []}
		  c: {image: busybox, command: []}
	YML
	printf 'FROM busybox\nENTRYPOINT ["sleep", "1d"]\nCMD ["--help"]\n' >Dockerfile
	wherry build -qt with-entrypoint . >/dev/null
	run -0 compose create a b
	is a .Config.Cmd '["echo","a b","c $d"]'
	is b '[.Config.Cmd, .Config.Entrypoint]' '[null,["sleep","1d"]]' || is b '[.Config.Cmd, .Config.Entrypoint]' '[[],["sleep","1d"]]'
	run -1 compose create c
	told "compose.yaml:4:"
	told "services.c.command: nothing is left to run: the image has no entrypoint"
}

@test "68 69 health checks" {
	service a 'healthcheck: {test: exit 0, interval: 90s}'
	service b 'healthcheck: {disable: true}'
	run -0 compose create
	is a .Config.Healthcheck '{"Interval":90000000000,"Test":["CMD-SHELL","exit 0"]}'
	is b .Config.Healthcheck '{"Test":["NONE"]}'
}

@test "70 the network of the highest priority is the primary one, the others are connected" {
	service a 'networks: {n: {priority: 1}, m: {priority: 9, aliases: [also]}}'
	echo 'networks: {n: {}, m: {}}' >>compose.yaml
	run -0 compose up -d
	is a .HostConfig.NetworkMode "${PROJECT}_m"
	is a '.NetworkSettings.Networks | keys | sort' "[\"${PROJECT}_m\",\"${PROJECT}_n\"]"
	is a ".NetworkSettings.Networks.${PROJECT}_m.Aliases | contains([\"a\", \"also\"])" true
}

@test "71 the network, processes and volumes of another service's container" {
	service a 'network_mode: "service:b", pid: "service:b", volumes_from: [b]'
	service b 'volumes: [/shared]'
	run -0 compose up -d
	local id
	id=$(inspect b .Id)
	is a '[.HostConfig.NetworkMode, .HostConfig.PidMode, .HostConfig.VolumesFrom[0]]' "[\"container:$id\",\"container:$id\",\"$id:rw\"]"
	is a '.Mounts[0].Name' "$(inspect b '.Mounts[0].Name')"
}

@test "78 79 what is made anew keeps its anonymous volumes, but not those of a container that it shares" {
	service a 'environment: {V: $V}, volumes: [/anon], volumes_from: [b], stop_signal: KILL'
	service b 'volumes: [/shared], stop_signal: KILL'
	V=1 run -0 compose up -d
	wherry exec "$PROJECT-a-1" sh -c 'echo kept >/anon/f'
	V=2 run -0 compose up -d
	[ "$(wherry exec "$PROJECT-a-1" cat /anon/f)" = kept ]
	is a '.HostConfig.Binds | map(split(":")[1])' '["/anon"]'
	is a '.Mounts | map(.Destination) | sort' '["/anon","/shared"]'
	V=3 run -0 compose up -d # what was handed over once is handed on
	[ "$(wherry exec "$PROJECT-a-1" cat /anon/f)" = kept ]
	V=4 run -0 compose up -d -V
	refuted wherry exec "$PROJECT-a-1" cat /anon/f
}

@test "72 devices that the daemon does not have are refused by it, by name" {
	service a 'gpus: all'
	run -1 compose up -d
	told GPUs
}

@test "73 limits" {
	service a 'ulimits: {nofile: {soft: 1, hard: 2}, nproc: 3}, cpus: 0.5, mem_limit: 64m, pids_limit: 9'
	run -0 compose create
	is a '.HostConfig.Ulimits | map([.Name, .Soft, .Hard])' '[["nofile",1,2],["nproc",3,3]]'
	is a '[.HostConfig | .NanoCpus, .Memory, .PidsLimit]' '[500000000,67108864,9]'
}

@test "74 secrets and configs: from files, variables and text, with owner and mode, and not to be read by inspect" {
	echo geheim >secret.txt
	service a 'read_only: true, secrets: [s, {source: v, target: /v, uid: "1000", mode: 0400}], configs: [c]'
	cat >>compose.yaml <<-'YML'
		secrets: {s: {file: secret.txt}, v: {environment: V}}
		configs: {c: {content: hi}}
	YML
	V=variable run -0 compose up -d
	[ "$(wherry exec "$PROJECT-a-1" cat /run/secrets/s)" = geheim ]
	[ "$(wherry exec "$PROJECT-a-1" cat /c)" = hi ]
	[ "$(wherry exec "$PROJECT-a-1" stat -c '%a %u' /v /c | tr '\n' ' ')" = "400 1000 444 0 " ]
	refuted wherry exec "$PROJECT-a-1" sh -c 'echo x >/run/secrets/s'
	refuted grep -q -e geheim -e Z2VoZWlt < <(inspect a .)

	# another secret is another container, told as digests
	echo anders >secret.txt
	V=variable run -2 compose plan
	told "files./run/secrets/s"
	told "sha256:"
	refuted told anders
	unset V
	run -1 compose up -d
	told "secrets.v: environment variable is not set: V"
}

@test "74 what is too large for memory, and a folder, is bound; that it changed is noticed" {
	head -c 2000000 /dev/zero >big
	mkdir folder && echo x >folder/a
	service a 'init: true, secrets: [s], configs: [{source: c, target: /etc/c}]'
	printf 'secrets: {s: {file: ./big}}\nconfigs: {c: {file: ./folder}}\n' >>compose.yaml
	compose up -d
	[ "$(compose exec -T a sh -c 'wc -c </run/secrets/s; cat /etc/c/a')" = $'2000000\nx' ]
	run -1 compose exec -T a touch /etc/c/b
	run -0 compose plan
	echo more >>big
	run -2 compose plan
}

@test "what the daemon cannot do of the file is told with its place, once, however many replicas there are" {
	service a 'scale: 3, deploy: {restart_policy: {condition: none, max_attempts: 5}}'
	run -0 compose up -d
	[ "$(grep -c "compose.yaml:2:.*services.a.deploy.restart_policy.max_attempts: is ignored" <<<"$output")" = 1 ]
}

@test "restart_policy: delay stands between the attempts, and window begins their count anew" {
	cat >compose.yaml <<-'YML'
		services:
		  slow:
		    image: busybox
		    command: sh -c 'cut -d" " -f1 /proc/uptime; exit 1'
		    deploy: {restart_policy: {condition: on-failure, max_attempts: 2, delay: 700ms}}
		  long:
		    image: busybox
		    command: sh -c 'echo begun; sleep 0.3; exit 1'
		    deploy: {restart_policy: {condition: on-failure, max_attempts: 1, delay: 0s, window: 200ms}}
	YML
	run -0 --separate-stderr compose up -d
	[[ $stderr != *ignored* ]]
	wait_until 20 ended_for_good slow
	wherry logs "$PROJECT-slow-1" >times
	[ "$(wc -l <times)" = 3 ]
	local at before=0
	for at in $(tr -d . <times); do # as the container's own clock has it, in hundredths
		[ $((at - before)) -ge 70 ]
		before=$at
	done
	wait_until 20 has_lines long 4
	is long '.State | .Running or .Restarting' true
}
ended_for_good() { [ "$(inspect "$1" '"\(.RestartCount) \(.State.Status)"')" = "2 exited" ]; }
has_lines() { [ "$(wherry logs "$PROJECT-$1-1" | wc -l)" -ge "$2" ]; }

@test "105 106 replicas share one port of the host, and one address" {
	cat >compose.yaml <<-'YML'
		x-says-its-name: &says
		  image: busybox
		  command: [sh, -c, "mkdir /w && hostname >/w/index.html && exec httpd -f -p 80 -h /w"]
		  stop_signal: KILL
		services:
		  ports: {<<: *says, scale: 2, ports: ["18495:80"]}
		  vip: {<<: *says, scale: 2, deploy: {endpoint_mode: vip}}
		  asks: {image: busybox, command: sleep 1d, stop_signal: KILL}
	YML
	run -0 compose up -d
	wait_until 20 all_answer 2 curl -sf http://127.0.0.1:18495
	[ "$(wherry exec "$PROJECT-asks-1" nslookup -type=a vip 2>/dev/null | awk '/^Address/ && seen {print $2} /^Name/ {seen = 1}' | wc -l)" = 1 ]
	wait_until 20 all_answer 2 wherry exec "$PROJECT-asks-1" sh -c 'printf "GET / HTTP/1.0\r\n\r\n" | nc vip 80 | tail -1'
	run -0 compose up -d --scale ports=1
	wait_until 20 all_answer 1 curl -sf http://127.0.0.1:18495
}
# all_answer COUNT COMMAND...: asked ten times, so many different ones answer.
all_answer() {
	local count=$1
	shift
	[ "$(for _ in {1..10}; do "$@" || echo "no answer from $_"; done | sort -u | wc -l)" = "$count" ]
}

@test "constraints of a placement hold for this host, or nothing is begun" {
	service a 'deploy: {placement: {constraints: [node.role == worker]}}'
	run -1 compose up -d
	told "compose.yaml:2:"
	told "services.a.deploy.placement.constraints: does not hold for this host: node.role is \"manager\""
	[ -z "$(container_ids)" ]
}

@test "what did not change is three lists and one inspect of the image, on one connection, and a lease" {
	service a
	service b 'networks: {default: {}, n: {}}, volumes: ["v:/v"], secrets: [s]'
	printf 'networks: {n: {}}\nvolumes: {v: {}}\nsecrets: {s: {file: ./s}}\n' >>compose.yaml
	echo s >s
	run -0 compose up -d
	proxy_begin up
	run -0 through up compose up -d
	told "Container $PROJECT-a-1 Running"
	[ "$(grep -v /lease "$SCRATCH/up.asked" | cut -d' ' -f1 | sort -u)" = 0 ]
	[ "$(grep -c "^1 POST .*/wherry/v1/projects/$PROJECT/lease?" "$SCRATCH/up.asked")" = 1 ]
	# who it is and what it can do; what it has; what `up` leaves there of the project
	[ "$(grep -v /wherry/v1/projects/ "$SCRATCH/up.asked" | sed -E 's,/v[0-9.]+/,/,; s,\?.*,,' | cut -d' ' -f2-)" = "$(printf '%s\n' \
		'HEAD /_ping' 'GET /version' 'GET /containers/json' 'GET /networks' 'GET /volumes' 'GET /images/busybox/json')" ] ||
		{ cat "$SCRATCH/up.asked"; false; }
}

# made_by_1_29 [CHANGE]: the containers that docker-compose 1.29.2 makes of the file, by the requests that it sent.
made_by_1_29() {
	local name number id db=
	cp "$HERE/made-by-1.29/docker-compose.yml" docker-compose.yml
	mkdir conf
	for name in default front; do
		api POST /networks/create "{\"Name\": \"${PROJECT}_$name\", \"CheckDuplicate\": true, \"Attachable\": true, \"Labels\": {\"com.docker.compose.project\": \"$PROJECT\", \"com.docker.compose.network\": \"$name\", \"com.docker.compose.version\": \"1.29.2\"}}" >/dev/null
		expect_status 201
	done
	api POST /volumes/create "{\"Name\": \"${PROJECT}_data\", \"Labels\": {\"com.docker.compose.project\": \"$PROJECT\", \"com.docker.compose.volume\": \"data\", \"com.docker.compose.version\": \"1.29.2\"}}" >/dev/null
	expect_status 201
	for name in db_1 third_1 third_2 side_1 web_1; do
		id=$(api POST "/containers/create?name=${PROJECT}_$name" "$(sed "s,@PROJECT@,$PROJECT,g; s,@FOLDER@,$PWD,g; s,@DB@,$db,g" "$HERE/made-by-1.29/$name.json" | jq -c "${1:-.}")" | jq -r .Id)
		[ -n "$db" ] || db=$id
		[ "$name" = side_1 ] || reconnect "$id" default "${name%_*}"
		[ "$name" != web_1 ] || reconnect "$id" front web www
		api POST "/containers/$id/start"
		expect_status 204
	done
}

# reconnect ID NETWORK ALIAS...: as that version does it after each create.
reconnect() {
	local links=null
	[ "$3" != web ] || links="[\"${PROJECT}_db_1:database\", \"${PROJECT}_db_1:db_1\", \"${PROJECT}_db_1:${PROJECT}_db_1\"]"
	[ "$2" != default ] || api POST "/networks/${PROJECT}_$2/disconnect" "{\"Container\": \"$1\"}"
	api POST "/networks/${PROJECT}_$2/connect" "$(jq -nc --arg id "$1" --argjson links "$links" '{Container: $id, EndpointConfig: {Aliases: ($ARGS.positional + [$id[:12]]), Links: $links}}' --args "${@:3}")"
	expect_status 200
}

@test "109 a project that docker-compose 1.29.2 made is left alone, in either style" {
	made_by_1_29
	container_ids >"$SCRATCH/before"
	[ "$(wc -l <"$SCRATCH/before")" = 5 ]
	run -0 compose plan
	run -0 compose up -d
	told " Container ${PROJECT}_web_1 Running"
	container_ids | cmp - "$SCRATCH/before"
	run -0 v1 up -d
	told "${PROJECT}_web_1 is up-to-date"
	container_ids | cmp - "$SCRATCH/before"
}

@test "109 what docker-compose 1.29.2 has made anew is left alone as well" {
	made_by_1_29 '.Env += ["affinity:container==0123456789ab"]'
	container_ids >"$SCRATCH/before"
	run -0 v1 plan
	run -0 v1 up -d
	container_ids | cmp - "$SCRATCH/before"
}

@test "109 what is changed in its file is named, and that service alone made anew" {
	made_by_1_29
	container_ids >"$SCRATCH/before"
	sed -i 's/command: \["sleep", "1d"\]/command: ["sleep", "2d"]/; s/pids_limit: 50/pids_limit: 51/' docker-compose.yml
	run -2 compose plan
	told 'command: ["sleep","1d"] -> ["sleep","2d"]'
	told 'pids_limit: 50 -> 51'
	run -0 compose up -d
	container_ids >"$SCRATCH/after"
	[ "$(comm -12 "$SCRATCH/before" "$SCRATCH/after" | wc -l)" = 4 ]
	run -0 compose plan
}
