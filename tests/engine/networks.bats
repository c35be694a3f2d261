#!/usr/bin/env bats
# Networks of users, as a client of the API sees them.

load networks

inspect() { api GET "/networks/$1" | jq -r "$2"; }
inside() { local name=$1; shift; wherry exec "$name" "$@"; }
pid_of() { api GET "/containers/$1/json" | jq -r .State.Pid; }
address_of() { api GET "/containers/$1/json" | jq -r '.NetworkSettings.Networks[].IPAddress'; }
up() { wherry run -d --name "$1" "${@:2}" busybox:latest sleep 1000 >/dev/null; }

@test "a network is made, shown, listed and removed, and its bridge with it" {
	network_create one '"Labels":{"a":"b"},"Options":{"x":"y"}'
	[ "${#id}" = 64 ]
	ip link show "br-${id:0:12}" >/dev/null
	[ "$(inspect one '[.Driver, .Scope, .EnableIPv6, .Internal, .Labels.a, .Options.x] | @csv')" = \
		'"bridge","local",false,false,"b","y"' ]
	[ "$(inspect one '.Options | length')" = 1 ]
	[ "$(inspect one '.IPAM.Config | length')" = 1 ]
	[[ $(inspect one '.IPAM.Config[0].Gateway') == *.1 ]]
	[ "$(api GET /networks | jq -r '[.[] | select(.Name == "one")] | length')" = 1 ]
	api DELETE /networks/one
	expect_status 204
	refuted ip link show "br-${id:0:12}" 2>/dev/null
	answers 404 "network one not found" GET /networks/one
}

@test "containers of a network reach each other and the world's gateway, and stand in its inspect" {
	network_create one
	up c1 --network one
	up c2 --network one
	address=$(api GET /containers/c2/json | jq -r .NetworkSettings.Networks.one.IPAddress)
	inside c1 ping -c 1 -W 5 "$address"
	inside c1 ping -c 1 -W 5 "$(inspect one '.IPAM.Config[0].Gateway')"
	[ "$(inspect one '[.Containers[].Name] | sort | join(" ")')" = "c1 c2" ]
	[ "$(inspect one '[.Containers[] | select(.Name == "c2")][0].IPv4Address')" = "$address/24" ]
	[ "$(api GET /containers/c1/json | jq -r '.NetworkSettings.Networks.one.DNSNames | join(" ")')" = \
		"c1 $(api GET /containers/c1/json | jq -r .Id | cut -c1-12)" ]
	answers 403 "error while removing network: network one id $id has active endpoints" DELETE /networks/one
	wherry stop -t 0 c1 c2
	api DELETE /networks/one
	expect_status 204
	answers 404 "network one not found" POST /containers/c1/start
}

@test "an address that is given again is the new one's alone, also while somebody holds the old one's namespace" {
	local address holder steady=$WHERRY_BUILD/tests/steady
	serve() {
		wherry run -d --name "$1" -v "$steady:/steady:ro" busybox:latest /steady serve "$1" 80 >/dev/null
		wait_until 10 eval "nsenter -t $(pid_of "$1") -n ss -Htln 'sport = :80' | grep -q ."
	}
	serve first
	address=$(address_of first)
	[ "$("$steady" ask "$address" 80 | cut -d' ' -f1)" = first ] # the bridge knows where it is
	nsenter -t "$(pid_of first)" -n sleep 1000 3>&- &
	holder=$!
	wait_until 10 eval "[ /proc/$holder/ns/net -ef /proc/$(pid_of first)/ns/net ]"
	wherry rm -f first
	serve second
	[ "$(address_of second)" = "$address" ]
	[ "$("$steady" who "$address" 80 40 | cut -d' ' -f1 | sort | uniq -c | xargs)" = "40 second" ]
	kill "$holder"
}

