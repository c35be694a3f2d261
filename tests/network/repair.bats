#!/usr/bin/env bats
# What others do to us, and what we do about it.

load world

@test "a flushed ruleset is noticed and made again" {
	tool_begin
	expect_ok start
	container web 8080:80
	serve_tcp 80 in_namespace "$pid_web"
	in_host nft flush ruleset
	wait_until 10 sees 192.0.2.2 ask_tcp 192.0.2.1 8080 in_lan
	closed ask_tcp "$address_web" 80 in_lan
	in_host nft flush chain inet "$TABLE" into
	wait_until 10 eval 'rules | grep -q "ct status dnat accept"'
	in_host nft flush table inet "$TABLE"
	wait_until 10 eval 'rules | grep -q "ct status dnat accept"'
	[ "$(elements)" = 1 ]
}

@test "a port published right after the loss is there in the end" {
	tool_begin
	expect_ok start
	in_host nft delete table inet "$TABLE"
	container web 8080:80
	serve_tcp 80 in_namespace "$pid_web"
	sees 192.0.2.2 ask_tcp 192.0.2.1 8080 in_lan
}

@test "tables of others are not touched, nor noticed" {
	in_host nft add table inet other
	in_host nft add chain inet other c
	tool_begin
	expect_ok start
	before=$(rules)
	in_host nft add rule inet other c accept
	in_host nft flush table inet other
	in_host nft delete table inet other
	expect_ok count
	[ "$(rules)" = "$before" ]
	refuted grep -q removed "$SCRATCH/tool.log"
}

@test "connections live through the making of the table" {
	tool_begin
	expect_ok start
	container web 8080:80
	in_namespace "$pid_web" socat TCP-LISTEN:80,fork PIPE 3>&- &
	CHILDREN+=($!)
	wait_until 10 listens t 80 in_namespace "$pid_web"
	coproc TALK { exec ip netns exec "$LAN" socat - TCP:192.0.2.1:8080 3>&-; }
	echo one >&"${TALK[1]}"
	read -rt 10 line <&"${TALK[0]}"
	[ "$line" = one ]
	for _ in 1 2 3; do expect_ok repair; done
	echo two >&"${TALK[1]}"
	read -rt 10 line <&"${TALK[0]}"
	[ "$line" = two ]
	kill "$TALK_PID"
}

@test "a bridge that was removed comes back" {
	tool_begin
	expect_ok start
	ip -n "$HOST" link delete "$BRIDGE"
	expect_error "bridge '$BRIDGE' is gone" run web 8080:80
	expect_ok repair
	container web 8080:80
	serve_tcp 80 in_namespace "$pid_web"
	sees 192.0.2.2 ask_tcp 192.0.2.1 8080 in_lan
}

@test "a daemon that was killed takes its addresses and ports back" {
	tool_begin
	expect_ok start
	container one 8080:80
	container two 127.0.0.1:8081:80
	serve_tcp 80 in_namespace "$pid_one"
	tool_end
	sees 192.0.2.2 ask_tcp 192.0.2.1 8080 in_lan
	tool_begin
	expect_ok start
	expect_ok count
	[ "$answer" = "ok 2" ]
	sees 192.0.2.2 ask_tcp 192.0.2.1 8080 in_lan
	expect_error "Bind for 0.0.0.0:8080 failed" run three 8080:80
	container three
	[ "$address_three" = 10.99.0.4 ]
	[ "$(elements)" = 2 ]
	expect_ok stop one
	closed ask_tcp 192.0.2.1 8080 in_lan
	container four
	[ "$address_four" = 10.99.0.2 ]
}

# heard NAME: what the firewall does is heard, up to now.
heard() {
	in_host nft "add table inet $1; delete table inet $1"
	grep -q "delete table inet $1\$" "$SCRATCH/changes"
}

