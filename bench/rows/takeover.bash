# One container in the place of another on the same port: handed over while both run, and stopped and started.
all+=(takeover)

# replaced NAME HOLD: creates it, on the port that all of them have.
replaced() {
	api POST "/containers/create?name=$1" "{\"Image\":\"busybox\",\"Cmd\":[\"traffic\",\"accept\",\"80\"],\"Wherry\":{\"Hold\":$2},
		\"HostConfig\":{\"PortBindings\":{\"80/tcp\":[{\"HostIp\":\"127.0.0.1\",\"HostPort\":\"18999\"}]}}}" >/dev/null
	expect_status 201
}

# Both run; the port changes sides.
hand_over() {
	curl -sf --unix-socket "$SOCKET" -H 'Content-Type: application/json' -d "{\"New\":\"$new\",\"Old\":\"$old\"}" \
		http://x/wherry/v1/takeover -o "$SCRATCH/answer"
}

hand_over_once() {
	wall_ms hand_over
	read -r new old <<<"$old $new"
}

# From the first that is stopped until the second is reached.
stop_and_start() {
	api POST "/containers/$running/stop?t=0" >/dev/null
	api POST "/containers/$next/start" >/dev/null
	until "$build/bench/traffic" connect 127.0.0.1 18999 1 >/dev/null 2>&1; do :; done
}

stop_and_start_once() {
	wall_ms stop_and_start
	read -r running next <<<"$next $running"
}

row_takeover() {
	local a=$SCRATCH/a b=$SCRATCH/b new=second old=first running=first next=second
	replaced first false
	replaced second true
	api POST /containers/first/start
	api POST /containers/second/start
	: >"$a"
	for _ in $(seq $((2 * rounds))); do hand_over_once >>"$a"; done
	remove_all_containers
	replaced first false
	replaced second false
	api POST /containers/first/start
	: >"$b"
	for _ in $(seq $((2 * rounds))); do stop_and_start_once >>"$b"; done
	row "a published port handed over from one container to another, answered" "$(field best <"$a" | smallest) ms" \
		"stopped, the next started $(field best <"$b" | smallest) ms" \
		"$(ratio "$(field best <"$a" | smallest)" "$(field best <"$b" | smallest)")"
	remove_all_containers
}
