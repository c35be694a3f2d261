#!/usr/bin/env bats
# Containers on networks of users find each other by name.

load networks

setup_file() {
	[ "$EUID" = 0 ] || return 0
	scratch_begin
	export UPSTREAM=127.$((RANDOM % 200 + 20)).$((RANDOM % 256)).$((RANDOM % 254 + 1))
	mkfifo "$SCRATCH/upstream"
	"$WHERRY_BUILD/tests/network_names" serve "$UPSTREAM" >"$SCRATCH/upstream" 3>&- &
	export UPSTREAM_PID=$!
	read -rt 10 _ <"$SCRATCH/upstream"
	daemon_up
	busybox_image
}

teardown_file() {
	[ "$EUID" = 0 ] || return 0
	daemon_stop
	kill "$UPSTREAM_PID"
	scratch_end
}

daemon_up() { daemon_start --default-address-pool "base=$SUBNET.0/20,size=24" --dns "$UPSTREAM"; }

up() { wherry run -d --name "$1" "${@:2}" busybox:latest sleep 1000 >/dev/null; }
pid_of() { api GET "/containers/$1/json" | jq -r .State.Pid; }
address() { api GET "/containers/$1/json" | jq -r ".NetworkSettings.Networks[\"$2\"].IPAddress"; }

# ask CONTAINER NAME [TYPE [tcp]]: the code, then the answers; told in one line, without their TTL.
ask() { ask_pid "$(pid_of "$1")" "${@:2}"; }
ask_pid() { "$WHERRY_BUILD/tests/network_names" ask "$@" | awk '{print $1}' | sort | xargs; }

@test "names, aliases, ids and hostnames lead to addresses, with and without the network's name" {
	network_create front
	up web --network front --network-alias www --hostname house
	up client --network front
	local id web
	id=$(api GET /containers/web/json | jq -r .Id)
	web=$(address web front)
	for name in web WEB www house "${id:0:12}" web.front www.FRONT; do
		[ "$(ask client "$name")" = "$web NOERROR" ] || { echo "# $name: $(ask client "$name")" >&2; return 1; }
	done
	[ "$(ask client web A tcp)" = "$web NOERROR" ]
	[ "$(ask client web AAAA)" = NOERROR ]
	[ "$(ask client web MX)" = NOERROR ]
	[ "$(ask web web)" = "$web NOERROR" ]
	"$WHERRY_BUILD/tests/network_names" ask "$(pid_of client)" web | grep -qx "$web 5"
}

@test "addresses lead to names" {
	network_create front
	up web --network front
	local reverse
	reverse=$(address web front | awk -F. '{print $4"."$3"."$2"."$1".in-addr.arpa"}')
	[ "$(ask web "$reverse" PTR)" = "NOERROR web.front" ]
}

@test "the container's own tools use it" {
	network_create front
	up web --network front
	up client --network front --dns-search example.test
	[ "$(wherry exec client grep -v '^#' /etc/resolv.conf)" = $'nameserver 127.0.0.11\nsearch example.test\noptions ndots:0' ]
	wherry exec client ping -c 1 -W 5 web # not by the search list: ndots:0
	wherry exec client nslookup web.front | grep -q "$(address web front)"
	wherry exec client nslookup world.test | grep -q 192.0.2.80
	wherry exec web nslookup client | grep -q "$(address client front)"
}

@test "an alias that several share leads to all of them, in changing order" {
	network_create front
	up one --network front --network-alias pool
	up two --network front --network-alias pool
	up client --network front
	local pid first
	pid=$(pid_of client)
	[ "$(ask_pid "$pid" pool)" = "$(printf '%s\n' "$(address one front)" "$(address two front)" | sort | xargs) NOERROR" ]
	first=$(for _ in $(seq 20); do "$WHERRY_BUILD/tests/network_names" ask "$pid" pool | sed -n 2p; done | sort -u | wc -l)
	[ "$first" = 2 ]
	wherry stop -t 0 two
	[ "$(ask_pid "$pid" pool)" = "$(address one front) NOERROR" ]
}

@test "who is on another network is not known" {
	network_create front
	network_create back
	up web --network front
	up db --network back
	up both --network front --network back
	[ "$(ask web db)" = "192.0.2.80 NOERROR" ] # not of ours: the world is asked
	[ "$(ask both db)" = "$(address db back) NOERROR" ]
	[ "$(ask both web)" = "$(address web front) NOERROR" ]
	[ "$(ask both web.back)" = "192.0.2.80 NOERROR" ]
}

@test "an internal network asks nobody" {
	network_create inner '"Internal":true'
	up web --network inner
	[ "$(ask web web)" = "$(address web inner) NOERROR" ]
	[ "$(ask web world.test)" = SERVFAIL ]
}

