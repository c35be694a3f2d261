#!/usr/bin/env bats
# `wherry ports`: who reaches what is published, and which rule of the host decides.

load daemon

setup() {
	needs_root
	wherry run -d --name web -p 127.0.0.1:0:80 -p 0.0.0.0:18099:81/udp busybox:latest sleep 1000 >/dev/null
}

teardown() {
	nft delete table inet "host-$BRIDGE" 2>/dev/null || true
	nft delete table ip "host-$BRIDGE" 2>/dev/null || true
	remove_all_containers
}

@test "without rules of the host everybody reaches a port, and nobody but the host one of its loopback" {
	run wherry ports
	[ "$status" = 0 ]
	[[ $output == "CONTAINER "*"PUBLISHED "*"PORT "*"REACHED BY "*"DECIDED BY"* ]]
	[[ $(grep 127.0.0.1 <<<"$output") =~ ^web\ .*127\.0\.0\.1:[0-9]+\ .*80/tcp\ .*this\ host\ .*-$ ]]
	[[ $(grep 18099 <<<"$output") =~ ^web\ .*0\.0\.0\.0:18099\ .*81/udp\ .*anybody ]]
}

@test "the rule that decides is named, and who it is about" {
	nft -f - <<-END
		table inet host-$BRIDGE {
			chain input {
				type filter hook input priority filter; policy accept;
				ip saddr 198.51.100.0/24 udp dport 18099 accept
				udp dport 18099 drop
			}
		}
	END
	run wherry ports web
	[[ $(grep 18099 <<<"$output") == *"198.51.100.0/24 "*"udp port 18099 from 198.51.100.0/24 accept (table inet host-$BRIDGE, chain input)"* ]]
	run wherry ports --rules web
	[[ $output == *"open to "*"198.51.100.0/24"*"closed to "*"anybody"* ]]
	[ "$(api GET "/wherry/ports?container=web" | jq -r '[.FirewallRespected, (.Ports[] | select(.HostPort == 18099).Reach)] | @csv')" = 'true,"some"' ]
	nft flush chain inet "host-$BRIDGE" input
	nft add rule inet "host-$BRIDGE" input udp dport 18099 drop
	run wherry ports web
	[[ $(grep 18099 <<<"$output") == *"this host "*"udp port 18099 drop"* ]]
}

forward_warnings() { api GET /info | jq -r '.Warnings[]?' | grep -c "table 'ip host-$BRIDGE'" || true; }

@test "who drops what is forwarded to the container decides, too" {
	nft -f - <<-END
		table inet host-$BRIDGE {
			chain input {
				type filter hook input priority filter; policy drop
				udp dport 18099 accept
			}
			chain forward {
				type filter hook forward priority filter; policy drop
				ct state established accept
				udp dport 18099 accept # of the host's port, which the packet has no more
			}
		}
	END
	run wherry ports web
	[[ $(grep 18099 <<<"$output") == *"this host "*"policy drop (table inet host-$BRIDGE, chain forward)"* ]]
	nft add rule inet "host-$BRIDGE" forward ip saddr 198.51.100.0/24 oifname "$BRIDGE" udp dport 81 accept
	run wherry ports web
	[[ $(grep 18099 <<<"$output") == *"198.51.100.0/24 "*"udp port 81 from 198.51.100.0/24 leaving by $BRIDGE accept"*"chain forward"* ]]
	nft add rule inet "host-$BRIDGE" forward ct status dnat accept
	nft insert rule inet "host-$BRIDGE" forward ct status dnat accept
	run wherry ports web
	[[ $(grep 18099 <<<"$output") == *"anybody "* ]]
	nft add rule inet "host-$BRIDGE" forward oifname "$BRIDGE" drop
	nft flush chain inet "host-$BRIDGE" input # which closes all, whatever the other chain says
	run wherry ports web
	[[ $(grep 18099 <<<"$output") == *"this host "*"chain input"* ]]
}

@test "who drops what is forwarded is named in info as long as that lasts" {
	[ "$(forward_warnings)" = 0 ]
	nft -f - <<-END
		table ip host-$BRIDGE {
			chain user {
			}
			chain FORWARD {
				type filter hook forward priority filter; policy drop;
				jump user
			}
		}
	END
	wait_until 10 eval '[ "$(forward_warnings)" = 1 ]'
	nft add chain ip "host-$BRIDGE" other # none of our business, and no reason to forget it
	nft add rule ip "host-$BRIDGE" other accept
	SLOWNESS=1 run wait_until 3 eval '[ "$(forward_warnings)" = 0 ]'
	[ "$status" != 0 ]
	nft add rule ip "host-$BRIDGE" user iifname "$BRIDGE" accept
	nft add rule ip "host-$BRIDGE" user oifname "$BRIDGE" accept
	wait_until 10 eval '[ "$(forward_warnings)" = 0 ]'
	nft flush chain ip "host-$BRIDGE" user
	wait_until 10 eval '[ "$(forward_warnings)" = 1 ]'
	nft delete table ip "host-$BRIDGE"
	wait_until 10 eval '[ "$(forward_warnings)" = 0 ]'
}

@test "a container that is not there is told" {
	run wherry ports nobody
	[ "$status" != 0 ]
	[[ $output == *"No such container: nobody"* ]]
}
