#!/usr/bin/env bats
# Published ports: from where they are reached, and under which address.

load world

bridge_netfilter() { in_host sysctl -qw net.bridge.bridge-nf-call-iptables="$1" 2>/dev/null; }

@test "a published port is reached from everywhere, and clients keep their addresses" {
	tool_begin
	expect_ok start
	container web 8080:80
	serve_tcp 80 in_namespace "$pid_web"
	sees 192.0.2.2 ask_tcp 192.0.2.1 8080 in_lan
	sees 192.0.2.1 ask_tcp 192.0.2.1 8080 in_host
	sees 10.99.0.1 ask_tcp 127.0.0.1 8080 in_host
	sees 10.99.0.1 ask_tcp 127.1.2.3 8080 in_host
	sees 10.99.0.1 ask_tcp 10.99.0.1 8080 in_host
	sees 10.99.0.1 ask_tcp 192.0.2.1 8080 in_namespace "$pid_web"
	sees 10.99.0.1 ask_tcp 10.99.0.1 8080 in_namespace "$pid_web"
}

@test "a neighbour keeps its address where bridged packets pass the firewall" {
	bridge_netfilter 1 || skip "no br_netfilter"
	tool_begin
	expect_ok start
	container web 8080:80
	container client
	serve_tcp 80 in_namespace "$pid_web"
	sees "$address_client" ask_tcp 192.0.2.1 8080 in_namespace "$pid_client"
	sees 10.99.0.1 ask_tcp 192.0.2.1 8080 in_namespace "$pid_web"
	sees "$address_client" ask_tcp "$address_web" 80 in_namespace "$pid_client"
}

@test "a neighbour is seen as the gateway where they do not" {
	bridge_netfilter 0 || true
	tool_begin
	expect_ok start
	container web 8080:80
	container client
	serve_tcp 80 in_namespace "$pid_web"
	sees 10.99.0.1 ask_tcp 192.0.2.1 8080 in_namespace "$pid_client"
	sees 10.99.0.1 ask_tcp 192.0.2.1 8080 in_namespace "$pid_web"
	sees "$address_client" ask_tcp "$address_web" 80 in_namespace "$pid_client"
}

@test "a port of one host address is published on that alone" {
	tool_begin
	expect_ok start
	container web 127.0.0.1:8081:80 192.0.2.1:8082:80
	serve_tcp 80 in_namespace "$pid_web"
	sees 10.99.0.1 ask_tcp 127.0.0.1 8081 in_host
	closed ask_tcp 192.0.2.1 8081 in_lan
	closed ask_tcp 192.0.2.1 8081 in_host
	sees 192.0.2.2 ask_tcp 192.0.2.1 8082 in_lan
	closed ask_tcp 127.0.0.1 8082 in_host
}

@test "one number leads to two containers on two addresses" {
	tool_begin
	expect_ok start
	container one 127.0.0.1:8080:80
	container two 192.0.2.1:8080:81
	serve_tcp 80 in_namespace "$pid_one"
	serve_tcp 81 in_namespace "$pid_two"
	sees 10.99.0.1 ask_tcp 127.0.0.1 8080 in_host
	sees 192.0.2.2 ask_tcp 192.0.2.1 8080 in_lan
}

@test "ranges and ephemeral ports" {
	tool_begin
	expect_ok start
	container one 8000-8002:80
	container two 8000-8002:80
	container three 9000-9001:80-81 80
	[[ $ports_one == "0.0.0.0|8000|80/tcp ::|8000|80/tcp|relay" ]]
	[[ $ports_two == "0.0.0.0|8001|80/tcp ::|8001|80/tcp|relay" ]]
	[[ $ports_three == *"0.0.0.0|9000|80/tcp"*"0.0.0.0|9001|81/tcp"*"0.0.0.0|32768|80/tcp"* ]]
	container four 8000-8002:80
	expect_error "all ports are allocated" run five 8000-8002:80
	container six 80
	[[ $ports_six == "0.0.0.0|32769|80/tcp ::|32769|80/tcp|relay" ]]
}

@test "a port that is taken is refused in Docker's words, and nothing stays" {
	tool_begin
	expect_ok start
	container one 8080:80
	expect_error "driver failed programming external connectivity on endpoint two (" run two 7000:80 8080:80
	[[ $answer == *"): Bind for 0.0.0.0:8080 failed: port is already allocated" ]]
	expect_error "Bind for 127.0.0.1:8080 failed: port is already allocated" run two 127.0.0.1:8080:80
	container two 7000:80
	[ "$address_two" = 10.99.0.3 ]
	expect_ok stop one
	container three 8080:80
	[ "$address_three" = 10.99.0.2 ]
}

@test "a port of a program on the host is refused" {
	tool_begin
	expect_ok start
	serve_tcp 8080 in_host
	expect_error "listen tcp4 0.0.0.0:8080: bind: address already in use" run web 8080:80
	expect_error "listen tcp4 192.0.2.9:80: bind: cannot assign requested address" run web 192.0.2.9:80:80
	container web 8081:80
	run in_host socat TCP-LISTEN:8081,reuseaddr -
	[ "$status" != 0 ]
}

