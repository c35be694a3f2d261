#!/usr/bin/env bats
# Networks of containers that run: connected, disconnected, with what follows from it.

load networks

connect() { # NETWORK CONTAINER [ENDPOINT CONFIG]
	api POST "/networks/$1/connect" "{\"Container\":\"$2\"${3:+,\"EndpointConfig\":$3}}" >/dev/null
	expect_status 200
}
disconnect() {
	api POST "/networks/$1/disconnect" "{\"Container\":\"$2\"}" >/dev/null
	expect_status 200
}
settings() { api GET "/containers/$1/json" | jq -r ".NetworkSettings.Networks[\"$2\"].$3"; }
inside() { local name=$1; shift; wherry exec "$name" "$@"; }
up() { wherry run -d --name "$1" "${@:2}" busybox:latest sleep 1000 >/dev/null; }
default_device() { inside "$1" ip route | awk '$1 == "default" { print $5 }'; }
ports_of() { nft list map inet "wherry-$BRIDGE" any4 | grep -o '[0-9.]* \. 80 }\?$\|[0-9.]* \. 80' || true; }

@test "a running container gets a second network, and loses it again" {
	network_create net1
	up c1
	up c2 --network net1
	address=$(settings c2 net1 IPAddress)
	run inside c1 ping -c 1 -W 1 "$address"
	[ "$status" != 0 ]
	connect net1 c1
	inside c1 ping -c 1 -W 5 "$address"
	[ "$(inside c1 cat /sys/class/net/eth1/address)" = "$(settings c1 net1 MacAddress)" ]
	[[ $(api GET /networks/net1 | jq -r '[.Containers[].Name] | sort | join(" ")') = "c1 c2" ]]
	inside c1 grep -q "^$(settings c1 bridge IPAddress)[[:blank:]]" /etc/hosts
	inside c1 grep -q "^$(settings c1 net1 IPAddress)[[:blank:]]" /etc/hosts
	answers 403 "endpoint with name c1 already exists in network net1" POST /networks/net1/connect '{"Container":"c1"}'
	gone=$(settings c1 net1 IPAddress)
	disconnect net1 c1
	refuted inside c1 ls /sys/class/net/eth1 2>/dev/null
	refuted inside c1 grep -q "^$gone[[:blank:]]" /etc/hosts
	[ "$(settings c1 net1 IPAddress)" = null ]
	answers 500 "container $(api GET /containers/c1/json | jq -r .Id) is not connected to network net1" \
		POST /networks/net1/disconnect '{"Container":"c1"}'
	connect net1 c1
	inside c1 ping -c 1 -W 5 "$address"
	answers 403 "error while removing network: network net1 id $id has active endpoints" DELETE /networks/net1
}

@test "what is asked of an endpoint is kept: addresses, MAC, aliases; what cannot be is refused" {
	network_create net1 '"IPAM":{"Config":[{"Subnet":"10.223.0.0/24"},{"Subnet":"fd00:223::/64"}]},"EnableIPv6":true'
	up c1
	connect net1 c1 '{"IPAMConfig":{"IPv4Address":"10.223.0.77","IPv6Address":"fd00:223::77","LinkLocalIPs":["169.254.34.68"]},"MacAddress":"02:42:00:00:00:77","Aliases":["web"]}'
	[ "$(settings c1 net1 IPAddress)/$(settings c1 net1 IPPrefixLen)" = 10.223.0.77/24 ]
	[ "$(settings c1 net1 GlobalIPv6Address)" = fd00:223::77 ]
	inside c1 ip address show eth1 | grep -q 'link/ether 02:42:00:00:00:77'
	inside c1 ip address show eth1 | grep -q 'inet 169.254.34.68/16'
	inside c1 ip address show eth1 | grep -q 'inet6 fd00:223::77/64'
	[ "$(settings c1 net1 'Aliases[0]')" = web ]
	[ "$(settings c1 net1 'DNSNames | join(" ")')" = "c1 web $(api GET /containers/c1/json | jq -r .Id | cut -c1-12)" ]
	up c2
	answers 403 "Address already in use" POST /networks/net1/connect '{"Container":"c2","EndpointConfig":{"IPAMConfig":{"IPv4Address":"10.223.0.77"}}}'
	answers 400 $'invalid endpoint settings:\nno configured subnet or ip-range contain the IP address 10.9.9.9' \
		POST /networks/net1/connect '{"Container":"c2","EndpointConfig":{"IPAMConfig":{"IPv4Address":"10.9.9.9"}}}'
	refuted inside c2 ls /sys/class/net/eth1 2>/dev/null
	wherry restart -t 0 c1
	[ "$(settings c1 net1 IPAddress)" = 10.223.0.77 ]
}

