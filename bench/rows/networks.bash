# Networks of users: one made, joined by a running container, left and removed; and many containers on one.

all+=(network_connect network_300)

# dockerd does without rules here (--iptables=false), and so with less to do.
network_connect_theirs() { # FILE-OF-OURS
	local id c=$SCRATCH/c
	[ -n "$peer_pid" ] || return 0
	peer_api POST /networks/create '{"Name":"bench-home"}' >"$SCRATCH/answer"
	id=$(peer_api POST /containers/create '{"Image":"busybox","Cmd":["sleep","1000"],"HostConfig":{"NetworkMode":"bench-home"}}' | jq -r .Id)
	peer_api POST "/containers/$id/start"
	: >"$c"
	for _ in $(seq "$rounds"); do theirs connect 20 "$id" >>"$c" || true; done
	row "network made, joined, left, removed" "$(field best <"$1" | smallest) ms" \
		"dockerd $(field best <"$c" | smallest) ms" "$(ratio "$(field best <"$1" | smallest)" "$(field best <"$c" | smallest)")"
	peer_remove_all_containers
	peer_api DELETE /networks/bench-home >"$SCRATCH/answer"
}

row_network_connect() {
	local a=$SCRATCH/a b=$SCRATCH/b id
	id=$(api POST /containers/create '{"Image":"busybox","Cmd":["sleep","1000"]}' | jq -r .Id)
	api POST "/containers/$id/start"
	kernel_connect() { "$build/bench/network" connect 20 | awk '{ printf "best %.3f\n", $3 / 1000 }'; }
	in_turn "$a" "$b" ours connect 20 "$id" -- kernel_connect
	row "network made, joined, left, removed" "$(field best <"$a" | smallest) ms" \
		"kernel $(field best <"$b" | smallest) ms" "$(ratio "$(field best <"$a" | smallest)" "$(field best <"$b" | smallest)")"
	network_connect_theirs "$a"
	row "its CPU of daemon and children" "$(field cpu <"$a" | smallest) ms" "-" "-"
	remove_all_containers
}

# A daemon with its shims; containerd's leave their parent, and are found by the folder they work for.
pss_of_ours() { pss_of "$(daemon_pid)" $(pgrep -P "$(daemon_pid)"); }
pss_of_peer() { pss_of "$peer_pid" $(pgrep -P "$peer_pid") $(pgrep -f "containerd-shim.*$SCRATCH/peer"); }

network_300_theirs() { # OURS-MS OURS-KB
	local before after time
	[ -n "$peer_pid" ] || return 0
	peer_api POST /networks/create '{"Name":"bench-300","IPAM":{"Config":[{"Subnet":"10.242.0.0/20"}]}}' >"$SCRATCH/answer"
	before=$(pss_of_peer)
	time=$(theirs parallel 300 8 bench-300 | field best)
	after=$(pss_of_peer)
	peer_remove_all_containers
	peer_api DELETE /networks/bench-300 >"$SCRATCH/answer"
	row "start 300 on one network of a user, 8 at a time" "$1 ms" "dockerd $time ms" "$(ratio "$1" "$time")"
	row "memory for each of them: daemon and shims (PSS)" "$2 kB" "dockerd $(((after - before) / 300)) kB" \
		"$(ratio "$2" "$(((after - before) / 300))")"
}

# Start time against the same on the default network, and what the daemon and its shims have grown by for each.
row_network_300() {
	local before after named plain
	api POST /networks/create '{"Name":"bench-300","IPAM":{"Config":[{"Subnet":"10.241.0.0/20"}]}}' >"$SCRATCH/answer"
	before=$(pss_of_ours)
	named=$(ours parallel 300 8 bench-300)
	after=$(pss_of_ours)
	remove_all_containers
	api DELETE /networks/bench-300 >"$SCRATCH/answer"
	plain=$(ours parallel 250 8 bridge)
	remove_all_containers
	row "start 300 on one network of a user, 8 at a time" "$(field best <<<"$named") ms" \
		"default network (250, to scale) $(awk -v t="$(field best <<<"$plain")" 'BEGIN { printf "%.0f", t * 300 / 250 }') ms" \
		"$(awk -v a="$(field best <<<"$named")" -v b="$(field best <<<"$plain")" 'BEGIN { printf "%.2f", a / (b * 300 / 250) }')"
	network_300_theirs "$(field best <<<"$named")" "$(((after - before) / 300))"
}
