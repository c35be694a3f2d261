#!/usr/bin/env bats
# A container is replaced by another while its clients are served: ports and names handed over
# (docs/compose-api.md), connections awaited.

load takeover

@test "what is held back is neither published nor found by name until it takes over" {
	network
	client
	server old
	server new true
	[ "$(api GET /containers/new/json | jq -c '[.State.Running, .Wherry.Hold]')" = '[true,true]' ]
	[ "$(published new)" = '[]' ]
	serves old
	answers svc old
	answers new
	takeover new old
	expect_status 200
	[ "$(jq -r .Old "$SCRATCH/body")" = "$(api GET /containers/old/json | jq -r .Id)" ]
	[ "$(published new)/$(published old)" = "[\"$PORT\"]/[]" ]
	[ "$(api GET /containers/json | jq -c '[.[] | select(any(.Ports[]; .PublicPort)) | .Names[0]]')" = '["/new"]' ]
	[ "$(api GET /containers/new/json | jq .Wherry.Hold)" = false ]
	serves new
	answers svc new
	answers old new # who knows the old one by its own name, too
	takeover new old # again: nothing to do
	expect_status 200
	serves new
	wherry rm -f old
	serves new
	answers svc new
	wherry restart -t 0 new
	wait_until 10 serves new
	answers svc new
}

@test "and it can be taken back" {
	network
	client
	server old
	server new true
	takeover new old
	takeover old new
	expect_status 200
	serves old
	answers svc old
	[ "$(published new)" = '[]' ]
	wherry rm -f new
	serves old
}

@test "connections that stand go on with who has them" {
	network
	server old
	coproc HELD { exec "$STEADY" hold 127.0.0.1 "$PORT"; }
	local held=$HELD_PID line
	read -r line <&"${HELD[0]}"
	[[ $line == "old "* ]]
	server new true
	[ "$(takeover new old | jq .Connections)" = 1 ]
	serves new
	echo >&"${HELD[1]}"
	read -rt 10 line <&"${HELD[0]}"
	[[ $line == "old "* ]]
	kill "$held"
}

@test "what the shim carries is handed over too: [::1] and [::] without IPv6, its connections go on" {
	network
	server old
	coproc HELD { exec "$STEADY" hold ::1 "$PORT"; }
	local held=$HELD_PID line
	read -r line <&"${HELD[0]}"
	[[ $line == "old "* ]]
	server new true
	takeover new old
	expect_status 200
	for _ in 1 2 3 4 5 6 7 8; do serves new ::1; done
	echo >&"${HELD[1]}"
	read -rt 10 line <&"${HELD[0]}"
	[[ $line == "old "* ]]
	[ "$(own POST "/containers/old/drain?timeout=0" | jq .Connections)" = 1 ]
	kill "$held"
	[ "$(own POST "/containers/old/drain?timeout=20" | jq .Connections)" = 0 ]
	wherry rm -f old
	serves new ::1
}

@test "datagrams of a client that was there before go to the new one" {
	network
	local udp="\"PortBindings\":{\"80/udp\":[{\"HostPort\":\"$PORT\"}]}"
	server old false "$udp"
	serves old 127.0.0.1 udp
	# One socket that goes on asking: its flow is known to lead to the old one.
	coproc HELD { exec "$STEADY" hold 127.0.0.1 "$PORT" udp; }
	local held=$HELD_PID line
	read -rt 5 line <&"${HELD[0]}"
	[[ $line == "old "* ]]
	server new true "$udp"
	takeover new old
	expect_status 200
	goes_to_new() { echo >&"${HELD[1]}"; read -rt 5 line <&"${HELD[0]}" && [[ $line == "new "* ]]; }
	wait_until 10 goes_to_new
	serves new ::1 udp
	kill "$held"
}

@test "it is answered when the ports lead there, also while a table that somebody flushed is being made again" {
	network
	server old
	server new true
	nft delete table inet "wherry-$BRIDGE"
	takeover new old
	expect_status 200
	serves new
	# And of nobody.
	wherry rm -f old >/dev/null
	server third true
	wherry rm -f new >/dev/null
	nft delete table inet "wherry-$BRIDGE"
	own POST /takeover '{"New":"third"}'
	expect_status 200
	serves third
}

@test "ports must be the same, both must run, and one must hold back: else it is refused by name" {
	network
	server old
	server other true '"PortBindings":{"80/tcp":[{"HostPort":"'"$((PORT + 1))"'"}]}'
	takeover other old
	expect_status 409
	[[ $(jq -r .message "$SCRATCH/body") == *"container other cannot take over from container old: only the old one publishes port 0.0.0.0:$PORT/tcp" ]]
	server more true '"PortBindings":{"80/tcp":[{"HostPort":"'"$PORT"'"}],"81/tcp":[{"HostPort":"'"$((PORT + 1))"'"}]}'
	takeover more old
	expect_status 409
	[[ $(jq -r .message "$SCRATCH/body") == *"only the new one publishes 81/tcp" ]]
	takeover old other
	expect_status 409
	[[ $(jq -r .message "$SCRATCH/body") == *"holds nothing back"* ]]
	takeover other other
	expect_status 409
	takeover other nobody
	expect_status 404
	server new true
	wherry stop -t 0 new
	takeover new old
	expect_status 409
	[[ $(jq -r .message "$SCRATCH/body") == *"container new is not running" ]]
	serves old
}

