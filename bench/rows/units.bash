# Units: what deciding about many costs, and what each that is known holds.
all+=(units_decide units_memory units_services units_container)

row_units_decide() {
	local result
	result=$(for _ in $(seq "$rounds"); do "$build/bench/unit_graph"; done | sort -g -k4 | head -1)
	row "graph of 5000 units, built (CPU)" "$(field graph <<<"$result") ms" "-" "-"
	row "start of a target that wants 5000, decided (CPU)" "$(field start <<<"$result") ms" "-" "-"
	row "whether each of them may go, as they end (CPU)" "$(field order <<<"$result") ms" "-" "-"
	row "start of one of 5000, decided (CPU)" "$(field one <<<"$result") ms" "-" "-"
}

units_write() { # COUNT
	local i
	mkdir -p "$SCRATCH/units"
	for ((i = 0; i < $1; i++)); do
		printf '%s\n' '[Unit]' "Description=Number $i" 'After=network.target' '[Service]' \
			"Environment=NUMBER=$i" "ExecStart=/bin/sleep $i" 'Restart=on-failure' \
			'[Install]' 'WantedBy=multi-user.target' >"$SCRATCH/units/bench-$i.service"
	done
}

units_daemon() { daemon_stop && daemon_start --unit-path "$SCRATCH/units"; }
units_known() { wait_until 60 wherry unit is-active -q multi-user.target; }

# Nothing but their reading and the graph: the daemon is there, and asked for something else all the time.
units_again() {
	local begun=$EPOCHREALTIME pid
	wherry unit daemon-reload &
	pid=$!
	: >"$SCRATCH/waits"
	while kill -0 "$pid" 2>/dev/null; do ours list 20 >>"$SCRATCH/waits"; done
	wait "$pid"
	row "5000 unit files read and their graph built (daemon-reload)" \
		"$(awk -v a="$begun" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.0f", (b - a) * 1000 }') ms" "asked for: 300 ms" "-"
	row "longest wait of an API call meanwhile" "$(field worst <"$SCRATCH/waits" | sort -gr | head -1) ms" "asked for: 5 ms" "-"
}

row_units_memory() {
	local none all_of_them begun
	mkdir -p "$SCRATCH/units"
	units_daemon
	units_known
	none=$(private_kb "$(daemon_pid)")
	units_write 5000
	begun=$EPOCHREALTIME
	units_daemon
	units_known
	row "5000 unit files read, from the daemon's start" \
		"$(awk -v a="$begun" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.0f", (b - a) * 1000 }') ms" "-" "-"
	all_of_them=$(private_kb "$(daemon_pid)")
	units_again
	row "unit that is known (private)" \
		"$(awk -v a="$all_of_them" -v b="$none" 'BEGIN { printf "%.1f", (a - b) / 5000 }') kB" "asked for: 5 kB" \
		"$(awk -v a="$all_of_them" -v b="$none" 'BEGIN { printf "%.2f", (a - b) / 25000 }')"
	daemon_stop
	rm -rf "$SCRATCH/units"
	daemon_start
}

# ---- services ----

# Started side by side by a target that wants them all, idle under their shims, and one that dies again and again.
services_write() { # COUNT
	local i
	mkdir -p "$SCRATCH/units/crowd.target.wants"
	printf '[Unit]\nDescription=All of them\n' >"$SCRATCH/units/crowd.target"
	for ((i = 0; i < $1; i++)); do
		printf '[Service]\nExecStart=/bin/sleep 100000\n' >"$SCRATCH/units/idle-$i.service"
		ln -sf "../idle-$i.service" "$SCRATCH/units/crowd.target.wants/"
	done
	printf '[Service]\nExecStart=/bin/sleep 100000\nRestart=always\nRestartSec=0\nStartLimitIntervalSec=0\n' \
		>"$SCRATCH/units/mortal.service"
}

all_run() { [ "$(wherry unit list-units --no-legend --plain 'idle-*' | grep -c ' running ')" = "$1" ]; }

crowd_start() { # COUNT: prints how long the target took, in ms
	services_write "$1"
	units_daemon
	units_known
	local begun=$EPOCHREALTIME
	wherry unit start crowd.target
	wait_until 60 all_run "$1"
	awk -v a="$begun" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.0f", (b - a) * 1000 }'
}

is_another() { local pid; pid=$(wherry unit show -p MainPID --value mortal); [ "$pid" -gt 0 ] && [ "$pid" != "$1" ]; }

