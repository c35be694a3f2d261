#!/usr/bin/env bats
# Published ports and the host's own firewall: what it drops of what comes in stays dropped, though
# published ports are led past it.  Each test first shows the port open, so that what closes it is the rule.

load world

begin() {
	tool_begin "$@"
	expect_ok start
	container web 8080:80 8081:80
	serve_tcp 80 in_namespace "$pid_web"
	sees 192.0.2.2 ask_tcp 192.0.2.1 8080 in_lan
}

open_now() { [ "$(PATIENCE=1 ask_tcp 192.0.2.1 "$1" in_lan)" = 192.0.2.2 ]; }
closed_now() { [ -z "$(PATIENCE=1 ask_tcp 192.0.2.1 "$1" in_lan)" ]; }

@test "an nft rule that drops a port closes it when it is made, and its removal opens it" {
	begin
	in_host nft -f - <<-'END'
		table inet filter {
			chain input {
				type filter hook input priority filter; policy accept;
				tcp dport 8080 drop
			}
		}
	END
	wait_until 10 closed_now 8080
	sees 192.0.2.2 ask_tcp 192.0.2.1 8081 in_lan
	in_host nft flush chain inet filter input
	wait_until 10 open_now 8080
}

@test "a policy that drops closes what no rule accepts; the host itself and containers still get in" {
	begin
	container client
	in_host nft -f - <<-'END'
		table inet filter {
			set trusted { type ipv4_addr; flags interval; elements = { 198.51.100.0/24 } }
			chain web { tcp dport { 80, 8081 } accept; }
			chain input {
				type filter hook input priority filter; policy drop;
				iif lo accept
				ct state vmap { established : accept, related : accept, invalid : drop }
				ip saddr @trusted accept
				jump web
			}
		}
	END
	wait_until 10 closed_now 8080
	sees 192.0.2.2 ask_tcp 192.0.2.1 8081 in_lan
	sees 10.99.0.1 ask_tcp 127.0.0.1 8080 in_host
	sees "$address_client" ask_tcp "$address_web" 80 in_namespace "$pid_client"
	in_host nft add element inet filter trusted { 192.0.2.0/24 }
	wait_until 10 open_now 8080
}

@test "rules of iptables are kept, of both kinds, also those that were there before us" {
	in_host iptables-legacy -w -A INPUT -p tcp -m multiport --dports 8080,9000:9010 -j REJECT
	in_host iptables -w -A INPUT -s 192.0.2.0/24 -i lan+ -p tcp -m tcp --dport 8081 -m comment --comment 'no "way"' -j DROP
	tool_begin
	expect_ok start
	container web 8080:80 8081:80 8082:80
	serve_tcp 80 in_namespace "$pid_web"
	sees 192.0.2.2 ask_tcp 192.0.2.1 8082 in_lan
	closed ask_tcp 192.0.2.1 8080 in_lan
	closed ask_tcp 192.0.2.1 8081 in_lan
	in_host iptables -w -F INPUT
	wait_until 10 open_now 8081
	in_host iptables-legacy -w -F INPUT
	expect_ok repair # the older kind tells nobody
	sees 192.0.2.2 ask_tcp 192.0.2.1 8080 in_lan
}

@test "connections that are there live on when the port is closed" {
	begin
	in_namespace "$pid_web" socat TCP-LISTEN:90,fork,reuseaddr EXEC:cat 3>&- &
	CHILDREN+=($!)
	container other 8090:90
	in_namespace "$pid_other" socat TCP-LISTEN:90,fork,reuseaddr EXEC:cat 3>&- &
	CHILDREN+=($!)
	wait_until 10 listens t 90 in_namespace "$pid_other"
	coproc TALK { exec ip netns exec "$LAN" socat - TCP:192.0.2.1:8090 3>&-; }
	echo one >&"${TALK[1]}"
	read -rt 10 answer <&"${TALK[0]}"
	[ "$answer" = one ]
	in_host nft -f - <<<'table inet filter { chain input { type filter hook input priority filter; policy drop; ct state established accept; }; }'
	wait_until 10 closed_now 8080
	echo two >&"${TALK[1]}"
	read -rt 10 answer <&"${TALK[0]}"
	[ "$answer" = two ]
	kill "$TALK_PID"
}

