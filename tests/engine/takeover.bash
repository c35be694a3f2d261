# What the tests of ports and names that are handed over share.

load ../lib/wherry

setup_file() {
	[ "$(id -u)" = 0 ] || return 0
	scratch_begin
	start_daemon
	busybox_image
	export STEADY=$WHERRY_BUILD/tests/steady
}

teardown_file() {
	[ "$(id -u)" = 0 ] || return 0
	daemon_stop
	scratch_end
}

setup() {
	[ "$(id -u)" = 0 ] || skip "needs root: namespaces, mounts, control groups"
	PORT=$((RANDOM % 10000 + 20000))
}

teardown() {
	[ -z "${LOAD-}" ] || kill "$LOAD" 2>/dev/null || true
	remove_all_containers
	api POST /networks/prune >/dev/null
}

start_daemon() { daemon_start --default-address-pool "base=$SUBNET.0/20,size=24"; }

# own METHOD PATH [JSON]: as api, of what goes beyond Docker's.
own() { daemon_request "$1" "/wherry/v1$2" ${3+"$3"}; }

# server NAME [HOLD [HOSTCONFIG [MORE]]]: one that publishes $PORT, is called svc on the network `front`, and runs.
server() {
	local name=$1 held=${2:-false} host=${3:-"\"PortBindings\":{\"80/tcp\":[{\"HostPort\":\"$PORT\"}]}"} more=${4-}
	api POST "/containers/create?name=$name" "{\"Image\":\"busybox:latest\",\"Cmd\":[\"/steady\",\"serve\",\"$name\",\"80\"],
		\"ExposedPorts\":{\"80/tcp\":{}}, \"Wherry\":{\"Hold\":$held${EXTENSION-}},
		\"HostConfig\":{\"NetworkMode\":\"${NETWORK-front}\",\"Binds\":[\"$STEADY:/steady:ro\"],$host},
		\"NetworkingConfig\":{\"EndpointsConfig\":{\"${NETWORK-front}\":{\"Aliases\":[\"svc\"]}}}$more}" >/dev/null
	expect_status 201
	api POST "/containers/$name/start" >/dev/null
	expect_status 204
	wait_until 10 listens "$name"
}

listens() { nsenter -t "$(pid_of "$1")" -n ss -Htln 'sport = :80' | grep -q .; }
network() { api POST /networks/create '{"Name":"front"}' >/dev/null && expect_status 201; }
takeover() { own POST /takeover "{\"New\":\"$1\",\"Old\":\"$2\"}"; }
pid_of() { api GET "/containers/$1/json" | jq -r .State.Pid; }
address() { api GET "/containers/$1/json" | jq -r '.NetworkSettings.Networks[].IPAddress'; }
published() { api GET "/containers/$1/json" | jq -c '[.NetworkSettings.Ports[] | values | .[].HostPort] | unique'; }
serves() { "$STEADY" ask "${2:-127.0.0.1}" "$PORT" ${3+"$3"} 2>/dev/null | grep -q "^$1 "; }
# answers NAME CONTAINER...: the name, asked from within `client`, leads to these.
answers() {
	local name=$1
	shift
	[ "$("$WHERRY_BUILD/tests/network_names" ask "$(pid_of client)" "$name" | awk '$1 ~ /^[0-9.]+$/ {print $1}' | sort | xargs)" = \
		"$(for c; do address "$c"; done | sort | xargs)" ]
}
drains() { pgrep -P "$(cat "$SCRATCH/daemon")" -f 'wherry-network drain' >/dev/null; }
client() { wherry run -d --name client --network front busybox:latest sleep 1000 >/dev/null; }