@test "datagrams go to the container that has the port now" {
	tool_begin
	expect_ok start
	closed ask_udp 192.0.2.1 5353 4444 -- in_lan # leaves a conntrack entry that leads nowhere
	container one 5353:53/udp
	serve_udp 53 in_namespace "$pid_one"
	PATIENCE=1 wait_until 10 sees 192.0.2.2 ask_udp 192.0.2.1 5353 4444 -- in_lan
	sees 10.99.0.1 ask_udp 127.0.0.1 5353 -- in_host
	expect_ok stop one
	container spare
	container two 5353:53/udp
	[ "$address_two" = 10.99.0.3 ]
	serve_udp 53 in_namespace "$pid_two"
	PATIENCE=1 wait_until 10 sees 192.0.2.2 ask_udp 192.0.2.1 5353 4444 -- in_lan
}

@test "IPv6: by NAT to a container that has it" {
	tool_begin fixed6=fd99::/64
	expect_ok start
	container web 8080:80 5353:53/udp '[::1]:8081:80'
	[ "$address6_web" = fd99::2 ]
	[[ $ports_web == *"::|8080|80/tcp ::1|"* || $ports_web != *"::|8080|80/tcp|relay"* ]]
	serve_tcp 80 in_namespace "$pid_web"
	serve_udp 53 in_namespace "$pid_web"
	sees '[2001:0db8:0000:0000:0000:0000:0000:0002]' ask_tcp '[2001:db8::1]' 8080 in_lan
	sees 2001:db8::2 ask_udp 2001:db8::1 5353 -- in_lan
	sees '[fd99:0000:0000:0000:0000:0000:0000:0001]' ask_tcp '[2001:db8::1]' 8080 in_namespace "$pid_web"
	sees '[fd99:0000:0000:0000:0000:0000:0000:0001]' ask_tcp '[::1]' 8081 in_host
	sees 192.0.2.2 ask_tcp 192.0.2.1 8080 in_lan
	closed ask_tcp '[fd99::2]' 80 in_lan
	in_host nft insert rule inet "$TABLE" into accept # the way is there, it is the rules that close it
	sees '[2001:0db8:0000:0000:0000:0000:0000:0002]' ask_tcp '[fd99::2]' 80 in_lan
}

@test "IPv6: by the shim's relay to a container that does not" {
	tool_begin
	expect_ok start
	container web 8080:80 5353:53/udp
	serve_tcp 80 in_namespace "$pid_web"
	serve_udp 53 in_namespace "$pid_web"
	sees 10.99.0.1 ask_tcp '[2001:db8::1]' 8080 in_lan
	sees 10.99.0.1 ask_tcp '[::1]' 8080 in_host
	sees 10.99.0.1 ask_udp 2001:db8::1 5353 -- in_lan
	expect_ok stop web
	closed ask_tcp '[2001:db8::1]' 8080 in_lan
}

@test "without the firewall the shim carries everything" {
	tool_begin firewall=0
	expect_ok start
	container web 8080:80 127.0.0.1:8081:80 5353:53/udp
	serve_tcp 80 in_namespace "$pid_web"
	serve_udp 53 in_namespace "$pid_web"
	run in_host nft list tables
	[ "$output" = "" ]
	sees 10.99.0.1 ask_tcp 192.0.2.1 8080 in_lan
	sees 10.99.0.1 ask_tcp 127.0.0.1 8081 in_host
	sees 10.99.0.1 ask_udp 192.0.2.1 5353 -- in_lan
}

@test "containers go out under the host's address" {
	tool_begin
	expect_ok start
	container client
	serve_tcp 80 in_lan
	sees 192.0.2.1 ask_tcp 192.0.2.2 80 in_namespace "$pid_client"
}

@test "containers go out under their own address without masquerading" {
	tool_begin masquerade=0
	expect_ok start
	container client
	serve_tcp 80 in_lan
	sees "$address_client" ask_tcp 192.0.2.2 80 in_namespace "$pid_client"
}

@test "an MTU that is too small for IPv6" {
	tool_begin mtu=1000
	expect_ok start
	container web 8080:80
	serve_tcp 80 in_namespace "$pid_web"
	sees 192.0.2.2 ask_tcp 192.0.2.1 8080 in_lan
	run in_namespace "$pid_web" ip link show eth0
	[[ $output == *"mtu 1000"* ]]
}

@test "nothing of a stopped container is left" {
	tool_begin
	expect_ok start
	container web 8080:80 127.0.0.1:8081:80 53:53/udp
	[ "$(elements)" = 3 ]
	expect_ok stop web
	[ "$(elements)" = 0 ]
	rules | grep -A3 'set self4' | (! grep -q elements)
	wait_until 5 eval '[ -z "$(ip -n "$HOST" -o link show type veth | grep -v lan0)" ]'
}

@test "300 ports in one go" {
	tool_begin
	expect_ok start
	container web 10000-10299:10000-10299
	[ "$(elements)" = 300 ]
	serve_tcp 10299 in_namespace "$pid_web"
	sees 192.0.2.2 ask_tcp 192.0.2.1 10299 in_lan
	expect_ok stop web
	[ "$(elements)" = 0 ]
}