@test "with the setting published ports are open whatever the host says" {
	begin past_firewall=1
	in_host nft -f - <<<'table inet filter { chain input { type filter hook input priority filter; policy drop; }; }'
	container late 8099:80
	serve_tcp 80 in_namespace "$pid_late"
	expect_ok repair
	sees 192.0.2.2 ask_tcp 192.0.2.1 8099 in_lan
	sees 192.0.2.2 ask_tcp 192.0.2.1 8080 in_lan
}

# ---- what forwards ----

# reaches_lan: the container `web` reaches the neighbour, who sees the host.
reaches_lan() { [ "$(PATIENCE=1 ask_tcp 192.0.2.2 7000 in_namespace "$pid_web")" = 192.0.2.1 ]; }
reaches_nobody() { [ -z "$(PATIENCE=1 ask_tcp 192.0.2.2 7000 in_namespace "$pid_web")" ]; }
ours_in_nft() { in_host nft list chain inet filter forward | grep -c "$TABLE lets-containers-pass" || true; }
has_ours_in_nft() { [ "$(ours_in_nft)" = "$1" ]; }

# passes: out, in, and nothing that was not published.
passes() {
	wait_until 10 reaches_lan
	sees 192.0.2.2 ask_tcp 192.0.2.1 8080 in_lan
	closed ask_tcp "$address_web" 80 in_lan
}

# again [SETTING]: the next daemon.
again() {
	tool_end
	tool_begin "$@"
	expect_ok start
}

@test "with the setting containers pass a forward chain that drops; nothing else does, and it is kept up" {
	begin past_firewall=1
	serve_tcp 7000 in_lan
	in_host nft -f - <<-'END'
		table inet filter {
			chain forward {
				type filter hook forward priority filter; policy drop;
				iifname "lan9" accept
			}
		}
	END
	passes
	[ "$(ours_in_nft)" = 2 ]
	expect_ok repair
	expect_ok repair
	[ "$(ours_in_nft)" = 2 ]
	# Somebody reloads, and puts something before us.
	in_host nft flush chain inet filter forward
	in_host nft insert rule inet filter forward iifname lan0 drop
	passes
	[ "$(ours_in_nft)" = 2 ]
	again past_firewall=1
	[ "$(ours_in_nft)" = 2 ]
	# Asked no more: it is as if we had never been there.
	again
	wait_until 10 has_ours_in_nft 0
	reaches_nobody
	[[ $(in_host nft list chain inet filter forward) == *'iifname "lan0" drop'* ]]
}

@test "also those of iptables, of both kinds, which its own programs still read" {
	local kind
	begin past_firewall=1
	serve_tcp 7000 in_lan
	in_host iptables-nft -P FORWARD DROP
	in_host iptables-nft -A FORWARD -i lan9 -j ACCEPT
	passes
	in_host iptables-legacy -w -P FORWARD DROP # the lock is that of all network namespaces
	in_host iptables-legacy -w -A FORWARD -i lan0 -j DROP
	reaches_nobody
	expect_ok repair # the older kind tells nobody
	passes
	expect_ok repair
	for kind in nft legacy; do
		[ "$(in_host "iptables-$kind" -w -S FORWARD | grep -c lets-containers-pass)" = 1 ]
		[ "$(in_host "iptables-$kind" -w -S "$TABLE" | grep -c ACCEPT)" = 2 ]
		in_host "iptables-$kind" -w -F FORWARD
	done
	expect_ok repair
	passes
	again
	for kind in nft legacy; do
		refuted in_host "iptables-$kind" -w -S "$TABLE" 2>/dev/null
		refuted grep -q lets-containers <(in_host "iptables-$kind" -w -S FORWARD)
	done
	reaches_nobody
}

@test "without the setting nothing is written into the tables of others" {
	begin
	serve_tcp 7000 in_lan
	in_host nft -f - <<<'table inet filter { chain forward { type filter hook forward priority filter; policy drop; }; }'
	in_host iptables-nft -P FORWARD DROP
	expect_ok repair
	reaches_nobody
	closed ask_tcp 192.0.2.1 8080 in_lan
	[ "$(ours_in_nft)" = 0 ]
	[ "$(in_host iptables-nft -S FORWARD)" = "-P FORWARD DROP" ]
}
