#!/usr/bin/env bats
# Containers of one group share a published port (docs/compose-api.md).

load takeover

# member NAME [MORE]: one of the group p/web, which publishes $PORT.
member() {
	EXTENSION=',"Group":{"Name":"p/web","Balance":true}' server "$1" "${3:-false}" \
		"\"PortBindings\":{\"80/tcp\":[{\"HostPort\":\"$PORT\"}],\"80/udp\":[{\"HostPort\":\"$PORT\"}]}" "${2-}"
}

# answering [ADDRESS]: who does, of sixty that are asked.
answering() { "$STEADY" who "${1:-127.0.0.1}" "$PORT" 60 2>/dev/null | cut -d' ' -f1 | sort -u | xargs; }
is_answered_by() { [ "$(answering)" = "$*" ]; }
is_relayed_by() { [ "$(answering ::1)" = "$*" ]; }

# Who answers datagrams that a shim carries.
is_told_by() {
	[ "$(for _ in {1..40}; do "$STEADY" ask ::1 "$PORT" udp; done 2>/dev/null | cut -d' ' -f1 | sort -u | xargs)" = "$*" ]
}

CHECK=',"Healthcheck":{"Test":["CMD","/bin/test","!","-e","/ill"],"Interval":100000000,"Retries":1}'

@test "one port leads to all of them, in turn" {
	network
	member one
	is_answered_by one
	member two
	member three
	is_answered_by one three two
	for name in one two three; do [ "$(published $name)" = "[\"$PORT\"]" ]; done
	[ "$("$STEADY" who 127.0.0.1 "$PORT" 30 | cut -d' ' -f1 | sort | uniq -c | awk '{print $1}' | xargs)" = "10 10 10" ]
	wait_until 20 is_relayed_by one three two
	wherry stop -t 0 two
	is_answered_by one three
	wait_until 20 is_relayed_by one three
	wherry start two
	wait_until 10 is_answered_by one three two
	wherry rm -f one three >/dev/null
	is_answered_by two
	wherry rm -f two >/dev/null
	refuted "$STEADY" ask 127.0.0.1 "$PORT" 2>/dev/null
	# The number is free again, for anybody.
	server other
	is_answered_by other
}

@test "who is unhealthy gets nothing, unless all are" {
	network
	member one "$CHECK"
	member two "$CHECK"
	wherry exec two touch /ill
	wait_until 20 is_answered_by one
	wait_until 20 is_relayed_by one
	wait_until 20 is_told_by one
	wherry exec one touch /ill
	wait_until 20 is_answered_by one two
	wait_until 20 is_relayed_by one two
	wait_until 20 is_told_by one two
	wherry exec one rm /ill
	wait_until 20 is_answered_by one
	wait_until 10 is_told_by one # its shim hears of it a moment later
	# The next daemon knows whom the shims send to; and who stood in ends.
	daemon_kill
	start_daemon
	is_told_by one
	member three "$CHECK"
	wherry rm -f one >/dev/null
	wait_until 20 is_told_by three
	member one "$CHECK"
	wherry rm -f three >/dev/null
	wherry exec two rm /ill
	wait_until 20 is_answered_by one two
	wait_until 20 is_relayed_by one two
	wherry pause two
	is_answered_by one
	wherry unpause two
	is_answered_by one two
}

@test "who has just begun, or was asked to stop, gets nothing while another can" {
	network
	member one "$CHECK,\"StopSignal\":\"SIGWINCH\"" # which it passes over
	is_healthy() { [ "$(wherry inspect -f '{{.State.Health.Status}}' "$1")" = healthy ]; }
	wait_until 20 is_healthy one
	member two ',"Healthcheck":{"Test":["CMD","/bin/test","-e","/well"],"Interval":100000000,"Retries":1000}'
	is_answered_by one
	wait_until 20 is_relayed_by one
	wherry exec two touch /well
	wait_until 20 is_answered_by one two
	wherry stop -t 300 one >"$SCRATCH/answer" 3>&- &
	wait_until 20 is_answered_by two
	wait_until 20 is_relayed_by two
	[ "$(wherry inspect -f '{{.State.Running}}' one)" = true ]
	wherry kill one
	wait
	is_answered_by two
	wherry start one
	wait_until 20 is_answered_by one two
}

