# A compose file of 5,000 lines, read, checked and printed, beside docker-compose 1.29.2 where that is installed.
all+=(compose_config)

compose_config_write() { # SERVICES
	local i
	echo services:
	for ((i = 0; i < $1; i++)); do
		printf '  s%d:\n    image: registry.example.org/app%d:1.%d\n    restart: unless-stopped\n    environment:\n' "$i" "$i" "$i"
		printf '      NUMBER: "%d"\n      HOME: ${HOME:-/}\n    ports: ["%d:80"]\n    volumes:\n' "$i" $((10000 + i))
		printf '      - ./data%d:/data\n      - shared:/shared:ro\n    depends_on: [s%d]\n' "$i" $((i > 0 ? i - 1 : i + 100000))
		printf '    labels:\n      org.example.number: "%d"\n' "$i"
	done | sed '/s100000/d'
	printf 'volumes:\n  shared: {}\n'
}

row_compose_config() {
	local file=$SCRATCH/large.yml few=$SCRATCH/fifty.yml peer
	compose_config_write 385 >"$file"
	compose_config_write 50 >"$few"
	in_turn "$SCRATCH/ours" "$SCRATCH/theirs" "$build/bench/command" wherry compose -f "$file" config \
		-- compose_config_peer -f "$file" config
	compose_config_rows "config of $(wc -l <"$file") lines"
	in_turn "$SCRATCH/ours" "$SCRATCH/theirs" "$build/bench/command" wherry compose -f "$few" config -q \
		-- compose_config_peer -f "$few" config -q
	compose_config_rows "config -q of 50 services"
}

# Python's command, not ours of that name.
compose_config_peer() {
	local peer
	peer=$(type -ap docker-compose | grep -v "^$build/" | head -1)
	[ -n "$peer" ] && "$peer" version --short 2>/dev/null | grep -q '^1\.29' && "$build/bench/command" "$peer" "$@"
}

compose_config_rows() { # WHAT
	local ours theirs
	for field in 'best ms' 'memory kB'; do
		ours=$(field "${field% *}" <"$SCRATCH/ours" | smallest)
		theirs=$(field "${field% *}" <"$SCRATCH/theirs" | smallest)
		row "$1: ${field/best/time}" "$ours ${field#* }" "docker-compose 1.29: ${theirs:--} ${theirs:+${field#* }}" "$(ratio "$ours" "${theirs:-0}")"
	done
}
