# The way of a line: from the process to the log, and back to who reads it.
all+=(logs log_lines log_cpu log_read)

LOG_MB=200

# log_container SOCKET COMMAND: the id of one that writes to a log that is not rotated (dockerd's default).
log_container() {
	local options='{"max-size": "-1"}'
	[ "$1" = "$SOCKET" ] || options='{}'
	jq -n --arg command "$2" --argjson options "$options" '{Image: "busybox", Cmd: ["sh", "-c", $command],
		HostConfig: {NetworkMode: "none", LogConfig: {Type: "json-file", Config: $options}}}' |
		curl -sSf --unix-socket "$1" -H 'Content-Type: application/json' --data-binary @- \
			http://x/v1.41/containers/create | jq -r .Id
}

post() { curl -sSf --unix-socket "$1" -o "$SCRATCH/answer" -X POST "http://x/v1.41/containers/$2"; }

run_container() {
	post "$1" "$2/start"
	post "$1" "$2/wait"
}

# log_of SOCKET SIZE: a container writes it all, SIZE bytes a write, until it has ended.
log_of() {
	local id
	id=$(log_container "$1" "traffic write $LOG_MB $2")
	wall_ms run_container "$1" "$id"
	curl -sSf --unix-socket "$1" -X DELETE "http://x/v1.41/containers/$id"
}

log_cat() { wall_ms sh -c "$build/bench/traffic write $LOG_MB $1 | cat >$2"; }

# log_row WHAT SIZE FILE: against a pipe to `cat`.
log_row() {
	local a=$SCRATCH/a b=$SCRATCH/b best
	in_turn "$a" "$b" log_of "$SOCKET" "$2" -- log_cat "$2" "$3"
	rm -f "$SCRATCH/plain.log"
	best=$(field best <"$a" | smallest)
	row "$1" "$best ms" "into cat > ${3##*/} $(field best <"$b" | smallest) ms" "$(ratio "$best" "$(field best <"$b" | smallest)")"
	[ -n "$peer_pid" ] || return 0
	log_of "$peer_socket" "$2" >"$b"
	row "$1" "$best ms" "dockerd $(field best <"$b") ms" "$(ratio "$best" "$(field best <"$b")")"
}

row_logs() { log_row "200 MB of log lines, 64 KiB writes" 65536 "$SCRATCH/plain.log"; }
row_log_lines() { log_row "200 MB of log lines, one write a line" 100 /dev/null; }

log_has_end() { tail -c 200 "$1" | grep -q '"end'; }

# What the shim itself has used while the container, which lives on, wrote it all.
row_log_cpu() {
	local id shim
	id=$(log_container "$SOCKET" "traffic write $LOG_MB 65536; echo end; sleep 1000")
	post "$SOCKET" "$id/start"
	shim=$(pgrep -n -P "$(daemon_pid)" wherry-shim)
	wait_until 60 log_has_end "$(api GET "/containers/$id/json" | jq -r .LogPath)"
	row "CPU of the shim per 100 MB of log" "$(awk -v ms="$(cpu_ms "$shim")" -v mb=$LOG_MB 'BEGIN {print ms * 100 / mb}') ms" "-" "-"
	remove_all_containers
}

read_api() { curl -sS --unix-socket "$SOCKET" -o /dev/null "http://x/v1.47/containers/$1/logs?stdout=1"; }

read_row() { # NAME COMMAND...
	local a=$SCRATCH/a name=$1
	shift
	: >"$a"
	for _ in $(seq "$rounds"); do wall_ms "$@" >>"$a"; done
	row "read 200 MB of log back, $name" "$(field best <"$a" | smallest) ms" "-" \
		"$(awk -v ms="$(field best <"$a" | smallest)" -v mb=$LOG_MB 'BEGIN {printf "%.0f MB/s", mb * 1.048576 / ms * 1000}')"
}

row_log_read() {
	local id
	id=$(log_container "$SOCKET" "traffic write $LOG_MB 65536")
	run_container "$SOCKET" "$id"
	read_row "over the API" read_api "$id"
	read_row "with wherry logs" wherry logs "$id"
	! command -v docker >/dev/null || read_row "with docker logs" docker logs "$id"
	remove_all_containers
}