# changes COMMAND...: sets $changes to what the firewall's tables see while it runs.
changes() {
	in_host nft monitor >"$SCRATCH/changes" 2>/dev/null 3>&- &
	local monitor=$!
	CHILDREN+=("$monitor")
	wait_until 10 heard before
	"$@"
	wait_until 10 heard after
	end_child "$monitor"
	changes=$(grep -v -e 'table inet \(before\|after\)$' -e '^# new generation' "$SCRATCH/changes") || true
}

start_again() {
	tool_end
	tool_begin "$@"
	expect_ok start
}

@test "a daemon that comes back and finds all as it left it touches nothing" {
	tool_begin
	expect_ok start
	container one 8080:80 127.0.0.1:8081:80/udp
	expect_ok stop one
	container two 8080:80 8443:443
	changes start_again
	[ "$changes" = "" ]
	changes expect_ok repair
	[ "$changes" = "" ]
	[ "$(elements)" = 2 ]
}

# A packet that met a table between two of its kind would miss both.
@test "other rules come into chains that stay, and what is published is not touched" {
	tool_begin
	expect_ok start
	container web 8080:80
	serve_tcp 80 in_namespace "$pid_web"
	changes start_again icc=false
	[[ $changes == *"@linked accept"* ]]
	refuted grep -E ' (table|element|map) | set inet [^ ]+ [^_]' <<<"$changes"
	refuted grep -E 'delete chain inet [^ ]+ (raw|publish|prerouting|output|postrouting|router|host|into|forward)( |$)' <<<"$changes"
	refuted grep -E ' rule inet [^ ]+ (raw|publish) ' <<<"$changes"
	sees 192.0.2.2 ask_tcp 192.0.2.1 8080 in_lan
	changes start_again icc=false
	[ "$changes" = "" ]
	changes start_again
	[[ $changes == *"delete rule inet $TABLE into "* ]]
	refuted grep -q "@linked accept" <(rules)
	sees 192.0.2.2 ask_tcp 192.0.2.1 8080 in_lan
}

@test "a copy of the host's rules comes and goes without the table" {
	tool_begin
	expect_ok start
	container web 8080:80
	host_begins() {
		in_host nft "table inet filter { chain early { tcp dport 8080 accept; }; chain input { type filter hook input priority filter; policy drop; ct state established accept; tcp dport { 22, 23 } accept; jump early; }; }"
		wait_until 10 eval 'rules | grep -q "goto host0"'
	}
	host_ends() {
		in_host nft delete table inet filter
		wait_until 10 eval '! rules | grep -q "chain host0"'
	}
	changes host_begins
	[[ $changes == *"add chain inet $TABLE host0"* ]]
	refuted grep -E "table inet $TABLE|(raw|publish) |element inet $TABLE" <<<"$changes"
	changes host_ends
	[[ $changes == *"delete chain inet $TABLE host0"* ]]
	refuted grep -E "table inet $TABLE|(raw|publish) |element inet $TABLE" <<<"$changes"
}