@test "a rename, a stop and a start count at once" {
	network_create front
	up web --network front
	up client --network front
	local web pid
	web=$(address web front)
	pid=$(pid_of client)
	wherry rename web site
	[ "$(ask_pid "$pid" site)" = "$web NOERROR" ]
	[ "$(ask_pid "$pid" web)" = "192.0.2.80 NOERROR" ]
	wherry stop -t 0 site
	[ "$(ask_pid "$pid" site)" = "192.0.2.80 NOERROR" ]
	wherry start site
	[ "$(ask_pid "$pid" site)" = "$(address site front) NOERROR" ]
}

@test "names go on being answered without a daemon, and are right again with the next" {
	network_create front
	up web --network front
	up gone --network front
	up client --network front
	local web gone pid end
	web=$(address web front)
	gone=$(pid_of gone)
	end=$SCRATCH/run/c/$(api GET /containers/gone/json | jq -r .Id)/exit
	pid=$(pid_of client)
	daemon_kill
	: >"$SCRATCH/run/n/.half" # as one that is killed may leave it
	[ "$(ask_pid "$pid" web)" = "$web NOERROR" ]
	[ "$(ask_pid "$pid" world.test)" = "192.0.2.80 NOERROR" ]
	kill -KILL "$gone"
	wait_until 10 test -e "$end"
	daemon_up
	[ "$(ask_pid "$pid" web)" = "$web NOERROR" ]
	[ "$(ask_pid "$pid" gone)" = "192.0.2.80 NOERROR" ]
	[ ! -e "$SCRATCH/run/n/.half" ]
	up late --network front
	[ "$(ask_pid "$pid" late)" = "$(address late front) NOERROR" ]
}

@test "links on a network are names for one alone" {
	network_create front
	up web --network front
	up linked --network front --link web:Friend
	up client --network front
	[ "$(ask linked friend)" = "$(address web front) NOERROR" ]
	[ "$(ask client friend)" = "192.0.2.80 NOERROR" ]
}

@test "the default network has no names, and costs no rules" {
	up plain
	wherry exec plain cat /etc/resolv.conf | grep -qx "nameserver $UPSTREAM"
	[ -z "$(nsenter -t "$(pid_of plain)" -n nft list ruleset)" ]
}

@test "who is connected while it runs is found at once, and finds the others; and not any more after a disconnect" {
	network_create front
	network_create back
	up web --network front
	up db --network back --network-alias data
	local web
	web=$(pid_of web)
	wherry network connect --alias site back web
	[ "$(ask_pid "$web" data)" = "$(address db back) NOERROR" ]
	[ "$(ask db site)" = "$(address web back) NOERROR" ]
	wherry network disconnect back web
	[ "$(ask_pid "$web" data)" = "192.0.2.80 NOERROR" ]
	[ "$(ask db site)" = "192.0.2.80 NOERROR" ]
}

@test "who began on the default network has names with its first network of a user" {
	network_create front
	up web --network front
	up plain
	wherry network connect front plain
	wherry exec plain grep -v '^#' /etc/resolv.conf | grep -qx "nameserver 127.0.0.11"
	[ "$(ask plain web)" = "$(address web front) NOERROR" ]
	[ "$(ask web plain)" = "$(address plain front) NOERROR" ]
	[ "$(ask plain world.test)" = "192.0.2.80 NOERROR" ]
	daemon_kill
	daemon_up
	[ "$(ask plain web)" = "$(address web front) NOERROR" ]
	wherry network disconnect front plain
	[ "$(ask plain world.test)" = "192.0.2.80 NOERROR" ]
	[ "$(ask plain web)" = "192.0.2.80 NOERROR" ]
	wherry network connect front plain
	[ "$(ask plain web)" = "$(address web front) NOERROR" ]
}

answers() { [ "$(ask client "$1")" = "$(printf '%s\n' "${@:2}" NOERROR | sort | xargs)" ]; }

@test "who is unhealthy or paused is answered only where nobody else has the name" {
	network_create front
	up client --network front
	local one two
	for name in one two; do
		up "$name" --network front --network-alias svc --health-cmd 'test ! -e /ill' --health-interval 100ms --health-retries 1
	done
	one=$(address one front)
	two=$(address two front)
	answers svc "$one" "$two"
	wherry exec two touch /ill
	wait_until 10 answers svc "$one"
	[ "$(ask client two)" = "$two NOERROR" ] # nobody else is called so
	wherry exec one touch /ill
	wait_until 10 answers svc "$one" "$two"
	wherry exec two rm /ill
	wait_until 10 answers svc "$two"
	wherry exec one rm /ill
	wait_until 10 answers svc "$one" "$two"
	wherry pause one
	answers svc "$two"
	wherry unpause one
	answers svc "$one" "$two"
}

@test "a container that was unhealthy is answered again once it was started again" {
	network_create front
	up client --network front
	up one --network front --network-alias svc --health-cmd 'test ! -e /ill' --health-interval 100ms --health-retries 1
	up two --network front --network-alias svc
	wherry exec one touch /ill
	wait_until 10 answers svc "$(address two front)"
	wherry exec one rm /ill
	wherry restart -t 0 one
	answers svc "$(address one front)" "$(address two front)"
}