@test "one on fewer networks, or of another network mode, is refused" {
	network
	server old
	wherry network create back
	wherry network connect back old
	server new true
	takeover new old
	expect_status 409
	[[ $(jq -r .message "$SCRATCH/body") == *"container new is not on network back, as container old is" ]]
}

@test "it may listen elsewhere, and of many ports each goes to its own" {
	network
	local many="" i
	for i in $(seq 0 39); do many+=",\"$((100 + i))/tcp\":[{\"HostPort\":\"$((PORT + 1 + i))\"}]"; done
	server old false "\"PortBindings\":{\"80/tcp\":[{\"HostPort\":\"$PORT\"}]$many}"
	server new true "\"PortBindings\":{\"80/tcp\":[{\"HostPort\":\"$PORT\"}]${many//tcp/tcp}}"
	takeover new old
	expect_status 200
	serves new
	serves new ::1
	[ "$(published new | jq length)" = 41 ]
	takeover old new
	expect_status 200
	serves old ::1
}

@test "without an old one, what was held back is taken from the host" {
	network
	client
	server new true
	answers svc
	own POST /takeover '{"New":"new"}'
	expect_status 200
	serves new
	serves new ::1
	answers svc new
	own POST /takeover '{"New":"new"}'
	expect_status 200
	server second true
	own POST /takeover '{"New":"second"}'
	[[ $(jq -r .message "$SCRATCH/body") == *"port is already allocated" ]]
	[ "$(api GET /containers/second/json | jq .Wherry.Hold)" = true ]
	serves new
}

@test "links on the default network lead to the new one" {
	api POST "/containers/create?name=old" '{"Image":"busybox:latest","Cmd":["sleep","1000"]}' >/dev/null
	api POST "/containers/create?name=new" '{"Image":"busybox:latest","Cmd":["sleep","1000"],"Wherry":{"Hold":true}}' >/dev/null
	wherry start old new
	wherry run -d --name user --link old:db busybox:latest sleep 1000
	takeover new old
	expect_status 200
	[ "$(wherry exec user awk '$2 == "db" {print $1}' /etc/hosts)" = "$(address new)" ]
	[ "$(api GET /containers/user/json | jq -c .HostConfig.Links)" = '["/new:/user/db"]' ]
}

@test "draining ends when the last connection has; a client that goes away ends it, and the time does" {
	network
	server old
	coproc HELD { exec "$STEADY" hold 127.0.0.1 "$PORT"; }
	local held=$HELD_PID line
	read -r line <&"${HELD[0]}"
	[ "$(own POST "/containers/old/drain?timeout=0" | jq .Connections)" = 1 ]
	own POST "/containers/old/drain?timeout=1" | jq -e '.Connections == 1'
	curl -sS --unix-socket "$SOCKET" -X POST "http://wherry/wherry/v1/containers/old/drain?timeout=600" &
	local waiting=$!
	wait_until 10 drains
	kill "$waiting"
	wait "$waiting" || true
	wait_until 10 refuted drains 2>/dev/null
	own POST "/containers/old/drain?timeout=600" >"$SCRATCH/drained" &
	waiting=$!
	wait_until 10 drains
	kill "$held"
	wait "$waiting"
	[ "$(jq .Connections "$SCRATCH/drained")" = 0 ]
	own POST "/containers/old/drain?timeout=-1"
	expect_status 400
	own POST "/containers/nobody/drain"
	expect_status 404
	wherry stop -t 0 old
	[ "$(own POST "/containers/old/drain" | jq .Connections)" = 0 ] # one that does not run has none
	wherry run -d --name onhost --network host busybox:latest sleep 1000 >/dev/null
	own POST "/containers/onhost/drain"
	expect_status 409
}

@test "one that ends while it is drained has no connections any more" {
	network
	server old
	coproc HELD { exec "$STEADY" hold 127.0.0.1 "$PORT"; }
	local line waiting
	read -r line <&"${HELD[0]}"
	own POST "/containers/old/drain?timeout=600" >"$SCRATCH/drained" &
	waiting=$!
	wait_until 10 drains
	wherry kill old
	wait "$waiting"
	[ "$(jq .Connections "$SCRATCH/drained")" = 0 ]
}

@test "what the container itself has opened, and its checks from within, are not waited for" {
	network
	server old
	server other false '"PortBindings":{}'
	local pid there out in
	pid=$(pid_of old)
	there=$(address other)
	nsenter -t "$pid" -n "$STEADY" hold "$there" 80 </dev/zero >"$SCRATCH/out" &
	out=$!
	nsenter -t "$pid" -n "$STEADY" hold 127.0.0.1 80 </dev/zero >"$SCRATCH/in" &
	in=$!
	wait_until 10 test -s "$SCRATCH/out"
	wait_until 10 test -s "$SCRATCH/in"
	[ "$(own POST "/containers/old/drain?timeout=0" | jq .Connections)" = 0 ]
	[ "$(own POST "/containers/other/drain?timeout=0" | jq .Connections)" = 1 ] # a neighbour counts
	kill "$out" "$in"
}

@test "version names what is understood" {
	api GET /version | jq -e '[.Components[] | select(.Name == "wherry").Details.Features | split(" ")[]] | contains(["group", "hold", "takeover"])'
}