@test "what others did to the table while no daemon was there is undone" {
	tool_begin
	expect_ok start
	container web 8080:80 8443:443
	serve_tcp 80 in_namespace "$pid_web"
	local as_it_was change
	as_it_was=$(rules)
	is_as_it_was() { [ "$(rules)" = "$as_it_was" ]; } # the seal comes last, a moment later
	first() { in_host nft -a list chain inet "$TABLE" "$1" | awk '/# handle/ && !/chain/ {print $NF; exit}'; }
	for change in "delete rule inet $TABLE into handle $(first into)" \
		"replace rule inet $TABLE into handle @into ct state established counter accept" \
		"rename chain inet $TABLE forward onward" \
		"rename chain inet $TABLE prerouting before" \
		"rename chain inet $TABLE publish open" \
		"add rule inet $TABLE router accept" \
		"insert rule inet $TABLE publish accept" \
		"delete rule inet $TABLE raw handle $(first raw)" \
		"add chain inet $TABLE forward { type filter hook forward priority filter; policy drop; }" \
		"add chain inet $TABLE own { type filter hook forward priority filter; policy drop; }" \
		"add set inet $TABLE own { type ipv4_addr; }" \
		"delete set inet $TABLE linked; add set inet $TABLE linked { type ipv4_addr . ipv4_addr . inet_proto . inet_service; flags timeout; }" \
		"delete element inet $TABLE any4 { tcp . 8080 }" \
		"flush chain inet $TABLE output"; do
		tool_end
		in_host nft "${change/@into/$(first into)}"
		[ "$(rules)" != "$as_it_was" ]
		tool_begin
		expect_ok start
		wait_until 10 is_as_it_was || diff <(echo "$as_it_was") <(rules) >&2
	done
	in_host nft "replace rule inet $TABLE into handle $(first into) ct state established counter accept"
	wait_until 10 is_as_it_was # while it lives
	sees 192.0.2.2 ask_tcp 192.0.2.1 8080 in_lan
}

@test "how much somebody lets a map hold is undone" {
	tool_begin
	expect_ok start
	container web 8080:80
	as_it_was=$(rules)
	tool_end
	in_host nft "add map inet $TABLE any4 { type inet_proto . inet_service : ipv4_addr . inet_service; size 1; }"
	[ "$(rules)" != "$as_it_was" ] || skip "the kernel does not take it"
	tool_begin
	expect_ok start
	is_as_it_was() { [ "$(rules)" = "$as_it_was" ]; }
	wait_until 10 is_as_it_was
	container other 8081:80
	[ "$(elements)" = 2 ]
}

@test "what the daemon did not live to unpublish is gone after its restart" {
	tool_begin
	expect_ok start
	in_host nft "add element inet $TABLE any4 { tcp . 9999 : 10.99.0.77 . 80 }"
	[ "$(elements)" = 1 ]
	tool_end
	tool_begin
	expect_ok start
	[ "$(elements)" = 0 ]
}

@test "an element that somebody left is taken over" {
	tool_begin
	expect_ok start
	in_host nft "add element inet $TABLE any4 { tcp . 8080 : 10.99.0.77 . 80 }"
	container web 8080:80 8081:80
	serve_tcp 80 in_namespace "$pid_web"
	sees 192.0.2.2 ask_tcp 192.0.2.1 8080 in_lan
	sees 192.0.2.2 ask_tcp 192.0.2.1 8081 in_lan
	in_host nft "delete element inet $TABLE any4 { tcp . 8080 }"
	expect_ok stop web
	[ "$(elements)" = 0 ]
}

@test "rulesets of others that would drop our traffic are named" {
	in_host nft add table inet fence
	in_host nft "add chain inet fence gate { type filter hook forward priority 0; policy drop; }"
	in_host nft "add chain inet fence door { type filter hook input priority 0; policy accept; }"
	in_host nft add rule inet fence door tcp dport 22 accept
	in_host nft add rule inet fence door counter reject
	tool_begin
	expect_ok start
	ask warnings
	[[ $answer == *"the firewall chain 'gate' in table 'inet fence' drops what none of its rules accepts (policy drop): containers may not be reached"*"'$BRIDGE'"* ]]
	[[ $answer == *"the firewall chain 'door' in table 'inet fence' ends in a rule that drops or rejects everything: ports published on [::]"* ]]
	in_host nft add rule inet fence gate oifname "$BRIDGE" accept
	in_host nft add rule inet fence gate iifname "$BRIDGE" accept
	in_host nft flush chain inet fence door
	expect_ok repair
	ask warnings
	[ "$answer" = ok ]
}

@test "a policy of iptables-legacy is named" {
	command -v iptables-legacy >/dev/null || skip "no iptables-legacy"
	in_host iptables-legacy -w -P FORWARD DROP 2>/dev/null || skip "no iptables-legacy in the kernel"
	tool_begin
	expect_ok start
	ask warnings
	[[ $answer == *"the chain 'FORWARD' of iptables-legacy drops what none of its rules accepts"* ]]
}