@test "nobody else gets that port: no other group, no other container, no program" {
	network
	member one
	api POST "/containers/create?name=other" "{\"Image\":\"busybox:latest\",\"Cmd\":[\"sleep\",\"9\"],\"ExposedPorts\":{\"80/tcp\":{}},
		\"Wherry\":{\"Group\":{\"Name\":\"p/db\",\"Balance\":true}},\"HostConfig\":{\"PortBindings\":{\"80/tcp\":[{\"HostPort\":\"$PORT\"}]}}}" >/dev/null
	expect_status 201
	run wherry start other
	[ "$status" != 0 ]
	[[ $output == *"port is already allocated"* ]]
	run wherry run --rm -p "$PORT:80" busybox:latest true
	[[ $output == *"port is already allocated"* ]]
	refuted timeout 5 "$STEADY" serve me "$PORT" 2>/dev/null
	is_answered_by one
}

@test "the next daemon knows them, and a table that was flushed comes back with all" {
	network
	member one "$CHECK"
	member two "$CHECK"
	wherry exec two touch /ill
	wait_until 20 is_answered_by one
	daemon_kill
	is_answered_by one
	start_daemon
	is_answered_by one
	nft delete table inet "wherry-$BRIDGE"
	wait_until 20 is_answered_by one
	wherry exec two rm /ill
	wait_until 20 is_answered_by one two
	wait_until 20 is_relayed_by one two
}

@test "a member is replaced like any other container" {
	network
	member one
	member two
	member new "" true
	is_answered_by one two
	takeover new one
	expect_status 200
	wait_until 10 is_answered_by new two # the table that a test before this one flushed may still be in the making
	wait_until 20 is_relayed_by new two
	wherry rm -f one >/dev/null
	is_answered_by new two
}

# ---- an address of the group ----

# replica NAME [MORE]: one of the group p/svc, found by the alias svc.
replica() { EXTENSION=',"Group":{"Name":"p/svc","Vip":true}' server "$1" "${3:-false}" '"PortBindings":{}' "${2-}"; }
vip() { api GET "/containers/$1/json" | jq -r '.NetworkSettings.Networks.front.VIP // "none"'; }
named() { "$WHERRY_BUILD/tests/network_names" ask "$(pid_of client)" svc | awk '$1 ~ /^[0-9.]+$/ {print $1}' | sort | xargs; }
# asked_from CONTAINER: who answers thirty requests to the group's address, and whom they saw.
asked_from() {
	nsenter -t "$(pid_of "$1")" -n "$STEADY" who "$VIP" 80 30 2>/dev/null | sort -u | xargs
}
is_answered_in_client_by() { [ "$(asked_from client | tr ' ' '\n' | grep '^[a-z]' | xargs)" = "$*" ]; }

addresses_work() {
	network
	client
	replica one
	VIP=$(vip one)
	[ "$(named)" = "$VIP" ]
	[ "$VIP" != "$(address one)" ]
	replica two
	[ "$(vip two)" = "$VIP" ]
	[ "$(named)" = "$VIP" ]
	local seen
	seen=$(address client)
	wait_until 10 is_answered_in_client_by one two	    # the table may still be in the making
	[ "$(asked_from client)" = "one $seen two $seen" ] # the client's address is kept
	# One of them reaches all, itself too.
	asked_from one | grep -q "two $(address one)"
	is_in() { asked_from one | grep -q "^one "; }
	is_in
	# And the host does.
	[ "$("$STEADY" who "$VIP" 80 30 | cut -d' ' -f1 | sort -u | xargs)" = "one two" ]
}

@test "slots that are not what they were are put right by the next change" {
	network
	member one
	member two
	member new "" true
	is_answered_by one two
	nft delete element inet "wherry-$BRIDGE" shared_any4 "{ tcp . $PORT . 0 }"
	takeover new one
	expect_status 200
	is_answered_by new two
	refuted grep -q "cannot change the firewall" "$SCRATCH/wherryd.log"
}

@test "the aliases of a group lead to one address of the network, and that to all of them" {
	addresses_work
	wherry stop -t 0 two
	is_answered_in_client_by one
	wherry start two
	wait_until 10 is_answered_in_client_by one two
	[ "$(vip two)" = "$VIP" ]
	daemon_kill
	start_daemon
	is_answered_in_client_by one two
	[ "$(named)" = "$VIP" ]
	nft delete table inet "wherry-$BRIDGE"
	wait_until 20 is_answered_in_client_by one two
	wherry rm -f one two >/dev/null
	[ "$(named)" = "" ]
	# Given back: somebody else gets it.
	no_vip() { ! ip -4 -o address | grep -q " $VIP/32"; }
	wait_until 10 no_vip
	wherry run -d --name next --network front busybox:latest sleep 1000
	wherry run -d --name after --network front busybox:latest sleep 1000
	[[ " $(address next) $(address after) $(wherry run --rm --network front busybox:latest hostname -i) " == *" $VIP "* ]]
}