@test "what makes no sense is refused in Docker's words and changes nothing" {
	network_create one
	answers 409 "network with name one already exists" POST /networks/create '{"Name":"one"}'
	answers 403 "operation is not permitted on predefined bridge network " POST /networks/create '{"Name":"bridge"}'
	answers 403 "bridge is a pre-defined network and cannot be removed" DELETE /networks/bridge
	answers 404 'plugin "weave" not found' POST /networks/create '{"Name":"two","Driver":"weave"}'
	answers 400 "invalid name: name is empty" POST /networks/create '{"Name":""}'
	subnet=$(inspect one '.IPAM.Config[0].Subnet')
	answers 403 "Pool overlaps with other one on this address space" POST /networks/create \
		"{\"Name\":\"two\",\"IPAM\":{\"Config\":[{\"Subnet\":\"$subnet\"}]}}"
	answers 403 "Pool overlaps with other one on this address space" POST /networks/create \
		"{\"Name\":\"two\",\"IPAM\":{\"Config\":[{\"Subnet\":\"$SUBNET.0/24\"}]}}"
	answers 400 $'invalid network config:\ninvalid subnet 10.0.0.1/8: it should be 10.0.0.0/8\ninvalid gateway 11.0.0.1: parent subnet 10.0.0.0/8 doesn\'t contain this address' \
		POST /networks/create '{"Name":"two","IPAM":{"Config":[{"Subnet":"10.0.0.1/8","Gateway":"11.0.0.1"}]}}'
	[ "$(api GET /networks | jq length)" = 4 ]
}

@test "subnets, ranges, gateways and reserved addresses are kept" {
	# 10.223: the daemon's own are below 10.216
	network_create one '"IPAM":{"Config":[{"Subnet":"10.223.0.0/16","IPRange":"10.223.5.0/30","Gateway":"10.223.9.9","AuxiliaryAddresses":{"router":"10.223.5.1"}}]}'
	[ "$(inspect one '.IPAM.Config[0] | [.Subnet, .IPRange, .Gateway, .AuxiliaryAddresses.router] | join(" ")')" = \
		"10.223.0.0/16 10.223.5.0/30 10.223.9.9 10.223.5.1" ]
	up c1 --network one
	up c2 --network one --ip 10.223.77.7
	[ "$(api GET /containers/c1/json | jq -r .NetworkSettings.Networks.one.IPAddress)" = 10.223.5.0 ]
	[ "$(api GET /containers/c2/json | jq -r .NetworkSettings.Networks.one.IPAddress)" = 10.223.77.7 ]
	inside c2 ping -c 1 -W 5 10.223.9.9
	run wherry run -d --network one --ip 10.223.77.7 busybox:latest true
	[[ $output == *"Address already in use"* ]]
	run wherry run -d --network one --ip 10.224.0.1 busybox:latest true
	[[ $output == *"no configured subnet or ip-range contain the IP address 10.224.0.1"* ]]
	network_create two
	run wherry run -d --network two --ip 10.223.0.9 busybox:latest true
	[[ $output == *"user specified IP address is supported only when connecting to networks with user configured subnets"* ]]
}

@test "the daemon's pools are given out until they are empty" {
	for i in $(seq 20); do
		api POST /networks/create "{\"Name\":\"n$i\"}" >/dev/null
		[ "$(api_status)" = 201 ] || break
	done
	[ "$i" -gt 2 ]
	expect_status 400
	[ "$(jq -r .message "$SCRATCH/body")" = "all predefined address pools have been fully subnetted" ]
	[ "$(api GET /networks | jq -r '[.[].IPAM.Config[]?.Subnet] | length - (unique | length)')" = 0 ]
	api POST /networks/prune | jq -e ".NetworksDeleted | length == $((i - 1))"
}

@test "prune takes what is unused and fits the filter" {
	network_create keep '"Labels":{"keep":""}'
	network_create used
	network_create go
	up c1 --network used
	[ "$(api POST '/networks/prune?filters=%7B%22label!%22%3A%5B%22keep%22%5D%7D' | jq -c .)" = '{"NetworksDeleted":["go"]}' ]
	[ "$(api POST '/networks/prune?filters=%7B%22until%22%3A%5B%221h%22%5D%7D' | jq -c .)" = '{"NetworksDeleted":null}' ]
	wherry rm -f c1
}
