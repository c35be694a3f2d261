#!/usr/bin/env bats
# Networks outlive the daemon, and those who take their bridges and rules away.

load networks

up() { wherry run -d --name "$1" "${@:2}" busybox:latest sleep 1000 >/dev/null; }
inside() { local name=$1; shift; wherry exec "$name" "$@"; }
address() { api GET "/containers/$1/json" | jq -r ".NetworkSettings.Networks[\"$2\"].IPAddress"; }
bridge() { echo "br-$(api GET "/networks/$1" | jq -r '.Id[:12]')"; }

# Bridges of this daemon: those with an address of its pool.
bridges() { ip -o -4 address show | awk -v p="${SUBNET%.*}." '$2 ~ /^br-/ && index($4, p) == 1 { print $2 }' | sort; }
recorded() { api GET /networks | jq -r '.[] | select(.Driver == "bridge" and .Name != "bridge") | "br-" + .Id[:12]' | sort; }
ruled() { nft list chain inet "wherry-$BRIDGE" forward | grep -o '"br-[0-9a-f]*"' | tr -d '"' | sort -u; }
agrees() { [ "$(bridges)" = "$(recorded)" ] && [ "$(ruled)" = "$(recorded)" ]; }

@test "addresses, networks and their members are the same after the daemon was killed" {
	network_create net1
	up c1 --network net1
	up c2 --network net1
	before=$(address c1 net1)
	daemon_kill
	daemon_up
	[ "$(address c1 net1)" = "$before" ]
	[ "$(api GET /networks/net1 | jq -r '[.Containers[].Name] | sort | join(" ")')" = "c1 c2" ]
	up c3 --network net1
	[ "$(address c3 net1)" != "$(address c2 net1)" ]
	inside c3 ping -c 1 -W 5 "$before"
	wherry stop -t 0 c1
	wherry start c1
	inside c3 ping -c 1 -W 5 "$(address c1 net1)"
}

@test "rules that somebody flushed, and a bridge that somebody removed, come back" {
	network_create net1
	network_create net2
	nft delete table inet "wherry-$BRIDGE"
	wait_until 20 agrees
	ip link delete "$(bridge net1)"
	up c1 --network net1
	up c2 --network net1
	inside c1 ping -c 1 -W 5 "$(address c2 net1)"
	agrees
	ip link delete "$(bridge net2)"
	api POST /networks/net2/connect '{"Container":"c1"}' >/dev/null
	expect_status 200
	agrees
}

@test "a daemon that is killed while networks are made and removed leaves nothing behind" {
	local round pid
	for round in 1 2 3 4 5 6; do
		(
			for i in 1 2 3; do
				curl -s --unix-socket "$SOCKET" -X POST -H 'Content-Type: application/json' \
					-d "{\"Name\":\"r$round-$i\"}" http://x/networks/create >/dev/null
				curl -s --unix-socket "$SOCKET" -X DELETE "http://x/networks/r$round-$i" >/dev/null
			done
		) 3>&- &
		pid=$!
		nap "0.0$((RANDOM % 90 + 10))"
		daemon_kill
		wait "$pid" || true
		daemon_up
		wait_until 10 agrees || { bridges; recorded; ruled; false; } >&2
	done
	api POST /networks/prune >/dev/null
	[ -z "$(bridges)" ]
	[ -z "$(ruled)" ]
}

@test "a daemon that is killed while a container is connected leaves it connected or not, and nothing between" {
	local round pid
	network_create net1
	up c1
	links() { inside c1 ls /sys/class/net | grep -c eth; }
	settled() { [ "$(links)" = "$(api GET /containers/c1/json | jq '.NetworkSettings.Networks | length')" ]; }
	for round in 1 2 3 4 5 6; do
		(
			for i in 1 2 3; do
				curl -s --unix-socket "$SOCKET" -X POST -H 'Content-Type: application/json' \
					-d '{"Container":"c1"}' http://x/networks/net1/connect >/dev/null
				curl -s --unix-socket "$SOCKET" -X POST -H 'Content-Type: application/json' \
					-d '{"Container":"c1"}' http://x/networks/net1/disconnect >/dev/null
			done
		) 3>&- &
		pid=$!
		nap "0.0$((RANDOM % 90 + 10))"
		daemon_kill
		wait "$pid" || true
		daemon_up
		wait_until 10 settled
	done
	api POST /networks/net1/disconnect '{"Container":"c1"}' >/dev/null
	wait_until 10 settled
	[ "$(links)" = 1 ]
	api DELETE /networks/net1 >/dev/null
	expect_status 204
}
