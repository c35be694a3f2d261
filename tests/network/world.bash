# A small world of network namespaces for each test: a host with our networks, and a neighbour on its LAN.
#
#	LAN 192.0.2.2 --- 192.0.2.1 HOST 10.99.0.1 --- 10.99.0.2 ... containers
#	    2001:db8::2   2001:db8::1    (fd99::1)     (fd99::2 ...)
# The host's part of the daemon is tests/network/tool.c.
load ../lib/wherry

setup() {
	[ "$EUID" = 0 ] || skip "needs root: network namespaces"
	world_begin
}

teardown() { world_end; }

in_host() { ip netns exec "$HOST" "$@"; }
in_lan() { ip netns exec "$LAN" "$@"; }
in_namespace() { local pid=$1; shift; nsenter --net="/proc/$pid/ns/net" "$@"; }

world_begin() {
	scratch_begin
	mkdir "$SCRATCH/store"
	TABLE=wherry-$BRIDGE HOST=wh${SCRATCH##*.} LAN=wl${SCRATCH##*.} CHILDREN=() HOLDERS=()
	ip netns add "$HOST"
	ip netns add "$LAN"
	ip -n "$HOST" link add lan0 type veth peer name eth0 netns "$LAN"
	ip -n "$HOST" link set lo up
	ip -n "$HOST" address add 192.0.2.1/24 dev lan0
	ip -n "$HOST" address add 2001:db8::1/64 dev lan0 nodad
	ip -n "$HOST" link set lan0 up
	ip -n "$LAN" address add 192.0.2.2/24 dev eth0
	ip -n "$LAN" address add 2001:db8::2/64 dev eth0 nodad
	ip -n "$LAN" link set eth0 up
	ip -n "$LAN" route add 10.99.0.0/16 via 192.0.2.1
	ip -n "$LAN" route add fd99::/64 via 2001:db8::1
}

# A function in the background is a shell with the command as its child: end both.
end_child() {
	pkill -KILL -P "$1" 2>/dev/null || true
	kill -KILL "$1" 2>/dev/null || true
}

world_end() {
	local pid
	for pid in "${CHILDREN[@]}" "${HOLDERS[@]}"; do
		end_child "$pid"
	done
	ip netns delete "$LAN-2" 2>/dev/null || true
	tool_end
	ip netns delete "$HOST"
	ip netns delete "$LAN"
	scratch_end
}

# ---- the tool ----

# tool_begin [SETTING=VALUE...]
tool_begin() {
	coproc TOOL {
		exec ip netns exec "$HOST" "$WHERRY_BUILD/tests/network_tool" "$SCRATCH/store" \
			"$WHERRY_BUILD/wherry-network" bridge="$BRIDGE" bip=10.99.0.1/24 "$@" \
			2>>"$SCRATCH/tool.log" 3>&-
	}
	TOOL_IN=${TOOL[1]} TOOL_OUT=${TOOL[0]} TOOL_RUNS=$TOOL_PID
}

tool_end() {
	[ -n "${TOOL_RUNS-}" ] || return 0
	kill -KILL "$TOOL_RUNS" 2>/dev/null
	wait "$TOOL_RUNS" 2>/dev/null || true
	TOOL_RUNS=
}

# ask COMMAND...: sets $answer.
ask() {
	echo "$*" >&"$TOOL_IN"
	read -rt 30 answer <&"$TOOL_OUT" || {
		echo "# no answer to '$*'" >&2
		cat "$SCRATCH/tool.log" >&2
		return 1
	}
}

expect_ok() {
	ask "$@"
	[[ $answer == ok* ]] || { echo "# '$*': $answer" >&2; return 1; }
}

expect_error() {
	local text=$1
	shift
	ask "$@"
	[[ $answer == error*"$text"* ]] || { echo "# '$*': $answer" >&2; return 1; }
}

# container NAME [PUBLISH...]: sets pid_NAME, address_NAME, address6_NAME, ports_NAME.
container() {
	local name=$1 pid address address6 ports
	expect_ok run "$@"
	read -r _ pid address address6 ports <<<"$answer"
	HOLDERS+=("$pid")
	printf -v "pid_$name" %s "$pid"
	printf -v "address_$name" %s "$address"
	printf -v "address6_$name" %s "$address6"
	printf -v "ports_$name" %s "$ports"
}

# ---- talking ----

listens() { "${@:3}" ss -Hln"$1" "sport = :$2" | grep -q .; }

# serve_tcp PORT PREFIX COMMAND...: answers with the client's address; serve_udp likewise.
serve_tcp() {
	local port=$1
	shift
	"$@" socat "TCP6-LISTEN:$port,ipv6only=0,fork,reuseaddr" 'SYSTEM:echo $SOCAT_PEERADDR' \
		>/dev/null 2>&1 3>&- &
	CHILDREN+=($!)
	wait_until 10 listens t "$port" "$@"
}

serve_udp() {
	local port=$1
	shift
	"$@" "$WHERRY_BUILD/tests/network_ask" serve "$port" 3>&- &
	CHILDREN+=($!)
	wait_until 10 listens u "$port" "$@"
}

# The client's address as the server saw it, in plain form; nothing when it was not reached.
plain() { sed 's/^\[0000:0000:0000:0000:0000:ffff:\(..\)\(..\):\(..\)\(..\)\]$/\1 \2 \3 \4/' |
	while read -r a b c d; do
		if [ -n "$d" ]; then printf '%d.%d.%d.%d\n' "0x$a" "0x$b" "0x$c" "0x$d"; else echo "$a"; fi
	done; }

# ask_tcp ADDRESS PORT PREFIX COMMAND...
ask_tcp() {
	local address=$1 port=$2
	shift 2
	"$@" socat -T"${PATIENCE:-5}" -t"${PATIENCE:-5}" - "TCP:$address:$port,connect-timeout=${PATIENCE:-5}" </dev/null 2>/dev/null 3>&- | plain
}

# ask_udp ADDRESS PORT [SOURCE-PORT] -- PREFIX COMMAND...
ask_udp() {
	local address=$1 port=$2 source=
	shift 2
	[ "$1" = -- ] || { source=$1; shift; }
	shift
	"$@" "$WHERRY_BUILD/tests/network_ask" "$address" "$port" "${PATIENCE:-5}" $source 2>/dev/null
}

# sees EXPECTED COMMAND...: what the server saw.
sees() {
	local expected=$1 seen
	shift
	seen=$("$@") || true
	[ "$seen" = "$expected" ] || { echo "# '$*': seen '$seen', expected '$expected'" >&2; return 1; }
}

closed() { PATIENCE=1 sees '' "$@"; }

rules() { in_host nft list table inet "$TABLE"; }
elements() { rules | grep -c " : .*10\.99\." || true; }
