#!/usr/bin/env bats
# ps, ls, port, images, top, volumes and stats, in both styles; the numbers are those of the list of conformance.

bats_require_minimum_version 1.5.0
load ../lib/wherry

setup_file() {
	scratch_begin
	daemon_start
	busybox_image
	ln -s "$WHERRY_BUILD/wherry" "$SCRATCH/docker-compose"
	export PROJECT=listing FOLDER=$SCRATCH/listing
	unset "${!COMPOSE_@}" WHERRY_COMPOSE_STYLE
	mkdir "$FOLDER"
	cd "$FOLDER" || exit
	cat >compose.yaml <<-YML
		services:
		  a:
		    image: busybox
		    command: sleep 1d
		    init: true
		    scale: 2
		    ports: ["80", "81/udp"]
		  b:
		    image: busybox
		    command: sh -c 'exit 3'
		    volumes: ["data:/data"]
		  healthy:
		    image: busybox
		    command: sleep 100000000000d
		    entrypoint: ["sh", "-c", "sleep 1d", "--"]
		    init: true
		    healthcheck: {test: "true", interval: 1s}
		volumes:
		  data: {}
		  unused: {}
	YML
	compose up -d --wait a healthy
	compose up -d b
	wait_until 20 has_state b exited
	wait_until 20 has_state healthy running
	[ "$(curl -sS --unix-socket "$SOCKET" -X POST "http://d/containers/listing-b-1/wait" | jq .StatusCode)" = 3 ]
	compose run -d --name one-off a sleep 1d
}
teardown_file() {
	cd "$FOLDER" && compose down -v -t 0 --remove-orphans
	daemon_stop
	scratch_end
}
setup() { cd "$FOLDER"; }

compose() { wherry compose -p listing "$@"; }
v1() { "$SCRATCH/docker-compose" -p listing "$@"; }
has_state() { [ "$(api GET "/containers/listing-$1-1/json" | jq -r .State.Status)" = "$2" ]; }
# field NAME JQ: of the inspect document.
field() { api GET "/containers/$1/json" | jq -r "$2"; }
# port_of NAME PORT: its published number.
port_of() { field "$1" ".NetworkSettings.Ports[\"$2\"][0].HostPort"; }

@test "98: ps shows what runs, -a all with those of run, -q ids" {
	run -0 compose ps --format '{{.Name}}'
	[ "$output" = $'listing-a-1\nlisting-a-2\nlisting-healthy-1' ]
	run -0 compose ps -a --format '{{.Name}} {{.Service}} {{.State}} {{.ExitCode}}'
	[ "$output" = $'listing-a-1 a running 0\nlisting-a-2 a running 0\nlisting-b-1 b exited 3\nlisting-healthy-1 healthy running 0\none-off a running 0' ]
	run -0 compose ps -q a
	[ "${#lines[@]}" = 2 ] && [ "${lines[0]}" = "$(field listing-a-1 .Id)" ]
	run -0 compose ps
	[[ ${lines[0]} =~ ^NAME\ +IMAGE\ +COMMAND\ +SERVICE\ +CREATED\ +STATUS\ +PORTS$ ]]
	[[ ${lines[1]} =~ ^listing-a-1\ +busybox\ +'"sleep 1d"'\ +a\ .*\ ago\ +Up\ .*0.0.0.0:$(port_of listing-a-1 80/tcp)'->80/tcp' ]]
}

@test "ps --format json: one object a line, with health, exit and publishers" {
	run -0 compose ps -a --format json
	[ "${#lines[@]}" = 5 ]
	jq -se 'map(select(.Name == "listing-healthy-1"))[0] | .Health == "healthy" and .Project == "listing" and .Publishers == []' <<<"$output"
	jq -se 'map(select(.Name == "listing-b-1"))[0] | .ExitCode == 3 and .State == "exited"' <<<"$output"
	jq -se --argjson port "$(port_of listing-a-1 80/tcp)" \
		'map(select(.Name == "listing-a-1"))[0].Publishers | any(.TargetPort == 80 and .PublishedPort == $port and .Protocol == "tcp")' <<<"$output"
}

@test "ps: by state, names of services, unknown ones" {
	run -0 compose ps --status exited --format '{{.Name}}'
	[ "$output" = listing-b-1 ]
	run -0 compose ps --filter status=running --services
	[ "$output" = $'a\nhealthy' ]
	run -1 --separate-stderr compose ps --status bogus
	[[ $stderr == *"bogus"* ]] && [ -z "$output" ]
	run -1 --separate-stderr compose ps zz
	[ "$stderr" = "no such service: zz" ]
	run -1 --separate-stderr v1 ps zz
	[ "$stderr" = "No such service: zz" ]
	run -1 --separate-stderr compose ps --format '{{.Bogus}}'
	[ -z "$output" ]
}

@test "98, version 1: ps shows what has ended, too, in its table" {
	run -0 v1 ps a b healthy
	local ports a1 a2
	a1=$(port_of listing-a-1 80/tcp) a2=$(port_of listing-a-2 80/tcp)
	[[ ${lines[0]} =~ ^\ +Name\ +Command\ +State\ +Ports\ +$ ]]
	[[ ${lines[1]} =~ ^-+$ ]]
	[[ ${lines[2]} == "listing-a-1         sleep 1d "*" Up             0.0.0.0:$a1->80/tcp"* ]]
	[[ ${lines[3]} == "listing-a-2 "*"0.0.0.0:$a2->80/tcp"*"81/udp"* ]]
	[[ ${lines[4]} =~ ^listing-b-1\ +sh\ -c\ exit\ 3\ +Exit\ 3\ +$ ]]
	[[ ${lines[5]} =~ ^listing-healthy-1\ +sh\ -c\ sleep\ 1d\ --\ sleep\ 10\ \.\.\.\ +Up\ \(healthy\)\ +$ ]]
	ports=${#lines[0]}
	[ "${#lines[1]}" = "$ports" ] && [ "${#lines[5]}" = "$ports" ]
	run -0 v1 -p listing-none ps
	[ "$output" = $'Name   Command   State   Ports\n------------------------------' ]
	run -0 v1 ps --services
	[ "$output" = $'a\nb\nhealthy' ]
}

@test "99: port says where one is published; what is not is an error, in version 1 an empty line" {
	run -0 compose port a 80
	[ "$output" = "0.0.0.0:$(port_of listing-a-1 80/tcp)" ]
	run -0 compose port --index 2 --protocol udp a 81
	[ "$output" = "0.0.0.0:$(port_of listing-a-2 81/udp)" ]
	run -0 v1 port a 80
	[ "$output" = "0.0.0.0:$(port_of listing-a-1 80/tcp)" ]
	run -1 --separate-stderr compose port a 99
	[[ $stderr == "no port 99/tcp for container listing-a-1"* ]] && [ -z "$output" ]
	v1 port a 99 >line
	[ "$(wc -l <line)" = 1 ] && [ "$(wc -c <line)" = 1 ]
	run -1 compose port a x
	run -1 compose port b 80
}

@test "110: ls shows projects and states; down works by labels, without a file" {
	mkdir -p "$SCRATCH/elsewhere" "$SCRATCH/other"
	cd "$SCRATCH/other"
	printf 'services: {x: {image: busybox, command: sleep 1d, init: true, scale: 2}}\n' >compose.yaml
	wherry compose -p gone up -d
	cd "$SCRATCH/elsewhere"
	run -0 wherry compose ls
	[ "${lines[0]}" = "NAME                STATUS              CONFIG FILES" ]
	[[ ${lines[1]} =~ ^gone\ +running\(2\)\ +$SCRATCH/other/compose.yaml$ ]]
	[[ ${lines[2]} =~ ^listing\ +running\(4\)\ +$FOLDER/compose.yaml$ ]]
	run -0 wherry compose ls -a --filter name=list --format json
	jq -e '. == [{Name: "listing", Status: "running(4), exited(1)", ConfigFiles: $file}]' --arg file "$FOLDER/compose.yaml" <<<"$output"
	run -0 wherry compose ls -q
	[ "$output" = $'gone\nlisting' ]
	run -1 wherry compose ls --filter colour=red
	wherry compose -p gone down
	run -0 wherry compose ls -aq
	[ "$output" = listing ]
}

@test "images: one row a container" {
	local id
	id=$(api GET /images/busybox/json | jq -r .Id)
	run -0 compose images
	[[ ${lines[0]} =~ ^CONTAINER\ +REPOSITORY\ +TAG\ +PLATFORM\ +IMAGE\ ID\ +SIZE\ +CREATED$ ]]
	[[ ${lines[1]} =~ ^listing-a-1\ +busybox\ +latest\ +linux/[a-z0-9/]+\ +${id:7:12}\ +[0-9.]+[kM]B\ +.*\ ago$ ]]
	[ "${#lines[@]}" = 5 ]
	run -0 compose images -q
	[ "$output" = "${id#sha256:}" ]
	run -0 compose images --format json b
	jq -e --arg id "$id" 'length == 1 and (.[0] | .ContainerName == "listing-b-1" and .Tag == "latest" and .ID == $id and (.Size | type) == "number")' <<<"$output"
	run -0 v1 images a
	[[ ${lines[0]} =~ ^\ +Container\ +Repository\ +Tag\ +Image\ Id\ +Size\ *$ ]]
	[[ ${lines[2]} =~ ^listing-a-1\ +busybox\ +latest\ +${id:7:12}\ +[0-9.]+\ [kM]B$ ]]
}

@test "top: version 2 in one table, version 1 in one for each container" {
	run -0 compose top
	[[ ${lines[0]} =~ ^SERVICE\ +#\ +UID\ +PID\ .*CMD$ ]]
	grep -qE '^a +2 +.* sleep 1d$' <<<"$output"
	grep -qE '^healthy +1 +' <<<"$output"
	run -0 compose top b
	[ -z "$output" ]
	run -0 v1 top a
	[ "${lines[0]}" = listing-a-1 ]
	[[ ${lines[1]} =~ ^\ *UID\ +PID\ .*CMD\ *$ ]]
	[[ ${lines[2]} =~ ^-+$ ]]
	grep -qx listing-a-2 <<<"$output"
	grep -q '^$' <<<"$output"
}

@test "volumes: of the project, or of some services" {
	run -0 compose volumes
	[[ ${lines[0]} =~ ^DRIVER\ +VOLUME\ NAME$ ]]
	[[ ${lines[1]} =~ ^local\ +listing_data$ ]]
	run -0 compose volumes -q b
	[ "$output" = listing_data ]
	run -0 compose volumes -q a
	[ -z "$output" ]
	run -0 compose volumes --format '{{.Name}} {{.Driver}}'
	[ "$output" = "listing_data local" ]
}

@test "top: of sixty containers in one go" {
	mkdir -p "$SCRATCH/sixty" && cd "$SCRATCH/sixty"
	printf 'services:\n  s: {image: busybox, command: sleep 1d, network_mode: none, scale: 60}\n' >compose.yaml
	wherry compose -p sixty up -d
	run -0 wherry compose -p sixty top
	[ "$(grep -c 'sleep 1d' <<<"$output")" = 60 ]
	wherry compose -p sixty down -t 0
}

@test "export writes a container's files, commit makes an image of it, both by --index" {
	compose exec -T --index 2 a sh -c 'echo kept >/mark'
	compose export --index 2 a | tar -tf - | grep -qx mark
	compose export -o "$SCRATCH/b.tar" b # that it does not run is nothing
	tar -tf "$SCRATCH/b.tar" | grep -qx bin/busybox
	run -0 compose commit --index 2 -m why a listing-made:1
	[[ $output == sha256:* ]]
	[ "$(wherry run --rm listing-made:1 cat /mark)" = kept ]
	[ "$(wherry image inspect --format '{{.Comment}}' listing-made:1)" = why ]
	wherry rmi listing-made:1
	run -1 compose commit nobody
	[[ $output == *"no such service: nobody"* ]]
	run -1 compose export
	[[ $output == *"export wants a service, or --units"* ]]
}

@test "viz: what depends on what, with what was asked for" {
	mkdir -p "$SCRATCH/viz" && cd "$SCRATCH/viz"
	cat >compose.yaml <<-'YML'
		services:
		  web: {image: w, ports: ["8080:80"], depends_on: {db: {condition: service_healthy}, init: {condition: service_completed_successfully}}}
		  db: {image: d, networks: [back]}
		  init: {image: i, depends_on: [db]}
		  off: {image: o, profiles: [x]}
		networks: {back: {}}
	YML
	run -0 wherry compose -p viz viz
	[ "$output" = 'digraph "viz" {
	"db" [label="db"];
	"init" [label="init"];
	"web" [label="web"];
	"init" -> "db";
	"web" -> "db" [label="healthy"];
	"web" -> "init" [label="completed"];
}' ]
	run -0 wherry compose -p viz viz --image --ports --networks --spaces --indentation-size 2
	[[ $output == *'  "db" [label="db\nd\nnetwork back"];'* ]]
	[[ $output == *'  "web" [label="web\nw\nnetwork default\nport 8080:80/tcp"];'* ]]
	run -1 wherry compose viz --indentation-size 99
}

@test "--log-level and --verbose say more, or less" {
	mkdir -p "$SCRATCH/levels" && cd "$SCRATCH/levels"
	printf 'services: {a: {image: busybox, command: "true $NOT_SET"}}\n' >docker-compose.yml
	run -0 --separate-stderr "$SCRATCH/docker-compose" config
	[[ $stderr == *NOT_SET* ]]
	run -0 --separate-stderr "$SCRATCH/docker-compose" --log-level ERROR config
	[ -z "$stderr" ]
	run -1 "$SCRATCH/docker-compose" --log-level LOUD config
	[[ $output == *"Invalid value for --log-level: LOUD."* ]]
	run -0 --separate-stderr "$SCRATCH/docker-compose" --verbose ps
	[[ $stderr == *"GET "*"/containers/json?"* ]]
}

@test "stats: of the project's containers alone" {
	wherry run -d --name stranger busybox sleep 1d
	run -0 compose stats --no-stream --format '{{.Name}}'
	[ "$(sort <<<"$output")" = $'listing-a-1\nlisting-a-2\nlisting-healthy-1' ]
	run -0 compose stats --no-stream healthy
	[[ ${lines[0]} =~ ^CONTAINER\ ID\ +NAME\ +CPU ]]
	[ "${#lines[@]}" = 2 ]
	wherry rm -f stranger
}

@test "docker's own client runs it as its plugin: docker compose, with docker's options" {
	ln -sf "$WHERRY_BUILD/wherry" "$SCRATCH/docker-compose"
	run -0 "$SCRATCH/docker-compose" docker-cli-plugin-metadata
	jq -e '.SchemaVersion == "0.1.0" and .Version == "v2.40.0" and .ShortDescription != "" and .Vendor != ""' <<<"$output"
	run -0 "$SCRATCH/docker-compose" compose version
	[ "$output" = "Docker Compose version v2.40.0" ]
	run -0 "$SCRATCH/docker-compose" -H "unix://$SOCKET" compose ls -aq
	[ "$output" = listing ]
}
