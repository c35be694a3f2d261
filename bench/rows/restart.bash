# A daemon that comes back to 300 running containers: when it answers, and when it has them all.
all+=(restart)

# restart_once: kill it, start it; "ping MS list MS cpu MS" from its start on.
restart_once() {
	local begun ping list
	daemon_kill
	begun=$EPOCHREALTIME
	daemon_start
	curl -sf --unix-socket "$SOCKET" -o "$SCRATCH/answer" http://x/_ping
	ping=$EPOCHREALTIME
	curl -sf --unix-socket "$SOCKET" -o "$SCRATCH/answer" http://x/v1.47/containers/json
	list=$EPOCHREALTIME
	[ "$(jq length "$SCRATCH/answer")" = 300 ]
	awk -v a="$begun" -v b="$ping" -v c="$list" -v cpu="$(cpu_ms "$(daemon_pid)")" \
		'BEGIN { printf "ping %.0f list %.0f cpu %.0f\n", (b - a) * 1000, (c - a) * 1000, cpu }'
}

row_restart() {
	local a=$SCRATCH/a
	ours parallel 300 4 none >"$SCRATCH/answer"
	: >"$a"
	for _ in $(seq "$rounds"); do restart_once >>"$a"; done
	row "restart with 300 containers, until ping is answered" "$(field ping <"$a" | smallest) ms" "-" "-"
	row "the same, until the list of all is there" "$(field list <"$a" | smallest) ms" "-" "-"
	row "the same, CPU of the daemon by then" "$(field cpu <"$a" | smallest) ms" "-" "-"
	remove_all_containers
}
