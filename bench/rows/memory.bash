# What the daemon and a shim hold, and what listing costs.
all+=(memory)

row_memory() {
	local idle shims with
	idle=$(pss_of "$(daemon_pid)")
	row "daemon, idle (PSS)" "$idle kB" "${peer_pid:+dockerd $(pss_of "$peer_pid" $(pgrep -P "$peer_pid")) kB}" "-"
	ours parallel 300 4 none >/dev/null
	with=$(pss_of "$(daemon_pid)")
	mapfile -t shims < <(pgrep -f "^$build/wherry-shim|wherry-shim .*" -P "$(daemon_pid)")
	row "daemon with 300 containers (PSS)" "$with kB" "-" "-"
	row "shim of an idle container (PSS)" "$(($(pss_of "${shims[@]}") / ${#shims[@]})) kB" "-" "-"
	local list
	list=$(ours list 50)
	row "list of 300 containers" "$(field best <<<"$list") ms" "-" "-"
	remove_all_containers
}