@test "also where bridged packets do not pass the host's firewall" {
	local before
	before=$(cat /proc/sys/net/bridge/bridge-nf-call-iptables)
	echo 0 >/proc/sys/net/bridge/bridge-nf-call-iptables
	addresses_work
	echo "$before" >/proc/sys/net/bridge/bridge-nf-call-iptables
	nft delete table bridge "wherry-$BRIDGE"
}

@test "who is unhealthy gets nothing of the address, unless all are" {
	network
	client
	replica one "$CHECK"
	VIP=$(vip one)
	replica two "$CHECK"
	wait_until 20 is_answered_in_client_by one two
	wherry exec two touch /ill
	wait_until 20 is_answered_in_client_by one
	wherry exec one touch /ill
	wait_until 20 is_answered_in_client_by one two
	wherry exec one rm /ill
	wait_until 20 is_answered_in_client_by one
}

@test "neighbours of other networks do not get in by the address" {
	network
	replica one
	VIP=$(vip one)
	wherry network create other >/dev/null
	wherry run -d --name stranger --network other busybox:latest sleep 1000 >/dev/null
	refuted timeout 5 nsenter -t "$(pid_of stranger)" -n "$STEADY" ask "$VIP" 80 2>/dev/null
}

@test "one that holds back joins the address when it takes over" {
	network
	client
	replica one
	VIP=$(vip one)
	replica new "" true
	is_answered_in_client_by one
	takeover new one
	expect_status 200
	is_answered_in_client_by new
	[ "$(named)" = "$VIP" ]
}

# A kernel without it refuses rules that take turns, and does not say which.
nft_without_turns() {
	mkdir -p "$SCRATCH/old-kernel"
	cat >"$SCRATCH/old-kernel/nft" <<-END
		#!/bin/bash
		[ "\${*: -1}" = - ] || exec $(command -v nft) "\$@"
		rules=\$(cat)
		if [[ \$rules == *numgen* ]]; then
			echo "/dev/stdin:1:1-1: Error: Could not process rule: No such file or directory" >&2
			exit 1
		fi
		exec $(command -v nft) "\$@" <<<"\$rules"
	END
	chmod +x "$SCRATCH/old-kernel/nft"
}

@test "on a kernel that cannot take turns all else works, the shims share ports, aliases lead to the members" {
	network
	client
	replica lone
	VIP=$(vip lone)
	[ "$(named)" = "$VIP" ]
	nft_without_turns
	daemon_kill
	nft delete table inet "wherry-$BRIDGE" # what another kernel would not have
	PATH=$SCRATCH/old-kernel:$PATH start_daemon
	[ "$(vip lone)" = none ]
	[[ " $(named) " == *" $(address lone) "* ]]
	[[ $(wherry info 2>&1) == *CONFIG_NFT_NUMGEN* ]]
	member one "$CHECK"
	member two "$CHECK"
	wait_until 20 is_answered_by one two
	wherry exec two touch /ill
	wait_until 20 is_answered_by one
	is_told_by one
	PORT=$((PORT + 1))
	server alone
	serves alone
	nft list map inet "wherry-$BRIDGE" any4 | grep -q "tcp . $PORT : $(address alone) . 80" # by the kernel
	daemon_kill
	PATH=$SCRATCH/old-kernel:$PATH start_daemon
	serves alone
	remove_all_containers
	daemon_kill
	start_daemon
}

@test "where the firewall is not ours the shims share the port, and aliases lead to the members" {
	daemon_kill
	daemon_start --default-address-pool "base=$SUBNET.0/20,size=24" --iptables=false
	network
	client
	member one "$CHECK"
	member two "$CHECK"
	wait_until 20 is_answered_by one two
	wait_until 20 is_relayed_by one two
	wherry exec two touch /ill
	wait_until 20 is_answered_by one
	wherry exec two rm /ill
	wait_until 20 is_answered_by one two
	member new "" true
	takeover new one
	expect_status 200
	is_answered_by new two
	replica lone
	[ "$(vip lone)" = none ]
	[[ " $(named) " == *" $(address lone) "* ]]
	grep -q "network front cannot have addresses of groups: the firewall is not the daemon's" "$SCRATCH/wherryd.log"
	remove_all_containers
	daemon_kill
	start_daemon
}