@test "two daemons on one host do not disturb each other" {
	tool_begin
	expect_ok start
	container web 8080:80
	serve_tcp 80 in_namespace "$pid_web"
	first_in=$TOOL_IN first_out=$TOOL_OUT first=$TOOL_RUNS
	CHILDREN+=("$first")
	mkdir "$SCRATCH/second"
	coproc SECOND {
		exec ip netns exec "$HOST" "$WHERRY_BUILD/tests/network_tool" "$SCRATCH/second" \
			"$WHERRY_BUILD/wherry-network" "bridge=wx${SCRATCH##*.}" bip=10.99.1.1/24 2>>"$SCRATCH/tool.log" 3>&-
	} 2>/dev/null
	TOOL_IN=${SECOND[1]} TOOL_OUT=${SECOND[0]} TOOL_RUNS=$SECOND_PID
	expect_ok start
	container other 9090:80
	serve_tcp 80 in_namespace "$pid_other"
	sees 192.0.2.2 ask_tcp 192.0.2.1 8080 in_lan
	sees 192.0.2.2 ask_tcp 192.0.2.1 9090 in_lan
	expect_error "address already in use" run third 8080:80
	closed ask_tcp "$address_other" 80 in_namespace "$pid_web"
	sees_own_way ask_tcp 192.0.2.1 9090 in_namespace "$pid_web"
}

# Between two daemons' bridges: each masquerades what leaves its own.
sees_own_way() { [ "$("$@")" = 10.99.1.1 ]; }

@test "what the kernel lacks is named" {
	cat >"$SCRATCH/nft" <<-'END'
		#!/bin/sh
		text=$(cat)
		case $text in *masquerade*) echo "Error: Could not process rule: No such file or directory" >&2; exit 1 ;; esac
	END
	chmod +x "$SCRATCH/nft"
	tool_begin nft="$SCRATCH/nft"
	expect_error "cannot load the firewall: the kernel has no masquerading (CONFIG_NFT_MASQ)" start
	expect_error "the kernel has no masquerading" run web 8080:80
	container quiet
}

@test "a missing nft is named" {
	tool_begin nft="$SCRATCH/no-nft"
	expect_error "cannot load the firewall: the program '$SCRATCH/no-nft' is not installed" start
}

@test "a device that is no bridge is refused" {
	tool_begin bridge=lan0
	expect_error "bridge 'lan0': the device 'lan0' is no bridge" start
}

@test "the bridge's address follows the setting" {
	tool_begin
	expect_ok start
	tool_end
	tool_begin bip=10.99.7.1/24
	expect_ok start
	run ip -n "$HOST" -4 -o address show dev "$BRIDGE"
	[[ $output == *"10.99.7.1/24"* && $output != *"10.99.0.1"* ]]
	container web
	[ "$address_web" = 10.99.7.2 ]
}

@test "an existing bridge is used with the address it has" {
	ip -n "$HOST" link add mine type bridge
	ip -n "$HOST" address add 10.99.3.254/24 dev mine
	ip -n "$HOST" link set mine up
	coproc TOOL {
		exec ip netns exec "$HOST" "$WHERRY_BUILD/tests/network_tool" "$SCRATCH/store" \
			"$WHERRY_BUILD/wherry-network" bridge=mine 2>>"$SCRATCH/tool.log" 3>&-
	}
	TOOL_IN=${TOOL[1]} TOOL_OUT=${TOOL[0]} TOOL_RUNS=$TOOL_PID
	expect_ok start
	container web
	[ "$address_web" = 10.99.3.1 ]
	run in_namespace "$pid_web" ip route
	[[ $output == *"default via 10.99.3.254 dev eth0"* ]]
}
