# Names of containers on a network of a user, asked for inside one of them.

all+=(names names_memory)

# private_kb PID: what is its alone.
private_kb() { awk '/^Private_/ {sum += $2} END {print sum}' "/proc/$1/smaps_rollup"; }
shim_of() { awk '{print $4}' "/proc/$1/stat"; }
names_pid() { api GET "/containers/$1/json" | jq -r .State.Pid; }

names_theirs() { # OURS
	local id pid answers
	[ -n "$peer_pid" ] || return 0
	peer_api POST /networks/create '{"Name":"bench-names"}' >"$SCRATCH/answer"
	id=$(peer_api POST '/containers/create?name=bench-web' \
		'{"Image":"busybox","Cmd":["sleep","1000"],"HostConfig":{"NetworkMode":"bench-names"}}' | jq -r .Id)
	peer_api POST "/containers/$id/start"
	pid=$(peer_api GET "/containers/$id/json" | jq -r .State.Pid)
	answers=$("$build/bench/names" "$pid" 3 bench-web | field answers) || answers=
	row "DNS answers a second" "$1" "dockerd: ${answers:-none}" "$(ratio "$1" "${answers:-0}")"
	peer_remove_all_containers
	peer_api DELETE /networks/bench-names >"$SCRATCH/answer"
}

row_names() {
	local pid result plain named
	api POST /networks/create '{"Name":"bench-names"}' >/dev/null
	wherry run -d --name bench-web --network bench-names busybox:latest sleep 1000000 >/dev/null
	wherry run -d --name bench-plain busybox:latest sleep 1000000 >/dev/null
	pid=$(names_pid bench-web)
	result=$("$build/bench/names" "$pid" 3 bench-web)
	row "DNS answers a second" "$(field answers <<<"$result")" "asked for: 10000" \
		"$(ratio "$(field answers <<<"$result")" 10000)"
	names_theirs "$(field answers <<<"$result")"
	row "CPU of the shim for a million answers" "$(field cpu <<<"$result") s" "-" "-"
	sleep 5 # a shim gives its buffers back when it was idle
	named=$(private_kb "$(shim_of "$pid")")
	plain=$(private_kb "$(shim_of "$(names_pid bench-plain)")")
	row "shim that has answered for names, idle (private)" "$named kB" "without names $plain kB" "$(ratio "$named" "$plain")"
	remove_all_containers
	api DELETE /networks/bench-names >/dev/null
}

# What each of many pays that know each other.
row_names_memory() {
	local shims
	api POST /networks/create '{"Name":"bench-names"}' >/dev/null
	ours parallel 300 4 bench-names >/dev/null
	mapfile -t shims < <(pgrep -f "^$build/wherry-shim|wherry-shim .*" -P "$(daemon_pid)")
	row "shim of 300 on one network of a user (PSS)" "$(($(pss_of "${shims[@]}") / ${#shims[@]})) kB" "-" "-"
	remove_all_containers
	api DELETE /networks/bench-names >/dev/null
}
