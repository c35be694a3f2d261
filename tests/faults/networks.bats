#!/usr/bin/env bats
# The worker that changes the host's network is killed at each of its steps, of each kind of request: once, and the next one
# carries it out; or always, and then nothing has happened, or what is left can be asked for once more.

load ../engine/networks

# A daemon whose wherry-network is killed as $SCRATCH/bin/kill says: "STEP first" or "STEP all"; who repeats a request
# leaves a line in $SCRATCH/bin/repeated.
programs() {
	local bin=$SCRATCH/bin name
	mkdir -p "$bin/real"
	for name in wherryd wherry-shim wherry-worker wherry-init; do cp "$WHERRY_BUILD/$name" "$bin/"; done
	cp "$WHERRY_BUILD/wherry-network" "$bin/real/"
	cp "$WHERRY_BUILD/tests/kill_at" "$bin/"
	cat >"$bin/wherry-network" <<-'END'
		#!/bin/sh
		bin=${0%/*} step= who=
		[ "$1" != change ] || [ ! -f "$bin/kill" ] || read -r step who <"$bin/kill"
		[ "${2-}" != again ] || echo >>"$bin/repeated"
		if [ -n "$step" ] && [ "$who-${2-}" != first-again ]; then
			mkfifo "$bin/ready.$$"
			"$bin/kill_at" $$ "$step" fine >"$bin/ready.$$" &
			read -r _ <"$bin/ready.$$"
		fi
		exec "$bin/real/wherry-network" "$@"
	END
	chmod +x "$bin/wherry-network"
}

daemon_up() {
	[ -d "$SCRATCH/bin" ] || programs
	PATH=$SCRATCH/bin:$PATH daemon_start --default-address-pool "base=$SUBNET.0/20,size=24"
}

kill_at() { echo "$1 $2" >"$SCRATCH/bin/kill.new"; mv "$SCRATCH/bin/kill.new" "$SCRATCH/bin/kill"; }
kill_none() { rm -f "$SCRATCH/bin/kill"; }
repeated() { [ -s "$SCRATCH/bin/repeated" ]; }

bridges() { ip -o -4 address show | awk -v p="${SUBNET%.*}." '$2 ~ /^br-/ && index($4, p) == 1 { print $2 }' | sort; }
recorded() { api GET /networks | jq -r '.[] | select(.Driver == "bridge" and .Name != "bridge") | "br-" + .Id[:12]' | sort; }
ruled() { nft list chain inet "wherry-$BRIDGE" forward | grep -o '"br-[0-9a-f]*"' | tr -d '"' | sort -u; }
agrees() { [ "$(bridges)" = "$(recorded)" ] && [ "$(ruled)" = "$(recorded)" ]; }
inside() { nsenter -t "$(api GET /containers/c1/json | jq -r .State.Pid)" -n "$@"; }
links() { inside ip -o link show type veth | awk -F'[ :@]+' '{ print $2 }' | xargs; }
veths() { ip -o link show type veth | wc -l; }
joined() { api GET /containers/c1/json | jq -r '.NetworkSettings.Networks | keys | join(" ")'; }
way_out() { inside ip route show default | awk '{ print $5 }'; }
reaches_gateway() { wherry exec c1 ping -c 1 -W 5 "$(api GET /networks/a | jq -r '.IPAM.Config[0].Gateway')" >/dev/null; }

# Without its seal, which knows how often it was changed.
table() { nft list table inet "wherry-$BRIDGE" | sed '/chain seal-/,/}/d; /^$/d' | sort; }

# What a request that no worker lived to carry out is told.
unavailable() {
	expect_status 503
	jq -r .message "$SCRATCH/body" | grep -q "'wherry-network change' was killed by signal 9, 5 times"
}
create() { api POST /networks/create '{"Name":"a"}' >/dev/null; }
connect() { api POST /networks/a/connect '{"Container":"c1"}' >/dev/null; }
disconnect() { api POST /networks/a/disconnect '{"Container":"c1"}' >/dev/null; }
remove() { api DELETE /networks/a >/dev/null; }
container() { wherry run -d --name c1 busybox:latest sleep 1000 >/dev/null; }

is_whole() {
	wait_until 10 agrees || { bridges; recorded; ruled; return 1; } >&2
	[ "$(veths)" = "$1" ]
}

@test "whoever asks for a network, its removal, a connection and its end does not notice that a worker was killed" {
	local step before
	container
	before=$(table)
	for step in $(seq 100); do
		echo "# step $step" >&2
		rm -f "$SCRATCH/bin/repeated"
		kill_at "$step" first
		create
		expect_status 201
		is_whole 1
		connect
		expect_status 200
		[ "$(joined)" = "a bridge" ]
		[ "$(links)" = "eth0 eth1" ]
		[ "$(way_out)" = eth1 ]
		reaches_gateway
		disconnect
		expect_status 200
		[ "$(joined)" = bridge ]
		[ "$(links)" = eth0 ]
		[ "$(way_out)" = eth0 ]
		remove
		expect_status 204
		is_whole 1
		[ "$(table)" = "$before" ]
		repeated || break
	done
	[ "$step" -gt 10 ]
	[ "$step" -lt 100 ]
	kill_none
}

@test "nor does who joins a macvlan and leaves it" {
	local step
	container
	api POST /networks/create '{"Name":"a","Driver":"macvlan"}' >/dev/null
	[ "$(api_status)" != 501 ] || skip "no macvlan in the kernel"
	expect_status 201
	macvlans() { inside ip -o link show type macvlan | awk -F'[ :@]+' '{ print $2 }' | xargs; }
	for step in $(seq 100); do
		echo "# step $step" >&2
		rm -f "$SCRATCH/bin/repeated"
		kill_at "$step" first
		connect
		expect_status 200
		[ "$(macvlans)" = eth1 ]
		disconnect
		expect_status 200
		[ "$(macvlans)" = "" ]
		repeated || break
	done
	[ "$step" -gt 3 ]
	[ "$step" -lt 100 ]
	kill_none
	remove
	expect_status 204
}

@test "a table that was flushed while all workers were killed is back when they live, and nobody has to ask" {
	local before
	before=$(table)
	kill_at 1 all
	: >"$SCRATCH/wherryd.log"
	nft delete table inet "wherry-$BRIDGE"
	wait_until 10 grep -q "cannot set the host's network up" "$SCRATCH/wherryd.log"
	kill_none
	is_back() { [ "$(table 2>/dev/null)" = "$before" ]; }
	wait_until 10 is_back
}

@test "where all workers are killed nothing has happened, and asking again does it" {
	local step failed
	container
	for step in $(seq 1 "${STRIDE:-2}" 100); do # each second, for the time it takes
		echo "# step $step" >&2
		failed=
		kill_at "$step" all
		create
		if [ "$(api_status)" = 201 ]; then
			is_whole 1
		else
			unavailable
			failed=1
			[ "$(recorded)" = "" ]
			kill_none
			create
			expect_status 201
			is_whole 1 # what was left of the first has gone with this one
			kill_at "$step" all
		fi
		connect
		if [ "$(api_status)" != 200 ]; then
			unavailable
			failed=1
			[ "$(joined)" = bridge ]
			kill_none
			connect
			expect_status 200
			kill_at "$step" all
		fi
		[ "$(joined)" = "a bridge" ]
		[ "$(links)" = "eth0 eth1" ]
		reaches_gateway
		disconnect
		if [ "$(api_status)" != 200 ]; then
			unavailable
			failed=1
			[ "$(joined)" = bridge ]
			kill_none
			disconnect
			expect_status 200
			kill_at "$step" all
		fi
		[ "$(links)" = eth0 ]
		[ "$(way_out)" = eth0 ]
		remove
		expect_status 204
		[ "$(recorded)" = "" ]
		kill_none
		network_create b
		api DELETE /networks/b >/dev/null
		is_whole 1
		[ -n "$failed" ] || break
	done
	[ "$step" -gt 5 ]
	[ "$step" -lt 100 ]
	daemon_kill
	daemon_up
	is_whole 1
}