# From the kill to the moment that the next life is recorded as begun, in ms.
restart_once() {
	local pid begun
	pid=$(wherry unit show -p MainPID --value mortal)
	begun=${EPOCHREALTIME/./}
	kill -KILL "$pid"
	wait_until 10 is_another "$pid"
	awk -v a="$begun" -v b="$(wherry unit show -p ActiveEnterTimestampUSec --value mortal)" 'BEGIN { printf "%.1f\n", (b - a) / 1000 }'
}

row_units_services() {
	row "200 services started side by side" "$(crowd_start 200) ms" "-" "-"
	wherry unit start mortal
	row "exit to restarted, RestartSec=0, best" \
		"$(for _ in $(seq $((2 * rounds))); do restart_once; done | sort -g | head -1) ms" "asked for: 5 ms" "-"
	wherry unit stop crowd.target mortal 'idle-*'
	crowd_start 1000 >"$SCRATCH/answer"
	sleep 3 # a shim gives its memory back when nothing has happened for two seconds
	row "daemon with 1000 idle services (PSS)" "$(pss_of "$(daemon_pid)" | awk '{ printf "%.1f MB", $1 / 1024 }')" "asked for: 5 MB" "-"
	row "shim of an idle service (PSS, of 1000)" \
		"$(pss_of $(pgrep -P "$(daemon_pid)" -f 'wherry-shim unit') | awk '{ printf "%.0f kB", $1 / 1000 }')" "-" "-"
	wherry unit stop 'idle-*'
	daemon_stop
	rm -rf "$SCRATCH/units"
	daemon_start
}

# ---- units that run a container ----
#
# A [Container] beside `docker run` in the foreground in ExecStart=: from the request to the running container, and
# from its death to the next one's running with RestartSec=0.

unit_request() {
	curl -sS --unix-socket "$SOCKET" -H 'Content-Type: application/json' -o "$SCRATCH/answer" \
		-d "{\"Verb\":\"$1\",\"Units\":[\"$2.service\"]}" http://x/wherry/v1/jobs
}
container_pid() {
	curl -sS --unix-socket "$SOCKET" "http://x/v1.47/containers/$1/json" | jq -r '.State | select(.Running) | .Pid // 0'
}
runs_anew() { local pid; pid=$(container_pid "$1") && [ "${pid:-0}" -gt 0 ] && [ "$pid" != "$2" ]; }
since() { awk -v a="$1" -v b="$EPOCHREALTIME" -v n="$2" 'BEGIN { printf "%s %.0f ", n, (b - a) * 1000 }'; }

# unit_once NAME: "start MS again MS pss KB", the memory of whatever there is besides the container.
unit_once() {
	local begun=$EPOCHREALTIME first
	unit_request start "$1"
	until runs_anew "$1" 0; do :; done
	since "$begun" start
	first=$(container_pid "$1")
	begun=$EPOCHREALTIME
	kill -KILL "$first"
	until runs_anew "$1" "$first"; do :; done
	since "$begun" again
	echo "pss $(pss_of $(pgrep -f "docker run .*--name[= ]$1 "))"
	unit_request stop "$1"
}

row_units_container() {
	local a=$SCRATCH/a b=$SCRATCH/b units=$SCRATCH/units
	mkdir -p "$units"
	printf '[Service]\nRestart=always\nRestartSec=0\nStartLimitIntervalSec=0\n%s\n' \
		$'[Container]\nImage=busybox\nContainerName=native\nNetwork=none\nStopSignal=KILL\nExec=sleep 1000' >"$units/native.service"
	printf '[Service]\nRestart=always\nRestartSec=0\nStartLimitIntervalSec=0\n%s\n' \
		"ExecStart=/usr/bin/docker run --rm --name=client --network=none --stop-signal=KILL busybox sleep 1000"$'\nExecStop=/usr/bin/docker stop client' >"$units/client.service"
	units_daemon
	in_turn "$a" "$b" unit_once native -- unit_once client
	row "a container's unit, request to running" "$(field start <"$a" | smallest) ms" "docker run $(field start <"$b" | smallest) ms" \
		"$(ratio "$(field start <"$a" | smallest)" "$(field start <"$b" | smallest)")"
	row "the same, killed to running again" "$(field again <"$a" | smallest) ms" "docker run $(field again <"$b" | smallest) ms" \
		"$(ratio "$(field again <"$a" | smallest)" "$(field again <"$b" | smallest)")"
	row "the same, memory of its client" "$(field pss <"$a" | smallest) KB" "docker run $(field pss <"$b" | smallest) KB" "-"
	daemon_stop
	rm -rf "$units"
	daemon_start
}
