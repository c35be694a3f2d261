# A daemon that comes back to 300 running containers: when it answers, and when it has them all.
all+=(restart)

# daemon_back_once: kill it, start it; "ping MS list MS cpu MS" from its start on.  Who asks is there before it is.
daemon_back_once() {
	daemon_kill
	rm -f "$SOCKET"
	local begun=${EPOCHREALTIME/./}
	ours answers 1 "$begun" >"$SCRATCH/answers" &
	local asks=$!
	daemon_start
	wait "$asks"
	[ "$(api GET /containers/json | jq length)" = 300 ]
	echo "$(cat "$SCRATCH/answers") cpu $(cpu_ms "$(daemon_pid)")"
}

row_restart() {
	local a=$SCRATCH/a
	ours parallel 300 4 none >"$SCRATCH/answer"
	: >"$a"
	for _ in $(seq "$rounds"); do daemon_back_once >>"$a"; done
	row "restart with 300 containers, until ping is answered" "$(field ping <"$a" | smallest) ms" "-" "-"
	row "the same, until the list of all is there" "$(field list <"$a" | smallest) ms" "-" "-"
	row "the same, CPU of the daemon by then" "$(field cpu <"$a" | smallest) ms" "-" "-"
	remove_all_containers
}
