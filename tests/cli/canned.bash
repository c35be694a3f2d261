# A canned daemon for tests of the command: load it after ../lib/wherry.

canned_begin() {
	scratch_folder
	mkdir "$SCRATCH/client"
	export SCRATCH DOCKER_CONFIG=$SCRATCH/client TZ=UTC
	export WHERRY_HOST=unix://$SCRATCH/socket
	unset DOCKER_HOST DOCKER_API_VERSION DOCKER_TLS_VERIFY DOCKER_CERT_PATH
	mkfifo "$SCRATCH/ready"
	"$WHERRY_BUILD/tests/canned" "$SCRATCH" >"$SCRATCH/ready" 3>&- &
	CANNED=$!
	read -r <"$SCRATCH/ready"
}

canned_end() {
	kill "$CANNED" 2>/dev/null
	wait "$CANNED" 2>/dev/null || true
	rm -rf --one-file-system "$SCRATCH"
}

# answer "METHOD /path" STATUS [BODY]
answer() {
	local request=$1 file
	file=${request%% *}$(tr / _ <<<"${request#* }")
	printf '%s\n%s' "$2" "${3-}" >"$SCRATCH/$file"
}

# frame KIND TEXT: of a multiplexed stream
frame() {
	printf "\\x0$1\\0\\0\\0\\0\\0\\0\\x$(printf %02x ${#2})%s" "$2"
}

# frames COUNT STREAM TEXT: the same one many times, at once.
frames() {
	printf "\\x0$2\\0\\0\\0\\0\\0\\0\\x$(printf %02x ${#3})$3%.0s" $(seq "$1")
}

requests() { cat "$SCRATCH/requests"; }
forget_requests() { rm -f "$SCRATCH/requests"; }

# body_of "METHOD /path": of the last such request
body_of() { grep -A1 "^$1" "$SCRATCH/requests" | grep '^{' | tail -1; }
