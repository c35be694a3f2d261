#!/usr/bin/env bats
# What networks of users keep apart, attacked from inside by containers that may change their own routes.
# Each attack is first shown to work where it may: on its own network, or with our rules taken away.

load ../lib/wherry

setup_file() {
	[ "$(id -u)" = 0 ] || return 0
	scratch_begin
	export LAN=wl${SCRATCH##*.} WIRE=wv${SCRATCH##*.}
	lan_begin
	daemon_start --default-address-pool "base=$SUBNET.0/20,size=24"
	busybox_image
}

teardown_file() {
	[ "$(id -u)" = 0 ] || return 0
	daemon_stop
	ip netns delete "$LAN"
	ip link delete "$WIRE" 2>/dev/null || true
	scratch_end
}

# A neighbour of the host: 203.0.113.2 and 2001:db8:77::2, behind a wire of its own.
lan_begin() {
	ip netns add "$LAN"
	ip link add "$WIRE" type veth peer name eth0 netns "$LAN"
	ip address add 203.0.113.1/24 dev "$WIRE"
	ip address add 2001:db8:77::1/64 dev "$WIRE" nodad
	ip link set "$WIRE" up
	ip -n "$LAN" address add 203.0.113.2/24 dev eth0
	ip -n "$LAN" address add 2001:db8:77::2/64 dev eth0 nodad
	ip -n "$LAN" link set eth0 up
	ip -n "$LAN" link set lo up
}

setup() {
	[ "$(id -u)" = 0 ] || skip "needs root: namespaces, mounts, control groups"
}

teardown() {
	kill -CONT "$(daemon_pid)"
	[ -z "${SERVER-}" ] || kill "$SERVER" 2>/dev/null || true
	remove_all_containers
	api POST /networks/prune >/dev/null
}

network_create() {
	id=$(api POST /networks/create "{\"Name\":\"$1\"${2:+,$2}}" | jq -r .Id)
	expect_status 201
}

up() { wherry run -d --cap-add NET_ADMIN --name "$1" "${@:2}" busybox:latest sleep 1000 >/dev/null; }
serve() { wherry run -d --name "$1" "${@:2}" busybox:latest nc -ll -p 80 -e echo hello >/dev/null; }
address() { api GET "/containers/$1/json" | jq -r ".NetworkSettings.Networks[\"$2\"].IPAddress"; }
gateway() { api GET "/networks/$1" | jq -r '.IPAM.Config[0].Gateway'; }
subnet() { api GET "/networks/$1" | jq -r '.IPAM.Config[0].Subnet'; }
inside() { local name=$1; shift; wherry exec "$name" "$@"; }
reaches() { [ "$(inside "$1" timeout "${PATIENCE:-5}" nc "$2" "${3:-80}" </dev/null 2>/dev/null)" = hello ]; }
closed() { ! PATIENCE=2 reaches "$@"; }

# The daemon, stopped, does not bring its rules back.
without_rules() {
	kill -STOP "$(daemon_pid)"
	nft delete table inet "wherry-$BRIDGE"
}

in_shell() { nsenter --net="/proc/$1/ns/net" "${@:2}"; }
pid_of() { api GET "/containers/$1/json" | jq -r .State.Pid; }

@test "a neighbour network is not reached, not even by who makes himself a route" {
	network_create net1
	network_create net2
	serve server --network net2
	up friend --network net2
	up attacker --network net1
	target=$(address server net2)
	wait_until 10 reaches friend "$target"
	closed attacker "$target"
	inside attacker ip route add "$(subnet net2)" via "$(gateway net1)"
	closed attacker "$target"
	pid=$(pid_of attacker)
	without_rules
	[ "$(in_shell "$pid" timeout 5 socat -t 5 - "TCP:$target:80,connect-timeout=3" </dev/null)" = hello ]
}

@test "nothing leaves an internal network, and nothing comes in, but from the host" {
	network_create inner '"Internal":true'
	network_create outer
	ip netns exec "$LAN" socat TCP-LISTEN:80,fork,reuseaddr EXEC:'echo hello' 3>&- &
	SERVER=$!
	serve server --network inner
	serve web --network outer -p 0.0.0.0:18098:80
	up friend --network outer
	up attacker --network inner
	wait_until 10 reaches friend 203.0.113.2
	wait_until 10 reaches attacker "$(address server inner)"
	[ "$(socat -t 5 - "TCP:$(address server inner):80,connect-timeout=3" </dev/null)" = hello ]
	[ -z "$(inside attacker ip route | grep default)" ]
	gate=$(gateway inner)
	inside attacker ip route add default via "$gate"
	closed attacker 203.0.113.2
	closed attacker "$(address web outer)"
	closed attacker "$gate" 18098
	wait_until 10 reaches friend 203.0.113.1 18098
	ip -n "$LAN" route add "$(subnet inner)" via 203.0.113.1
	run ip netns exec "$LAN" timeout 3 socat - "TCP:$(address server inner):80,connect-timeout=2"
	[[ $output != *hello* ]]
	pid=$(pid_of attacker)
	without_rules
	ip -n "$LAN" route add "${SUBNET%.*}.0.0/16" via 203.0.113.1
	[ "$(in_shell "$pid" timeout 5 socat -t 5 - TCP:203.0.113.2:80,connect-timeout=3 </dev/null)" = hello ]
	ip -n "$LAN" route flush via 203.0.113.1
}

@test "containers of a network without icc do not reach each other, but the world" {
	network_create quiet '"Options":{"com.docker.network.bridge.enable_icc":"false"}'
	network_create loud
	ip netns exec "$LAN" socat TCP-LISTEN:80,fork,reuseaddr EXEC:'echo hello' 3>&- &
	SERVER=$!
	serve server --network quiet
	up attacker --network quiet
	serve server2 --network loud
	up friend --network loud
	wait_until 10 reaches friend "$(address server2 loud)"
	wait_until 10 reaches attacker 203.0.113.2
	closed attacker "$(address server quiet)"
	inside attacker ip route add "$(address server quiet)" via "$(gateway quiet)"
	closed attacker "$(address server quiet)"
}

@test "IPv6: subnets of our own prefix, neighbours, and the world under the host's address" {
	network_create six '"EnableIPv6":true'
	up c1 --network six
	up c2 --network six
	[[ $(api GET /networks/six | jq -r '.IPAM.Config[1].Subnet') == fd*::/64 ]]
	six() { api GET "/containers/$1/json" | jq -r '.NetworkSettings.Networks.six.GlobalIPv6Address'; }
	inside c1 ping -6 -c 1 -W 5 "$(six c2)"
	ip netns exec "$LAN" socat TCP6-LISTEN:80,fork,reuseaddr SYSTEM:'echo $SOCAT_PEERADDR' 3>&- &
	SERVER=$!
	asks() { [[ $(in_shell "$(pid_of c1)" timeout 5 socat -t 5 - 'TCP6:[2001:db8:77::2]:80,connect-timeout=3' </dev/null) == *2001:0db8:0077:0000:0000:0000:0000:0001* ]]; }
	wait_until 10 asks
	network_create six2 '"EnableIPv6":true'
	[ "$(api GET /networks/six2 | jq -r '.IPAM.Config[1].Subnet')" != "$(api GET /networks/six | jq -r '.IPAM.Config[1].Subnet')" ]
}

@test "macvlan: containers stand on the parent's network, beside the host" {
	network_create mac "\"Driver\":\"macvlan\",\"Options\":{\"parent\":\"$WIRE\"},\"IPAM\":{\"Config\":[{\"Subnet\":\"203.0.114.0/24\",\"Gateway\":\"203.0.114.1\"}]}"
	ip -n "$LAN" address add 203.0.114.1/24 dev eth0
	up c1 --network mac
	up c2 --network mac --ip 203.0.114.77
	inside c1 ping -c 1 -W 5 203.0.114.77
	inside c1 ping -c 1 -W 5 203.0.114.1
	ip netns exec "$LAN" busybox ping -c 1 -W 5 203.0.114.77 >/dev/null
	[ "$(inside c1 ip route | awk '$1 == "default" { print $3 }')" = 203.0.114.1 ]
	api POST /networks/mac/disconnect '{"Container":"c2"}' >/dev/null
	expect_status 200
	[ "$(inside c2 ls /sys/class/net | tr '\n' ' ')" = "lo " ]
	api POST /networks/mac/connect '{"Container":"c2"}' >/dev/null
	expect_status 200
	inside c2 ping -c 1 -W 5 203.0.114.1
	ip -n "$LAN" address delete 203.0.114.1/24 dev eth0
}

@test "macvlan without a parent: containers are among themselves" {
	network_create mac '"Driver":"macvlan"'
	up c1 --network mac
	up c2 --network mac
	inside c1 ping -c 1 -W 5 "$(address c2 mac)"
	ip link show "dm-${id:0:12}" >/dev/null
	wherry rm -f c1 c2 >/dev/null
	api DELETE /networks/mac
	expect_status 204
	refuted ip link show "dm-${id:0:12}" 2>/dev/null
}

@test "macvlan: an address is free for the next one at once, also while somebody holds the old one's namespace" {
	local holder id before
	network_create mac '"Driver":"macvlan"'
	network_create front
	# again NAME: it is killed while its namespace is held, and starts again with the same address.
	again() {
		before=$(address "$1" mac)
		nsenter -t "$(pid_of "$1")" -n sleep 1000 3>&- &
		holder=$!
		wait_until 10 eval "[ /proc/$holder/ns/net -ef /proc/$(pid_of "$1")/ns/net ]"
		wherry restart -t 0 "$1"
		[ "$(address "$1" mac)" = "$before" ]
		kill "$holder"
	}
	up c1 --network mac
	up c2 --network mac
	again c1
	daemon_kill
	daemon_start --default-address-pool "base=$SUBNET.0/20,size=24"
	again c1
	inside c1 ping -c 1 -W 5 "$(address c2 mac)"
	up c3 --network front
	api POST /networks/mac/connect '{"Container":"c3"}' >/dev/null
	expect_status 200
	again c3
}

@test "what this kernel has no devices for is refused by name, and nothing is left" {
	refused() { api POST /networks/create "{\"Name\":\"no\",\"Driver\":\"$1\",\"Options\":{\"parent\":\"$2\"}}" >/dev/null; }
	if ! ip link add link "$WIRE" name "$WIRE.7" type vlan id 7 2>/dev/null; then
		refused macvlan "$WIRE.7"
		expect_status 501
		[[ $(jq -r .message "$SCRATCH/body") == *"this kernel has no VLAN devices (CONFIG_VLAN_8021Q)"* ]]
	else
		ip link delete "$WIRE.7"
		refused macvlan "$WIRE.7"
		expect_status 201
		ip link show "$WIRE.7" >/dev/null
		api DELETE /networks/no
		refuted ip link show "$WIRE.7" 2>/dev/null
	fi
	refused ipvlan "$WIRE"
	expect_status 501
	[[ $(jq -r .message "$SCRATCH/body") == *ipvlan* ]]
	refused macvlan no-such0
	expect_status 400
	[ "$(api GET /networks | jq length)" = 3 ]
}

@test "options of a bridge: its name, MTU, the prefix inside, where ports are bound" {
	network_create net1 "\"Options\":{\"com.docker.network.bridge.name\":\"${WIRE}b\",\"com.docker.network.driver.mtu\":\"1400\",\"com.docker.network.container_iface_prefix\":\"net\",\"com.docker.network.bridge.host_binding_ipv4\":\"127.0.0.1\"}"
	up c1 --network net1 -p 80
	[[ $(ip -o link show dev "${WIRE}b") == *" mtu 1400 "* ]]
	[ "$(inside c1 cat /sys/class/net/net0/mtu)" = 1400 ]
	[ "$(api GET /containers/c1/json | jq -r '.NetworkSettings.Ports["80/tcp"] | map(.HostIp) | join(" ")')" = 127.0.0.1 ]
	api POST /networks/create "{\"Name\":\"net2\",\"Options\":{\"com.docker.network.bridge.name\":\"${WIRE}b\"}}" >/dev/null
	expect_status 403
	[[ $(jq -r .message "$SCRATCH/body") == *"networks have same bridge name" ]]
	wherry rm -f c1 >/dev/null
	api DELETE /networks/net1 >/dev/null
	refuted ip link show "${WIRE}b" 2>/dev/null
}