@test "the way out is that of the first network by name; internal ones are none" {
	network_create mmm
	network_create aaa
	network_create internal '"Internal":true'
	up c1 --network mmm
	[ "$(default_device c1)" = eth0 ]
	connect aaa c1
	[ "$(default_device c1)" = eth1 ]
	disconnect aaa c1
	[ "$(default_device c1)" = eth0 ]
	connect internal c1
	[ "$(default_device c1)" = eth0 ]
	disconnect mmm c1
	[ -z "$(default_device c1)" ]
	connect mmm c1
	[ "$(default_device c1)" = eth0 ]
	wherry restart -t 0 c1
	[ "$(inside c1 ip route | grep -c default)" = 1 ]
}

@test "published ports move with the way out, and lead nowhere without one" {
	network_create mmm
	network_create aaa
	wherry run -d --name web -p 127.0.0.1:0:80 --network mmm busybox:latest \
		nc -ll -p 80 -e echo hello >/dev/null
	port=$(api GET /containers/web/json | jq -r '.NetworkSettings.Ports["80/tcp"][0].HostPort')
	asks() { [ "$(timeout 5 socat -t 5 - "TCP:127.0.0.1:$port,connect-timeout=3" </dev/null)" = hello ]; }
	wait_until 10 asks
	connect aaa web
	wait_until 10 asks
	nft list map inet "wherry-$BRIDGE" host4 | grep -qF "$(settings web aaa IPAddress) . 80"
	disconnect mmm web
	wait_until 10 asks
	[ "$(api GET /containers/web/json | jq -r '.NetworkSettings.Ports["80/tcp"][0].HostPort')" = "$port" ]
	disconnect aaa web
	if nft list map inet "wherry-$BRIDGE" host4 | grep -q ' \. 80'; then return 1; fi
	[ "$(api GET /containers/web/json | jq -c .NetworkSettings.Ports)" = '{"80/tcp":null}' ]
	refuted asks
	connect mmm web
	wait_until 10 asks
}

@test "ports of a container that had no way out are published once it has" {
	network_create internal '"Internal":true'
	network_create net1
	wherry run -d --name web -p 127.0.0.1:0:80 --network internal busybox:latest \
		nc -ll -p 80 -e echo hello >/dev/null
	[ "$(api GET /containers/web/json | jq -c '.NetworkSettings.Ports["80/tcp"]')" = null ]
	connect net1 web
	port=$(api GET /containers/web/json | jq -r '.NetworkSettings.Ports["80/tcp"][0].HostPort')
	asks() { [ "$(timeout 5 socat -t 5 - "TCP:127.0.0.1:$port,connect-timeout=3" </dev/null)" = hello ]; }
	wait_until 10 asks
}

@test "a container is created with several endpoints from 1.44 on" {
	network_create net1
	network_create net2
	body='{"Image":"busybox:latest","Cmd":["sleep","1000"],"HostConfig":{"NetworkMode":"net1"},"NetworkingConfig":{"EndpointsConfig":{"net1":{},"net2":{"Aliases":["x"]}}}}'
	api POST "/containers/create?name=c1" "$body" >/dev/null
	expect_status 201
	api POST /containers/c1/start >/dev/null
	expect_status 204
	[ "$(inside c1 ls /sys/class/net | tr '\n' ' ')" = "eth0 eth1 lo " ]
	[ "$(settings c1 net2 'Aliases[0]')" = x ]
}

@test "events tell of networks and who joins them" {
	since=$(date +%s.%N)
	network_create net1
	up c1
	cid=$(api GET /containers/c1/json | jq -r .Id)
	connect net1 c1
	disconnect net1 c1
	api DELETE /networks/net1 >/dev/null
	run api GET "/events?since=$since&until=$(date +%s.%N)&filters=%7B%22type%22%3A%5B%22network%22%5D%7D"
	[ "$(jq -r "select(.Actor.ID == \"$id\") | [.Action, .Actor.Attributes.name, .Actor.Attributes.type, .Actor.Attributes.container // \"\"] | join(\" \")" <<<"$output")" = \
		"$(printf '%s\n' "create net1 bridge " "connect net1 bridge $cid" "disconnect net1 bridge $cid" "destroy net1 bridge ")" ]
}

@test "a stopped container remembers what it is connected to" {
	network_create net1
	wherry create --name c1 busybox:latest sleep 1000 >/dev/null
	connect net1 c1
	disconnect bridge c1
	wherry start c1
	[ "$(inside c1 ls /sys/class/net | tr '\n' ' ')" = "eth0 lo " ]
	[ "$(api GET /containers/c1/json | jq -r '.NetworkSettings.Networks | keys | join(" ")')" = net1 ]
}

@test "host and none take no part" {
	network_create net1
	up c1 --network none
	up c2 --network host
	answers 400 "container cannot be connected to multiple networks with one of the networks in private (none) mode" \
		POST /networks/net1/connect '{"Container":"c1"}'
	answers 400 "container cannot be disconnected from host network or connected to host network" \
		POST /networks/net1/connect '{"Container":"c2"}'
}
