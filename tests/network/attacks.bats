#!/usr/bin/env bats
# What must stay closed.  Each attack is first shown to work where it should (the tools are right), or
# with our rules taken away (the danger is real).

load world

# Make a namespace send 127.0.0.0/8 to a gateway, as an attacker would.
divert_loopback() { # GATEWAY PREFIX COMMAND...
	local gateway=$1
	shift
	"$@" ip address flush dev lo
	"$@" sysctl -qw net.ipv4.conf.all.route_localnet=1
	"$@" ip route replace 127.0.0.0/8 via "$gateway"
}

@test "a neighbour on the LAN does not reach what is not published" {
	tool_begin
	expect_ok start
	container web 8080:80
	serve_tcp 80 in_namespace "$pid_web"
	serve_tcp 81 in_namespace "$pid_web"
	sees 192.0.2.2 ask_tcp 192.0.2.1 8080 in_lan
	closed ask_tcp "$address_web" 80 in_lan
	closed ask_tcp "$address_web" 81 in_lan
	closed ask_tcp 192.0.2.1 80 in_lan
}

@test "a neighbour on the LAN does reach it when our rules are gone (the attack is real)" {
	tool_begin
	expect_ok start
	container web
	serve_tcp 81 in_namespace "$pid_web"
	kill -STOP "$TOOL_RUNS"
	in_host nft delete table inet "$TABLE"
	sees 192.0.2.2 ask_tcp "$address_web" 81 in_lan
	kill -CONT "$TOOL_RUNS"
}

@test "services on the host's loopback are closed to containers and to the LAN" {
	tool_begin
	expect_ok start
	container attacker
	container web 127.0.0.1:8081:80
	serve_tcp 80 in_namespace "$pid_web"
	serve_tcp 7777 in_host
	sees 127.0.0.1 ask_tcp 127.0.0.1 7777 in_host
	divert_loopback 10.99.0.1 in_namespace "$pid_attacker"
	divert_loopback 192.0.2.1 in_lan
	closed ask_tcp 127.0.0.1 7777 in_namespace "$pid_attacker"
	closed ask_tcp 127.0.0.1 7777 in_lan
	closed ask_tcp 127.0.0.1 8081 in_namespace "$pid_attacker"
	closed ask_tcp 127.0.0.1 8081 in_lan
}

@test "a container does reach the host's loopback when our rules are gone (the attack is real)" {
	tool_begin
	expect_ok start
	container attacker
	serve_tcp 7777 in_host
	divert_loopback 10.99.0.1 in_namespace "$pid_attacker"
	kill -STOP "$TOOL_RUNS"
	in_host nft delete table inet "$TABLE"
	sees "$address_attacker" ask_tcp 127.0.0.1 7777 in_namespace "$pid_attacker"
	kill -CONT "$TOOL_RUNS"
}

@test "a sender that claims to be 127.0.0.1 is not heard" {
	tool_begin
	expect_ok start
	container attacker
	in_host socat -u UDP-RECV:7777 "CREATE:$SCRATCH/heard" 3>&- &
	CHILDREN+=($!)
	wait_until 10 listens u 7777 in_host
	in_namespace "$pid_attacker" sysctl -qw net.ipv4.conf.all.route_localnet=1
	in_namespace "$pid_attacker" socat - UDP:10.99.0.1:7777,bind=127.0.0.1 <<<forged
	in_namespace "$pid_attacker" socat - UDP:10.99.0.1:7777 <<<honest
	wait_until 10 grep -q honest "$SCRATCH/heard"
	refuted grep -q forged "$SCRATCH/heard"
}

@test "containers do not talk to each other with icc=false, but by published ports" {
	tool_begin icc=0
	expect_ok start
	container web 8080:80
	container client
	serve_tcp 80 in_namespace "$pid_web"
	closed ask_tcp "$address_web" 80 in_namespace "$pid_client"
	in_namespace "$pid_client" ip route add "$address_web/32" via 10.99.0.1
	closed ask_tcp "$address_web" 80 in_namespace "$pid_client"
	sees 192.0.2.2 ask_tcp 192.0.2.1 8080 in_lan
	in_namespace "$pid_client" ip route delete "$address_web/32"
	# With br_netfilter such packets are bridged from port to port, which the ports refuse.
	in_host sysctl -qw net.bridge.bridge-nf-call-iptables=0 2>/dev/null || true
	expect_ok repair
	sees 10.99.0.1 ask_tcp 192.0.2.1 8080 in_namespace "$pid_client"
}

@test "the host becomes no router between others" {
	ip -n "$HOST" link add lan1 type veth peer name eth0
	ip -n "$HOST" link set eth0 netns "$LAN" name eth1
	ip -n "$HOST" address add 198.51.100.1/24 dev lan1
	ip -n "$HOST" link set lan1 up
	ip netns add "$LAN-2"
	ip -n "$LAN" link set eth1 netns "$LAN-2"
	ip -n "$LAN-2" address add 198.51.100.2/24 dev eth1
	ip -n "$LAN-2" link set eth1 up
	ip -n "$LAN-2" route add default via 198.51.100.1
	ip -n "$LAN" route add default via 192.0.2.1
	in_host sysctl -qw net.ipv4.ip_forward=0
	tool_begin
	expect_ok start
	[ "$(in_host cat /proc/sys/net/ipv4/ip_forward)" = 1 ]
	serve_tcp 80 ip netns exec "$LAN-2"
	PATIENCE=1 closed ask_tcp 198.51.100.2 80 in_lan
	tool_end
	tool_begin # a restart still knows who switched it on
	expect_ok start
	closed ask_tcp 198.51.100.2 80 in_lan
	in_host nft insert rule inet "$TABLE" router accept # what an administrator may do
	sees 192.0.2.2 ask_tcp 198.51.100.2 80 in_lan
	ip netns delete "$LAN-2"
}
