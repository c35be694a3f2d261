# Projects: `up` with nothing to do, the first `up`, `ps`; beside docker-compose 1.29.2 on the same daemon, where
# that is installed.
all+=(compose)

# compose_write COUNT: so many services that need little.
compose_write() {
	local i
	echo services:
	for ((i = 0; i < $1; i++)); do
		printf '  s%d: {image: busybox, command: sleep 1d, init: true, environment: {N: "%d"}}\n' "$i" "$i"
	done
}

# Python's command, not ours of that name.
compose_peer() {
	local peer
	peer=$(type -ap docker-compose | grep -v "^$build/" | head -1)
	[ -n "$peer" ] && "$peer" version --short 2>/dev/null | grep -q '^1\.29' && "$@" "$peer"
}

# compose_time FOLDER COMMAND...: in the folder's project, as a line for `field`.
compose_time() {
	local folder=$1
	shift
	(cd "$folder" && wall_ms "$@" 2>/dev/null)
}
compose_ours() { (cd "$1" && "$build/bench/command" wherry compose "${@:2}" 2>/dev/null); }
compose_theirs_of() { # PEER is the last
	local peer=${*: -1}
	(cd "$1" && "$build/bench/command" "$peer" "${@:2:$#-2}" 2>/dev/null)
}
compose_theirs() { compose_peer compose_theirs_of "$@"; }

compose_row() { # WHAT FIELD UNIT
	local ours theirs
	ours=$(field "$2" <"$SCRATCH/ours" | smallest)
	theirs=$(field "$2" <"$SCRATCH/theirs" | smallest)
	row "$1" "$ours $3" "docker-compose 1.29: ${theirs:--} ${theirs:+$3}" "$(ratio "$ours" "${theirs:-0}")"
}

# A first `up`, and nothing of it left.
compose_first() { # FOLDER COMMAND...
	compose_time "$@"
	(cd "$1" && wherry compose down -t 1 2>/dev/null)
}
compose_first_of() {
	local peer=${*: -1}
	compose_first "$1" "$peer" "${@:2:$#-2}"
}
compose_first_theirs() { compose_peer compose_first_of "$@"; }

row_compose() {
	local fifty=$SCRATCH/fifty twenty=$SCRATCH/twenty
	mkdir -p "$fifty" "$twenty"
	compose_write 50 >"$fifty/docker-compose.yml"
	compose_write 20 >"$twenty/docker-compose.yml"
	compose_ours "$fifty" up -d >/dev/null
	in_turn "$SCRATCH/ours" "$SCRATCH/theirs" compose_ours "$fifty" up -d -- compose_theirs "$fifty" up -d
	compose_row "\`up\` of 50 services with nothing to do: time" best ms
	compose_row "its memory" memory kB
	in_turn "$SCRATCH/ours" "$SCRATCH/theirs" compose_ours "$fifty" ps -- compose_theirs "$fifty" ps
	compose_row "\`ps\` of 50 services" best ms
	(cd "$fifty" && wherry compose down -t 1 2>/dev/null)
	in_turn "$SCRATCH/ours" "$SCRATCH/theirs" compose_first "$twenty" wherry compose up -d \
		-- compose_first_theirs "$twenty" up -d
	compose_row "first \`up\` of 20 services" best ms
}
