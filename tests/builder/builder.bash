# What the files of this suite share: contexts, and builds over the API as the docker command asks for them.

# context NAME: an empty folder, entered; the Dockerfile comes from stdin.
context() {
	rm -rf "$SCRATCH/$1"
	mkdir -p "$SCRATCH/$1"
	cd "$SCRATCH/$1"
	cat >Dockerfile
}

# build QUERY [CURL ARGUMENT...]: the present folder; the answer's lines are in $SCRATCH/answer, what they say, without
# colours, in $SCRATCH/output, the status in $SCRATCH/status.
build() {
	local query=$1
	shift
	tar -c . | curl -sS --unix-socket "$SOCKET" -o "$SCRATCH/answer" -w '%{http_code}' -X POST \
		-H 'Content-Type: application/x-tar' -H 'Transfer-Encoding: chunked' --data-binary @- "$@" \
		"http://wherry/v1.47/build?$query" >"$SCRATCH/status"
	jq -j '.stream // (if .error then "ERROR: " + .error + "\n" else "" end)' "$SCRATCH/answer" 2>/dev/null |
		sed 's/\x1b\[[0-9;]*m//g' >"$SCRATCH/output" || true
}

# built QUERY [...]: likewise, and it must have gone well; the image's id is in $IMAGE.
built() {
	build "$@"
	expect_status_of 200
	grep -q '^Successfully built' "$SCRATCH/output" || { cat "$SCRATCH/output" >&2; return 1; }
	IMAGE=$(jq -r 'select(.aux.ID) | .aux.ID' "$SCRATCH/answer" | tail -1)
}

expect_status_of() {
	[ "$(cat "$SCRATCH/status")" = "$1" ] || {
		echo "# status $(cat "$SCRATCH/status"), expected $1: $(cat "$SCRATCH/answer")" >&2
		return 1
	}
}

# says TEXT...: each stands in the output as a whole line.
says() {
	local text
	for text; do
		grep -qxF -- "$text" "$SCRATCH/output" || { echo "# not said: $text" >&2; cat "$SCRATCH/output" >&2; return 1; }
	done
}

# fails MESSAGE: the last build ended with this error, in band.
fails() {
	expect_status_of 200
	[ "$(jq -r 'select(.error) | .error' "$SCRATCH/answer")" = "$1" ] || { cat "$SCRATCH/answer" >&2; return 1; }
	[ "$(jq -r 'select(.error) | .errorDetail.message' "$SCRATCH/answer")" = "$1" ]
}

# refuses STATUS MESSAGE: before the first step.
refuses() {
	expect_status_of "$1"
	[ "$(jq -r .message "$SCRATCH/answer")" = "$2" ] || { cat "$SCRATCH/answer" >&2; return 1; }
}

# uses_cache COUNT: of the last build's steps.
uses_cache() {
	local count
	count=$(grep -c '^ ---> Using cache$' "$SCRATCH/output") || true
	[ "$count" = "$1" ] || { echo "# $count steps from the cache" >&2; cat "$SCRATCH/output" >&2; return 1; }
}

# in_image IMAGE COMMAND...: what it says there.
in_image() { wherry run --rm --network none "$@"; }

# nothing_left: builds leave no folder and no container.
no_folders() { [ -z "$(ls "$SCRATCH/data/builds")" ]; }
nothing_left() {
	wait_until 20 no_folders
	[ -z "$(wherry ps -aq)" ]
}

# What every file begins and ends with.
suite_begin() {
	scratch_begin
	daemon_start "$@"
	busybox_image
	DAEMON_OF_FILE=$DAEMON
	export DAEMON_OF_FILE
}
suite_end() {
	DAEMON=$DAEMON_OF_FILE
	daemon_stop
	scratch_end
}
