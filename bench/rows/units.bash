# Units: what deciding about many costs, and what each that is known holds.
all+=(units_decide units_memory)

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
	row "unit that is known (private)" \
		"$(awk -v a="$all_of_them" -v b="$none" 'BEGIN { printf "%.1f", (a - b) / 5000 }') kB" "asked for: 5 kB" \
		"$(awk -v a="$all_of_them" -v b="$none" 'BEGIN { printf "%.2f", (a - b) / 25000 }')"
	daemon_stop
	rm -rf "$SCRATCH/units"
	daemon_start
}
